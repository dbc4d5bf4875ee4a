"""What a run has reached, in numbers."""

from rich.console import Console
from rich.table import Table

from model import OPERATIONS
from tests.differential.machine import Mismatch, Tally


def report(tally: Tally, mismatch: Mismatch | None, seconds: float, **context) -> dict:
    """The run in numbers."""
    return {
        **context,
        "examples": tally.examples,
        "steps": tally.steps,
        "seconds": round(seconds, 3),
        "steps_per_second": round(tally.steps / seconds, 1) if seconds else 0,
        "mismatches": int(mismatch is not None),
        "operations": {name: {"ok": tally.succeeded[name], "reverted": tally.reverted[name]} for name in OPERATIONS},
        "waterfall": dict(tally.waterfall),
        "awkward": dict(tally.awkward),
        "generations_ended": tally.generations_ended,
        "previews_kept": tally.previews_kept,
        "reasons": dict(tally.reasons.most_common()),
    }


def show(console: Console, result: dict) -> None:
    """The same for people."""
    table = Table("operation", "succeeded", "reverted", title="Calls compared")
    for name, counts in result["operations"].items():
        table.add_row(name, f"{counts['ok']:,}", f"{counts['reverted']:,}")
    console.print(table)
    table = Table("step", "hits", title="Waterfall")
    for name, hits in result["waterfall"].items():
        table.add_row(name, f"{hits:,}")
    console.print(table)
    table = Table("awkward tokens, inside calls", "hits")
    for name, hits in result["awkward"].items():
        table.add_row(name, f"{hits:,}")
    console.print(table)
    console.print(f"{result['previews_kept']:,} calls came right after their preview and paid what it had told")
    console.print(
        f"{result['steps']:,} steps in {result['examples']:,} examples, {result['seconds']:.1f} s: "
        f"{result['steps_per_second']:,.0f} compared steps a second; {result['mismatches']} mismatches"
    )
