# pragma version 0.4.3
"""
@title Pool store
@license MIT
@notice All that a pool stores, packed into words: what a swap reads and writes stands in two of them, a position in two
        more.
@dev An oracle price is below 2**224, as every spot price is.
"""

from ..interfaces import IPool
from . import fixed_point
from . import packing

# What every call needs of the pool: the reserves, and oracle and regime as of the last touch.
struct Market:
    reserve_base: uint256
    reserve_quote: uint256
    oracle_updated_at: uint256
    oracle: uint256
    status: uint256
    bailout: bool
    epoch: uint256

# All units, and the books of the epoch that only adds change.
struct Supply:
    total_units: uint256
    added: uint256
    struck: uint256
    opening_units: uint256


# Reserve of base, reserve of quote; when the oracle was updated.
reserves: uint256
# The oracle price, in the place of two amounts; status (2 bits), regime (1 bit) and epoch (29 bits).
oracle: uint256
# All units, units added in the epoch.
supply: uint256
# Units requested in the epoch, units exited in it.
leaving: uint256
# Units that the epoch opened with; the same, less those struck in it, and with those added in it (113 bits): an add that
# strikes what it adds, as nearly all do, leaves this word as it is.
opening: uint256
# Staged base, staged quote.
staging: uint256
total_shortfall: uint256

# By provider. Units, principal in base; the clock. Then principal in quote; the time of the last add.
positions: HashMap[address, uint256[2]]
# Units; the epoch they were requested in.
requests: HashMap[address, uint256]
# Base, quote; when they were staged.
deposits: HashMap[address, uint256]


# The pool


@internal
@view
def _market() -> Market:
    market: Market = empty(Market)
    market.reserve_base, market.reserve_quote, market.oracle_updated_at = packing._unpack(self.reserves)
    word: uint256 = self.oracle
    market.oracle = word & (2**224 - 1)
    market.status = (word >> 224) & 3
    market.bailout = (word >> 226) & 1 == 1
    market.epoch = word >> 227
    return market


@internal
def _store_market(market: Market):
    self.reserves = packing._pack(market.reserve_base, market.reserve_quote, market.oracle_updated_at)
    assert market.oracle < 2**224
    beside: uint256 = market.status + 4 * convert(market.bailout, uint256) + 8 * market.epoch
    self.oracle = market.oracle | packing._pack(0, 0, beside)


@internal
@view
def _status() -> uint256:
    return (self.oracle >> 224) & 3


@internal
@view
def _supply() -> Supply:
    supply: Supply = empty(Supply)
    supply.total_units, supply.added = self._pair(self.supply)
    word: uint256 = self.opening
    supply.opening_units = word & fixed_point.MAX
    supply.struck = supply.opening_units + supply.added - (word >> 112)
    return supply


@internal
def _store_supply(supply: Supply):
    self.supply = packing._pack(supply.total_units, supply.added, 0)
    # No more units are struck than the epoch opened with (R6), and all of these are amounts.
    self.opening = supply.opening_units | (supply.opening_units - supply.struck + supply.added << 112)


@internal
@view
def _total_units() -> uint256:
    return self.supply & fixed_point.MAX


@internal
def _burn(units: uint256) -> uint256:
    """
    @return All units after.
    """
    total_units: uint256 = 0
    added: uint256 = 0
    total_units, added = self._pair(self.supply)
    self.supply = packing._pack(total_units - units, added, 0)
    return total_units - units


@internal
@view
def _leaving() -> (uint256, uint256):
    """
    @return Units requested in the epoch of the books.
    @return Units exited in it.
    """
    return self._pair(self.leaving)


@internal
def _store_leaving(requested: uint256, exited: uint256):
    self.leaving = packing._pack(requested, exited, 0)


@internal
@view
def _staged() -> (uint256, uint256):
    """
    @return Base held for staged deposits.
    @return Quote held for them.
    """
    return self._pair(self.staging)


@internal
def _store_staged(base: uint256, quote: uint256):
    self.staging = packing._pack(base, quote, 0)


@internal
@pure
def _pair(word: uint256) -> (uint256, uint256):
    first: uint256 = 0
    second: uint256 = 0
    beside: uint256 = 0
    first, second, beside = packing._unpack(word)
    return first, second


# Providers


@internal
@view
def _position(provider: address) -> IPool.Position:
    position: IPool.Position = empty(IPool.Position)
    nothing: uint256 = 0
    position.units, position.principal_base, position.clock = packing._unpack(self.positions[provider][0])
    position.principal_quote, nothing, position.last_added = packing._unpack(self.positions[provider][1])
    return position


@internal
def _store_position(provider: address, position: IPool.Position):
    self.positions[provider] = [
        packing._pack(position.units, position.principal_base, position.clock),
        packing._pack(position.principal_quote, 0, position.last_added),
    ]


@internal
@view
def _request(provider: address) -> IPool.Request:
    request: IPool.Request = empty(IPool.Request)
    nothing: uint256 = 0
    request.units, nothing, request.epoch = packing._unpack(self.requests[provider])
    return request


@internal
def _store_request(provider: address, request: IPool.Request):
    self.requests[provider] = packing._pack(request.units, 0, request.epoch)


@internal
@view
def _deposit(provider: address) -> IPool.Deposit:
    deposit: IPool.Deposit = empty(IPool.Deposit)
    deposit.base, deposit.quote, deposit.staged_at = packing._unpack(self.deposits[provider])
    return deposit


@internal
def _store_deposit(provider: address, deposit: IPool.Deposit):
    self.deposits[provider] = packing._pack(deposit.base, deposit.quote, deposit.staged_at)
