"""R22: no function can be re-entered, nor a view read half-way through one; constants and the registry of pools can.

A lock refuses without a reason. That tells it apart from all other refusals, and so does what the same call says from outside.
"""

import pytest

from tests.unit.support import (
    ANY_PRICE,
    DAY,
    LOT,
    MAX,
    UNLIMITED,
    ZERO_ADDRESS,
    arrange,
    ask,
    fill_reserve,
    parameters,
    quadruple_price,
    reason,
    reward,
    wait,
)

# Arguments by function; names stand for addresses. Each table holds every function of its contract.
POOL_LOCKED = {
    "swap": ("token", 1_000, 0, "outsider", UNLIMITED),
    "donate": (1, 1),
    "add": (1_000, 1_000, 0, UNLIMITED),
    "stage_deposit": (1, 1),
    "confirm_deposit": (0,),
    "cancel_deposit": (),
    "begin_protection": (),
    "request_withdrawal": (1,),
    "withdraw": (0, 0, UNLIMITED),
    "exit": (1, 0, 0),
    "sweep": (),
    "set_status": (2, *ANY_PRICE),
    "state": (),
    "position": ("provider",),
    "request": ("provider",),
    "deposit": ("provider",),
    "status": (),
    "spot_price": (),
    "oracle_price": (),
    "in_bailout": (),
    "stake_locked": (),
}
POOL_FREE = {name: () for name in ("base", "quote", "controller", "reserve", "backstop", "epoch_seconds", "parameters")}
RESERVE_LOCKED = {"absorb": ("quote",), "draw": ("token", "outsider", 1), "held": ("token",)}
RESERVE_FREE = {"controller": ()}
BACKSTOP_LOCKED = {
    "stake": ("odd_pool", 5),
    "request_unstake": ("odd_pool", 5),
    "unstake": ("odd_pool",),
    "claim": ("odd_pool", "token"),
    "reward": ("token", 5),
    "slash": ("outsider", 5),
    "sweep": ("quote",),
    "booked": ("token",),
    "pool_stake": ("odd_pool",),
    "account": ("odd_pool", "staker"),
    "settled": ("odd_pool", "staker"),
}
BACKSTOP_FREE = {name: () for name in ("controller", "reserve", "dlq", "unstake_seconds", "hold_seconds", "unstake_window_seconds")}
CONTROLLER_LOCKED = {
    "create_pool": ("token", "base", parameters()),
    "set_status": ("odd_pool", 2, *ANY_PRICE),
    "name_dlq_pool": ("quote", "zero"),
    "sweep": (),
    "draw_surpluses": (),
    "pools": (0,),
    "pool_count": (),
    "pool_of": ("token", "quote"),
    "dlq_pools": ("quote",),
    "swept_epoch": (),
}
# Ownership is snekmate's own: it calls nobody and is not locked, but a token is not the owner.
OWNERSHIP = {
    "transfer_ownership": (("outsider",), "ownable: caller is not the owner"),
    "accept_ownership": ((), "ownable_2step: caller is not the new owner"),
}
CONTROLLER_FREE = {"is_pool": ("odd_pool",), "owner": (), "pending_owner": ()}
CONTROLLER_FREE |= {name: () for name in ("dlq", "reserve", "backstop", "pool_blueprint", "epoch_seconds")}


@pytest.fixture
def token(governor, project):
    return governor.deploy(project.ReentrantToken, MAX)


@pytest.fixture
def odd_pool(list_token, token):
    return list_token(token)


@pytest.fixture
def arm(system, token, odd_pool, governor):
    """Have the token's next transfer call a function, which, called by the token of its own accord, succeeds or has a reason."""
    addresses = {name: account.address for name, account in system.roles.items()}
    addresses |= {name: contract.address for name, contract in system.contracts.items()}
    addresses |= {"token": token.address, "odd_pool": odd_pool.address, "zero": ZERO_ADDRESS}

    def arm(contract, name: str, arguments: tuple) -> None:
        function = getattr(contract, name)
        resolved = [addresses[value] if isinstance(value, str) else value for value in arguments]
        answer = ask(function, *resolved, sender=token.address)
        assert "result" in answer or len(answer["error"]["data"]) > len("0x")
        arrange(token.arm, contract, bytes(function.encode_input(*resolved)), sender=governor)

    return arm


