"""Calls, outcomes and states as JSON has them, and back."""

from dataclasses import asdict
from typing import Any

from model import Event, Operation, Outcome, Parameters, State, SystemParameters, Token, deploy
from model.state import ZERO, Hook
from tests.differential.engine import Step

Plain = dict[str, Any]


def plain_start(state: State) -> Plain:
    """The system right after deployment, on its own."""
    tokens = {name: {"decimals": token.decimals, "balances": token.balances} for name, token in state.tokens.items()}
    controller = state.controller
    return {"governor": controller.owner, "dlq": controller.dlq, "parameters": asdict(controller.parameters), "tokens": tokens}


def start_of(plain: Plain) -> State:
    tokens = {name: Token(token["decimals"], token["balances"], allowances={}) for name, token in plain["tokens"].items()}
    return deploy(plain["governor"], plain["dlq"], tokens, SystemParameters(**plain["parameters"]))


def plain_call(now: int, operation: Operation) -> Plain:
    return {"now": now, **_plain_operation(operation)}


def call_of(plain: Plain) -> tuple[int, Operation]:
    return plain["now"], _operation_of(plain)


def _plain_operation(operation: Operation) -> Plain:
    arguments = {name: _plain_argument(value) for name, value in operation.arguments.items()}
    return {"name": operation.name, "target": operation.target, "sender": operation.sender, "arguments": arguments}


def _plain_argument(value: Any) -> Any:
    """A pool's parameters, and a call that a token is to make, are objects."""
    if isinstance(value, Operation):
        return _plain_operation(value)
    return asdict(value) if isinstance(value, Parameters) else value


def _operation_of(plain: Plain) -> Operation:
    arguments = {name: ARGUMENTS.get(name, lambda value: value)(value) for name, value in plain["arguments"].items()}
    return Operation(plain["name"], plain["target"], plain["sender"], arguments)


ARGUMENTS = {"parameters": lambda plain: Parameters(**plain), "calls": _operation_of}  # those that are objects, by name


def plain_outcome(outcome: Outcome) -> Plain:
    if not outcome.ok:
        return {"reason": outcome.reason}
    value = list(outcome.value) if isinstance(outcome.value, tuple) else outcome.value
    return {"value": value, "events": [asdict(event) for event in outcome.events]}


def outcome_of(plain: Plain) -> Outcome:
    if "reason" in plain:
        return Outcome(None, plain["reason"], ())
    value = tuple(plain["value"]) if isinstance(plain["value"], list) else plain["value"]
    return Outcome(value, None, tuple([Event(**event) for event in plain["events"]]))


def plain_state(state: State) -> Plain:
    """Everything that section 7 of the protocol lists as the state, but zeros."""
    controller, backstop = state.controller, state.backstop
    return _without_zeros(
        {
            "controller": {
                "owner": controller.owner,
                "pending_owner": controller.pending_owner,
                "pools": list(controller.pools),
                "dlq_pools": controller.dlq_pools,
                "swept_epoch": controller.swept_epoch,
            },
            "pools": {name: _stored(asdict(pool)) for name, pool in state.pools.items()},
            "reserve": {"held": state.reserve.held},
            "backstop": {
                "booked": backstop.booked,
                "stakes": {name: asdict(stake) for name, stake in backstop.stakes.items()},
                "accounts": _by_first({pair: asdict(account) for pair, account in backstop.accounts.items()}),
            },
            "tokens": {
                name: {
                    "balances": token.balances,
                    "allowances": _by_first(token.allowances),
                    "behaviour": token.behaviour,
                    "hook": _plain_hook(token.hook) if token.hook else None,
                }
                for name, token in state.tokens.items()
            },
        }
    )


def plain_step(step: Step) -> Plain:
    """A call with its outcome and the state after it."""
    return {**plain_call(step.now, step.operation), "outcome": plain_outcome(step.outcome), "state": plain_state(step.state)}


def _stored(pool: Plain) -> Plain:
    """A pool without what is fixed when it is created."""
    fixed = ("base", "quote", "parameters", "epoch_seconds")
    return {name: value for name, value in pool.items() if name not in fixed}


def _plain_hook(hook: Hook) -> Plain:
    return {"call": _plain_operation(hook.call), "before": hook.before, "bubbles": hook.bubbles}


def _by_first(entries: dict[tuple[str, str], Any]) -> Plain:
    """Entries by two ids, nested."""
    nested: Plain = {}
    for (first, second), entry in entries.items():
        nested.setdefault(first, {})[second] = entry
    return nested


def _without_zeros(value: Any) -> Any:
    """Without what is zero, false or empty, at any depth."""
    if not isinstance(value, dict):
        return value
    entries = {key: _without_zeros(entry) for key, entry in value.items()}
    return {key: entry for key, entry in entries.items() if entry and entry != ZERO}
