"""R4, R13: what every call that touches the pool does first."""

from tests.unit.support import DAY, EPOCH, LOT, ONE, START, TOTAL, activate, add, changes, move_market, set_oracle, wait


def touch(pool, provider):
    """The smallest call that touches: a request for one unit."""
    return pool.request_withdrawal(1, sender=provider)


def requested(epoch):
    return ("pool", "WithdrawalRequested", "provider", epoch, 1)


def test_the_oracle_moves_before_the_epoch_turns(pool, base, quote, provider, events):
    move_market(pool, base, quote, TOTAL // 2, 2 * TOTAL)
    set_oracle(pool, 3 * ONE)
    wait(600)
    # 600 of 1_800 seconds from 3 to 4: 3 1/3
    price = ONE * 10 // 3
    assert events(touch(pool, provider)) == [("pool", "OracleUpdated", price), requested(EPOCH)]
    assert pool.state().oracle == price
    wait(DAY)
    # the adds of the first epoch outweigh the unit requested
    assert events(touch(pool, provider)) == [
        ("pool", "OracleUpdated", 4 * ONE),
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        requested(EPOCH + 1),
    ]


def test_a_second_touch_in_a_block_does_nothing(pool, provider, events):
    wait(60)
    touch(pool, provider)
    assert events(touch(pool, provider)) == [requested(EPOCH)]


def test_a_jump_of_the_spot_price_is_clipped_to_twice_and_half_the_oracle(pool, base, quote, provider, events):
    move_market(pool, base, quote, TOTAL, 100 * TOTAL)
    set_oracle(pool, ONE)
    wait(1_800)
    assert events(touch(pool, provider))[0] == ("pool", "OracleUpdated", 2 * ONE)
    move_market(pool, base, quote, TOTAL, TOTAL)
    set_oracle(pool, 100 * ONE)
    wait(1_800)
    assert events(touch(pool, provider))[0] == ("pool", "OracleUpdated", 50 * ONE)


def test_more_than_the_window_counts_as_the_window(pool, base, quote, provider, events):
    move_market(pool, base, quote, TOTAL, TOTAL * 3 // 2)
    set_oracle(pool, ONE)
    wait(100 * 1_800)
    assert events(touch(pool, provider))[0] == ("pool", "OracleUpdated", ONE * 3 // 2)


def test_outside_active_only_the_epoch_turns(suspended_pool, provider, events):
    wait(DAY)
    assert events(touch(suspended_pool, provider)) == [
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        requested(EPOCH + 1),
    ]


def test_the_turn_clears_the_books(pool, provider, founder):
    wait(DAY)
    pool.request_withdrawal(7, sender=provider)
    pool.exit(5, 0, 0, sender=founder)
    add(pool, 3, 3, founder)
    assert (pool.state().requested, pool.state().exited, pool.state().added) == (7, 5, 3)
    before = pool.state()
    wait(DAY)
    pool.exit(1, 0, 0, sender=provider)
    assert changes(before, pool.state()) == {
        "reserve_base": before.reserve_base - 1, "reserve_quote": before.reserve_quote - 1, "total_units": before.total_units - 1,
        "oracle_updated_at": START + 2 * DAY, "epoch": EPOCH + 2, "requested": 0, "exited": 1, "added": 0,
        "struck": 0, "opening_units": before.total_units,
    }  # fmt: skip


def test_a_fifth_of_all_units_makes_a_bailout(pool, provider, events):
    wait(DAY)
    # a fifth of TOTAL
    pool.request_withdrawal(4_000_000_200, sender=provider)
    wait(DAY)
    assert events(touch(pool, provider))[1] == ("pool", "EpochOpened", EPOCH + 2, True, 4_000_000_200, TOTAL)
    assert pool.state().bailout


def test_one_unit_less_does_not(pool, provider, events):
    wait(DAY)
    pool.request_withdrawal(4_000_000_199, sender=provider)
    wait(DAY)
    assert events(touch(pool, provider))[1] == ("pool", "EpochOpened", EPOCH + 2, False, 4_000_000_199, TOTAL)


def test_adds_make_up_for_requests_and_exits(pool, provider, founder, keeper, events):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    pool.exit(LOT // 2, 0, 0, sender=founder)
    add(pool, LOT, LOT, keeper)
    wait(DAY)
    # 1.5 - 1 lots of 2.5: a fifth, but for the locked units
    total = TOTAL + LOT // 2
    assert events(touch(pool, provider))[1] == ("pool", "EpochOpened", EPOCH + 2, False, LOT // 2, total)


def test_an_idle_epoch_has_empty_books(pool, provider, events):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    wait(2 * DAY)
    assert events(touch(pool, provider))[1] == ("pool", "EpochOpened", EPOCH + 3, False, 0, TOTAL)


def test_a_bailout_lasts_one_epoch(pool, provider, events):
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    wait(DAY)
    pool.exit(1, 0, 0, sender=provider)
    assert pool.state().bailout
    wait(DAY)
    assert events(touch(pool, provider))[1] == ("pool", "EpochOpened", EPOCH + 3, False, 1, TOTAL - 1)


def test_the_first_add_counts_without_the_locked_units(pending_pool, controller, governor):
    pool = pending_pool()
    activate(controller, pool, governor)
    assert pool.state().added == LOT
