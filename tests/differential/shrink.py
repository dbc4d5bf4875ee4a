"""Makes a failing program smaller and plainer, from outside Hypothesis, for as long as it fails in the same way.

What is tried depends on the program alone, and what is kept comes earlier in an order that has a first element: fewer calls; then
ids that come earlier in the world; then plainer arguments; then pauses that are shorter and rounder, the first ones first. So it
ends by itself, and always in the same.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from typing import Any

from model import Operation, Parameters, State
from tests.differential import world
from tests.differential.difference import Difference
from tests.differential.engine import Backend, Step, Unplayable, compare, run_model
from tests.differential.fingerprint import Fingerprint, fingerprint

FAMILIES = (world.PROVIDERS[:3], world.STAKERS[:2], world.POOLS, world.TOKENS)
UNITS = (world.DAY, 3_600, 60, 1)
# What an argument is where it plays no part; 0 for all others.
USUAL = {"deadline": world.UNLIMITED, "max_shortfall": world.UNLIMITED, "max_price": world.UNLIMITED}


class NoFailure(ValueError):
    """Both sides agree on the program: there is nothing to shrink."""


class Shrinker:
    """The smallest form of a failure that has been found so far: `steps`, and the `difference` at the last of them.

    Parameters
    ----------
    until : when to try no more, by `time.monotonic`
    progress : called before each attempt

    Raises
    ------
    NoFailure
        If both sides agree on the program as it stands.
    """

    def __init__(
        self, start: State, program: world.Program, backend: Backend, *, until: float = inf, progress: Callable[[], None] = lambda: None
    ):
        self.start = start
        self.backend = backend
        self.until = inf
        self.progress = progress
        self.tried: set[str] = set()
        self.steps: list[Step]
        self.difference: Difference
        self.wanted: Fingerprint | None = None
        if not self._try(program):
            raise NoFailure("both sides agree")
        self.wanted = fingerprint(self.steps[-1], self.difference)
        self.until = until

    @property
    def program(self) -> world.Program:
        return [(step.now, step.operation) for step in self.steps]

    def run(self) -> None:
        """Everything, again and again, until nothing helps any more."""
        before = None
        while before != self.program:
            before = self.program
            for simplify in (self.leave_out, self.rename, self.lessen_arguments, self.shorten_pauses):
                simplify()

    def _try(self, program: world.Program) -> bool:
        """Keep the program, without the calls after its failure, if it still fails in the same way."""
        seen = repr(program)
        if seen in self.tried or time.monotonic() > self.until:
            return False
        self.progress()
        self.tried.add(seen)
        try:
            steps = run_model(self.start, program)
        except Unplayable:
            return False
        difference = compare(steps, self.backend) if steps else None
        if difference is None or self.wanted not in (None, fingerprint(steps[difference.index], difference)):
            return False
        self.steps, self.difference = steps[: difference.index + 1], difference
        return True

    def _try_each(self, programs: Callable[[], Iterator[world.Program]]) -> None:
        """Keep the first of some variants that still fails, then the first of its own variants, as long as there is one."""
        while any(map(self._try, programs())):
            pass

    # -- fewer calls -----------------------------------------------------------------------------------------------

    def leave_out(self) -> None:
        """Leave out calls, in ever smaller groups."""
        size = len(self.steps) // 2
        while size:
            begin = 0
            while begin < len(self.steps):
                if not self._try(self.program[:begin] + self.program[begin + size :]):
                    begin += size
            size //= 2

    # -- plainer ids -----------------------------------------------------------------------------------------------

    def rename(self) -> None:
        """Ids that come earlier: everywhere at once, and then one by one."""
        self._try_each(self._renamed)
        for index in range(len(self.steps)):
            self._try_each(lambda index=index: self._renamed_at(index))

    def _renamed(self) -> Iterator[world.Program]:
        for old, new in _earlier(self.program):
            names = {old: new}
            yield _translated(self.program, names)
            pools = self.steps[-1].state.pools
            if old in pools and new in pools:
                names |= {pools[old].base: pools[new].base, pools[old].quote: pools[new].quote}
                yield _translated(self.program, names)

    def _renamed_at(self, index: int) -> Iterator[world.Program]:
        _, operation = self.program[index]
        for old, new in _earlier(self.program[index : index + 1]):
            for name in ("sender", "target"):
                if getattr(operation, name) == old:
                    yield self._with(index, replace(operation, **{name: new}))
        for name, value in operation.arguments.items():
            if not isinstance(value, str) or value == operation.sender:
                continue
            for new in (*[operation.sender] * (value in world.ACTORS), *_before(value)):
                yield self._with_argument(index, name, new)

    # -- plainer arguments -----------------------------------------------------------------------------------------

    def lessen_arguments(self) -> None:
        """Numbers towards what is usual, 0, 1 and round ones; yes towards no; a pool's parameters towards the usual ones."""
        for index in range(len(self.steps)):
            for name in self.steps[index].operation.arguments:
                self._try_each(lambda index=index, name=name: self._lessened(index, name))

    def _lessened(self, index: int, name: str) -> Iterator[world.Program]:
        value = self.steps[index].operation.arguments[name]
        if isinstance(value, Parameters):
            plainer = [Parameters(), *[replace(value, **{field: getattr(Parameters(), field)}) for field in value.__slots__]]
        elif isinstance(value, bool):
            plainer = [False] if value else []
        elif isinstance(value, int):
            plainer = plainer_numbers(value, USUAL.get(name, 0))
        else:
            plainer = []
        for new in plainer:
            yield self._with_argument(index, name, new)

    def _with(self, index: int, operation: Operation) -> world.Program:
        program = self.program
        program[index] = (program[index][0], operation)
        return program

    def _with_argument(self, index: int, name: str, value: Any) -> world.Program:
        operation = self.steps[index].operation
        return self._with(index, replace(operation, arguments={**operation.arguments, name: value}))

    # -- plainer times ---------------------------------------------------------------------------------------------

    def shorten_pauses(self) -> None:
        """Pauses before calls towards 0 and whole days, hours and minutes: with all that follows, or at the cost of the next."""
        for index in range(len(self.steps)):
            self._try_each(lambda index=index: self._with_shorter_pause(index))

    def _with_shorter_pause(self, index: int) -> Iterator[world.Program]:
        program = self.program
        now = program[index][0]
        before = program[index - 1][0] if index else min(now, world.START)
        for pause in plainer_pauses(now - before):
            earlier = now - before - pause
            head = [*program[:index], (before + pause, program[index][1])]
            yield [*head, *[(later - earlier, operation) for later, operation in program[index + 1 :]]]
            if earlier > 0:
                yield [*head, *program[index + 1 :]]


