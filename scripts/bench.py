"""How fast: compared steps a second of every backend, of a plain Ape loop and of titanoboa, on the same programs in one run."""

import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before site-packages, where a dependency left a package "tests"

from ape import accounts
from ape.logging import LogLevel, logger

from tests.bench.ape_loop import ApeLoop
from tests.bench.profile import profile
from tests.bench.programs import load, measure, save
from tests.differential import world
from tests.differential.artifacts import compile_contracts
from tests.differential.command_line import OneLineErrors
from tests.differential.engine import play_prologue, run_model
from tests.differential.environment import BACKENDS, SetupError, backend, devnet, on_devnet, room_for
from tests.differential.interruption import Interrupted, interruptible
from tests.differential.machine import Budget, Enough, Mismatch, OverlappingJudge, Tally, draw_programs, executor_for
from tests.differential.side_by_side import run_side_by_side
from tests.differential.telling import tell

console = Console()
errors = Console(stderr=True)
sys.setswitchinterval(0.0005)  # as in fuzz: the thread that talks to the devnet waits for the one that draws
FOLDER = Path("build/bench")
LENGTH = 50  # steps of a program
SLOW = {"transactions": 20, "ape": 20, "titanoboa": 60}  # how many times fewer steps than the others
# On the devnet, one worker alone keeps two cores busy: it draws while Anvil executes.
GOALS = {"devnet / ape": 50, "devnet / titanoboa": 2, "evm / titanoboa": 3, "fuzz evm, 2 workers / 1": 1.7}


def draw(examples: int, seed: int) -> list[world.Program]:
    """The programs that all contenders run."""
    programs: list[world.Program] = []

    class Keep:
        def judge(self, steps):
            programs.append([(step.now, step.operation) for step in steps])

    draw_programs(Keep(), run_model(world.genesis(), world.prologue())[-1].state, Tally(), examples, LENGTH, seed)
    return [program for program in programs if program]


def on_backend(name: str, programs: list[world.Program], steps: int) -> float:
    """As fuzz compares: the model runs ahead while the backend executes."""
    with backend(name) as chain, executor_for(chain) as executor:
        start = play_prologue(chain)
        judge = OverlappingJudge(chain, executor)
        try:
            return measure(programs, steps, start, judge.judge, judge.finish)
        except Enough:
            raise SetupError(f"{name} and the model disagree: `ape run fuzz` shows how") from None


def in_ape_loop(programs: list[world.Program], steps: int) -> float:
    artifacts = compile_contracts()
    with devnet() as provider:
        chain = on_devnet(provider, artifacts)
        start = play_prologue(chain)
        loop = ApeLoop(chain.directory, artifacts, list(accounts.test_accounts[: len(world.ACTORS)]), chain.inspector)
        return measure(programs, steps, start, loop.differs)


