"""The Lens: what calls would return at this moment (R24). Each preview makes the call, on a copy of the state that is then forgotten."""

from collections.abc import Iterator
from dataclasses import replace

from model import backstop as backstop_contract
from model import pool as pool_contract
from model.fixed_point import UINT256_MAX
from model.lock import require_free
from model.state import BACKSTOP, EMPTY_POSITION, NO_REASON, RESERVE, ZERO, Call, Request, State, is_registered, require, with_pool
from model.token import INFINITE, PLAIN

ANYBODY = "anybody"
"""Who calls where it does not matter who."""

NO_MINIMUM = 0
NO_DEADLINE = UINT256_MAX
NO_MAXIMUM = UINT256_MAX

COMPENSATION = (
    "bailout", "age", "coverage", "owed", "deficit_token", "deficit", "paid", "taken", "paid_quote", "slashed", "shortfall",
)  # fmt: skip
NOTHING_DUE = (False, 0, 0, 0, ZERO, 0, 0, 0, 0, 0, 0)


def preview_swap(state: State, call: Call, pool: str, token_in: str, amount_in: int) -> tuple[State, int]:
    """What `swap` pays (R2).

    Parameters
    ----------
    pool
        The pool.
    token_in
        Base or quote.
    amount_in
        In base units of the token in.

    Returns
    -------
    tuple
        The state as it is, and the amount out in base units of the token out.

    Raises
    ------
    Revert
        As `swap`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    copy = _with_funds(copy, ANYBODY, pool, {token_in: amount_in})
    _, amount_out = pool_contract.swap(
        copy, Call(pool, ANYBODY, call.now), token_in, amount_in, NO_MINIMUM, ANYBODY, NO_DEADLINE
    )
    return state, amount_out


def preview_add(state: State, call: Call, pool: str, provider: str, base: int, quote: int) -> tuple[State, int]:
    """The units that `add` gives (R5).

    Parameters
    ----------
    pool, provider
        The pool, and who adds.
    base, quote
        In base units of each token.

    Returns
    -------
    tuple
        The state as it is, and the provider's new units.

    Raises
    ------
    Revert
        As `add`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    copy = _with_funds(copy, provider, pool, {copy.pools[pool].base: base, copy.pools[pool].quote: quote})
    _, units = pool_contract.add(copy, Call(pool, provider, call.now), base, quote, NO_MINIMUM, NO_DEADLINE)
    return state, units


def preview_confirm_deposit(state: State, call: Call, pool: str, provider: str) -> tuple[State, int]:
    """The units that `confirm_deposit` gives (R9).

    Parameters
    ----------
    pool, provider
        The pool, and who has staged the deposit.

    Returns
    -------
    tuple
        The state as it is, and the provider's new units.

    Raises
    ------
    Revert
        As `confirm_deposit`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    _, units = pool_contract.confirm_deposit(copy, Call(pool, provider, call.now), NO_MINIMUM)
    return state, units


def preview_begin_protection(state: State, call: Call, pool: str, provider: str) -> tuple[State, tuple[int, int]]:
    """The principal that `begin_protection` strikes (R10).

    Parameters
    ----------
    pool, provider
        The pool, and whose position is to be protected.

    Returns
    -------
    tuple
        The state as it is, and the principal (base, quote) in base units of each token.

    Raises
    ------
    Revert
        As `begin_protection`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    after, _ = pool_contract.begin_protection(copy, Call(pool, provider, call.now))
    position = after.pools[pool].positions[provider]
    return state, (position.principal_base, position.principal_quote)


def preview_withdraw(state: State, call: Call, pool: str, provider: str) -> tuple[State, tuple]:
    """What `withdraw` pays, and who pays it (R15, R16).

    Parameters
    ----------
    pool, provider
        The pool, and who has requested the withdrawal.

    Returns
    -------
    tuple
        The state as it is, and the units that leave, base and quote received, and the fields of `Compensated` after the
        provider: zeros where nothing is due.

    Raises
    ------
    Revert
        As `withdraw`; without a reason where `pool` is none.
    """
    return state, _withdrawal(_copy(state, pool), Call(pool, provider, call.now))


def preview_entitlement(state: State, call: Call, pool: str, provider: str, units: int) -> tuple[State, tuple]:
    """What `withdraw` would pay if these units had been requested in the epoch before, and no lock-up held them back.

    Parameters
    ----------
    pool, provider
        The pool, and whose units.
    units
        The units that would leave.

    Returns
    -------
    tuple
        As `preview_withdraw`.

    Raises
    ------
    Revert
        `pool: not enough units`; then as `withdraw`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    require_free(state, pool)
    asked = copy.pools[pool]
    require(units <= asked.positions.get(provider, EMPTY_POSITION).units, "pool: not enough units")
    requests = asked.requests | {provider: Request(call.now // asked.epoch_seconds - 1, units)}
    copy = with_pool(copy, pool, requests=requests, parameters=replace(asked.parameters, lockup_seconds=0))
    return state, _withdrawal(copy, Call(pool, provider, call.now))


def preview_exit(state: State, call: Call, pool: str, provider: str, units: int) -> tuple[State, tuple[int, int]]:
    """What `exit` pays (R17).

    Parameters
    ----------
    pool, provider
        The pool, and whose units.
    units
        The units that would leave.

    Returns
    -------
    tuple
        The state as it is, and (base, quote) in base units of each token.

    Raises
    ------
    Revert
        As `exit`; without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    _, received = pool_contract.exit(copy, Call(pool, provider, call.now), units, NO_MINIMUM, NO_MINIMUM)
    return state, received


