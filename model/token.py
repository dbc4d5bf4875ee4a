"""ERC-20 tokens, those that misbehave too (R22), and how the contracts move them."""

from dataclasses import replace

# A token can be made to call any operation, and the operations move tokens: the two modules know each other.
from model import operations
from model.fixed_point import UINT256_MAX
from model.state import NO_REASON, ZERO, Call, Hook, Operation, Revert, State, Token, emit, require

# What wallets are told of the protocol's own token; permits (EIP-2612) are signed for its name and this version.
DLQ_NAME = "Makewhole DLQ"
DLQ_SYMBOL = "DLQ"
DLQ_VERSION = "1"

INFINITE = UINT256_MAX
FEE_DIVISOR = 100

PLAIN = 0
NO_RETURN_VALUE = 1
RETURNS_FALSE = 2
REVERTS_ON_ZERO = 3
FEE_FROM_RECIPIENT = 4
FEE_ON_TOP = 5
TOO_MANY_DECIMALS = 6
NO_DECIMALS = 7
BEHAVIOURS = tuple(range(8))


def balance_of(state: State, token: str, owner: str) -> int:
    """What an account holds of a token, in its base units."""
    return state.tokens[token].balances.get(owner, 0)


def decimals_of(state: State, token: str) -> int | None:
    """What a token says of its decimals; None where it says nothing."""
    behaviour = state.tokens[token].behaviour
    if behaviour == NO_DECIMALS:
        return None
    return 25 if behaviour == TOO_MANY_DECIMALS else state.tokens[token].decimals


def set_behaviour(state: State, call: Call, behaviour: int) -> tuple[State, None]:
    """Have a token misbehave, or behave again.

    Parameters
    ----------
    behaviour
        One of `BEHAVIOURS`.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        Without a reason where the token is DLQ, which always behaves; `awkward_token: unknown behaviour`.
    """
    require(call.target != state.controller.dlq, NO_REASON)
    require(behaviour in BEHAVIOURS, "awkward_token: unknown behaviour")
    state = _with(state, call.target, behaviour=behaviour)
    return emit(state, call.target, "BehaviourSet", behaviour=behaviour), None


def take(state: State, call: Call, holder: str, amount: int) -> tuple[State, None]:
    """Have a token lose, by itself, a part of what somebody holds of it.

    Parameters
    ----------
    holder
        Who loses it.
    amount
        Base units.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        Without a reason where the token is DLQ; `awkward_token: not so much to take`.
    """
    require(call.target != state.controller.dlq, NO_REASON)
    held = balance_of(state, call.target, holder)
    require(held >= amount, "awkward_token: not so much to take")
    balances = state.tokens[call.target].balances | {holder: held - amount}
    state = _with(state, call.target, balances=balances)
    return emit(state, call.target, "Taken", holder=holder, amount=amount), None


def arm(state: State, call: Call, calls: Operation, before: bool, bubbles: bool) -> tuple[State, None]:
    """Have a token make a call in the middle of its next transfer, once.

    Parameters
    ----------
    calls
        An operation or a view, of any contract; its sender is the token, whoever it names.
    before, bubbles
        As in `Hook`.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        Without a reason where the token is DLQ.
    """
    require(call.target != state.controller.dlq, NO_REASON)
    state = _with(state, call.target, hook=Hook(calls, before, bubbles))
    return emit(state, call.target, "Armed", target=calls.target), None


def transfer(state: State, call: Call, to: str, amount: int) -> tuple[State, bool | None]:
    """Send the caller's own tokens.

    Parameters
    ----------
    to
        Who receives them.
    amount
        Base units.

    Returns
    -------
    tuple
        The state after, and True, unless the token behaves otherwise: False, with nothing moved, or None.

    Raises
    ------
    Revert
        `erc20: transfer to the zero address`; `awkward_token: zero amount`, if the token reverts on it;
        `erc20: transfer amount exceeds balance`; what the token's hook fails with.
    """
    return _transfer(state, call, call.sender, to, amount)


def transfer_from(state: State, call: Call, owner: str, to: str, amount: int) -> tuple[State, bool | None]:
    """Send somebody else's tokens, as far as they allowed the caller to.

    Parameters
    ----------
    owner, to
        Whose tokens, and who receives them.
    amount
        Base units.

    Returns
    -------
    tuple
        As `transfer`.

    Raises
    ------
    Revert
        `erc20: insufficient allowance`; `erc20: approve from the zero address`; then as `transfer`.
    """
    token = state.tokens[call.target]
    allowed = token.allowances.get((owner, call.sender), 0)
    if allowed != INFINITE and token.behaviour != RETURNS_FALSE:
        require(allowed >= amount, "erc20: insufficient allowance")
        state = _set_allowance(state, call.target, owner, call.sender, allowed - amount)
    return _transfer(state, call, owner, to, amount)


