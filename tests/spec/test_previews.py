"""R24: previews. What a call returns is for the call's own tests to say; here is what a preview leaves out, adds, and leaves as it is."""

from dataclasses import replace

import pytest

from model import OPERATIONS, Operation
from model.previews import with_good_tokens
from model.state import ZERO

from .world import DAY, FIRST, LOT, WEALTH, add_dlq_pool, new_world, provided_world, quadruple_price, suspended_world, swap_arguments

QUARTER = LOT // 4
NOTHING_DUE = (False, 0, 0, 0, ZERO, 0, 0, 0, 0, 0, 0)


def preview(world, name, pool="pool-0", **told):
    before = world.state
    value = world.call(f"lens.preview_{name}", "lens", "outsider", pool=pool, **told)
    assert world.state == before
    assert world.events == []
    return value


def refusal(world, name, pool="pool-0", **told):
    return world.reason(f"lens.preview_{name}", "lens", "outsider", pool=pool, **told)


def called(name, target, **arguments):
    """What a token is made to call."""
    return Operation(name, target, "base", arguments)


def lossy_world():
    """The provider's LOT of units at four times the price, a day old."""
    world = provided_world()
    quadruple_price(world)
    world.wait(DAY)
    return world


def request_for_day(world, day, units):
    """Ask on the day before; it is that day now. (A world begins at the first second of a day.)"""
    world.wait((day - 2) * DAY)
    world.request(units)
    world.wait(DAY)


def test_a_swap_is_seen_before_it_happens():
    world = provided_world()
    amount_out = preview(world, "swap", token_in="base", amount_in=10**6)
    assert amount_out == world.swap("base", 10**6)


def test_nobody_needs_to_have_or_to_have_approved_anything():
    world = provided_world()
    world.wait(DAY)
    told = {"token_in": "base", "amount_in": 2 * WEALTH}
    # floor(dx*X*Y / (dx + X)**2), of reserves of 20_000_001_000
    assert preview(world, "swap", **told) == 2
    assert world.reason("pool.swap", "pool-0", "trader", **swap_arguments(world, **told)) == "erc20: transfer amount exceeds balance"
    assert preview(world, "add", provider="somebody", base=LOT, quote=LOT) == LOT
    assert preview(world, "stake", amount=2 * WEALTH) == 2 * WEALTH


@pytest.mark.parametrize("behaviour", [2, 4, 5])
def test_a_token_that_misbehaves_is_taken_for_one_that_does_not(behaviour):
    world = provided_world()
    world.wait(DAY)
    before = preview(world, "add", provider="provider", base=LOT, quote=0)
    world.call("token.set_behaviour", "base", "outsider", behaviour=behaviour)
    assert preview(world, "add", provider="provider", base=LOT, quote=0) == before


def test_what_a_contract_lacks_is_taken_to_be_there():
    world = provided_world()
    world.fill_reserve("quote", 1_000)
    as_it_is = with_good_tokens(world.state)
    assert as_it_is == world.state
    lack = {"quote": ("reserve", 999), "base": ("pool-0", 1)}
    tokens = {name: replace(world.state.tokens[name], balances=world.state.tokens[name].balances | dict([left])) for name, left in lack.items()}
    world.state = replace(world.state, tokens=world.state.tokens | tokens)
    assert with_good_tokens(world.state) == as_it_is
    world.wait(DAY)
    assert preview(world, "exit", provider="provider", units=LOT) == (LOT, LOT)
    assert world.reason("pool.exit", "pool-0", "provider", units=LOT, min_base=0, min_quote=0) == "erc20: transfer amount exceeds balance"


def test_a_hook_stays_armed():
    world = provided_world()
    calls = called("pool.sweep", "pool-0")
    world.call("token.arm", "base", "outsider", calls=calls, before=True, bubbles=True)
    # the swap itself would fail: the pool is inside it when the token calls
    assert preview(world, "swap", token_in="base", amount_in=10**6) > 0
    assert world.state.tokens["base"].hook.call == calls
    assert world.reason("pool.swap", "pool-0", "trader", **swap_arguments(world, amount_in=10**6)) == ""


