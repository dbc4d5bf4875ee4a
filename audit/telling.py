"""Tells people, and programs, what an audit has found."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from audit.auditor import Auditor
from audit.replay import Finding
from audit.system import System
from model import Operation
from tests.differential.difference import Difference
from tests.differential.engine import say
from tests.differential.telling import side_by_side, tell

ADDRESS = re.compile("0x[0-9a-f]{40}")
PAYERS = {"pools": "pools", "reserve": "Reserve", "backstop": "Backstop"}


def readable(system: System, text: str) -> str:
    """Symbols and checksums for the addresses in a text."""
    return ADDRESS.sub(lambda found: str(system.told(found[0])), text)


def readable_call(system: System, call: Operation) -> str:
    """A call on one line."""
    told = replace(call, target=str(system.told(call.target)), arguments={k: system.told(v) for k, v in call.arguments.items()})
    return f"{system.told(call.sender)} -> {say(told)}"


def readable_difference(system: System, finding: Finding) -> Difference:
    """What differs, with names for addresses."""
    rows = [
        replace(row, path=readable(system, row.path), model=_named(system, row.model), observed=_named(system, row.observed))
        for row in finding.rows
    ]
    return replace(finding.difference, rows=rows)


def _named(system: System, value: object) -> object:
    """A value for people, be it an id or a text with addresses in it."""
    told = system.told(value)
    return readable(system, told) if isinstance(told, str) else told


def when(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def tell_finding(console: Console, system: System, finding: Finding) -> None:
    """The first difference: where, which rule, what both sides say."""
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


def tell_summary(console: Console, auditor: Auditor) -> None:
    """What has been compared, and what was paid out."""
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
