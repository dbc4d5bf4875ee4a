"""R12, R13: requests."""

import ape

from tests.unit.support import DAY, EPOCH, LOT, ONE, TOTAL, changes, fields, reason, wait


def test_a_request_is_booked_in_its_epoch(pool, provider, events):
    before = pool.state()
    assert events(pool.request_withdrawal(300, sender=provider)) == [("pool", "WithdrawalRequested", "provider", EPOCH, 300)]
    assert fields(pool.request(provider)) == (EPOCH, 300)
    assert changes(before, pool.state()) == {"requested": 300}


def test_a_request_touches_the_pool_first(pool, provider, events):
    wait(DAY)
    assert events(pool.request_withdrawal(LOT, sender=provider)) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        ("pool", "WithdrawalRequested", "provider", EPOCH + 1, LOT),
    ]


def test_a_new_request_replaces_the_old_one_in_the_books_too(pool, founder, provider):
    pool.request_withdrawal(7, sender=founder)
    for units in (300, 200, 500):
        pool.request_withdrawal(units, sender=provider)
        assert fields(pool.request(provider)) == (EPOCH, units)
        assert pool.state().requested == 7 + units


def test_zero_cancels(pool, provider, events):
    before = pool.state()
    pool.request_withdrawal(300, sender=provider)
    assert events(pool.request_withdrawal(0, sender=provider)) == [("pool", "WithdrawalRequested", "provider", EPOCH, 0)]
    assert fields(pool.request(provider)) == (0, 0)
    assert changes(before, pool.state()) == {}


def test_a_request_of_the_epoch_before_counted_there(pool, provider):
    pool.request_withdrawal(300, sender=provider)
    wait(DAY)
    pool.request_withdrawal(0, sender=provider)
    assert pool.state().requested == 0
    pool.request_withdrawal(50, sender=provider)
    assert pool.state().requested == 50
    assert fields(pool.request(provider)) == (EPOCH + 1, 50)


def test_requested_units_may_still_be_locked_up(pool, provider):
    assert pool.position(provider).last_added == pool.state().oracle_updated_at
    pool.request_withdrawal(LOT, sender=provider)
    assert pool.request(provider).units == LOT


def test_a_suspended_pool_takes_requests(suspended_pool, provider, events):
    receipt = suspended_pool.request_withdrawal(5, sender=provider)
    assert events(receipt) == [("pool", "WithdrawalRequested", "provider", EPOCH, 5)]


def test_a_pending_pool_does_not(pending_pool, founder):
    assert reason(pending_pool().request_withdrawal, LOT + 1, sender=founder) == "pool: pending"


def test_no_more_than_the_units_of_the_position(pool, provider, outsider):
    assert reason(pool.request_withdrawal, LOT + 1, sender=provider) == "pool: not enough units"
    assert reason(pool.request_withdrawal, 1, sender=outsider) == "pool: not enough units"
    with ape.reverts("pool: not enough units"):
        pool.request_withdrawal(1, sender=outsider)


def test_only_a_live_request_can_be_cancelled(pool, provider, outsider):
    assert reason(pool.request_withdrawal, 0, sender=outsider) == "pool: no request to cancel"
    pool.request_withdrawal(10, sender=provider)
    wait(2 * DAY)
    assert reason(pool.request_withdrawal, 0, sender=provider) == "pool: no request to cancel"
    # lapsed, but stored until it is replaced
    assert fields(pool.request(provider)) == (EPOCH, 10)
