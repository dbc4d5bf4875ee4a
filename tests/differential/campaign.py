"""A campaign: programs drawn and compared for hours, round after round, on several workers; what it finds and how far it has come lasts.

A round is one run of Hypothesis from a seed of its own. It ends early at a new finding, which is written down at once and
shrunk afterwards. Causes that are known are counted and not followed any further.

Hypothesis's database is the corpus. It keeps the programs that failed, and of the others those that reach more than any
shorter one. Every now and then, and whenever the campaign goes on after a pause, a round runs them again instead of drawing.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO, Literal, Protocol
from unittest import SkipTest

from hypothesis import Phase, target
from hypothesis.database import ExampleDatabase
from pydantic import BaseModel, ConfigDict, ValidationError

from model import State
from tests.differential import trace
from tests.differential.corpus import corpus
from tests.differential.engine import Backend, Step, compare, play_prologue
from tests.differential.environment import SetupError
from tests.differential.findings import Findings
from tests.differential.fingerprint import fingerprint
from tests.differential.interruption import interruptible
from tests.differential.machine import Enough, Mismatch, Tally, draw_programs
from tests.differential.shrink import NoFailure, Shrinker
from tests.differential.side_by_side import OpenBackend, Reporter
from tests.differential.workers import Line, Worker, derived_seed, messages, workers

ROUND = 200  # programs; what a round has counted is lost if the campaign is killed in it
FIRST, EVERY = 0, 20  # the rounds in which the corpus is run again, after each start
SAVE_SECONDS = 5
LOCK_SECONDS = 5


# -- what lasts ------------------------------------------------------------------------------------------------------


class Plan(BaseModel):
    """What a campaign does: another plan is another campaign."""

    model_config = ConfigDict(extra="forbid")

    backend: str
    setting: str = "gas"
    steps: int
    seed: int


class Progress(BaseModel):
    """How far a campaign has come: its file `state.json`."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["makewhole campaign"] = "makewhole campaign"
    plan: Plan
    starts: int = 0
    rounds: int = 0
    seconds: float = 0
    tally: dict[str, int | dict[str, int]]
    seen: dict[str, int] = {}  # how often each cause was met, by its fingerprint


class Campaign:
    """What a campaign has on disk: its progress and its findings.

    Raises
    ------
    SetupError
        If the folder holds something else, or another campaign.
    """

    def __init__(self, folder: Path, plan: Plan):
        self.folder = folder
        self.state = folder / "state.json"
        self.findings = Findings(folder / "findings")
        self.progress = self._read(plan)
        self.tally = Tally.of(self.progress.tally)

    def _read(self, plan: Plan) -> Progress:
        try:
            known = Progress.model_validate_json(self.state.read_bytes())
        except FileNotFoundError:
            return Progress(plan=plan, tally=Tally().plain())
        except (OSError, ValidationError) as error:
            raise SetupError(f"{self.state}: not the state of a campaign ({' '.join(str(error).split())[:200]})") from error
        if known.plan != plan:
            raise SetupError(f"{self.folder} holds another campaign ({known.plan}): name another folder")
        return known

    def save(self) -> None:
        self.progress.tally = self.tally.plain()
        unfinished = self.state.with_suffix(".unfinished")
        unfinished.write_text(self.progress.model_dump_json(indent=1))
        unfinished.replace(self.state)


def known_seed(folder: Path) -> int | None:
    """The seed of the campaign in a folder, if there is one."""
    try:
        return Progress.model_validate_json((folder / "state.json").read_bytes()).plan.seed
    except (OSError, ValidationError):
        return None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A folder for this campaign alone; its workers hold it too, for as long as they live."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise SetupError(f"{folder}: {error.strerror}") from error
    with lock:
        until = time.monotonic() + LOCK_SECONDS  # the workers of a campaign that was killed take a moment to end
        while not _lock(lock):
            if time.monotonic() > until:
                raise SetupError(f"{folder}: another campaign is at work there")
            time.sleep(0.1)
        yield


