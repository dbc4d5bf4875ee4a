"""Runs one program on both sides and finds the first difference.

The model runs ahead, step by step, while the program is drawn. A backend then executes the same calls on an EVM and observes, after
each of them, return or revert data, logs and the whole stored state. Equality is exact: the bytes must be the same.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eth_abi.exceptions import DecodingError

import model
from model import Operation, Outcome, Parameters, State
from tests.differential import world
from tests.differential.codec import Directory, Log, StateCodec, kind
from tests.differential.difference import Difference, Row, outcome_difference, rows_of


@dataclass(frozen=True, slots=True)
class Step:
    """One call and what the model says of it."""

    now: int
    operation: Operation
    outcome: Outcome
    state: State


@dataclass(frozen=True, slots=True)
class Observation:
    """What an EVM did with one call: `data` is return or revert data, or that it was halted; `stored` the Inspector's answer right after.

    The answer is its `digest` of the whole stored state, or all of what it `read` if that was asked for.
    """

    ok: bool
    data: bytes
    logs: tuple[Log, ...]
    stored: bytes
    gas: int


MODEL = Path(model.__file__).parent
ENTRANCES = ("operations.py", "lock.py")  # what fails there is a call that no operation takes
UNREADABLE = Row("state", "can be read", "the Inspector is refused, or answers in another form")
EncodedCall = tuple[int, str, str, bytes]  # time, sender, target, calldata
Execution = tuple[list[Observation], bytes]  # one observation a call, and the Inspector's allowances and views after the last


class Backend(Protocol):
    """Something that executes calls from the state after the prologue, and forgets them afterwards."""

    directory: Directory
    place: str  # where the contracts are, for people
    elsewhere: bool  # whether another process executes: this one can draw meanwhile

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """Run the calls one after the other; times never fall. `in_full` reads the state instead of its digest."""
        ...

    def keep(self, steps: list["Step"]) -> None:
        """Run the same calls for good, so that later programs start from the state after them."""
        ...


class Unplayable(ValueError):
    """A program calls a pool that has not been created by then, or creates more than can be read: after `steps` nothing can be compared."""

    def __init__(self, message: str, steps: list[Step]):
        super().__init__(f"step {len(steps) + 1}: {message}")
        self.steps = steps


def ask_model(state: State, operation: Operation, now: int) -> tuple[State, Outcome]:
    """What the model says of one call: the state after, and the outcome.

    Where the model itself fails, that is an outcome too, of a reason that no contract gives. But not where it has no such
    operation or argument: that is the caller's fault.
    """
    try:
        return model.apply(state, operation, now)
    except Exception as error:
        *_, innermost = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == MODEL]
        file = Path(innermost.filename).name
        if file in ENTRANCES:
            raise
        return state, Outcome(None, f"the model itself fails: {type(error).__name__} in {innermost.name} of model/{file}", ())


def run_model(state: State, program: world.Program) -> list[Step]:
    """The model's side of a whole program.

    Raises
    ------
    Unplayable
        If a pool is called that does not exist at that moment, or one created that the Inspector has no room for.
    """
    steps = []
    for now, operation in program:
        called = operation
        while called.name == "token.arm":
            called = called.arguments["calls"]
        if kind(called.target) == "pool" and called.target not in state.pools:
            raise Unplayable(f"{called.target} has not been created", steps)
        state, outcome = ask_model(state, operation, now)
        if len(state.pools) > world.MAX_POOLS:
            raise Unplayable(f"more than {world.MAX_POOLS} pools", steps)
        steps.append(Step(now, operation, outcome, state))
    return steps


class SetupError(Exception):
    """Something that a run needs is not there; the message says what to do."""


class PrologueDiffers(RuntimeError):
    """The two sides disagree before the first drawn call; `steps` is the prologue, and `difference` where."""

    def __init__(self, steps: list[Step], difference: Difference):
        super().__init__(f"the two sides disagree before the first drawn call: {difference.summary}")
        self.steps = steps
        self.difference = difference

    def __reduce__(self) -> tuple:
        return type(self), (self.steps, self.difference)  # so that a worker can send it


def play_prologue(backend: Backend) -> State:
    """Play the prologue on both sides, and keep it.

    Returns
    -------
    The model's state, which the backend agrees with.

    Raises
    ------
    PrologueDiffers
        If it does not.
    SetupError
        If both refuse a call of it: it is there for what comes of it.
    """
    try:
        steps = run_model(world.genesis(), world.prologue())
    except Unplayable as error:  # the creation of a pool has been refused, and is among the steps
        steps = error.steps
    difference = compare(steps, backend)
    if difference is not None:
        raise PrologueDiffers(steps, difference)
    refused = next((step for step in steps if not step.outcome.ok), None)
    if refused is not None:
        raise SetupError(f"both sides refuse a call of the prologue, which every run begins with (tests/differential/world.py): {describe(refused)}")
    backend.keep(steps)
    return steps[-1].state


def encode_calls(steps: list[Step], directory: Directory) -> list[EncodedCall]:
    """The steps as a backend takes them."""
    return [(step.now, step.operation.sender, step.operation.target, directory.calldata(step.operation)) for step in steps]


def compare(steps: list[Step], backend: Backend) -> Difference | None:
    """Execute the steps on the backend; the first difference, or None."""
    directory = backend.directory
    observed = backend.execute(encode_calls(steps, directory))
    found = disagreement(steps, observed, directory)
    if found is None:
        return None
    index, what = found
    if what == "allowances":
        return _first_allowances(steps, backend)
    calls = encode_calls(steps[: index + 1], directory)
    return difference_at(index, what, steps[index], observed[0][index], directory, lambda: backend.execute(calls, in_full=True)[0][-1].stored)


def disagreement(steps: list[Step], observed: Execution, directory: Directory) -> tuple[int, str] | None:
    """Where what was observed is first not what the model says, and of what: result, events or stored state of a step."""
    observations, allowances = observed
    assert len(observations) == len(steps), "the backend left calls out"
    codec = StateCodec(directory)
    for index, (step, seen) in enumerate(zip(steps, observations)):
        if seen.ok != step.outcome.ok or seen.data != directory.result(step.outcome):
            return index, "result"
        if seen.logs != tuple([directory.log(event) for event in step.outcome.events]):
            return index, "events"
        if seen.stored != codec.digest(step.state):
            return index, "state"
    if steps and allowances != codec.encode_allowances(steps[-1].state, steps[-1].now):
        return len(steps) - 1, "allowances"
    return None


def difference_at(index: int, what: str, step: Step, seen: Observation, directory: Directory, read: Callable[[], bytes]) -> Difference:
    """What each side says of one step, field by field; `read` fetches the whole stored state after it."""
    if what == "state":
        codec = StateCodec(directory)
        expected, found = codec.encode(step.state), read()
        return Difference(index, what, _differing(codec.read, expected, found) or [Row("state", expected.hex(), found.hex())])
    difference = outcome_difference(index, step.outcome, directory.read_outcome(step.operation, seen.ok, seen.data, seen.logs))
    return difference or Difference(index, what, [Row("data", directory.result(step.outcome).hex(), seen.data.hex())])


def allowances_difference(index: int, step: Step, found: bytes, directory: Directory) -> Difference | None:
    """The allowances and views after a step that differ, or None."""
    codec = StateCodec(directory)
    expected = codec.encode_allowances(step.state, step.now)
    return None if found == expected else Difference(index, "allowances", _differing(codec.read_allowances, expected, found))


def _differing(read: Callable[[bytes], dict[str, Any]], expected: bytes, found: bytes) -> list[Row]:
    """The fields in which two answers of the Inspector differ."""
    try:
        return [row for row in rows_of(read(expected), read(found)) if row.differs]
    except DecodingError:
        return [UNREADABLE]


def _first_allowances(steps: list[Step], backend: Backend) -> Difference:
    """Allowances are read after the last call only: so each beginning of the program is run, until they differ."""
    for index, step in enumerate(steps):
        _, found = backend.execute(encode_calls(steps[: index + 1], backend.directory))
        difference = allowances_difference(index, step, found, backend.directory)
        if difference is not None:
            return difference
    raise RuntimeError("allowances that differed are equal when the same calls are run again")


# -- telling people ------------------------------------------------------------------------------------------------


def describe(step: Step) -> str:
    """A step on one line: time relative to the start, who called what."""
    days, seconds = divmod(step.now - world.START, world.DAY)
    clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"day {days:<+4} {clock}  {step.operation.sender} -> {say(step.operation)}"


def explain(steps: list[Step], difference: Difference) -> str:
    """The calls up to the difference, and what each side said, as plain text."""
    calls = [f"{number:>4}. {describe(step)}" for number, step in enumerate(steps[: difference.index + 1], 1)]
    sides = [f"{row.path}: model {say(row.model)}, {difference.against} {say(row.observed)}" for row in difference.differing]
    return "\n".join([*calls, f"{difference.summary}:", *sides])


def say(value: Any) -> str:
    """A value for people: grouped digits, "unlimited", calls, and only those parameters of a pool that are not the usual ones."""
    if isinstance(value, Operation):
        arguments = ", ".join(f"{name}={say(argument)}" for name, argument in value.arguments.items())
        return f"{value.target}.{value.name.split('.')[1]}({arguments})"
    if isinstance(value, Parameters):
        usual = Parameters()
        unusual = {name: getattr(value, name) for name in value.__slots__ if getattr(value, name) != getattr(usual, name)}
        return f"usual but {', '.join(f'{name}={say(part)}' for name, part in unusual.items())}" if unusual else "usual"
    if value is None or isinstance(value, (bool, str)):
        return {None: "nothing", True: "true", False: "false"}.get(value, value)
    if isinstance(value, int):
        return "unlimited" if value == world.UNLIMITED else f"{value:_}"
    return str(value)
