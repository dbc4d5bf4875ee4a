"""Make a failing trace smaller and plainer."""

import sys
import time
from math import inf
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.differential import trace
from tests.differential.artifacts import CONTRACTS, SETTINGS
from tests.differential.command_line import OneLineErrors
from tests.differential.engine import PrologueDiffers, Unplayable, play_prologue
from tests.differential.environment import BACKENDS, SetupError, backend
from tests.differential.interruption import Interrupted
from tests.differential.shrink import NoFailure, Shrinker
from tests.differential.telling import tell, tell_difference

console = Console()
errors = Console(stderr=True)


@click.command(cls=OneLineErrors, short_help="Make a failing trace smaller and plainer")
@click.argument("path", metavar="TRACE", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Where to write what is left; without it, beside TRACE as NAME.shrunk.json.")
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="evm", show_default=True, help="What executes the contracts.")
@click.option("--seconds", type=click.FloatRange(min=0), default=None, help="How long to try; without it, until nothing helps any more.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--contracts", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTRACTS, help="The folder of the contracts, if they are not this project's own.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(path, output, backend_name, setting, contracts, seconds, port):
    """Leave out the calls of TRACE that it does not need to fail, then make ids, numbers and times plainer, for as long as it fails
    in the same way: with the same fingerprint.

    Exits with 0 if the trace still fails and what is left was written, 2 if it does not fail, cannot be read or something could
    not run, 130 on Ctrl-C (the smallest form so far is written then).
    """
    output = output or path.with_suffix(".shrunk.json")
    shrinker, interrupted = None, None
    try:
        original = trace.read(path)
        deployment = {"setting": setting, "sources": contracts, "system": trace.system_of(original), "began": trace.deployed_at(original)}
        with console.status("Compiling, deploying and playing the prologue ...") as status, backend(backend_name, port, **deployment) as chain:
            start = trace.deployed(original) if trace.starts_at_genesis(original) else play_prologue(chain)

            def progress() -> None:
                if shrinker is not None:
                    status.update(f"{len(shrinker.steps)} of {len(original['steps'])} calls left, {len(shrinker.tried):,} programs tried")

            until = inf if seconds is None else time.monotonic() + seconds
            shrinker = Shrinker(start, trace.program_of(original), chain, until=until, progress=progress)
            shrinker.run()
    except (SetupError, trace.TraceError) as error:
        fail(str(error))
    except PrologueDiffers as error:
        fail(f"{error} (`ape run replay` shows it)")
    except (NoFailure, Unplayable) as error:
        fail(f"{path}: nothing to shrink: {error}")
    except Interrupted as interrupt:
        interrupted = interrupt
        if shrinker is None:
            fail("interrupted before anything was tried; nothing was written", interrupt.status)
    left = shrunk(original, shrinker, shrunk_on=backend_name, setting=setting, **trace.of_contracts(contracts))
    try:
        trace.write(output, left)
    except trace.TraceError as error:
        fail(str(error))
    tell_difference(console, shrinker.steps, shrinker.difference)
    end = "interrupted" if interrupted else "out of time" if time.monotonic() > until else "nothing more can be left out or made plainer"
    tell(console, f"{len(original['steps'])} calls before, {len(shrinker.steps)} after {len(shrinker.tried):,} attempts; {end}")
    tell(console, f"Written to {output}; run it again: {trace.command_to_replay(output, left['context'])}")
    sys.exit(interrupted.status if interrupted else 0)


def shrunk(original: dict, shrinker: Shrinker, **context: str) -> dict:
    """The trace of what is left; what is known of the original is kept."""
    context = {**original.get("context", {}), **context, "shrunk_from": len(original["steps"])}
    return trace.record(shrinker.steps, original["start"], title=original.get("title"), difference=shrinker.difference, **context)


def fail(message: str, status: int = 2) -> None:
    tell(errors, f"shrink: {message}", style="red")
    sys.exit(status)