def _lock(file: IO) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


# -- a worker --------------------------------------------------------------------------------------------------------


class Judge:
    """Compares one example after the other; writes down each new cause at once, and tells Hypothesis of it, which ends the round.

    Of a cause that was known before the round, Hypothesis learns only where the corpus is run again: what has failed stays in it.
    """

    def __init__(self, backend: Backend, findings: Findings, until: float, context: dict, running_again: bool):
        self.backend = backend
        self.findings = findings
        self.until = until
        self.context = context
        self.running_again = running_again
        self.seen: Counter[str] = Counter()
        self.new: dict[str, str] = {}  # labels by digests

    def judge(self, steps: list[Step]) -> None:
        if time.monotonic() > self.until:
            raise Enough
        difference = compare(steps, self.backend)
        if difference is None:
            target(_reach(steps), label="reach")
            return
        cause = fingerprint(steps[difference.index], difference)
        self.seen[cause.digest] += 1
        if cause.digest not in self.new and self.findings.add(cause.digest, steps, difference, **self.context):
            self.new[cause.digest] = cause.label
        if self.running_again or cause.digest in self.new:
            raise Mismatch(steps, difference)


def _reach(steps: list[Step]) -> int:
    """How many different things happen in a program."""
    return len({(step.operation.name, step.outcome.reason) for step in steps} | {event.name for step in steps for event in step.outcome.events})


@dataclass(frozen=True, slots=True)
class Round:
    """One run of Hypothesis: a number, which gives its seed, until when it may last, and whether it runs the corpus again."""

    number: int
    until: float
    running_again: bool


@dataclass(frozen=True, slots=True)
class Orders:
    """What each worker of a campaign needs to know."""

    plan: Plan
    findings: Findings
    database: str
    shrink_seconds: float
    unfinished: list[str]  # findings that were not shrunk when the campaign was interrupted
    context: dict  # what each finding says of where it was found


class Hand:
    """One worker at work."""

    def __init__(self, line: Line, orders: Orders, chain: Backend, start: State, database: ExampleDatabase):
        self.line = line
        self.orders = orders
        self.chain = chain
        self.start = start
        self.database = database

    def draw(self, round_: Round) -> tuple[Tally, Judge]:
        """One round; what it reached and found."""
        plan, tally = self.orders.plan, Tally()
        context = {**self.orders.context, "campaign": plan.seed, "round": round_.number}
        judge = Judge(self.chain, self.orders.findings, round_.until, context, round_.running_again)
        try:
            draw_programs(
                judge, self.start, tally, ROUND, plan.steps, derived_seed(plan.seed, round_.number), Reporter(self.line),
                database=self.database, phases=(Phase.reuse,) if round_.running_again else (Phase.generate,),
                report_multiple_bugs=round_.running_again,
            )  # fmt: skip
        except (Mismatch, Enough, SkipTest):
            pass  # written down already; or time is over; or nothing is in the corpus yet
        tally.mismatches = len(judge.new)
        return tally, judge

    def shrink(self, digest: str) -> None:
        """Put a smaller form of a finding in its place."""
        findings = self.orders.findings
        found = trace.read(findings.path(digest))
        until = time.monotonic() + self.orders.shrink_seconds
        try:
            shrinker = Shrinker(self.start, trace.program_of(found), self.chain, until=until, progress=self.line.check)
        except NoFailure:
            return  # the contracts have changed since: it stays as it was found
        shrinker.run()
        findings.replace(digest, shrinker.steps, shrinker.difference, found["context"])


