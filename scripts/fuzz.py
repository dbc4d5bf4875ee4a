"""The main job: draw calls, run them in the model and on a devnet, and compare everything."""

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from model import OPERATIONS
from tests.differential import engine, live, machine, trace
from tests.differential.artifacts import SETTINGS
from tests.differential.engine import explain
from tests.differential.machine import Mismatch, Tally
from tests.differential.environment import BACKENDS, Interrupted, SetupError, backend

console = Console()
# The thread that talks to the devnet waits for the one that draws: hand over often.
sys.setswitchinterval(0.0005)


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
        "generations_ended": tally.generations_ended,
        "reasons": dict(tally.reasons.most_common()),
    }


def show(result: dict) -> None:
    table = Table("operation", "succeeded", "reverted", title="Calls compared")
    for name, counts in result["operations"].items():
        table.add_row(name, f"{counts['ok']:,}", f"{counts['reverted']:,}" if name not in Tally.NEVER_REVERT else "cannot")
    console.print(table)
    table = Table("step", "hits", title="Waterfall")
    for name, hits in result["waterfall"].items():
        table.add_row(name, f"{hits:,}")
    console.print(table)
    console.print(
        f"{result['steps']:,} steps in {result['examples']:,} examples, {result['seconds']:.1f} s: "
        f"{result['steps_per_second']:,.0f} compared steps a second; {result['mismatches']} mismatches"
    )


def progress_bar(examples: int):
    """A bar with steps a second and mismatches on a terminal; a line every ten seconds elsewhere."""
    began = last = time.monotonic()
    bar = Progress(
        TextColumn("fuzz"), BarColumn(), MofNCompleteColumn(), TextColumn("examples  {task.fields[rate]}"), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    )  # fmt: skip
    task = bar.add_task("fuzz", total=examples, rate="")

    def update(tally: Tally) -> None:
        nonlocal last
        now = time.monotonic()
        rate = f"{tally.steps:,} steps, {tally.steps / (now - began):,.0f} steps/s, {tally.mismatches} mismatches"
        bar.update(task, completed=tally.examples, total=max(examples, tally.examples), rate=rate)
        if not console.is_terminal and now - last > 10:
            last = now
            console.print(f"{tally.examples} of {examples} examples, {rate}")

    return bar, update


@click.command(short_help="Fuzz the contracts against the model")
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="devnet", show_default=True, help="What executes the contracts: Anvil, a program in one request; pyrevm in process; or signed transactions.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--network", metavar="CHOICE", default=None, help="With --backend transactions: Ape's ecosystem:network:provider to send to, instead of our own devnet. On a live network only calls that need no time to pass are drawn; it takes real funds.")
@click.option("--account", "accounts", metavar="ALIAS", multiple=True, help="An account of Ape's to send from on a live network; eight times, the governor first. Without it, the first eight.")
@click.option("--examples", type=click.IntRange(min=1), default=None, show_default="2400; 20 with transactions", help="How many programs to draw.")
@click.option("--steps", type=click.IntRange(min=1), default=50, show_default=True, help="How many calls a program has.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Repeat a run; without it, each run draws anew.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), default="build/fuzz/report.json", show_default=True, help="Where to write the run in numbers.")
@click.option("--trace", "trace_path", type=click.Path(dir_okay=False, path_type=Path), default="build/fuzz/trace.json", show_default=True, help="Where to write the calls of a mismatch.")
@click.option("--shrink-seconds", type=click.FloatRange(min=0), default=30, show_default=True, help="How long to look for a smaller form of a mismatch.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(backend_name, setting, network, accounts, examples, steps, seed, report_path, trace_path, shrink_seconds, port):
    """Draw calls of every function, run them in the model and in the contracts, and compare returned values,
    revert reasons, events and the whole state after each call.

    Exits with 0 if everything was equal and everything was reached, 1 on a mismatch, 2 if something could not run,
    3 if some operation or step of the waterfall was never reached, 130 on Ctrl-C (nothing is written then).
    """
    examples = examples or (20 if backend_name == "transactions" else 2_400)
    seed = time.time_ns() % 2**32 if seed is None else seed
    tally = Tally(list(OPERATIONS))
    mismatch, began = None, time.monotonic()
    context = {"backend": backend_name, "setting": setting, "seed": seed}
    try:
        with ExitStack() as stack:
            with console.status("Compiling, deploying and playing the prologue ...") as status:
                chain = stack.enter_context(backend(backend_name, port, setting=setting, network=network, aliases=accounts))
                console.print(f"Deployed {chain.place}.")
                is_live = isinstance(chain, live.LiveNetwork)
                start = live.play_prologue(chain, status.update) if is_live else engine.play_prologue(chain)
            console.print(f"Both sides agree on the prologue. Drawing {examples} programs of {steps} steps, seed {seed}.")
            began = time.monotonic()
            bar, tally.progress = progress_bar(examples)
            with bar:
                mismatch = (live if is_live else machine).run(
                    chain, start, tally,
                    examples=examples, length=steps, random_seed=seed, shrink_seconds=shrink_seconds,
                )  # fmt: skip
    except SetupError as error:
        done = f" (after {tally.steps:,} steps, all of them equal)" if tally.steps and not tally.mismatches else ""
        console.print(f"fuzz: {error}{done}", style="red", soft_wrap=True)
        sys.exit(2)
    except Interrupted as interrupt:
        found = "a mismatch, not shrunk yet" if tally.mismatches else "no mismatch so far"
        console.print(f"Interrupted after {tally.steps:,} steps in {tally.examples:,} examples: {found}. Devnet ended.")
        sys.exit(interrupt.status)
    result = report(tally, mismatch, time.monotonic() - began, **context)
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report_path.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    if mismatch is not None:
        program = [(step.now, step.operation) for step in mismatch.steps]
        # What a live network did is a record: it cannot be run again from the prologue that replay plays.
        kept = {"format": live.RECORD} if is_live else {}
        trace.write(trace_path, program, mismatch.difference, seed=seed, **kept)
        console.print("MISMATCH:" if is_live else "MISMATCH, shrunk to:", style="bold red")
        console.print(explain(mismatch.steps, mismatch.difference), markup=False, highlight=False, soft_wrap=True)
        console.print(f"All calls are in {trace_path}" if is_live else f"Run it again on both sides: ape run replay {trace_path}", soft_wrap=True)
        sys.exit(1)
    if tally.missing() and not is_live:
        console.print("Everything equal, but not everything was reached: " + "; ".join(tally.missing()), style="yellow", soft_wrap=True)
        sys.exit(3)
