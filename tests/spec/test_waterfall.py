"""R16's arithmetic, by hand."""

from model.protection_math import NOTHING, Entitlement
from model.waterfall import Allowances, Payment, allowance, backstop, in_kind, pay

ONE = 2**112


def test_calm_allows_everything():
    assert allowance(777, 1, 5_000, False) == 777


def test_bailout_allows_the_share_of_the_units_that_can_leave():
    # 900 * 1_000 / (5_000 - 1_000) = 225
    assert allowance(900, 1_000, 5_000, True) == 225
    # 901/4 = 225.25
    assert allowance(901, 1_000, 5_000, True) == 225
    # the last one out
    assert allowance(901, 4_000, 5_000, True) == 901


def test_a_deficit_covered_in_full():
    assert in_kind(50, 100, 100, 0, 50) == (50, 100, 0)
    assert in_kind(50, 100, 100, 0, 1_000) == (50, 100, 0)


def test_a_deficit_covered_in_part():
    # 20 of 50: taken 101*20/50 = 40.4 up; owed 99*30/50 = 59.4 down
    assert in_kind(50, 101, 99, 0, 20) == (20, 41, 59)


def test_an_empty_reserve():
    assert in_kind(50, 100, 100, 0, 0) == (0, 0, 100)


def test_a_deficit_that_rounds_to_zero():
    assert in_kind(0, 7, 3, 0, 1_000) == (0, 0, 3)


def test_the_stakers_pay_all():
    # price 2: 101/2 = 50.5
    assert backstop(101, 2 * ONE, 50) == (50, 0)
    assert backstop(0, 2 * ONE, 50) == (0, 0)


def test_the_stakers_pay_what_they_have():
    # 20 at price 2 = 40
    assert backstop(101, 2 * ONE, 20) == (20, 61)
    # 1 at price 1.5 = 1.5 down
    assert backstop(10, 3 * ONE // 2, 1) == (1, 9)
    assert backstop(101, 2 * ONE, 0) == (0, 101)


def test_a_debt_of_less_than_a_base_unit_of_dlq_stays_owed():
    # 1/2 = 0.5 DLQ: nothing to slash, and nothing called paid
    assert backstop(1, 2 * ONE, 50) == (0, 1)


def test_dlq_worth_nearly_nothing_is_all_slashed():
    # needed = 2**200 * 2**112 is more than 256 bits and more than any stake; 50 of it are worth 50/2**112, that is 0
    assert backstop(2**200, 1, 50) == (50, 2**200)


def test_quote_that_is_short_beside_base_stays_owed_in_quote():
    # of 15 owed, 5 are missing quote: paying 4 of 10 base settles 4/10 of the other 10
    assert in_kind(10, 0, 15, 5, 4) == (4, 0, 11)
    assert in_kind(10, 0, 15, 5, 10) == (10, 0, 5)


def test_every_step_takes_what_the_one_before_left():
    # in kind 20 of 50: taken 40, owed 60; quote 10: 50; DLQ 15 at price 2 = 30: 20
    due = Entitlement(base_in_deficit=True, deficit=50, surplus=100, owed=100, short=0)
    assert pay(due, Allowances(20, 10, 15, 2 * ONE)) == Payment(20, 40, 10, 15, 20)


def test_a_quote_deficit_skips_the_step_in_quote():
    due = Entitlement(base_in_deficit=False, deficit=50, surplus=100, owed=100, short=0)
    assert pay(due, Allowances(20, 20, 15, 2 * ONE)) == Payment(20, 40, 0, 15, 30)


def test_without_a_price_the_backstop_is_not_called():
    due = Entitlement(base_in_deficit=True, deficit=50, surplus=100, owed=100, short=0)
    assert pay(due, Allowances(20, 10, 15, 0)) == Payment(20, 40, 10, 0, 50)


def test_nothing_due_nothing_paid():
    assert pay(NOTHING, Allowances(20, 10, 15, 2 * ONE)) == Payment(0, 0, 0, 0, 0)
