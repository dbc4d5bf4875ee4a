"""ERC-20 tokens that behave (R22), and how the contracts move them."""

from dataclasses import replace

from model.fixed_point import UINT256_MAX
from model.state import ZERO, Call, State, Token, emit, require

INFINITE = UINT256_MAX


def balance_of(state: State, token: str, owner: str) -> int:
    """What an account holds of a token, in its base units."""
    return state.tokens[token].balances.get(owner, 0)


def transfer(state: State, call: Call, to: str, amount: int) -> tuple[State, bool]:
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
        The state after, and True.

    Raises
    ------
    Revert
        `erc20: transfer to the zero address`; `erc20: transfer amount exceeds balance`.
    """
    return _move(state, call.target, call.sender, to, amount), True


def transfer_from(state: State, call: Call, owner: str, to: str, amount: int) -> tuple[State, bool]:
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
        The state after, and True.

    Raises
    ------
    Revert
        `erc20: insufficient allowance`; `erc20: approve from the zero address`; then as `transfer`.
    """
    allowed = state.tokens[call.target].allowances.get((owner, call.sender), 0)
    if allowed != INFINITE:
        require(allowed >= amount, "erc20: insufficient allowance")
        state = _set_allowance(state, call.target, owner, call.sender, allowed - amount)
    return _move(state, call.target, owner, to, amount), True


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
    """Take tokens from the caller of a contract into it; a zero amount moves nothing (R22)."""
    if amount == 0:
        return state
    state, _ = transfer_from(state, call.onward(token), call.sender, call.target, amount)
    return state


def push(state: State, call: Call, token: str, recipient: str, amount: int) -> State:
    """Send tokens out of the contract called; a zero amount moves nothing (R22)."""
    if amount == 0:
        return state
    state, _ = transfer(state, call.onward(token), recipient, amount)
    return state


def _move(state: State, token: str, sender: str, receiver: str, amount: int) -> State:
    require(receiver != ZERO, "erc20: transfer to the zero address")
    balances = dict(state.tokens[token].balances)
    sender_balance = balances.get(sender, 0)
    require(sender_balance >= amount, "erc20: transfer amount exceeds balance")
    balances[sender] = sender_balance - amount
    balances[receiver] = balances.get(receiver, 0) + amount
    state = _with_token(state, token, replace(state.tokens[token], balances=balances))
    return emit(state, token, "Transfer", sender=sender, receiver=receiver, value=amount)


def _set_allowance(state: State, token: str, owner: str, spender: str, amount: int) -> State:
    require(owner != ZERO, "erc20: approve from the zero address")
    require(spender != ZERO, "erc20: approve to the zero address")
    allowances = state.tokens[token].allowances | {(owner, spender): amount}
    state = _with_token(state, token, replace(state.tokens[token], allowances=allowances))
    return emit(state, token, "Approval", owner=owner, spender=spender, value=amount)


def _with_token(state: State, token: str, changed: Token) -> State:
    return replace(state, tokens=state.tokens | {token: changed})
