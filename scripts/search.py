"""The search for a sequence of calls that pays, and the price of holding a price: the tables of docs/search.md, made anew."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.search import holding, page
from tests.search.page import Searched
from tests.search.search import Search, beyond, control, gain, protocol
from tests.study.tables import Table, page_with_tables

console = Console()
HOLDINGS = {
    "step 2": (holding.step_2, holding.SHARES, "the holder's share", lambda part: page.percent(part / 10_000)),
    "step 3": (holding.step_3, holding.DLQ_DEPTHS, "DLQ pool, of what is owed", lambda times: f"{times} times"),
}


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
        searches = search_all(programs, seed)
        holdings = hold_all() if hold else {}
    except KeyboardInterrupt:
        console.print("Interrupted: nothing was written.")
        sys.exit(130)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(plain(seed, searches, holdings), indent=1) + "\n")
    if not dry:
        made = {"searches": page.of_searches(searches), "sequences": page.of_sequences(searches[:2]), **holdings}
        page.PAGE.write_text(page_with_tables(page.PAGE.read_text(), made))
        if hold:
            from tests.search import picture  # here, since Ape imports every script for every command, and matplotlib takes long

            picture.draw()
        console.print("Written: docs/search.md. The sentences are by hand: read them where figures changed.", soft_wrap=True)
    robbed, *held_out = [one.search.first_profit is not None for one in searches]
    if not robbed or any(held_out):
        console.print("search: the protocol gives more than L8 allows, or the control nothing", style="red", soft_wrap=True)
        sys.exit(1)


def search_all(programs: int, seed: int) -> list[Searched]:
    """The control first."""
    with control(seed) as search:
        robbed = searched("control", "the largest gain", search, programs)
    against_protocol = (("the largest gain", protocol(seed, gain)), ("the largest gain beyond what L8 allows", protocol(seed + 1, beyond)))
    return [robbed, *[searched("protocol", aim, search, programs) for aim, search in against_protocol]]


def searched(rules: str, aim: str, search: Search, programs: int) -> Searched:
    began, seconds_to_profit = time.monotonic(), None
    with console.status(f"Searching: {rules}, {aim} ...") as status:

        def tell(search: Search) -> None:
            nonlocal seconds_to_profit
            if seconds_to_profit is None and search.first_profit is not None:
                seconds_to_profit = round(time.monotonic() - began, 1)
            if search.programs % 500 == 0:
                found = page.gain_of(search.best)
                status.update(f"Searching: {rules}, {aim}: {search.programs:,} of {programs:,} programs, gain {found}")

        search.run(programs, tell)
        plainest = search.plainest(search.best)
    seconds = time.monotonic() - began
    console.print(f"{rules}, {aim}: {programs:,} programs, {seconds:.0f} s, gain {page.gain_of(search.best)}", highlight=False)
    if seconds_to_profit is not None:
        console.print(f"  a gain beyond what L8 allows after {seconds_to_profit} s, at program {search.first_profit:,}", highlight=False)
    console.print(f"  {page.start_told(plainest.start)}:", soft_wrap=True, highlight=False)
    for step in plainest.program:
        console.print(f"    {step}", highlight=False)
    return Searched(rules, aim, search, plainest, seconds_to_profit)


def hold_all() -> dict[str, Table]:
    made = {}
    for name, (step, sizes, depth, told) in HOLDINGS.items():
        rows = []
        with console.status(f"Holding a price: {name} ...") as status:
            for row in holding.rows(step, sizes):
                rows.append(row)
                status.update(f"Holding a price: {name}: a window of {row[0]:,} s")
        made[name] = page.of_holding(depth, rows, told)
        console.print(f"table {name}: {len(rows)} rows")
    return made


def plain(seed: int, searches: list[Searched], holdings: dict[str, Table]) -> dict:
    """What was found, for machines."""
    found = [
        {
            "rules": one.rules,
            "aim": one.aim,
            "programs": one.search.programs,
            "first_profit": one.search.first_profit,
            "seconds_to_profit": one.seconds_to_profit,
            "gain": float(one.search.best.gain),
            "beyond": float(one.search.best.beyond),
            "start": asdict(one.plainest.start),
            "sequence": [str(step) for step in one.plainest.program],
        }
        for one in searches
    ]
    tables = {name: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for name, table in holdings.items()}
    return {"seed": seed, "searches": found, **tables}


if __name__ == "__main__":
    cli()
