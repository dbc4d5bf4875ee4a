"""What a pool tells about itself, as of now."""

import pytest

from tests.unit.support import ANY_PRICE, DAY, EPOCH, FIRST, LOT, ONE, START, TOTAL, fields, move_market, parameters, set_oracle, wait


def test_the_constants(pool, base, quote, controller, reserve, backstop):
    assert (pool.base(), pool.quote()) == (base, quote)
    assert (pool.controller(), pool.reserve(), pool.backstop()) == (controller, reserve, backstop)
    assert pool.epoch_seconds() == DAY
    assert fields(pool.parameters()) == parameters()


def test_the_stored_state(pool):
    assert fields(pool.state()) == (1, TOTAL, TOTAL, TOTAL, 0, 0, ONE, START, EPOCH, False, 0, 0, 2 * LOT, 0, TOTAL, 0)


def test_the_stored_state_of_a_new_pool(new_pool):
    pool = new_pool()
    assert fields(pool.state()) == (0, 0, 0, 0, 0, 0, 0, 0, EPOCH, False, 0, 0, 0, 0, 0, 0)


def test_a_stranger_has_nothing(pool, outsider):
    assert fields(pool.position(outsider)) == (0, 0, 0, 0, 0)
    assert fields(pool.request(outsider)) == (0, 0)
    assert fields(pool.deposit(outsider)) == (0, 0, 0)


def test_the_status(pool, pending_pool, controller, governor):
    assert pending_pool().status() == 0
    assert pool.status() == 1
    controller.set_status(pool, 2, *ANY_PRICE, sender=governor)
    assert pool.status() == 2


def test_the_spot_price(pool, new_pool, base, quote):
    assert new_pool().spot_price() == 0
    assert pool.spot_price() == ONE
    move_market(pool, base, quote, FIRST, 3 * FIRST)
    assert pool.spot_price() == 3 * ONE


def test_the_oracle_price_is_what_a_touch_would_store(pool, pending_pool, base, quote, provider):
    assert pending_pool().oracle_price() == 0
    move_market(pool, base, quote, FIRST, 2 * FIRST)
    set_oracle(pool, ONE)
    assert pool.oracle_price() == ONE
    wait(900)
    assert pool.oracle_price() == ONE * 3 // 2
    assert pool.state().oracle == ONE
    pool.request_withdrawal(1, sender=provider)
    assert pool.state().oracle == ONE * 3 // 2


def test_the_regime_is_what_a_touch_would_store(pool, provider):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    assert not pool.in_bailout()
    wait(DAY)
    assert pool.in_bailout()
    assert not pool.state().bailout
    pool.exit(1, 0, 0, sender=provider)
    assert pool.in_bailout()
    wait(DAY)
    assert not pool.in_bailout()


@pytest.mark.parametrize(("units", "locked"), [(4_000_000_199, False), (4_000_000_200, True)])
def test_stake_is_locked_from_the_request_that_makes_a_bailout_to_its_end(pool, provider, units, locked):
    wait(DAY)
    pool.request_withdrawal(units, sender=provider)
    assert pool.stake_locked() is locked
    wait(DAY)
    assert pool.stake_locked() is locked
    wait(DAY)
    assert pool.stake_locked() is False


def test_stake_is_unlocked_by_a_cancellation(pool, provider):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    pool.request_withdrawal(0, sender=provider)
    assert not pool.stake_locked()
