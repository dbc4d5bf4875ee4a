"""The main job: draw calls, run them in the model and on a devnet, and compare everything."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.differential import live, trace
from tests.differential.artifacts import CONTRACTS, SETTINGS
from tests.differential.command_line import OneLineErrors
from tests.differential.difference import Difference
from tests.differential.engine import PrologueDiffers, Step, play_prologue
from tests.differential.environment import BACKENDS, SetupError, backend, room_for
from tests.differential.interruption import Interrupted
from tests.differential.machine import Budget, Mismatch, Tally, run
from tests.differential.side_by_side import OpenBackend, run_side_by_side
from tests.differential.summary import report, show
from tests.differential.telling import tell, tell_difference
from tests.differential.trace_schema import GENESIS, PROLOGUE

console = Console()
errors = Console(stderr=True)
# The thread that talks to the devnet waits for the one that draws: hand over often.
sys.setswitchinterval(0.0005)


class Display:
    """What is seen of a run: a bar with steps a second and mismatches on a terminal; a line every ten seconds elsewhere."""

    def __init__(self, budget: Budget, keep: Callable[[list[Step], Difference | None], None]):
        self.budget = budget
        self.keep = keep
        self.tally = Tally()
        self.network: live.LiveNetwork | None = None
        self.began = self.last = time.monotonic()
        self.status = console.status("Compiling, deploying and playing the prologue ...")
        self.bar = Progress(
            TextColumn("fuzz"), BarColumn(), MofNCompleteColumn(), TextColumn("examples  {task.fields[rate]}"), TimeElapsedColumn(),
            console=console, disable=not console.is_terminal, transient=True,
        )  # fmt: skip
        self.task = self.bar.add_task("fuzz", total=budget.examples, rate="")

    def deployed(self, places: list[str]) -> None:
        self.status.stop()
        console.print("\n".join(f"Deployed {place}." for place in places))
        draws = f"{self.budget.examples} programs of {self.budget.length} steps, seed {self.budget.seed}, workers {len(places)}"
        console.print(f"Both sides agree on the prologue. Drawing {draws}.", soft_wrap=True)
        self.began = self.last = time.monotonic()
        self.bar.start()

    def progress(self, tally: Tally) -> None:
        self.tally = tally
        now, examples = time.monotonic(), self.budget.examples
        rate = f"{tally.steps:,} steps, {tally.steps / (now - self.began):,.0f} steps/s, {tally.mismatches} mismatches"
        self.bar.update(self.task, completed=tally.examples, total=max(examples, tally.examples), rate=rate)
        if not console.is_terminal and now - self.last > 10:
            self.last = now
            console.print(f"{tally.examples} of {examples} examples, {rate}")

    def found(self, mismatch: Mismatch) -> None:
        self.keep(mismatch.steps, mismatch.difference)
        tell(console, "A mismatch: its calls are written; looking for a smaller form ...")

    def __enter__(self) -> "Display":
        self.status.start()
        return self

    def __exit__(self, *_) -> None:
        self.status.stop()
        self.bar.stop()


def fuzz(workers: int, open_backend: OpenBackend, budget: Budget, display: Display) -> Mismatch | None:
    """Draw and compare programs, in this process or on several workers; the shrunk mismatch, or None."""
    if workers > 1:
        return run_side_by_side(workers, open_backend, budget, display)
    with display, open_backend() as chain:
        if isinstance(chain, live.LiveNetwork):
            display.network = chain
            live.play_prologue(chain, display.status.update)
            display.deployed([chain.place])
            return live.run(chain, display.tally, budget, display.progress)
        start = play_prologue(chain)
        display.deployed([chain.place])
        return run(chain, start, display.tally, budget, display.progress, display.found)


@click.command(cls=OneLineErrors, short_help="Fuzz the contracts against the model")
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="devnet", show_default=True, help="What executes the contracts: Anvil, a program in one request; pyrevm in process; or signed transactions.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--network", metavar="CHOICE", default=None, help="With --backend transactions: Ape's ecosystem:network:provider to send to, instead of our own devnet. On a live network only calls that need no time to pass are drawn; it takes real funds.")
@click.option("--account", "accounts", metavar="ALIAS", multiple=True, help="An account of Ape's to send from on a live network; eight times, the governor first. Without it, the first eight.")
@click.option("--contracts", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTRACTS, help="The folder of the contracts, if they are not this project's own.")
@click.option("--examples", type=click.IntRange(min=1), default=None, show_default="2400; 20 with transactions", help="How many programs to draw.")
@click.option("--steps", type=click.IntRange(min=1), default=50, show_default=True, help="How many calls a program has.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Repeat a run; without it, each run draws anew.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="How many processes draw and compare side by side, each with a devnet of its own.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), default="build/fuzz/report.json", show_default=True, help="Where to write the run in numbers.")
@click.option("--trace", "trace_path", type=click.Path(dir_okay=False, path_type=Path), default="build/fuzz/trace.json", show_default=True, help="Where to write the calls of a mismatch.")
@click.option("--shrink-seconds", type=click.FloatRange(min=0), default=30, show_default=True, help="How long to look for a smaller form of a mismatch.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(backend_name, setting, network, accounts, contracts, examples, steps, seed, workers, report_path, trace_path, shrink_seconds, port):
    """Draw calls of every function, run them in the model and in the contracts, and compare returned values,
    revert reasons, events and the whole state after each call.

    The same seed and the same number of workers draw the same calls.

    Exits with 0 if everything was equal and everything was reached, 1 on a mismatch, 2 if something could not run,
    3 if some operation or step of the waterfall was never reached, 130 on Ctrl-C. Whatever ends it, the calls of a mismatch are
    written as soon as it is found, and so are those that were sent to a live network.
    """
    examples = examples or (20 if backend_name == "transactions" else 2_400)
    workers = min(workers, examples)
    if workers > 1 and (port is not None or network is not None):
        raise click.UsageError("--port and --network are for one worker: several have a devnet each, on any free port.")
    seed = time.time_ns() % 2**32 if seed is None else seed
    budget = Budget(examples, steps, seed, shrink_seconds)
    open_backend = partial(backend, backend_name, port, setting=setting, sources=contracts, network=network, aliases=accounts)
    context = {"backend": backend_name, "setting": setting, "seed": seed, "workers": workers, **trace.of_contracts(contracts)}

    def keep(steps: list[Step], difference: Difference | None = None, start: str = PROLOGUE) -> None:
        """Write a trace; what was sent to a live network began with its deployment."""
        trace.write(trace_path, trace.record(steps, live.START if display.network else start, difference=difference, **context))

    display = Display(budget, keep)
    mismatch, heading, most = None, "MISMATCH, shrunk to:", None
    try:
        room_for(report_path, trace_path)
        try:
            mismatch = fuzz(workers, open_backend, budget, display)
        except PrologueDiffers as found:
            mismatch = Mismatch(found.steps[: found.difference.index + 1], found.difference)
            heading, most = "MISMATCH before the first drawn call, in the prologue:", 3
            keep(mismatch.steps, mismatch.difference, GENESIS)
        except (SetupError, Interrupted):
            if display.network and display.network.steps:
                keep(display.network.steps)
                tell(errors, f"All calls that were sent are in {trace_path}")
            raise
        else:
            if mismatch is not None:
                keep(mismatch.steps, mismatch.difference)
        result = report(display.tally, mismatch, time.monotonic() - display.began, **context)
        report_path.write_text(json.dumps(result, indent=1) + "\n")
    except (SetupError, trace.TraceError, OSError) as error:
        tally = display.tally
        done = f" (after {tally.steps:,} steps, all of them equal)" if tally.steps and not tally.mismatches else ""
        tell(errors, f"fuzz: {error}{done}", style="red")
        sys.exit(2)
    except Interrupted as interrupt:
        tally = display.tally
        found = f"a mismatch, not shrunk yet: {trace_path}" if tally.mismatches else "no mismatch so far"
        tell(console, f"Interrupted after {tally.steps:,} steps in {tally.examples:,} examples: {found}.")
        sys.exit(interrupt.status)
    tally = display.tally
    if tally.steps:
        show(console, result)
    if mismatch is not None:
        tell(console, "MISMATCH:" if display.network else heading, style="bold red")
        tell_difference(console, mismatch.steps, mismatch.difference, most)
        tell(console, f"Run it again on both sides: {trace.command_to_replay(trace_path, context)}")
        sys.exit(1)
    # Transactions are few: what they reach is told, and not asked for.
    if tally.missing() and backend_name != "transactions":
        console.print("Everything equal, but not everything was reached: " + "; ".join(tally.missing()), style="yellow", soft_wrap=True)
        sys.exit(3)
