"""What two sides disagree on, field by field: the model, and what was observed on a chain or recorded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from model import Event, Outcome

IDENTITY = re.compile(r"\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class Row:
    """One field as each side has it, None where it has nothing of the kind.

    `path` has the numbers and ids in brackets: "events[2].Swapped[pool-1].fee", "pools[pool-1].positions[provider-2].clock".
    """

    path: str
    model: Any
    observed: Any

    @property
    def differs(self) -> bool:
        return self.model != self.observed

    @property
    def kind(self) -> str:
        """The path without saying which one: "events.Swapped.fee"."""
        return IDENTITY.sub("", self.path)


@dataclass(frozen=True)
class Difference:
    """The first thing on which two sides disagree.

    `what` is it of the step: its result, its events, the state or the allowances after it. `rows` are the fields that differ,
    and, of result and events, those beside them that do not. `against` is what stands beside the model: "chain" or "record".
    """

    index: int
    what: str
    rows: list[Row]
    against: str = "chain"

    @property
    def summary(self) -> str:
        return f"step {self.index + 1}: {self.what} differs"

    @property
    def differing(self) -> list[Row]:
        return [row for row in self.rows if row.differs]


def outcome_difference(index: int, model: Outcome, observed: Outcome, against: str = "chain") -> Difference | None:
    """What two outcomes of one call differ in, with all of their fields; events beside each other if both succeeded."""
    rows = rows_of(_result(model), _result(observed))
    what = "result" if any(row.differs for row in rows) else "events"
    if model.ok and observed.ok:
        rows += _event_rows(model.events, observed.events)
    return Difference(index, what, rows, against) if any(row.differs for row in rows) else None


def rows_of(model: dict[str, Any], observed: dict[str, Any]) -> list[Row]:
    return [Row(path, model.get(path), observed.get(path)) for path in {**model, **observed}]


def _result(outcome: Outcome) -> dict[str, Any]:
    """An outcome but its events; what it returned has the paths that a scenario's checks have."""
    if not outcome.ok:
        return {"outcome": f"reverted: {outcome.reason}"}
    value = outcome.value
    values = {f"value.{number}": part for number, part in enumerate(value)} if isinstance(value, tuple) else {"value": value}
    return {"outcome": "returned", **values}


def _event_rows(model: Sequence[Event], observed: Sequence[Event]) -> list[Row]:
    """Events in order; one that a side lacks stands beside nothing."""
    keys = [[(event.source, event.name) for event in events] for events in (model, observed)]
    pairs: list[tuple[Event | None, Event | None]] = []
    for tag, begin, end, other_begin, other_end in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        left, right = model[begin:end], observed[other_begin:other_end]
        pairs += zip(left, right) if tag == "equal" else [*((event, None) for event in left), *((None, event) for event in right)]
    return [row for number, pair in enumerate(pairs, 1) for row in _pair(number, *pair)]


def _pair(number: int, model: Event | None, observed: Event | None) -> list[Row]:
    event = model or observed
    path = f"events[{number}].{event.name}[{event.source}]"
    if model is None or observed is None:
        return [Row(path, *[None if side is None else "emitted" for side in (model, observed)])]
    return rows_of(*[{f"{path}.{name}": value for name, value in side.arguments.items()} for side in (model, observed)])
