# pragma version 0.4.3
"""
@title Protection maths
@license MIT
@notice How much a withdrawal is owed (R15).
@dev Amounts and reserves are at most `fixed_point.MAX`, prices and coverages below 2**225, and
     `age <= full_protection_seconds <= 315_360_000` (ten years, below 2**29).
"""

from snekmate.utils import math

from . import fixed_point

struct Entitlement:
    base_in_deficit: bool  # the deficit token is base, else quote
    deficit: uint256  # of the deficit token, at the level reached
    surplus: uint256  # of the other token, at the level reached
    owed: uint256  # the value protected, in quote
    short: uint256  # the part of it that is quote missing beside a base deficit


@internal
@pure
def _coverage_at_spot(
    principal_base: uint256,
    principal_quote: uint256,
    base: uint256,
    quote: uint256,
    reserve_base: uint256,
    reserve_quote: uint256,
) -> uint256:
    """
    @notice What holding the principal would be worth above redeeming, at the exact spot price (R15.2).
    @param principal_base Base protected.
    @param principal_quote Quote protected.
    @param base Base redeemed.
    @param quote Quote redeemed.
    @param reserve_base Reserve of base, before the withdrawal; positive.
    @param reserve_quote Reserve of quote, before the withdrawal.
    @return The coverage in quote, each side rounded in favour of the Reserve; 0 if there is no loss.
    """
    # Products below 2**224.
    held: uint256 = principal_base * reserve_quote // reserve_base + principal_quote
    redeemed: uint256 = math._ceil_div(base * reserve_quote, reserve_base) + quote
    return held - redeemed if held > redeemed else 0


@internal
@pure
def _coverage_at_price(
    principal_base: uint256, principal_quote: uint256, base: uint256, quote: uint256, price: uint256
) -> uint256:
    """
    @notice What holding the principal would be worth above redeeming, at a price (R15.2).
    @param principal_base Base protected.
    @param principal_quote Quote protected.
    @param base Base redeemed.
    @param quote Quote redeemed.
    @param price Quote per base, times `Q112`.
    @return The coverage in quote, each side rounded in favour of the Reserve; 0 if there is no loss.
    """
    held: uint256 = fixed_point._value(principal_base, price) + principal_quote
    redeemed: uint256 = fixed_point._value_up(base, price) + quote
    return held - redeemed if held > redeemed else 0


@internal
@pure
def _entitlement(
    principal_base: uint256,
    principal_quote: uint256,
    base: uint256,
    quote: uint256,
    coverage: uint256,
    age: uint256,
    full_protection_seconds: uint256,
) -> Entitlement:
    """
    @notice What is due in kind and in value at the level reached (R15.3, R15.4). All zero where there is no
            coverage or no age.
    @param principal_base Base protected.
    @param principal_quote Quote protected.
    @param base Base redeemed.
    @param quote Quote redeemed.
    @param coverage The loss in quote, from the functions above: positive only if one token is in deficit.
    @param age Seconds protected, at most `full_protection_seconds`; 0 if there is no protection.
    @param full_protection_seconds Seconds to the whole level.
    @return Deficit, value owed and short quote, rounded down, and surplus, rounded up: each in favour of the Reserve.
    """
    if coverage == 0 or age == 0:
        return empty(Entitlement)

    base_in_deficit: bool = base < principal_base
    shortage: uint256 = 0
    excess: uint256 = 0
    quote_shortage: uint256 = 0
    if base_in_deficit:
        shortage = principal_base - base
        if quote > principal_quote:
            excess = quote - principal_quote
        else:
            # Both are missing: the principal adds up deposits made at different prices.
            quote_shortage = principal_quote - quote
    else:
        shortage = principal_quote - quote
        # base >= principal_base here.
        excess = base - principal_base

    # The greatest product is coverage * age, below 2**254.
    owed: uint256 = coverage * age // full_protection_seconds
    return Entitlement(
        base_in_deficit=base_in_deficit,
        deficit=shortage * age // full_protection_seconds,
        surplus=math._ceil_div(excess * age, full_protection_seconds),
        owed=owed,
        short=min(owed, quote_shortage * age // full_protection_seconds),
    )
