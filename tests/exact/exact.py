"""The model's own functions on exact numbers: the same code, called with `Exact` in the place of integers.

`//` of two `Exact` is their exact quotient, so whatever the model rounds is not rounded. Two things are not exact to the last: square
roots, which are irrational, are taken to 128 bits beyond the point; and a quotient whose denominator has more than 4,096 bits, which
takes a history of several calls, to 1,024.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import inf, isqrt
from typing import Any
from unittest.mock import patch

from model import fixed_point, liquidity_math

ROOT_BITS = 128
LONGEST, KEPT = 4_096, 1_024


class Exact(Fraction):
    """A fraction whose `//` is a division, and whose results are of its own kind."""

    __slots__ = ()


def _staying_exact(operation: Callable) -> Callable:
    def calculate(*numbers: Any) -> Any:
        result = operation(*numbers)
        if result is NotImplemented:
            return result
        if result.denominator.bit_length() > LONGEST:
            return Exact((result.numerator << KEPT) // result.denominator, 1 << KEPT)
        return Exact(result)

    return calculate


for _name in ("add", "sub", "mul", "truediv"):
    for _side in ("", "r"):
        setattr(Exact, f"__{_side}{_name}__", _staying_exact(getattr(Fraction, f"__{_side}{_name}__")))
Exact.__neg__ = _staying_exact(Fraction.__neg__)
Exact.__abs__ = _staying_exact(Fraction.__abs__)
Exact.__floordiv__ = Exact.__truediv__
Exact.__rfloordiv__ = Exact.__rtruediv__


def root(square: Any) -> Any:
    """Of an integer the integer's, as in the model."""
    if not isinstance(square, Exact):
        return isqrt(square)
    scaled = (square.numerator << 2 * ROOT_BITS) // square.denominator
    return Exact(isqrt(scaled), 1 << ROOT_BITS)


@contextmanager
def exactly() -> Iterator[None]:
    """In this block the model's functions take `Exact`. An exact quotient may pass 256 bits by what floor would take off."""
    with patch.object(liquidity_math, "isqrt", root), patch.object(fixed_point, "UINT256_MAX", inf):
        yield


def exact(value: Any) -> Any:
    """Numbers as `Exact`; truths as they are."""
    return value if isinstance(value, bool) else Exact(value)
