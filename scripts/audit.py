"""Audit a deployment: what the chain paid out, against what the model says."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests import RequestException
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from web3.exceptions import Web3Exception

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where this very file is another "audit"

from audit.auditor import Auditor
from audit.chain import Chain, ChainError
from audit.replay import Finding
from audit.system import System
from deploy import record
from deploy.record import Deployment, RecordError
from model import Operation
from tests.differential.artifacts import CompileError, compile_contracts
from tests.differential.difference import Difference
from tests.differential.engine import say
from tests.differential.environment import Interrupted, SetupError, connected
from tests.differential.telling import side_by_side, tell

console = Console()
errors = Console(stderr=True)
ADDRESS = re.compile("0x[0-9a-f]{40}")
PAYERS = {"pools": "pools", "reserve": "Reserve", "backstop": "Backstop"}


@contextmanager
def opened(deployment: Deployment, network: str | None, folder: Path, begin: int | None) -> Iterator[Auditor]:
    """An auditor that is connected to the deployment's chain."""
    logger.set_level(LogLevel.WARNING)
    try:
        artifacts = compile_contracts()
        with connected(network or deployment.network) as provider:
            chain = Chain(provider.web3.provider)
            chain_id = int(chain.ask("eth_chainId"), 16)
            if chain_id != deployment.chain_id:
                raise SetupError(f"the deployment is on chain {deployment.chain_id}, and the node on chain {chain_id}: see --network")
            yield Auditor(chain, deployment, artifacts, folder / str(chain_id), begin)
    except (ChainError, CompileError) as error:
        raise SetupError(str(error)) from error
    except (ApeException, Web3Exception, RequestException) as error:
        raise SetupError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error


