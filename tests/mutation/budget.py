"""The fixed budget: programs drawn once, with what the model says of them, encoded as a chain would say it.

Programs are drawn on the model, so they are the same for every mutant of a contract, and a mutant of the model meets the same calls.
After them come, from each kind of transfer, all calls to the Lens and to contracts that are inside a call (`tests/differential/inside.py`).
"""

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

from model import OPERATIONS
from model.state import ZERO
from tests.differential import world
from tests.differential.artifacts import Artifacts
from tests.differential.codec import Directory, StateCodec
from tests.differential.engine import EncodedCall, Observation, Step, encode_calls, run_model
from tests.differential.evm import Evm
from tests.differential.inside import locked_programs
from tests.differential.machine import Tally, draw_programs
from tests.differential.plain import Plain, plain_call


@dataclass(frozen=True)
class Program:
    """Calls, plain and encoded, and what must be observed after each of them (gas aside)."""

    operations: list[Plain]
    calls: list[EncodedCall]
    expected: list[Observation]
    allowances: bytes

    def difference(self, observed: list[Observation], allowances: bytes) -> tuple[int, str] | None:
        """Where what was observed is first not what is expected, and of what."""
        for index, (seen, expected) in enumerate(zip(observed, self.expected, strict=True)):
            if (seen.ok, seen.data) != (expected.ok, expected.data):
                return index, "result"
            if seen.logs != expected.logs:
                return index, "events"
            if seen.stored != expected.stored:
                return index, "state"
        return None if allowances == self.allowances else (len(observed) - 1, "allowances")


@dataclass(frozen=True)
class Budget:
    """`start` is the prologue once more, as the steps that a backend keeps; `artifacts` and `addresses` make the directory."""

    prologue: Program
    start: list[Step]
    drawn: list[Program]
    inside: list[Program]
    addresses: dict[str, bytes]
    artifacts: Artifacts

    @property
    def programs(self) -> list[Program]:
        return self.drawn + self.inside

    @property
    def steps(self) -> int:
        return sum(len(program.calls) for program in self.programs)

    def first(self, number: int) -> "Budget":
        """The same with so many of the drawn programs only."""
        return replace(self, drawn=self.drawn[:number])


def observations(steps: list[Step], directory: Directory, codec: StateCodec) -> list[Observation]:
    """What a chain that agrees with the model lets see."""
    return [
        Observation(
            ok=step.outcome.ok,
            data=directory.result(step.outcome),
            logs=tuple([directory.log(event) for event in step.outcome.events]),
            stored=codec.digest(step.state),
            gas=0,
        )
        for step in steps
    ]


def _program(steps: list[Step], directory: Directory) -> Program:
    codec = StateCodec(directory)
    operations = [plain_call(step.now, step.operation) for step in steps]
    expected = observations(steps, directory, codec)
    return Program(operations, encode_calls(steps, directory), expected, codec.encode_allowances(steps[-1].state, steps[-1].now))


class _Collector:
    """In the place of a judge: keeps the programs that are drawn."""

    def __init__(self, directory: Directory):
        self.directory = directory
        self.programs: list[Program] = []

    def judge(self, steps: list[Step]) -> None:
        if steps:
            self.programs.append(_program(steps, self.directory))


def draw(artifacts: Artifacts, examples: int, length: int, seed: int) -> Budget:
    directory = Evm(artifacts).directory
    addresses = {name: address for name, address in directory.addresses.items() if name != ZERO}
    steps = run_model(world.genesis(), world.prologue())
    collector = _Collector(directory)
    draw_programs(collector, steps[-1].state, Tally(list(OPERATIONS)), examples, length, seed)
    inside = [_program(entered, directory) for entered in locked_programs(steps[-1].state, directory)]
    return Budget(_program(steps, directory), steps, collector.programs[:examples], inside, addresses, artifacts)


def drawn(artifacts: Artifacts, examples: int, length: int, seed: int, stored: Path) -> Budget:
    """The budget as it was drawn before, or drawn now and stored."""
    if not stored.is_file():
        stored.parent.mkdir(parents=True, exist_ok=True)
        unfinished = stored.with_suffix(".unfinished")
        unfinished.write_bytes(pickle.dumps(draw(artifacts, examples, length, seed)))
        unfinished.replace(stored)
    return pickle.loads(stored.read_bytes())
