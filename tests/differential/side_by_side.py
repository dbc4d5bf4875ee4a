"""One run on several workers: each has a backend of its own, and draws its share of the programs from a seed of its own."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from math import inf
from typing import Protocol

from tests.differential.engine import Backend, play_prologue
from tests.differential.interruption import interruptible
from tests.differential.machine import Budget, Found, Mismatch, Progress, Tally, search, shrink
from tests.differential.workers import Line, Worker, derived_seed, messages, workers

OpenBackend = Callable[[], AbstractContextManager[Backend]]
PAUSE = 0.2  # seconds from one report of a worker to its next


class Reporter:
    """Sends a worker's tally now and then."""

    def __init__(self, line: Line):
        self.line = line
        self.last = 0.0

    def __call__(self, tally: Tally) -> None:
        now = time.monotonic()
        if now - self.last > PAUSE:
            self.last = now
            self.line.send(("progress", tally))


def share_of(budget: Budget, number: int, count: int) -> Budget:
    """What one of `count` workers draws."""
    examples = budget.examples // count + (number < budget.examples % count)
    return replace(budget, examples=examples, seed=derived_seed(budget.seed, count, number))


class Display(Protocol):
    """What is shown of a run; entered once the workers have been started."""

    def __enter__(self) -> "Display": ...

    def __exit__(self, *_) -> None: ...

    def deployed(self, places: list[str]) -> None:
        """All workers have deployed the contracts there, and both sides agree on the prologue."""
        ...

    def progress(self, tally: Tally) -> None:
        """This is what all workers have reached together."""
        ...

    def found(self, mismatch: Mismatch) -> None:
        """The two sides disagree; this is yet to be shrunk."""
        ...


def run_side_by_side(count: int, open_backend: OpenBackend, budget: Budget, display: Display) -> Mismatch | None:
    """Draw and compare programs on `count` workers; the shrunk mismatch, or None.

    A mismatch ends the search, but not before all have drawn as many examples as the worker that found it: so whose is shrunk
    depends on the seed and the number of workers, and not on who was faster.
    """
    with workers(count, _work, count, open_backend, budget) as team, interruptible(), display:
        display.deployed([worker.receive() for worker in team])
        for worker in team:
            worker.send("go")
        found = _search(team, display.progress)
        if not found:
            return None
        first = min(found, key=lambda worker: (found[worker].number, worker.number))
        display.found(found[first].mismatch)
        first.send("shrink")
        return first.receive()


def _search(team: list[Worker], progress: Progress) -> dict[Worker, Found]:
    """The first mismatch that each worker has found, if it has."""
    searching, tallies, found = list(team), {}, {}
    for worker, (kind, tally, *rest) in messages(searching):
        tallies[worker] = tally
        progress(Tally.total(tallies.values()))
        if kind == "searched":
            searching.remove(worker)
            (first,) = rest
            if first is not None:
                found[worker] = first
                for other in searching:
                    other.send(first.number)
    return found


def _work(number: int, line: Line, count: int, open_backend: OpenBackend, budget: Budget) -> None:
    budget = share_of(budget, number, count)
    last = inf  # the number of the last example that is wanted

    def is_wanted(example: int) -> bool:
        nonlocal last
        while line.connection.poll():
            last = min(last, line.receive())
        return example <= last

    with open_backend() as chain:
        start = play_prologue(chain)
        line.send(chain.place)
        line.receive()
        tally = Tally()
        found = search(chain, start, tally, budget, Reporter(line), is_wanted)
        line.send(("searched", tally, found))
        while line.receive() != "shrink":
            pass
        line.send(shrink(chain, start, budget, lambda _: line.check()))
