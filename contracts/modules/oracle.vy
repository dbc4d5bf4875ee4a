# pragma version 0.4.3
"""
@title Oracle
@license MIT
@notice A lagging price that one block cannot move (R4), and the guard against a spot price away from it (R6).
@dev Reserves are at most `fixed_point.MAX`, so that a spot price is below 2**224 and so is their average.
"""

from . import fixed_point


@internal
@pure
def _spot_price(reserve_base: uint256, reserve_quote: uint256) -> uint256:
    """
    @notice The price the reserves give: `floor(Q * Q112 / B)`.
    @param reserve_base Reserve of base; positive.
    @param reserve_quote Reserve of quote.
    @return Quote per base, times `Q112`, rounded down.
    """
    return reserve_quote * fixed_point.Q112 // reserve_base


@internal
@pure
def _advance(price: uint256, spot: uint256, elapsed: uint256, window: uint256) -> uint256:
    """
    @notice The oracle after some time at a spot price (R4): clipped to half and twice the old price, then weighed
            by the part of the window that has passed.
    @param price The oracle price before.
    @param spot The spot price meanwhile.
    @param elapsed Seconds since the last update.
    @param window Seconds in which the oracle catches up; positive and at most 604_800 (2**20).
    @return The oracle price now, rounded down; at least 1 if both prices are.
    """
    clipped: uint256 = max(price // 2, min(spot, 2 * price))
    weight: uint256 = min(elapsed, window)
    # Below 2**226 * 2**20.
    return (price * (window - weight) + clipped * weight) // window


@internal
@pure
def _deviates(price: uint256, spot: uint256, max_deviation_bps: uint256) -> bool:
    """
    @notice Whether spot is further from the oracle than allowed (R6).
    @param price The oracle price.
    @param spot The spot price.
    @param max_deviation_bps The greatest deviation allowed, in basis points of the oracle price.
    @return True if `abs(spot - price) * BPS > max_deviation_bps * price`.
    """
    difference: uint256 = max(spot, price) - min(spot, price)
    return difference * fixed_point.BPS > max_deviation_bps * price
