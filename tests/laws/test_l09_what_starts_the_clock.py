"""L9: an add restarts the clock of all of a position; a partial withdrawal or exit leaves it; staging leaves it; nothing else
touches it, but for `begin_protection`, which starts a clock that has not started."""

import pytest

from model.state import EMPTY_POSITION, PENDING
from tests.laws.histories import Moment, hold_over_histories, see_law_break_in_histories
from tests.laws.sides import planted
from tests.laws.support import LawBroken, holds

ADDS = ("pool.add", "pool.confirm_deposit")
LEAVES = ("pool.withdraw", "pool.exit")


def law(moment: Moment) -> None:
    operation = moment.operation
    for name, pool in moment.after.pools.items():
        before_the_call = moment.before.pools.get(name, pool).positions
        for provider, after in pool.positions.items():
            before = before_the_call.get(provider, EMPTY_POSITION)
            own = moment.outcome.ok and (name, provider) == (operation.target, operation.sender)
            if own and operation.name in ADDS:
                started = 0 if pool.status == PENDING else moment.now
                holds("an add starts the clock of all", (after.clock, after.last_added) == (started, moment.now))
            elif own and operation.name == "pool.begin_protection":
                holds("protection begins once", (before.clock, after.clock, after.last_added) == (0, moment.now, before.last_added))
            elif own and operation.name in LEAVES and after.units == 0:
                holds("an empty position has no clock", (after.clock, after.last_added) == (0, 0))
            else:
                holds("the clock runs on", (after.clock, after.last_added) == (before.clock, before.last_added))


def test_on_the_model():
    assert hold_over_histories(law) > 10_000


@pytest.mark.parametrize(
    "fault",
    [
        # An add leaves a clock that runs.
        ("pool.py", "principal_quote=principal_quote, clock=now)", "principal_quote=principal_quote, clock=position.clock or now)"),
        # A partial withdrawal restarts it.
        ("pool.py", "        units=units_left,\n", "        units=units_left,\n        clock=call.now,\n"),
    ],
)  # fmt: skip
def test_it_can_fail(fault):
    with planted(*fault) as package, pytest.raises(LawBroken):
        see_law_break_in_histories(law, package)
