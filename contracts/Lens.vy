# pragma version 0.4.3
"""
@title Lens
@license MIT
@notice What calls would return at this moment (R24): a preview answers, for any account, as the call would if it came
        now, without minimums or a deadline, and reverts with the reason with which the call would.
@dev Stores nothing, is owned by nobody and belongs to no system: every preview is told the pool, and finds from there
     what it needs. Whatever is inside a call refuses to be read, so that no preview is of a state half-way (R22). What
     is no pool reverts without a reason; a contract that only pretends to be one is answered for as it pretends.
"""

from ethereum.ercs import IERC20

from .interfaces import IBackstop
from .interfaces import IController
from .interfaces import ILens
from .interfaces import IPool
from .interfaces import IReserve
from .modules import fixed_point
from .modules import liquidity_math
from .modules import oracle
from .modules import protection_math
from .modules import stake_math
from .modules import swap_math
from .modules import waterfall

implements: ILens


# The most pools that a Controller has (R14).
MAX_POOLS: constant(uint256) = 32

# Status (R1).
ACTIVE: constant(uint256) = 1
SUSPENDED: constant(uint256) = 2


# Traders


@external
@view
def preview_swap(pool: address, token_in: address, amount_in: uint256) -> uint256:
    """
    @notice What `swap` pays (R2).
    @param pool The pool.
    @param token_in The token that comes in.
    @param amount_in Its amount, in base units.
    @return The amount out.
    @custom:reverts `pool: not active`, `pool: unknown token`, `pool: reserve too large`, `pool: zero output`
    """
    state: IPool.PoolState = staticcall IPool(pool).state()
    self._check_active(state)
    base_in: bool = token_in == staticcall IPool(pool).base()
    assert base_in or token_in == staticcall IPool(pool).quote(), "pool: unknown token"

    reserve_in: uint256 = state.reserve_base if base_in else state.reserve_quote
    reserve_out: uint256 = state.reserve_quote if base_in else state.reserve_base
    self._check_fits(reserve_in, amount_in)
    parameters: IPool.Parameters = staticcall IPool(pool).parameters()
    amount_out: uint256 = swap_math._swap_output(amount_in, reserve_in, reserve_out, parameters.min_fee_bps)
    assert amount_out > 0, "pool: zero output"
    return amount_out


# Providers: coming


@external
@view
def preview_add(pool: address, provider: address, base: uint256, quote: uint256) -> uint256:
    """
    @notice The units that `add` gives (R5).
    @param pool The pool.
    @param provider Who adds.
    @param base Base added.
    @param quote Quote added.
    @return New units.
    @custom:reverts `pool: suspended`, and those of adding
    """
    state: IPool.PoolState = self._touched(pool)
    self._check_open(state)
    return self._units_added(pool, state, provider, base, quote)


@external
@view
def preview_confirm_deposit(pool: address, provider: address) -> uint256:
    """
    @notice The units that `confirm_deposit` gives (R9).
    @param pool The pool.
    @param provider Who has staged the deposit.
    @return New units.
    @custom:reverts `pool: suspended`, `pool: nothing staged`, `pool: deposit not confirmable yet`, and those of
                    adding
    """
    state: IPool.PoolState = self._touched(pool)
    self._check_open(state)
    staged: IPool.Deposit = staticcall IPool(pool).deposit(provider)
    assert staged.base > 0 or staged.quote > 0, "pool: nothing staged"
    parameters: IPool.Parameters = staticcall IPool(pool).parameters()
    assert (
        block.timestamp >= staged.staged_at + parameters.confirmation_seconds
    ), "pool: deposit not confirmable yet"
    return self._units_added(pool, state, provider, staged.base, staged.quote)


@external
@view
def preview_begin_protection(pool: address, provider: address) -> (uint256, uint256):
    """
    @notice The principal that `begin_protection` strikes (R10).
    @param pool The pool.
    @param provider Whose position is to be protected.
    @return Principal of base.
    @return Principal of quote.
    @custom:reverts `pool: not active`, `pool: no position`, `pool: already protected`, `pool: price unstable`,
                    `pool: struck too much this epoch`, `pool: principal too large`
    """
    state: IPool.PoolState = self._touched(pool)
    self._check_active(state)
    position: IPool.Position = staticcall IPool(pool).position(provider)
    assert position.units > 0, "pool: no position"
    assert position.clock == 0, "pool: already protected"
    self._check_price(pool, state)
    return self._principal(state, position, position.units, 0, 0, state.total_units)


# Providers: going


