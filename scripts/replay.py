"""Run traces again on both sides."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from model import State, SystemParameters
from tests.differential import trace
from tests.differential.artifacts import CONTRACTS, SETTINGS
from tests.differential.command_line import OneLineErrors
from tests.differential.difference import Difference
from tests.differential.engine import Backend, PrologueDiffers, Step, Unplayable, play_prologue
from tests.differential.environment import BACKENDS, SetupError, backend
from tests.differential.fingerprint import fingerprint
from tests.differential.interruption import Interrupted
from tests.differential.plain import Plain
from tests.differential.telling import tell, tell_calls, tell_difference

console = Console()
errors = Console(stderr=True)


def read_all(paths: tuple[Path, ...]) -> dict[Path, Plain]:
    """All traces that are named, and all in folders that are: before any is run."""
    traces = {}
    for path in paths:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            raise trace.TraceError(f"{path}: no traces (*.json) in this folder")
        traces |= {file: trace.read(file) for file in files}
    return traces


def by_system(traces: dict[Path, Plain]) -> dict[SystemParameters, dict[Path, Plain]]:
    """Traces by what the Controller was deployed with: each system is deployed once."""
    systems: dict[SystemParameters, dict[Path, Plain]] = {}
    for path, recorded in traces.items():
        systems.setdefault(trace.system_of(recorded), {})[path] = recorded
    return systems


def replay_all(traces: dict[Path, Plain], chain: Backend) -> Iterator[tuple[Path, list[Step], Difference | None]]:
    """First those that start right after deployment; then, where the prologue has been played, the others."""
    for path, recorded in traces.items():
        if trace.starts_at_genesis(recorded):
            yield path, *replay(path, recorded, trace.deployed(recorded), chain)
    if not all(map(trace.starts_at_genesis, traces.values())):
        start = play_prologue(chain)
        for path, recorded in traces.items():
            if not trace.starts_at_genesis(recorded):
                yield path, *replay(path, recorded, start, chain)


def patiently(replays: Iterator) -> Iterator:
    """The same, with a sign of life on a terminal until the next is there."""
    while True:
        with console.status("Running ..."):
            done = next(replays, None)
        if done is None:
            return
        yield done


def replay(path: Path, recorded: Plain, start: State, chain: Backend) -> tuple[list[Step], Difference | None]:
    try:
        return trace.replay(recorded, start, chain)
    except Unplayable as error:
        raise trace.TraceError(f"{path}: {error}") from error


def tell_replay(path: Path, recorded: Plain, steps: list[Step], difference: Difference | None, in_short: bool) -> None:
    if difference is None:
        if not in_short:
            tell_calls(console, steps)
        tell(console, f"{path}: {len(steps)} steps, equal on both sides")
        if "fingerprint" in recorded:
            tell(console, f"What was recorded is no longer there: {recorded['fingerprint']['label']}", style="yellow")
        return
    tell(console, f"MISMATCH in {path}", style="bold red")
    tell_difference(console, steps, difference)
    found = fingerprint(steps[difference.index], difference)
    if "fingerprint" in recorded:
        same = found.digest == recorded["fingerprint"]["digest"]
        tell(console, "It fails as recorded." if same else f"It was recorded for something else: {recorded['fingerprint']['label']}")
    if in_short:
        tell(console, "")


def plain_replay(path: Path | str, steps: list[Step], difference: Difference | None) -> Plain:
    result: Plain = {"trace": str(path), "steps": len(steps), "equal": difference is None}
    if difference is not None:
        found = fingerprint(steps[difference.index], difference)
        result["fingerprint"] = {"digest": found.digest, "label": found.label}
        result["difference"] = trace.plain_difference(difference)
    return result


@click.command(cls=OneLineErrors, short_help="Run recorded traces again in the model and in the contracts")
@click.argument("paths", metavar="TRACE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="devnet", show_default=True, help="What executes the contracts.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--contracts", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTRACTS, help="The folder of the contracts, if they are not this project's own.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
@click.option("--record", "folder", type=click.Path(file_okay=False, path_type=Path), default=None, help="A folder to write each trace to that was equal, with the outcome of each call and the state after it.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of each trace as JSON, and nothing else.")
def cli(paths, backend_name, setting, contracts, port, folder, as_json):
    """Run the calls of each TRACE again, in the model and in the contracts: failures, scenarios and recorded runs, or whole
    folders of them. Each is stopped at the first thing on which model and contracts, or model and record, disagree, which is
    shown side by side.

    Exits with 0 if everything is equal, 1 on a difference, 2 if a trace cannot be read or something could not run.
    """
    results: list[Plain] = []
    try:
        traces = read_all(paths)
        for system, alike in by_system(traces).items():
            with ExitStack() as stack:
                with console.status("Compiling and deploying ..."):
                    began = min(map(trace.deployed_at, alike.values()))
                    chain = stack.enter_context(backend(backend_name, port, setting=setting, sources=contracts, system=system, began=began))
                for path, steps, difference in patiently(replay_all(alike, chain)):
                    results.append(plain_replay(path, steps, difference))
                    if not as_json:
                        tell_replay(path, traces[path], steps, difference, in_short=len(traces) > 1)
                    if folder and difference is None:
                        trace.write(folder / path.name, trace.recorded(traces[path], steps))
    except (SetupError, trace.TraceError) as error:
        tell(errors, f"replay: {error}", style="red")
        sys.exit(2)
    except PrologueDiffers as found:
        results.append(plain_replay("prologue", found.steps, found.difference))
        if not as_json:
            tell(console, "MISMATCH before any trace, in the prologue", style="bold red")
            tell_difference(console, found.steps, found.difference, most=3)
    except Interrupted as interrupt:
        tell(errors, f"replay: interrupted after {len(results)} of {len(traces)} traces; the devnet has ended")
        sys.exit(interrupt.status)
    differing = [result for result in results if not result["equal"]]
    if as_json:
        print(json.dumps({"backend": backend_name, "traces": results}, indent=1))
    elif len(results) > 1:
        tell(console, f"{len(results)} traces, {len(differing)} with a difference")
    sys.exit(1 if differing else 0)
