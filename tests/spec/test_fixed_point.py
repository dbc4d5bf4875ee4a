import pytest

from model.fixed_point import mul_div, mul_div_up
from model.state import Revert


def test_rounds_once_down_and_up():
    # 7*3 / 4 = 5.25
    assert mul_div(7, 3, 4) == 5
    assert mul_div_up(7, 3, 4) == 6


def test_exact_quotients_are_not_rounded():
    assert mul_div(8, 3, 4) == 6
    assert mul_div_up(8, 3, 4) == 6
    assert mul_div_up(0, 3, 4) == 0


def test_a_product_of_512_bits_is_fine_if_the_quotient_fits():
    assert mul_div(2**255, 2**200, 2**200) == 2**255
    assert mul_div(2**256 - 1, 2**256 - 1, 2**256 - 1) == 2**256 - 1
    assert mul_div_up(2**256 - 1, 2**256 - 1, 2**256 - 1) == 2**256 - 1


@pytest.mark.parametrize("divide", [mul_div, mul_div_up])
def test_a_quotient_of_more_than_256_bits_reverts(divide):
    with pytest.raises(Revert, match="^math: mul_div overflow$"):
        divide(2**128, 2**128, 1)


def test_rounding_up_can_be_what_overflows():
    # (2**257 - 1) / 2 = 2**256 - 0.5
    assert mul_div(2**257 - 1, 1, 2) == 2**256 - 1
    with pytest.raises(Revert, match="^math: mul_div overflow$"):
        mul_div_up(2**257 - 1, 1, 2)