@external
@view
def preview_withdraw(pool: address, provider: address) -> ILens.Withdrawal:
    """
    @notice What `withdraw` pays, and who pays it (R15, R16).
    @param pool The pool.
    @param provider Who has requested the withdrawal.
    @return The withdrawal.
    @custom:reverts `pool: no executable request`, `pool: locked up`
    """
    state: IPool.PoolState = self._touched(pool)
    request: IPool.Request = staticcall IPool(pool).request(provider)
    assert request.units > 0 and request.epoch + 1 == state.epoch, "pool: no executable request"
    position: IPool.Position = staticcall IPool(pool).position(provider)
    self._check_lockup(pool, position)
    return self._withdrawal(pool, state, position, request.units)


@external
@view
def preview_entitlement(pool: address, provider: address, units: uint256) -> ILens.Withdrawal:
    """
    @notice What `withdraw` would pay if these units had been requested in the epoch before and no lock-up held them
            back: how protected a position is by now.
    @param pool The pool.
    @param provider Whose units.
    @param units The units.
    @return The withdrawal.
    @custom:reverts `pool: not enough units`, `pool: no executable request` for none
    """
    state: IPool.PoolState = self._touched(pool)
    position: IPool.Position = staticcall IPool(pool).position(provider)
    self._check_available(units, position)
    assert units > 0, "pool: no executable request"
    return self._withdrawal(pool, state, position, units)


@external
@view
def preview_exit(pool: address, provider: address, units: uint256) -> (uint256, uint256):
    """
    @notice What `exit` pays (R17).
    @param pool The pool.
    @param provider Whose units.
    @param units The units that leave.
    @return Base received.
    @return Quote received.
    @custom:reverts `pool: zero units to exit`, `pool: not enough units`, `pool: locked up`
    """
    state: IPool.PoolState = staticcall IPool(pool).state()
    assert units > 0, "pool: zero units to exit"
    position: IPool.Position = staticcall IPool(pool).position(provider)
    self._check_available(units, position)
    self._check_lockup(pool, position)
    return (
        liquidity_math._redeemable(state.reserve_base, units, state.total_units),
        liquidity_math._redeemable(state.reserve_quote, units, state.total_units),
    )


# Keepers


@external
@view
def preview_sweep(pool: address) -> ILens.Surpluses:
    """
    @notice What a pool's `sweep` sends, and to whom (R14).
    @param pool The pool.
    @return The surpluses, and the stakers' part of them.
    """
    base: address = staticcall IPool(pool).base()
    quote: address = staticcall IPool(pool).quote()
    surpluses: ILens.Surpluses = self._surpluses(pool, base, quote)
    if surpluses.base > surpluses.base_to_stakers or surpluses.quote > surpluses.quote_to_stakers:
        self._check_free(staticcall IPool(pool).reserve())
    return surpluses


# Stakers


@external
@view
def preview_stake(pool: address, amount: uint256) -> uint256:
    """
    @notice The shares that `stake` gives (R18).
    @param pool The pool staked to.
    @param amount DLQ staked.
    @return New shares.
    @custom:reverts `backstop: zero stake`, `backstop: stake too large`, `backstop: shares too large`
    """
    stake: IBackstop.PoolStake = staticcall IBackstop(self._backstop(pool)).pool_stake(pool)
    assert amount > 0, "backstop: zero stake"
    assert amount <= fixed_point.MAX - stake.total_stake, "backstop: stake too large"
    shares: uint256 = stake_math._shares_minted(amount, stake.total_stake, stake.total_shares)
    assert shares <= fixed_point.MAX - stake.total_shares, "backstop: shares too large"
    return shares


@external
@view
def preview_unstake(pool: address, staker: address) -> uint256:
    """
    @notice What `unstake` pays (R19).
    @param pool The pool staked to.
    @param staker Who has requested to unstake.
    @return DLQ received.
    @custom:reverts `backstop: no request`, `backstop: not ready`, `backstop: window closed`,
                    `backstop: pool in bailout`, `backstop: shares worth nothing`
    """
    backstop: address = self._backstop(pool)
    account: IBackstop.StakeAccount = staticcall IBackstop(backstop).settled(pool, staker)
    assert account.requested_shares > 0, "backstop: no request"
    held_until: uint256 = account.ready_at + staticcall IBackstop(backstop).hold_seconds()
    closes_at: uint256 = held_until + staticcall IBackstop(backstop).unstake_window_seconds()
    assert block.timestamp >= account.ready_at, "backstop: not ready"
    assert block.timestamp < closes_at, "backstop: window closed"
    if block.timestamp < held_until:
        assert not staticcall IPool(pool).stake_locked(), "backstop: pool in bailout"
    stake: IBackstop.PoolStake = staticcall IBackstop(backstop).pool_stake(pool)
    amount: uint256 = stake_math._redeemable(account.requested_shares, stake.total_stake, stake.total_shares)
    assert amount > 0, "backstop: shares worth nothing"
    return amount


