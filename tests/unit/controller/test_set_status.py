"""R1, R21: the governor activates, suspends and resumes. The arrows themselves are in unit/pool/test_set_status.py."""

import ape
import pytest

from tests.unit.support import ANY_PRICE, ONE, ZERO_ADDRESS, reason


def test_the_governor_suspends_and_resumes(controller, pool, governor, events):
    assert events(controller.set_status(pool, 2, *ANY_PRICE, sender=governor)) == [("pool", "StatusSet", 2, ONE)]
    assert pool.status() == 2
    assert events(controller.set_status(pool, 1, *ANY_PRICE, sender=governor)) == [("pool", "StatusSet", 1, ONE)]
    assert pool.status() == 1


def test_the_governor_activates(controller, pending_pool, governor, events):
    assert events(controller.set_status(pending_pool(), 1, *ANY_PRICE, sender=governor)) == [("second_pool", "StatusSet", 1, ONE)]


@pytest.mark.parametrize("role", ["provider", "keeper", "outsider"])
def test_nobody_else_does(controller, pool, system, role):
    for target in (pool, ZERO_ADDRESS):
        refusal = reason(controller.set_status, target, 2, *ANY_PRICE, sender=system.roles[role])
        assert refusal == "ownable: caller is not the owner"


def test_only_registered_pools_are_known(controller, reserve, governor, outsider):
    for stranger in (reserve, outsider, ZERO_ADDRESS):
        assert reason(controller.set_status, stranger, 2, *ANY_PRICE, sender=governor) == "controller: unknown pool"
    with ape.reverts("controller: unknown pool"):
        controller.set_status(outsider, 2, *ANY_PRICE, sender=governor)


def test_the_pool_has_the_last_word(controller, pool, new_pool, governor):
    assert reason(controller.set_status, pool, 1, *ANY_PRICE, sender=governor) == "pool: bad status change"
    assert reason(controller.set_status, new_pool(), 1, *ANY_PRICE, sender=governor) == "pool: no units"
