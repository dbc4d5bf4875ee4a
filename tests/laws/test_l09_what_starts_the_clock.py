"""L9: an add restarts the clock of all of a position; a partial withdrawal or exit leaves it; staging leaves it; nothing else
touches it, but for `begin_protection`, which starts a clock that has not started.

What happens to positions is read from the events: a token can make calls of its own in the middle of another's.
"""

import pytest

from model.state import EMPTY_POSITION, PENDING, Position
from tests.laws.histories import Moment, hold_over_histories, see_law_break_in_histories
from tests.laws.sides import planted
from tests.laws.support import LawBroken, holds


def law(moment: Moment) -> None:
    for name, pool in moment.after.pools.items():
        positions = moment.before.pools[name].positions if name in moment.before.pools else {}
        for provider, after in pool.positions.items():
            before = positions.get(provider, EMPTY_POSITION)
            if after is not before:
                expected = _clocks(moment, name, provider, before)
                holds("the clock is as its law says", (after.clock, after.last_added) == expected)


def _clocks(moment: Moment, name: str, provider: str, before: Position) -> tuple[int, int]:
    """The clock and the time of the last add, after all that has happened to a position."""
    units, clock, last_added = before.units, before.clock, before.last_added
    for event in moment.outcome.events:
        if event.source != name or event.arguments.get("provider") != provider:
            continue
        if event.name == "Added":
            units += event.arguments["units"]
            clock, last_added = 0 if moment.after.pools[name].status == PENDING else moment.now, moment.now
        elif event.name == "ProtectionBegun":
            holds("protection begins once", clock == 0)
            clock = moment.now
        elif event.name in ("Withdrawn", "Exited"):
            units -= event.arguments["units"]
            if units == 0:
                clock = last_added = 0
    return clock, last_added


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
