# pragma version 0.4.3
"""
@title Liquidity maths
@license MIT
@notice Units minted for an add (R5), what units redeem for, and the principal they are protected at (R7).
@dev Arguments are at most `fixed_point.MAX`; a product of two of them fits 256 bits, of three it does not.
"""

from snekmate.utils import math

# Units of the first add that are locked for ever (R5).
MINIMUM_UNITS: constant(uint256) = 1_000


@internal
@pure
def _units_minted(
    base: uint256, quote: uint256, reserve_base: uint256, reserve_quote: uint256, units: uint256
) -> uint256:
    """
    @notice Units for an add of any composition (R5). First: `isqrt(base*quote)`, the locked ones included; later:
            `floor(U * (q*B + b*Q + 2*b*q) / (q*B + b*Q + 2*Q*B))`.
    @param base Base added.
    @param quote Quote added.
    @param reserve_base Reserve of base before the add.
    @param reserve_quote Reserve of quote before the add.
    @param units Units in existence before the add; 0 marks the first.
    @return New units, rounded down: in favour of the units in existence.
    """
    if units == 0:
        return isqrt(base * quote)
    # Each product is below 2**224, each sum below 2**226.
    cross: uint256 = quote * reserve_base + base * reserve_quote
    return math._mul_div(
        units, cross + 2 * base * quote, cross + 2 * reserve_quote * reserve_base, False
    )


@internal
@pure
def _redeemable(reserve: uint256, units: uint256, total_units: uint256) -> uint256:
    """
    @notice What units redeem for of one reserve (R15.1): `floor(reserve * units / total_units)`.
    @param reserve The reserve.
    @param units The units that redeem.
    @param total_units All units of the pool; positive.
    @return Base units of the reserve's token, rounded down.
    """
    return reserve * units // total_units


@internal
@pure
def _principal(
    share_base: uint256, share_quote: uint256, reserve_base: uint256, reserve_quote: uint256
) -> (uint256, uint256):
    """
    @notice A share of the pool re-balanced to a symmetrical deposit at the pool's price (R7):
            `isqrt(floor(bs*qs*B / Q))` and `isqrt(floor(bs*qs*Q / B))`.
    @param share_base What the new units redeem for in base.
    @param share_quote What the new units redeem for in quote.
    @param reserve_base Reserve of base that gives the price: the one before the add.
    @param reserve_quote Reserve of quote that gives the price: the one before the add.
    @return Principal of base, rounded down: in favour of the Reserve.
    @return Principal of quote, rounded down: in favour of the Reserve.
    @custom:reverts `math: mul_div overflow` if a principal would exceed 2**128.
    """
    product: uint256 = share_base * share_quote
    return (
        isqrt(math._mul_div(product, reserve_base, reserve_quote, False)),
        isqrt(math._mul_div(product, reserve_quote, reserve_base, False)),
    )


@internal
@pure
def _portion(amount: uint256, part: uint256, whole: uint256) -> uint256:
    """
    @notice The portion of an amount that goes with a part of the units (R15.1): `floor(amount * part / whole)`.
    @param amount The amount that belongs to the whole.
    @param part The part.
    @param whole The whole; positive.
    @return The portion, rounded down: in favour of the Reserve.
    """
    return amount * part // whole
