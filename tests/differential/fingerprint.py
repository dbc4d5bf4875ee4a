"""Tells causes apart: what disagrees and in which operation, whatever the numbers, the actors and the pool.

The first field that disagrees is taken, in the order in which a call does things: whether it succeeds, its events in order with their
fields in order (each contract's own come in the order of its work), what it returns, what it stores. What follows from the
first field differs from run to run; the first seldom does.

Where an event disagrees, the operation is left out, since several share what emits it, such as the oracle's update. But not for a
token's events: every operation moves tokens. A field of base and its twin of quote are one, since the same code computes both.

Too coarse: two faults whose first effect is on the same field of the same event (two ways to get a swap's output wrong), or
that make the same operation fail in the same way, are one; so are a fault in base's part alone and one in quote's.
Too fine: a fault in what several operations do is as many as operations show it, where it shows in a result or in stored state;
and one that makes a call fail at times, and pay a wrong amount at others, is two;
a check that refuses too much is as many as there are reasons that it hides; and one in maths that a preview and its call share
is two, since a preview has no events.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256

from tests.differential.difference import Difference, Row
from tests.differential.engine import Step

TOKEN_EVENTS = ("Transfer", "Approval")
SIDE = re.compile(r"(?<![a-z])(base|quote)(?![a-z])")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Equal for the same cause; `label` says in words what was found."""

    digest: str
    label: str = field(compare=False)

    def __str__(self) -> str:
        return f"{self.digest} {self.label}"


def fingerprint(step: Step, difference: Difference) -> Fingerprint:
    """The fingerprint of a difference; `step` is the one at its index."""
    first = min(difference.differing, key=_order)
    part, what = _say(first)
    name = step.operation.name
    owner = "" if part == "events" and what.split(".")[0].split(" ")[0] not in TOKEN_EVENTS else name
    cause = f"{owner}: {part}: {SIDE.sub('side', what)}"
    return Fingerprint(sha256(cause.encode()).hexdigest()[:10], f"{name}: {part}: {what}")


def _order(row: Row) -> int:
    """A row's place in the order in which a call does things; `min` keeps the rows' own order where this is the same."""
    if row.path == "outcome":
        return 0
    return 1 if row.path.startswith("events[") else 2


def _say(row: Row) -> tuple[str, str]:
    """The part of a step, and what of it disagrees."""
    if row.path == "outcome":
        return "result", f"{row.model} vs {row.observed}"
    part, _, what = row.kind.partition(".")
    if part == "events" and None in (row.model, row.observed):
        return part, f"{what} {'extra' if row.model is None else 'missing'}"
    return (part, what) if part == "events" else ("result" if part in ("value", "data") else "state", row.kind)
