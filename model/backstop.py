"""The Backstop: DLQ staked to a pool, slashed last of all, paid with a share of the surpluses (R18 to R20)."""

from dataclasses import replace

from model import epoch_books, reserve, stake_math
from model.fixed_point import MAX
from model.lock import locked, require_free
from model.state import (
    BACKSTOP,
    EMPTY_POOL_STAKE,
    EMPTY_STAKE_ACCOUNT,
    RESERVE,
    Call,
    Pool,
    PoolStake,
    StakeAccount,
    State,
    emit,
    is_registered,
    require,
)
from model.token import balance_of, pull, push


def pool_stake(state: State, pool: str) -> PoolStake:
    """The present generation of a pool's stake."""
    return state.backstop.stakes.get(pool, EMPTY_POOL_STAKE)


@locked
def stake(state: State, call: Call, pool: str, amount: int) -> tuple[State, int]:
    """Stake DLQ to a pool (R18).

    Parameters
    ----------
    pool
        The pool to stand in for.
    amount
        Base units of DLQ.

    Returns
    -------
    tuple
        The state after, and the shares minted; at least 1.

    Raises
    ------
    Revert
        `backstop: unknown pool`; `backstop: zero stake`; `backstop: stake too large`;
        `backstop: shares too large`; then the token's own.
    """
    _require_registered(state, pool)
    require(amount > 0, "backstop: zero stake")
    before = pool_stake(state, pool)
    total_stake = before.total_stake + amount
    require(total_stake <= MAX, "backstop: stake too large")
    shares = stake_math.shares_minted(amount, before.total_stake, before.total_shares)
    total_shares = before.total_shares + shares
    require(total_shares <= MAX, "backstop: shares too large")
    totals = {"total_stake": total_stake, "total_shares": total_shares}
    account = _settled(state, pool, call.sender)
    state = _with_account(state, pool, call.sender, replace(account, shares=account.shares + shares))
    state = _with_stake(state, pool, replace(before, **totals))
    state = _book(state, state.backstop.dlq, amount)
    state = _emit_of(state, "Staked", pool, call.sender, amount=amount, shares=shares, **totals)
    return pull(state, call, state.backstop.dlq, amount), shares


@locked
def request_unstake(state: State, call: Call, pool: str, shares: int) -> tuple[State, None]:
    """Announce that shares will leave, or with 0 that they will not (R19).

    Parameters
    ----------
    pool
        The pool they are staked to.
    shares
        Of the caller's; replaces an earlier request.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `backstop: unknown pool`; `backstop: not enough shares`; `backstop: no request to cancel`.
    """
    _require_registered(state, pool)
    account = _settled(state, pool, call.sender)
    require(shares <= account.shares, "backstop: not enough shares")
    require(shares > 0 or account.requested_shares > 0, "backstop: no request to cancel")
    ready_at = call.now + state.backstop.parameters.unstake_seconds if shares > 0 else 0
    requested = replace(account, requested_shares=shares, ready_at=ready_at)
    state = _with_account(state, pool, call.sender, requested)
    state = _emit_of(state, "UnstakeRequested", pool, call.sender, shares=shares, ready_at=ready_at)
    return state, None


@locked
def unstake(state: State, call: Call, pool: str) -> tuple[State, int]:
    """Take out the shares requested, unless the pool may be about to need them (R19).

    Parameters
    ----------
    pool
        The pool they are staked to.

    Returns
    -------
    tuple
        The state after, and the DLQ paid in base units; at least 1.

    Raises
    ------
    Revert
        `backstop: unknown pool`; `backstop: no request`; `backstop: not ready`; `backstop: window closed`;
        `backstop: pool in bailout`; `backstop: shares worth nothing`.
    """
    _require_registered(state, pool)
    account = _settled(state, pool, call.sender)
    require(account.requested_shares > 0, "backstop: no request")
    _require_unstake_open(state, call.now, pool, account.ready_at)
    before = pool_stake(state, pool)
    shares = account.requested_shares
    amount = stake_math.redeemable(shares, before.total_stake, before.total_shares)
    require(amount > 0, "backstop: shares worth nothing")
    totals = {"total_stake": before.total_stake - amount, "total_shares": before.total_shares - shares}
    left = replace(account, shares=account.shares - shares, requested_shares=0, ready_at=0)
    state = _with_account(state, pool, call.sender, left)
    state = _with_stake(state, pool, replace(before, **totals))
    state = _book(state, state.backstop.dlq, -amount)
    state = _emit_of(state, "Unstaked", pool, call.sender, shares=shares, amount=amount, **totals)
    return push(state, call, state.backstop.dlq, call.sender, amount), amount