def preview_sweep(state: State, call: Call, pool: str) -> tuple[State, tuple[int, int, int, int]]:
    """What a pool's `sweep` sends, and how much of it to the stakers (R14).

    Parameters
    ----------
    pool
        The pool.

    Returns
    -------
    tuple
        The state as it is, and the surpluses (base, quote) with the stakers' parts (base, quote) of them, in base units of each
        token.

    Raises
    ------
    Revert
        Without a reason where `pool` is none.
    """
    copy = _copy(state, pool)
    after, surpluses = pool_contract.sweep(copy, Call(pool, ANYBODY, call.now))
    swept = _told(after, pool, "Swept")
    to_stakers = (swept["base_to_stakers"], swept["quote_to_stakers"]) if swept else (0, 0)
    return state, (*surpluses, *to_stakers)


def preview_stake(state: State, call: Call, pool: str, amount: int) -> tuple[State, int]:
    """The shares that `stake` gives (R18).

    Parameters
    ----------
    pool
        The pool staked to.
    amount
        Base units of DLQ.

    Returns
    -------
    tuple
        The state as it is, and the new shares.

    Raises
    ------
    Revert
        As `stake`; without a reason where `pool` is none.
    """
    copy = _with_funds(_copy(state, pool), ANYBODY, BACKSTOP, {state.backstop.dlq: amount})
    _, shares = backstop_contract.stake(copy, Call(BACKSTOP, ANYBODY, call.now), pool, amount)
    return state, shares


def preview_unstake(state: State, call: Call, pool: str, staker: str) -> tuple[State, int]:
    """What `unstake` pays (R19).

    Parameters
    ----------
    pool, staker
        The pool staked to, and who has requested to unstake.

    Returns
    -------
    tuple
        The state as it is, and the DLQ in base units.

    Raises
    ------
    Revert
        As `unstake`; without a reason where `pool` is none.
    """
    _, amount = backstop_contract.unstake(_copy(state, pool), Call(BACKSTOP, staker, call.now), pool)
    return state, amount


def preview_claim(state: State, call: Call, pool: str, staker: str, token: str) -> tuple[State, int]:
    """What `claim` pays (R20).

    Parameters
    ----------
    pool, staker
        The pool staked to, and whose rewards.
    token
        One of its two tokens.

    Returns
    -------
    tuple
        The state as it is, and the rewards in base units of the token.

    Raises
    ------
    Revert
        As `claim`; without a reason where `pool` is none.
    """
    _, amount = backstop_contract.claim(_copy(state, pool), Call(BACKSTOP, staker, call.now), pool, token)
    return state, amount


def with_good_tokens(state: State) -> State:
    """The state, but that every token moves as an ERC-20 should, and that the contracts hold what they owe."""
    tokens = {name: replace(token, behaviour=PLAIN, hook=None) for name, token in state.tokens.items()}
    for holder, name, owed in _owed(state):
        held = tokens[name].balances.get(holder, 0)
        if held < owed:
            tokens[name] = replace(tokens[name], balances=tokens[name].balances | {holder: owed})
    return replace(state, tokens=tokens)


def _owed(state: State) -> Iterator[tuple[str, str, int]]:
    """Every contract with each of its tokens, and what it owes of it (L1)."""
    for name, pool in state.pools.items():
        yield name, pool.base, pool.reserve_base + pool.staged_base
        yield name, pool.quote, pool.reserve_quote + pool.staged_quote
    yield from ((RESERVE, token, held) for token, held in state.reserve.held.items())
    yield from ((BACKSTOP, token, booked) for token, booked in state.backstop.booked.items())


def _copy(state: State, pool: str) -> State:
    """What the call is made on. What is inside a call remains so (R22)."""
    require(is_registered(state, pool), NO_REASON)
    return replace(with_good_tokens(state), log=())


def _with_funds(state: State, account: str, spender: str, brought: dict[str, int]) -> State:
    """Have an account hold what it brings, and the contract called allowed to take it."""
    tokens = dict(state.tokens)
    for name, amount in brought.items():
        if name in tokens:
            token = tokens[name]
            allowances = token.allowances | {(account, spender): INFINITE}
            tokens[name] = replace(token, balances=token.balances | {account: amount}, allowances=allowances)
    return replace(state, tokens=tokens)


def _withdrawal(copy: State, call: Call) -> tuple:
    after, (base, quote, _, _) = pool_contract.withdraw(copy, call, NO_MINIMUM, NO_MINIMUM, NO_MAXIMUM)
    units = _told(after, call.target, "Withdrawn")["units"]
    compensated = _told(after, call.target, "Compensated")
    compensation = tuple([compensated[name] for name in COMPENSATION]) if compensated else NOTHING_DUE
    return units, base, quote, *compensation


def _told(state: State, source: str, name: str) -> dict | None:
    """The arguments of a contract's event of this name; None where it has emitted none."""
    return next((event.arguments for event in state.log if (event.source, event.name) == (source, name)), None)
