"""The Hypothesis state machine: draws a program on the model, then has the backend execute it and compares."""

from collections import Counter

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from model import Operation, State, apply
from tests.differential import world
from tests.differential.engine import Backend, Difference, Step, compare
from tests.differential.strategies import steps


class Mismatch(AssertionError):
    """The two sides disagree; `steps` is the program and `difference` where."""

    def __init__(self, steps: list[Step], difference: Difference):
        super().__init__(difference.summary)
        self.steps = steps
        self.difference = difference


class Machine(RuleBasedStateMachine):
    """One example: a program from `start` on. Subclassed per run, with the backend and the tally as class attributes."""

    backend: Backend
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
        difference = compare(self.steps, self.backend)
        self.tally.mismatches += difference is not None
        self.tally.add(self.steps)
        if difference is not None:
            raise Mismatch(self.steps, difference)


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

    def add(self, steps: list[Step]) -> None:
        self.examples += 1
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
            kind = event.source.split("-")[0]
            inner = self.INNER.get((kind, event.name))
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
        return missing


def run(backend: Backend, start: State, tally: Tally, *, examples: int, length: int, random_seed: int) -> Mismatch | None:
    """Draw and compare `examples` programs of up to `length` steps; the shrunk mismatch, or None."""
    machine = type("Program", (Machine,), {"backend": backend, "start": start, "tally": tally})
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
    try:
        run_state_machine_as_test(seed(random_seed)(machine), settings=profile)
    except Mismatch as mismatch:
        return mismatch
    return None
