"""Carries an act out: preview, consent, approvals, the call; and tells what it came to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.node import Refused
from deploy.wallet import Wallet
from model import Event, Operation, State
from operate.acts import Act, calldata, missing_approvals, preview
from operate.events import read_logs
from operate.snapshot import Snapshot
from operate.system import OperateError, System


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an act will come to, as the model says, and what is to be sent for it."""

    operation: Operation
    value: Any
    events: tuple[Event, ...]
    after: State
    approvals: list[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Performed:
    """What it came to."""

    transactions: list[str]
    block: int
    gas_used: int
    events: list[Event]


def foresee(snapshot: Snapshot, act: Act) -> Foreseen:
    """Let the model do it first.

    Raises
    ------
    OperateError
        If it would be refused.
    """
    after, value, events = preview(snapshot, act)
    return Foreseen(act.with_bounds(value), value, events, after, missing_approvals(snapshot.state, act))


def perform(system: System, wallet: Wallet, foreseen: Foreseen, progress: Callable[[str], None]) -> Performed:
    """Send the approvals that are missing, then the call, each with a receipt before the next.

    Raises
    ------
    OperateError
        If something is refused after all, or the account has sent something that is not mined yet.
    """
    pending = wallet.node.nonce(wallet.address) - wallet.node.nonce(wallet.address, "latest")
    if pending > 0:
        # One of them may be this very act, sent by a run that did not see it mined.
        raise OperateError(f"{pending} transaction{'s' if pending > 1 else ''} of {wallet.name} not mined yet: wait until none is pending")
    transactions = []
    for symbol, spender, amount in foreseen.approvals:
        progress(f"Approving {symbol} to {spender} ...")
        operation = Operation("token.approve", symbol, wallet.address, {"spender": spender, "amount": amount})
        transactions.append(_send(system, wallet, operation)["transactionHash"])
    progress(f"Sending {foreseen.operation.name} ...")
    receipt = _send(system, wallet, foreseen.operation)
    transactions.append(receipt["transactionHash"])
    logs = read_logs(system, receipt["logs"])
    return Performed(transactions, int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16), logs)


def _send(system: System, wallet: Wallet, operation: Operation) -> dict[str, Any]:
    to, data = system.address_of(operation.target), calldata(system, operation)
    try:
        signed = wallet.sign(to, data, wallet.node.nonce(wallet.address))
    except Refused as refused:
        raise OperateError(f"{operation.name} would be refused: {refused.reason}") from refused
    wallet.send(signed)
    receipt = wallet.wait([signed])
    if receipt["status"] != "0x1":
        reason = wallet.reason(to, data, int(receipt["blockNumber"], 16))
        raise OperateError(f"{operation.name}: {signed.hash} has failed: {reason}")
    return receipt