def test_it_is_refused_inside_a_call_of_what_it_is_of():
    world = provided_world()
    told = {"pool": "pool-0", "token_in": "base", "amount_in": 10**6}
    for before in (True, False):
        world.call("token.arm", "base", "outsider", calls=called("lens.preview_swap", "lens", **told), before=before, bubbles=False)
        world.swap("base", 1_000)
        assert ("base", "CalledBack", "lens", "lens.preview_swap", False) in world.events
    # outside of the pool's own calls it is answered
    world.call("token.arm", "base", "outsider", calls=called("lens.preview_swap", "lens", **told), before=True, bubbles=False)
    world.call("token.transfer", "base", "trader", to="keeper", amount=1)
    assert ("base", "CalledBack", "lens", "lens.preview_swap", True) in world.events


def test_there_is_no_preview_of_what_is_no_pool():
    world = provided_world()
    told = {
        "swap": {"token_in": "base", "amount_in": 1}, "add": {"provider": "provider", "base": 1, "quote": 1},
        "confirm_deposit": {"provider": "provider"}, "begin_protection": {"provider": "provider"}, "withdraw": {"provider": "provider"},
        "entitlement": {"provider": "provider", "units": 1}, "exit": {"provider": "provider", "units": 1}, "sweep": {},
        "stake": {"amount": 1}, "unstake": {"staker": "staker"}, "claim": {"staker": "staker", "token": "base"},
    }  # fmt: skip
    assert {f"lens.preview_{name}" for name in told} == {name for name in OPERATIONS if name.startswith("lens.")}
    for name, arguments in told.items():
        assert refusal(world, name, pool="outsider", **arguments) == ""


def test_it_fails_as_the_call():
    world = suspended_world()
    assert refusal(world, "swap", token_in="base", amount_in=10**6) == "pool: not active"
    assert refusal(world, "add", provider="provider", base=1, quote=1) == "pool: suspended"
    assert refusal(world, "confirm_deposit", provider="provider") == "pool: suspended"
    assert refusal(world, "begin_protection", provider="provider") == "pool: not active"
    assert refusal(world, "withdraw", provider="provider") == "pool: no executable request"
    assert refusal(world, "exit", provider="provider", units=0) == "pool: zero units to exit"
    assert refusal(world, "stake", amount=0) == "backstop: zero stake"
    assert refusal(world, "unstake", staker="staker") == "backstop: no request"
    assert refusal(world, "claim", staker="staker", token="base") == "backstop: nothing to claim"


