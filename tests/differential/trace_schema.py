"""The form of a trace as a JSON Schema, made of the world's ids and of the parameters of the model's own functions."""

import inspect
from typing import Any

from model import OPERATIONS, Operation, Parameters
from model.operations import VIEWS
from model.state import BACKSTOP, CONTROLLER, FOUNDER, LENS, RESERVE, ZERO
from tests.differential import world
from tests.differential.proposals import ARGUMENTS

FORMAT = "makewhole trace"
VERSION = 2
GENESIS, PROLOGUE = "genesis", "prologue"  # right after deployment; after `world.prologue`

TARGETS = {
    "pool": world.POOLS, "token": world.TOKENS, "controller": [CONTROLLER], "reserve": [RESERVE], "backstop": [BACKSTOP],
    "founder": [FOUNDER], "lens": [LENS],
}  # fmt: skip
IDS = (*world.ACTORS, *(target for targets in TARGETS.values() for target in targets), ZERO)
LATEST = 2**32 - 1  # the contracts know no later time


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these entries and no others."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


UINT = {"type": "integer", "minimum": 0, "maximum": 2**256 - 1}
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
# These ask the token for a balance before they check anything: what comes of it where there is no token, no rule says.
NEEDS_TOKEN = ("reserve.absorb", "backstop.sweep")
# Nor does a rule say what a preview answers for one of the protocol's contracts.
ACCOUNTS = {name: {"enum": [*world.ACTORS, *world.TOKENS]} for name in ("provider", "staker")}
ID = {"enum": list(IDS)}
ARGUMENT = {
    int: UINT, bool: {"type": "boolean"}, str: ID, Parameters: _object({name: UINT for name in Parameters.__slots__}),
    Operation: {"$ref": "#/$defs/calls"},
}  # fmt: skip


def _operation(name: str) -> dict[str, Any]:
    """What the target and the arguments of an operation have to be."""
    _, _, *parameters = inspect.signature(OPERATIONS[name]).parameters.values()
    arguments = {parameter.name: ARGUMENT[parameter.annotation] for parameter in parameters}
    if name in NEEDS_TOKEN:
        arguments["token"] = {"enum": list(world.TOKENS)}
    if name.startswith("lens."):
        arguments |= {account: ids for account, ids in ACCOUNTS.items() if account in arguments}
    return _call(name, arguments)


def _view(name: str) -> dict[str, Any]:
    """The same for a view: of its arguments the names alone matter."""
    return _call(name, {argument: {"anyOf": [UINT, ID]} for argument in ARGUMENTS[name]})


def _call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    then = {"properties": {"target": {"enum": list(TARGETS[name.split(".")[0]])}, "arguments": _object(arguments)}}
    return {"if": {"required": ["name"], "properties": {"name": {"const": name}}}, "then": then}


# What a token is made to call in the middle of a transfer: anything, another such order too.
CALLS = {
    **_object({"name": {"enum": [*OPERATIONS, *VIEWS]}, "target": TEXT, "sender": ID, "arguments": {"type": "object"}}),
    "allOf": [*map(_operation, OPERATIONS), *map(_view, VIEWS)],
}

EVENT = _object({"source": TEXT, "name": TEXT, "arguments": {"type": "object"}})
OUTCOME = {
    "if": {"required": ["reason"]},
    "then": _object({"reason": TEXT}),
    "else": _object({"value": {}, "events": {"type": "array", "items": EVENT}}),
}
STEP = {
    **_object(
        {
            "now": {"type": "integer", "minimum": 1, "maximum": LATEST},
            "name": {"enum": list(OPERATIONS)},
            "target": TEXT,
            "sender": {"enum": list(world.ACTORS)},
            "arguments": {"type": "object"},
        },
        {
            "outcome": OUTCOME,
            "checks": {"type": "array", "items": _object({"path": TEXT, "is": {}, "why": TEXT}, {"worked": TEXT})},
            "state": {"type": "object"},
        },
    ),
    "allOf": [_operation(name) for name in OPERATIONS],
}
ROW = _object({"path": TEXT, "model": {}, "observed": {}})
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"calls": CALLS},
    "title": "A program of calls, from a known start, with what came of them and what is wrong with them where that is known",
    **_object(
        {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "start": {"if": {"type": "object"}, "else": {"enum": [GENESIS, PROLOGUE]}},
            "steps": {"type": "array", "minItems": 1, "items": STEP},
        },
        {
            "world": TEXT,  # a digest of what a start that is only named consists of
            "title": TEXT,
            "keeps": TEXTS,
            "rules": TEXTS,
            "context": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
            "fingerprint": _object({"digest": TEXT, "label": TEXT}),
            "difference": _object(
                {"step": {"type": "integer", "minimum": 1}, "what": TEXT, "against": TEXT, "rows": {"type": "array", "items": ROW}}
            ),
        },
    ),
}
