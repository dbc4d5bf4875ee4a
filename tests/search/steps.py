"""What the actor may do, and what it comes to.

Between blocks an arbitrageur brings every pool back to the true price. What the arbitrageur gains or loses by it counts as the actor's own:
so no trader's folly can look like a profit, and an actor who brings the pool back in the same block pays nobody for it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt

from model.fixed_point import BPS
from model.state import CONTROLLER
from tests.differential.world import DAY, DLQ, UNLIMITED
from tests.laws.sides import Model
from tests.laws.situations import BASE, DLQ_POOL, FREELY, POOL, QUOTE, Prices, Purse, give_to_reserve, purse
from tests.search.start import ACTOR, ARBITRAGEUR, OTHER, Start, open_market

PARTS = (1, 10, 50, 100, 500, 1_000, 2_500, 5_000, BPS, 4 * BPS, 100 * BPS)
"""Of a reserve, or of a position, in hundredths of a percent."""
SLICES = (1, 3, 10, 30)
WAITS = {"a block": 12, "a minute": 60, "half an hour": 1_800, "a day": DAY, "2 days": 2 * DAY, "10 days": 10 * DAY, "100 days": 100 * DAY}
LONGEST = 14
EXACT = 80
"""Swaps at most that bring a pool back: each leaves the fee's part of the way."""


@dataclass(frozen=True, slots=True)
class Step:
    """`base` and `quote` are parts of a reserve, or the first of a position, in hundredths of a percent; `wait` one of WAITS."""

    kind: str
    base: int = 0
    quote: int = 0
    slices: int = 1
    wait: str = ""

    def __str__(self) -> str:
        return TOLD[self.kind](self)


Program = tuple[Step, ...]


# -- the steps, drawn and told -----------------------------------------------------------------------------------------


def _part(part: int) -> str:
    return f"{part / 100:g} %"


def _both(step: Step) -> str:
    return " and ".join([f"{_part(part)} of the {name}" for name, part in (("base", step.base), ("quote", step.quote)) if part])


def _in_slices(step: Step) -> str:
    return f", in {step.slices} slices" if step.slices > 1 else ""


TOLD: dict[str, Callable[[Step], str]] = {
    "swap": lambda step: f"swap in {_both(step)} of the reserve{_in_slices(step)}",
    "swap back": lambda step: f"swap back to the true price{_in_slices(step)}",
    "swap in the DLQ pool": lambda step: f"swap in {_both(step).replace('base', 'DLQ')} of the DLQ pool's reserve{_in_slices(step)}",
    "swap back in the DLQ pool": lambda step: f"swap back in the DLQ pool{_in_slices(step)}",
    "add": lambda step: f"add {_both(step)} of the reserves",
    "stage": lambda step: f"stage {_both(step)} of the reserves",
    "confirm": lambda step: "confirm what is staged",
    "donate": lambda step: f"donate {_both(step)} of the reserves",
    "request": lambda step: f"request {_part(min(step.base, BPS))} of the position",
    "withdraw": lambda step: "withdraw",
    "leave": lambda step: f"request {_part(min(step.base, BPS))} of the position, wait a day, withdraw",
    "exit": lambda step: f"exit with {_part(min(step.base, BPS))} of the position",
    "sweep": lambda step: "sweep all pools",
    "others leave": lambda step: "let the others withdraw what they asked for",
    "wait": lambda step: f"wait {step.wait}",
}
LIKELY = ("swap", "swap", "swap back", "swap back", "withdraw", "leave", "wait", "wait", "add", "add")


def draw_step(drawn: random.Random) -> Step:
    kind = drawn.choice((*LIKELY, *TOLD))
    amounts = drawn.choice(((drawn.choice(PARTS), 0), (0, drawn.choice(PARTS))))
    if kind in ("add", "stage", "donate") and drawn.random() < 0.5:
        amounts = (max(amounts), max(amounts))
    slices = drawn.choice(SLICES)
    if kind in ("swap", "swap in the DLQ pool"):
        return Step(kind, *amounts, slices=slices)
    if kind in ("add", "stage", "donate"):
        return Step(kind, *amounts)
    if kind in ("swap back", "swap back in the DLQ pool"):
        return Step(kind, slices=slices)
    if kind in ("request", "leave", "exit"):
        return Step(kind, base=drawn.choice((BPS, BPS, 5_000, 1_000, 1)))
    return Step(kind, wait=drawn.choice(list(WAITS)) if kind == "wait" else "")


def draw_steps(drawn: random.Random) -> Program:
    """One step, or what nearly every attack on a pool's price consists of: the price is moved, something done at it, the price moved
    back."""
    step = draw_step(drawn)
    if drawn.random() < 0.6 or step.kind in ("swap", "swap back"):
        return (step,)
    base, quote = drawn.choice(((drawn.choice(PARTS), 0), (0, drawn.choice(PARTS))))
    slices = drawn.choice(SLICES)
    return Step("swap", base, quote, slices), step, Step("swap back", slices=slices)


