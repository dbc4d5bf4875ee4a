"""R16.0: a pool in a withdrawal has all other pools swept."""

import ape
import pytest

from tests.unit.support import EPOCH, reason


def test_the_calling_pool_is_left_out(controller, pool, dlq_pool, quote, governor, pool_account, events):
    for target in (pool, dlq_pool):
        quote.transfer(target, 20, sender=governor)
    assert events(controller.draw_surpluses(sender=pool_account)) == [
        ("controller", "SystemSwept", EPOCH),
        ("second_pool", "Swept", 0, 0, 0, 20),
        ("quote", "Transfer", "second_pool", "reserve", 20),
        ("reserve", "Absorbed", "quote", 20, 20),
    ]
    assert controller.swept_epoch() == EPOCH


@pytest.mark.parametrize("role", ["governor", "keeper", "outsider"])
def test_no_account_draws(controller, system, role):
    assert reason(controller.draw_surpluses, sender=system.roles[role]) == "controller: caller is not a pool"


@pytest.mark.parametrize("name", ["controller", "reserve", "backstop", "base"])
def test_no_other_contract_draws(controller, system, name):
    assert reason(controller.draw_surpluses, sender=system.contracts[name].address) == "controller: caller is not a pool"


def test_a_refused_draw_does_not_mark_the_epoch(controller, outsider):
    with ape.reverts("controller: caller is not a pool"):
        controller.draw_surpluses(sender=outsider)
    assert controller.swept_epoch() == 0
