"""What every call costs, on a devnet and beside Uniswap v2: docs/gas.md, measured anew."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from ape.logging import LogLevel, logger

from tests.differential.artifacts import Artifacts, CompileError, compile_contracts
from tests.differential.environment import SetupError, check_sizes, check_tools, devnet
from tests.differential.interruption import Interrupted, interruptible
from tests.differential.telling import tell
from tests.gas import table
from tests.gas.chains import InProcess, OnDevnet, Refused
from tests.gas.growth import among, system_sweeps
from tests.gas.operations import measure
from tests.gas.stage import Stage

console = Console(stderr=True)  # so that the figures can be piped
CROWDS = (1, 100, 10_000)  # positions and stakers


def on_devnet(artifacts: Artifacts, port: int | None) -> table.Figures:
    """What every call costs, and system sweeps."""
    with devnet(port) as provider:
        tell(console, f"Sending every call to the devnet at {provider.uri} ...")
        stage = Stage(OnDevnet(provider), artifacts)
        calls = measure(stage)
        tell(console, "Sweeping up to 32 pools ...")
        return {"calls": calls, "system_sweep": {str(pools): gas for pools, gas in system_sweeps(stage).items()}}


def in_process(artifacts: Artifacts) -> table.Figures:
    """The same among others."""
    found = {}
    for holders in CROWDS:
        tell(console, f"In process: positions and stakers, {holders:,} of each ...")
        found[str(holders)] = among(Stage(InProcess(), artifacts), holders - 1)
    return {"among": found}


@click.command(short_help="Measure what every call costs, beside Uniswap v2, and write docs/gas.md")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a figure has risen by more than 1 % above docs/gas.json.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON in place of the table.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(check, as_json, port):
    """Send every call of Pool, Backstop, Reserve, Controller and DLQ to a devnet as a transaction, cold and warm, and the like calls of Uniswap v2's
    router with the same tokens; then the same among more and more positions and stakers, and system sweeps of more and more pools. Writes
    docs/gas.md and docs/gas.json. Takes about a minute and a half.

    Exits with 0 if the goals beside Uniswap v2 are reached, 1 if one is missed or, with --check, a figure has risen, 2 if something could not run,
    130 on Ctrl-C.
    """
    logger.set_level(LogLevel.WARNING)
    try:
        with interruptible():
            check_tools()
            artifacts = compile_contracts()
            check_sizes(artifacts, "gas")
            figures = on_devnet(artifacts, port)
        with interruptible():  # once more: Ape has put its own handlers back
            figures |= in_process(artifacts)
    except (SetupError, CompileError, Refused) as error:
        tell(console, f"gas: {error}", style="red")
        sys.exit(2)
    except Interrupted as interrupt:
        tell(console, "Interrupted; nothing was written.")
        sys.exit(interrupt.status)
    print(json.dumps(figures, indent=1) if as_json else "\n".join(table.beside(figures["calls"])))
    complaints = table.missed(figures["calls"])
    if check:
        complaints += table.risen(table.read()["calls"], figures["calls"])
    else:
        table.write(figures)
        tell(console, "Written: docs/gas.md, docs/gas.json.")
    for complaint in complaints:
        tell(console, f"gas: {complaint}", style="red")
    sys.exit(1 if complaints else 0)
