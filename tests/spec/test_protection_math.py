"""R15, by hand."""

from model.protection_math import Entitlement, coverage_at_price, coverage_at_spot, entitlement, protected_age

DAY = 86_400
ONE = 2**112


def test_the_worked_example():
    # in millionths. Holding: 10**9/60 + 10**8 = 16_666_666.67 + 100_000_000 -> 116_666_666
    # redeeming: 2_449_489_000/60 + 40_824_000 = 40_824_816.67 + 40_824_000 -> 81_648_817
    coverage = coverage_at_spot(1_000_000_000, 100_000_000, 2_449_489_000, 40_824_000, 60, 1)
    assert coverage == 116_666_666 - 81_648_817 == 35_017_849
    owed = entitlement(1_000_000_000, 100_000_000, 2_449_489_000, 40_824_000, coverage, 49 * DAY, 100 * DAY)
    # quote is missing: 59_176_000*0.49 = 28_996_240; base is over: 1_449_489_000*0.49 = 710_249_610
    # 35_017_849*0.49 = 17_158_746.01
    assert owed == Entitlement(base_in_deficit=False, deficit=28_996_240, surplus=710_249_610, owed=17_158_746, short=0)


def test_coverage_at_a_price_of_four():
    # 100*4 + 100 - 50*4 - 200 = 100
    assert coverage_at_spot(100, 100, 50, 200, 1_000, 4_000) == 100
    assert coverage_at_price(100, 100, 50, 200, 4 * ONE) == 100


def test_coverage_rounds_against_the_provider():
    # price 1/3: 10/3 + 10 -> 13; 5/3 + 2 -> 4
    assert coverage_at_spot(10, 10, 5, 2, 3, 1) == 9
    assert coverage_at_price(10, 10, 5, 2, ONE // 3) == 9


def test_no_loss_no_coverage():
    assert coverage_at_spot(100, 100, 100, 100, 1_000, 1_000) == 0
    assert coverage_at_spot(100, 100, 200, 200, 1_000, 1_000) == 0
    assert coverage_at_price(100, 100, 200, 200, ONE) == 0


def test_age_counts_from_the_clock_up_to_full_protection():
    assert protected_age(1_000, 1_000, 100 * DAY) == 0
    assert protected_age(1_000, 1_000 + 49 * DAY, 100 * DAY) == 49 * DAY
    assert protected_age(1_000, 1_000 + 100 * DAY, 100 * DAY) == 100 * DAY
    assert protected_age(1_000, 1_000 + 5_000 * DAY, 100 * DAY) == 100 * DAY


def test_no_clock_or_no_protection_is_age_zero():
    assert protected_age(0, 10**9, 100 * DAY) == 0
    assert protected_age(1_000, 10**9, 0) == 0


def test_level_one_owes_everything():
    assert entitlement(100, 100, 50, 200, 100, 100, 100) == Entitlement(True, 50, 100, 100, 0)


def test_a_part_of_the_level_rounds_for_the_reserve():
    # a third: 50/3 = 16.7 down, 100/3 = 33.3 up, 100/3 down
    assert entitlement(100, 100, 50, 200, 100, 1, 3) == Entitlement(True, 16, 34, 33, 0)


def test_quote_in_deficit():
    # price 1/4: b1 = 200, q1 = 50: 100/4 + 100 - 200/4 - 50 = 25
    assert coverage_at_spot(100, 100, 200, 50, 4_000, 1_000) == 25
    assert entitlement(100, 100, 200, 50, 25, 1, 2) == Entitlement(False, 25, 50, 12, 0)


def test_as_much_base_as_before_is_no_base_deficit():
    assert entitlement(100, 100, 100, 90, 10, 1, 1) == Entitlement(False, 10, 0, 10, 0)


def test_both_in_deficit_leaves_no_surplus():
    assert entitlement(100, 100, 90, 95, 15, 1, 1) == Entitlement(True, 10, 0, 15, 5)


def test_nothing_is_due_without_coverage_or_age():
    nothing = Entitlement(base_in_deficit=False, deficit=0, surplus=0, owed=0, short=0)
    assert entitlement(100, 100, 50, 200, 0, 100, 100) == nothing
    assert entitlement(100, 100, 50, 200, 100, 0, 100) == nothing
    assert entitlement(100, 100, 50, 200, 100, 0, 0) == nothing
    assert not nothing.is_due


def test_what_rounds_to_zero_is_not_due():
    # 1*1/3 and 2*1/3
    assert not entitlement(100, 100, 99, 101, 2, 1, 3).is_due
    # a deficit of 0 with 4/3 owed is
    assert entitlement(100, 100, 99, 100, 4, 1, 3) == Entitlement(True, 0, 0, 1, 0)
    assert entitlement(100, 100, 99, 100, 4, 1, 3).is_due