def _work(number: int, line: Line, count: int, open_backend: OpenBackend, orders: Orders) -> None:
    with corpus(orders.database) as database, open_backend() as chain:
        hand = Hand(line, orders, chain, play_prologue(chain), database)
        line.send(chain.place)
        for digest in orders.unfinished[number::count]:
            hand.shrink(digest)
        line.send(("ready",))
        while (round_ := line.receive()) is not None:
            tally, judge = hand.draw(round_)
            for digest, label in judge.new.items():
                line.send(("found", digest, label))
            line.send(("drawn", tally, judge.seen))
            for digest in judge.new:
                hand.shrink(digest)
            line.send(("ready",))


# -- the process that starts them ------------------------------------------------------------------------------------


class Display(Protocol):
    """What is shown of a campaign; entered once the workers have been started."""

    def __enter__(self) -> "Display": ...

    def __exit__(self, *_) -> None: ...

    def deployed(self, places: list[str]) -> None: ...

    def progress(self, campaign: Campaign, reached: Tally, seconds: float) -> None: ...

    def found(self, path: Path, label: str) -> None: ...


def run_campaign(
    campaign: Campaign,
    count: int,
    open_backend: OpenBackend,
    *,
    seconds: float,
    database: str,
    shrink_seconds: float,
    display: Display,
    **context: str,
) -> None:
    """Go on with a campaign until it has lasted `seconds` in all; whatever ends it, its state is on disk then.

    Parameters
    ----------
    context : what each finding says of where it was found: the backend, the contracts
    """
    unfinished = [digest for digest, found in campaign.findings.read().items() if not found["context"].get("shrunk")]
    orders = Orders(campaign.progress.plan, campaign.findings, database, shrink_seconds, unfinished, context)
    course = Course(campaign, seconds, display)
    try:
        with workers(count, _work, count, open_backend, orders) as team, interruptible(), display:
            display.deployed([worker.receive() for worker in team])
            course.run(team)
    finally:
        course.end()


class Course:
    """One start of a campaign: hands out rounds and keeps the campaign's state."""

    def __init__(self, campaign: Campaign, seconds: float, display: Display):
        self.campaign = campaign
        self.display = display
        self.before = campaign.progress.seconds
        self.left = seconds - self.before
        self.began = self.saved = time.monotonic()
        self.rounds = 0
        self.current: dict[Worker, Tally] = {}  # what each worker has reached in its round so far
        campaign.progress.starts += 1

    def run(self, team: list[Worker]) -> None:
        self.began = self.saved = time.monotonic()
        working = list(team)
        for worker, (kind, *rest) in messages(working):
            if kind == "ready":
                order = self._next()
                worker.send(order)
                if order is None:
                    working.remove(worker)
            elif kind == "found":
                digest, label = rest
                self.display.found(self.campaign.findings.path(digest), label)
            elif kind == "progress":
                (self.current[worker],) = rest
            else:
                self._add(worker, *rest)
            self._tell()

    def _next(self) -> Round | None:
        until = self.began + self.left
        if time.monotonic() >= until:
            return None
        order = Round(self.campaign.progress.rounds, until, self.rounds % EVERY == FIRST)
        self.campaign.progress.rounds += 1
        self.rounds += 1
        return order

    def _add(self, worker: Worker, tally: Tally, seen: Counter[str]) -> None:
        self.current.pop(worker, None)
        self.campaign.tally = Tally.total([self.campaign.tally, tally])
        self.campaign.progress.seen = dict(Counter(self.campaign.progress.seen) + seen)
        self._save()

    def _tell(self) -> None:
        now = time.monotonic()
        self.display.progress(self.campaign, Tally.total([self.campaign.tally, *self.current.values()]), self.before + now - self.began)
        if now - self.saved > SAVE_SECONDS:
            self._save()

    def _save(self) -> None:
        self.saved = time.monotonic()
        self.campaign.progress.seconds = self.before + self.saved - self.began
        self.campaign.save()

    def end(self) -> None:
        """Count what unfinished rounds have reached, and save."""
        self.campaign.tally = Tally.total([self.campaign.tally, *self.current.values()])
        self._save()