@locked
def claim(state: State, call: Call, pool: str, token: str) -> tuple[State, int]:
    """Pay out what the caller has earned in one token (R20).

    Parameters
    ----------
    pool
        The pool staked to.
    token
        One of its two tokens.

    Returns
    -------
    tuple
        The state after, and the amount paid in base units of the token; at least 1.

    Raises
    ------
    Revert
        `backstop: unknown pool`; `backstop: nothing to claim`.
    """
    _require_registered(state, pool)
    account = _settled(state, pool, call.sender)
    amount = 0
    if token == state.pools[pool].base:
        amount, account = account.earned_base, replace(account, earned_base=0)
    elif token == state.pools[pool].quote:
        amount, account = account.earned_quote, replace(account, earned_quote=0)
    require(amount > 0, "backstop: nothing to claim")
    state = _with_account(state, pool, call.sender, account)
    state = _book(state, token, -amount)
    state = _emit_of(state, "Claimed", pool, call.sender, token=token, amount=amount)
    return push(state, call, token, call.sender, amount), amount


@locked
def reward(state: State, call: Call, token: str, amount: int) -> tuple[State, None]:
    """Share what the calling pool has just sent among its stakers (R20).

    Parameters
    ----------
    token
        One of the calling pool's two tokens: it sweeps no other.
    amount
        Base units of the token.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `backstop: caller is not a pool`; `backstop: no shares to reward`; `backstop: reward not received`.
    """
    require(is_registered(state, call.sender), "backstop: caller is not a pool")
    before = pool_stake(state, call.sender)
    require(before.total_shares > 0, "backstop: no shares to reward")
    booked = state.backstop.booked.get(token, 0) + amount
    require(balance_of(state, token, call.target) >= booked, "backstop: reward not received")
    growth = stake_math.index_growth(amount, before.total_shares)
    if token == state.pools[call.sender].base:
        after = replace(before, index_base=before.index_base + growth)
    else:
        after = replace(before, index_quote=before.index_quote + growth)
    state = _with_stake(state, call.sender, after)
    state = _book(state, token, amount)
    return emit(state, BACKSTOP, "Rewarded", pool=call.sender, token=token, amount=amount), None


@locked
def slash(state: State, call: Call, recipient: str, amount: int) -> tuple[State, None]:
    """Pay a provider of the calling pool out of that pool's stake (R16, R18).

    Parameters
    ----------
    recipient
        The provider.
    amount
        Base units of DLQ.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `backstop: caller is not a pool`; `backstop: not enough stake`; then the token's own.
    """
    require(is_registered(state, call.sender), "backstop: caller is not a pool")
    before = pool_stake(state, call.sender)
    require(amount <= before.total_stake, "backstop: not enough stake")
    after = replace(before, total_stake=before.total_stake - amount)
    state = _with_stake(state, call.sender, after)
    state = _book(state, state.backstop.dlq, -amount)
    slashed = {"recipient": recipient, "amount": amount, "total_stake": after.total_stake}
    state = emit(state, BACKSTOP, "Slashed", pool=call.sender, **slashed)
    if stake_math.ends_generation(after.total_stake, after.total_shares):
        state = _end_generation(state, call.sender)
    return push(state, call, state.backstop.dlq, recipient, amount), None