@external
@view
def preview_claim(pool: address, staker: address, token: address) -> uint256:
    """
    @notice What `claim` pays (R20).
    @param pool The pool staked to.
    @param staker Whose rewards.
    @param token The token they are in.
    @return The rewards.
    @custom:reverts `backstop: nothing to claim`
    """
    account: IBackstop.StakeAccount = staticcall IBackstop(self._backstop(pool)).settled(pool, staker)
    amount: uint256 = 0
    if token == staticcall IPool(pool).base():
        amount = account.earned_base
    elif token == staticcall IPool(pool).quote():
        amount = account.earned_quote
    assert amount > 0, "backstop: nothing to claim"
    return amount


# Checks, as the pool's


@internal
@pure
def _check_active(state: IPool.PoolState):
    assert state.status == ACTIVE, "pool: not active"


@internal
@pure
def _check_open(state: IPool.PoolState):
    assert state.status != SUSPENDED, "pool: suspended"


@internal
@pure
def _check_fits(reserve: uint256, amount: uint256):
    assert amount <= fixed_point.MAX - reserve, "pool: reserve too large"


@internal
@view
def _check_price(pool: address, state: IPool.PoolState):
    parameters: IPool.Parameters = staticcall IPool(pool).parameters()
    spot: uint256 = oracle._spot_price(state.reserve_base, state.reserve_quote)
    assert not oracle._deviates(state.oracle, spot, parameters.max_deviation_bps), "pool: price unstable"


@internal
@pure
def _check_available(units: uint256, position: IPool.Position):
    assert units <= position.units, "pool: not enough units"


@internal
@view
def _check_lockup(pool: address, position: IPool.Position):
    parameters: IPool.Parameters = staticcall IPool(pool).parameters()
    assert block.timestamp >= position.last_added + parameters.lockup_seconds, "pool: locked up"


# Internal


@internal
@view
def _touched(pool: address) -> IPool.PoolState:
    """
    @notice A pool as a touch would leave it now: with the oracle (R4), the regime and the depth of this epoch (R13).
    """
    state: IPool.PoolState = staticcall IPool(pool).state()
    state.oracle = staticcall IPool(pool).oracle_price()
    state.bailout = staticcall IPool(pool).in_bailout()
    epoch: uint256 = block.timestamp // staticcall IPool(pool).epoch_seconds()
    if epoch != state.epoch:
        state.epoch = epoch
        state.struck = 0
        state.opening_units = state.total_units
    return state


@internal
@view
def _backstop(pool: address) -> address:
    """
    @dev The Controller knows its Backstop too, but only a pool has a base.
    """
    base: address = staticcall IPool(pool).base()
    return staticcall IPool(pool).backstop()


@internal
@view
def _check_free(reserve: address):
    """
    @dev A Reserve that is inside a call refuses to be read, as it would refuse what is sent.
    """
    held: uint256 = staticcall IReserve(reserve).held(empty(address))


@internal
@view
def _units_added(
    pool: address, state: IPool.PoolState, provider: address, base: uint256, quote: uint256
) -> uint256:
    """
    @notice The provider's new units, once all checks of adding have passed (R5 to R8).
    """
    assert base > 0 or quote > 0, "pool: zero amount"
    self._check_fits(state.reserve_base, base)
    self._check_fits(state.reserve_quote, quote)
    if state.status == ACTIVE:
        self._check_price(pool, state)

    if state.total_units == 0:
        # Nothing is struck: a pool without units has never been ACTIVE.
        assert base > 0 and quote > 0, "pool: first add needs both tokens"
        minted: uint256 = liquidity_math._units_minted(base, quote, 0, 0, 0)
        assert minted > liquidity_math.MINIMUM_UNITS, "pool: first add too small"
        return minted - liquidity_math.MINIMUM_UNITS

    units: uint256 = liquidity_math._units_minted(
        base, quote, state.reserve_base, state.reserve_quote, state.total_units
    )
    assert units > 0, "pool: zero units"
    if state.status == ACTIVE:
        position: IPool.Position = staticcall IPool(pool).position(provider)
        struck: uint256 = units if position.clock > 0 else position.units + units
        principal_base: uint256 = 0
        principal_quote: uint256 = 0
        principal_base, principal_quote = self._principal(
            state, position, struck, base, quote, state.total_units + units
        )
    return units


