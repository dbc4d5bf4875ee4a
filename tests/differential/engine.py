"""Runs one program on both sides and finds the first difference.

The model runs ahead, step by step, while the program is drawn. A backend then executes the same calls on an EVM and observes, after
each of them, return or revert data, logs and the whole stored state. Equality is exact: the bytes must be the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from model import Event, Operation, Outcome, State, apply
from tests.differential import world
from tests.differential.codec import Directory, Log, StateCodec


@dataclass(frozen=True, slots=True)
class Step:
    """One call and what the model says of it."""

    now: int
    operation: Operation
    outcome: Outcome
    state: State


@dataclass(frozen=True, slots=True)
class Observation:
    """What an EVM did with one call: `data` is return or revert data, `stored` the Inspector's answer right after.

    The answer is its `digest` of the whole stored state, or all of what it `read` if that was asked for.
    """

    ok: bool
    data: bytes
    logs: tuple[Log, ...]
    stored: bytes
    gas: int


EncodedCall = tuple[int, str, str, bytes]  # time, sender, target, calldata
Execution = tuple[list[Observation], bytes]  # one observation a call, and the Inspector's allowances after the last


class Backend(Protocol):
    """Something that executes calls from the state after the prologue, and forgets them afterwards."""

    directory: Directory
    place: str  # where the contracts are, for people

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """Run the calls one after the other; times never fall. `in_full` reads the state instead of its digest."""
        ...

    def keep(self, steps: list["Step"]) -> None:
        """Run the same calls for good, so that later programs start from the state after them."""
        ...


@dataclass(frozen=True)
class Difference:
    """The first thing on which the two sides disagree."""

    index: int
    what: str
    model: list[str]
    chain: list[str]

    @property
    def summary(self) -> str:
        return f"step {self.index + 1}: {self.what} differs"


def run_model(state: State, program: world.Program) -> list[Step]:
    """The model's side of a whole program."""
    steps = []
    for now, operation in program:
        state, outcome = apply(state, operation, now)
        steps.append(Step(now, operation, outcome, state))
    return steps


def play_prologue(backend: Backend) -> State:
    """Play the prologue on both sides, and keep it.

    Returns
    -------
    The model's state, which the backend agrees with.

    Raises
    ------
    RuntimeError
        If the two sides disagree before the first drawn call.
    """
    steps = run_model(world.genesis(), world.prologue())
    difference = compare(steps, backend)
    if difference is not None:
        raise RuntimeError(f"the two sides disagree before the first drawn call: {explain(steps, difference)}")
    backend.keep(steps)
    return steps[-1].state


def encode_calls(steps: list[Step], directory: Directory) -> list[EncodedCall]:
    """The steps as a backend takes them."""
    return [(step.now, step.operation.sender, step.operation.target, directory.calldata(step.operation)) for step in steps]


def compare(steps: list[Step], backend: Backend) -> Difference | None:
    """Execute the steps on the backend; the first difference, or None."""
    observed = backend.execute(encode_calls(steps, backend.directory))
    found = disagreement(steps, observed, backend.directory)
    if found is None:
        return None
    calls = encode_calls(steps[: found[0] + 1], backend.directory)
    return tell(*found, steps, observed, backend.directory, lambda: backend.execute(calls, in_full=True)[0][-1].stored)


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
    if steps and allowances != codec.encode_allowances(steps[-1].state):
        return len(steps) - 1, "allowances"
    return None


def tell(
    index: int, what: str, steps: list[Step], observed: Execution, directory: Directory, read: Callable[[], bytes]
) -> Difference:
    """What each side says there, for people; `read` fetches the whole stored state after that step."""
    codec = StateCodec(directory)
    step, seen = steps[index], observed[0][index]
    if what == "result":
        sides = [_say(step.outcome)], [directory.read_result(step.operation, seen.ok, seen.data)]
    elif what == "events":
        sides = [_say_event(event) for event in step.outcome.events], [_say_event(directory.read_log(log)) for log in seen.logs]
    elif what == "state":
        sides = codec.differences(codec.encode(step.state), read())
    else:
        sides = [codec.encode_allowances(step.state).hex()], [observed[1].hex()]
    return Difference(index, what, *sides)


def minimise(start: State, program: world.Program, backend: Backend) -> world.Program:
    """Leave out calls, in ever smaller groups, for as long as the two sides still disagree."""

    def disagrees(candidate: world.Program) -> bool:
        return bool(candidate) and compare(run_model(start, candidate), backend) is not None

    size = len(program) // 2
    while size:
        begin = 0
        while begin < len(program):
            shorter = program[:begin] + program[begin + size :]
            if disagrees(shorter):
                program = shorter
            else:
                begin += size
        size //= 2
    return program


# -- telling people ------------------------------------------------------------------------------------------------


def _say(outcome: Outcome) -> str:
    if not outcome.ok:
        return f"reverted: {outcome.reason}"
    return "returned nothing" if outcome.value is None else f"returned {outcome.value}"


def _say_event(event: Event | str) -> str:
    if isinstance(event, str):
        return event
    return f"{event.source}: {event.name}({', '.join(f'{name}={value}' for name, value in event.arguments.items())})"


def describe(step: Step) -> str:
    """A step on one line: time relative to the start, who called what."""
    operation = step.operation
    days, seconds = divmod(step.now - world.START, 86_400)
    arguments = ", ".join(f"{name}={_say_value(value)}" for name, value in operation.arguments.items())
    function = operation.name.split(".")[1]
    return f"day {days:+} {seconds:>5} s  {operation.sender} -> {operation.target}.{function}({arguments})"


def explain(steps: list[Step], difference: Difference) -> str:
    """The calls up to the difference, and what each side said."""
    calls = [f"{number:>4}. {describe(step)}" for number, step in enumerate(steps[: difference.index + 1], 1)]
    sides = [f"{side}: {line}" for side, lines in (("model", difference.model), ("chain", difference.chain)) for line in lines]
    return "\n".join([*calls, f"{difference.summary}:", *sides])


def _say_value(value: Any) -> str:
    return "unlimited" if value == world.UNLIMITED else f"{value:_}" if isinstance(value, int) else str(value)