@locked
def sweep(state: State, call: Call, token: str) -> tuple[State, int]:
    """Send to the Reserve what nobody is owed (R14).

    Parameters
    ----------
    token
        The token to sweep.

    Returns
    -------
    tuple
        The state after, and the amount sent in base units of the token; at least 1.

    Raises
    ------
    Revert
        `backstop: nothing to sweep` if the Backstop holds no more than it owes.
    """
    amount = balance_of(state, token, call.target) - state.backstop.booked.get(token, 0)
    require(amount > 0, "backstop: nothing to sweep")
    state = emit(state, BACKSTOP, "StraySwept", token=token, amount=amount)
    state = push(state, call, token, RESERVE, amount)
    state, _ = reserve.absorb(state, call.onward(RESERVE), token)
    return state, amount


def _require_registered(state: State, pool: str) -> None:
    require(is_registered(state, pool), "backstop: unknown pool")


def _require_unstake_open(state: State, now: int, pool: str, ready_at: int) -> None:
    parameters = state.backstop.parameters
    hold_ends_at = ready_at + parameters.hold_seconds
    require(now >= ready_at, "backstop: not ready")
    require(now < hold_ends_at + parameters.unstake_window_seconds, "backstop: window closed")
    # A run that never ends must not hold a stake for ever.
    if now < hold_ends_at:
        require_free(state, pool)
        require(not may_need_stake(state.pools[pool], now), "backstop: pool in bailout")


def may_need_stake(pool: Pool, now: int) -> bool:
    """Whether a pool's stakers may have to pay: it is in bailout, or heads for it (R19)."""
    threshold_bps = pool.parameters.bailout_threshold_bps
    # Nothing may have touched the pool in this epoch, and unstaking does not either.
    books = epoch_books.turn(pool.books, now // pool.epoch_seconds, pool.total_units, threshold_bps)
    return books.bailout or epoch_books.opens_in_bailout(
        books.requested, books.exited, books.added, pool.total_units, threshold_bps
    )


def _settled(state: State, pool: str, staker: str) -> StakeAccount:
    """*settle*: the account as it stands now, in the present generation (R20)."""
    account = state.backstop.accounts.get((pool, staker), EMPTY_STAKE_ACCOUNT)
    present = pool_stake(state, pool)
    ended = account.generation != present.generation
    own = state.backstop.ended[pool, account.generation] if ended else present
    earned_base = stake_math.earned(account.shares, own.index_base, account.index_base_paid)
    earned_quote = stake_math.earned(account.shares, own.index_quote, account.index_quote_paid)
    return StakeAccount(
        generation=present.generation,
        shares=0 if ended else account.shares,
        index_base_paid=present.index_base,
        index_quote_paid=present.index_quote,
        earned_base=account.earned_base + earned_base,
        earned_quote=account.earned_quote + earned_quote,
        requested_shares=0 if ended else account.requested_shares,
        ready_at=0 if ended else account.ready_at,
    )


def _end_generation(state: State, pool: str) -> State:
    final = pool_stake(state, pool)
    ended = state.backstop.ended | {(pool, final.generation): final}
    state = replace(state, backstop=replace(state.backstop, ended=ended))
    state = _with_stake(state, pool, replace(EMPTY_POOL_STAKE, generation=final.generation + 1))
    # The remainder belongs to nobody any more: unbooked, it can be swept.
    state = _book(state, state.backstop.dlq, -final.total_stake)
    return emit(state, BACKSTOP, "GenerationEnded", pool=pool, generation=final.generation)


def _book(state: State, token: str, change: int) -> State:
    booked = state.backstop.booked | {token: state.backstop.booked.get(token, 0) + change}
    return replace(state, backstop=replace(state.backstop, booked=booked))


def _with_stake(state: State, pool: str, changed: PoolStake) -> State:
    stakes = state.backstop.stakes | {pool: changed}
    return replace(state, backstop=replace(state.backstop, stakes=stakes))


def _with_account(state: State, pool: str, staker: str, changed: StakeAccount) -> State:
    accounts = state.backstop.accounts | {(pool, staker): changed}
    return replace(state, backstop=replace(state.backstop, accounts=accounts))


def _emit_of(state: State, name: str, pool: str, staker: str, **amounts: int | str) -> State:
    return emit(state, BACKSTOP, name, pool=pool, staker=staker, **amounts)
