"""R1, R14, R21: the Controller."""

from dataclasses import replace

import pytest

import model
from model.parameters import Parameters, SystemParameters
from model.state import Books, Revert, Token

from .world import ANY_PRICE, START, add_dlq_pool, empty_world, new_world, pending_world, provided_world

CREATE = {"base": "base", "quote": "quote", "parameters": Parameters()}


def create_reason(world, sender="governor", **changes):
    return world.reason("controller.create_pool", "controller", sender, **(CREATE | changes))


def test_deploy_starts_with_nothing():
    state = model.deploy("governor", "dlq", {"dlq": Token(18, {}, {})}, SystemParameters())
    assert state.controller.owner == "governor"
    assert state.controller.pending_owner == "zero"
    assert state.controller.pools == ()
    assert state.controller.swept_epoch == 0
    assert state.pools == {}
    assert state.log == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch_seconds", 3_599),
        ("unstake_seconds", 172_799),
        ("hold_seconds", 31_536_001),
        ("unstake_window_seconds", 3_599),
    ],
)
def test_deploy_checks_the_parameters(name, value):
    wrong = replace(SystemParameters(), **{name: value})
    with pytest.raises(Revert, match=f"^controller: {name} out of bounds$"):
        model.deploy("governor", "dlq", {"dlq": Token(18, {}, {})}, wrong)


def test_create_pool():
    world = empty_world()
    assert world.call("controller.create_pool", "controller", "governor", **CREATE) == "pool-0"
    assert world.events == [("controller", "PoolCreated", "pool-0", "base", "quote")]
    assert world.state.controller.pools == ("pool-0",)
    assert world.pool.status == 0
    assert world.pool.books == Books(1_000, False, 0, 0, 0, 0, 0)
    assert (world.pool.oracle, world.pool.oracle_updated_at) == (0, 0)
    dlq_pool = CREATE | {"base": "dlq"}
    assert world.call("controller.create_pool", "controller", "governor", **dlq_pool) == "pool-1"


def test_create_pool_reasons():
    world = new_world()
    assert create_reason(world, sender="outsider") == "ownable: caller is not the owner"
    assert create_reason(world, quote="base") == "controller: identical tokens"
    assert create_reason(world) == "controller: pool exists"
    assert create_reason(world, base="quote", quote="base") == "controller: pool exists"
    assert create_reason(world, base="keeper") == "pool: not a token"
    assert create_reason(world, quote="zero") == "pool: not a token"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("full_protection_seconds", 315_360_001),
        ("bailout_threshold_bps", 0),
        ("lockup_seconds", 86_399),
        ("confirmation_seconds", 604_801),
        ("oracle_window_seconds", 59),
        ("max_deviation_bps", 0),
        ("min_fee_bps", 1_001),
        ("protocol_fee_bps", 5_001),
        ("staker_share_bps", 10_001),
    ],
)
def test_create_pool_checks_the_parameters(name, value):
    wrong = Parameters(**{name: value})
    assert create_reason(empty_world(), parameters=wrong) == f"pool: {name} out of bounds"


def test_create_pool_checks_decimals():
    assert create_reason(empty_world(base=25)) == "pool: too many decimals"
    assert create_reason(empty_world(quote=25)) == "pool: too many decimals"
    # base is looked at first, and wholly
    assert create_reason(empty_world(base=25), quote="keeper") == "pool: too many decimals"
    empty_world(base=24, quote=0).call("controller.create_pool", "controller", "governor", **CREATE)


def test_create_pool_order_of_checks():
    world = new_world()
    wrong = Parameters(min_fee_bps=1_001)
    assert create_reason(world, sender="outsider", quote="base") == "ownable: caller is not the owner"
    assert create_reason(world, parameters=wrong) == "controller: pool exists"
    assert create_reason(world, base="keeper", parameters=wrong) == "pool: min_fee_bps out of bounds"


def test_no_more_than_32_pools():
    world = empty_world(**{f"token_{number}": 18 for number in range(33)})
    for number in range(32):
        world.call("controller.create_pool", "controller", "governor", **(CREATE | {"base": f"token_{number}"}))
    assert world.state.controller.pools[-1] == "pool-31"
    assert create_reason(world, base="token_32") == "controller: too many pools"
    assert create_reason(world, base="base", quote="base") == "controller: too many pools"


