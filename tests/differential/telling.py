"""Shows people what happened: calls line by line, and what two sides disagree on, side by side."""

import re
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.differential.difference import Difference, Row
from tests.differential.engine import Step, describe, say
from tests.differential.fingerprint import fingerprint

EVENT = re.compile(r"events\[(\d+)]\.(.+)\[(.+)]")
SAME, MODEL, OTHER = "dim", "bold green", "bold red"


def tell(console: Console, text: str, style: str | None = None) -> None:
    """A line as it is: not broken, and nothing in it taken for markup."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def tell_calls(console: Console, steps: list[Step], most: int | None = None) -> None:
    """Number, call and outcome of each, or of the last ones."""
    left_out = 0 if most is None else max(0, len(steps) - most)
    if left_out:
        tell(console, f"      {left_out} calls before", style=SAME)
    for number, step in enumerate(steps[left_out:], left_out + 1):
        said = "ok" if step.outcome.ok else f"reverted: {step.outcome.reason}"
        tell(console, f"{number:>4}. {describe(step)}  {said}")


def tell_difference(console: Console, steps: list[Step], difference: Difference, most: int | None = None) -> None:
    """The calls up to the difference (or only the last of them), and the two sides of it beside each other."""
    tell_calls(console, steps[: difference.index + 1], most)
    tell(console, "")
    tell(console, f"{difference.summary}  ({fingerprint(steps[difference.index], difference)})", style="bold")
    console.print(side_by_side(difference))


def side_by_side(difference: Difference) -> Table:
    """Model and chain (or record) field by field. What differs is marked; an event that does not is one line."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold underline")
    for name in ("  field", "model", difference.against, "by"):
        table.add_column(name, overflow="fold")
    for group, rows in groupby(difference.rows, key=lambda row: _split(row)[0]):
        rows = list(rows)
        if EVENT.fullmatch(group) and not any(row.differs for row in rows):
            _add(table, SAME, f"  {_title(group)}", "same", "same")
            continue
        _add(table, "bold", f"  {_title(group)}")
        for row in rows:
            field, model, observed = _split(row)[1], say(row.model), say(row.observed)
            if row.differs:
                table.add_row(f">   {field}", Text(model, MODEL), Text(observed, OTHER), _by(row))
            else:
                _add(table, SAME, f"    {field}", model, observed)
    return table


def _add(table: Table, style: str, *cells: str) -> None:
    # As texts: ids stand in brackets, which would be taken for markup in plain strings.
    table.add_row(*map(Text, cells), style=style)


def _by(row: Row) -> str:
    """What to add to the model's number to get the other."""
    are_numbers = all(type(side) is int for side in (row.model, row.observed))
    return f"{row.observed - row.model:+_}" if are_numbers else ""


def _split(row: Row) -> tuple[str, str]:
    """What a field belongs to, and its name there."""
    if row.path.split(".")[0] in ("outcome", "value", "data"):
        return "result", row.path
    if EVENT.fullmatch(row.path):
        return row.path, "the event"
    group, _, field = row.path.rpartition(".")
    return group, field


def _title(group: str) -> str:
    event = EVENT.fullmatch(group)
    return f"event {event[1]}: {event[3]} {event[2]}" if event else group
