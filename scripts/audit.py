"""Audit a deployment: what the chain paid out, against what the model says."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where this very file is another "audit"

from audit.auditor import Auditor
from audit.chain import PATIENCE, Chain, Reorganised
from audit.replay import Finding
from audit.telling import report, tell_finding, tell_summary
from deploy import record
from deploy.problem import told_in_one_line
from deploy.record import Deployment
from tests.differential.artifacts import compile_contracts
from tests.differential.environment import SetupError, connected
from tests.differential.interruption import Interrupted
from tests.differential.telling import tell

console = Console()
errors = Console(stderr=True)


@contextmanager
def opened(deployment: Deployment, network: str | None, folder: Path, begin: int | None) -> Iterator[Auditor]:
    """An auditor that is connected to the deployment's chain."""
    artifacts = compile_contracts()
    with connected(network or deployment.network) as provider:
        chain = Chain(provider.web3.provider)
        chain_id = int(chain.ask("eth_chainId"), 16)
        if chain_id != deployment.chain_id:
            raise SetupError(f"the deployment is on chain {deployment.chain_id}, and the node on chain {chain_id}: see --network")
        controller = deployment.address("controller")
        if chain.ask("eth_getCode", controller, "latest") == "0x":
            raise SetupError(f"no contract stands at {controller}, the record's Controller: it is of a chain that is gone, or another")
        auditor = Auditor(chain, deployment, artifacts, folder / str(chain_id), begin)
        try:
            yield auditor
        finally:
            auditor.history.close()


@contextmanager
def bar(what: str, begin: int, to: int) -> Iterator[Callable[[int], None]]:
    """Progress through blocks, every ten seconds where there is no terminal; what is called with each block that is done."""
    told = time.monotonic()

    def say_so(block: int) -> None:
        nonlocal told
        progress.update(task, completed=block - begin)
        if not console.is_terminal and time.monotonic() - told > 10:
            told = time.monotonic()
            tell(console, f"{what}: block {block:,} of {to:,}")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("blocks"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=max(to - begin, 0))
        yield say_so


def audit(auditor: Auditor, to: int, checkpoints: int, follow: bool, pause: float) -> Finding | None:
    """Fetch, compare, and go on with each new block if that is asked for."""
    for attempt in range(PATIENCE):
        with bar("Fetching", auditor.history.end, to) as progress:
            auditor.fetch(to, progress)
        try:
            with bar("Comparing", auditor.at, to) as progress:
                finding = auditor.compare(to, checkpoints, progress)
            break
        except Reorganised as error:
            if attempt + 1 == PATIENCE:
                raise
            tell(console, f"The chain was reorganised, so that this is done again: {error}", style="yellow")
    if finding is None and follow:
        tell(console, f"Everything up to block {to:,} is equal. Following; Ctrl-C ends it.")
        finding = auditor.follow(lambda text: tell(console, text), pause)
    return finding


@click.command(short_help="Compare what a deployment has paid out with what the model says")
@click.option("--deployment", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The record of the deployment: deployments/CHAIN_ID.json.")
@click.option("--network", metavar="CHOICE", default=None, show_default="the deployment's", help="Ape's ecosystem:network:provider to ask; the provider may be a URL.")
@click.option("--from", "begin", type=click.IntRange(min=1), default=None, help="The first block; what there was before it is read from the chain. Without it, the deployment's first.")
@click.option("--to", "end", type=click.IntRange(min=1), default=None, help="The last block; the latest without it.")
@click.option("--follow", is_flag=True, help="Go on with each new block, until Ctrl-C or a difference.")
@click.option("--pause", type=click.FloatRange(min=0, min_open=True), default=4, show_default=True, help="With --follow: seconds between two looks at the chain.")
@click.option("--checkpoints", type=click.IntRange(min=0), default=8, show_default=True, help="At how many blocks before the last to compare the whole stored state. Of old blocks only an archive node knows it.")
@click.option("--cache", "folder", type=click.Path(file_okay=False, path_type=Path), default="build/audit", show_default=True, help="Where to keep what was fetched, by chain: the next audit goes on from there.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), default="build/audit/report.json", show_default=True, help="Where to write the audit as JSON.")
def cli(path, network, begin, end, follow, pause, checkpoints, folder, report_path):
    """Rebuild the history of a deployment from the chain, run it through the model, and compare: of every call all that it emitted and
    paid out, and at checkpoints and at the end the whole stored state. The first difference is shown with its transaction, the
    rule of docs/protocol.md, and what each side says.

    Exits with 0 if everything is equal, 1 on a difference, 2 if something could not run, 130 on Ctrl-C.
    """
    if follow and end is not None:
        raise click.UsageError("--follow goes on with every new block: leave --to out.")
    with told_in_one_line("audit", errors):
        deployment = record.load(path)
        if end is not None and end < (begin or deployment.first_block):
            raise SetupError(f"--to {end} is before the first block to audit, {begin or deployment.first_block}")
        try_to_write(report_path)
        with opened(deployment, network, folder, begin) as auditor:
            latest = int(auditor.chain.header("latest")["number"], 16)
            if (end or auditor.history.first) > latest:
                raise SetupError(f"the chain has {latest:,} blocks so far, and not {end or auditor.history.first:,}")
            to = latest if end is None else end
            address = deployment.address("controller")
            tell(console, f"Chain {deployment.chain_id}, Controller {address}, blocks {auditor.history.first:,} to {to:,}")
            try:
                finding = audit(auditor, to, checkpoints, follow, pause)
            except Interrupted as interrupt:
                tell_summary(console, auditor)
                write(report_path, report(auditor, None))
                tell(console, f"Interrupted: no difference up to block {auditor.at:,}.")
                sys.exit(interrupt.status)
        write(report_path, report(auditor, finding))
    tell_summary(console, auditor)
    if finding is not None:
        tell_finding(console, auditor.system, finding)
        sys.exit(1)
    tell(console, f"Equal: up to block {auditor.at:,}, the chain has paid out what the specification says.", style="bold green")


def try_to_write(path: Path) -> None:
    """Before the audit, which may take long; what is there is left alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=path.parent):
        pass


def write(path: Path, result: dict) -> None:
    path.write_text(json.dumps(result, indent=1) + "\n")
