"""R17: exits, which nothing but the lock-up can stop."""

import ape
import pytest

from tests.unit.support import (
    ANY_PRICE,
    DAY,
    EPOCH,
    FIRST,
    LOT,
    ONE,
    START,
    TOTAL,
    WEALTH,
    balances,
    changes,
    fields,
    fill_reserve,
    move_market,
    quadruple_price,
    reason,
    wait,
)

QUARTER = LOT // 4


def test_half_of_a_position_leaves_at_once(pool, base, quote, provider, events):
    wait(DAY)
    before = pool.state()
    assert tuple(pool.exit.call(LOT // 2, LOT // 2, LOT // 2, sender=provider)) == (LOT // 2, LOT // 2)
    receipt = pool.exit(LOT // 2, LOT // 2, LOT // 2, sender=provider)
    left = TOTAL - LOT // 2
    assert events(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        ("pool", "Exited", "provider", LOT // 2, LOT // 2, LOT // 2, left, left, left),
        ("base", "Transfer", "pool", "provider", LOT // 2),
        ("quote", "Transfer", "pool", "provider", LOT // 2),
    ]
    # neither the clock nor the lock-up has changed
    assert fields(pool.position(provider)) == (LOT // 2, LOT // 2, LOT // 2, START, START)
    assert changes(before, pool.state()) == {
        "reserve_base": left, "reserve_quote": left, "total_units": left, "oracle_updated_at": START + DAY,
        "epoch": EPOCH + 1, "added": 0, "exited": LOT // 2,
    }  # fmt: skip
    assert balances(base, provider, pool) == balances(quote, provider, pool) == (WEALTH - LOT // 2, left)


def test_the_last_unit_clears_the_position(pool, provider):
    wait(DAY)
    pool.exit(LOT, 0, 0, sender=provider)
    assert fields(pool.position(provider)) == (0, 0, 0, 0, 0)


def test_an_exit_is_not_protected(pool, base, quote, reserve, provider, governor, events):
    quadruple_price(pool, base, quote)
    fill_reserve(reserve, base, LOT, governor)
    wait(100 * DAY)
    receipt = pool.exit(LOT, 0, 0, sender=provider)
    assert events.own(receipt)[-1] == ("pool", "Exited", "provider", LOT, LOT // 2, 2 * LOT, FIRST // 2, 2 * FIRST, FIRST)


def test_what_stays_of_the_principal_rounds_down(pool, base, quote, keeper):
    # at price 2.25 a unit is two thirds of a base and one and a half quote
    move_market(pool, base, quote, TOTAL * 2 // 3, TOTAL * 3 // 2)
    pool.add(8, 18, 0, START, sender=keeper)
    assert fields(pool.position(keeper)) == (12, 8, 18, START, START)
    wait(DAY)
    pool.exit(5, 0, 0, sender=keeper)
    # 8 * 7/12 = 4.67; 18 * 7/12 = 10.5
    assert fields(pool.position(keeper)) == (7, 4, 10, START, START)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_an_exit_works_in_any_status(pending_pool, controller, governor, founder, status):
    pool = pending_pool()
    for later in range(1, status + 1):
        controller.set_status(pool, later, *ANY_PRICE, sender=governor)
    wait(DAY)
    pool.exit(LOT, 0, 0, sender=founder)
    state = pool.state()
    # the locked units keep the pool from being empty
    assert (state.status, state.total_units, state.reserve_base, state.reserve_quote) == (status, 1_000, 1_000, 1_000)


def test_a_request_of_this_epoch_is_capped_and_the_books_with_it(pool, provider):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    pool.exit(QUARTER, 0, 0, sender=provider)
    assert fields(pool.request(provider)) == (EPOCH + 1, LOT - QUARTER)
    assert (pool.state().requested, pool.state().exited) == (LOT - QUARTER, QUARTER)
    pool.exit(LOT - QUARTER, 0, 0, sender=provider)
    assert fields(pool.request(provider)) == (0, 0)
    assert (pool.state().requested, pool.state().exited) == (0, LOT)


def test_a_request_of_the_epoch_before_is_capped_and_the_books_are_left(pool, provider):
    pool.request_withdrawal(LOT, sender=provider)
    wait(DAY)
    pool.exit(QUARTER, 0, 0, sender=provider)
    assert fields(pool.request(provider)) == (EPOCH, LOT - QUARTER)
    assert (pool.state().requested, pool.state().exited) == (0, QUARTER)


def test_a_smaller_request_is_left_alone(pool, provider):
    pool.request_withdrawal(100, sender=provider)
    wait(DAY)
    pool.exit(LOT - 100, 0, 0, sender=provider)
    assert fields(pool.request(provider)) == (EPOCH, 100)


def test_a_lapsed_request_is_left_alone(pool, provider):
    pool.request_withdrawal(LOT, sender=provider)
    wait(2 * DAY)
    pool.exit(LOT, 0, 0, sender=provider)
    assert fields(pool.request(provider)) == (EPOCH, LOT)


def test_there_must_be_units_to_exit(pool, provider):
    assert reason(pool.exit, 0, 0, 0, sender=provider) == "pool: zero units to exit"


def test_no_more_than_the_units_of_the_position(pool, provider, outsider):
    assert reason(pool.exit, LOT + 1, 0, 0, sender=provider) == "pool: not enough units"
    assert reason(pool.exit, 1, 0, 0, sender=outsider) == "pool: not enough units"
    with ape.reverts("pool: not enough units"):
        pool.exit(1, 0, 0, sender=outsider)


def test_units_are_locked_up_for_a_day_after_the_last_add(pool, provider):
    wait(DAY - 1)
    assert reason(pool.exit, LOT, 0, 0, sender=provider) == "pool: locked up"
    pool.add(2, 2, 0, START + DAY, sender=provider)
    wait(DAY - 1)
    assert reason(pool.exit, LOT, 0, 0, sender=provider) == "pool: locked up"
    wait(1)
    assert tuple(pool.exit.call(LOT, 0, 0, sender=provider)) == (LOT, LOT)


def test_the_minimums(pool, base, quote, provider):
    quadruple_price(pool, base, quote)
    wait(DAY)
    assert tuple(pool.exit.call(LOT, LOT // 2, 2 * LOT, sender=provider)) == (LOT // 2, 2 * LOT)
    assert reason(pool.exit, LOT, LOT // 2 + 1, 2 * LOT, sender=provider) == "pool: base below minimum"
    assert reason(pool.exit, LOT, LOT // 2, 2 * LOT + 1, sender=provider) == "pool: quote below minimum"


def test_the_checks_come_in_order(pool, provider):
    assert reason(pool.exit, LOT + 1, WEALTH, WEALTH, sender=provider) == "pool: not enough units"
    assert reason(pool.exit, LOT, WEALTH, WEALTH, sender=provider) == "pool: locked up"
    wait(DAY)
    assert reason(pool.exit, LOT, WEALTH, WEALTH, sender=provider) == "pool: base below minimum"