def minimise(start: State, program: world.Program, backend: Backend) -> world.Program:
    """Leave out the calls of a failing program that it does not need to fail in the same way."""
    shrinker = Shrinker(start, program, backend)
    shrinker.leave_out()
    return shrinker.program


def plainer_numbers(value: int, usual: int = 0) -> Iterator[int]:
    """Numbers to try instead, the plainest first: what is usual, then few digits before the zeros, then small ones."""

    def order(number: int) -> tuple[bool, int, int]:
        return number != usual, len(str(number).rstrip("0")), number

    length = len(str(value))
    powers = [10**exponent for exponent in range(length)]
    rounded = [value // power * power + up * power for power in reversed(powers) for up in (0, 1)]
    for number in dict.fromkeys((usual, 0, *powers, *rounded, *_halves(value))):
        if order(number) < order(value) and number <= world.UNLIMITED:
            yield number


def plainer_pauses(seconds: int) -> Iterator[int]:
    """Pauses to try instead, the plainest first: none, then whole days, hours, minutes, then short ones."""

    def order(pause: int) -> tuple[int, int]:
        return (next(rank for rank, unit in enumerate(UNITS) if pause % unit == 0), pause) if pause else (-1, 0)

    for unit in UNITS:
        whole = -(-seconds // unit)
        for count in dict.fromkeys((0, 1, *_halves(whole), whole - 1, whole)):
            if order(count * unit) < order(seconds) and count >= 0:
                yield count * unit


def _halves(value: int) -> Iterator[int]:
    """Ever nearer to the value: half, three quarters, seven eighths of it."""
    less = value
    while less := less // 2:
        yield value - less


def _before(name: str) -> list[str]:
    """The ids of the same kind that come earlier in the world."""
    return [earlier for family in FAMILIES if name in family for earlier in family[: family.index(name)]]


def _earlier(program: world.Program) -> list[tuple[str, str]]:
    """Ids in a program, each with one of its kind that comes earlier."""
    used = {name for _, operation in program for name in _ids(operation)}
    return [(old, new) for old in sorted(used) for new in _before(old)]


def _ids(operation: Operation) -> Iterator[str]:
    yield from (operation.sender, operation.target)
    for value in operation.arguments.values():
        if isinstance(value, Operation):
            yield from _ids(value)
        elif isinstance(value, str):
            yield value


def _translated(program: world.Program, names: dict[str, str]) -> world.Program:
    def translate(value: Any) -> Any:
        if isinstance(value, Operation):
            arguments = {name: translate(part) for name, part in value.arguments.items()}
            return replace(value, target=translate(value.target), sender=translate(value.sender), arguments=arguments)
        return names.get(value, value) if isinstance(value, str) else value

    return [(now, translate(operation)) for now, operation in program]
