"""Exact integers with the limits of the chain: scales, bounds, and division that rounds once."""

from model.state import require

BPS = 10_000
Q112 = 2**112
MAX = 2**112 - 1
UINT256_MAX = 2**256 - 1
OVERFLOW = "math: mul_div overflow"


def mul_div(multiplicand: int, multiplier: int, divisor: int) -> int:
    """Multiply, then divide, rounding once.

        floor(multiplicand*multiplier / divisor)

    Parameters
    ----------
    multiplicand, multiplier, divisor
        Any unit; the divisor is positive.

    Returns
    -------
    int
        0 to 2**256 - 1.

    Rounding
    --------
    Down, by less than 1.

    Raises
    ------
    Revert
        `math: mul_div overflow` if the quotient exceeds 2**256 - 1 (section 0).
    """
    quotient = multiplicand * multiplier // divisor
    require(quotient <= UINT256_MAX, OVERFLOW)
    return quotient


def mul_div_up(multiplicand: int, multiplier: int, divisor: int) -> int:
    """Multiply, then divide, rounding once.

        ceil(multiplicand*multiplier / divisor)

    Parameters
    ----------
    multiplicand, multiplier, divisor
        Any unit; the divisor is positive.

    Returns
    -------
    int
        0 to 2**256 - 1.

    Rounding
    --------
    Up, by less than 1.

    Raises
    ------
    Revert
        `math: mul_div overflow` if the quotient exceeds 2**256 - 1 (section 0).
    """
    quotient = -(-multiplicand * multiplier // divisor)
    require(quotient <= UINT256_MAX, OVERFLOW)
    return quotient
