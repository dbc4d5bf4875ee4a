"""Which lines and branches of the contracts a run reaches: what the tracer has seen, laid over the source.

Tracing is slow, so not every program of a run is traced: one is, up to the last step in which something happens that has not been
traced before. What these steps reach, the run reaches; what they do not, the rest of it may (`ape run coverage --all` traces everything).
"""

import tomllib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from model import Operation, Parameters
from model.state import ZERO, Pool, State
from tests.differential import world
from tests.differential.artifacts import Artifacts
from tests.differential.codec import StateCodec, kind
from tests.differential.engine import Step, describe, encode_calls, run_model
from tests.differential.machine import Enough
from tests.differential.source_map import Branch, Code, Line
from tests.differential.tracer import Answer, Trace, Tracer

VIEWS_OF_NOW = ("spot_price", "oracle_price", "in_bailout", "stake_locked")
# There are several ways to these: a token may have been about to make a call.
OF_TOKENS = ("token_moves: amount changed", "backstop: reward not received")
NAMED = Path(__file__).with_name("unreachable.toml")


class TracedDiffers(Enough):
    """The traced contracts do not do what the model says; there is nothing to measure."""


class Watcher:
    """Traces the prologue and what is worth it of a run, and checks that the traced contracts do what the model says.

    It is the judge of a run (`machine.draw_programs`).
    """

    def __init__(self, artifacts: Artifacts, trace_all: bool = False, progress: Callable[["Watcher"], None] = lambda watcher: None):
        self.tracer = Tracer(artifacts)
        self.trace_all = trace_all
        self.progress = progress
        self.seen: set[Hashable] = set()
        self.drawn = self.traced = self.steps = 0

    def play_prologue(self) -> State:
        """Run the prologue for good; the model's state after it, which is the contracts' own."""
        steps = run_model(world.genesis(), world.prologue())
        self._check(steps, self.tracer.run(encode_calls(steps, self.tracer.directory), keep=True))
        state = steps[-1].state
        if self.tracer.digest(steps[-1].now) != StateCodec(self.tracer.directory).digest(state):
            raise TracedDiffers("the contracts disagree with the model on the state after the prologue")
        return state

    def judge(self, steps: list[Step]) -> None:
        self.drawn += 1
        if not steps:
            return
        now, pools = steps[-1].now, steps[-1].state.pools
        asked = [name for name in pools if _sort_of_pool(pools[name], now) not in self.seen]
        new = [number for number, step in enumerate(steps, 1) if self.trace_all or not _sorts(step) <= self.seen]
        if new or asked:
            steps = steps if asked else steps[: new[-1]]
            views = [Operation(f"pool.{view}", name, world.GOVERNOR, {}) for name in asked for view in VIEWS_OF_NOW]
            calls = encode_calls(steps, self.tracer.directory)
            calls += [(now, view.sender, view.target, self.tracer.directory.calldata(view)) for view in views]
            self._check(steps, self.tracer.run(calls)[: len(steps)])
            self.seen.update(_sort_of_pool(pools[name], now) for name in asked)
            self.seen.update(*map(_sorts, steps))
            self.traced += 1
            self.steps += len(steps)
        self.progress(self)

    def _check(self, steps: list[Step], observed: list[Answer]) -> None:
        directory = self.tracer.directory
        for step, seen in zip(steps, observed, strict=True):
            expected = step.outcome.ok, directory.result(step.outcome), tuple([directory.log(event) for event in step.outcome.events])
            if seen != expected:
                raise TracedDiffers(f"the contracts disagree with the model: {describe(step)}")


def _sorts(step: Step) -> set[Hashable]:
    """What happens in a step, each of it by itself: why the operation failed, or the events, by the size of their values."""
    name, reason = step.operation.name, step.outcome.reason
    if not step.outcome.ok:
        hooks = [token.hook.call.name for token in step.state.tokens.values() if token.hook] if reason in OF_TOKENS else []
        arguments = step.operation.arguments
        parameters = arguments.get("parameters")
        out_of_bounds = [getattr(parameters, field.name) for field in fields(Parameters) if field.name in reason] if parameters else []
        return {(name, reason, *[value in (0, ZERO) for value in arguments.values()], *out_of_bounds, *sorted(hooks))}
    found: set[Hashable] = {name}
    for event in step.outcome.events:
        found.add((name, kind(event.source), event.name))
        if event.name == "CalledBack":
            found.add((event.arguments["function"], event.arguments["succeeded"]))
        else:
            found.add((kind(event.source), event.name, *map(_size, event.arguments.values())))
    return found


def _sort_of_pool(pool: Pool, now: int) -> tuple:
    """What sort of a pool the Inspector asks, as the engine has it do after each program."""
    epochs = now // pool.epoch_seconds - pool.books.epoch
    return pool.status, pool.total_units > 0, now > pool.oracle_updated_at, min(epochs, 2), pool.books.bailout


def _size(value: Any) -> Hashable:
    """Of a number whether it is zero, one, two, or more, or more than any amount; of an id whether it is nobody's."""
    if isinstance(value, str):
        return value == ZERO
    return min(value, 3) if value < 2**128 else 4


@dataclass
class Coverage:
    """What there is to reach, and whether it was reached."""

    lines: dict[Line, bool]
    branches: dict[Branch, bool]
    checks: list[set[bool]]  # for each conditional jump of the compiler's own, whether it was taken and whether not

    def missed(self) -> list[Branch]:
        return [branch for branch, reached in sorted(self.branches.items()) if not reached]


def lay_over(codes: list[Code], trace: Trace) -> Coverage:
    """What was reached of the codes. (A contract's immutable values stand behind its code, its arguments behind its constructor's.)"""
    found = Coverage({}, {}, [])
    for code in codes:
        visits = [visits for executed, visits in trace.items() if executed.startswith(code.bytes)]
        places = set().union(*[visit.places for visit in visits])
        jumps = set().union(*[visit.jumps for visit in visits])
        for line, at in code.lines.items():
            found.lines[line] = found.lines.get(line, False) or not at.isdisjoint(places)
        for branch, sites in code.branches.items():
            found.branches[branch] = found.branches.get(branch, False) or not sites.isdisjoint(jumps)
        found.checks += [{taken for taken in (False, True) if (place, taken) in jumps} for place in code.compilers_jumps()]
    return found


@dataclass(frozen=True)
class Named:
    """Branches that are known to be out of a run's reach: all that fit, and why."""

    fits: dict[str, str]
    reason: str

    def names(self, branch: Branch) -> bool:
        return all(getattr(branch, name) == value for name, value in self.fits.items())


def read_named(path: Path = NAMED) -> list[Named]:
    """The committed list."""
    entries = tomllib.loads(path.read_text())["branches"]
    return [Named({name: value for name, value in entry.items() if name != "reason"}, entry["reason"]) for entry in entries]