@internal
@pure
def _principal(
    state: IPool.PoolState,
    position: IPool.Position,
    struck: uint256,
    base: uint256,
    quote: uint256,
    total_units: uint256,
) -> (uint256, uint256):
    """
    @notice The principal of a position once some of its units are struck (R6, R7).
    @param state The pool, before anything is added.
    @param position The position, likewise.
    @param struck The units that are struck.
    @param base Base added.
    @param quote Quote added.
    @param total_units All units after it.
    """
    assert struck <= state.opening_units - state.struck, "pool: struck too much this epoch"
    principal_base: uint256 = 0
    principal_quote: uint256 = 0
    principal_base, principal_quote = liquidity_math._principal(
        liquidity_math._redeemable(state.reserve_base + base, struck, total_units),
        liquidity_math._redeemable(state.reserve_quote + quote, struck, total_units),
        state.reserve_base,
        state.reserve_quote,
    )
    principal_base += position.principal_base
    principal_quote += position.principal_quote
    assert max(principal_base, principal_quote) <= fixed_point.MAX, "pool: principal too large"
    return principal_base, principal_quote


@internal
@view
def _withdrawal(
    pool: address, state: IPool.PoolState, position: IPool.Position, units: uint256
) -> ILens.Withdrawal:
    """
    @notice What units redeem for, what is due for their loss (R15), and who pays it (R16).
    """
    withdrawal: ILens.Withdrawal = empty(ILens.Withdrawal)
    withdrawal.units = units
    withdrawal.base = liquidity_math._redeemable(state.reserve_base, units, state.total_units)
    withdrawal.quote = liquidity_math._redeemable(state.reserve_quote, units, state.total_units)

    parameters: IPool.Parameters = staticcall IPool(pool).parameters()
    principal_base: uint256 = liquidity_math._portion(position.principal_base, units, position.units)
    principal_quote: uint256 = liquidity_math._portion(position.principal_quote, units, position.units)
    age: uint256 = 0
    if position.clock > 0:
        age = min(block.timestamp - position.clock, parameters.full_protection_seconds)
    coverage: uint256 = min(
        protection_math._coverage_at_spot(
            principal_base,
            principal_quote,
            withdrawal.base,
            withdrawal.quote,
            state.reserve_base,
            state.reserve_quote,
        ),
        protection_math._coverage_at_price(
            principal_base, principal_quote, withdrawal.base, withdrawal.quote, state.oracle
        ),
    )
    due: protection_math.Entitlement = protection_math._entitlement(
        principal_base,
        principal_quote,
        withdrawal.base,
        withdrawal.quote,
        coverage,
        age,
        parameters.full_protection_seconds,
    )
    if due.deficit == 0 and due.owed == 0:
        return withdrawal

    withdrawal.bailout = state.bailout
    withdrawal.age = age
    withdrawal.coverage = coverage
    withdrawal.owed = due.owed
    withdrawal.deficit = due.deficit
    return self._compensated(pool, state, withdrawal, due)


@internal
@view
def _compensated(
    pool: address,
    state: IPool.PoolState,
    unpaid: ILens.Withdrawal,
    due: protection_math.Entitlement,
) -> ILens.Withdrawal:
    """
    @notice A withdrawal with what the steps of the waterfall add to it, and take (R16).
    """
    withdrawal: ILens.Withdrawal = unpaid
    base: address = staticcall IPool(pool).base()
    quote: address = staticcall IPool(pool).quote()
    withdrawal.deficit_token = base if due.base_in_deficit else quote
    base_held: uint256 = 0
    quote_held: uint256 = 0
    base_held, quote_held = self._reserve_after_surpluses(pool, state, base, quote)

    # Step 1.
    owed: uint256 = 0
    allowance: uint256 = waterfall._allowance(
        base_held if due.base_in_deficit else quote_held, withdrawal.units, state.total_units, state.bailout
    )
    withdrawal.paid, withdrawal.taken, owed = waterfall._in_kind(
        due.deficit, due.surplus, due.owed, due.short, allowance
    )
    if due.base_in_deficit:
        withdrawal.base += withdrawal.paid
        withdrawal.quote -= withdrawal.taken
    else:
        withdrawal.base -= withdrawal.taken
        withdrawal.quote += withdrawal.paid

    # Step 2.
    if due.base_in_deficit:
        allowance = waterfall._allowance(quote_held, withdrawal.units, state.total_units, state.bailout)
        withdrawal.paid_quote = min(owed, allowance)
        withdrawal.quote += withdrawal.paid_quote
        owed -= withdrawal.paid_quote

    # Step 3.
    if state.bailout and owed > 0:
        price: uint256 = self._dlq_price(staticcall IPool(pool).controller(), quote)
        if price > 0:
            backstop: address = staticcall IPool(pool).backstop()
            stake: IBackstop.PoolStake = staticcall IBackstop(backstop).pool_stake(pool)
            allowance = waterfall._allowance(stake.total_stake, withdrawal.units, state.total_units, True)
            withdrawal.slashed, owed = waterfall._backstop(owed, price, allowance)

    # Step 4.
    withdrawal.shortfall = owed
    return withdrawal


