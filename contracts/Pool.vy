# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Pool
@license MIT
@notice A pair of tokens that trade against each other, and the protected positions of those who provide them. One
        contract per pair, created by the Controller; the rules it cites (R1, R2, ...) are those of docs/protocol.md.
@dev Every function is locked against re-entry, views too, except for the constants, which the Backstop reads while
     this pool is inside a sweep. `swap` and `exit` call nothing but the pool's own tokens.

     Amounts, reserves and units are at most `fixed_point.MAX`: units because they never exceed the geometric mean of
     the reserves, everything else because it is checked on its way in. Sums of a few of them cannot overflow.
"""

from ethereum.ercs import IERC20

from .interfaces import IBackstop
from .interfaces import IController
from .interfaces import IPool
from .interfaces import IReserve
from .modules import epoch_books
from .modules import fixed_point
from .modules import liquidity_math
from .modules import oracle
from .modules import pool_store
from .modules import protection_math
from .modules import swap_math
from .modules import token_moves
from .modules import waterfall

implements: IPool
initializes: pool_store


# One protected withdrawal, from what is due to who pays it (R15, R16).
struct Compensation:
    bailout: bool
    age: uint256
    coverage: uint256
    base_in_deficit: bool
    deficit: uint256
    surplus: uint256
    owed: uint256  # as R15 gives it, before anything is paid
    short: uint256
    paid: uint256
    taken: uint256
    paid_quote: uint256
    slashed: uint256
    shortfall: uint256


# Status (R1).
PENDING: constant(uint256) = 0
ACTIVE: constant(uint256) = 1
SUSPENDED: constant(uint256) = 2

CONTROLLER: immutable(address)
RESERVE: immutable(address)
BACKSTOP: immutable(address)
BASE: immutable(address)
QUOTE: immutable(address)
EPOCH_SECONDS: immutable(uint256)
PARAMETERS: immutable(IPool.Parameters)


@deploy
def __init__(
    controller: address,
    reserve: address,
    backstop: address,
    base: address,
    quote: address,
    epoch_seconds: uint256,
    parameters: IPool.Parameters,
):
    """
    @notice A PENDING pool with empty books. The Controller has checked the pair and the parameters.
    @param controller The registry that creates the pool and alone sets its status.
    @param reserve The Reserve.
    @param backstop The Backstop.
    @param base The token that is priced.
    @param quote The token that prices are in.
    @param epoch_seconds Length of an epoch.
    @param parameters The pool's parameters.
    """
    CONTROLLER = controller
    RESERVE = reserve
    BACKSTOP = backstop
    BASE = base
    QUOTE = quote
    EPOCH_SECONDS = epoch_seconds
    PARAMETERS = parameters
    market: pool_store.Market = empty(pool_store.Market)
    market.epoch = block.timestamp // epoch_seconds
    pool_store._store_market(market)


# Traders and donors


@external
def swap(
    token_in: address, amount_in: uint256, min_amount_out: uint256, recipient: address, deadline: uint256
) -> uint256:
    """
    @notice Trade one token of the pair for the other (R2).
    @param token_in The token that comes in, from the caller.
    @param amount_in Its amount, in base units.
    @param min_amount_out The least amount of the other token to accept.
    @param recipient Who receives the other token.
    @param deadline The last time at which the swap may happen.
    @return The amount out, rounded down.
    @custom:reverts `pool: deadline passed`, `pool: not active`, `pool: unknown token`, `pool: bad recipient`,
                    `pool: reserve too large`, `pool: zero output`, `pool: output below minimum`
    """
    market: pool_store.Market = self._touch()
    self._check_deadline(deadline)
    self._check_active(market.status)
    assert token_in == BASE or token_in == QUOTE, "pool: unknown token"
    assert recipient != empty(address) and recipient != self, "pool: bad recipient"

    base_in: bool = token_in == BASE
    reserve_in: uint256 = market.reserve_base if base_in else market.reserve_quote
    reserve_out: uint256 = market.reserve_quote if base_in else market.reserve_base
    self._check_fits(reserve_in, amount_in)

    amount_out: uint256 = swap_math._swap_output(amount_in, reserve_in, reserve_out, PARAMETERS.min_fee_bps)
    assert amount_out > 0, "pool: zero output"
    assert amount_out >= min_amount_out, "pool: output below minimum"
    fee: uint256 = swap_math._swap_fee(amount_in, reserve_in, reserve_out, amount_out)
    cut: uint256 = swap_math._protocol_cut(fee, PARAMETERS.protocol_fee_bps)

    # amount_out + cut is at most the constant product's output, which leaves the reserve positive.
    if base_in:
        market.reserve_base += amount_in
        market.reserve_quote -= amount_out + cut
    else:
        market.reserve_base -= amount_out + cut
        market.reserve_quote += amount_in
    pool_store._store_market(market)
    log IPool.Swapped(
        trader=msg.sender,
        recipient=recipient,
        token_in=token_in,
        amount_in=amount_in,
        amount_out=amount_out,
        fee=fee,
        cut=cut,
        reserve_base=market.reserve_base,
        reserve_quote=market.reserve_quote,
    )

    token_moves._pull(token_in, msg.sender, amount_in)
    token_moves._push(QUOTE if base_in else BASE, recipient, amount_out)
    return amount_out


@external
def donate(base: uint256, quote: uint256):
    """
    @notice Add to the reserves without minting units: an incentive to the providers (R3).
    @param base Base from the caller.
    @param quote Quote from the caller.
    @custom:reverts `pool: suspended`, `pool: no units`, `pool: zero amount`, `pool: reserve too large`
    """
    market: pool_store.Market = self._touch()
    self._check_open(market.status)
    self._check_units_exist(pool_store._total_units())
    self._check_something(base, quote)
    self._check_fits(market.reserve_base, base)
    self._check_fits(market.reserve_quote, quote)

    market.reserve_base += base
    market.reserve_quote += quote
    pool_store._store_market(market)
    log IPool.Donated(
        donor=msg.sender,
        base=base,
        quote=quote,
        reserve_base=market.reserve_base,
        reserve_quote=market.reserve_quote,
    )

    token_moves._pull(BASE, msg.sender, base)
    token_moves._pull(QUOTE, msg.sender, quote)


# Providers: coming


@external
def add(base: uint256, quote: uint256, min_units: uint256, deadline: uint256) -> uint256:
    """
    @notice Provide tokens, in any composition, for units (R5 to R8). Restarts the clock of the whole position.
    @param base Base from the caller.
    @param quote Quote from the caller.
    @param min_units The least units to accept.
    @param deadline The last time at which the add may happen.
    @return The caller's new units.
    @custom:reverts `pool: deadline passed`, `pool: suspended`, and those of adding: `pool: zero amount`,
                    `pool: reserve too large`, `pool: price unstable`, `pool: first add needs both tokens`,
                    `pool: first add too small`, `pool: zero units`, `pool: units below minimum`,
                    `pool: struck too much this epoch`, `pool: principal too large`
    """
    market: pool_store.Market = self._touch()
    self._check_deadline(deadline)
    self._check_open(market.status)
    units: uint256 = self._add(market, base, quote, min_units)
    token_moves._pull(BASE, msg.sender, base)
    token_moves._pull(QUOTE, msg.sender, quote)
    return units


@external
def stage_deposit(base: uint256, quote: uint256):
    """
    @notice Bring tokens that wait outside the reserves until they are confirmed (R9).
    @param base Base from the caller, added to what is staged already.
    @param quote Quote from the caller, likewise.
    @custom:reverts `pool: suspended`, `pool: zero amount`, `pool: staged too large`
    """
    self._check_open(pool_store._status())
    self._check_something(base, quote)
    staged_base: uint256 = 0
    staged_quote: uint256 = 0
    staged_base, staged_quote = pool_store._staged()
    assert base <= fixed_point.MAX - staged_base, "pool: staged too large"
    assert quote <= fixed_point.MAX - staged_quote, "pool: staged too large"

    pool_store._store_staged(staged_base + base, staged_quote + quote)
    staged: IPool.Deposit = pool_store._deposit(msg.sender)
    staged.base += base
    staged.quote += quote
    staged.staged_at = block.timestamp
    pool_store._store_deposit(msg.sender, staged)
    log IPool.DepositStaged(
        provider=msg.sender, base=base, quote=quote, staged_base=staged.base, staged_quote=staged.quote
    )

    token_moves._pull(BASE, msg.sender, base)
    token_moves._pull(QUOTE, msg.sender, quote)


@external
def confirm_deposit(min_units: uint256) -> uint256:
    """
    @notice Add all that the caller has staged, at the price of this moment (R9).
    @param min_units The least units to accept.
    @return The caller's new units.
    @custom:reverts `pool: suspended`, `pool: nothing staged`, `pool: deposit not confirmable yet`, and those of
                    adding
    """
    market: pool_store.Market = self._touch()
    self._check_open(market.status)
    staged: IPool.Deposit = self._unstage()
    assert (
        block.timestamp >= staged.staged_at + PARAMETERS.confirmation_seconds
    ), "pool: deposit not confirmable yet"
    log IPool.DepositConfirmed(provider=msg.sender, base=staged.base, quote=staged.quote)
    return self._add(market, staged.base, staged.quote, min_units)


@external
def cancel_deposit() -> (uint256, uint256):
    """
    @notice Take back all that the caller has staged, at any time, in any status (R9).
    @return Base returned.
    @return Quote returned.
    @custom:reverts `pool: nothing staged`
    """
    staged: IPool.Deposit = self._unstage()
    log IPool.DepositCancelled(provider=msg.sender, base=staged.base, quote=staged.quote)
    token_moves._push(BASE, msg.sender, staged.base)
    token_moves._push(QUOTE, msg.sender, staged.quote)
    return staged.base, staged.quote


@external
def begin_protection():
    """
    @notice Strike the principal and start the clock of a position made while the pool was PENDING (R10).
    @custom:reverts `pool: not active`, `pool: no position`, `pool: already protected`, `pool: price unstable`,
                    `pool: struck too much this epoch`, `pool: principal too large`
    """
    market: pool_store.Market = self._touch()
    self._check_active(market.status)
    position: IPool.Position = pool_store._position(msg.sender)
    assert position.units > 0, "pool: no position"
    assert position.clock == 0, "pool: already protected"
    self._check_price(market)
    supply: pool_store.Supply = pool_store._supply()
    self._check_depth(supply, position.units)

    supply.struck += position.units
    position = self._strike(
        position,
        liquidity_math._redeemable(market.reserve_base, position.units, supply.total_units),
        liquidity_math._redeemable(market.reserve_quote, position.units, supply.total_units),
        market.reserve_base,
        market.reserve_quote,
    )
    pool_store._store_market(market)
    pool_store._store_supply(supply)
    pool_store._store_position(msg.sender, position)
    log IPool.ProtectionBegun(
        provider=msg.sender,
        units=position.units,
        principal_base=position.principal_base,
        principal_quote=position.principal_quote,
    )


# Providers: going


@external
def request_withdrawal(units: uint256):
    """
    @notice Ask to withdraw in the next epoch (R12). Replaces an earlier request; 0 cancels a live one.
    @param units The units to withdraw.
    @custom:reverts `pool: pending`, `pool: not enough units`, `pool: no request to cancel`
    """
    market: pool_store.Market = self._touch()
    assert market.status != PENDING, "pool: pending"
    self._check_available(units, pool_store._position(msg.sender).units)
    replaced: IPool.Request = pool_store._request(msg.sender)
    assert units > 0 or self._is_live(replaced, market.epoch), "pool: no request to cancel"

    # The books hold this epoch's requests only, each with its latest units (R13).
    requested: uint256 = 0
    exited: uint256 = 0
    requested, exited = pool_store._leaving()
    if replaced.epoch == market.epoch:
        requested -= replaced.units
    pool_store._store_market(market)
    pool_store._store_leaving(requested + units, exited)
    self._store_request(IPool.Request(epoch=market.epoch, units=units))
    log IPool.WithdrawalRequested(provider=msg.sender, epoch=market.epoch, units=units)


@external
def withdraw(
    min_base: uint256, min_quote: uint256, max_shortfall: uint256
) -> (uint256, uint256, uint256, uint256):
    """
    @notice Execute the request made in the epoch before: what the units redeem for, and what is due for their loss
            (R15), from the Reserve and, in bailout, from the pool's stakers (R16).
    @param min_base The least base to accept, of pool and Reserve together.
    @param min_quote The least quote to accept, likewise.
    @param max_shortfall The most to accept as owed and not paid, in quote.
    @return Base received, of pool and Reserve together.
    @return Quote received, likewise.
    @return DLQ received.
    @return Shortfall, in quote.
    @custom:reverts `pool: no executable request`, `pool: locked up`, `pool: base below minimum`,
                    `pool: quote below minimum`, `pool: shortfall above maximum`
    """
    market: pool_store.Market = self._touch()
    request: IPool.Request = pool_store._request(msg.sender)
    assert request.units > 0 and request.epoch + 1 == market.epoch, "pool: no executable request"
    position: IPool.Position = pool_store._position(msg.sender)
    self._check_lockup(position)

    total_units: uint256 = pool_store._total_units()
    base: uint256 = liquidity_math._redeemable(market.reserve_base, request.units, total_units)
    quote: uint256 = liquidity_math._redeemable(market.reserve_quote, request.units, total_units)
    compensation: Compensation = self._entitlement(market, position, request.units, base, quote)
    due: bool = compensation.deficit > 0 or compensation.owed > 0
    if due:
        if compensation.bailout:
            self._draw_surpluses(market.epoch)
        compensation = self._compensate(compensation, market, request.units, total_units)

    # What the pool itself sends, and what the provider receives of pool and Reserve together.
    share_base: uint256 = base
    share_quote: uint256 = quote
    if compensation.base_in_deficit:
        share_quote -= compensation.taken
    else:
        share_base -= compensation.taken
    received_base: uint256 = share_base
    received_quote: uint256 = share_quote + compensation.paid_quote
    if compensation.base_in_deficit:
        received_base += compensation.paid
    else:
        received_quote += compensation.paid
    self._check_minimums(received_base, received_quote, min_base, min_quote)
    assert compensation.shortfall <= max_shortfall, "pool: shortfall above maximum"

    market.reserve_base -= base
    market.reserve_quote -= quote
    pool_store._store_market(market)
    pool_store._store_request(msg.sender, empty(IPool.Request))
    total_units = self._remove(position, request.units)
    log IPool.Withdrawn(
        provider=msg.sender,
        units=request.units,
        base=base,
        quote=quote,
        reserve_base=market.reserve_base,
        reserve_quote=market.reserve_quote,
        total_units=total_units,
    )
    if due:
        if compensation.shortfall > 0:
            pool_store.total_shortfall += compensation.shortfall
        self._log_compensated(compensation)

    token_moves._push(BASE, msg.sender, share_base)
    token_moves._push(QUOTE, msg.sender, share_quote)
    self._move_compensation(compensation)
    return received_base, received_quote, compensation.slashed, compensation.shortfall


@external
def exit(units: uint256, min_base: uint256, min_quote: uint256) -> (uint256, uint256):
    """
    @notice Leave at once, in any status, with what the units redeem for and no protection (R17).
    @param units The units that leave.
    @param min_base The least base to accept.
    @param min_quote The least quote to accept.
    @return Base received, rounded down.
    @return Quote received, rounded down.
    @custom:reverts `pool: zero units to exit`, `pool: not enough units`, `pool: locked up`,
                    `pool: base below minimum`, `pool: quote below minimum`
    """
    market: pool_store.Market = self._touch()
    assert units > 0, "pool: zero units to exit"
    position: IPool.Position = pool_store._position(msg.sender)
    self._check_available(units, position.units)
    self._check_lockup(position)
    total_units: uint256 = pool_store._total_units()
    base: uint256 = liquidity_math._redeemable(market.reserve_base, units, total_units)
    quote: uint256 = liquidity_math._redeemable(market.reserve_quote, units, total_units)
    self._check_minimums(base, quote, min_base, min_quote)

    market.reserve_base -= base
    market.reserve_quote -= quote
    pool_store._store_market(market)
    requested: uint256 = 0
    exited: uint256 = 0
    requested, exited = pool_store._leaving()
    requested -= self._cap_request(market.epoch, position.units - units)
    pool_store._store_leaving(requested, exited + units)
    total_units = self._remove(position, units)
    log IPool.Exited(
        provider=msg.sender,
        units=units,
        base=base,
        quote=quote,
        reserve_base=market.reserve_base,
        reserve_quote=market.reserve_quote,
        total_units=total_units,
    )

    token_moves._push(BASE, msg.sender, base)
    token_moves._push(QUOTE, msg.sender, quote)
    return base, quote


# Keepers and the Controller


@external
def sweep() -> (uint256, uint256):
    """
    @notice Send what the pool holds above reserves and staged deposits to its stakers and the Reserve (R14).
    @return Surplus of base sent.
    @return Surplus of quote sent.
    """
    return self._sweep()


@external
def set_status(status: uint256, min_price: uint256, max_price: uint256):
    """
    @notice Activate, suspend or resume the pool (R1).
    @param status The new status.
    @param min_price The lowest spot price at which to become ACTIVE: quote per base, times 2**112.
    @param max_price The highest one.
    @custom:reverts `pool: caller is not the controller`, `pool: bad status change`, `pool: no units`,
                    `pool: price out of bounds`
    """
    assert msg.sender == CONTROLLER, "pool: caller is not the controller"
    # Suspending takes the oracle to now, and there it stays.
    market: pool_store.Market = self._touch()
    if market.status == ACTIVE:
        assert status == SUSPENDED, "pool: bad status change"
    else:
        assert status == ACTIVE, "pool: bad status change"
        supply: pool_store.Supply = pool_store._supply()
        self._check_units_exist(supply.total_units)
        # Whoever saw this call coming may have moved the price ahead of it.
        spot: uint256 = oracle._spot_price(market.reserve_base, market.reserve_quote)
        assert min_price <= spot and spot <= max_price, "pool: price out of bounds"
        if market.status == PENDING:
            market.oracle = spot
            supply.struck = 0
            supply.opening_units = supply.total_units
            pool_store._store_supply(supply)
        # Time outside ACTIVE does not count.
        market.oracle_updated_at = block.timestamp

    market.status = status
    pool_store._store_market(market)
    log IPool.StatusSet(status=status, oracle=market.oracle)


# Constants: readable at any time


@external
@view
@reentrant
def base() -> address:
    """
    @notice The token that is priced.
    @return The token.
    """
    return BASE


@external
@view
@reentrant
def quote() -> address:
    """
    @notice The token that prices are in.
    @return The token.
    """
    return QUOTE


@external
@view
@reentrant
def controller() -> address:
    """
    @notice The registry that created the pool.
    @return The Controller.
    """
    return CONTROLLER


@external
@view
@reentrant
def reserve() -> address:
    """
    @notice The contract that pays what is due first.
    @return The Reserve.
    """
    return RESERVE


@external
@view
@reentrant
def backstop() -> address:
    """
    @notice The contract that holds the DLQ staked to this pool.
    @return The Backstop.
    """
    return BACKSTOP


@external
@view
@reentrant
def epoch_seconds() -> uint256:
    """
    @notice Length of an epoch.
    @return Seconds.
    """
    return EPOCH_SECONDS


@external
@view
@reentrant
def parameters() -> IPool.Parameters:
    """
    @notice The pool's parameters.
    @return The parameters, as fixed at its creation.
    """
    return PARAMETERS


# Views: as stored


@external
@view
def state() -> IPool.PoolState:
    """
    @notice The pool as a whole, with the oracle and the books as the last touch left them.
    @return All that is stored, but for the providers'.
    """
    market: pool_store.Market = pool_store._market()
    state: IPool.PoolState = empty(IPool.PoolState)
    state.status = market.status
    state.reserve_base = market.reserve_base
    state.reserve_quote = market.reserve_quote
    state.staged_base, state.staged_quote = pool_store._staged()
    state.oracle = market.oracle
    state.oracle_updated_at = market.oracle_updated_at
    state.epoch = market.epoch
    state.bailout = market.bailout
    state.requested, state.exited = pool_store._leaving()
    supply: pool_store.Supply = pool_store._supply()
    state.total_units = supply.total_units
    state.added = supply.added
    state.struck = supply.struck
    state.opening_units = supply.opening_units
    state.total_shortfall = pool_store.total_shortfall
    return state


@external
@view
def position(provider: address) -> IPool.Position:
    """
    @notice What somebody provides, and since when (R8).
    @param provider The provider.
    @return The position; all zero without one.
    """
    return pool_store._position(provider)


@external
@view
def request(provider: address) -> IPool.Request:
    """
    @notice Somebody's latest request to withdraw (R12), live or not.
    @param provider The provider.
    @return The request; all zero without one.
    """
    return pool_store._request(provider)


@external
@view
def deposit(provider: address) -> IPool.Deposit:
    """
    @notice What somebody has staged (R9).
    @param provider The provider.
    @return The deposit; all zero without one.
    """
    return pool_store._deposit(provider)


@external
@view
def status() -> uint256:
    """
    @notice The pool's status (R1).
    @return 0 pending, 1 active, 2 suspended.
    """
    return pool_store._status()


# Views: as of now


@external
@view
def spot_price() -> uint256:
    """
    @notice The price the reserves give.
    @return Quote per base, times 2**112, rounded down; 0 while the pool has no units.
    """
    market: pool_store.Market = pool_store._market()
    # Units and reserves come and go together.
    return oracle._spot_price(market.reserve_base, market.reserve_quote) if market.reserve_base > 0 else 0


@external
@view
def oracle_price() -> uint256:
    """
    @notice The lagging price (R4), as a touch would store it now.
    @return Quote per base, times 2**112; 0 before the first activation.
    """
    return self._oracle_price(pool_store._market())


@external
@view
def in_bailout() -> bool:
    """
    @notice The regime of the present epoch (R13), as a touch would store it now.
    @return True in bailout, false in calm.
    """
    return self._in_bailout(pool_store._market())


@external
@view
def stake_locked() -> bool:
    """
    @notice Whether the pool's stakers may have to pay: it is in bailout, or its books, closed as they are now, would
            make the next epoch one (R19).
    @return True if stake must wait.
    """
    market: pool_store.Market = pool_store._market()
    # Before the turn of the epoch is stored, the present epoch's own books are empty and lead nowhere.
    books_are_current: bool = block.timestamp // EPOCH_SECONDS == market.epoch
    return self._in_bailout(market) or (books_are_current and self._opens_next_in_bailout())


# Checks


@internal
@view
def _check_deadline(deadline: uint256):
    assert block.timestamp <= deadline, "pool: deadline passed"


@internal
@pure
def _check_active(status: uint256):
    assert status == ACTIVE, "pool: not active"


@internal
@pure
def _check_open(status: uint256):
    assert status != SUSPENDED, "pool: suspended"


@internal
@pure
def _check_units_exist(total_units: uint256):
    assert total_units > 0, "pool: no units"


@internal
@pure
def _check_something(base: uint256, quote: uint256):
    assert base > 0 or quote > 0, "pool: zero amount"


@internal
@pure
def _check_fits(reserve: uint256, amount: uint256):
    assert amount <= fixed_point.MAX - reserve, "pool: reserve too large"


@internal
@view
def _check_price(market: pool_store.Market):
    """
    @dev After the touch, with the reserves before the call (R6).
    """
    spot: uint256 = oracle._spot_price(market.reserve_base, market.reserve_quote)
    assert not oracle._deviates(market.oracle, spot, PARAMETERS.max_deviation_bps), "pool: price unstable"


@internal
@pure
def _check_available(units: uint256, units_of_position: uint256):
    assert units <= units_of_position, "pool: not enough units"


@internal
@view
def _check_lockup(position: IPool.Position):
    assert block.timestamp >= position.last_added + PARAMETERS.lockup_seconds, "pool: locked up"


@internal
@pure
def _check_minimums(base: uint256, quote: uint256, min_base: uint256, min_quote: uint256):
    assert base >= min_base, "pool: base below minimum"
    assert quote >= min_quote, "pool: quote below minimum"


# The touch: oracle and epoch


@internal
def _touch() -> pool_store.Market:
    """
    @notice Bring the oracle (R4) and the books (R13) to now, before anything else changes.
    @return The market as it is now, for the caller to change and store.
    """
    market: pool_store.Market = pool_store._market()
    if market.status == ACTIVE and block.timestamp > market.oracle_updated_at:
        market.oracle = self._oracle_price(market)
        market.oracle_updated_at = block.timestamp
        log IPool.OracleUpdated(price=market.oracle)

    epoch: uint256 = block.timestamp // EPOCH_SECONDS
    if epoch != market.epoch:
        market.bailout = self._turn_epoch(market, epoch)
        market.epoch = epoch
    return market


@internal
def _turn_epoch(market: pool_store.Market, epoch: uint256) -> bool:
    """
    @notice Close the books and open those of a new epoch.
    @dev Only the epoch just before decides; one that nobody touched had empty books, so its regime and the one
         after it are known without a walk (R13).
    @return The regime of the new epoch.
    """
    bailout: bool = self._in_bailout(market)
    requested: uint256 = 0
    exited: uint256 = 0
    requested, exited = pool_store._leaving()
    supply: pool_store.Supply = pool_store._supply()
    net: uint256 = 0
    if market.epoch + 1 == epoch:
        net = epoch_books._net_withdrawals(requested, exited, supply.added)
    pool_store._store_leaving(0, 0)
    pool_store._store_supply(
        pool_store.Supply(
            total_units=supply.total_units, added=0, struck=0, opening_units=supply.total_units
        )
    )
    log IPool.EpochOpened(epoch=epoch, bailout=bailout, net=net, total_units=supply.total_units)
    return bailout


@internal
@view
def _oracle_price(market: pool_store.Market) -> uint256:
    """
    @dev Frozen outside ACTIVE. A pool that is ACTIVE has units, so its reserves are positive.
    """
    if market.status != ACTIVE:
        return market.oracle
    elapsed: uint256 = block.timestamp - market.oracle_updated_at
    if elapsed == 0:
        return market.oracle
    spot: uint256 = oracle._spot_price(market.reserve_base, market.reserve_quote)
    return oracle._advance(market.oracle, spot, elapsed, PARAMETERS.oracle_window_seconds)


@internal
@view
def _in_bailout(market: pool_store.Market) -> bool:
    epoch: uint256 = block.timestamp // EPOCH_SECONDS
    if epoch == market.epoch:
        return market.bailout
    if epoch == market.epoch + 1:
        return self._opens_next_in_bailout()
    return False


@internal
@view
def _opens_next_in_bailout() -> bool:
    """
    @dev Of the epoch after the one of the books.
    """
    requested: uint256 = 0
    exited: uint256 = 0
    requested, exited = pool_store._leaving()
    supply: pool_store.Supply = pool_store._supply()
    return epoch_books._opens_in_bailout(
        requested, exited, supply.added, supply.total_units, PARAMETERS.bailout_threshold_bps
    )


# Adding


@internal
def _add(market: pool_store.Market, base: uint256, quote: uint256, min_units: uint256) -> uint256:
    """
    @notice Units, principal, clock and books for an add by the caller (R5 to R10, R13). Moves no tokens.
    @return The caller's new units: without the locked ones, which belong to nobody.
    """
    self._check_something(base, quote)
    reserve_base: uint256 = market.reserve_base
    reserve_quote: uint256 = market.reserve_quote
    self._check_fits(reserve_base, base)
    self._check_fits(reserve_quote, quote)
    active: bool = market.status == ACTIVE
    if active:
        self._check_price(market)

    supply: pool_store.Supply = pool_store._supply()
    units: uint256 = 0
    if supply.total_units == 0:
        assert base > 0 and quote > 0, "pool: first add needs both tokens"
        supply.total_units = liquidity_math._units_minted(base, quote, 0, 0, 0)
        assert supply.total_units > liquidity_math.MINIMUM_UNITS, "pool: first add too small"
        units = supply.total_units - liquidity_math.MINIMUM_UNITS
    else:
        units = liquidity_math._units_minted(base, quote, reserve_base, reserve_quote, supply.total_units)
        assert units > 0, "pool: zero units"
        supply.total_units += units
    supply.added += units
    assert units >= min_units, "pool: units below minimum"

    position: IPool.Position = pool_store._position(msg.sender)
    position.units += units
    position.last_added = block.timestamp
    if active:
        # A position without a clock, be it new or from a PENDING pool, has no principal yet for any unit (R10).
        struck: uint256 = units if position.clock > 0 else position.units
        self._check_depth(supply, struck)
        supply.struck += struck
        position = self._strike(
            position,
            liquidity_math._redeemable(reserve_base + base, struck, supply.total_units),
            liquidity_math._redeemable(reserve_quote + quote, struck, supply.total_units),
            reserve_base,
            reserve_quote,
        )

    market.reserve_base += base
    market.reserve_quote += quote
    pool_store._store_market(market)
    pool_store._store_supply(supply)
    pool_store._store_position(msg.sender, position)
    log IPool.Added(
        provider=msg.sender,
        base=base,
        quote=quote,
        units=units,
        principal_base=position.principal_base,
        principal_quote=position.principal_quote,
        reserve_base=market.reserve_base,
        reserve_quote=market.reserve_quote,
        total_units=supply.total_units,
    )
    return units


@internal
@pure
def _check_depth(supply: pool_store.Supply, units: uint256):
    """
    @notice In one epoch, principal is struck for no more units than there were when the epoch opened (R6): a price
            that nobody found worth correcting is good for no more than the depth it was held in.
    """
    assert units <= supply.opening_units - supply.struck, "pool: struck too much this epoch"


@internal
@view
def _strike(
    position: IPool.Position,
    share_base: uint256,
    share_quote: uint256,
    reserve_base: uint256,
    reserve_quote: uint256,
) -> IPool.Position:
    """
    @notice Add a share of the pool to the principal, re-balanced at the price of the reserves given, and start the
            clock: the two always start together (R7, R8, R10).
    """
    base: uint256 = 0
    quote: uint256 = 0
    base, quote = liquidity_math._principal(share_base, share_quote, reserve_base, reserve_quote)
    # Each is an isqrt, so below 2**128.
    position.principal_base += base
    position.principal_quote += quote
    assert position.principal_base <= fixed_point.MAX, "pool: principal too large"
    assert position.principal_quote <= fixed_point.MAX, "pool: principal too large"
    position.clock = block.timestamp
    return position


@internal
def _unstage() -> IPool.Deposit:
    """
    @notice Take all that the caller has staged out of the staging (R9).
    """
    staged: IPool.Deposit = pool_store._deposit(msg.sender)
    assert staged.base > 0 or staged.quote > 0, "pool: nothing staged"
    staged_base: uint256 = 0
    staged_quote: uint256 = 0
    staged_base, staged_quote = pool_store._staged()
    pool_store._store_staged(staged_base - staged.base, staged_quote - staged.quote)
    pool_store._store_deposit(msg.sender, empty(IPool.Deposit))
    return staged


# Leaving


@internal
@pure
def _is_live(request: IPool.Request, epoch: uint256) -> bool:
    """
    @dev Made in this epoch or the one before (R12).
    """
    return request.units > 0 and request.epoch + 1 >= epoch


@internal
def _store_request(request: IPool.Request):
    """
    @dev A request for nothing is none.
    """
    pool_store._store_request(msg.sender, request if request.units > 0 else empty(IPool.Request))


@internal
def _cap_request(epoch: uint256, units_left: uint256) -> uint256:
    """
    @notice An exit leaves no request for more units than are left (R17).
    @return What the books of the epoch lose by it: the difference, if they are the ones the request was made in.
    """
    request: IPool.Request = pool_store._request(msg.sender)
    if not self._is_live(request, epoch) or request.units <= units_left:
        return 0
    excess: uint256 = request.units - units_left
    request.units = units_left
    self._store_request(request)
    return excess if request.epoch == epoch else 0


@internal
def _remove(position: IPool.Position, units: uint256) -> uint256:
    """
    @notice Units leave the caller's position and the pool (R15.1). The principal falls pro rata, the clock goes on;
            with the last unit everything is cleared (R8).
    @return All units after.
    """
    left: uint256 = position.units - units
    if left == 0:
        pool_store._store_position(msg.sender, empty(IPool.Position))
    else:
        position.principal_base = liquidity_math._portion(position.principal_base, left, position.units)
        position.principal_quote = liquidity_math._portion(position.principal_quote, left, position.units)
        position.units = left
        pool_store._store_position(msg.sender, position)
    return pool_store._burn(units)


# Protection: what is due, and who pays it


@internal
@view
def _entitlement(
    market: pool_store.Market, position: IPool.Position, units: uint256, base: uint256, quote: uint256
) -> Compensation:
    """
    @notice What is due for the units' loss, nothing of it paid yet (R15). Zero without a clock.
    """
    age: uint256 = 0
    if position.clock > 0:
        age = min(block.timestamp - position.clock, PARAMETERS.full_protection_seconds)
    principal_base: uint256 = liquidity_math._portion(position.principal_base, units, position.units)
    principal_quote: uint256 = liquidity_math._portion(position.principal_quote, units, position.units)
    # The lower of two prices: one block cannot raise what is owed.
    coverage: uint256 = min(
        protection_math._coverage_at_spot(
            principal_base, principal_quote, base, quote, market.reserve_base, market.reserve_quote
        ),
        protection_math._coverage_at_price(principal_base, principal_quote, base, quote, market.oracle),
    )
    entitlement: protection_math.Entitlement = protection_math._entitlement(
        principal_base, principal_quote, base, quote, coverage, age, PARAMETERS.full_protection_seconds
    )
    return Compensation(
        bailout=market.bailout,
        age=age,
        coverage=coverage,
        base_in_deficit=entitlement.base_in_deficit,
        deficit=entitlement.deficit,
        surplus=entitlement.surplus,
        owed=entitlement.owed,
        short=entitlement.short,
        paid=0,
        taken=0,
        paid_quote=0,
        slashed=0,
        shortfall=0,
    )


@internal
def _draw_surpluses(epoch: uint256):
    """
    @notice Step 0: once per epoch the surpluses of all pools come to the Reserve before it is asked to pay (R16.0).
    @dev This pool sweeps itself: it is locked, and the Controller leaves it out.
    """
    if staticcall IController(CONTROLLER).swept_epoch() != epoch:
        self._sweep()
        extcall IController(CONTROLLER).draw_surpluses()


@internal
@view
def _compensate(
    compensation: Compensation, market: pool_store.Market, units: uint256, total_units: uint256
) -> Compensation:
    """
    @notice Steps 1 to 4: share what is due out over Reserve, Backstop and shortfall (R16). Moves nothing.
    @dev Before the units leave, and before any token moves: the allowances are those of one moment.
    """
    bailout: bool = compensation.bailout

    # Step 1.
    owed: uint256 = 0
    allowance: uint256 = waterfall._allowance(
        staticcall IReserve(RESERVE).held(self._deficit_token(compensation)), units, total_units, bailout
    )
    compensation.paid, compensation.taken, owed = waterfall._in_kind(
        compensation.deficit, compensation.surplus, compensation.owed, compensation.short, allowance
    )

    # Step 2.
    if compensation.base_in_deficit and owed > 0:
        allowance = waterfall._allowance(staticcall IReserve(RESERVE).held(QUOTE), units, total_units, bailout)
        compensation.paid_quote = min(owed, allowance)
        owed -= compensation.paid_quote

    # Step 3.
    if bailout and owed > 0:
        price: uint256 = self._dlq_price(market.oracle if market.status == ACTIVE else 0)
        if price > 0:
            stake: IBackstop.PoolStake = staticcall IBackstop(BACKSTOP).pool_stake(self)
            allowance = waterfall._allowance(stake.total_stake, units, total_units, bailout)
            compensation.slashed, owed = waterfall._backstop(owed, price, allowance)

    # Step 4.
    compensation.shortfall = owed
    return compensation


@internal
@view
def _dlq_price(own_price: uint256) -> uint256:
    """
    @notice The oracle price of DLQ in this pool's quote token; 0 if no ACTIVE pool has been named for it (R16.3).
    """
    dlq_pool: address = staticcall IController(CONTROLLER).dlq_pools(QUOTE)
    if dlq_pool == self:
        # This pool is locked, so it cannot ask itself.
        return own_price
    if dlq_pool == empty(address) or staticcall IPool(dlq_pool).status() != ACTIVE:
        return 0
    return staticcall IPool(dlq_pool).oracle_price()


@internal
@view
def _deficit_token(compensation: Compensation) -> address:
    return BASE if compensation.base_in_deficit else QUOTE


@internal
def _log_compensated(compensation: Compensation):
    log IPool.Compensated(
        provider=msg.sender,
        bailout=compensation.bailout,
        age=compensation.age,
        coverage=compensation.coverage,
        owed=compensation.owed,
        deficit_token=self._deficit_token(compensation),
        deficit=compensation.deficit,
        paid=compensation.paid,
        taken=compensation.taken,
        paid_quote=compensation.paid_quote,
        slashed=compensation.slashed,
        shortfall=compensation.shortfall,
    )


@internal
def _move_compensation(compensation: Compensation):
    """
    @notice Have Reserve and Backstop pay the caller, and the Reserve receive what it takes in exchange.
    """
    if compensation.paid > 0:
        extcall IReserve(RESERVE).draw(self._deficit_token(compensation), msg.sender, compensation.paid)
    if compensation.taken > 0:
        self._send_to_reserve(QUOTE if compensation.base_in_deficit else BASE, compensation.taken)
    if compensation.paid_quote > 0:
        extcall IReserve(RESERVE).draw(QUOTE, msg.sender, compensation.paid_quote)
    if compensation.slashed > 0:
        extcall IBackstop(BACKSTOP).slash(msg.sender, compensation.slashed)


# Surplus


@internal
def _sweep() -> (uint256, uint256):
    """
    @notice Share the surpluses out between the pool's stakers and the Reserve (R14).
    """
    market: pool_store.Market = pool_store._market()
    staged_base: uint256 = 0
    staged_quote: uint256 = 0
    staged_base, staged_quote = pool_store._staged()
    base: uint256 = self._surplus(BASE, market.reserve_base + staged_base)
    quote: uint256 = self._surplus(QUOTE, market.reserve_quote + staged_quote)
    if base == 0 and quote == 0:
        return 0, 0

    base_to_stakers: uint256 = 0
    quote_to_stakers: uint256 = 0
    stake: IBackstop.PoolStake = staticcall IBackstop(BACKSTOP).pool_stake(self)
    if stake.total_shares > 0:
        base_to_stakers = base * PARAMETERS.staker_share_bps // fixed_point.BPS
        quote_to_stakers = quote * PARAMETERS.staker_share_bps // fixed_point.BPS
    log IPool.Swept(
        base_to_stakers=base_to_stakers,
        base_to_reserve=base - base_to_stakers,
        quote_to_stakers=quote_to_stakers,
        quote_to_reserve=quote - quote_to_stakers,
    )

    self._send_to_stakers(BASE, base_to_stakers)
    self._send_to_reserve(BASE, base - base_to_stakers)
    self._send_to_stakers(QUOTE, quote_to_stakers)
    self._send_to_reserve(QUOTE, quote - quote_to_stakers)
    return base, quote


@internal
@view
def _surplus(token: address, owed: uint256) -> uint256:
    """
    @dev A token that has lost balances of its own accord leaves no surplus, and must not stop the system sweep.
    """
    balance: uint256 = staticcall IERC20(token).balanceOf(self)
    return balance - owed if balance > owed else 0


@internal
def _send_to_stakers(token: address, amount: uint256):
    if amount > 0:
        token_moves._push(token, BACKSTOP, amount)
        extcall IBackstop(BACKSTOP).reward(token, amount)


@internal
def _send_to_reserve(token: address, amount: uint256):
    if amount > 0:
        token_moves._push(token, RESERVE, amount)
        extcall IReserve(RESERVE).absorb(token)