def test_adds_and_what_they_are_protected_at():
    world = new_world()
    assert preview(world, "add", provider="founder", base=FIRST, quote=FIRST) == FIRST - 1_000
    world.add("founder", FIRST, FIRST)
    world.activate()
    assert preview(world, "begin_protection", provider="founder") == (FIRST - 1_000, FIRST - 1_000)
    world.call("pool.stage_deposit", "pool-0", "provider", base=LOT // 2, quote=LOT // 2)
    assert refusal(world, "confirm_deposit", provider="provider") == "pool: deposit not confirmable yet"
    world.wait(60)
    assert preview(world, "confirm_deposit", provider="provider") == LOT // 2


def test_a_withdrawal_without_loss_has_nothing_due():
    world = provided_world()
    world.wait(DAY)
    request_for_day(world, 2, 10)
    assert preview(world, "withdraw", provider="provider") == (10, 10, 10, *NOTHING_DUE)


def test_a_withdrawal_tells_who_pays():
    world = lossy_world()
    world.fill_reserve("base", 250_000_000)
    world.fill_reserve("quote", 250_000_000)
    request_for_day(world, 100, QUARTER)
    # a quarter redeems for 1_250_000_000 base and 5_000_000_000 quote: a deficit of as much base, all of 2_500_000_000 quote owed. In
    # kind a fifth of it, for 500_000_000 quote; of the 2_000_000_000 that are left 250_000_000 in quote
    compensation = (False, 100 * DAY, QUARTER, QUARTER, "base", 1_250_000_000, 250_000_000, 500_000_000, 250_000_000, 0, 1_750_000_000)
    assert preview(world, "withdraw", provider="provider") == (QUARTER, 1_500_000_000, 4_750_000_000, *compensation)
    assert world.withdraw() == (1_500_000_000, 4_750_000_000, 0, 1_750_000_000)


def test_in_bailout_the_surpluses_are_counted():
    world = lossy_world()
    add_dlq_pool(world)
    world.stake(4_000_000_000)
    world.fill_reserve("base", 600_000_000)
    # three quarters of one surplus and all that has strayed to the Reserve come to 10**9; quote only strays: none is booked
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400_000_000)
    world.call("token.transfer", "base", "outsider", to="reserve", amount=100_000_000)
    world.call("token.transfer", "quote", "outsider", to="reserve", amount=100_000_000)
    request_for_day(world, 100, LOT)
    told = preview(world, "withdraw", provider="provider")
    # half of 10**9 in kind, a tenth of the deficit: 9*10**9 owed; half of 4*10**9 DLQ at 2 quote each
    compensation = (True, 100 * DAY, LOT, LOT, "base", LOT // 2, 500_000_000, 1_000_000_000, 0, 2_000_000_000, 5_000_000_000)
    assert told == (LOT, 5_500_000_000, 19_000_000_000, *compensation)
    assert world.withdraw() == (5_500_000_000, 19_000_000_000, 2_000_000_000, 5_000_000_000)


def test_an_entitlement_needs_neither_a_request_nor_the_end_of_the_lock_up():
    world = provided_world()
    quadruple_price(world)
    assert refusal(world, "exit", provider="provider", units=QUARTER) == "pool: locked up"
    assert preview(world, "entitlement", provider="provider", units=QUARTER) == (QUARTER, QUARTER // 2, 2 * QUARTER, *NOTHING_DUE)
    world.fill_reserve("base", LOT)
    world.wait(49 * DAY)
    told = preview(world, "entitlement", provider="provider", units=QUARTER)
    # 49 % of a deficit of 1_250_000_000 base, for 49 % of 2_500_000_000 quote
    owed, deficit = 1_225_000_000, 612_500_000
    assert told == (QUARTER, 1_862_500_000, 3_775_000_000, False, 49 * DAY, QUARTER, owed, "base", deficit, deficit, owed, 0, 0, 0)
    assert refusal(world, "entitlement", provider="provider", units=LOT + 1) == "pool: not enough units"
    assert refusal(world, "entitlement", provider="provider", units=0) == "pool: no executable request"


def test_an_exit():
    world = lossy_world()
    assert preview(world, "exit", provider="provider", units=LOT) == (LOT // 2, 2 * LOT)
    assert world.exit(LOT) == (LOT // 2, 2 * LOT)


def test_a_sweep_tells_the_stakers_part():
    world = provided_world()
    assert preview(world, "sweep") == (0, 0, 0, 0)
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400)
    assert preview(world, "sweep") == (400, 0, 0, 0)
    world.stake(100)
    world.call("token.transfer", "quote", "outsider", to="pool-0", amount=7)
    # a quarter to the stakers
    assert preview(world, "sweep") == (400, 7, 100, 1)


def test_stakes_and_what_they_earn():
    world = provided_world()
    assert preview(world, "stake", amount=100) == world.stake(100)
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400)
    world.call("pool.sweep", "pool-0", "keeper")
    assert preview(world, "claim", staker="staker", token="base") == 100
    world.call("backstop.request_unstake", "backstop", "staker", pool="pool-0", shares=40)
    assert refusal(world, "unstake", staker="staker") == "backstop: not ready"
    world.wait(7 * DAY)
    assert preview(world, "unstake", staker="staker") == 40
