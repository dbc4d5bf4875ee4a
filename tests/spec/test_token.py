"""R22: tokens, those that misbehave too, and the lock that a call from the middle of a transfer meets."""

from dataclasses import replace

import pytest

from model import Operation, Parameters, token

from .world import DAY, LOT, UNLIMITED, WEALTH, empty_world, provided_world


def test_transfer():
    world = empty_world()
    assert world.call("token.transfer", "base", "trader", to="keeper", amount=7) is True
    assert world.balance("base", "trader") == WEALTH - 7
    assert world.balance("base", "keeper") == WEALTH + 7
    assert world.events == [("base", "Transfer", "trader", "keeper", 7)]


def test_transfer_to_oneself_changes_nothing():
    world = empty_world()
    world.call("token.transfer", "base", "trader", to="trader", amount=WEALTH)
    assert world.balance("base", "trader") == WEALTH


def test_transfer_reasons_in_order():
    world = empty_world()
    assert world.reason("token.transfer", "base", "trader", to="zero", amount=WEALTH + 1) == (
        "erc20: transfer to the zero address"
    )
    assert world.reason("token.transfer", "base", "trader", to="keeper", amount=WEALTH + 1) == (
        "erc20: transfer amount exceeds balance"
    )


def test_approve_and_transfer_from():
    world = empty_world()
    assert world.call("token.approve", "base", "trader", spender="keeper", amount=10) is True
    assert world.events == [("base", "Approval", "trader", "keeper", 10)]
    assert world.call("token.transferFrom", "base", "keeper", owner="trader", to="outsider", amount=4) is True
    assert world.events == [("base", "Approval", "trader", "keeper", 6), ("base", "Transfer", "trader", "outsider", 4)]
    assert world.state.tokens["base"].allowances["trader", "keeper"] == 6


def test_an_infinite_allowance_is_never_used_up():
    world = empty_world()
    world.call("token.approve", "base", "trader", spender="keeper", amount=UNLIMITED)
    world.call("token.transferFrom", "base", "keeper", owner="trader", to="outsider", amount=4)
    assert world.events == [("base", "Transfer", "trader", "outsider", 4)]
    assert world.state.tokens["base"].allowances["trader", "keeper"] == UNLIMITED


def test_transfer_from_reasons_in_order():
    world = empty_world()
    move = {"owner": "trader", "to": "zero", "amount": WEALTH + 1}
    assert world.reason("token.transferFrom", "base", "keeper", **move) == "erc20: insufficient allowance"
    world.call("token.approve", "base", "trader", spender="keeper", amount=UNLIMITED)
    assert world.reason("token.transferFrom", "base", "keeper", **move) == "erc20: transfer to the zero address"
    assert world.reason("token.transferFrom", "base", "keeper", **move | {"to": "keeper"}) == (
        "erc20: transfer amount exceeds balance"
    )


def test_approve_reasons():
    world = empty_world()
    assert world.reason("token.approve", "base", "trader", spender="zero", amount=1) == (
        "erc20: approve to the zero address"
    )
    assert world.reason("token.transferFrom", "base", "trader", owner="zero", to="trader", amount=0) == (
        "erc20: approve from the zero address"
    )


def test_take():
    world = empty_world()
    world.call("token.take", "base", "outsider", holder="trader", amount=7)
    assert world.events == [("base", "Taken", "trader", 7)]
    assert (world.balance("base", "trader"), world.balance("base", "outsider")) == (WEALTH - 7, WEALTH)
    everything = {"holder": "trader", "amount": WEALTH - 7}
    assert world.reason("token.take", "base", "outsider", holder="trader", amount=WEALTH - 6) == "awkward_token: not so much to take"
    world.call("token.take", "base", "outsider", **everything)
    assert world.balance("base", "trader") == 0
    assert world.reason("token.take", "dlq", "outsider", holder="trader", amount=0) == ""


# Tokens that misbehave, and what the contracts make of it. The pool is ACTIVE; the provider has LOT of its units.


