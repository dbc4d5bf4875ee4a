"""A pool of two tokens: swaps, adds, requests, and ways to leave (R1 to R17)."""

from dataclasses import dataclass, replace

# A withdrawal asks the Controller to sweep the other pools, which are this module again.
from model import (
    backstop,
    controller,
    epoch_books,
    liquidity_math,
    oracle,
    protection_math,
    reserve,
    swap_math,
    waterfall,
)
from model.fixed_point import BPS, MAX, mul_div
from model.liquidity_math import MINIMUM_UNITS, portion, redeemable
from model.lock import locked, require_free
from model.parameters import Parameters, first_out_of_bounds, pool_bounds
from model.protection_math import Entitlement
from model.state import (
    ACTIVE,
    BACKSTOP,
    CONTROLLER,
    EMPTY_DEPOSIT,
    EMPTY_POSITION,
    EMPTY_REQUEST,
    PENDING,
    RESERVE,
    SUSPENDED,
    ZERO,
    Call,
    Deposit,
    Pool,
    Position,
    Request,
    State,
    emit,
    require,
    with_pool,
)
from model.token import balance_of, decimals_of, pull, push
from model.waterfall import Allowances, Payment

MAX_DECIMALS = 24
ARROWS = ((PENDING, ACTIVE), (ACTIVE, SUSPENDED), (SUSPENDED, ACTIVE))


@dataclass(frozen=True, slots=True)
class Claim:
    """A withdrawal before the waterfall: what `units` redeem for, and what R15 owes on top."""

    units: int
    base: int
    quote: int
    age: int
    coverage: int
    due: Entitlement


