# pragma version 0.4.3
"""
@title Fixed point
@license MIT
@notice The scales and bounds of the protocol, and the three ways an amount meets a price. A price is quote
        base units per base base unit, times `Q112`.
@dev Prices stay below 2**225, amounts at most `MAX`; everything here reverts with the reasons of the imported
     512-bit division where a result does not fit 256 bits.
"""

from snekmate.utils import math

# The scale of prices and of reward indices.
Q112: constant(uint256) = 2**112

# The greatest amount, reserve, principal, unit or share count: two of them multiply without overflow.
MAX: constant(uint256) = 2**112 - 1

# The scale of ratios: one is 10_000 basis points.
BPS: constant(uint256) = 10_000


@internal
@pure
def _value(amount: uint256, price: uint256) -> uint256:
    """
    @notice What an amount of base is worth: `floor(amount * price / Q112)`.
    @param amount Base units of base.
    @param price Quote per base, times `Q112`.
    @return Base units of quote, rounded down.
    """
    return math._mul_div(amount, price, Q112, False)


@internal
@pure
def _value_up(amount: uint256, price: uint256) -> uint256:
    """
    @notice What an amount of base is worth: `ceil(amount * price / Q112)`.
    @param amount Base units of base.
    @param price Quote per base, times `Q112`.
    @return Base units of quote, rounded up.
    """
    return math._mul_div(amount, price, Q112, True)


@internal
@pure
def _quantity(worth: uint256, price: uint256) -> uint256:
    """
    @notice How much base a value in quote buys: `floor(worth * Q112 / price)`.
    @param worth Base units of quote.
    @param price Quote per base, times `Q112`; positive.
    @return Base units of base, rounded down; the greatest integer where the result does not fit 256 bits.
    """
    # worth * 2**112 / price >= 2**256 iff worth / 2**144 >= price.
    if worth >> 144 >= price:
        return max_value(uint256)
    return math._mul_div(worth, Q112, price, False)
