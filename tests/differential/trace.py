"""Traces: one JSON form for failures, scenarios and recorded runs.

Any of them is a program with its start. A failure adds what was found wrong, with its fingerprint; a recorded run the outcome of each
call, and the state after it if asked; a scenario both of these, and the numbers that the story is about, worked by hand. In a state,
what is zero, false or empty is left out.
"""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import extend
from pydantic_core import from_json

from model import State, SystemParameters
from model.state import Revert
from tests.differential import world
from tests.differential.artifacts import CONTRACTS
from tests.differential.difference import Difference, outcome_difference, rows_of
from tests.differential.engine import Backend, Step, compare, run_model
from tests.differential.fingerprint import fingerprint
from tests.differential.plain import Plain, call_of, outcome_of, plain_call, plain_start, plain_state, plain_step, start_of
from tests.differential.trace_schema import FORMAT, IDS, PROLOGUE, SCHEMA, VERSION

HEAD = {"format": FORMAT, "version": VERSION}
LINE = 140
HOUR = 3_600
# An integer is written as one: 1.0 is none.
TYPES = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
VALIDATOR = extend(Draft202012Validator, type_checker=TYPES)(SCHEMA)


class TraceError(ValueError):
    """A file that is no trace of this program, or of another version of it; the message says why, in one line."""


# -- making ----------------------------------------------------------------------------------------------------------


def record(
    steps: list[Step],
    start: str | Plain = PROLOGUE,
    *,
    title: str | None = None,
    outcomes: bool = False,
    states: bool = False,
    difference: Difference | None = None,
    **context: Any,
) -> Plain:
    """Steps as a trace: the calls alone, or with their outcomes and the states after them, and with what was found wrong.

    Parameters
    ----------
    start : from where the steps were run: GENESIS, PROLOGUE, or another system right after deployment
    context : what whoever finds the trace should know: a seed, a backend
    """
    kept = ["now", "name", "target", "sender", "arguments", *["outcome"] * outcomes, *["state"] * states]
    trace: Plain = {**HEAD, **({"title": title} if title else {}), "start": start, "context": context}
    if isinstance(start, str):
        trace["world"] = start_digest(start)
    if difference is not None:
        found = fingerprint(steps[difference.index], difference)
        trace["fingerprint"] = {"digest": found.digest, "label": found.label}
        trace["difference"] = plain_difference(difference)
    return {**trace, "steps": [{name: plain[name] for name in kept} for plain in map(plain_step, steps)]}


def recorded(trace: Plain, steps: list[Step]) -> Plain:
    """A trace that was played, as a recorded run: with what came of its steps, and without what was wrong with it before."""
    head = {name: value for name, value in trace.items() if name not in ("fingerprint", "difference", "steps")}
    return {**head, "steps": [{**plain, **plain_step(step)} for plain, step in zip(trace["steps"], steps, strict=True)]}


def plain_difference(difference: Difference) -> Plain:
    rows = [{"path": row.path, "model": row.model, "observed": row.observed} for row in difference.differing]
    return {"step": difference.index + 1, "what": difference.what, "against": difference.against, "rows": rows}


@cache
def start_digest(start: str) -> str:
    """Changes with what a named start consists of: a trace that starts in another world is none of this one's."""
    program = world.prologue() if start == PROLOGUE else []
    consists_of = [plain_start(world.genesis()), *[plain_call(now, operation) for now, operation in program]]
    return sha256(json.dumps(consists_of).encode()).hexdigest()[:10]


# -- files -----------------------------------------------------------------------------------------------------------


def write(path: Path, trace: Plain) -> None:
    """Write a trace; what stood at the path stays until all of it is written.

    Raises
    ------
    TraceError
        If it cannot be written there.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text(trace))
        unfinished.replace(path)
    except OSError as error:
        raise TraceError(f"{path}: cannot be written ({error.strerror})") from error


def read(path: Path) -> Plain:
    """Read a trace.

    Raises
    ------
    TraceError
        If the file cannot be read, is not a trace of this version, or speaks of things that this world does not have.
    """
    try:
        trace = from_json(path.read_bytes(), allow_inf_nan=False)  # unlike json.loads, it survives any depth
    except OSError as error:
        raise TraceError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise TraceError(f"{path}: not JSON ({error})") from error
    if not isinstance(trace, dict) or trace.get("format") != FORMAT:
        raise TraceError(f"{path}: not a {FORMAT}")
    if trace.get("version") != VERSION:
        raise TraceError(f"{path}: a trace of version {json.dumps(trace.get('version'))[:20]}; this program reads version {VERSION}")
    error = best_match(VALIDATOR.iter_errors(trace))
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "top level"
        raise TraceError(f"{path}: not a {FORMAT} of version {VERSION}: {place}: {_one_line(error.message)}")
    _check_start(path, trace)
    return trace


def _check_start(path: Path, trace: Plain) -> None:
    start = trace["start"]
    if isinstance(start, dict):
        _check_system(path, start)
    if isinstance(start, str) and trace.get("world", start_digest(start)) != start_digest(start):
        raise TraceError(f"{path}: recorded from another {start} than this world's: what its calls start from is no more")
    times = [step["now"] for step in trace["steps"]]
    if times != sorted(times):
        raise TraceError(f"{path}: time runs backwards")
    first = world.START if start == PROLOGUE else world.BEGINNING if system_of(trace) == world.SYSTEM else 0
    if times[0] < first:
        raise TraceError(f"{path}: begins before the {'prologue has ended' if start == PROLOGUE else 'world does'}, at {times[0]}")


def _check_system(path: Path, start: Plain) -> None:
    """It is this world's, but that its epochs and delays may be others: as they are on a live network."""
    usual, parameters = plain_start(world.genesis()), start.get("parameters")
    alike = {**start, "parameters": None} == {**usual, "parameters": None}
    if not alike or not isinstance(parameters, dict) or parameters.keys() != usual["parameters"].keys():
        raise TraceError(f"{path}: starts from a system that is not this world's")
    if not all(type(value) is int for value in parameters.values()):
        raise TraceError(f"{path}: starts from a system whose parameters are no integers")
    try:
        start_of(start)
    except Revert as error:
        raise TraceError(f"{path}: starts from a system that cannot be: {error}") from error


