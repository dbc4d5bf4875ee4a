"""What the two sides disagree on, field by field."""

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
    chain: Any

    @property
    def differs(self) -> bool:
        return self.model != self.chain

    @property
    def kind(self) -> str:
        """The path without saying which one: "events.Swapped.fee"."""
        return IDENTITY.sub("", self.path)


@dataclass(frozen=True)
class Difference:
    """The first thing on which the two sides disagree.

    `what` is it of the step: its result, its events, the stored state or the allowances after it. `rows` are the fields that differ,
    and, of result and events, those beside them that do not.
    """

    index: int
    what: str
    rows: list[Row]

    @property
    def summary(self) -> str:
        return f"step {self.index + 1}: {self.what} differs"

    @property
    def differing(self) -> list[Row]:
        return [row for row in self.rows if row.differs]


def rows_of(model: dict[str, Any], chain: dict[str, Any]) -> list[Row]:
    return [Row(path, model.get(path), chain.get(path)) for path in {**model, **chain}]


def result_fields(outcome: Outcome) -> dict[str, Any]:
    """An outcome but its events, by field; what it returned has the paths that a scenario's checks have."""
    if not outcome.ok:
        return {"outcome": f"reverted: {outcome.reason}"}
    value = outcome.value
    values = {"value": value} if not isinstance(value, (tuple, list)) else {f"value.{n}": part for n, part in enumerate(value)}
    return {"outcome": "returned", **values}


def event_rows(model: Sequence[Event], chain: Sequence[Event]) -> list[Row]:
    """Events beside each other, in order; one that a side lacks stands beside nothing."""
    keys = [[(event.source, event.name) for event in events] for events in (model, chain)]
    rows: list[Row] = []
    for _, begin, end, other_begin, other_end in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        left, right = model[begin:end], chain[other_begin:other_end]
        same = keys[0][begin:end] == keys[1][other_begin:other_end]
        pairs = zip(left, right) if same else [*((event, None) for event in left), *((None, event) for event in right)]
        for pair in pairs:
            rows += _pair(pair, number=1 + len({row.path.split(".")[0] for row in rows}))
    return rows


def _pair(pair: tuple[Event | None, Event | None], number: int) -> list[Row]:
    event = pair[0] or pair[1]
    path = f"events[{number}].{event.name}[{event.source}]"
    if None in pair:
        return [Row(path, *[None if side is None else "emitted" for side in pair])]
    return rows_of(*[{f"{path}.{name}": value for name, value in side.arguments.items()} for side in pair])
