"""What the Founder of the tests says: the bounds of section 6 and the number of pools of R14, without leaving anything."""

import pytest

import model
from model import Operation

from .world import DAY, empty_world

PERIODS = {"epoch_seconds": DAY, "unstake_seconds": 7 * DAY, "hold_seconds": 7 * DAY, "unstake_window_seconds": 2 * DAY}


def found(pools: int = 0, **changes: int) -> str | None:
    """Why it is refused, or None; either way nothing is left."""
    world = empty_world()
    operation = Operation("founder.found", "founder", "outsider", PERIODS | changes | {"pools": pools})
    after, outcome = model.apply(world.state, operation, world.now)
    assert after == world.state and outcome.events == ()
    return outcome.reason


def test_as_many_pools_as_there_may_be():
    assert found() is None
    assert found(pools=32) is None
    assert found(pools=33) == "controller: too many pools"
    assert found(pools=40) == "controller: too many pools"
    assert found(pools=41) == "founder: too many pools to found"


@pytest.mark.parametrize(
    ("name", "last", "beyond"),
    [
        ("epoch_seconds", 3_600, 3_599),
        ("unstake_seconds", 2 * DAY, 2 * DAY - 1),
        ("unstake_seconds", 365 * DAY, 365 * DAY + 1),
        ("hold_seconds", 365 * DAY, 365 * DAY + 1),
        ("unstake_window_seconds", 3_600, 3_599),
        ("unstake_window_seconds", 365 * DAY, 365 * DAY + 1),
    ],
)
def test_periods_at_their_bounds(name, last, beyond):
    assert found(**{name: last}) is None
    assert found(**{name: beyond}) == f"controller: {name} out of bounds"
