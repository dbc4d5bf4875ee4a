# pragma version 0.4.3
"""
@title Backstop store
@license MIT
@notice What the Backstop stores of stakes, packed into words where the parts are at most `fixed_point.MAX`. Rewards and
        their indices have no such bound: each has a word.
"""

from ..interfaces import IBackstop
from . import packing

# Where the indices of a generation ended: its stakers' last rewards are reckoned from here (R20).
struct FinalIndices:
    base: uint256
    quote: uint256

struct StoredStake:
    stake: uint256  # total stake, total shares; generation
    index_base: uint256
    index_quote: uint256

struct StoredAccount:
    shares: uint256  # shares, requested shares; when the request is ready
    generation: uint256
    index_base_paid: uint256
    index_quote_paid: uint256
    earned_base: uint256
    earned_quote: uint256


# By pool, the present generation.
stakes: HashMap[address, StoredStake]
# By pool and staker.
accounts: HashMap[address, HashMap[address, StoredAccount]]
# By pool and generation that has ended.
final_indices: HashMap[address, HashMap[uint256, FinalIndices]]


@internal
@view
def _pool_stake(pool: address) -> IBackstop.PoolStake:
    stored: StoredStake = self.stakes[pool]
    pool_stake: IBackstop.PoolStake = empty(IBackstop.PoolStake)
    pool_stake.total_stake, pool_stake.total_shares, pool_stake.generation = packing._unpack(stored.stake)
    pool_stake.index_base = stored.index_base
    pool_stake.index_quote = stored.index_quote
    return pool_stake


@internal
def _store_pool_stake(pool: address, pool_stake: IBackstop.PoolStake):
    self.stakes[pool] = StoredStake(
        stake=packing._pack(pool_stake.total_stake, pool_stake.total_shares, pool_stake.generation),
        index_base=pool_stake.index_base,
        index_quote=pool_stake.index_quote,
    )


@internal
@view
def _account(pool: address, staker: address) -> IBackstop.StakeAccount:
    stored: StoredAccount = self.accounts[pool][staker]
    account: IBackstop.StakeAccount = empty(IBackstop.StakeAccount)
    account.shares, account.requested_shares, account.ready_at = packing._unpack(stored.shares)
    account.generation = stored.generation
    account.index_base_paid = stored.index_base_paid
    account.index_quote_paid = stored.index_quote_paid
    account.earned_base = stored.earned_base
    account.earned_quote = stored.earned_quote
    return account


@internal
def _store_account(pool: address, staker: address, account: IBackstop.StakeAccount):
    self.accounts[pool][staker] = StoredAccount(
        shares=packing._pack(account.shares, account.requested_shares, account.ready_at),
        generation=account.generation,
        index_base_paid=account.index_base_paid,
        index_quote_paid=account.index_quote_paid,
        earned_base=account.earned_base,
        earned_quote=account.earned_quote,
    )
