"""Play two stories on a fresh devnet, and audit them."""

import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where this very file is another "demo"

from audit.auditor import Auditor
from audit.chain import Chain, ChainError
from audit.replay import Finding
from audit.telling import tell_finding, tell_summary
from demo.stage import Stage
from demo.stories import play
from demo.telling import Teller
from deploy.config import read_config
from deploy.deployer import deploy
from deploy.node import Node
from deploy.problem import told_in_one_line
from deploy.wallet import open_wallet
from tests.differential.artifacts import compile_contracts
from tests.differential.environment import SetupError, accounts_of_tests, check_tools, devnet

CONFIG = Path(__file__).parents[1] / "demo" / "system.yaml"


@click.command(short_help="Two stories on a fresh devnet, day by day, and their audit")
@click.option("--every", type=click.IntRange(min=1), default=7, show_default=True, help="After how many days to tell how things stand, even if nothing else has happened.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="The devnet's port; any free one without it.")
def cli(every, port):
    """Deploy the system to a fresh devnet, play two stories on it, and audit everything that was paid.

    In the first, providers stay while the price moves, and more of their loss is made good the longer they have stayed. In the second,
    the price falls by three quarters, and those who are left all want to leave at once. Of every withdrawal is told what the
    provider had put in, what the pool gave back, and what protection added to that, and from where.

    Exits with 0 if the audit finds everything as specified, 1 if not, 2 if something could not run, 130 on Ctrl-C.
    """
    console = Console()
    with told_in_one_line("demo", console, after="; the devnet has ended"):
        check_tools()
        config, artifacts = read_config(CONFIG), compile_contracts()
        with tempfile.TemporaryDirectory() as folder, devnet(port) as provider:
            with console.status("Deploying ..."):
                deployment = deploy(config, open_wallet("TEST::0", Node(provider)), Path(folder), lambda number, step, done: None)
            pools = ", ".join(pool.name for pool in deployment.pools)
            told = f"Deployed to the devnet at {provider.uri} and read back: pools {pools}."
            console.print(told, highlight=False, soft_wrap=True)
            stage = Stage(provider, deployment, artifacts, accounts_of_tests())
            play(stage, Teller(console, stage.decimals), every)
            console.rule("[bold]The audit", align="left")
            auditor = Auditor(Chain(provider.web3.provider), deployment, artifacts, Path(folder))
            finding = audited(auditor)
    tell_summary(console, auditor)
    if finding is not None:
        tell_finding(console, auditor.system, finding)
        sys.exit(1)
    console.print("Everything that the chain has paid out is what the specification says.", style="bold green")


def audited(auditor: Auditor) -> Finding | None:
    try:
        latest = int(auditor.chain.header("latest")["number"], 16)
        auditor.fetch(latest)
        return auditor.compare(latest, checkpoints=8)
    except ChainError as error:
        raise SetupError(str(error)) from error