def in_titanoboa(python: Path, programs: Path, steps: int) -> float:
    """In an environment of its own: titanoboa's plugin changes how Hypothesis and pytest work."""
    if not python.is_file():
        raise SetupError(f"titanoboa has no environment at {python}: run `make bench`")
    command = [python.absolute(), "-m", "tests.bench.titanoboa", programs.absolute(), str(steps)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SetupError(f"titanoboa: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


class Timed:
    """A display that shows nothing and takes the time from the first example on."""

    def __enter__(self) -> "Timed":
        return self

    def __exit__(self, *_) -> None:
        pass

    def deployed(self, places: list[str]) -> None:
        self.began = time.perf_counter()

    def progress(self, tally: Tally) -> None:
        self.tally = tally
        self.rate = tally.steps / (time.perf_counter() - self.began)

    def found(self, mismatch: Mismatch) -> None:
        pass  # told by who runs it


def fuzzing(name: str, workers: int, examples: int, seed: int) -> float:
    """All of it, drawing included, on workers."""
    display = Timed()
    if run_side_by_side(workers, partial(backend, name), Budget(examples, LENGTH, seed, 0), display) is not None:
        raise SetupError(f"{name} and the model disagree: `ape run fuzz` shows how")
    return display.rate


def ratios(speed: dict[str, float]) -> dict[str, float]:
    pairs = {
        "evm / titanoboa": ("evm", "titanoboa"),
        "evm / ape": ("evm", "ape"),
        "devnet / titanoboa": ("devnet", "titanoboa"),
        "devnet / ape": ("devnet", "ape"),
        "transactions / ape": ("transactions", "ape"),
        "fuzz evm, 2 workers / 1": ("fuzz evm, 2 workers", "fuzz evm, 1 worker"),
        "fuzz devnet, 2 workers / 1": ("fuzz devnet, 2 workers", "fuzz devnet, 1 worker"),
    }
    return {name: speed[one] / speed[other] for name, (one, other) in pairs.items() if one in speed and other in speed}


def show(speed: dict[str, float], found: dict[str, float], profiles: dict[str, dict[str, float]]) -> None:
    table = Table("", "steps a second", title="Compared steps a second")
    for name, rate in speed.items():
        table.add_row(name, f"{rate:,.1f}")
    console.print(table)
    table = Table("", "ratio", "goal", title="Ratios")
    for name, ratio in found.items():
        goal = GOALS.get(name)
        table.add_row(name, f"{ratio:,.2f}", "" if goal is None else f"{goal} {'reached' if ratio >= goal else 'MISSED'}")
    console.print(table)
    for name, phases in profiles.items():
        whole = sum(phases.values())
        table = Table("phase", "ms a step", "share", title=f"Where the time goes: {name}, one worker, nothing at the same time")
        for phase, spent in phases.items():
            table.add_row(phase, f"{spent:.3f}", f"{spent / whole:.0%}")
        table.add_row("all", f"{whole:.3f}", f"{1_000 / whole:,.0f} steps a second")
        console.print(table)


@click.command(cls=OneLineErrors, short_help="Measure compared steps a second, beside Ape and titanoboa")
@click.option("--steps", type=click.IntRange(min=60), default=12_000, show_default=True, help="How many steps the fast ones compare; the slow ones fewer.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Which programs are drawn.")
@click.option("--titanoboa", type=click.Path(path_type=Path), default="build/bench/venv/bin/python", show_default=True, help="The Python of titanoboa's environment.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), default="build/bench/report.json", show_default=True, help="Where to write the figures.")
def cli(steps, seed, titanoboa, report_path):
    """Run the same programs on each backend, in a plain Ape loop (one transaction and one view a step) and in titanoboa, and measure
    steps a second of running them in the model and comparing: results, events and the state's digest after each step.
    Then whole runs of fuzz, drawing included, on one worker and on two; and where the time of a step goes.

    Exits with 0 if everything was measured, 2 if something could not run, 130 on Ctrl-C.
    """
    logger.set_level(LogLevel.WARNING)
    path = FOLDER / "programs.pickle"
    examples = steps // LENGTH
    speed: dict[str, float] = {}
    profiles: dict[str, dict[str, float]] = {}
    before = os.getloadavg()[0]

    def note(name: str, rate: float) -> None:
        speed[name] = round(rate, 2)
        tell(console, f"{name}: {rate:,.1f} compared steps a second")

    try:
        room_for(report_path)
        with interruptible():
            save(path, draw(examples + 2, seed))
            programs = load(path)
            for name in BACKENDS:
                note(name, on_backend(name, programs, steps // SLOW.get(name, 1)))
            note("ape", in_ape_loop(programs, steps // SLOW["ape"]))
            note("titanoboa", in_titanoboa(titanoboa, path, steps // SLOW["titanoboa"]))
            for name in ("evm", "devnet"):
                for workers in (1, 2):
                    note(f"fuzz {name}, {workers} worker{'s' if workers > 1 else ''}", fuzzing(name, workers, examples, seed))
                with backend(name) as chain:
                    profiles[name] = profile(chain, play_prologue(chain), examples // 4, LENGTH, seed)
    except SetupError as error:
        tell(errors, f"bench: {error}", style="red")
        sys.exit(2)
    except Interrupted as interrupt:
        tell(console, "Interrupted; nothing was written.")
        sys.exit(interrupt.status)
    found = {name: round(ratio, 2) for name, ratio in ratios(speed).items()}
    machine = {"cores": os.cpu_count(), "load_before": before}
    report = {**speed, "ratios": found, "milliseconds_a_step": profiles, "machine": machine, "steps": steps, "seed": seed}
    report_path.write_text(json.dumps(report, indent=1) + "\n")
    show(speed, found, profiles)
    tell(console, f"On {machine['cores']} cores, load {before:.1f} before. Report: {report_path}")
