"""How much is owed: coverage, level and entitlement, R15."""

from dataclasses import dataclass

from model.fixed_point import Q112, mul_div, mul_div_up


@dataclass(frozen=True, slots=True)
class Entitlement:
    """R15.4: `deficit` and `surplus` in base units of the deficit and the surplus token, `owed` in quote.

    `short` is the part of `owed` that is quote missing beside a base deficit.
    """

    base_in_deficit: bool
    deficit: int
    surplus: int
    owed: int
    short: int

    @property
    def is_due(self) -> bool:
        return self.deficit > 0 or self.owed > 0


NOTHING = Entitlement(base_in_deficit=False, deficit=0, surplus=0, owed=0, short=0)


def _coverage(
    principal_base: int, principal_quote: int, base: int, quote: int, price_dividend: int, price_divisor: int
) -> int:
    holding_value = mul_div(principal_base, price_dividend, price_divisor) + principal_quote
    redeeming_value = mul_div_up(base, price_dividend, price_divisor) + quote
    return max(0, holding_value - redeeming_value)


def coverage_at_spot(
    principal_base: int, principal_quote: int, base: int, quote: int, reserve_base: int, reserve_quote: int
) -> int:
    """The loss against holding, at the spot price of the reserves (R15.2).

        max(0, floor(b0*Q / B) + q0 - ceil(b1*Q / B) - q1)

    Parameters
    ----------
    principal_base, principal_quote
        `b0`, `q0` in base units of each token.
    base, quote
        `b1`, `q1`: what the units redeem for.
    reserve_base, reserve_quote
        The reserves before the withdrawal, both positive: their exact ratio is the price.

    Returns
    -------
    int
        Base units of quote; 0 and up.

    Rounding
    --------
    Down as a whole, by less than 2 base units, in favour of the Reserve.

    Raises
    ------
    Revert
        `math: mul_div overflow` if a value exceeds 2**256 - 1.
    """
    return _coverage(principal_base, principal_quote, base, quote, reserve_quote, reserve_base)


def coverage_at_price(principal_base: int, principal_quote: int, base: int, quote: int, price: int) -> int:
    """The loss against holding, at a given price (R15.2).

        max(0, floor(b0*price / Q112) + q0 - ceil(b1*price / Q112) - q1)

    Parameters
    ----------
    principal_base, principal_quote
        `b0`, `q0` in base units of each token.
    base, quote
        `b1`, `q1`: what the units redeem for.
    price
        Quote base units per base base unit, times Q112.

    Returns
    -------
    int
        Base units of quote; 0 and up.

    Rounding
    --------
    Down as a whole, by less than 2 base units, in favour of the Reserve.

    Raises
    ------
    Revert
        `math: mul_div overflow` if a value exceeds 2**256 - 1.
    """
    return _coverage(principal_base, principal_quote, base, quote, price, Q112)


def protected_age(clock: int, now: int, full_protection_seconds: int) -> int:
    """How long a principal has been protected, up to the age of full protection (R15.3).

        min(now - clock, full_protection_seconds)             0 without a clock

    Parameters
    ----------
    clock
        When protection began, in seconds; 0: never.
    now
        The time, in seconds.
    full_protection_seconds
        The age from which the whole loss is protected; 0: no protection.

    Returns
    -------
    int
        Seconds; 0 to full_protection_seconds. Nothing is rounded.
    """
    if clock == 0:
        return 0
    return min(now - clock, full_protection_seconds)


def entitlement(
    principal_base: int,
    principal_quote: int,
    base: int,
    quote: int,
    coverage: int,
    age: int,
    full_protection_seconds: int,
) -> Entitlement:
    """What a withdrawal is owed, in kind and in quote (R15.4).

        deficit = floor((x0 - x1)*age / full_protection_seconds)
        surplus = ceil(max(0, y1 - y0)*age / full_protection_seconds)
        owed    = floor(c*age / full_protection_seconds)
        short   = min(owed, floor(max(0, q0 - q1)*age / full_protection_seconds))     if x is base, else 0

    x is the deficit token: base if b1 < b0, else quote; y is the other one.

    Parameters
    ----------
    principal_base, principal_quote
        `b0`, `q0` in base units of each token.
    base, quote
        `b1`, `q1`: what the units redeem for.
    coverage
        `c` in base units of quote, of the same four quantities.
    age
        Seconds; 0 to full_protection_seconds.
    full_protection_seconds
        The age from which the whole loss is protected.

    Returns
    -------
    Entitlement
        `NOTHING` where coverage or age is 0.

    Rounding
    --------
    In favour of the Reserve: what it gives down, what it takes up, each by less than 1 base unit.

    Raises
    ------
    Revert
        `math: mul_div overflow` if a value exceeds 2**256 - 1.
    """
    if coverage == 0 or age == 0:
        return NOTHING
    base_in_deficit = base < principal_base
    missing = principal_base - base if base_in_deficit else principal_quote - quote
    gained = quote - principal_quote if base_in_deficit else base - principal_base
    deficit = mul_div(missing, age, full_protection_seconds)
    surplus = mul_div_up(max(0, gained), age, full_protection_seconds)
    owed = mul_div(coverage, age, full_protection_seconds)
    missing_quote = max(0, principal_quote - quote) if base_in_deficit else 0
    short = min(owed, mul_div(missing_quote, age, full_protection_seconds))
    return Entitlement(base_in_deficit, deficit, surplus, owed, short)