def misbehaving_world(behaviour: int, name: str = "base"):
    world = provided_world()
    world.call("token.set_behaviour", name, "outsider", behaviour=behaviour)
    assert world.events == [(name, "BehaviourSet", behaviour)]
    return world


def donate(world, base: int, quote: int = 0):
    return world.call("pool.donate", "pool-0", "trader", base=base, quote=quote)


def test_set_behaviour_and_arm_reasons():
    world = empty_world()
    assert world.reason("token.set_behaviour", "base", "trader", behaviour=8) == "awkward_token: unknown behaviour"
    assert world.reason("token.set_behaviour", "dlq", "trader", behaviour=0) == ""
    hook = {"calls": Operation("pool.state", "pool-0", "dlq", {}), "before": True, "bubbles": True}
    assert world.reason("token.arm", "dlq", "trader", **hook) == ""


def test_no_return_value_is_taken_for_a_success():
    world = misbehaving_world(token.NO_RETURN_VALUE)
    assert world.call("token.transfer", "base", "trader", to="keeper", amount=7) is None
    donate(world, 5)
    world.wait(DAY)
    assert world.exit(LOT) == (LOT + 2, LOT)


def test_a_false_return_moves_nothing_and_is_refused():
    world = misbehaving_world(token.RETURNS_FALSE)
    before = world.state
    assert world.call("token.transfer", "base", "trader", to="zero", amount=UNLIMITED) is False
    assert world.call("token.transferFrom", "base", "keeper", owner="trader", to="zero", amount=UNLIMITED) is False
    assert world.state == before and world.events == []
    assert world.reason("pool.donate", "pool-0", "trader", base=5, quote=5) == "token_moves: transfer refused"
    donate(world, 0, 5)
    world.wait(DAY)
    refused = world.reason("pool.exit", "pool-0", "provider", units=LOT, min_base=0, min_quote=0)
    assert refused == "token_moves: transfer refused"
    world.call("token.set_behaviour", "base", "outsider", behaviour=token.PLAIN)
    world.exit(LOT)


def test_a_revert_on_zero_hinders_no_contract():
    world = misbehaving_world(token.REVERTS_ON_ZERO)
    assert world.reason("token.transfer", "base", "trader", to="zero", amount=0) == "erc20: transfer to the zero address"
    assert world.reason("token.transfer", "base", "trader", to="keeper", amount=0) == "awkward_token: zero amount"
    donate(world, 0, 5)


def test_a_fee_from_the_recipient_is_refused_on_the_way_in_only():
    world = misbehaving_world(token.FEE_FROM_RECIPIENT)
    world.call("token.transfer", "base", "trader", to="keeper", amount=299)
    assert world.events == [("base", "Transfer", "trader", "keeper", 297)]
    assert world.balance("base", "trader") == WEALTH - 299
    assert world.reason("pool.donate", "pool-0", "trader", base=100, quote=0) == "token_moves: amount changed"
    donate(world, 99)  # too little for a fee
    world.wait(DAY)
    base, _ = world.exit(LOT)
    assert world.balance("base", "provider") == WEALTH - LOT + base - base // 100


def test_a_fee_on_top_is_refused_on_the_way_out_only():
    world = misbehaving_world(token.FEE_ON_TOP)
    donate(world, 100)
    assert world.balance("base", "trader") == WEALTH - 101
    assert world.reason("token.transfer", "base", "keeper", to="trader", amount=WEALTH) == "erc20: transfer amount exceeds balance"
    world.wait(DAY)
    refused = world.reason("pool.exit", "pool-0", "provider", units=LOT, min_base=0, min_quote=0)
    assert refused == "token_moves: amount changed"


@pytest.mark.parametrize("behaviour, refusal", [(token.TOO_MANY_DECIMALS, "pool: too many decimals"), (token.NO_DECIMALS, "pool: not a token")])
def test_decimals_that_are_too_many_or_none(behaviour, refusal):
    world = empty_world()
    world.call("token.set_behaviour", "base", "outsider", behaviour=behaviour)
    create = {"quote": "quote", "base": "base", "parameters": Parameters()}
    assert world.reason("controller.create_pool", "controller", "governor", **create) == refusal


