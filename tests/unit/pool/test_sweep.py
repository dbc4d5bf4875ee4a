"""R14: a pool's surpluses."""

import ape
import pytest

from tests.unit.support import ANY_PRICE, DAY, START, TOTAL, balances, changes, reason, wait


def test_without_stakers_all_goes_to_the_reserve(pool, base, reserve, keeper, governor, events):
    base.transfer(pool, 41, sender=governor)
    before = pool.state()
    assert tuple(pool.sweep.call(sender=keeper)) == (41, 0)
    assert events(pool.sweep(sender=keeper)) == [
        ("pool", "Swept", 0, 41, 0, 0),
        ("base", "Transfer", "pool", "reserve", 41),
        ("reserve", "Absorbed", "base", 41, 41),
    ]
    assert changes(before, pool.state()) == {}
    assert balances(base, pool, reserve) == (TOTAL, 41)


def test_stakers_get_their_share_first(pool, base, quote, reserve, backstop, staker, keeper, governor, events):
    backstop.stake(pool, 10, sender=staker)
    base.transfer(pool, 41, sender=governor)
    quote.transfer(pool, 9, sender=governor)
    assert tuple(pool.sweep.call(sender=keeper)) == (41, 9)
    # a quarter: 10.25 and 2.25
    assert events(pool.sweep(sender=keeper)) == [
        ("pool", "Swept", 10, 31, 2, 7),
        ("base", "Transfer", "pool", "backstop", 10),
        ("backstop", "Rewarded", "pool", "base", 10),
        ("base", "Transfer", "pool", "reserve", 31),
        ("reserve", "Absorbed", "base", 31, 31),
        ("quote", "Transfer", "pool", "backstop", 2),
        ("backstop", "Rewarded", "pool", "quote", 2),
        ("quote", "Transfer", "pool", "reserve", 7),
        ("reserve", "Absorbed", "quote", 7, 7),
    ]
    assert (backstop.booked(base), backstop.booked(quote)) == (10, 2)
    assert (reserve.held(base), reserve.held(quote)) == (31, 7)


def test_a_share_that_rounds_to_nothing_is_not_sent(pool, quote, backstop, staker, keeper, governor, events):
    backstop.stake(pool, 10, sender=staker)
    quote.transfer(pool, 3, sender=governor)
    assert events(pool.sweep(sender=keeper)) == [
        ("pool", "Swept", 0, 0, 0, 3),
        ("quote", "Transfer", "pool", "reserve", 3),
        ("reserve", "Absorbed", "quote", 3, 3),
    ]


def test_stakers_may_get_everything(provided_pool, spare_quote, backstop, staker, keeper, governor, events):
    pool = provided_pool(staker_share_bps=10_000)
    backstop.stake(pool, 10, sender=staker)
    spare_quote.transfer(pool, 41, sender=governor)
    assert events(pool.sweep(sender=keeper)) == [
        ("second_pool", "Swept", 0, 0, 41, 0),
        ("spare_quote", "Transfer", "second_pool", "backstop", 41),
        ("backstop", "Rewarded", "second_pool", "spare_quote", 41),
    ]


def test_the_protocols_cut_of_a_swap_is_surplus(pool, base, trader, keeper, events):
    swapped = events(pool.swap(base, 10**9, 0, trader, START, sender=trader))[0]
    cut = swapped[8]
    assert cut > 0
    assert tuple(pool.sweep.call(sender=keeper)) == (0, cut)


def test_nothing_happens_where_there_is_no_surplus(pool, keeper, events):
    pool.stage_deposit(30, 40, sender=keeper)
    wait(DAY)
    assert tuple(pool.sweep.call(sender=keeper)) == (0, 0)
    assert events(pool.sweep(sender=keeper)) == []


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_pool_sweeps_itself_in_any_status_and_without_a_touch(
    pending_pool, controller, governor, spare_base, keeper, events, status
):
    pool = pending_pool()
    for later in range(1, status + 1):
        controller.set_status(pool, later, *ANY_PRICE, sender=governor)
    spare_base.transfer(pool, 5, sender=governor)
    wait(DAY)
    assert events.own(pool.sweep(sender=keeper)) == [
        ("second_pool", "Swept", 0, 5, 0, 0),
        ("reserve", "Absorbed", "spare_base", 5, 5),
    ]


def test_reserves_and_staged_deposits_are_no_surplus(pool, base, keeper, governor):
    pool.stage_deposit(30, 40, sender=keeper)
    base.transfer(pool, 1, sender=governor)
    assert tuple(pool.sweep.call(sender=keeper)) == (1, 0)


def test_a_token_that_has_lost_balances_of_its_own_accord_stops_no_sweep(pool, base, quote, keeper, governor, chain, events):
    chain.provider.make_request("anvil_dealERC20", [pool.address, base.address, hex(TOTAL - 1)])
    quote.transfer(pool, 5, sender=governor)
    assert events.own(pool.sweep(sender=keeper)) == [
        ("pool", "Swept", 0, 0, 0, 5),
        ("reserve", "Absorbed", "quote", 5, 5),
    ]


def test_what_a_sweep_has_sent_is_the_reserves_alone(pool, base, reserve, keeper, governor):
    base.transfer(pool, 41, sender=governor)
    pool.sweep(sender=keeper)
    assert reason(reserve.absorb, base, sender=keeper) == "reserve: nothing to absorb"
    with ape.reverts("reserve: nothing to absorb"):
        reserve.absorb(base, sender=keeper)
