# pragma version 0.4.3
"""
@title Waterfall
@license MIT
@notice Who pays what is due, step by step (R16).
@dev Amounts are at most `fixed_point.MAX`, values owed and prices below 2**225.
"""

from snekmate.utils import math

from . import fixed_point
from . import liquidity_math


@internal
@pure
def _allowance(held: uint256, units: uint256, total_units: uint256, bailout: bool) -> uint256:
    """
    @notice What one withdrawal may draw from a source (R16): in calm all of it, in bailout the share that the
            units are of all that can ever be withdrawn.
    @param held What the source holds.
    @param units The units that leave.
    @param total_units All units of the pool before the withdrawal, the locked ones included.
    @param bailout Whether the epoch is in bailout.
    @return The allowance, in base units of the source's token, rounded down.
    """
    if not bailout:
        return held
    return held * units // (total_units - liquidity_math.MINIMUM_UNITS)


@internal
@pure
def _in_kind(
    deficit: uint256, surplus: uint256, owed: uint256, short: uint256, allowance: uint256
) -> (uint256, uint256, uint256):
    """
    @notice Step 1: the Reserve exchanges the token in deficit for the one in surplus (R16.1).
    @param deficit What is due of the token in deficit.
    @param surplus What is given up of the other token for all of the deficit.
    @param owed The value owed, in quote.
    @param short The part of it that no base can settle: quote that is missing as well.
    @param allowance What may be drawn of the token in deficit.
    @return Paid to the provider, of the token in deficit.
    @return Taken from the provider, of the other token, rounded up: in favour of the Reserve.
    @return The value still owed, in quote, rounded down.
    """
    if deficit == 0:
        return 0, 0, owed
    paid: uint256 = min(deficit, allowance)
    return (
        paid,
        math._ceil_div(surplus * paid, deficit),
        # owed may take 225 bits.
        math._mul_div(owed - short, deficit - paid, deficit, False) + short,
    )


@internal
@pure
def _backstop(owed: uint256, price: uint256, allowance: uint256) -> (uint256, uint256):
    """
    @notice Step 3: DLQ for the value still owed (R16.3).
    @param owed The value still owed, in quote.
    @param price Quote per DLQ, times `Q112`; positive.
    @param allowance What may be drawn of the pool's stake.
    @return DLQ to slash, rounded down.
    @return The value still owed, in quote: nothing if the allowance was enough, all of it if it is worth less than
            one base unit of DLQ.
    """
    needed: uint256 = fixed_point._quantity(owed, price)
    if needed == 0:
        return 0, owed
    if needed <= allowance:
        return needed, 0
    # allowance < owed * Q112 / price, so its value is at most owed.
    return allowance, owed - fixed_point._value(allowance, price)