def arm(world, name: str, target: str, before: bool = False, bubbles: bool = False, by: str = "base", **arguments):
    calls = Operation(name, target, by, arguments)
    world.call("token.arm", by, "outsider", calls=calls, before=before, bubbles=bubbles)
    assert world.events == [(by, "Armed", target)]


@pytest.mark.parametrize("name", ["pool.state", "pool.donate", "pool.sweep"])
def test_a_pool_inside_a_call_refuses_all_others(name):
    world = provided_world()
    arguments = {"base": 1, "quote": 1} if name == "pool.donate" else {}
    arm(world, name, "pool-0", bubbles=True, **arguments)
    assert world.reason("pool.donate", "pool-0", "trader", base=5, quote=5) == ""
    arm(world, name, "pool-0", **arguments)
    donate(world, 5)
    assert world.events[1:] == [("base", "Transfer", "trader", "pool-0", 5), ("base", "CalledBack", "pool-0", name, False)]
    # Once only.
    donate(world, 5)
    assert len(world.events) == 2


def test_constants_are_told_and_what_is_not_inside_a_call_is_open():
    world = provided_world()
    for name, target in (("pool.base", "pool-0"), ("controller.is_pool", "controller"), ("reserve.held", "reserve")):
        arm(world, name, target, bubbles=True, **{} if name == "pool.base" else {"arg0": "base"})
        donate(world, 5)
        assert world.events[-1] == ("base", "CalledBack", target, name, True)


def test_a_call_from_the_middle_of_a_transfer_happens_in_the_state_as_it_stands():
    world = provided_world()
    pool_balance = world.balance("base", "pool-0")
    # Before the balances change, and to the pool itself: what the pool measures is then another amount than it asked for.
    world.call("token.transfer", "base", "trader", to="base", amount=1)
    arm(world, "token.transfer", "base", before=True, to="pool-0", amount=1)
    assert world.reason("pool.donate", "pool-0", "trader", base=5, quote=0) == "token_moves: amount changed"
    # Somebody else's: no matter.
    arm(world, "token.transfer", "base", before=True, to="keeper", amount=1)
    donate(world, 5)
    assert world.events[1:] == [
        ("base", "Transfer", "base", "keeper", 1),
        ("base", "CalledBack", "base", "token.transfer", True),
        ("base", "Transfer", "trader", "pool-0", 5),
    ]
    assert world.balance("base", "pool-0") == pool_balance + 5


def test_of_a_call_that_fails_and_is_swallowed_nothing_remains():
    world = provided_world()
    # The sweep of the system is marked before it comes to the pool, which is inside a call.
    arm(world, "controller.sweep", "controller")
    donate(world, 5)
    assert world.state.controller.swept_epoch == 0
    assert world.own_events == [("pool-0", "Donated", "trader", 5, 0, world.pool.reserve_base, world.pool.reserve_quote)]


def test_hooks_of_two_tokens_chain():
    world = provided_world()
    world.call("token.transfer", "quote", "trader", to="base", amount=1)
    arm(world, "reserve.held", "reserve", by="quote", arg0="base")
    arm(world, "token.transfer", "quote", to="keeper", amount=1)
    donate(world, 5)
    assert world.events[2:] == [
        ("quote", "Transfer", "base", "keeper", 1),
        ("quote", "CalledBack", "reserve", "reserve.held", True),
        ("base", "CalledBack", "quote", "token.transfer", True),
    ]


def test_a_surplus_that_is_gone_stops_no_sweep():
    """A token that takes tokens away of its own accord leaves less than no surplus, which counts as none (R14)."""
    world = provided_world()
    base = world.state.tokens["base"]
    world.state = replace(world.state, tokens=world.state.tokens | {"base": replace(base, balances=base.balances | {"pool-0": 5})})
    assert world.call("pool.sweep", "pool-0", "keeper") == (0, 0)
