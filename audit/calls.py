"""The calls behind the events.

A transaction sent straight to one of the system's contracts says itself what was called. Of what other contracts call in the middle of
their own work only the events tell; they say everything but what has not changed anything: minimums, deadlines, bounds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.events import CONTRACTS, canonical, kind, signature
from audit.system import System
from model import Event, Operation, Parameters
from model.fixed_point import UINT256_MAX
from model.operations import OPERATIONS
from model.state import BACKSTOP, CONTROLLER, RESERVE, State
from tests.differential.artifacts import Artifacts

TOUCH = ("OracleUpdated", "EpochOpened")
SWEPT = ("Swept", "SystemSwept")


@dataclass(frozen=True, slots=True)
class Transaction:
    """`sender`, `to` and `data` are None where only events are known, `to` also for what creates a contract."""

    hash: str
    sender: str | None
    to: str | None
    data: str | None


Build = Callable[[Event, State, int, str], Operation]  # of an event, the state before, the time and the transaction's sender


def _pool(name: str, sender: str, *arguments: str, **fixed: object) -> Build:
    """A call of a pool whose event names the caller as `sender`, and the arguments by their own names."""

    def build(event: Event, state: State, now: int, keeper: str) -> Operation:
        told = {argument: event.arguments[argument] for argument in arguments}
        deadline = {"deadline": now} if name in ("swap", "add") else {}
        return Operation(f"pool.{name}", event.source, event.arguments[sender] if sender else keeper, {**told, **fixed, **deadline})

    return build


def _system(name: str, sender: str, *arguments: str) -> Build:
    """A call of another contract: the event names the caller as `sender`, or anybody may have called, or the governor has."""

    def build(event: Event, state: State, now: int, keeper: str) -> Operation:
        who = {"": keeper, "owner": state.controller.owner}.get(sender) or event.arguments[sender]
        return Operation(name, name.split(".")[0], who, {argument: event.arguments[argument] for argument in arguments})

    return build


def _set_status(event: Event, state: State, now: int, keeper: str) -> Operation:
    arguments = {"pool": event.source, "status": event.arguments["status"], "min_price": 0, "max_price": UINT256_MAX}
    return Operation("controller.set_status", CONTROLLER, state.controller.owner, arguments)


# What each call says first of itself; what is said on the way, in a withdrawal or a sweep, begins no call.
BEGUN_BY: dict[tuple[str, str], Build] = {
    ("pool", "Swapped"): _pool("swap", "trader", "token_in", "amount_in", "recipient", min_amount_out=0),
    ("pool", "Donated"): _pool("donate", "donor", "base", "quote"),
    ("pool", "Added"): _pool("add", "provider", "base", "quote", min_units=0),
    ("pool", "DepositStaged"): _pool("stage_deposit", "provider", "base", "quote"),
    ("pool", "DepositConfirmed"): _pool("confirm_deposit", "provider", min_units=0),
    ("pool", "DepositCancelled"): _pool("cancel_deposit", "provider"),
    ("pool", "ProtectionBegun"): _pool("begin_protection", "provider"),
    ("pool", "WithdrawalRequested"): _pool("request_withdrawal", "provider", "units"),
    ("pool", "Withdrawn"): _pool("withdraw", "provider", min_base=0, min_quote=0, max_shortfall=UINT256_MAX),
    ("pool", "Exited"): _pool("exit", "provider", "units", min_base=0, min_quote=0),
    ("pool", "Swept"): _pool("sweep", ""),
    ("pool", "StatusSet"): _set_status,
    (RESERVE, "Absorbed"): _system("reserve.absorb", "", "token"),
    (BACKSTOP, "Staked"): _system("backstop.stake", "staker", "pool", "amount"),
    (BACKSTOP, "UnstakeRequested"): _system("backstop.request_unstake", "staker", "pool", "shares"),
    (BACKSTOP, "Unstaked"): _system("backstop.unstake", "staker", "pool"),
    (BACKSTOP, "Claimed"): _system("backstop.claim", "staker", "pool", "token"),
    (BACKSTOP, "StraySwept"): _system("backstop.sweep", "", "token"),
    (CONTROLLER, "PoolCreated"): _system("controller.create_pool", "owner", "base", "quote"),
    (CONTROLLER, "DlqPoolNamed"): _system("controller.name_dlq_pool", "owner", "quote", "pool"),
    (CONTROLLER, "SystemSwept"): _system("controller.sweep", ""),
    (CONTROLLER, "OwnershipTransferStarted"): _system("controller.transfer_ownership", "previous_owner", "new_owner"),
    (CONTROLLER, "OwnershipTransferred"): _system("controller.accept_ownership", "new_owner"),
}


def begun_at(events: Sequence[Event], at: int, state: State, now: int, keeper: str) -> list[Operation]:
    """The calls that the events from `at` on may be of, the likelier first; none if no call begins so.

    A withdrawal in a bailout sweeps before it says anything of its own (R16.0): so it is looked for behind sweeps.
    """
    begins = at
    touched = events[at].source if events[at].name in TOUCH else None
    while begins < len(events) and events[begins].name in TOUCH and events[begins].source == touched:
        begins += 1
    if begins == len(events):
        return []
    event = events[begins]
    found = []
    if event.name in SWEPT:
        withdrawing = touched or (event.source if event.name == "Swept" else None)
        later = [one for one in events[begins:] if one.name == "Withdrawn" and withdrawing in (None, one.source)]
        found += [BEGUN_BY["pool", "Withdrawn"](one, state, now, keeper) for one in later[:1]]
    build = BEGUN_BY.get((kind(event.source), event.name))
    if build is not None and touched in (None, event.source) and not (touched and event.name in SWEPT):
        found.append(build(event, state, now, keeper))
    return found


class CallReader:
    """Reads what was called of a transaction that was sent to one of the system's contracts."""

    def __init__(self, system: System, artifacts: Artifacts):
        self.system = system
        self._shapes: dict[tuple[str, str], tuple[str, list[dict]]] = {}
        for contract, name in CONTRACTS.items():
            for item in artifacts[name].abi:
                operation = f"{contract}.{item.get('name')}"
                if item["type"] == "function" and operation in OPERATIONS:
                    self._shapes[contract, "0x" + signature(item)[:4].hex()] = operation, item["inputs"]

    def read(self, transaction: Transaction) -> Operation | None:
        """The call, or None where the transaction was sent elsewhere."""
        if transaction.to is None or transaction.data is None or transaction.sender is None:
            return None
        target = self.system.id(transaction.to)
        shape = self._shapes.get((kind(target), transaction.data[:10]))
        if shape is None:
            return None
        name, inputs = shape
        words = [transaction.data[at : at + 64] for at in range(10, len(transaction.data), 64)]
        arguments: dict[str, object] = {}
        for field in inputs:
            types = [part["type"] for part in field.get("components", [field])]
            values = [self._value(of, words.pop(0)) for of in types]
            assert canonical(field) in ("address", "uint256") or field["name"] == "parameters", f"{name}: {field['name']}"
            arguments[field["name"]] = Parameters(*values) if field["name"] == "parameters" else values[0]
        return Operation(name, target, self.system.id(transaction.sender), arguments)

    def _value(self, of: str, word: str) -> object:
        return self.system.id("0x" + word[-40:]) if of == "address" else int(word, 16)
