# pragma version 0.4.3
"""
@title Twin of the pure modules
@license MIT
@notice Every function of the pure modules, callable from outside as `module__function`.
"""

from ..modules import epoch_books
from ..modules import fixed_point
from ..modules import liquidity_math
from ..modules import oracle
from ..modules import packing
from ..modules import protection_math
from ..modules import stake_math
from ..modules import swap_math
from ..modules import waterfall


@external
@pure
def swap_math__swap_output(dx: uint256, x: uint256, y: uint256, min_fee_bps: uint256) -> uint256:
    return swap_math._swap_output(dx, x, y, min_fee_bps)


@external
@pure
def swap_math__swap_fee(dx: uint256, x: uint256, y: uint256, dy: uint256) -> uint256:
    return swap_math._swap_fee(dx, x, y, dy)


@external
@pure
def swap_math__protocol_cut(fee: uint256, protocol_fee_bps: uint256) -> uint256:
    return swap_math._protocol_cut(fee, protocol_fee_bps)


@external
@pure
def liquidity_math__units_minted(
    base: uint256, quote: uint256, reserve_base: uint256, reserve_quote: uint256, units: uint256
) -> uint256:
    return liquidity_math._units_minted(base, quote, reserve_base, reserve_quote, units)


@external
@pure
def liquidity_math__redeemable(reserve: uint256, units: uint256, total_units: uint256) -> uint256:
    return liquidity_math._redeemable(reserve, units, total_units)


@external
@pure
def liquidity_math__principal(
    share_base: uint256, share_quote: uint256, reserve_base: uint256, reserve_quote: uint256
) -> (uint256, uint256):
    return liquidity_math._principal(share_base, share_quote, reserve_base, reserve_quote)


@external
@pure
def liquidity_math__portion(amount: uint256, part: uint256, whole: uint256) -> uint256:
    return liquidity_math._portion(amount, part, whole)


@external
@pure
def protection_math__coverage_at_spot(
    principal_base: uint256,
    principal_quote: uint256,
    base: uint256,
    quote: uint256,
    reserve_base: uint256,
    reserve_quote: uint256,
) -> uint256:
    return protection_math._coverage_at_spot(principal_base, principal_quote, base, quote, reserve_base, reserve_quote)


@external
@pure
def protection_math__coverage_at_price(
    principal_base: uint256, principal_quote: uint256, base: uint256, quote: uint256, price: uint256
) -> uint256:
    return protection_math._coverage_at_price(principal_base, principal_quote, base, quote, price)


@external
@pure
def protection_math__entitlement(
    principal_base: uint256,
    principal_quote: uint256,
    base: uint256,
    quote: uint256,
    coverage: uint256,
    age: uint256,
    full_protection_seconds: uint256,
) -> protection_math.Entitlement:
    return protection_math._entitlement(
        principal_base, principal_quote, base, quote, coverage, age, full_protection_seconds
    )


@external
@pure
def waterfall__allowance(held: uint256, units: uint256, total_units: uint256, bailout: bool) -> uint256:
    return waterfall._allowance(held, units, total_units, bailout)


@external
@pure
def waterfall__in_kind(
    deficit: uint256, surplus: uint256, owed: uint256, short: uint256, allowance: uint256
) -> (uint256, uint256, uint256):
    return waterfall._in_kind(deficit, surplus, owed, short, allowance)


@external
@pure
def waterfall__backstop(owed: uint256, price: uint256, allowance: uint256) -> (uint256, uint256):
    return waterfall._backstop(owed, price, allowance)


@external
@pure
def oracle__spot_price(reserve_base: uint256, reserve_quote: uint256) -> uint256:
    return oracle._spot_price(reserve_base, reserve_quote)


@external
@pure
def oracle__advance(price: uint256, spot: uint256, elapsed: uint256, window: uint256) -> uint256:
    return oracle._advance(price, spot, elapsed, window)


@external
@pure
def oracle__deviates(price: uint256, spot: uint256, max_deviation_bps: uint256) -> bool:
    return oracle._deviates(price, spot, max_deviation_bps)


@external
@pure
def epoch_books__net_withdrawals(requested: uint256, exited: uint256, added: uint256) -> uint256:
    return epoch_books._net_withdrawals(requested, exited, added)


@external
@pure
def epoch_books__opens_in_bailout(
    requested: uint256, exited: uint256, added: uint256, total_units: uint256, threshold_bps: uint256
) -> bool:
    return epoch_books._opens_in_bailout(requested, exited, added, total_units, threshold_bps)


@external
@pure
def stake_math__shares_minted(amount: uint256, total_stake: uint256, total_shares: uint256) -> uint256:
    return stake_math._shares_minted(amount, total_stake, total_shares)


@external
@pure
def stake_math__redeemable(shares: uint256, total_stake: uint256, total_shares: uint256) -> uint256:
    return stake_math._redeemable(shares, total_stake, total_shares)


@external
@pure
def stake_math__index_growth(amount: uint256, total_shares: uint256) -> uint256:
    return stake_math._index_growth(amount, total_shares)


@external
@pure
def stake_math__earned(shares: uint256, index: uint256, index_paid: uint256) -> uint256:
    return stake_math._earned(shares, index, index_paid)


@external
@pure
def stake_math__ends_generation(total_stake: uint256, total_shares: uint256) -> bool:
    return stake_math._ends_generation(total_stake, total_shares)


@external
@pure
def fixed_point__value(amount: uint256, price: uint256) -> uint256:
    return fixed_point._value(amount, price)


@external
@pure
def fixed_point__value_up(amount: uint256, price: uint256) -> uint256:
    return fixed_point._value_up(amount, price)


@external
@pure
def fixed_point__quantity(worth: uint256, price: uint256) -> uint256:
    return fixed_point._quantity(worth, price)


@external
@pure
def packing__pack(first: uint256, second: uint256, beside: uint256) -> uint256:
    return packing._pack(first, second, beside)


@external
@pure
def packing__unpack(word: uint256) -> (uint256, uint256, uint256):
    return packing._unpack(word)
