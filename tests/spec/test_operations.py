"""`apply`: all or nothing, and what is unchanged stays the same object."""

import pytest

import model
from model.state import Operation

from .world import active_world, empty_world, provided_world, swap_arguments


def test_an_unknown_operation_or_argument_is_a_programming_error():
    world = empty_world()
    with pytest.raises(KeyError):
        model.apply(world.state, Operation("pool.rescue", "pool-0", "trader", {}), world.now)
    with pytest.raises(TypeError):
        model.apply(world.state, Operation("controller.sweep", "controller", "keeper", {"pool": "pool-0"}), world.now)
    with pytest.raises(KeyError):
        model.apply(world.state, Operation("pool.sweep", "pool-9", "keeper", {}), world.now)


def test_a_failure_after_changes_leaves_the_state_as_it_was():
    world = active_world()
    world.call("token.approve", "base", "trader", spender="pool-0", amount=999)
    world.wait(60)
    # the oracle would move and the reserves change before the token refuses
    assert world.reason("pool.swap", "pool-0", "trader", **swap_arguments(world)) == "erc20: insufficient allowance"


def test_what_does_not_change_stays_the_same_object():
    world = provided_world()
    before = world.state
    world.call("pool.swap", "pool-0", "trader", **swap_arguments(world, amount_in=1_000_000))
    assert world.state.tokens["dlq"] is before.tokens["dlq"]
    assert world.state.reserve is before.reserve
    assert world.state.backstop is before.backstop
    assert world.state.controller is before.controller
    assert world.state.pools["pool-0"].positions is before.pools["pool-0"].positions
    assert world.state.log == ()


def test_a_call_that_does_nothing_changes_no_part():
    world = provided_world()
    before = world.state
    assert world.call("pool.sweep", "pool-0", "keeper") == (0, 0)
    assert world.events == []
    assert world.state == before
    assert world.state.pools["pool-0"] is before.pools["pool-0"]
