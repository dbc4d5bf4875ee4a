"""R21: ownership changes hands in two steps; the second."""

import ape
import pytest

from tests.unit.support import ANY_PRICE, ZERO_ADDRESS, reason


def test_the_successor_takes_over(controller, pool, governor, keeper, events):
    controller.transfer_ownership(keeper, sender=governor)
    assert events(controller.accept_ownership(sender=keeper)) == [
        ("controller", "OwnershipTransferred", "governor", "keeper")
    ]
    assert (controller.owner(), controller.pending_owner()) == (keeper, ZERO_ADDRESS)
    assert reason(controller.set_status, pool, 2, *ANY_PRICE, sender=governor) == "ownable: caller is not the owner"
    controller.set_status(pool, 2, *ANY_PRICE, sender=keeper)
    assert pool.status() == 2


@pytest.mark.parametrize("role", ["governor", "outsider"])
def test_nobody_else_accepts(controller, governor, keeper, system, role):
    controller.transfer_ownership(keeper, sender=governor)
    assert reason(controller.accept_ownership, sender=system.roles[role]) == "ownable_2step: caller is not the new owner"


def test_without_an_offer_nobody_accepts(controller, governor, outsider):
    for caller in (governor, outsider):
        assert reason(controller.accept_ownership, sender=caller) == "ownable_2step: caller is not the new owner"


def test_an_offer_is_accepted_once(controller, governor, keeper):
    controller.transfer_ownership(keeper, sender=governor)
    controller.accept_ownership(sender=keeper)
    with ape.reverts("ownable_2step: caller is not the new owner"):
        controller.accept_ownership(sender=keeper)
