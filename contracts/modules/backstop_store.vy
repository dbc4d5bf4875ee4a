# pragma version 0.4.3
"""
@title Backstop store
@license MIT
@notice What the Backstop stores of stakes, packed into words where the parts are at most `fixed_point.MAX`. Rewards and
        their indices have no such bound: each has a word.
"""

from ..interfaces import IBackstop
from . import packing

# An account but for its rewards, which most calls have nothing to do with.
struct Account:
    generation: uint256
    shares: uint256
    index_base_paid: uint256
    index_quote_paid: uint256
    requested_shares: uint256
    ready_at: uint256

# Of both of a pool's tokens.
struct Pair:
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


# By pool, the present generation.
stakes: HashMap[address, StoredStake]
# By pool and staker.
accounts: HashMap[address, HashMap[address, StoredAccount]]
# By pool and staker, what is earned and not yet claimed.
rewards: HashMap[address, HashMap[address, Pair]]
# By pool and generation that has ended, where its indices ended: its stakers' last rewards are reckoned from there (R20).
final_indices: HashMap[address, HashMap[uint256, Pair]]


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
def _account(pool: address, staker: address) -> Account:
    stored: StoredAccount = self.accounts[pool][staker]
    account: Account = empty(Account)
    account.shares, account.requested_shares, account.ready_at = packing._unpack(stored.shares)
    account.generation = stored.generation
    account.index_base_paid = stored.index_base_paid
    account.index_quote_paid = stored.index_quote_paid
    return account


@internal
def _store_account(pool: address, staker: address, account: Account):
    self.accounts[pool][staker] = StoredAccount(
        shares=packing._pack(account.shares, account.requested_shares, account.ready_at),
        generation=account.generation,
        index_base_paid=account.index_base_paid,
        index_quote_paid=account.index_quote_paid,
    )


@internal
def _earn(pool: address, staker: address, base: uint256, quote: uint256):
    if base > 0:
        self.rewards[pool][staker].base += base
    if quote > 0:
        self.rewards[pool][staker].quote += quote
