"""R14: the system sweep."""

import pytest

from tests.unit.support import ANY_PRICE, DAY, EPOCH, START, suspend, wait


def test_all_active_pools_are_swept_in_the_order_of_creation(controller, pool, dlq_pool, quote, keeper, governor, events):
    for target, amount in ((dlq_pool, 30), (pool, 20)):
        quote.transfer(target, amount, sender=governor)
    assert events(controller.sweep(sender=keeper)) == [
        ("controller", "SystemSwept", EPOCH),
        ("pool", "Swept", 0, 0, 0, 20),
        ("quote", "Transfer", "pool", "reserve", 20),
        ("reserve", "Absorbed", "quote", 20, 20),
        ("second_pool", "Swept", 0, 0, 0, 30),
        ("quote", "Transfer", "second_pool", "reserve", 30),
        ("reserve", "Absorbed", "quote", 30, 50),
    ]
    assert controller.swept_epoch() == EPOCH


def test_stakers_get_their_share(controller, pool, quote, backstop, staker, keeper, governor, events):
    backstop.stake(pool, 10, sender=staker)
    quote.transfer(pool, 40, sender=governor)
    assert events.own(controller.sweep(sender=keeper)) == [
        ("controller", "SystemSwept", EPOCH),
        ("pool", "Swept", 0, 0, 10, 30),
        ("backstop", "Rewarded", "pool", "quote", 10),
        ("reserve", "Absorbed", "quote", 30, 30),
    ]


def test_it_may_be_repeated_and_remembers_the_last_epoch(controller, keeper, outsider, events):
    for caller in (keeper, outsider):
        assert events(controller.sweep(sender=caller)) == [("controller", "SystemSwept", EPOCH)]
    wait(DAY - 1)
    assert events(controller.sweep(sender=keeper)) == [("controller", "SystemSwept", EPOCH)]
    wait(1)
    assert events(controller.sweep(sender=keeper)) == [("controller", "SystemSwept", EPOCH + 1)]
    assert controller.swept_epoch() == (START + DAY) // DAY


@pytest.mark.parametrize("status", [0, 2])
def test_pending_and_suspended_pools_are_left_alone(controller, pending_pool, governor, keeper, spare_quote, events, status):
    pool = pending_pool()
    spare_quote.transfer(pool, 20, sender=governor)
    if status == 2:
        controller.set_status(pool, 1, *ANY_PRICE, sender=governor)
        suspend(controller, pool, governor)
    assert events(controller.sweep(sender=keeper)) == [("controller", "SystemSwept", EPOCH)]
