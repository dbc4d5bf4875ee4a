"""R14, R16, R21: the Reserve."""

from .world import WEALTH, provided_world


def test_absorb_books_what_has_come():
    world = provided_world()
    world.call("token.transfer", "base", "outsider", to="reserve", amount=70)
    assert world.call("reserve.absorb", "reserve", "keeper", token="base") == 70
    assert world.events == [("reserve", "Absorbed", "base", 70, 70)]
    world.call("token.transfer", "base", "outsider", to="reserve", amount=5)
    assert world.call("reserve.absorb", "reserve", "keeper", token="base") == 5
    assert world.events == [("reserve", "Absorbed", "base", 5, 75)]
    assert world.state.reserve.held == {"base": 75}


def test_absorb_nothing():
    world = provided_world()
    assert world.reason("reserve.absorb", "reserve", "keeper", token="base") == "reserve: nothing to absorb"


def test_only_a_pool_draws():
    world = provided_world()
    world.fill_reserve("base", 70)
    draw = {"token": "base", "recipient": "provider", "amount": 71}
    for caller in ("governor", "controller", "backstop", "pool-1"):
        assert world.reason("reserve.draw", "reserve", caller, **draw) == "reserve: caller is not a pool"
    assert world.reason("reserve.draw", "reserve", "pool-0", **draw) == "reserve: not enough held"
    assert world.reason("reserve.draw", "reserve", "pool-0", token="base", recipient="zero", amount=70) == (
        "erc20: transfer to the zero address"
    )


def test_a_pool_draws():
    world = provided_world()
    world.fill_reserve("base", 70)
    assert world.call("reserve.draw", "reserve", "pool-0", token="base", recipient="keeper", amount=60) is None
    assert world.events == [
        ("reserve", "Drawn", "pool-0", "base", "keeper", 60, 10),
        ("base", "Transfer", "reserve", "keeper", 60),
    ]
    assert world.state.reserve.held == {"base": 10}
    assert world.balance("base", "keeper") == WEALTH + 60


def test_what_is_not_booked_cannot_be_drawn():
    world = provided_world()
    world.call("token.transfer", "base", "outsider", to="reserve", amount=70)
    assert world.reason("reserve.draw", "reserve", "pool-0", token="base", recipient="keeper", amount=1) == (
        "reserve: not enough held"
    )
