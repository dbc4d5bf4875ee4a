"""What the contracts report, in the model's words and in people's."""

from typing import Any

from eth_abi import decode
from eth_utils import event_abi_to_log_topic

from model import Event, Operation, State
from operate.amounts import Amount, Moment, Price
from operate.system import System

CONTRACTS = ("Pool", "Reserve", "Backstop", "Controller", "DLQ")
BASE = ("base", "reserve_base", "principal_base", "staged_base", "base_to_stakers", "base_to_reserve")
QUOTE = (
    "quote", "reserve_quote", "principal_quote", "staged_quote", "quote_to_stakers", "quote_to_reserve",
    "coverage", "owed", "paid_quote", "shortfall",
)  # fmt: skip
DLQ = ("slashed", "total_stake")
OF_TOKEN = ("amount", "held")
ALSO = {"min_base": "base", "min_quote": "quote", "max_shortfall": "shortfall", "min_amount_out": "amount_out"}  # bounds of a call


def read_logs(system: System, logs: list[dict[str, Any]]) -> list[Event]:
    """The logs of a receipt, as the model would report them; a contract that is not the system's may say what it likes."""
    signatures = {}
    for name in CONTRACTS:
        for item in system.compiled[name].abi:
            if item["type"] == "event":
                signatures["0x" + event_abi_to_log_topic(item).hex()] = item
    return [_read(system, log, signatures.get(log["topics"][0] if log["topics"] else "")) for log in logs]


def _read(system: System, log: dict[str, Any], signature: dict[str, Any] | None) -> Event:
    source = system.name(log["address"])
    if signature is None:
        return Event(source, "unknown", {"topics": log["topics"], "data": log["data"]})
    indexed = [item["type"] for item in signature["inputs"] if item["indexed"]]
    others = [item["type"] for item in signature["inputs"] if not item["indexed"]]
    topics = iter([decode([kind], bytes.fromhex(topic[2:]))[0] for kind, topic in zip(indexed, log["topics"][1:])])
    data = iter(decode(others, bytes.fromhex(log["data"][2:])))
    values = {item["name"]: next(topics if item["indexed"] else data) for item in signature["inputs"]}
    kinds = {item["name"]: item["type"] for item in signature["inputs"]}
    return Event(source, signature["name"], {name: system.name(each) if kinds[name] == "address" else each for name, each in values.items()})


def readable(system: System, state: State, event: Event) -> dict[str, Any]:
    """An event's fields, amounts with their tokens."""
    return {name: _field(system, state, event, name, value) for name, value in event.arguments.items()}


def readable_arguments(system: System, state: State, operation: Operation) -> dict[str, Any]:
    """A call's arguments, amounts with their tokens."""
    fields = dict(operation.arguments)
    as_event = Event(operation.target, operation.name, fields)
    return {name: _argument(system, state, as_event, name, value) for name, value in fields.items()}


def _argument(system: System, state: State, call: Event, name: str, value: Any) -> Any:
    if name in ("min_price", "max_price") and call.arguments["pool"] in state.pools:
        pool = state.pools[call.arguments["pool"]]
        return Price(value, system.tokens[pool.base], system.tokens[pool.quote])
    return Moment(value) if name == "deadline" else _field(system, state, call, ALSO.get(name, name), value)


def _field(system: System, state: State, event: Event, name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    fields = event.arguments
    pool = state.pools.get(event.source)
    symbol = None
    if event.source in state.tokens:
        symbol = event.source if name in ("amount", "value") else None
    elif name in DLQ:
        symbol = state.controller.dlq
    elif pool is not None:
        symbol = _of_pool(pool.base, pool.quote, fields, name)
    elif name in OF_TOKEN:
        symbol = fields.get("token", state.controller.dlq)
    if symbol in system.tokens:
        return Amount(value, system.tokens[symbol])
    if pool is not None and name in ("price", "oracle"):
        return Price(value, system.tokens[pool.base], system.tokens[pool.quote])
    return Moment(value) if name == "ready_at" else value


def _of_pool(base: str, quote: str, fields: dict[str, Any], name: str) -> str | None:
    if name in BASE:
        return base
    if name in QUOTE:
        return quote
    if name == "amount_in":
        return fields["token_in"]
    if name in ("amount_out", "fee", "cut"):
        return quote if fields["token_in"] == base else base
    if name in ("deficit", "paid"):
        return fields["deficit_token"]
    if name == "taken":
        return quote if fields["deficit_token"] == base else base
    return None
