"""R10: protection for a position from the pending pool."""

import ape

from tests.unit.support import (
    open_books,
    ANY_PRICE,
    DAY,
    LOT,
    MAX,
    ONE,
    START,
    TOTAL,
    UNLIMITED,
    activate,
    add,
    changes,
    fields,
    move_market,
    quadruple_price,
    reason,
    set_oracle,
    wait,
)


def test_principal_and_clock_start_together(pool, founder, events):
    wait(30)
    before = pool.state()
    receipt = pool.begin_protection(sender=founder)
    assert events(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "ProtectionBegun", "founder", LOT, LOT, LOT),
    ]
    # the lock-up still runs from the add
    assert fields(pool.position(founder)) == (LOT, LOT, LOT, START + 30, START)
    assert changes(before, pool.state()) == {"oracle_updated_at": START + 30, "struck": LOT}


def test_the_principal_is_the_share_at_the_price_of_that_moment(pool, base, quote, founder, events):
    quadruple_price(pool, base, quote)
    assert events(pool.begin_protection(sender=founder)) == [("pool", "ProtectionBegun", "founder", LOT, LOT // 2, 2 * LOT)]


def test_only_an_active_pool_protects(pending_pool, suspended_pool, founder):
    assert reason(pending_pool().begin_protection, sender=founder) == "pool: not active"
    assert reason(suspended_pool.begin_protection, sender=founder) == "pool: not active"


def test_there_must_be_a_position(pool, outsider):
    assert reason(pool.begin_protection, sender=outsider) == "pool: no position"
    with ape.reverts("pool: no position"):
        pool.begin_protection(sender=outsider)


def test_protection_begins_once(pool, founder, provider):
    assert reason(pool.begin_protection, sender=provider) == "pool: already protected"
    pool.begin_protection(sender=founder)
    assert reason(pool.begin_protection, sender=founder) == "pool: already protected"


def test_a_moved_price_is_refused(pool, base, quote, founder):
    move_market(pool, base, quote, TOTAL, 2 * TOTAL)
    set_oracle(pool, ONE)
    assert reason(pool.begin_protection, sender=founder) == "pool: price unstable"


def test_the_checks_come_in_order(pool, founder, provider, outsider, controller, governor):
    set_oracle(pool, ONE // 2)
    assert reason(pool.begin_protection, sender=outsider) == "pool: no position"
    assert reason(pool.begin_protection, sender=provider) == "pool: already protected"
    assert reason(pool.begin_protection, sender=founder) == "pool: price unstable"
    controller.set_status(pool, 2, *ANY_PRICE, sender=governor)
    assert reason(pool.begin_protection, sender=outsider) == "pool: not active"


def test_an_emptied_position_has_nothing_to_protect(pool, founder):
    wait(DAY)
    pool.exit(LOT, 0, 0, sender=founder)
    assert reason(pool.begin_protection, sender=founder) == "pool: no position"


def test_the_largest_principal_is_struck(new_pool, spare_base, spare_quote, governor, controller):
    pool = new_pool()
    for token in (spare_base, spare_quote):
        token.approve(pool, UNLIMITED, sender=governor)
    most = spare_base.balanceOf(governor)
    add(pool, most, most, governor)
    activate(controller, pool, governor)
    pool.begin_protection(sender=governor)
    # the position is all but the locked units
    assert fields(pool.position(governor))[1:3] == (most - 1_000, most - 1_000)
    assert most < MAX


def test_one_epoch_strikes_no_more_units_than_it_opened_with(pool, founder):
    open_books(pool, LOT - 1)
    assert reason(pool.begin_protection, sender=founder) == "pool: struck too much this epoch"
    open_books(pool, LOT)
    pool.begin_protection(sender=founder)
    assert pool.state().struck == LOT