@internal
@view
def _dlq_price(controller: address, quote: address) -> uint256:
    """
    @notice The oracle price of DLQ in a quote token, as of now; 0 if no ACTIVE pool has been named for it (R16.3).
    """
    dlq_pool: address = staticcall IController(controller).dlq_pools(quote)
    if dlq_pool == empty(address) or staticcall IPool(dlq_pool).status() != ACTIVE:
        return 0
    return staticcall IPool(dlq_pool).oracle_price()


@internal
@view
def _reserve_after_surpluses(
    pool: address, state: IPool.PoolState, base: address, quote: address
) -> (uint256, uint256):
    """
    @notice What the Reserve will have booked of a pool's tokens once step 0 has happened, if it is to (R16.0).
    """
    base_sent: uint256 = 0
    quote_sent: uint256 = 0
    controller: address = staticcall IPool(pool).controller()
    if state.bailout and staticcall IController(controller).swept_epoch() != state.epoch:
        for i: uint256 in range(staticcall IController(controller).pool_count(), bound=MAX_POOLS):
            swept: address = staticcall IController(controller).pools(i)
            # The withdrawing pool sweeps itself, whatever its status.
            if swept != pool and staticcall IPool(swept).status() != ACTIVE:
                continue
            swept_base: address = staticcall IPool(swept).base()
            swept_quote: address = staticcall IPool(swept).quote()
            surpluses: ILens.Surpluses = self._surpluses(swept, swept_base, swept_quote)
            to_reserve: uint256 = surpluses.base - surpluses.base_to_stakers
            if swept_base == base:
                base_sent += to_reserve
            elif swept_base == quote:
                quote_sent += to_reserve
            to_reserve = surpluses.quote - surpluses.quote_to_stakers
            if swept_quote == base:
                base_sent += to_reserve
            elif swept_quote == quote:
                quote_sent += to_reserve
    reserve: address = staticcall IPool(pool).reserve()
    return self._held_after(reserve, base, base_sent), self._held_after(reserve, quote, quote_sent)


@internal
@view
def _held_after(reserve: address, token: address, sent: uint256) -> uint256:
    """
    @dev With whatever is sent to it, the Reserve books all that it has: what has reached it astray, too (R14).
    """
    held: uint256 = staticcall IReserve(reserve).held(token)
    return max(held, staticcall IERC20(token).balanceOf(reserve)) + sent if sent > 0 else held


@internal
@view
def _surpluses(pool: address, base: address, quote: address) -> ILens.Surpluses:
    """
    @notice What a pool holds above its books, and the stakers' part of it (R14).
    """
    state: IPool.PoolState = staticcall IPool(pool).state()
    surpluses: ILens.Surpluses = empty(ILens.Surpluses)
    surpluses.base = self._surplus(pool, base, state.reserve_base + state.staged_base)
    surpluses.quote = self._surplus(pool, quote, state.reserve_quote + state.staged_quote)
    if surpluses.base == 0 and surpluses.quote == 0:
        return surpluses

    backstop: address = staticcall IPool(pool).backstop()
    stake: IBackstop.PoolStake = staticcall IBackstop(backstop).pool_stake(pool)
    if stake.total_shares > 0:
        parameters: IPool.Parameters = staticcall IPool(pool).parameters()
        surpluses.base_to_stakers = surpluses.base * parameters.staker_share_bps // fixed_point.BPS
        surpluses.quote_to_stakers = surpluses.quote * parameters.staker_share_bps // fixed_point.BPS
    return surpluses


@internal
@view
def _surplus(pool: address, token: address, owed: uint256) -> uint256:
    balance: uint256 = staticcall IERC20(token).balanceOf(pool)
    return balance - owed if balance > owed else 0