@contextmanager
def bar(what: str, begin: int, to: int) -> Iterator[Callable[[int], None]]:
    """Progress through blocks; what is called with each block that is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("blocks"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=max(to - begin, 0))
        yield lambda block: progress.update(task, completed=block - begin)


def audit(auditor: Auditor, to: int, checkpoints: int, follow: bool, pause: float) -> Finding | None:
    """Fetch, compare, and go on with each new block if that is asked for."""
    with bar("Fetching", auditor.history.end, to) as progress:
        auditor.fetch(to, progress)
    with bar("Comparing", auditor.at, to) as progress:
        finding = auditor.compare(to, checkpoints, progress)
    if finding is None and follow:
        tell(console, f"Everything up to block {to:,} is equal. Following; Ctrl-C ends it.")
        finding = auditor.follow(lambda text: tell(console, text), pause)
    return finding


# -- telling ---------------------------------------------------------------------------------------------------------


def readable(system: System, text: str) -> str:
    """Symbols and checksums for the addresses in a text."""
    return ADDRESS.sub(lambda found: str(system.told(found[0])), text)


def readable_call(system: System, call: Operation) -> str:
    told = replace(call, target=str(system.told(call.target)), arguments={k: system.told(v) for k, v in call.arguments.items()})
    return f"{system.told(call.sender)} -> {say(told)}"


def readable_difference(system: System, finding: Finding) -> Difference:
    rows = [
        replace(row, path=readable(system, row.path), model=system.told(row.model), observed=system.told(row.observed))
        for row in finding.rows
    ]
    return replace(finding.difference, rows=rows)


def when(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def tell_finding(system: System, finding: Finding) -> None:
    first = readable_difference(system, finding)
    row = first.differing[0]
    tell(console, f"DIFFERENCE: {finding.what}", style="bold red")
    tell(console, f"  block        {finding.block:,}" + (f", {when(finding.time)}" if finding.time else ""))
    tell(console, f"  transaction  {finding.transaction or 'not to be told: more than one, or none, may be the cause'}")
    if finding.call is not None:
        tell(console, f"  call         {readable_call(system, finding.call)}")
    tell(console, f"  rule         {finding.rule} (docs/protocol.md)")
    tell(console, f"  first        {row.path}: model {say(row.model)}, chain {say(row.observed)}", style="bold")
    console.print(side_by_side(first))


def tell_summary(auditor: Auditor) -> None:
    tally, system = auditor.replay.tally, auditor.system
    counted = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for what, number in (
        ("blocks with events", tally.blocks), ("transactions", tally.transactions), ("calls", tally.calls.total()),
        ("events", tally.events), ("transfers that no call made", tally.stray), ("whole states compared", auditor.checkpoints),
        ("events a second, once fetched", round(auditor.rate)),
    ):  # fmt: skip
        counted.add_row(what, f"{number:,}")
    console.print(counted)
    if auditor.unreadable:
        tell(console, f"Of {auditor.unreadable} checkpoints the node no longer knows the state: an archive node would.", style="yellow")
    if tally.paid:
        paid = Table("token", *PAYERS.values(), title="Paid out, in base units", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for token in dict.fromkeys(token for _, token in tally.paid):
            paid.add_row(str(system.told(token)), *[f"{tally.paid[payer, token]:_}" for payer in PAYERS])
        console.print(paid)


def report(auditor: Auditor, finding: Finding | None) -> dict:
    """The audit as JSON."""
    tally, system = auditor.replay.tally, auditor.system
    result = {
        "chain_id": system.deployment.chain_id,
        "controller": system.deployment.address("controller"),
        "from_block": auditor.history.first,
        "to_block": auditor.at,
        "equal": finding is None,
        "blocks": tally.blocks,
        "transactions": tally.transactions,
        "calls": dict(sorted(tally.calls.items())),
        "events": tally.events,
        "stray_transfers": tally.stray,
        "states_compared": auditor.checkpoints,
        "states_unreadable": auditor.unreadable,
        "events_per_second": round(auditor.rate),
        "paid": [{"by": payer, "token": system.told(token), "amount": str(paid)} for (payer, token), paid in sorted(tally.paid.items())],
    }
    if finding is not None:
        rows = readable_difference(system, finding).differing
        result["difference"] = {
            "what": finding.what,
            "rule": finding.rule,
            "block": finding.block,
            "time": finding.time,
            "transaction": finding.transaction,
            "call": finding.call and readable_call(system, finding.call),
            "fields": [{"field": row.path, "model": _plain(row.model), "chain": _plain(row.observed)} for row in rows],
        }
    return result


def _plain(value: object) -> object:
    """Integers as text: JSON's numbers are not exact for all readers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


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
    auditor: Auditor | None = None
    try:
        deployment = record.load(path)
        if end is not None and end < (begin or deployment.first_block):
            raise SetupError(f"--to {end} is before the first block to audit, {begin or deployment.first_block}")
        with opened(deployment, network, folder, begin) as auditor:
            latest = int(auditor.chain.header("latest")["number"], 16)
            if (end or auditor.history.first) > latest:
                raise SetupError(f"the chain has {latest:,} blocks so far, and not {end or auditor.history.first:,}")
            to = latest if end is None else end
            address = deployment.address("controller")
            tell(console, f"Chain {deployment.chain_id}, Controller {address}, blocks {auditor.history.first:,} to {to:,}")
            finding = audit(auditor, to, checkpoints, follow, pause)
    except (SetupError, RecordError) as error:
        tell(errors, f"audit: {error}", style="red")
        sys.exit(2)
    except Interrupted as interrupt:
        if auditor is not None:
            tell_summary(auditor)
            write(report_path, report(auditor, None))
            tell(console, f"Interrupted: no difference up to block {auditor.at:,}.")
        sys.exit(interrupt.status)
    write(report_path, report(auditor, finding))
    tell_summary(auditor)
    if finding is not None:
        tell_finding(auditor.system, finding)
        sys.exit(1)
    tell(console, f"Equal: up to block {auditor.at:,}, the chain has paid out what the specification says.", style="bold green")


def write(path: Path, result: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
