# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Controller
@license MIT
@notice Registry of pools, the governor's powers over them (R21), and the system sweep (R14). It creates the Reserve
        and the Backstop with itself, so that the addresses these know are fixed from the start.
"""

from snekmate.auth import ownable
from snekmate.auth import ownable_2step

from .interfaces import IController
from .interfaces import IPool
from .modules import pool_parameters

implements: IController

initializes: ownable
initializes: ownable_2step[ownable := ownable]

# No way to renounce: a system without a governor could not suspend a pool.
exports: (
    ownable.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)


# Bounds the cost of a system sweep (R14).
MAX_POOLS: constant(uint256) = 32

# The status of a pool that trades (R1).
ACTIVE: constant(uint256) = 1

DLQ: immutable(address)
EPOCH_SECONDS: immutable(uint256)
POOL_BLUEPRINT: immutable(address)
RESERVE: immutable(address)
BACKSTOP: immutable(address)

# In order of creation.
pools: public(DynArray[address, MAX_POOLS])

# Append-only, and read by Reserve and Backstop while this contract is inside a sweep.
is_pool: public(reentrant(HashMap[address, bool]))

# The pool of a pair, either way round.
pool_of: public(HashMap[address, HashMap[address, address]])

# By quote token, the pool that prices DLQ in it.
dlq_pools: public(HashMap[address, address])

# The epoch of the last system sweep.
swept_epoch: public(uint256)


@deploy
def __init__(
    dlq: address,
    epoch_seconds: uint256,
    unstake_seconds: uint256,
    hold_seconds: uint256,
    unstake_window_seconds: uint256,
    pool_blueprint: address,
    reserve_blueprint: address,
    backstop_blueprint: address,
):
    """
    @notice The system without pools; the deployer is its governor.
    @param dlq The token that is staked.
    @param epoch_seconds Length of an epoch.
    @param unstake_seconds From a request to unstake until it is ready.
    @param hold_seconds For how long from then a bailout may hold it back.
    @param unstake_window_seconds For how long it is open after that.
    @param pool_blueprint ERC-5202 blueprint of Pool.
    @param reserve_blueprint ERC-5202 blueprint of Reserve.
    @param backstop_blueprint ERC-5202 blueprint of Backstop.
    @custom:reverts `controller: NAME out of bounds`
    """
    assert 3_600 <= epoch_seconds and epoch_seconds <= 2_592_000, "controller: epoch_seconds out of bounds"
    # Two epochs: a request to withdraw that can be seen coming is executed before a stake that flees it (R19).
    assert (
        2 * epoch_seconds <= unstake_seconds and unstake_seconds <= 31_536_000
    ), "controller: unstake_seconds out of bounds"
    assert hold_seconds <= 31_536_000, "controller: hold_seconds out of bounds"
    assert (
        3_600 <= unstake_window_seconds and unstake_window_seconds <= 31_536_000
    ), "controller: unstake_window_seconds out of bounds"

    ownable.__init__()
    ownable_2step.__init__()
    DLQ = dlq
    EPOCH_SECONDS = epoch_seconds
    POOL_BLUEPRINT = pool_blueprint
    reserve: address = create_from_blueprint(reserve_blueprint, self)
    RESERVE = reserve
    BACKSTOP = create_from_blueprint(
        backstop_blueprint, self, reserve, dlq, unstake_seconds, hold_seconds, unstake_window_seconds
    )


# The governor


@external
def create_pool(base: address, quote: address, parameters: IPool.Parameters) -> address:
    """
    @notice Create a PENDING pool (R1). Listing a token is a decision of trust (R21).
    @param base The token that is priced.
    @param quote The token that prices are in.
    @param parameters The pool's parameters.
    @return The pool.
    @custom:reverts `ownable: caller is not the owner`, `controller: too many pools`, `controller: identical tokens`,
                    `controller: pool exists`, `pool: NAME out of bounds`, `pool: not a token`,
                    `pool: too many decimals`
    """
    ownable._check_owner()
    assert len(self.pools) < MAX_POOLS, "controller: too many pools"
    assert base != quote, "controller: identical tokens"
    assert self.pool_of[base][quote] == empty(address), "controller: pool exists"
    pool_parameters._check(parameters, EPOCH_SECONDS)
    pool_parameters._check_token(base)
    pool_parameters._check_token(quote)

    pool: address = create_from_blueprint(
        POOL_BLUEPRINT, self, RESERVE, BACKSTOP, base, quote, EPOCH_SECONDS, parameters
    )
    self.pools.append(pool)
    self.is_pool[pool] = True
    self.pool_of[base][quote] = pool
    self.pool_of[quote][base] = pool
    log IController.PoolCreated(pool=pool, base=base, quote=quote)
    return pool


@external
def set_status(pool: address, status: uint256, min_price: uint256, max_price: uint256):
    """
    @notice Activate, suspend or resume a pool (R1).
    @param pool The pool.
    @param status The new status.
    @param min_price The lowest spot price at which it may become ACTIVE: quote per base, times 2**112.
    @param max_price The highest one.
    @custom:reverts `ownable: caller is not the owner`, `controller: unknown pool`, and those of the pool
    """
    ownable._check_owner()
    self._check_pool(pool)
    extcall IPool(pool).set_status(status, min_price, max_price)


@external
def name_dlq_pool(quote: address, pool: address):
    """
    @notice Name the pool that prices DLQ in a quote token, for slashing (R16.3).
    @param quote The quote token.
    @param pool A pool of DLQ and that token; zero clears the name.
    @custom:reverts `ownable: caller is not the owner`, `controller: unknown pool`, `controller: not a DLQ pool`
    """
    ownable._check_owner()
    if pool != empty(address):
        self._check_pool(pool)
        assert (
            staticcall IPool(pool).base() == DLQ and staticcall IPool(pool).quote() == quote
        ), "controller: not a DLQ pool"

    self.dlq_pools[quote] = pool
    log IController.DlqPoolNamed(quote=quote, pool=pool)


# The system sweep


@external
def sweep():
    """
    @notice Sweep every ACTIVE pool (R14). Anybody may call; it counts as the epoch's step 0 (R16.0).
    """
    self._sweep(empty(address))


@external
def draw_surpluses():
    """
    @notice Sweep every ACTIVE pool but the one that calls, which is inside a withdrawal and has swept itself (R16.0).
    @custom:reverts `controller: caller is not a pool`
    """
    assert self.is_pool[msg.sender], "controller: caller is not a pool"
    self._sweep(msg.sender)


# Constants: readable at any time


@external
@view
@reentrant
def dlq() -> address:
    """
    @notice The token that is staked.
    @return DLQ.
    """
    return DLQ


@external
@view
@reentrant
def reserve() -> address:
    """
    @notice The protocol's own assets.
    @return The Reserve.
    """
    return RESERVE


@external
@view
@reentrant
def backstop() -> address:
    """
    @notice The stakes.
    @return The Backstop.
    """
    return BACKSTOP


@external
@view
@reentrant
def pool_blueprint() -> address:
    """
    @notice What pools are made from.
    @return The ERC-5202 blueprint.
    """
    return POOL_BLUEPRINT


@external
@view
@reentrant
def epoch_seconds() -> uint256:
    """
    @notice Length of an epoch.
    @return Seconds.
    """
    return EPOCH_SECONDS


# Views


@external
@view
def pool_count() -> uint256:
    """
    @notice How many pools there are.
    @return The number, at most 32.
    """
    return len(self.pools)


# Internal


@internal
@view
def _check_pool(pool: address):
    assert self.is_pool[pool], "controller: unknown pool"


@internal
def _sweep(left_out: address):
    """
    @notice Mark the epoch as swept, and sweep every ACTIVE pool but one, in order of creation.
    """
    epoch: uint256 = block.timestamp // EPOCH_SECONDS
    self.swept_epoch = epoch
    log IController.SystemSwept(epoch=epoch)
    for pool: address in self.pools:
        if pool != left_out and staticcall IPool(pool).status() == ACTIVE:
            extcall IPool(pool).sweep()
