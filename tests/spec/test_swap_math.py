"""R2, by hand."""

from model.swap_math import protocol_cut, swap_fee, swap_output


def test_the_worked_example():
    # dx*X*Y / (dx+X)**2 = 10**29 / (1.1 * 10**10)**2 = 10**29 / 1.21*10**20 = 826_446_280.99
    assert swap_output(1_000_000_000, 10_000_000_000, 10_000_000_000, 0) == 826_446_280
    # dx*Y / (dx+X) = 10**19 / 1.1*10**10 = 909_090_909.09; less 826_446_280
    assert swap_fee(1_000_000_000, 10_000_000_000, 10_000_000_000, 826_446_280) == 82_644_629


def test_a_swap_of_the_whole_reserve_pays_a_quarter():
    # dx = X = 400, Y = 1_000: 400*400*1_000 / 800**2 = 250; without a fee 500
    assert swap_output(400, 400, 1_000, 0) == 250
    assert swap_fee(400, 400, 1_000, 250) == 250


def test_the_minimum_fee_rules_small_swaps():
    # dx = 1_000, X = Y = 999_000: without a fee 1_000*999_000 / 1_000_000 = 999; by slip 999*0.999 = 998.001
    # at 1 %: 999*0.99 = 989.01
    assert swap_output(1_000, 999_000, 999_000, 0) == 998
    assert swap_output(1_000, 999_000, 999_000, 100) == 989
    assert swap_fee(1_000, 999_000, 999_000, 989) == 10


def test_the_slip_rules_large_swaps():
    # by slip 250, by minimum fee 500*0.9 = 450
    assert swap_output(400, 400, 1_000, 1_000) == 250


def test_dust_buys_nothing():
    # 1*10*10 / 11**2 = 0.83
    assert swap_output(1, 10, 10, 0) == 0
    assert swap_output(0, 10, 10, 0) == 0


def test_the_largest_reserves_do_not_overflow():
    most = 2**112 - 1
    # dx = X = Y = M: M**3 / (2*M)**2 = M/4, and M = 3 mod 4
    assert swap_output(most, most, most, 0) == most // 4


def test_the_cut_rounds_down():
    # 20 % of 82_644_629 = 16_528_925.8
    assert protocol_cut(82_644_629, 2_000) == 16_528_925
    assert protocol_cut(4, 2_000) == 0
    assert protocol_cut(4, 0) == 0