def _one_line(message: str) -> str:
    message = " ".join(message.split())
    return message if len(message) <= 200 else message[:200] + " ..."


def text(trace: Plain) -> str:
    """JSON in which whatever fits on a line stands on one."""
    return _laid_out(trace, indent="") + "\n"


def _laid_out(value: Any, indent: str) -> str:
    line = json.dumps(value)
    if not isinstance(value, (dict, list)) or len(indent) + len(line) <= LINE:
        return line
    deeper = indent + " "
    if isinstance(value, list):
        return _block("[]", [_laid_out(item, deeper) for item in value], indent)
    return _block("{}", [f"{json.dumps(key)}: {_laid_out(item, deeper)}" for key, item in value.items()], indent)


def _block(brackets: str, items: list[str], indent: str) -> str:
    inner = ",\n".join(f"{indent} {item}" for item in items)
    return f"{brackets[0]}\n{inner}\n{indent}{brackets[1]}"


def of_contracts(contracts: Path) -> dict[str, str]:
    """What a context says of the contracts, if they are not this project's own."""
    return {} if contracts == CONTRACTS else {"contracts": str(contracts)}


def command_to_replay(path: Path | str, context: Plain) -> str:
    """What to type to run a trace again, against the contracts and with the setting that it was recorded with."""
    unusual = {name: context[name] for name in ("setting", "contracts") if context.get(name, "gas") != "gas"}
    options = [f" --{name} {quote(str(value))}" for name, value in unusual.items()]
    return f"ape run replay {quote(str(path))}{''.join(options)}"


# -- playing ---------------------------------------------------------------------------------------------------------


def starts_at_genesis(trace: Plain) -> bool:
    return trace["start"] != PROLOGUE


def system_of(trace: Plain) -> SystemParameters:
    """What the Controller was deployed with."""
    start = trace["start"]
    return SystemParameters(**start["parameters"]) if isinstance(start, dict) else world.SYSTEM


def deployed_at(trace: Plain) -> int:
    """A time for the deployment: this world's own, or an hour before the first call."""
    return world.BEGINNING if system_of(trace) == world.SYSTEM else trace["steps"][0]["now"] - HOUR


def deployed(trace: Plain) -> State:
    """The model's state right after deployment, which the trace starts from, or the prologue before it."""
    start = trace["start"]
    return start_of(start) if isinstance(start, dict) else world.genesis()


def program_of(trace: Plain) -> world.Program:
    return [call_of(step) for step in trace["steps"]]


def replay(trace: Plain, start: State, backend: Backend) -> tuple[list[Step], Difference | None]:
    """Run a trace on both sides, from where it starts: the model's steps, and the first difference from chain or record.

    Raises
    ------
    Unplayable
        If it calls a pool that does not exist by then.
    """
    steps = run_model(start, program_of(trace))
    differences = [found for found in (compare(steps, backend), _recorded_difference(trace, steps)) if found is not None]
    return steps, min(differences, key=lambda difference: difference.index, default=None)


def _recorded_difference(trace: Plain, steps: list[Step]) -> Difference | None:
    """The first thing that the trace has recorded and the model no longer says."""
    for index, (plain, step) in enumerate(zip(trace["steps"], steps, strict=True)):
        if "outcome" in plain:
            difference = outcome_difference(index, step.outcome, outcome_of(plain["outcome"]), against="record")
            if difference is not None:
                return difference
        if "state" in plain:
            sides = [dict(_fields("", side)) for side in (plain_state(step.state), plain["state"])]
            rows = [row for row in rows_of(*sides) if row.differs]
            if rows:
                return Difference(index, "state", rows, against="record")
    return None


def _fields(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A plain state as fields by their paths."""
    if not isinstance(value, dict):
        yield path, value
        return
    for key, entry in value.items():
        yield from _fields(f"{path}[{key}]" if key in IDS and path else f"{path}.{key}" if path else key, entry)
