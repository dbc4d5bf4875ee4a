# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Backstop
@license MIT
@notice DLQ staked to pools. It earns a part of its pool's surpluses (R20) and pays, in bailout, what the Reserve
        cannot (R16.3, R18).
@dev Stakes, shares and rewards are at most `fixed_point.MAX`. The total never exceeds the shares: they start equal, a
     slash lowers the total alone, and every rounding favours those who stay by less than a share.
"""

from ethereum.ercs import IERC20

from .interfaces import IBackstop
from .interfaces import IController
from .interfaces import IPool
from .interfaces import IReserve
from .modules import backstop_store
from .modules import fixed_point
from .modules import stake_math
from .modules import token_moves

implements: IBackstop
initializes: backstop_store


CONTROLLER: immutable(address)
RESERVE: immutable(address)
DLQ: immutable(address)
UNSTAKE_SECONDS: immutable(uint256)
HOLD_SECONDS: immutable(uint256)
UNSTAKE_WINDOW_SECONDS: immutable(uint256)

# What the Backstop owes, by token: rewards not yet claimed and, for DLQ, all stakes.
booked: public(HashMap[address, uint256])


@deploy
def __init__(
    controller: address,
    reserve: address,
    dlq: address,
    unstake_seconds: uint256,
    hold_seconds: uint256,
    unstake_window_seconds: uint256,
):
    """
    @notice A Backstop without stakes. The Controller has checked the periods.
    @param controller The registry that says who is a pool.
    @param reserve The Reserve, which receives what belongs to nobody.
    @param dlq The token that is staked.
    @param unstake_seconds From a request to unstake until it is ready.
    @param hold_seconds For how long from then a bailout may hold it back.
    @param unstake_window_seconds For how long it is open after that.
    """
    CONTROLLER = controller
    RESERVE = reserve
    DLQ = dlq
    UNSTAKE_SECONDS = unstake_seconds
    HOLD_SECONDS = hold_seconds
    UNSTAKE_WINDOW_SECONDS = unstake_window_seconds


# Stakers


@external
def stake(pool: address, amount: uint256) -> uint256:
    """
    @notice Stake DLQ to a pool (R18).
    @param pool The pool.
    @param amount DLQ from the caller.
    @return New shares, rounded down.
    @custom:reverts `backstop: unknown pool`, `backstop: zero stake`, `backstop: stake too large`,
                    `backstop: shares too large`
    """
    self._check_pool(pool)
    assert amount > 0, "backstop: zero stake"
    pool_stake: IBackstop.PoolStake = backstop_store._pool_stake(pool)
    assert amount <= fixed_point.MAX - pool_stake.total_stake, "backstop: stake too large"
    shares: uint256 = stake_math._shares_minted(amount, pool_stake.total_stake, pool_stake.total_shares)
    assert shares <= fixed_point.MAX - pool_stake.total_shares, "backstop: shares too large"

    account: IBackstop.StakeAccount = self._settled(pool, msg.sender, pool_stake)
    account.shares += shares
    backstop_store._store_account(pool, msg.sender, account)
    pool_stake.total_stake += amount
    pool_stake.total_shares += shares
    backstop_store._store_pool_stake(pool, pool_stake)
    self.booked[DLQ] += amount
    log IBackstop.Staked(
        pool=pool,
        staker=msg.sender,
        amount=amount,
        shares=shares,
        total_stake=pool_stake.total_stake,
        total_shares=pool_stake.total_shares,
    )

    token_moves._pull(DLQ, msg.sender, amount)
    return shares


@external
def request_unstake(pool: address, shares: uint256):
    """
    @notice Ask to unstake (R19). Replaces an earlier request; 0 cancels it.
    @param pool The pool.
    @param shares The shares to unstake.
    @custom:reverts `backstop: unknown pool`, `backstop: not enough shares`, `backstop: no request to cancel`
    """
    self._check_pool(pool)
    account: IBackstop.StakeAccount = self._settled(pool, msg.sender, backstop_store._pool_stake(pool))
    assert shares <= account.shares, "backstop: not enough shares"
    assert shares > 0 or account.requested_shares > 0, "backstop: no request to cancel"

    account.requested_shares = shares
    account.ready_at = block.timestamp + UNSTAKE_SECONDS if shares > 0 else 0
    backstop_store._store_account(pool, msg.sender, account)
    log IBackstop.UnstakeRequested(pool=pool, staker=msg.sender, shares=shares, ready_at=account.ready_at)


@external
def unstake(pool: address) -> uint256:
    """
    @notice Execute the request to unstake, at what the shares are worth now (R19).
    @param pool The pool.
    @return DLQ received, rounded down.
    @custom:reverts `backstop: unknown pool`, `backstop: no request`, `backstop: not ready`, `backstop: window closed`,
                    `backstop: pool in bailout`, `backstop: shares worth nothing`
    """
    self._check_pool(pool)
    pool_stake: IBackstop.PoolStake = backstop_store._pool_stake(pool)
    account: IBackstop.StakeAccount = self._settled(pool, msg.sender, pool_stake)
    shares: uint256 = account.requested_shares
    assert shares > 0, "backstop: no request"
    held_until: uint256 = account.ready_at + HOLD_SECONDS
    assert block.timestamp >= account.ready_at, "backstop: not ready"
    assert block.timestamp < held_until + UNSTAKE_WINDOW_SECONDS, "backstop: window closed"
    if block.timestamp < held_until:
        assert not staticcall IPool(pool).stake_locked(), "backstop: pool in bailout"
    amount: uint256 = stake_math._redeemable(shares, pool_stake.total_stake, pool_stake.total_shares)
    assert amount > 0, "backstop: shares worth nothing"

    account.shares -= shares
    account.requested_shares = 0
    account.ready_at = 0
    backstop_store._store_account(pool, msg.sender, account)
    pool_stake.total_stake -= amount
    pool_stake.total_shares -= shares
    backstop_store._store_pool_stake(pool, pool_stake)
    self.booked[DLQ] -= amount
    log IBackstop.Unstaked(
        pool=pool,
        staker=msg.sender,
        shares=shares,
        amount=amount,
        total_stake=pool_stake.total_stake,
        total_shares=pool_stake.total_shares,
    )

    token_moves._push(DLQ, msg.sender, amount)
    return amount


@external
def claim(pool: address, token: address) -> uint256:
    """
    @notice Collect the rewards earned in one of a pool's tokens, of this and all ended generations (R20).
    @param pool The pool.
    @param token The token.
    @return The rewards.
    @custom:reverts `backstop: unknown pool`, `backstop: nothing to claim`
    """
    self._check_pool(pool)
    account: IBackstop.StakeAccount = self._settled(pool, msg.sender, backstop_store._pool_stake(pool))
    amount: uint256 = 0
    if token == staticcall IPool(pool).base():
        amount = account.earned_base
        account.earned_base = 0
    elif token == staticcall IPool(pool).quote():
        amount = account.earned_quote
        account.earned_quote = 0
    assert amount > 0, "backstop: nothing to claim"

    backstop_store._store_account(pool, msg.sender, account)
    self.booked[token] -= amount
    log IBackstop.Claimed(pool=pool, staker=msg.sender, token=token, amount=amount)

    token_moves._push(token, msg.sender, amount)
    return amount


# Pools


@external
def reward(token: address, amount: uint256):
    """
    @notice Share out, to the stakers of the pool that calls, what it has just sent (R20).
    @param token One of the pool's tokens.
    @param amount Base units sent.
    @custom:reverts `backstop: caller is not a pool`, `backstop: no shares to reward`, `backstop: reward not received`
    """
    self._check_caller_is_pool()
    pool_stake: IBackstop.PoolStake = backstop_store._pool_stake(msg.sender)
    assert pool_stake.total_shares > 0, "backstop: no shares to reward"
    balance: uint256 = staticcall IERC20(token).balanceOf(self)
    booked: uint256 = self.booked[token]
    assert balance >= booked and balance - booked >= amount, "backstop: reward not received"

    growth: uint256 = stake_math._index_growth(amount, pool_stake.total_shares)
    if token == staticcall IPool(msg.sender).base():
        pool_stake.index_base += growth
    else:
        pool_stake.index_quote += growth
    backstop_store._store_pool_stake(msg.sender, pool_stake)
    self.booked[token] = booked + amount
    log IBackstop.Rewarded(pool=msg.sender, token=token, amount=amount)


@external
def slash(recipient: address, amount: uint256):
    """
    @notice Pay a provider from the stake of the pool that calls, at the cost of all its stakers pro rata (R18).
    @param recipient The provider.
    @param amount DLQ.
    @custom:reverts `backstop: caller is not a pool`, `backstop: not enough stake`
    """
    self._check_caller_is_pool()
    pool_stake: IBackstop.PoolStake = backstop_store._pool_stake(msg.sender)
    assert amount <= pool_stake.total_stake, "backstop: not enough stake"

    pool_stake.total_stake -= amount
    log IBackstop.Slashed(
        pool=msg.sender, recipient=recipient, amount=amount, total_stake=pool_stake.total_stake
    )
    released: uint256 = amount
    if stake_math._ends_generation(pool_stake.total_stake, pool_stake.total_shares):
        # What is left belongs to nobody: it becomes surplus of the Backstop.
        released += pool_stake.total_stake
        pool_stake = self._end_generation(msg.sender, pool_stake)
    backstop_store._store_pool_stake(msg.sender, pool_stake)
    self.booked[DLQ] -= released

    token_moves._push(DLQ, recipient, amount)


# Keepers


@external
def sweep(token: address) -> uint256:
    """
    @notice Send what the Backstop holds above what it owes to the Reserve (R14).
    @param token The token.
    @return What was sent.
    @custom:reverts `backstop: nothing to sweep`
    """
    balance: uint256 = staticcall IERC20(token).balanceOf(self)
    booked: uint256 = self.booked[token]
    assert balance > booked, "backstop: nothing to sweep"
    amount: uint256 = balance - booked
    log IBackstop.StraySwept(token=token, amount=amount)

    token_moves._push(token, RESERVE, amount)
    extcall IReserve(RESERVE).absorb(token)
    return amount


# Constants: readable at any time


@external
@view
@reentrant
def controller() -> address:
    """
    @notice The registry that says who is a pool.
    @return The Controller.
    """
    return CONTROLLER


@external
@view
@reentrant
def reserve() -> address:
    """
    @notice The contract that receives what belongs to nobody.
    @return The Reserve.
    """
    return RESERVE


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
def unstake_seconds() -> uint256:
    """
    @notice From a request to unstake until it is ready.
    @return Seconds.
    """
    return UNSTAKE_SECONDS


@external
@view
@reentrant
def hold_seconds() -> uint256:
    """
    @notice For how long a bailout may hold a request back that is ready.
    @return Seconds.
    """
    return HOLD_SECONDS


@external
@view
@reentrant
def unstake_window_seconds() -> uint256:
    """
    @notice For how long a request stays open after nothing can hold it back any more.
    @return Seconds.
    """
    return UNSTAKE_WINDOW_SECONDS


# Views: as stored


@external
@view
def pool_stake(pool: address) -> IBackstop.PoolStake:
    """
    @notice The present generation of a pool's stake (R18) and its rewards per share (R20).
    @param pool The pool.
    @return The stake; all zero without any.
    """
    return backstop_store._pool_stake(pool)


@external
@view
def account(pool: address, staker: address) -> IBackstop.StakeAccount:
    """
    @notice A staker of a pool, as of the staker's last call.
    @param pool The pool.
    @param staker The staker.
    @return The account; all zero without one.
    """
    return backstop_store._account(pool, staker)


# Views: as of now


@external
@view
def settled(pool: address, staker: address) -> IBackstop.StakeAccount:
    """
    @notice A staker of a pool, as a call of the staker's would find it now: with all rewards earned, and without
            shares and request of a generation that has ended (R20).
    @param pool The pool.
    @param staker The staker.
    @return The account; all zero without one, but for the pool's generation and indices.
    """
    return self._settled(pool, staker, backstop_store._pool_stake(pool))


# Internal


@internal
@view
def _check_pool(pool: address):
    assert staticcall IController(CONTROLLER).is_pool(pool), "backstop: unknown pool"


@internal
@view
def _check_caller_is_pool():
    assert staticcall IController(CONTROLLER).is_pool(msg.sender), "backstop: caller is not a pool"


@internal
@view
def _settled(pool: address, staker: address, pool_stake: IBackstop.PoolStake) -> IBackstop.StakeAccount:
    """
    @notice A staker's account as of now: rewards by the indices of its own generation, and, if that has ended, no
            shares and no request in the present one (R20).
    """
    account: IBackstop.StakeAccount = backstop_store._account(pool, staker)
    index_base: uint256 = pool_stake.index_base
    index_quote: uint256 = pool_stake.index_quote
    ended: bool = account.generation != pool_stake.generation
    if ended:
        final: backstop_store.FinalIndices = backstop_store.final_indices[pool][account.generation]
        index_base = final.base
        index_quote = final.quote

    account.earned_base += stake_math._earned(account.shares, index_base, account.index_base_paid)
    account.earned_quote += stake_math._earned(account.shares, index_quote, account.index_quote_paid)
    if ended:
        account.generation = pool_stake.generation
        account.shares = 0
        account.requested_shares = 0
        account.ready_at = 0
    account.index_base_paid = pool_stake.index_base
    account.index_quote_paid = pool_stake.index_quote
    return account


@internal
def _end_generation(pool: address, pool_stake: IBackstop.PoolStake) -> IBackstop.PoolStake:
    """
    @notice Close a generation and give the pool the next one, empty (R18).
    """
    backstop_store.final_indices[pool][pool_stake.generation] = backstop_store.FinalIndices(
        base=pool_stake.index_base, quote=pool_stake.index_quote
    )
    log IBackstop.GenerationEnded(pool=pool, generation=pool_stake.generation)
    return IBackstop.PoolStake(
        generation=pool_stake.generation + 1, total_stake=0, total_shares=0, index_base=0, index_quote=0
    )