def create(state: State, now: int, base: str, quote: str, parameters: Parameters) -> Pool:
    """A new pool, PENDING, with empty and calm books (R1).

    Parameters
    ----------
    now
        The time, in seconds.
    base, quote
        Its tokens.
    parameters
        Its own, fixed for ever.

    Returns
    -------
    Pool
        Without units.

    Raises
    ------
    Revert
        `pool: NAME out of bounds`, for the first parameter in the order of the table; for base, then quote,
        `pool: not a token`, `pool: too many decimals`.
    """
    epoch_seconds = state.controller.parameters.epoch_seconds
    name = first_out_of_bounds(parameters, pool_bounds(epoch_seconds))
    require(name is None, f"pool: {name} out of bounds")
    for token in (base, quote):
        decimals = decimals_of(state, token) if token in state.tokens else None
        require(decimals is not None, "pool: not a token")
        require(decimals <= MAX_DECIMALS, "pool: too many decimals")
    return Pool(
        base=base,
        quote=quote,
        parameters=parameters,
        epoch_seconds=epoch_seconds,
        status=PENDING,
        reserve_base=0,
        reserve_quote=0,
        total_units=0,
        staged_base=0,
        staged_quote=0,
        oracle=0,
        oracle_updated_at=0,
        books=epoch_books.empty_books(now // epoch_seconds, bailout=False, opening_units=0),
        total_shortfall=0,
        positions={},
        requests={},
        deposits={},
    )


@locked
def set_status(state: State, call: Call, status: int, min_price: int, max_price: int) -> tuple[State, None]:
    """Activate, suspend or resume the pool (R1).

    The oracle starts at the spot price at the first activation, and goes on from where it was frozen at a later one.

    Parameters
    ----------
    status
        1 (ACTIVE) or 2 (SUSPENDED).
    min_price, max_price
        Bounds of the spot price at which to become ACTIVE, both allowed: quote base units per base base unit, times Q112.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `pool: caller is not the controller`; `pool: bad status change`; `pool: no units`;
        `pool: price out of bounds`.
    """
    require(call.sender == CONTROLLER, "pool: caller is not the controller")
    state = touch(state, call)
    pool = state.pools[call.target]
    require((pool.status, status) in ARROWS, "pool: bad status change")
    if status == ACTIVE:
        _require_units_in_existence(pool)
        require(min_price <= _spot(pool) <= max_price, "pool: price out of bounds")
        state = with_pool(state, call.target, oracle_updated_at=call.now)
    if pool.status == PENDING:
        books = replace(pool.books, struck=0, opening_units=pool.total_units)
        state = with_pool(state, call.target, oracle=_spot(pool), books=books)
    state = with_pool(state, call.target, status=status)
    state = emit(state, call.target, "StatusSet", status=status, oracle=state.pools[call.target].oracle)
    return state, None


@locked
def swap(
    state: State, call: Call, token_in: str, amount_in: int, min_amount_out: int, recipient: str, deadline: int
) -> tuple[State, int]:
    """Exchange one of the pool's tokens for the other (R2).

    Parameters
    ----------
    token_in
        Base or quote.
    amount_in
        `dx`, in base units of the token in.
    min_amount_out
        The least that the trader accepts, in base units of the token out.
    recipient
        Who receives it.
    deadline
        The last second at which the swap is welcome.

    Returns
    -------
    tuple
        The state after, and `dy` in base units of the token out; at least 1.

    Raises
    ------
    Revert
        `pool: deadline passed`; `pool: not active`; `pool: unknown token`; `pool: bad recipient`;
        `pool: reserve too large`; `pool: zero output`; `pool: output below minimum`; then the token's own.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    _require_in_time(call, deadline)
    _require_active(pool)
    require(token_in in (pool.base, pool.quote), "pool: unknown token")
    require(recipient not in (ZERO, call.target), "pool: bad recipient")
    x, y = _reserves_in_and_out(pool, token_in)
    _require_fits(x, amount_in)
    amount_out = swap_math.swap_output(amount_in, x, y, pool.parameters.min_fee_bps)
    require(amount_out > 0, "pool: zero output")
    require(amount_out >= min_amount_out, "pool: output below minimum")
    fee = swap_math.swap_fee(amount_in, x, y, amount_out)
    cut = swap_math.protocol_cut(fee, pool.parameters.protocol_fee_bps)
    state = _with_reserves_in_and_out(state, call, token_in, x + amount_in, y - amount_out - cut)
    state = _emit_swapped(state, call, recipient, token_in, amount_in, amount_out, fee, cut)
    state = pull(state, call, token_in, amount_in)
    token_out = pool.quote if token_in == pool.base else pool.base
    return push(state, call, token_out, recipient, amount_out), amount_out


@locked
def donate(state: State, call: Call, base: int, quote: int) -> tuple[State, None]:
    """Give to all providers of the pool (R3).

    Parameters
    ----------
    base, quote
        In base units of each token.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `pool: suspended`; `pool: no units`; `pool: zero amount`; `pool: reserve too large`; then the tokens' own.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    _require_open(pool)
    _require_units_in_existence(pool)
    _require_something(base, quote)
    _require_both_fit(pool, base, quote)
    reserve_base, reserve_quote = pool.reserve_base + base, pool.reserve_quote + quote
    state = with_pool(state, call.target, reserve_base=reserve_base, reserve_quote=reserve_quote)
    state = emit(
        state,
        call.target,
        "Donated",
        donor=call.sender,
        base=base,
        quote=quote,
        reserve_base=reserve_base,
        reserve_quote=reserve_quote,
    )
    return _pull_both(state, call, base, quote), None


@locked
def add(state: State, call: Call, base: int, quote: int, min_units: int, deadline: int) -> tuple[State, int]:
    """Add liquidity (R5 to R8).

    Parameters
    ----------
    base, quote
        In base units of each token; after the first add, either may be 0.
    min_units
        The fewest units that the provider accepts.
    deadline
        The last second at which the add is welcome.

    Returns
    -------
    tuple
        The state after, and the provider's new units; at least 1.

    Raises
    ------
    Revert
        `pool: deadline passed`; `pool: suspended`; then *adding*: `pool: zero amount`; `pool: reserve too large`;
        `pool: price unstable`; `pool: first add needs both tokens`; `pool: first add too small`;
        `pool: zero units`; `pool: units below minimum`; `pool: struck too much this epoch`;
        `pool: principal too large`; then the tokens' own.
    """
    state = touch(state, call)
    _require_in_time(call, deadline)
    _require_open(state.pools[call.target])
    state, units = _add(state, call, base, quote, min_units)
    return _pull_both(state, call, base, quote), units


@locked
def stage_deposit(state: State, call: Call, base: int, quote: int) -> tuple[State, None]:
    """Hand over tokens that are not to be in the pool yet (R9).

    Parameters
    ----------
    base, quote
        In base units of each token; added to what the caller has staged already.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `pool: suspended`; `pool: zero amount`; `pool: staged too large`; then the tokens' own.
    """
    pool = state.pools[call.target]
    _require_open(pool)
    _require_something(base, quote)
    require(pool.staged_base + base <= MAX, "pool: staged too large")
    require(pool.staged_quote + quote <= MAX, "pool: staged too large")
    before = pool.deposits.get(call.sender, EMPTY_DEPOSIT)
    after = Deposit(before.base + base, before.quote + quote, staged_at=call.now)
    state = _with_deposit(state, call, after)
    state = emit(
        state,
        call.target,
        "DepositStaged",
        provider=call.sender,
        base=base,
        quote=quote,
        staged_base=after.base,
        staged_quote=after.quote,
    )
    return _pull_both(state, call, base, quote), None


@locked
def confirm_deposit(state: State, call: Call, min_units: int) -> tuple[State, int]:
    """Add everything that the caller has staged, at the price of this moment (R9).

    Parameters
    ----------
    min_units
        The fewest units that the provider accepts.

    Returns
    -------
    tuple
        The state after, and the provider's new units; at least 1.

    Raises
    ------
    Revert
        `pool: suspended`; `pool: nothing staged`; `pool: deposit not confirmable yet`; then *adding* as in `add`.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    _require_open(pool)
    deposit = _staged_deposit(pool, call)
    confirmable_at = deposit.staged_at + pool.parameters.confirmation_seconds
    require(call.now >= confirmable_at, "pool: deposit not confirmable yet")
    state = _with_deposit(state, call, EMPTY_DEPOSIT)
    state = emit(
        state, call.target, "DepositConfirmed", provider=call.sender, base=deposit.base, quote=deposit.quote
    )
    return _add(state, call, deposit.base, deposit.quote, min_units)


@locked
def cancel_deposit(state: State, call: Call) -> tuple[State, tuple[int, int]]:
    """Take back everything that the caller has staged (R9).

    Returns
    -------
    tuple
        The state after, and (base, quote) in base units of each token.

    Raises
    ------
    Revert
        `pool: nothing staged`.
    """
    deposit = _staged_deposit(state.pools[call.target], call)
    state = _with_deposit(state, call, EMPTY_DEPOSIT)
    state = emit(
        state, call.target, "DepositCancelled", provider=call.sender, base=deposit.base, quote=deposit.quote
    )
    return _push_both(state, call, deposit.base, deposit.quote), (deposit.base, deposit.quote)


@locked
def begin_protection(state: State, call: Call) -> tuple[State, None]:
    """Strike the principal of a position made while the pool was PENDING, and start its clock (R10).

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `pool: not active`; `pool: no position`; `pool: already protected`; `pool: price unstable`;
        `pool: struck too much this epoch`; `pool: principal too large`.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    _require_active(pool)
    position = _position(pool, call)
    require(position.units > 0, "pool: no position")
    require(position.clock == 0, "pool: already protected")
    _require_stable_price(pool)
    _require_depth(pool, position.units)
    protected = _with_principal(position, position.units, pool, pool, call.now)
    books = replace(pool.books, struck=pool.books.struck + position.units)
    state = _with_position(with_pool(state, call.target, books=books), call, protected)
    state = emit(
        state,
        call.target,
        "ProtectionBegun",
        provider=call.sender,
        units=protected.units,
        principal_base=protected.principal_base,
        principal_quote=protected.principal_quote,
    )
    return state, None


@locked
def request_withdrawal(state: State, call: Call, units: int) -> tuple[State, None]:
    """Announce that units will leave in the next epoch, or with 0 that they will not (R12).

    Parameters
    ----------
    units
        Of the caller's position; replaces an earlier request.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `pool: pending`; `pool: not enough units`; `pool: no request to cancel`.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    require(pool.status != PENDING, "pool: pending")
    _require_available(pool, call, units)
    before = _request(pool, call)
    require(units > 0 or _is_live(before, pool), "pool: no request to cancel")
    epoch = pool.books.epoch
    after = Request(epoch, units) if units > 0 else EMPTY_REQUEST
    state = _with_request(state, call, before, after)
    state = emit(state, call.target, "WithdrawalRequested", provider=call.sender, epoch=epoch, units=units)
    return state, None


@locked
def withdraw(
    state: State, call: Call, min_base: int, min_quote: int, max_shortfall: int
) -> tuple[State, tuple[int, int, int, int]]:
    """Execute the request of the epoch before, made whole as far as age and funds go (R15, R16).

    Parameters
    ----------
    min_base, min_quote
        The least that the provider accepts of each token, from pool and Reserve together.
    max_shortfall
        The most that may remain unpaid, in base units of quote.

    Returns
    -------
    tuple
        The state after, and (base, quote, dlq, shortfall): what was received, and in quote what was not.

    Raises
    ------
    Revert
        `pool: no executable request`; `pool: locked up`; `pool: base below minimum`; `pool: quote below minimum`;
        `pool: shortfall above maximum`.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    request = _request(pool, call)
    is_executable = request.units > 0 and request.epoch == pool.books.epoch - 1
    require(is_executable, "pool: no executable request")
    _require_unlocked(pool, call)
    claim = claim_of(pool, call, request.units)
    if claim.due.is_due and pool.books.bailout:
        state = _draw_surpluses(state, call)
    payment = _payment(state, call, claim)
    share_base, share_quote = _share_kept(claim, payment)
    base, quote = _received(claim, payment, share_base, share_quote)
    _require_minimums(base, quote, min_base, min_quote)
    require(payment.shortfall <= max_shortfall, "pool: shortfall above maximum")
    state = _book_withdrawal(state, call, claim, payment)
    state = _push_both(state, call, share_base, share_quote)
    state = _pay(state, call, claim, payment)
    return state, (base, quote, payment.slashed, payment.shortfall)


@locked
def exit(state: State, call: Call, units: int, min_base: int, min_quote: int) -> tuple[State, tuple[int, int]]:
    """Leave at once, with the share of the reserves and nothing else (R17).

    Parameters
    ----------
    units
        Of the caller's position.
    min_base, min_quote
        The least that the provider accepts of each token.

    Returns
    -------
    tuple
        The state after, and (base, quote) in base units of each token.

    Raises
    ------
    Revert
        `pool: zero units to exit`; `pool: not enough units`; `pool: locked up`; `pool: base below minimum`;
        `pool: quote below minimum`.
    """
    state = touch(state, call)
    pool = state.pools[call.target]
    require(units > 0, "pool: zero units to exit")
    _require_available(pool, call, units)
    _require_unlocked(pool, call)
    base = redeemable(pool.reserve_base, units, pool.total_units)
    quote = redeemable(pool.reserve_quote, units, pool.total_units)
    _require_minimums(base, quote, min_base, min_quote)
    state = _remove_units(state, call, units, base, quote)
    state = _cap_request(state, call)
    books = state.pools[call.target].books
    state = with_pool(state, call.target, books=replace(books, exited=books.exited + units))
    state = _emit_departure(state, call, "Exited", units, base, quote)
    return _push_both(state, call, base, quote), (base, quote)


@locked
def sweep(state: State, call: Call) -> tuple[State, tuple[int, int]]:
    """Send what the pool holds above reserves and staged deposits to the stakers and the Reserve (R14).

        to_stakers = floor(surplus*staker_share_bps / BPS)    0, where there are no shares

    Returns
    -------
    tuple
        The state after, and the surpluses (base, quote) in base units of each token; nothing happens if both are 0.

    Rounding
    --------
    The stakers' part down, in favour of the Reserve.
    """
    return _sweep(state, call)


def _sweep(state: State, call: Call) -> tuple[State, tuple[int, int]]:
    pool = state.pools[call.target]
    surplus_base = max(0, balance_of(state, pool.base, call.target) - pool.reserve_base - pool.staged_base)
    surplus_quote = max(0, balance_of(state, pool.quote, call.target) - pool.reserve_quote - pool.staged_quote)
    if surplus_base == 0 and surplus_quote == 0:
        return state, (0, 0)
    staker_share_bps = _staker_share_bps(state, call)
    base_to_stakers = mul_div(surplus_base, staker_share_bps, BPS)
    quote_to_stakers = mul_div(surplus_quote, staker_share_bps, BPS)
    base_to_reserve = surplus_base - base_to_stakers
    quote_to_reserve = surplus_quote - quote_to_stakers
    state = emit(
        state,
        call.target,
        "Swept",
        base_to_stakers=base_to_stakers,
        base_to_reserve=base_to_reserve,
        quote_to_stakers=quote_to_stakers,
        quote_to_reserve=quote_to_reserve,
    )
    state = _send_surplus(state, call, pool.base, base_to_stakers, base_to_reserve)
    state = _send_surplus(state, call, pool.quote, quote_to_stakers, quote_to_reserve)
    return state, (surplus_base, surplus_quote)


def touch(state: State, call: Call) -> State:
    """Bring the pool to now: first the oracle (R4), then the epoch (R13).

    Returns
    -------
    State
        With `OracleUpdated` and `EpochOpened` in its log where they moved; the same object where neither did.
    """
    pool = state.pools[call.target]
    if pool.status == ACTIVE and call.now != pool.oracle_updated_at:
        price = oracle_price(pool, call.now)
        state = with_pool(state, call.target, oracle=price, oracle_updated_at=call.now)
        state = emit(state, call.target, "OracleUpdated", price=price)
    epoch = call.now // pool.epoch_seconds
    if pool.books.epoch != epoch:
        state = _open_epoch(state, call, epoch)
    return state


def oracle_price(pool: Pool, now: int) -> int:
    """The price of an ACTIVE pool's oracle as of now (R4).

    Parameters
    ----------
    pool
        The pool, ACTIVE.
    now
        The time, in seconds.

    Returns
    -------
    int
        Quote base units per base base unit, times Q112; at least 1.
    """
    elapsed = now - pool.oracle_updated_at
    return oracle.advance(pool.oracle, _spot(pool), elapsed, pool.parameters.oracle_window_seconds)


# Checks that several calls share: one reason each, wherever they stand.


def _require_in_time(call: Call, deadline: int) -> None:
    require(call.now <= deadline, "pool: deadline passed")


def _require_active(pool: Pool) -> None:
    require(pool.status == ACTIVE, "pool: not active")


def _require_open(pool: Pool) -> None:
    require(pool.status != SUSPENDED, "pool: suspended")


def _require_something(base: int, quote: int) -> None:
    require(base > 0 or quote > 0, "pool: zero amount")


def _require_fits(reserve_before: int, amount: int) -> None:
    require(reserve_before + amount <= MAX, "pool: reserve too large")


def _require_both_fit(pool: Pool, base: int, quote: int) -> None:
    _require_fits(pool.reserve_base, base)
    _require_fits(pool.reserve_quote, quote)


def _require_depth(pool: Pool, units: int) -> None:
    """R6: in one epoch, principal is struck for no more units than the pool had when the epoch opened."""
    require(pool.books.struck + units <= pool.books.opening_units, "pool: struck too much this epoch")


def _require_stable_price(pool: Pool) -> None:
    unstable = oracle.deviates(pool.oracle, _spot(pool), pool.parameters.max_deviation_bps)
    require(not unstable, "pool: price unstable")


def _require_available(pool: Pool, call: Call, units: int) -> None:
    require(units <= _position(pool, call).units, "pool: not enough units")


def _require_unlocked(pool: Pool, call: Call) -> None:
    unlocked_at = _position(pool, call).last_added + pool.parameters.lockup_seconds
    require(call.now >= unlocked_at, "pool: locked up")


def _require_minimums(base: int, quote: int, min_base: int, min_quote: int) -> None:
    require(base >= min_base, "pool: base below minimum")
    require(quote >= min_quote, "pool: quote below minimum")


def _require_units_in_existence(pool: Pool) -> None:
    require(pool.total_units > 0, "pool: no units")


# The caller's own entries.


def _position(pool: Pool, call: Call) -> Position:
    return pool.positions.get(call.sender, EMPTY_POSITION)


def _request(pool: Pool, call: Call) -> Request:
    return pool.requests.get(call.sender, EMPTY_REQUEST)


def _staged_deposit(pool: Pool, call: Call) -> Deposit:
    deposit = pool.deposits.get(call.sender, EMPTY_DEPOSIT)
    require(deposit.base > 0 or deposit.quote > 0, "pool: nothing staged")
    return deposit


def _with_position(state: State, call: Call, changed: Position) -> State:
    positions = state.pools[call.target].positions | {call.sender: changed}
    return with_pool(state, call.target, positions=positions)


def _with_deposit(state: State, call: Call, after: Deposit) -> State:
    """Replace the caller's deposit, and keep the pool's sums of all deposits."""
    pool = state.pools[call.target]
    before = pool.deposits.get(call.sender, EMPTY_DEPOSIT)
    return with_pool(
        state,
        call.target,
        staged_base=pool.staged_base + after.base - before.base,
        staged_quote=pool.staged_quote + after.quote - before.quote,
        deposits=pool.deposits | {call.sender: after},
    )


def _with_request(state: State, call: Call, before: Request, after: Request) -> State:
    """Replace the caller's request; the books of this epoch follow only what was, or is, requested in it (R13)."""
    pool = state.pools[call.target]
    books = pool.books
    withdrawn = before.units if before.epoch == books.epoch else 0
    entered = after.units if after.epoch == books.epoch else 0
    return with_pool(
        state,
        call.target,
        books=replace(books, requested=books.requested - withdrawn + entered),
        requests=pool.requests | {call.sender: after},
    )


def _is_live(request: Request, pool: Pool) -> bool:
    """Made in this epoch or in the one before: a request lapses after that (R12)."""
    return request.units > 0 and request.epoch >= pool.books.epoch - 1


# Swapping.


def _reserves_in_and_out(pool: Pool, token_in: str) -> tuple[int, int]:
    if token_in == pool.base:
        return pool.reserve_base, pool.reserve_quote
    return pool.reserve_quote, pool.reserve_base


def _with_reserves_in_and_out(state: State, call: Call, token_in: str, x: int, y: int) -> State:
    reserve_base, reserve_quote = (x, y) if token_in == state.pools[call.target].base else (y, x)
    return with_pool(state, call.target, reserve_base=reserve_base, reserve_quote=reserve_quote)


def _emit_swapped(
    state: State, call: Call, recipient: str, token_in: str, amount_in: int, amount_out: int, fee: int, cut: int
) -> State:
    pool = state.pools[call.target]
    return emit(
        state,
        call.target,
        "Swapped",
        trader=call.sender,
        recipient=recipient,
        token_in=token_in,
        amount_in=amount_in,
        amount_out=amount_out,
        fee=fee,
        cut=cut,
        reserve_base=pool.reserve_base,
        reserve_quote=pool.reserve_quote,
    )


# Adding.


def _add(state: State, call: Call, base: int, quote: int, min_units: int) -> tuple[State, int]:
    """*adding*: all of R5 to R8 but the moves, which a staged deposit has behind it."""
    before = state.pools[call.target]
    _require_something(base, quote)
    _require_both_fit(before, base, quote)
    if before.status == ACTIVE:
        _require_stable_price(before)
    minted, units = _minted(before, base, quote)
    require(units >= min_units, "pool: units below minimum")
    struck = _units_to_strike(before, call, units)
    _require_depth(before, struck)
    state = with_pool(
        state,
        call.target,
        reserve_base=before.reserve_base + base,
        reserve_quote=before.reserve_quote + quote,
        total_units=before.total_units + minted,
        books=replace(before.books, added=before.books.added + units, struck=before.books.struck + struck),
    )
    position = _position_after_add(before, state.pools[call.target], call, units, struck)
    state = _with_position(state, call, position)
    return _emit_added(state, call, base, quote, units), units


def _minted(pool: Pool, base: int, quote: int) -> tuple[int, int]:
    """The units that an add brings into existence, and those of them that are the provider's (R5)."""
    minted = liquidity_math.units_minted(base, quote, pool.reserve_base, pool.reserve_quote, pool.total_units)
    if pool.total_units == 0:
        require(base > 0 and quote > 0, "pool: first add needs both tokens")
        require(minted > MINIMUM_UNITS, "pool: first add too small")
        return minted, minted - MINIMUM_UNITS
    require(minted > 0, "pool: zero units")
    return minted, minted


def _units_to_strike(pool: Pool, call: Call, units: int) -> int:
    """The units whose principal an add of `units` strikes: none while PENDING (R7, R10)."""
    if pool.status == PENDING:
        return 0
    old = _position(pool, call)
    # Units from before the pool was ACTIVE have no principal yet: it is struck now, with the new ones' (R10).
    return units if old.clock > 0 else old.units + units


def _position_after_add(before: Pool, after: Pool, call: Call, units: int, struck: int) -> Position:
    old = _position(before, call)
    grown = replace(old, units=old.units + units, last_added=call.now)
    if after.status == PENDING:
        return grown
    return _with_principal(grown, struck, before, after, call.now)


def _with_principal(position: Position, units: int, before: Pool, after: Pool, now: int) -> Position:
    """Strike the principal of some units, at the price of the reserves before, and start the clock (R7, R8)."""
    share_base = redeemable(after.reserve_base, units, after.total_units)
    share_quote = redeemable(after.reserve_quote, units, after.total_units)
    struck_base, struck_quote = liquidity_math.principal(
        share_base, share_quote, before.reserve_base, before.reserve_quote
    )
    principal_base = position.principal_base + struck_base
    principal_quote = position.principal_quote + struck_quote
    require(principal_base <= MAX, "pool: principal too large")
    require(principal_quote <= MAX, "pool: principal too large")
    return replace(position, principal_base=principal_base, principal_quote=principal_quote, clock=now)


def _emit_added(state: State, call: Call, base: int, quote: int, units: int) -> State:
    pool = state.pools[call.target]
    position = _position(pool, call)
    return emit(
        state,
        call.target,
        "Added",
        provider=call.sender,
        base=base,
        quote=quote,
        units=units,
        principal_base=position.principal_base,
        principal_quote=position.principal_quote,
        reserve_base=pool.reserve_base,
        reserve_quote=pool.reserve_quote,
        total_units=pool.total_units,
    )


# Leaving.


def _remove_units(state: State, call: Call, units: int, base: int, quote: int) -> State:
    """Take units and their share of the reserves out of the pool; the principal falls pro rata (R15.1)."""
    pool = state.pools[call.target]
    position = _position(pool, call)
    state = with_pool(
        state,
        call.target,
        reserve_base=pool.reserve_base - base,
        reserve_quote=pool.reserve_quote - quote,
        total_units=pool.total_units - units,
    )
    units_left = position.units - units
    if units_left == 0:
        return _with_position(state, call, EMPTY_POSITION)
    left = replace(
        position,
        units=units_left,
        principal_base=portion(position.principal_base, units_left, position.units),
        principal_quote=portion(position.principal_quote, units_left, position.units),
    )
    return _with_position(state, call, left)


def _cap_request(state: State, call: Call) -> State:
    """A live request cannot stand for more units than are left (R17)."""
    pool = state.pools[call.target]
    request = _request(pool, call)
    units_left = _position(pool, call).units
    if not _is_live(request, pool) or request.units <= units_left:
        return state
    capped = replace(request, units=units_left) if units_left > 0 else EMPTY_REQUEST
    return _with_request(state, call, request, capped)


def _emit_departure(state: State, call: Call, name: str, units: int, base: int, quote: int) -> State:
    pool = state.pools[call.target]
    return emit(
        state,
        call.target,
        name,
        provider=call.sender,
        units=units,
        base=base,
        quote=quote,
        reserve_base=pool.reserve_base,
        reserve_quote=pool.reserve_quote,
        total_units=pool.total_units,
    )


def claim_of(pool: Pool, call: Call, units: int) -> Claim:
    """What units redeem for, and what is owed on top (R15).

    Parameters
    ----------
    pool
        The pool, touched.
    call
        Who provides, and when.
    units
        Of that position, and at most all of it.

    Returns
    -------
    Claim
        Base and quote redeemed, rounded down; age, coverage and entitlement.
    """
    position = _position(pool, call)
    base = redeemable(pool.reserve_base, units, pool.total_units)
    quote = redeemable(pool.reserve_quote, units, pool.total_units)
    principal_base = portion(position.principal_base, units, position.units)
    principal_quote = portion(position.principal_quote, units, position.units)
    at_spot = protection_math.coverage_at_spot(
        principal_base, principal_quote, base, quote, pool.reserve_base, pool.reserve_quote
    )
    at_oracle = protection_math.coverage_at_price(principal_base, principal_quote, base, quote, pool.oracle)
    # The lower of the two: one block cannot raise what is owed.
    coverage = min(at_spot, at_oracle)
    full_protection_seconds = pool.parameters.full_protection_seconds
    age = protection_math.protected_age(position.clock, call.now, full_protection_seconds)
    due = protection_math.entitlement(
        principal_base, principal_quote, base, quote, coverage, age, full_protection_seconds
    )
    return Claim(units, base, quote, age, coverage, due)


def _draw_surpluses(state: State, call: Call) -> State:
    """Step 0: once per epoch, gather the surpluses of all pools, this one's first (R16.0)."""
    require_free(state, CONTROLLER)
    if state.controller.swept_epoch == state.pools[call.target].books.epoch:
        return state
    state, _ = _sweep(state, call)
    state, _ = controller.draw_surpluses(state, call.onward(CONTROLLER))
    return state


def _payment(state: State, call: Call, claim: Claim) -> Payment:
    """What each step pays, of allowances fixed before the first one (R16); only who may have to pay is asked (R22)."""
    pool = state.pools[call.target]
    if not claim.due.is_due:
        return Payment(paid=0, taken=0, paid_quote=0, slashed=0, shortfall=0)
    require_free(state, RESERVE)
    deficit_token, _ = _deficit_and_surplus_tokens(pool, claim)
    held = state.reserve.held
    in_kind = _allowance(pool, claim, held.get(deficit_token, 0))
    in_quote = _allowance(pool, claim, held.get(pool.quote, 0))
    of_reserve = Allowances(in_kind, in_quote, dlq=0, dlq_price=0)
    payment = waterfall.pay(claim.due, of_reserve)
    if payment.shortfall == 0 or not pool.books.bailout:
        return payment
    dlq_price = _dlq_price(state, call)
    if dlq_price == 0:
        return payment
    require_free(state, BACKSTOP)
    dlq = _allowance(pool, claim, backstop.pool_stake(state, call.target).total_stake)
    return waterfall.pay(claim.due, replace(of_reserve, dlq=dlq, dlq_price=dlq_price))


def _allowance(pool: Pool, claim: Claim, held: int) -> int:
    return waterfall.allowance(held, claim.units, pool.total_units, pool.books.bailout)


def _dlq_price(state: State, call: Call) -> int:
    """The price of DLQ in this pool's quote token; 0 where no ACTIVE pool has been named for it (R16.3)."""
    require_free(state, CONTROLLER)
    dlq_pool = state.controller.dlq_pools.get(state.pools[call.target].quote, ZERO)
    if dlq_pool == ZERO:
        return 0
    if dlq_pool != call.target:
        require_free(state, dlq_pool)
    priced = state.pools[dlq_pool]
    return oracle_price(priced, call.now) if priced.status == ACTIVE else 0


def _deficit_and_surplus_tokens(pool: Pool, claim: Claim) -> tuple[str, str]:
    return (pool.base, pool.quote) if claim.due.base_in_deficit else (pool.quote, pool.base)


def _share_kept(claim: Claim, payment: Payment) -> tuple[int, int]:
    """The provider's share of the reserves, less what the Reserve takes of it."""
    if claim.due.base_in_deficit:
        return claim.base, claim.quote - payment.taken
    return claim.base - payment.taken, claim.quote


def _received(claim: Claim, payment: Payment, share_base: int, share_quote: int) -> tuple[int, int]:
    """What the provider receives of each token, from pool and Reserve together."""
    if claim.due.base_in_deficit:
        return share_base + payment.paid, share_quote + payment.paid_quote
    return share_base, share_quote + payment.paid


def _book_withdrawal(state: State, call: Call, claim: Claim, payment: Payment) -> State:
    state = _remove_units(state, call, claim.units, claim.base, claim.quote)
    pool = state.pools[call.target]
    # The request counted in the epoch it was made (R13): the books of this one do not change.
    state = with_pool(
        state,
        call.target,
        requests=pool.requests | {call.sender: EMPTY_REQUEST},
        total_shortfall=pool.total_shortfall + payment.shortfall,
    )
    state = _emit_departure(state, call, "Withdrawn", claim.units, claim.base, claim.quote)
    if not claim.due.is_due:
        return state
    return _emit_compensated(state, call, claim, payment)


def _emit_compensated(state: State, call: Call, claim: Claim, payment: Payment) -> State:
    pool = state.pools[call.target]
    deficit_token, _ = _deficit_and_surplus_tokens(pool, claim)
    return emit(
        state,
        call.target,
        "Compensated",
        provider=call.sender,
        bailout=pool.books.bailout,
        age=claim.age,
        coverage=claim.coverage,
        owed=claim.due.owed,
        deficit_token=deficit_token,
        deficit=claim.due.deficit,
        paid=payment.paid,
        taken=payment.taken,
        paid_quote=payment.paid_quote,
        slashed=payment.slashed,
        shortfall=payment.shortfall,
    )


def _pay(state: State, call: Call, claim: Claim, payment: Payment) -> State:
    """The moves of the waterfall, in its order, each if not zero."""
    pool = state.pools[call.target]
    deficit_token, surplus_token = _deficit_and_surplus_tokens(pool, claim)
    state = _draw(state, call, deficit_token, payment.paid)
    state = _send_to_reserve(state, call, surplus_token, payment.taken)
    state = _draw(state, call, pool.quote, payment.paid_quote)
    if payment.slashed > 0:
        state, _ = backstop.slash(state, call.onward(BACKSTOP), call.sender, payment.slashed)
    return state


# Moves.


def _pull_both(state: State, call: Call, base: int, quote: int) -> State:
    pool = state.pools[call.target]
    state = pull(state, call, pool.base, base)
    return pull(state, call, pool.quote, quote)


def _push_both(state: State, call: Call, base: int, quote: int) -> State:
    pool = state.pools[call.target]
    state = push(state, call, pool.base, call.sender, base)
    return push(state, call, pool.quote, call.sender, quote)


def _draw(state: State, call: Call, token: str, amount: int) -> State:
    if amount > 0:
        state, _ = reserve.draw(state, call.onward(RESERVE), token, call.sender, amount)
    return state


def _send_to_reserve(state: State, call: Call, token: str, amount: int) -> State:
    if amount > 0:
        state = push(state, call, token, RESERVE, amount)
        state, _ = reserve.absorb(state, call.onward(RESERVE), token)
    return state


def _send_surplus(state: State, call: Call, token: str, to_stakers: int, to_reserve: int) -> State:
    if to_stakers > 0:
        state = push(state, call, token, BACKSTOP, to_stakers)
        state, _ = backstop.reward(state, call.onward(BACKSTOP), token, to_stakers)
    return _send_to_reserve(state, call, token, to_reserve)


# The pool as of now.


def _staker_share_bps(state: State, call: Call) -> int:
    require_free(state, BACKSTOP)
    has_shares = backstop.pool_stake(state, call.target).total_shares > 0
    return state.pools[call.target].parameters.staker_share_bps if has_shares else 0


def _spot(pool: Pool) -> int:
    return oracle.spot_price(pool.reserve_base, pool.reserve_quote)


def _open_epoch(state: State, call: Call, epoch: int) -> State:
    pool = state.pools[call.target]
    closed = epoch_books.epoch_before(pool.books, epoch)
    books = epoch_books.turn(pool.books, epoch, pool.total_units, pool.parameters.bailout_threshold_bps)
    state = with_pool(state, call.target, books=books)
    return emit(
        state,
        call.target,
        "EpochOpened",
        epoch=epoch,
        bailout=books.bailout,
        net=epoch_books.net_withdrawals(closed.requested, closed.exited, closed.added),
        total_units=pool.total_units,
    )
