"""R4 and R6, by hand."""

from model.oracle import advance, deviates, spot_price

ONE = 2**112


def test_the_spot_price_is_quote_per_base():
    assert spot_price(100, 400) == 4 * ONE
    assert spot_price(400, 100) == ONE // 4


def test_the_spot_price_rounds_down():
    # 2**112 = 1 mod 3
    assert spot_price(3, 1) == (ONE - 1) // 3


def test_the_lowest_and_the_highest_spot_price():
    assert spot_price(2**112 - 1, 1) == 1
    assert spot_price(1, 2**112 - 1) == (2**112 - 1) * ONE


def test_no_time_no_change():
    assert advance(1_000, 9_999, 0, 1_800) == 1_000


def test_part_of_the_window_moves_part_of_the_way():
    # (1_000*1_350 + 1_400*450) / 1_800 = 1_100
    assert advance(1_000, 1_400, 450, 1_800) == 1_100


def test_a_whole_window_and_more_moves_all_the_way():
    assert advance(1_000, 1_400, 1_800, 1_800) == 1_400
    assert advance(1_000, 1_400, 10**9, 1_800) == 1_400


def test_one_step_goes_no_further_than_half_or_twice():
    assert advance(1_000, 50_000, 1_800, 1_800) == 2_000
    assert advance(1_000, 1, 1_800, 1_800) == 500
    # (1_001*900 + 500*900) / 1_800 = 750.5
    assert advance(1_001, 1, 900, 1_800) == 750


def test_the_price_never_reaches_zero():
    # half of 1 is 0, but the spot price is at least 1
    assert advance(1, 1, 1_800, 1_800) == 1


def test_the_guard_allows_the_limit_itself():
    # 1 % of 10_000 = 100
    assert not deviates(10_000, 10_100, 100)
    assert not deviates(10_000, 9_900, 100)
    assert deviates(10_000, 10_101, 100)
    assert deviates(10_000, 9_899, 100)
