"""The search: programs are drawn and changed, the better ones are kept, and the best of all is made as plain as it can be."""

import random
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from fractions import Fraction

from tests.laws.sides import Model, planted
from tests.search import start as starts
from tests.search.start import Start
from tests.search.steps import Market, Program, Result, draw_program, mutate_program

CONTROL = (
    "pool.py",
    "    return Claim(units, base, quote, age, coverage, due)\n",
    "    owed = mul_div(at_spot, age, full_protection_seconds) if age else 0\n"
    "    due = Entitlement(base_in_deficit=True, deficit=0, surplus=0, owed=owed, short=0)\n"
    "    return Claim(units, base, quote, age, at_spot, due)\n",
)
"""The model with the waterfall's payment replaced: the coverage at the spot price, in quote, as THORChain's formula has it."""
ISLAND, FRESH = 600, 200
"""Programs, after which the search starts afresh, and how many of them are drawn before any is changed."""
AFRESH = 0.1
"""Of the programs after these."""
KEPT = 12
SMALLEST = Fraction(1, 10**15)
"""Of a gain, as a part of the pool: what is less does not count."""
PLAIN = Start(
    min_fee_bps=10, protocol_fee_bps=2_000, bailout_threshold_bps=10_000, oracle_window_seconds=1_800, max_deviation_bps=100, share=1_000,
    base_in=False, market_parts=0, top_up=0, age_days=100, reserve_base=100_000, reserve_quote=100_000, stake=0, dlq_depth=0, others_ask=0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    start: Start
    program: Program
    result: Result

    @property
    def beyond(self) -> Fraction:
        """The gain beyond what L8 allows, as a part of the pool's worth."""
        return (self.result.gain - self.result.allowed) / self.result.pool

    @property
    def gain(self) -> Fraction:
        return self.result.gain / self.result.pool


Aim = Callable[[Found], Fraction]


def beyond(found: Found) -> Fraction:
    return found.beyond


def gain(found: Found) -> Fraction:
    return found.gain


def overpaid(found: Found) -> Fraction:
    return found.result.overpaid / found.result.pool


class Search:
    """A search on one set of rules; the same seed tries the same programs in the same order."""

    def __init__(self, side: Model, seed: int, aim: Aim = beyond):
        self.side, self.aim = side, aim
        self.way: Aim = aim
        self.drawn = random.Random(seed)
        self.tried = self.programs = 0
        self.best: Found | None = None
        self.first_profit: int | None = None  # the number of the first program that gained more than L8 allows
        self.fresh = 0
        self.markets: dict[Start, Market] = {}
        self.island: list[Found] = []

    def run(self, programs: int, tell: Callable[["Search"], None] = lambda search: None) -> None:
        """Try so many programs; `tell` is told after each."""
        for self.programs in range(1, programs + 1):
            self.step()
            tell(self)

    def step(self) -> None:
        if self.tried % ISLAND == 0:
            self.begin_island()
        if self.fresh or self.drawn.random() < AFRESH:
            start, program = self.drawn_afresh()
        else:
            start, program = self.changed()
        self.keep(self.play(start, program))

    def drawn_afresh(self) -> tuple[Start, Program]:
        self.fresh = max(0, self.fresh - 1)
        start = starts.draw(self.drawn) if self.tried % 4 == 0 or not self.island else self.drawn.choice(self.island).start
        return start, draw_program(self.drawn)

    def changed(self) -> tuple[Start, Program]:
        """One of those kept, the better ones rather, with a few changes."""
        drawn = self.drawn
        parent = self.island[min(drawn.randrange(len(self.island)), drawn.randrange(len(self.island)))]
        start, program = parent.start, parent.program
        changes = (1, 1, 2, 3)
        if drawn.random() < 0.2:
            start, changes = starts.mutate(start, drawn), (0, 1, 1, 2, 3)
        for _ in range(drawn.choice(changes)):
            program = mutate_program(program, drawn)
        return start, program

    def begin_island(self) -> None:
        """First what makes others pay too much, whatever that costs; then the cheapest of these ways. Every third island looks for a gain
        from nobody knows whom: from those who stay in the pool, perhaps."""
        paying = [one for one in self.island if overpaid(one) > SMALLEST]
        if self.way is overpaid and paying:
            self.way, self.island, self.fresh = self.aim, paying, 0
            return
        self.way = self.aim if self.drawn.random() < 1 / 3 else overpaid
        self.island, self.fresh = [], FRESH
        self.markets.clear()

    def play(self, start: Start, program: Program) -> Found:
        if start not in self.markets:
            self.markets[start] = Market(self.side, start)
        self.tried += 1
        return Found(start, program, self.markets[start].play(program))

    def keep(self, found: Found) -> None:
        known = [(one.start, one.program) for one in self.island]
        # Among those that make others pay too much, one that does not is cheap for no merit of its own.
        worthy = self.fresh or overpaid(found) > SMALLEST or overpaid(self.island[0]) <= SMALLEST
        if worthy and (found.start, found.program) not in known:
            self.island.append(found)
            # Where two come to the same, the shorter is better.
            self.island.sort(key=lambda one: (round(self.way(one) / SMALLEST), -len(one.program)), reverse=True)
            del self.island[KEPT:]
        if self.best is None or self.aim(found) > self.aim(self.best):
            self.best = found
        if self.first_profit is None and found.beyond > 0:
            self.first_profit = self.tried

    def plainest(self, found: Found, least: float = 0.9) -> Found:
        """The same with fewer steps, and a start as usual as can be, that still comes to most of what was found."""
        goal = self.aim(found) * Fraction(least)

        def plainer(found: Found) -> list[tuple[Start, Program]]:
            shorter = [(found.start, found.program[:place] + found.program[place + 1 :]) for place in range(len(found.program))]
            usual = [replace(found.start, **{field.name: getattr(PLAIN, field.name)}) for field in fields(Start)]
            whole = [
                (found.start, (*found.program[:place], replace(step, slices=1), *found.program[place + 1 :]))
                for place, step in enumerate(found.program)
                if step.slices > 1
            ]
            plain = [(start, found.program) for start in usual if start != found.start]
            return [option for option in (*shorter, *plain, *whole) if option[1]]

        again = True
        while again:
            again = False
            for start, program in plainer(found):
                tried = self.play(start, program)
                if self.aim(tried) >= goal:
                    found, again = tried, True
                    break
        return found


def protocol(seed: int, aim: Aim = beyond) -> Search:
    return Search(Model(), seed, aim)


@contextmanager
def control(seed: int, aim: Aim = gain):
    """The same search on the control."""
    with planted(*CONTROL) as package:
        yield Search(Model(package), seed, aim)
