"""Run a recorded trace again on both sides."""

import sys
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.differential import trace
from tests.differential.artifacts import SETTINGS
from tests.differential.engine import compare, describe, encode_calls, explain, play_prologue, run_model
from tests.differential.environment import BACKENDS, SetupError, backend

console = Console()


@click.command(short_help="Run a recorded trace again in the model and on a devnet")
@click.argument("path", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="devnet", show_default=True, help="What executes the contracts.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(path, backend_name, setting, port):
    """Run the calls of TRACE again in the model and in the contracts, on a fresh devnet or in process, and show the first difference.

    Exits with 0 if everything is equal, 1 on a difference, 2 if the trace cannot be read or something could not run.
    """
    try:
        program = trace.read(path)
        with backend(backend_name, port, setting=setting) as chain:
            start = play_prologue(chain)
            try:
                steps = run_model(start, program)
                encode_calls(steps, chain.directory)
            except (KeyError, TypeError, OverflowError) as error:
                raise trace.TraceError(f"{path}: a call that no contract here has ({error!r})") from error
            difference = compare(steps, chain)
    except (SetupError, trace.TraceError) as error:
        console.print(f"replay: {error}", style="red", soft_wrap=True)
        sys.exit(2)
    if difference is not None:
        console.print("MISMATCH", style="bold red")
        console.print(explain(steps, difference), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    for number, step in enumerate(steps, 1):
        said = "ok" if step.outcome.ok else f"reverted: {step.outcome.reason}"
        console.print(f"{number:>4}. {describe(step)}  {said}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(steps)} steps, equal on both sides")
