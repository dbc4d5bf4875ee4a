"""R21: ownership changes hands in two steps; the first."""

import ape
import pytest

from tests.unit.support import ZERO_ADDRESS, reason


def test_the_governor_names_a_successor_and_stays(controller, governor, keeper, events):
    assert events(controller.transfer_ownership(keeper, sender=governor)) == [
        ("controller", "OwnershipTransferStarted", "governor", "keeper")
    ]
    assert (controller.owner(), controller.pending_owner()) == (governor, keeper)


def test_another_successor_replaces_the_first(controller, governor, keeper, outsider):
    controller.transfer_ownership(keeper, sender=governor)
    controller.transfer_ownership(outsider, sender=governor)
    assert controller.pending_owner() == outsider
    assert reason(controller.accept_ownership, sender=keeper) == "ownable_2step: caller is not the new owner"


def test_the_offer_can_be_withdrawn(controller, governor, keeper, events):
    controller.transfer_ownership(keeper, sender=governor)
    assert events(controller.transfer_ownership(ZERO_ADDRESS, sender=governor)) == [
        ("controller", "OwnershipTransferStarted", "governor", "zero")
    ]
    assert reason(controller.accept_ownership, sender=keeper) == "ownable_2step: caller is not the new owner"


@pytest.mark.parametrize("role", ["provider", "keeper", "outsider"])
def test_nobody_else_does(controller, system, role):
    account = system.roles[role]
    assert reason(controller.transfer_ownership, account, sender=account) == "ownable: caller is not the owner"


def test_the_successor_cannot_pass_it_on_before_accepting(controller, governor, keeper, outsider):
    controller.transfer_ownership(keeper, sender=governor)
    with ape.reverts("ownable: caller is not the owner"):
        controller.transfer_ownership(outsider, sender=keeper)


def test_there_is_no_way_to_renounce(project):
    functions = {method.name for method in project.Controller.contract_type.methods}
    changing = {"create_pool", "set_status", "name_dlq_pool", "sweep", "draw_surpluses", "transfer_ownership", "accept_ownership"}
    constants = {"dlq", "reserve", "backstop", "pool_blueprint", "epoch_seconds"}
    stored = {"owner", "pending_owner", "pools", "pool_count", "is_pool", "pool_of", "dlq_pools", "swept_epoch"}
    assert functions == changing | constants | stored