@pytest.mark.parametrize(
    ("contract", "tables"),
    [
        ("Pool", (POOL_LOCKED, POOL_FREE)),
        ("Reserve", (RESERVE_LOCKED, RESERVE_FREE)),
        ("Backstop", (BACKSTOP_LOCKED, BACKSTOP_FREE)),
        ("Controller", (CONTROLLER_LOCKED | OWNERSHIP, CONTROLLER_FREE)),
    ],
)
def test_the_tables_are_complete(project, contract, tables):
    functions = {method.name for method in getattr(project, contract).contract_type.methods}
    assert functions == set(tables[0]) | set(tables[1])
    assert not set(tables[0]) & set(tables[1])


# From inside a transfer of the pool.


@pytest.mark.parametrize("name", POOL_LOCKED)
def test_a_pool_in_a_call_refuses_all_others(odd_pool, keeper, arm, name):
    arm(odd_pool, name, POOL_LOCKED[name])
    assert reason(odd_pool.donate, 5, 0, sender=keeper) == ""


def test_a_pool_in_a_call_tells_its_constants(odd_pool, keeper, arm):
    for name, arguments in POOL_FREE.items():
        arm(odd_pool, name, arguments)
        assert "result" in ask(odd_pool.donate, 5, 0, sender=keeper)


@pytest.mark.parametrize("entry", ["swap in", "swap out", "add", "stage_deposit", "cancel_deposit", "exit", "withdraw", "sweep"])
def test_every_call_of_a_pool_that_moves_tokens_is_locked(
    odd_pool, token, quote, trader, keeper, provider, governor, arm, entry
):
    odd_pool.stage_deposit(5, 5, sender=keeper)
    odd_pool.request_withdrawal(10, sender=provider)
    token.transfer(odd_pool, 3, sender=governor)
    wait(DAY)
    function, arguments, sender = {
        "swap in": (odd_pool.swap, (token, 1_000, 0, trader, UNLIMITED), trader),
        "swap out": (odd_pool.swap, (quote, 1_000, 0, trader, UNLIMITED), trader),
        "add": (odd_pool.add, (5, 5, 0, UNLIMITED), keeper),
        "stage_deposit": (odd_pool.stage_deposit, (5, 5), keeper),
        "cancel_deposit": (odd_pool.cancel_deposit, (), keeper),
        "exit": (odd_pool.exit, (10, 0, 0), provider),
        "withdraw": (odd_pool.withdraw, (0, 0, 0), provider),
        "sweep": (odd_pool.sweep, (), keeper),
    }[entry]
    assert "result" in ask(function, *arguments, sender=sender)
    arm(odd_pool, "spot_price", ())
    assert reason(function, *arguments, sender=sender) == ""


def test_another_pool_and_the_reserve_are_not_locked_by_a_pools_call(odd_pool, pool, base, reserve, keeper, governor, arm, events):
    base.transfer(reserve, 7, sender=governor)
    arm(reserve, "absorb", ("base",))
    receipt = odd_pool.donate(5, 0, sender=keeper)
    assert events(receipt)[1:] == [("reserve", "Absorbed", "base", 7, 7)]
    arm(pool, "sweep", ())
    assert "result" in ask(odd_pool.donate, 5, 0, sender=keeper)