def draw_program(drawn: random.Random) -> Program:
    return tuple([step for _ in range(drawn.randint(1, 5)) for step in draw_steps(drawn)])


def mutate_program(program: Program, drawn: random.Random) -> Program:
    steps = list(program)
    place = drawn.randrange(len(steps) + 1)
    how = drawn.choice(("insert", "insert", "replace", "remove", "nudge", "swap places"))
    if how == "insert" and len(steps) < LONGEST:
        steps[place:place] = draw_steps(drawn)
    elif steps:
        place %= len(steps)
        if how == "replace":
            steps[place] = draw_step(drawn)
        elif how == "remove" and len(steps) > 1:
            del steps[place]
        elif how == "swap places":
            other = drawn.randrange(len(steps))
            steps[place], steps[other] = steps[other], steps[place]
        else:
            factor = drawn.choice((0.3, 0.7, 0.9, 1.1, 1.4, 3))
            base, quote = (min(10**6, max(1, round(part * factor))) if part else 0 for part in (steps[place].base, steps[place].quote))
            steps[place] = replace(steps[place], base=base, quote=quote)
    return tuple(steps)


# -- the steps, taken --------------------------------------------------------------------------------------------------


@dataclass
class Course:
    """A course of events from the start. In quote, at the true price: `struck` is what the actor added, `paid` what others than the
    pool gave the actor in withdrawals, less what they took."""

    side: Model
    true: Prices
    calls: int = 0
    struck: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)

    def attempt(self, sender: str, target: str, name: str, /, **arguments):
        self.calls += 1
        return self.side.attempt(sender, target, name, **arguments)

    def take(self, step: Step) -> None:
        TAKEN[step.kind](self, step)

    def reserves(self, pool: str) -> tuple[int, int]:
        view = self.side.pool(pool)
        return view.reserve_base, view.reserve_quote

    def swap(self, who: str, pool: str, base_in: bool, amount: int) -> None:
        token = {POOL: BASE, DLQ_POOL: DLQ}[pool] if base_in else QUOTE
        self.attempt(who, pool, "pool.swap", token_in=token, amount_in=amount, min_amount_out=0, recipient=who, deadline=UNLIMITED)

    def swap_in(self, step: Step, pool: str) -> None:
        if pool not in self.side.state.pools:
            return
        base_in, part = step.base > 0, max(step.base, step.quote)
        amount = self.reserves(pool)[not base_in] * part // (BPS * step.slices)
        for _ in range(step.slices):
            self.swap(ACTOR, pool, base_in, amount)

    def to_true_price(self, pool: str) -> tuple[bool, int]:
        """What it takes to bring the pool back, were there no fee: base in or not, and how much."""
        base, quote = self.reserves(pool)
        price = self.true.base if pool == POOL else self.true.dlq
        base_in = isqrt(base * quote * price.denominator // price.numerator) - base
        quote_in = isqrt(base * quote * price.numerator // price.denominator) - quote
        return base_in > quote_in, max(base_in, quote_in)

    def swap_back(self, step: Step, pool: str) -> None:
        if pool not in self.side.state.pools:
            return
        for left in range(step.slices, 0, -1):
            base_in, amount = self.to_true_price(pool)
            self.swap(ACTOR, pool, base_in, amount // left)

    def arbitrage(self) -> None:
        for pool in (POOL, DLQ_POOL):
            for _ in range(EXACT if pool in self.side.state.pools else 0):
                base_in, amount = self.to_true_price(pool)
                if amount <= 1:
                    break
                self.swap(ARBITRAGEUR, pool, base_in, amount)

    def wait(self, step: Step) -> None:
        self.arbitrage()
        self.side.wait(WAITS[step.wait])

    def amounts(self, step: Step) -> dict[str, int]:
        base, quote = self.reserves(POOL)
        return {"base": base * step.base // BPS, "quote": quote * step.quote // BPS}

    def add(self, step: Step) -> None:
        amounts = self.amounts(step)
        if self.attempt(ACTOR, POOL, "pool.add", **amounts, min_units=0, deadline=UNLIMITED).reason is None:
            self.struck += amounts["base"] * self.true.base + amounts["quote"]

    def stage(self, step: Step) -> None:
        self.attempt(ACTOR, POOL, "pool.stage_deposit", **self.amounts(step))

    def confirm(self, step: Step) -> None:
        answer = self.attempt(ACTOR, POOL, "pool.confirm_deposit", min_units=0)
        if answer.reason is None:
            confirmed = answer.event("DepositConfirmed")
            self.struck += confirmed["base"] * self.true.base + confirmed["quote"]

    def donate(self, step: Step) -> None:
        self.attempt(ACTOR, POOL, "pool.donate", **self.amounts(step))

    def request(self, step: Step) -> None:
        units = self.side.position(POOL, ACTOR).units * min(step.base, BPS) // BPS
        self.attempt(ACTOR, POOL, "pool.request_withdrawal", units=units)

    def withdraw(self, step: Step) -> None:
        answer = self.attempt(ACTOR, POOL, "pool.withdraw", **FREELY)
        if answer.reason is None:
            base, quote, dlq, _ = answer.value
            share = answer.event("Withdrawn")
            self.paid += Purse(base - share["base"], quote - share["quote"], dlq).worth(self.true)

    def leave(self, step: Step) -> None:
        self.request(step)
        self.wait(Step("wait", wait="a day"))
        self.withdraw(step)

    def exit(self, step: Step) -> None:
        units = self.side.position(POOL, ACTOR).units * min(step.base, BPS) // BPS
        self.attempt(ACTOR, POOL, "pool.exit", units=units, min_base=0, min_quote=0)

    def sweep(self, step: Step) -> None:
        self.attempt(ACTOR, CONTROLLER, "controller.sweep")

    def others_leave(self, step: Step) -> None:
        self.attempt(OTHER, POOL, "pool.withdraw", **FREELY)

    def finish(self) -> None:
        """The actor takes back what is staged, and leaves with whatever is left when it is of full age."""
        self.arbitrage()
        self.attempt(ACTOR, POOL, "pool.cancel_deposit")
        if self.side.position(POOL, ACTOR).units:
            self.wait(Step("wait", wait="100 days"))
            self.leave(Step("leave", base=BPS))


TAKEN: dict[str, Callable[[Course, Step], None]] = {
    "swap": lambda course, step: course.swap_in(step, POOL),
    "swap back": lambda course, step: course.swap_back(step, POOL),
    "swap in the DLQ pool": lambda course, step: course.swap_in(step, DLQ_POOL),
    "swap back in the DLQ pool": lambda course, step: course.swap_back(step, DLQ_POOL),
    "add": Course.add,
    "stage": Course.stage,
    "confirm": Course.confirm,
    "donate": Course.donate,
    "request": Course.request,
    "withdraw": Course.withdraw,
    "leave": Course.leave,
    "exit": Course.exit,
    "sweep": Course.sweep,
    "others leave": Course.others_leave,
    "wait": Course.wait,
}


# -- what it comes to --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """In quote, at the true price. `gain` is over the withdrawal alone from a Reserve that can pay everything, arbitrage included;
    `own` is the actor's without it; `overpaid` is how much more Reserve and stakers gave than they would then, whatever that cost.
    `rounding` and `band` are what L8 allows: see `allowed`."""

    gain: Fraction
    own: Fraction
    overpaid: Fraction
    rounding: Fraction
    band: Fraction
    honest: Fraction
    pool: Fraction

    @property
    def allowed(self) -> Fraction:
        return self.rounding + self.band


class Market:
    """A start that has been played, and what an honest actor gets there."""

    def __init__(self, side: Model, start: Start):
        self.side, self.start = side, start
        with side.what_if():
            self.true = open_market(side, start)
            self.begin = side.state, side.now
        self.honest: dict[int, tuple[Fraction, Fraction]] = {}

    def worth(self, actor: str) -> Fraction:
        return purse(self.side, actor).worth(self.true)

    def play(self, program: Program) -> Result:
        with self.side.what_if():
            self.side.state, self.side.now = self.begin
            before, arbitrage = self.worth(ACTOR), self.worth(ARBITRAGEUR)
            pool = Fraction(self.side.pool(POOL).reserve_quote * 2)
            course = Course(self.side, self.true)
            for step in program:
                course.take(step)
            course.finish()
            own = self.worth(ACTOR) - before
            arbitrage = self.worth(ARBITRAGEUR) - arbitrage
            elapsed = self.side.now - self.begin[1]
        honest, paid = self.of_an_honest_actor(elapsed)
        deviation = self.start.max_deviation_bps / BPS
        moved = Fraction((1 - deviation) ** 0.5 + (1 - deviation) ** -0.5) / 2 - 1
        # What is added at a moved price redeems for so much of itself at most, once the price is back.
        moved *= Fraction((1 - deviation) ** -0.5)
        rounding = Purse(3, 3, 1).worth(self.true) * (course.calls + 1)
        return Result(own + arbitrage - honest, own - honest, course.paid - paid, rounding, moved * course.struck, honest, pool)

    def of_an_honest_actor(self, elapsed: int) -> tuple[Fraction, Fraction]:
        """Who withdraws everything at that time, of today's request or one made a day before, from a Reserve that can pay everything:
        what that comes to, and how much of it others than the pool pay."""
        if elapsed not in self.honest:
            with self.side.what_if():
                self.side.state, self.side.now = self.begin
                before = self.worth(ACTOR)
                for token in (BASE, QUOTE):
                    give_to_reserve(self.side, token, self.side.RICH // 2)
                course = Course(self.side, self.true)
                if elapsed >= DAY:
                    self.side.wait(elapsed - DAY)
                    course.request(Step("request", base=BPS))
                self.side.wait(min(elapsed, DAY))
                course.withdraw(Step("withdraw"))
                self.honest[elapsed] = self.worth(ACTOR) - before, course.paid
        return self.honest[elapsed]