def test_set_status_reasons():
    world = pending_world()
    for pool in ("pool-1", "zero", "keeper"):
        assert world.reason("controller.set_status", "controller", "governor", pool=pool, status=1, **ANY_PRICE) == (
            "controller: unknown pool"
        )
    assert world.reason("controller.set_status", "controller", "keeper", pool="zero", status=1, **ANY_PRICE) == (
        "ownable: caller is not the owner"
    )


def test_name_a_dlq_pool_and_clear_it():
    world = provided_world()
    add_dlq_pool(world)
    assert world.events == [("controller", "DlqPoolNamed", "quote", "pool-1")]
    assert world.state.controller.dlq_pools == {"quote": "pool-1"}
    world.call("controller.name_dlq_pool", "controller", "governor", quote="quote", pool="zero")
    assert world.events == [("controller", "DlqPoolNamed", "quote", "zero")]
    assert world.state.controller.dlq_pools.get("quote", "zero") == "zero"


def test_name_dlq_pool_reasons():
    world = provided_world()
    add_dlq_pool(world)

    def reason(sender, quote, pool):
        return world.reason("controller.name_dlq_pool", "controller", sender, quote=quote, pool=pool)

    assert reason("keeper", "quote", "pool-9") == "ownable: caller is not the owner"
    assert reason("governor", "quote", "pool-9") == "controller: unknown pool"
    assert reason("governor", "quote", "pool-0") == "controller: not a DLQ pool"
    assert reason("governor", "base", "pool-1") == "controller: not a DLQ pool"


def test_the_system_sweep_takes_active_pools_in_order():
    world = provided_world()
    add_dlq_pool(world)
    for pool, amount in (("pool-1", 30), ("pool-0", 20)):
        world.call("token.transfer", "quote", "outsider", to=pool, amount=amount)
    assert world.call("controller.sweep", "controller", "keeper") is None
    assert world.events == [
        ("controller", "SystemSwept", 1_000),
        ("pool-0", "Swept", 0, 0, 0, 20),
        ("quote", "Transfer", "pool-0", "reserve", 20),
        ("reserve", "Absorbed", "quote", 20, 20),
        ("pool-1", "Swept", 0, 0, 0, 30),
        ("quote", "Transfer", "pool-1", "reserve", 30),
        ("reserve", "Absorbed", "quote", 30, 50),
    ]
    assert world.state.controller.swept_epoch == START // 86_400 == 1_000


def test_the_system_sweep_leaves_pending_and_suspended_pools_alone():
    world = pending_world()
    world.call("token.transfer", "quote", "outsider", to="pool-0", amount=20)
    world.call("controller.sweep", "controller", "keeper")
    assert world.events == [("controller", "SystemSwept", 1_000)]
    world.activate()
    world.call("controller.set_status", "controller", "governor", pool="pool-0", status=2, **ANY_PRICE)
    world.call("controller.sweep", "controller", "keeper")
    assert world.events == [("controller", "SystemSwept", 1_000)]


def test_draw_surpluses_is_for_pools_and_leaves_the_caller_out():
    world = provided_world()
    add_dlq_pool(world)
    for pool in ("pool-0", "pool-1"):
        world.call("token.transfer", "quote", "outsider", to=pool, amount=20)
    assert world.reason("controller.draw_surpluses", "controller", "governor") == "controller: caller is not a pool"
    world.call("controller.draw_surpluses", "controller", "pool-0")
    assert world.own_events == [
        ("controller", "SystemSwept", 1_000),
        ("pool-1", "Swept", 0, 0, 0, 20),
        ("reserve", "Absorbed", "quote", 20, 20),
    ]


def test_ownership_changes_hands_in_two_steps():
    world = empty_world()
    world.call("controller.transfer_ownership", "controller", "governor", new_owner="keeper")
    assert world.events == [("controller", "OwnershipTransferStarted", "governor", "keeper")]
    assert world.state.controller.owner == "governor"
    assert world.reason("controller.accept_ownership", "controller", "governor") == (
        "ownable_2step: caller is not the new owner"
    )
    world.call("controller.accept_ownership", "controller", "keeper")
    assert world.events == [("controller", "OwnershipTransferred", "governor", "keeper")]
    assert (world.state.controller.owner, world.state.controller.pending_owner) == ("keeper", "zero")
    assert world.reason("controller.transfer_ownership", "controller", "governor", new_owner="governor") == (
        "ownable: caller is not the owner"
    )
