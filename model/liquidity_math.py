"""Units and principals: R5, R7, and the pro-rata shares of R15.1."""

from math import isqrt

from model.fixed_point import mul_div

MINIMUM_UNITS = 1_000


def units_minted(base: int, quote: int, reserve_base: int, reserve_quote: int, units: int) -> int:
    """The units that an add brings into existence (R5).

        first add:  isqrt(base*quote)                         MINIMUM_UNITS of them are locked for ever
        later:      floor(U * (q*B + b*Q + 2*b*q) / (q*B + b*Q + 2*Q*B))

    Parameters
    ----------
    base, quote
        The amounts added, in base units of each token.
    reserve_base, reserve_quote
        The reserves before.
    units
        All units before; 0 at the first add.

    Returns
    -------
    int
        New units, those to be locked included; 0 and up.

    Rounding
    --------
    Down by less than 1 unit, in favour of the units that exist already.
    """
    if units == 0:
        return isqrt(base * quote)
    one_sided = quote * reserve_base + base * reserve_quote
    added = one_sided + 2 * base * quote
    whole = one_sided + 2 * reserve_quote * reserve_base
    return mul_div(units, added, whole)


def portion(amount: int, part: int, whole: int) -> int:
    """A pro-rata part of an amount (R15.1).

        floor(amount*part / whole)

    Parameters
    ----------
    amount
        Any unit.
    part, whole
        Of one unit; `part <= whole`, `whole` positive.

    Returns
    -------
    int
        0 to amount.

    Rounding
    --------
    Down by less than 1: a part of a principal never promises more than the whole did.
    """
    return mul_div(amount, part, whole)


def redeemable(reserve: int, units: int, total_units: int) -> int:
    """What units redeem for of one token: `b1` or `q1` (section 0, R15.1).

        floor(reserve*units / total_units)

    Parameters
    ----------
    reserve
        Base units of the token in the pool.
    units, total_units
        The units that leave, and all units; the latter positive.

    Returns
    -------
    int
        Base units of the token; 0 to reserve.

    Rounding
    --------
    Down by less than 1 base unit, in favour of the units that stay.
    """
    return portion(reserve, units, total_units)


def principal(share_base: int, share_quote: int, reserve_base: int, reserve_quote: int) -> tuple[int, int]:
    """A share of the pool, re-balanced into a symmetrical deposit at the spot price (R7).

        b0 = isqrt(floor(bs*qs*B / Q))        q0 = isqrt(floor(bs*qs*Q / B))

    Parameters
    ----------
    share_base, share_quote
        `bs`, `qs`: what the units struck are a share of, after the add, in base units of each token.
    reserve_base, reserve_quote
        `B`, `Q`: the reserves before the add, both positive; their ratio is the price.

    Returns
    -------
    tuple of int
        The principal (base, quote), in base units; 0 to 2**128 - 1 each.

    Rounding
    --------
    Down by less than 1 base unit each, in favour of the Reserve.

    Raises
    ------
    Revert
        `math: mul_div overflow` if a square, base first, exceeds 2**256 - 1.
    """
    share_product = share_base * share_quote
    base_squared = mul_div(share_product, reserve_base, reserve_quote)
    quote_squared = mul_div(share_product, reserve_quote, reserve_base)
    return isqrt(base_squared), isqrt(quote_squared)
