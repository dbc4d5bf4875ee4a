"""The Hypothesis state machine: draws a program on the model, then has the backend execute it and compares."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise, starmap
from math import inf
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from model import OPERATIONS, Event, Operation, State, token
from model.state import NO_REASON
from tests.differential import world
from tests.differential.codec import kind
from tests.differential.engine import Backend, Difference, Step, ask_model, compare, disagreement, encode_calls, run_model
from tests.differential.interruption import at_once, postponed
from tests.differential.previewed import call_of, shown
from tests.differential.scenes import Scene
from tests.differential.shrink import minimise
from tests.differential.strategies import steps


@dataclass(frozen=True, slots=True)
class Budget:
    """How many programs of how many steps are drawn, from which seed, and how long a mismatch is shrunk."""

    examples: int
    length: int
    seed: int
    shrink_seconds: float


class Mismatch(AssertionError):
    """The two sides disagree; `steps` is the program and `difference` where."""

    def __init__(self, steps: list[Step], difference: Difference):
        super().__init__(difference.summary)
        self.steps = steps
        self.difference = difference

    def __reduce__(self) -> tuple:
        return type(self), (self.steps, self.difference)  # so that a worker can send it

    @property
    def size(self) -> tuple[int, int]:
        return len(self.steps), sum(len(str(step.operation)) for step in self.steps)


class Found(NamedTuple):
    """The first example on which the sides disagree: its number, and itself, as it was drawn."""

    number: int
    mismatch: Mismatch


class Enough(KeyboardInterrupt):
    """No further example is wanted. (Hypothesis lets an interrupt through.)"""


class Judge:
    """Compares one example after the other; remembers the smallest mismatch, and ends the search for a smaller one in time."""

    def __init__(self, backend: Backend, shrink_seconds: float):
        self.backend = backend
        self.shrink_seconds = shrink_seconds
        self.smallest: Mismatch | None = None
        self.until = inf

    def judge(self, steps: list[Step]) -> None:
        """Raises Mismatch if the two sides disagree on these steps."""
        if time.monotonic() > self.until:
            raise Enough
        difference = compare(steps, self.backend)
        if difference is None:
            return
        mismatch = Mismatch(steps, difference)
        if self.smallest is None:
            self.until = time.monotonic() + self.shrink_seconds
        if self.smallest is None or mismatch.size < self.smallest.size:
            self.smallest = mismatch
        raise mismatch


class AtOnce(Executor):
    """Runs what it is given before it returns."""

    def submit(self, function: Callable, /, *arguments: Any) -> Future:
        done = Future()
        done.set_result(function(*arguments))
        return done


def executor_for(backend: Backend) -> Executor:
    """A thread, if another process executes; an EVM in this process would only contend with the thread that draws."""
    return ThreadPoolExecutor(max_workers=1) if backend.elsewhere else AtOnce()


class OverlappingJudge:
    """Compares each example while the next is drawn, so that the EVM and Python work at the same time, where they can.

    The verdict comes one example late, when Hypothesis can no longer be told: so a mismatch ends the run.

    Parameters
    ----------
    is_wanted : whether the example of a number is still to be compared; if not, the run ends before it
    """

    def __init__(self, backend: Backend, executor: Executor, is_wanted: Callable[[int], bool] = lambda number: True):
        self.backend = backend
        self.executor = executor
        self.is_wanted = is_wanted
        self.pending: tuple[list[Step], Future] | None = None
        self.equal = 0  # examples that were, so far
        self.found: Found | None = None

    def judge(self, steps: list[Step]) -> None:
        calls = encode_calls(steps, self.backend.directory)
        previous, self.pending = self.pending, (steps, self.executor.submit(self.backend.execute, calls))
        self._settle(previous)

    def finish(self) -> None:
        previous, self.pending = self.pending, None
        self._settle(previous)

    def _settle(self, executed: tuple[list[Step], Future] | None) -> None:
        if executed is not None:
            steps, future = executed
            if not self.is_wanted(self.equal):
                raise Enough
            if disagreement(steps, future.result(), self.backend.directory) is not None:
                if self.pending is not None:
                    wait([self.pending[1]])  # the backend does one thing at a time
                self.found = Found(self.equal, Mismatch(steps, compare(steps, self.backend)))
                raise Enough
            self.equal += 1


class DrawnAnew(HypothesisProvider):
    """Draws as Hypothesis does, but each program anew.

    By itself Hypothesis follows each program with five that repeat parts of it, and begins with small ones: that finds what a
    value that comes twice breaks, but leaves one program in six to meet something that none has met before. Shrinking is the same.
    Nor does it draw constants that it finds in whatever modules have been imported: a seed draws the same programs everywhere.
    """

    def _maybe_draw_constant(self, *_, **__) -> None:
        return None


AVAILABLE_PROVIDERS["drawn anew"] = DrawnAnew


class Machine(RuleBasedStateMachine):
    """One example: a program from `start` on. Subclassed per run, with its judge and its tally as class attributes."""

    judge: Judge | OverlappingJudge
    start: State
    tally: "Tally"
    progress: Callable[["Tally"], None]

    def __init__(self):
        super().__init__()
        self.state = self.start
        self.now = world.START
        self.steps: list[Step] = []
        self.scene: Scene | None = None  # the one under way

    @rule(step=steps())
    def step(self, step: tuple[int, Operation]) -> None:
        self.now, operation = step
        self.state, outcome = ask_model(self.state, operation, self.now)
        self.steps.append(Step(self.now, operation, outcome, self.state))

    def teardown(self) -> None:
        with at_once():
            self.tally.add(self.steps)
            self.progress(self.tally)
            self.judge.judge(self.steps)


class Tally:
    """What a run has reached: each operation with successes and reverts, each step of the waterfall, both regimes."""

    WATERFALL = ("reserve_in_kind", "reserve_quote", "backstop", "shortfall", "calm", "bailout", "sweep")
    # Calls that only other contracts may make: they succeed as part of another operation, where their event shows it.
    INNER = {
        ("reserve", "Drawn"): "reserve.draw",
        ("backstop", "Rewarded"): "backstop.reward",
        ("backstop", "Slashed"): "backstop.slash",
        ("pool", "StatusSet"): "pool.set_status",
    }
    # What awkward tokens do in the midst of the contracts' calls (R22).
    MOVES = {
        token.NO_RETURN_VALUE: "no return value",
        token.REVERTS_ON_ZERO: "reverts on zero",
        token.FEE_FROM_RECIPIENT: "fee from the recipient",
        token.FEE_ON_TOP: "fee on top",
    }
    REFUSALS = {"token_moves: transfer refused": "returns false", "token_moves: amount changed": "fee refused", NO_REASON: "locked out"}
    AWKWARD = (*MOVES.values(), *REFUSALS.values(), "called back, done", "called back, refused")

    COUNTERS = ("succeeded", "reverted", "waterfall", "awkward", "reasons")
    NUMBERS = ("examples", "steps", "mismatches", "generations_ended", "previews_kept")

    def __init__(self, names: Iterable[str] = OPERATIONS):
        self.examples = 0
        self.steps = 0
        self.mismatches = 0
        self.succeeded = Counter({name: 0 for name in names})
        self.reverted = Counter({name: 0 for name in names})
        self.waterfall = Counter({name: 0 for name in self.WATERFALL})
        self.awkward = Counter({name: 0 for name in self.AWKWARD})
        self.reasons: Counter[str] = Counter()
        self.generations_ended = 0
        self.previews_kept = 0

    def add(self, steps: list[Step], *, finished: bool = True) -> None:
        """Count steps, and an example where they finish one."""
        self.examples += finished
        self.steps += len(steps)
        self.previews_kept += sum(starmap(_keeps, pairwise(steps)))
        for step in steps:
            if step.outcome.ok:
                self._add_success(step)
            else:
                self.reverted[step.operation.name] += 1
                self.reasons[step.outcome.reason] += 1
                if kind(step.operation.target) not in ("token", "lens") and step.outcome.reason in self.REFUSALS:
                    self.awkward[self.REFUSALS[step.outcome.reason]] += 1

    def _add_success(self, step: Step) -> None:
        self.succeeded[step.operation.name] += 1
        for event in step.outcome.events:
            if event.source in world.TOKENS and kind(step.operation.target) != "token":
                self._add_move(event, step.state.tokens[event.source].behaviour)
            inner = self.INNER.get((kind(event.source), event.name))
            if inner is not None:
                self.succeeded[inner] += 1
            if event.name == "Compensated":
                self._add_compensation(event.arguments)
            elif event.name == "SystemSwept" and step.operation.name == "pool.withdraw":
                self.waterfall["sweep"] += 1
                self.succeeded["controller.draw_surpluses"] += 1
            elif event.name == "GenerationEnded":
                self.generations_ended += 1

    def _add_move(self, event: Event, behaviour: int) -> None:
        if event.name == "CalledBack":
            self.awkward["called back, done" if event.arguments["succeeded"] else "called back, refused"] += 1
        elif event.name == "Transfer" and behaviour in self.MOVES:
            self.awkward[self.MOVES[behaviour]] += 1

    def _add_compensation(self, paid: dict) -> None:
        self.waterfall["bailout" if paid["bailout"] else "calm"] += 1
        self.waterfall["reserve_in_kind"] += paid["paid"] > 0
        self.waterfall["reserve_quote"] += paid["paid_quote"] > 0
        self.waterfall["backstop"] += paid["slashed"] > 0
        self.waterfall["shortfall"] += paid["shortfall"] > 0

    @classmethod
    def total(cls, tallies: Iterable["Tally"]) -> "Tally":
        """What several runs have reached together."""
        total = cls()
        for tally in tallies:
            total._add_plain(tally.plain())
        return total

    def plain(self) -> dict[str, int | dict[str, int]]:
        """All that was counted, for JSON."""
        return {**{name: getattr(self, name) for name in self.NUMBERS}, **{name: dict(getattr(self, name)) for name in self.COUNTERS}}

    @classmethod
    def of(cls, plain: dict[str, int | dict[str, int]]) -> "Tally":
        """What `plain` has said."""
        tally = cls()
        tally._add_plain(plain)
        return tally

    def _add_plain(self, plain: dict[str, int | dict[str, int]]) -> None:
        for name in self.COUNTERS:
            getattr(self, name).update(plain[name])
        for name in self.NUMBERS:
            setattr(self, name, getattr(self, name) + plain[name])

    def missing(self) -> list[str]:
        """What the run should have reached and has not."""
        missing = [f"{name} never succeeded" for name, count in self.succeeded.items() if not count]
        missing += [f"{name} never reverted" for name, count in self.reverted.items() if not count]
        missing += [f"{name} never happened" for name, count in (*self.waterfall.items(), *self.awkward.items()) if not count]
        missing += [] if self.generations_ended else ["no slash ended a generation of stakers"]
        missing += [] if self.previews_kept else ["no call came right after its preview"]
        return missing


def _keeps(preview: Step, call: Step) -> bool:
    """Whether a call comes right after its preview, and does what that has told."""
    if call_of(preview.operation) != call.operation or preview.now != call.now or not (preview.outcome.ok and call.outcome.ok):
        return False
    return preview.outcome.value == shown(preview.operation, call.outcome)


Progress = Callable[[Tally], None]


def run(
    backend: Backend,
    start: State,
    tally: Tally,
    budget: Budget,
    progress: Progress = lambda tally: None,
    on_found: Callable[[Mismatch], None] = lambda mismatch: None,
) -> Mismatch | None:
    """Draw and compare programs; the shrunk mismatch, or None. `on_found` is handed it before it is shrunk."""
    found = search(backend, start, tally, budget, progress)
    if found is None:
        return None
    on_found(found.mismatch)
    return shrink(backend, start, budget, lambda _: progress(tally))


def search(
    backend: Backend, start: State, tally: Tally, budget: Budget, progress: Progress, is_wanted: Callable[[int], bool] = lambda number: True
) -> Found | None:
    """Draw and compare programs, the next one while one executes, until the two sides disagree."""
    with executor_for(backend) as executor:
        judge = OverlappingJudge(backend, executor, is_wanted)
        try:
            draw_programs(judge, start, tally, budget.examples, budget.length, budget.seed, progress=progress)
            judge.finish()
        except Enough:
            tally.mismatches += judge.found is not None
    return judge.found


def shrink(backend: Backend, start: State, budget: Budget, progress: Progress) -> Mismatch:
    """A small form of the first mismatch among these programs.

    The same examples are drawn again, one by one, so that Hypothesis sees which of them failed, and shrinks it for a while;
    then every call that is not needed is left out.
    """
    judge = Judge(backend, budget.shrink_seconds)
    try:
        draw_programs(judge, start, Tally(), budget.examples, budget.length, budget.seed, progress=progress)
    except (Mismatch, Enough):
        program = minimise(start, [(step.now, step.operation) for step in judge.smallest.steps], backend)
        steps = run_model(start, program)
        return Mismatch(steps, compare(steps, backend))
    raise RuntimeError("a mismatch did not come again with the same seed")


def draw_programs(
    judge: Judge | OverlappingJudge,
    start: State,
    tally: Tally,
    examples: int,
    length: int,
    random_seed: int,
    progress: Progress = lambda tally: None,
    **changes: Any,
) -> None:
    """Have Hypothesis draw programs of up to `length` steps, and the judge judge each of them. An interruption waits until one is judged.

    Parameters
    ----------
    changes : to Hypothesis's settings
    """
    machine = type("Program", (Machine,), {"judge": judge, "start": start, "tally": tally, "progress": staticmethod(progress)})
    profile = settings(
        max_examples=examples,
        backend="drawn anew",
        stateful_step_count=length,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    with postponed():
        run_state_machine_as_test(seed(random_seed)(machine), settings=settings(profile, **changes))
