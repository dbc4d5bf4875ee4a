"""The search for a sequence of calls that pays, and the price of holding a price: the tables of docs/search.md, made anew."""

import json
import sys
import time
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.search import holding, page, picture
from tests.search.search import Found, Search, beyond, control, gain, protocol
from tests.study.tables import page_with_tables

console = Console()


@click.command(short_help="Search for a profit against the protocol and against a control; write docs/search.md's tables")
@click.option("--programs", type=click.IntRange(1), default=20_000, show_default=True, help="How many programs each of the searches tries.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and number of programs give the same tables.")
@click.option("--hold/--no-hold", default=True, help="Whether to work out the price of holding a price, too (some minutes).")
@click.option("--dry", is_flag=True, help="Write nothing into docs/search.md.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write it as JSON, too.")
def cli(programs, seed, hold, dry, json_path):
    """Search for a sequence of calls that leaves one actor richer at the true price than an honest withdrawal from a Reserve that can pay
    everything: against the protocol, and against a control that pays the coverage at the spot price in quote. Exits with 1 if the protocol
    gives more than L8 allows, or the control nothing.
    """
    try:
        made, report, as_expected = search_all(programs, seed)
        if hold:
            made |= hold_all(report)
    except KeyboardInterrupt:
        console.print("Interrupted: nothing was written.")
        sys.exit(130)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(report, indent=1) + "\n")
    if not dry:
        page.PAGE.write_text(page_with_tables(page.PAGE.read_text(), made))
        if hold:
            picture.draw()
        console.print("Written: docs/search.md. The sentences are by hand: read them where figures changed.", soft_wrap=True)
    if not as_expected:
        console.print("search: the protocol gives more than L8 allows, or the control nothing", style="red", soft_wrap=True)
        sys.exit(1)


def search_all(programs: int, seed: int):
    searches: list[tuple[str, Search]] = []
    sequences: list[tuple[str, Found]] = []
    report: dict = {"seed": seed, "searches": {}}
    with control(seed) as against_control:
        searched("control, the largest gain", against_control, programs, searches, sequences, report)
    searched("protocol, the largest gain", protocol(seed, gain), programs, searches, sequences, report)
    searched("protocol, the largest gain beyond what L8 allows", protocol(seed + 1, beyond), programs, searches, sequences, report)
    found = against_control.first_profit is not None and all(search.first_profit is None for _, search in searches[1:])
    return {"searches": page.of_searches(searches), "sequences": page.of_sequences(sequences[:2])}, report, found


def searched(name: str, search: Search, programs: int, searches, sequences, report) -> None:
    began, first_after = time.monotonic(), None
    with console.status(f"Searching: {name} ...") as status:

        def tell(search: Search) -> None:
            nonlocal first_after
            if first_after is None and search.first_profit is not None:
                first_after = time.monotonic() - began
            if search.programs % 500 == 0:
                status.update(f"Searching: {name}: {search.programs:,} of {programs:,} programs, gain {page.gain_of(search.best)}")

        search.run(programs, tell)
        plainest = search.plainest(search.best)
    console.print(f"{name}: {search.programs:,} programs, {time.monotonic() - began:.0f} s, gain {page.gain_of(search.best)}")
    if first_after is not None:
        console.print(f"  a gain beyond what L8 allows after {first_after:.1f} s, at program {search.first_profit:,}")
    console.print(f"  {page.start_told(plainest.start)}:", soft_wrap=True, highlight=False)
    for step in plainest.program:
        console.print(f"    {step}", highlight=False)
    searches.append((name, search))
    sequences.append((name.split(",")[0], plainest))
    report["searches"][name] = {
        "programs": search.programs,
        "first_profit": search.first_profit,
        "gain": float(search.best.gain),
        "beyond": float(search.best.beyond),
        "start": page.start_told(plainest.start),
        "sequence": [str(step) for step in plainest.program],
    }


def hold_all(report: dict):
    made = {}
    for name, rows_of, depth, told in (
        ("step 2", holding.of_step_2, "the holder's share", lambda part: page.percent(part / 10_000)),
        ("step 3", holding.of_step_3, "DLQ pool, of what is owed", lambda times: f"{times} times"),
    ):
        rows = []
        with console.status(f"Holding a price: {name} ..."):
            for row in rows_of():
                rows.append(row)
        made[name] = page.of_holding(depth, rows, told)
        console.print(f"table {name}: {len(rows)} rows")
        report[name] = [dict(zip(made[name].columns, row, strict=True)) for row in made[name].rows]
    return made


if __name__ == "__main__":
    cli()