def test_reserve_and_pool_are_locked_while_the_reserve_pays_a_withdrawal(
    odd_pool, token, quote, controller, reserve, provider, governor, arm, events
):
    quadruple_price(odd_pool, token, quote)
    fill_reserve(reserve, token, LOT, governor)
    wait(99 * DAY)
    odd_pool.request_withdrawal(1, sender=provider)
    wait(DAY)
    for contract, name, arguments in (
        (odd_pool, "state", ()),
        (odd_pool, "exit", (1, 0, 0)),
        (reserve, "held", ("token",)),
        (reserve, "absorb", ("token",)),
    ):
        arm(contract, name, arguments)
        assert reason(odd_pool.withdraw, 0, 0, 0, sender=provider) == ""
    arm(controller, "swept_epoch", ())
    # a unit redeems for half a base, so for none: the only transfer of the token is the Reserve's
    receipt = odd_pool.withdraw(0, 0, 0, sender=provider)
    assert events(receipt)[-4:] == [
        ("quote", "Transfer", "second_pool", "provider", 1),
        ("reserve", "Drawn", "second_pool", "token", "provider", 1, LOT - 1),
        ("quote", "Transfer", "second_pool", "reserve", 1),
        ("reserve", "Absorbed", "quote", 1, 1),
    ]


# From inside a transfer of the Reserve.


@pytest.mark.parametrize("name", RESERVE_LOCKED)
def test_the_reserve_in_a_payment_refuses_all_calls(
    odd_pool, token, quote, reserve, governor, outsider, become, arm, name
):
    fill_reserve(reserve, token, 70, governor)
    quote.transfer(reserve, 5, sender=governor)
    arm(reserve, name, RESERVE_LOCKED[name])
    assert reason(reserve.draw, token, outsider, 60, sender=become(odd_pool)) == ""


def test_the_reserve_in_a_payment_tells_its_constants(odd_pool, token, reserve, governor, outsider, become, arm):
    fill_reserve(reserve, token, 70, governor)
    for name, arguments in RESERVE_FREE.items():
        arm(reserve, name, arguments)
        assert "result" in ask(reserve.draw, token, outsider, 60, sender=become(odd_pool))


# From inside a transfer of the Backstop.


@pytest.fixture
def rewarded(odd_pool, token, backstop, staker, governor, become):
    """Rewards and stray tokens in the Backstop."""
    backstop.stake(odd_pool, 256, sender=staker)
    reward(backstop, token, 64, governor, become(odd_pool))
    token.transfer(backstop, 3, sender=governor)
    return backstop


@pytest.mark.parametrize("name", BACKSTOP_LOCKED)
def test_the_backstop_in_a_call_refuses_all_others(
    odd_pool, token, quote, rewarded, staker, keeper, governor, arm, name
):
    quote.transfer(rewarded, 5, sender=governor)
    arm(rewarded, name, BACKSTOP_LOCKED[name])
    assert reason(rewarded.claim, odd_pool, token, sender=staker) == ""
    assert reason(rewarded.sweep, token, sender=keeper) == ""


def test_the_backstop_in_a_call_tells_its_constants(odd_pool, token, rewarded, staker, arm):
    for name, arguments in BACKSTOP_FREE.items():
        arm(rewarded, name, arguments)
        assert "result" in ask(rewarded.claim, odd_pool, token, sender=staker)


# From inside a system sweep.


@pytest.mark.parametrize("name", CONTROLLER_LOCKED)
def test_the_controller_in_a_sweep_refuses_all_calls(odd_pool, token, controller, keeper, governor, arm, name):
    token.transfer(odd_pool, 3, sender=governor)
    arm(controller, name, CONTROLLER_LOCKED[name])
    assert reason(controller.sweep, sender=keeper) == ""


@pytest.mark.parametrize("name", OWNERSHIP)
def test_ownership_is_refused_to_a_token_in_a_sweep(odd_pool, token, controller, keeper, governor, arm, name):
    token.transfer(odd_pool, 3, sender=governor)
    arguments, refusal = OWNERSHIP[name]
    arm(controller, name, arguments)
    assert reason(controller.sweep, sender=keeper) == refusal


def test_the_controller_in_a_sweep_tells_its_constants_and_who_is_a_pool(odd_pool, token, controller, keeper, governor, arm):
    token.transfer(odd_pool, 3, sender=governor)
    for name, arguments in CONTROLLER_FREE.items():
        arm(controller, name, arguments)
        assert "result" in ask(controller.sweep, sender=keeper)
