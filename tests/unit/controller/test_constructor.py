"""Section 6 of the protocol: the system's parameters, and what the Controller creates with itself."""

import ape
import pytest

from model import SystemParameters
from tests.differential.deployment import declare, deploy_controller
from tests.unit.support import DAY, ZERO_ADDRESS, arrange, parameters, reason

BOUNDS = {
    "epoch_seconds": (3_600, 2_592_000),
    "unstake_seconds": (2 * DAY, 31_536_000),
    "hold_seconds": (0, 31_536_000),
    "unstake_window_seconds": (3_600, 31_536_000),
}
ENOUGH = {"unstake_seconds": 31_536_000}  # for the longest epoch


@pytest.fixture(scope="module")
def blueprints(system, project):
    governor = system.roles["governor"]
    return [declare(governor, contract) for contract in (project.Pool, project.Reserve, project.Backstop)]


@pytest.fixture
def deploy(project, dlq, governor, blueprints):
    def deploy(**changed: int):
        values = SystemParameters(**changed)
        periods = (values.epoch_seconds, values.unstake_seconds, values.hold_seconds, values.unstake_window_seconds)
        return governor.deploy(project.Controller, dlq, *periods, *blueprints)

    return deploy


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("end", [0, 1])
def test_both_ends_are_accepted(deploy, project, name, end):
    value = BOUNDS[name][end]
    controller = deploy(**(ENOUGH if name == "epoch_seconds" else {}) | {name: value})
    backstop = ape.Contract(controller.backstop(), contract_type=project.Backstop.contract_type)
    keeper_of_it = controller if name == "epoch_seconds" else backstop
    assert getattr(keeper_of_it, name)() == value


@pytest.mark.parametrize("name", BOUNDS)
def test_beyond_them_is_refused(deploy, name):
    lowest, highest = BOUNDS[name]
    for value in (*([lowest - 1] if lowest else []), highest + 1):
        with ape.reverts(f"controller: {name} out of bounds"):
            deploy(**(ENOUGH if name == "epoch_seconds" else {}) | {name: value})


def test_a_pools_lock_up_is_an_epoch_of_the_system_at_least(deploy, governor, base, quote):
    controller = deploy(epoch_seconds=3_600)
    refusal = reason(controller.create_pool, base, quote, parameters(lockup_seconds=3_599), sender=governor)
    assert refusal == "pool: lockup_seconds out of bounds"
    arrange(controller.create_pool, base, quote, parameters(lockup_seconds=3_600), sender=governor)
    assert controller.pool_count() == 1


def test_unstaking_takes_two_epochs_at_least(deploy):
    assert deploy(epoch_seconds=3_600, unstake_seconds=7_200).epoch_seconds() == 3_600
    with ape.reverts("controller: unstake_seconds out of bounds"):
        deploy(epoch_seconds=3_600, unstake_seconds=7_199)


def test_the_parameters_are_checked_in_the_order_of_the_table(deploy):
    wrong = {name: 2**200 for name in BOUNDS}
    for name in BOUNDS:
        with ape.reverts(f"controller: {name} out of bounds"):
            deploy(**wrong)
        del wrong[name]


def test_the_system_knows_itself_and_has_no_pools(project, dlq, governor):
    controller = deploy_controller(governor, dlq, project=project)
    reserve = ape.Contract(controller.reserve(), contract_type=project.Reserve.contract_type)
    backstop = ape.Contract(controller.backstop(), contract_type=project.Backstop.contract_type)
    assert controller.dlq() == backstop.dlq() == dlq
    assert reserve.controller() == backstop.controller() == controller
    assert backstop.reserve() == reserve
    assert (controller.owner(), controller.pending_owner()) == (governor, ZERO_ADDRESS)
    assert (controller.pool_count(), controller.swept_epoch(), controller.epoch_seconds()) == (0, 0, DAY)


def test_reserve_and_backstop_are_whole_contracts(reserve, backstop, project):
    for contract, name in ((reserve, "Reserve"), (backstop, "Backstop")):
        # all but the immutables, which follow the code
        runtime = bytes(getattr(project, name).contract_type.get_runtime_bytecode())
        assert bytes(ape.chain.provider.get_code(contract.address)).startswith(runtime)
