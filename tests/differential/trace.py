"""Programs as JSON: a failure to be replayed, by anybody, on both sides."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jsonschema import ValidationError, validate

from model import OPERATIONS, Operation, Parameters
from tests.differential import world
from tests.differential.engine import Difference

VERSION = 1

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["format", "version", "steps"],
    "properties": {
        "format": {"const": "makewhole trace"},
        "version": {"const": VERSION},
        "seed": {"type": "integer"},
        "difference": {"type": "object"},
        "steps": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["now", "name", "target", "sender", "arguments"],
                "additionalProperties": False,
                "properties": {
                    "now": {"type": "integer", "minimum": world.START},
                    "name": {"enum": sorted(OPERATIONS)},
                    "target": {"type": "string"},
                    "sender": {"enum": list(world.ACTORS)},
                    "arguments": {"type": "object"},
                },
            },
        },
    },
}


class TraceError(ValueError):
    """A file that is no trace of this program, or of another version of it."""


def write(path: Path, program: world.Program, difference: Difference | None = None, **context: Any) -> None:
    """Write a program, with what was found wrong with it."""
    steps = [
        {"now": now, "name": op.name, "target": op.target, "sender": op.sender, "arguments": _plain(op.arguments)}
        for now, op in program
    ]
    found = {"difference": asdict(difference)} if difference else {}
    trace = {"format": "makewhole trace", "version": VERSION, **context, **found, "steps": steps}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(trace, indent=1) + "\n")


def read(path: Path) -> world.Program:
    """Read a program.

    Raises
    ------
    TraceError
        In one line, if the file cannot be read, is not a trace, or speaks of things this world does not have.
    """
    try:
        trace = json.loads(path.read_text())
        validate(trace, SCHEMA)
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path}: cannot be read ({error})") from error
    except json.JSONDecodeError as error:
        raise TraceError(f"{path}: not JSON ({error})") from error
    except ValidationError as error:
        place = "/".join(map(str, error.absolute_path)) or "top level"
        raise TraceError(f"{path}: not a makewhole trace of version {VERSION}: {place}: {error.message[:200]}") from error
    program = []
    for number, step in enumerate(trace["steps"], 1):
        try:
            arguments = _rich(step["arguments"])
        except TypeError as error:
            raise TraceError(f"{path}: step {number}: {error}") from error
        program.append((step["now"], Operation(step["name"], step["target"], step["sender"], arguments)))
    times = [now for now, _ in program]
    if times != sorted(times):
        raise TraceError(f"{path}: time runs backwards")
    return program


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in arguments.items()}


def _plain_value(value: Any) -> Any:
    """A call that a token is to make, and a pool's parameters, are objects."""
    if isinstance(value, Operation):
        return {"name": value.name, "target": value.target, "sender": value.sender, "arguments": _plain(value.arguments)}
    return asdict(value) if isinstance(value, Parameters) else value


def _rich(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: _rich_value(name, value) for name, value in arguments.items()}


def _rich_value(name: str, value: Any) -> Any:
    if name == "calls":
        return Operation(**{**value, "arguments": _rich(value["arguments"])})
    return Parameters(**value) if name == "parameters" else value