def approve(state: State, call: Call, spender: str, amount: int) -> tuple[State, bool]:
    """Allow an account to spend the caller's tokens.

    Parameters
    ----------
    spender
        Who may spend them.
    amount
        Base units; 2**256 - 1 is never used up.

    Returns
    -------
    tuple
        The state after, and True.

    Raises
    ------
    Revert
        `erc20: approve to the zero address`.
    """
    return _set_allowance(state, call.target, call.sender, spender, amount), True


def pull(state: State, call: Call, token: str, amount: int) -> State:
    """Take tokens from the caller of a contract into it; a zero amount moves nothing (R22).

    Raises
    ------
    Revert
        The token's own reasons; `token_moves: transfer refused`, if it answers false; `token_moves: amount changed`, if
        the contract's own balance has not risen by the amount.
    """
    if amount == 0:
        return state
    before = balance_of(state, token, call.target)
    state, answer = transfer_from(state, call.onward(token), call.sender, call.target, amount)
    _require_moved(answer, balance_of(state, token, call.target) - before, amount)
    return state


def push(state: State, call: Call, token: str, recipient: str, amount: int) -> State:
    """Send tokens out of the contract called; a zero amount moves nothing (R22).

    Raises
    ------
    Revert
        As `pull`; but that the contract's own balance has not fallen by the amount. What the recipient gets is the
        token's affair.
    """
    if amount == 0:
        return state
    before = balance_of(state, token, call.target)
    state, answer = transfer(state, call.onward(token), recipient, amount)
    _require_moved(answer, before - balance_of(state, token, call.target), amount)
    return state


def _require_moved(answer: bool | None, moved: int, amount: int) -> None:
    # A token that answers nothing is taken at its word.
    require(answer is not False, "token_moves: transfer refused")
    require(moved == amount, "token_moves: amount changed")


def _transfer(state: State, call: Call, owner: str, to: str, amount: int) -> tuple[State, bool | None]:
    behaviour = state.tokens[call.target].behaviour
    if behaviour == RETURNS_FALSE:
        return state, False
    require(to != ZERO, "erc20: transfer to the zero address")
    require(amount > 0 or behaviour != REVERTS_ON_ZERO, "awkward_token: zero amount")
    state = _call_back(state, call, before=True)
    state = _move(state, call.target, owner, to, amount, behaviour)
    state = _call_back(state, call, before=False)
    return state, None if behaviour == NO_RETURN_VALUE else True


def _move(state: State, token: str, sender: str, receiver: str, amount: int, behaviour: int) -> State:
    fee = amount // FEE_DIVISOR
    debit = amount + fee if behaviour == FEE_ON_TOP else amount
    credit = amount - fee if behaviour == FEE_FROM_RECIPIENT else amount
    balances = dict(state.tokens[token].balances)
    sender_balance = balances.get(sender, 0)
    require(sender_balance >= debit, "erc20: transfer amount exceeds balance")
    balances[sender] = sender_balance - debit
    balances[receiver] = balances.get(receiver, 0) + credit
    state = _with(state, token, balances=balances)
    return emit(state, token, "Transfer", sender=sender, receiver=receiver, value=credit)


def _call_back(state: State, call: Call, before: bool) -> State:
    """Make the call that the token's hook asks for, if this is its place; it happens here, half-way through the transfer."""
    hook = state.tokens[call.target].hook
    if hook is None or hook.before != before:
        return state
    state = _with(state, call.target, hook=None)
    try:
        state, _ = operations.perform(state, replace(hook.call, sender=call.target), call.now)
        succeeded = True
    except Revert:
        if hook.bubbles:
            raise
        succeeded = False
    made = {"target": hook.call.target, "function": hook.call.name, "succeeded": succeeded}
    return emit(state, call.target, "CalledBack", **made)


def _set_allowance(state: State, token: str, owner: str, spender: str, amount: int) -> State:
    require(owner != ZERO, "erc20: approve from the zero address")
    require(spender != ZERO, "erc20: approve to the zero address")
    allowances = state.tokens[token].allowances | {(owner, spender): amount}
    state = _with(state, token, allowances=allowances)
    return emit(state, token, "Approval", owner=owner, spender=spender, value=amount)


def _with(state: State, token: str, **changes: object) -> State:
    changed: Token = replace(state.tokens[token], **changes)
    return replace(state, tokens=state.tokens | {token: changed})
