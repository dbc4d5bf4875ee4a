"""R22: tokens that behave."""

from .world import UNLIMITED, WEALTH, empty_world


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
