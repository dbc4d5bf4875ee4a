"""R5, R7 and R15.1, by hand."""

import pytest

from model.liquidity_math import portion, principal, redeemable, units_minted
from model.state import Revert


def test_the_first_add_mints_the_geometric_mean():
    # isqrt(2_000 * 8_000) = isqrt(16_000_000)
    assert units_minted(2_000, 8_000, 0, 0, 0) == 4_000
    assert units_minted(10, 10, 0, 0, 0) == 10
    # isqrt(2 * 3) = 2.4
    assert units_minted(2, 3, 0, 0, 0) == 2


def test_the_worked_example():
    # q = U = B = Q = N, b = 0: N * N*N / (N*N + 2*N*N) = N/3
    whole = 10_000_000_000
    assert units_minted(0, whole, whole, whole, whole) == 3_333_333_333


def test_a_one_sided_add_is_the_same_on_either_side():
    assert units_minted(1_000, 0, 1_000, 4_000, 600) == 200
    assert units_minted(0, 4_000, 1_000, 4_000, 600) == 200


def test_a_symmetrical_add_mints_pro_rata():
    # b = B/10, q = Q/10: qB = bQ = 400_000, 2bq = 80_000, 2QB = 8_000_000: 600 * 880_000 / 8_800_000 = 60
    assert units_minted(100, 400, 1_000, 4_000, 600) == 60


def test_dust_mints_nothing():
    # 10 * 1*100 / (100 + 20_000) = 0.05
    assert units_minted(1, 0, 100, 100, 10) == 0


def test_what_units_redeem_for_rounds_down():
    # 1_000*2/3 = 666.67
    assert redeemable(1_000, 2, 3) == 666
    assert portion(1_000, 2, 3) == 666
    assert redeemable(1_000, 3, 3) == 1_000


def test_the_principal_of_a_symmetrical_share_is_the_share():
    # price 4 (B = 1_000, Q = 4_000), share 100, 400: isqrt(40_000/4) = 100, isqrt(40_000*4) = 400
    assert principal(100, 400, 1_000, 4_000) == (100, 400)


def test_the_principal_of_a_lopsided_share_is_rebalanced_at_the_price_before():
    # price 1, share 200 base and 50 quote: 10_000 either way
    assert principal(200, 50, 1_000, 1_000) == (100, 100)


def test_the_principal_rounds_down_twice():
    # 10*10*1_000/3_000 = 33.3, root of 33 = 5.7; 10*10*3 = 300, root 17.3
    assert principal(10, 10, 1_000, 3_000) == (5, 17)


@pytest.mark.parametrize("reserves", [(2**112 - 1, 1), (1, 2**112 - 1)])
def test_an_extreme_price_overflows(reserves):
    with pytest.raises(Revert, match="^math: mul_div overflow$"):
        principal(2**100, 2**100, *reserves)
