"""What somebody has in the system, and what leaving would pay."""

from dataclasses import dataclass

from model import Operation, State, apply
from model.epoch_books import turn
from model.state import BACKSTOP, EMPTY_DEPOSIT, EMPTY_POSITION, EMPTY_REQUEST
from operate.amounts import Amount, Moment
from operate.departure import Departure, depart
from operate.snapshot import take
from operate.status import STATUS, regime
from operate.system import OperateError, System


@dataclass(frozen=True, slots=True)
class Staged:
    """A deposit that waits to be confirmed (R9)."""

    base: Amount
    quote: Amount
    confirmable_from: Moment


@dataclass(frozen=True, slots=True)
class Requested:
    """A request to withdraw (R12), executable in the epoch after its own."""

    units: int
    executable_from: Moment
    executable_until: Moment
    stands: str


@dataclass(frozen=True, slots=True)
class Staking:
    """DLQ staked to the pool, with what `claim` would pay now."""

    shares: int
    worth: Amount
    requested_shares: int
    open_from: Moment
    open_until: Moment
    claimable: list[Amount]


@dataclass(frozen=True, slots=True)
class Holding:
    """One pool's. `level_bps` is the part of a loss that is protected by now; `withdrawal` is of the units requested, where that can be
    executed now, else of all: as if requested in the epoch before and not locked up; `refused` is why there can be none."""

    pool: str
    pool_status: str
    regime: str
    units: int
    all_units: int
    principal_base: Amount
    principal_quote: Amount
    protected_since: Moment
    age_seconds: int
    full_protection_seconds: int
    level_bps: int
    locked_until: Moment
    withdrawal: Departure | None
    refused: str | None
    staged: Staged | None
    request: Requested | None
    staking: Staking | None


@dataclass(frozen=True, slots=True)
class Account:
    address: str
    block: int
    time: Moment
    balances: list[Amount]
    holdings: list[Holding]


def account(system: System, address: str) -> Account:
    """All that an account has: balances, and by pool what it provides, has staged, asked for and staked."""
    snapshot = take(system, [address])
    state, now = snapshot.state, snapshot.now
    holdings = [_holding(system, state, name, address, now) for name in system.pairs]
    return Account(
        address=address,
        block=snapshot.block,
        time=Moment(now),
        balances=[Amount(state.tokens[symbol].balances[address], token) for symbol, token in system.tokens.items()],
        holdings=[holding for holding in holdings if holding.units or holding.staged or holding.request or holding.staking],
    )


def _holding(system: System, state: State, name: str, address: str, now: int) -> Holding:
    pool = state.pools[name]
    base, quote = system.tokens[pool.base], system.tokens[pool.quote]
    books = turn(pool.books, now // pool.epoch_seconds, pool.total_units, pool.parameters.bailout_threshold_bps)
    position = pool.positions.get(address, EMPTY_POSITION)
    request = _request(state, name, address, now)
    full = pool.parameters.full_protection_seconds
    age = min(now - position.clock, full) if position.clock else 0
    leaving = request.units if request and request.stands == "executable" else position.units
    withdrawal, refused = None, None
    try:
        withdrawal = depart(system, state, name, address, leaving, now)[1] if leaving else None
    except OperateError as error:
        refused = str(error)
    return Holding(
        pool=name,
        pool_status=STATUS[pool.status],
        regime=regime(books.bailout),
        units=position.units,
        all_units=pool.total_units,
        principal_base=Amount(position.principal_base, base),
        principal_quote=Amount(position.principal_quote, quote),
        protected_since=Moment(position.clock),
        age_seconds=age,
        full_protection_seconds=full,
        level_bps=age * 10_000 // full if full else 0,
        locked_until=Moment(position.last_added + pool.parameters.lockup_seconds if position.units else 0),
        withdrawal=withdrawal,
        refused=refused,
        staged=_staged(system, state, name, address),
        request=request,
        staking=_staking(system, state, name, address, now),
    )


def _staged(system: System, state: State, name: str, address: str) -> Staged | None:
    pool = state.pools[name]
    deposit = pool.deposits.get(address, EMPTY_DEPOSIT)
    if not deposit.staged_at:
        return None
    base, quote = system.tokens[pool.base], system.tokens[pool.quote]
    return Staged(Amount(deposit.base, base), Amount(deposit.quote, quote), Moment(deposit.staged_at + pool.parameters.confirmation_seconds))


def _request(state: State, name: str, address: str, now: int) -> Requested | None:
    pool = state.pools[name]
    request = pool.requests.get(address, EMPTY_REQUEST)
    if not request.units:
        return None
    opens = (request.epoch + 1) * pool.epoch_seconds
    closes = opens + pool.epoch_seconds
    stands = "to come" if now < opens else "executable" if now < closes else "lapsed"
    return Requested(request.units, Moment(opens), Moment(closes), stands)


def _staking(system: System, state: State, name: str, address: str, now: int) -> Staking | None:
    own, total = state.backstop.accounts[name, address], state.backstop.stakes[name]
    is_present = own.generation == total.generation
    shares, requested = (own.shares, own.requested_shares) if is_present else (0, 0)
    claimable = [_claimable(system, state, name, address, symbol, now) for symbol in (state.pools[name].base, state.pools[name].quote)]
    if not shares and not any(amount.units for amount in claimable):
        return None
    periods = state.backstop.parameters
    worth = shares * total.total_stake // total.total_shares if shares else 0
    until = own.ready_at + periods.hold_seconds + periods.unstake_window_seconds
    return Staking(
        shares=shares,
        worth=Amount(worth, system.tokens[state.controller.dlq]),
        requested_shares=requested,
        open_from=Moment(own.ready_at if requested else 0),
        open_until=Moment(until if requested else 0),
        claimable=claimable,
    )


def _claimable(system: System, state: State, name: str, address: str, symbol: str, now: int) -> Amount:
    """What a claim would pay."""
    _, outcome = apply(state, Operation("backstop.claim", BACKSTOP, address, {"pool": name, "token": symbol}), now)
    return Amount(outcome.value or 0, system.tokens[symbol])
