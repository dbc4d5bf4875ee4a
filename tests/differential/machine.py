"""The Hypothesis state machine: draws a program on the model, then has the backend execute it and compares."""

import time
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from math import inf

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from model import OPERATIONS, Operation, State, apply
from tests.differential import world
from tests.differential.codec import kind
from tests.differential.engine import Backend, Difference, Step, compare, disagreement, encode_calls, minimise, run_model
from tests.differential.strategies import steps


class Mismatch(AssertionError):
    """The two sides disagree; `steps` is the program and `difference` where."""

    def __init__(self, steps: list[Step], difference: Difference):
        super().__init__(difference.summary)
        self.steps = steps
        self.difference = difference

    @property
    def size(self) -> tuple[int, int]:
        return len(self.steps), sum(len(str(step.operation)) for step in self.steps)


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


class OverlappingJudge:
    """Compares each example while the next is drawn, so that the EVM and Python work at the same time.

    The verdict comes one example late, when Hypothesis can no longer be told: so a mismatch ends the run.
    """

    def __init__(self, backend: Backend, executor: Executor):
        self.backend = backend
        self.executor = executor
        self.pending: tuple[list[Step], Future] | None = None

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
            if disagreement(steps, future.result(), self.backend.directory) is not None:
                raise Enough


class Machine(RuleBasedStateMachine):
    """One example: a program from `start` on. Subclassed per run, with its judge and its tally as class attributes."""

    judge: Judge | OverlappingJudge
    start: State
    tally: "Tally"

    def __init__(self):
        super().__init__()
        self.state = self.start
        self.now = world.START
        self.steps: list[Step] = []

    @rule(step=steps())
    def step(self, step: tuple[int, Operation]) -> None:
        self.now, operation = step
        self.state, outcome = apply(self.state, operation, self.now)
        self.steps.append(Step(self.now, operation, outcome, self.state))

    def teardown(self) -> None:
        self.tally.add(self.steps)
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
    # Sweeps have nothing of their own to refuse.
    NEVER_REVERT = ("pool.sweep", "controller.sweep")

    def __init__(self, names: list[str], progress=lambda tally: None):
        self.examples = 0
        self.steps = 0
        self.mismatches = 0
        self.succeeded = Counter({name: 0 for name in names})
        self.reverted = Counter({name: 0 for name in names})
        self.waterfall = Counter({name: 0 for name in self.WATERFALL})
        self.reasons: Counter[str] = Counter()
        self.generations_ended = 0
        self.progress = progress

    def add(self, steps: list[Step], *, finished: bool = True) -> None:
        """Count steps, and an example where they finish one."""
        self.examples += finished
        self.steps += len(steps)
        for step in steps:
            if step.outcome.ok:
                self._add_success(step)
            else:
                self.reverted[step.operation.name] += 1
                self.reasons[step.outcome.reason] += 1
        self.progress(self)

    def _add_success(self, step: Step) -> None:
        self.succeeded[step.operation.name] += 1
        for event in step.outcome.events:
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

    def _add_compensation(self, paid: dict) -> None:
        self.waterfall["bailout" if paid["bailout"] else "calm"] += 1
        self.waterfall["reserve_in_kind"] += paid["paid"] > 0
        self.waterfall["reserve_quote"] += paid["paid_quote"] > 0
        self.waterfall["backstop"] += paid["slashed"] > 0
        self.waterfall["shortfall"] += paid["shortfall"] > 0

    def missing(self) -> list[str]:
        """What the run should have reached and has not."""
        missing = [f"{name} never succeeded" for name, count in self.succeeded.items() if not count]
        missing += [f"{name} never reverted" for name, count in self.reverted.items() if not count and name not in self.NEVER_REVERT]
        missing += [f"{name} never happened" for name, count in self.waterfall.items() if not count]
        missing += [] if self.generations_ended else ["no slash ended a generation of stakers"]
        return missing


def run(
    backend: Backend, start: State, tally: Tally, *, examples: int, length: int, random_seed: int, shrink_seconds: float
) -> Mismatch | None:
    """Draw and compare `examples` programs of up to `length` steps; the shrunk mismatch, or None.

    As long as both sides agree, drawing and executing overlap. At the first mismatch the same examples are drawn again, one
    by one, so that Hypothesis sees which of them failed, and shrinks it for `shrink_seconds`; then every call that is not
    needed is left out.
    """
    with ThreadPoolExecutor(max_workers=1) as executor:
        judge = OverlappingJudge(backend, executor)
        try:
            draw_programs(judge, start, tally, examples, length, random_seed)
            judge.finish()
            return None
        except Enough:
            tally.mismatches += 1
    judge = Judge(backend, shrink_seconds)
    try:
        draw_programs(judge, start, Tally(list(OPERATIONS), lambda _: tally.progress(tally)), examples, length, random_seed)
    except (Mismatch, Enough):
        program = minimise(start, [(step.now, step.operation) for step in judge.smallest.steps], backend)
        steps = run_model(start, program)
        return Mismatch(steps, compare(steps, backend))
    raise RuntimeError("a mismatch did not come again with the same seed")


def draw_programs(judge: Judge | OverlappingJudge, start: State, tally: Tally, examples: int, length: int, random_seed: int) -> None:
    machine = type("Program", (Machine,), {"judge": judge, "start": start, "tally": tally})
    profile = settings(
        max_examples=examples,
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
    run_state_machine_as_test(seed(random_seed)(machine), settings=profile)
