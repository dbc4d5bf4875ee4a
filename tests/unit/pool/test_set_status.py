"""R1: a pool's status, from the pool's side. The governor's side is the Controller's."""

import ape
import pytest

from tests.unit.support import ANY_PRICE, ONE, START, TOTAL, changes, move_market, reason, set_oracle, wait


@pytest.fixture
def controller_account(become, controller):
    return become(controller)


def test_only_the_controller_sets_it(pool, governor, outsider):
    for caller in (governor, outsider):
        assert reason(pool.set_status, 2, *ANY_PRICE, sender=caller) == "pool: caller is not the controller"
    with ape.reverts("pool: caller is not the controller"):
        pool.set_status(2, *ANY_PRICE, sender=governor)


def test_the_first_activation_starts_the_oracle_at_spot(new_pool, founder, controller_account, events):
    pool = new_pool()
    pool.add(10_000, 30_000, 0, START, sender=founder)
    wait(5)
    before = pool.state()
    assert events(pool.set_status(1, *ANY_PRICE, sender=controller_account)) == [("second_pool", "StatusSet", 1, 3 * ONE)]
    assert changes(before, pool.state()) == {
        "status": 1, "oracle": 3 * ONE, "oracle_updated_at": START + 5, "opening_units": 17_320,
    }  # fmt: skip


def test_suspension_takes_the_oracle_to_now_and_there_it_stays(pool, base, quote, controller_account, events):
    move_market(pool, base, quote, TOTAL, 2 * TOTAL)
    set_oracle(pool, ONE)
    wait(900)
    # half of the window from 1 to 2
    assert events(pool.set_status(2, *ANY_PRICE, sender=controller_account)) == [
        ("pool", "OracleUpdated", ONE * 3 // 2),
        ("pool", "StatusSet", 2, ONE * 3 // 2),
    ]
    wait(3_600)
    assert pool.oracle_price() == ONE * 3 // 2


def test_the_time_in_between_does_not_count(pool, base, quote, controller_account, provider, events):
    pool.set_status(2, *ANY_PRICE, sender=controller_account)
    move_market(pool, base, quote, TOTAL, 2 * TOTAL)
    set_oracle(pool, ONE)
    wait(3_600)
    before = pool.state()
    assert events(pool.set_status(1, *ANY_PRICE, sender=controller_account)) == [("pool", "StatusSet", 1, ONE)]
    assert changes(before, pool.state()) == {"status": 1, "oracle_updated_at": START + 3_600}
    wait(900)
    assert events(pool.request_withdrawal(1, sender=provider))[0] == ("pool", "OracleUpdated", ONE * 3 // 2)


@pytest.mark.parametrize(("path", "refused"), [((), (0, 2, 3)), ((1,), (0, 1, 7)), ((1, 2), (0, 2, 7))])
def test_only_the_arrows_of_the_rules(pending_pool, controller_account, path, refused):
    pool = pending_pool()
    for status in path:
        pool.set_status(status, *ANY_PRICE, sender=controller_account)
    for status in refused:
        assert reason(pool.set_status, status, *ANY_PRICE, sender=controller_account) == "pool: bad status change"


def test_a_pool_without_units_cannot_become_active(new_pool, controller_account):
    pool = new_pool()
    assert reason(pool.set_status, 1, *ANY_PRICE, sender=controller_account) == "pool: no units"
    assert reason(pool.set_status, 2, *ANY_PRICE, sender=controller_account) == "pool: bad status change"


def test_a_pool_becomes_active_at_a_price_within_bounds_only(pending_pool, pool, controller_account):
    pool_at_one = pending_pool()
    pool.set_status(2, *ANY_PRICE, sender=controller_account)
    for target in (pool_at_one, pool):
        for bounds in ((ONE + 1, 2**256 - 1), (0, ONE - 1), (ONE + 1, ONE - 1)):
            assert reason(target.set_status, 1, *bounds, sender=controller_account) == "pool: price out of bounds"
        target.set_status(1, ONE, ONE, sender=controller_account)
        assert target.status() == 1


def test_suspension_has_no_price(pool, controller_account):
    pool.set_status(2, ONE + 1, ONE - 1, sender=controller_account)
    assert pool.status() == 2
