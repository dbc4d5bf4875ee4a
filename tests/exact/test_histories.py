"""Whole histories on exact numbers: the same calls, once with integers and once with `Exact`, and how far the two come apart.

The bound, of a pool: write d for the relative errors of B, Q and U added up, and m for the smallest of the three after a call. Then

    d = 0                                       at the first add, but for the root: 1/U
    d = d*(1+s)/(1-s) + 3/m                     after a call by which the part s of the units leaves; else s = 0

For d is not raised by what a call does to an error that is there already, unless units leave: in a swap of `dx = t*X` the error of X
shrinks to its 1/(1+t)th, and what it puts into Y is at most the rest; in an add of the part b of B the error of B shrinks to its
1/(1+b)th, and what it puts into U is at most the rest. Units that leave are a number, whatever U is: an error of U weighs 1/(1-s)
times as much in what is left of it, and s/(1-s) times in what is left of each token. To this a call adds what it rounds itself: less than
2 base units of one token in a swap (what is paid, and the cut), 1 unit in an add, 1 base unit of each token where units leave.

So after n calls by which no units leave, d <= (3*n + 1)/m: a pool loses less than three base units a call, and no more in the end than
it lost on the way. What a call pays follows from it:

- a swap or an exit is off by at most 1 and the part d of the reserve;
- a principal, struck of two shares and two reserves, by at most 4*d of itself and, for each add, R7's own bound, `ceil(B'/U') +
  ceil(B/Q) + 2` base units of base (of quote likewise), and for each departure 1;
- a protected withdrawal by as much as its principal, 4 base units, and the part 8*d of all that it is reckoned from: principal and
  share, and in quote their worth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from model import Parameters, State, apply
from model.fixed_point import BPS
from tests.differential import world
from tests.differential.world import DAY, UNLIMITED
from tests.exact.exact import exact, exactly
from tests.laws.sides import Answer, Model
from tests.laws.situations import (
    ANY_MINIMUM, BASE, FOUNDER, FREELY, OTHER, POOL, PROVIDER, QUOTE, TRADER, Hand, give_to_reserve, open_pool,
)  # fmt: skip
from tests.laws.support import SCALE

AMOUNTS = {"amount", "amount_in", "base", "quote", "units", "shares"}
LEAVES = ("exit", "withdraw")
PROVIDERS = (FOUNDER, PROVIDER, OTHER)
SECOND_ORDER = 1 + Fraction(1, 2**20)  # products of errors, each of which is below 2**-30


class TooFar(AssertionError):
    """The two have come further apart than stated."""


class ExactModel(Model):
    """The model, called with `Exact` in the place of amounts. (Times are whole seconds on either side.)"""

    def __init__(self):
        super().__init__(SimpleNamespace(apply=apply, genesis=exact_genesis))

    def attempt(self, sender: str, target: str, name: str, /, **arguments: Any) -> Answer:
        amounts = {key: exact(value) for key, value in arguments.items() if key in AMOUNTS and isinstance(value, int)}
        return super().attempt(sender, target, name, **arguments | amounts)


def exact_genesis() -> State:
    state = world.genesis()
    tokens = {
        name: replace(token, balances={owner: exact(balance) for owner, balance in token.balances.items()})
        for name, token in state.tokens.items()
    }
    return replace(state, tokens=tokens)


@dataclass(frozen=True, slots=True)
class Act:
    """`kind` is what is done, by whom, on which side, and how much of what there is, in hundredths of a percent."""

    kind: str
    provider: str
    base_in: bool
    parts: tuple[int, int]
    days: int


@dataclass(frozen=True, slots=True)
class History:
    parameters: Parameters
    base: int
    quote: int
    acts: tuple[Act, ...]


@st.composite
def histories(draw: Callable) -> History:
    hand = Hand(draw)

    def act() -> Act:
        kind = hand.pick(("swap", "swap", "swap", "add", "add", "donate", "exit", "withdraw", "sweep"))
        parts = hand.add() if kind == "add" else (hand.pick((1, 100, 3_000, 5_000)), hand.pick((0, 1, 100, 5_000)))
        return Act(kind, hand.pick(PROVIDERS), hand.pick((False, True)), parts, hand.pick((0, 0, 1, 30)))

    parameters = Parameters(
        bailout_threshold_bps=BPS,
        max_deviation_bps=1_000,
        min_fee_bps=hand.pick((0, 10, 1_000)),
        protocol_fee_bps=hand.pick((0, 2_000, 5_000)),
    )
    return History(parameters, hand.amount(50, 90), hand.amount(50, 90), tuple([act() for _ in range(1 + hand.below(20))]))


def call_of(side: Model, act: Act) -> tuple[str, str, dict[str, int | str]]:
    """Sender, call and arguments: integers, whichever side they come from."""
    pool = side.pool(POOL)
    base, quote = pool.reserve_base * act.parts[0] // BPS, pool.reserve_quote * act.parts[1] // BPS
    if act.kind == "swap":
        token, amount = (BASE, base) if act.base_in else (QUOTE, pool.reserve_quote * act.parts[0] // BPS)
        limits = {"min_amount_out": 0, "recipient": TRADER, "deadline": UNLIMITED}
        return TRADER, "pool.swap", {"token_in": token, "amount_in": amount, **limits}
    if act.kind == "add":
        return act.provider, "pool.add", {"base": base, "quote": quote, "min_units": 0, "deadline": UNLIMITED}
    if act.kind == "donate":
        return TRADER, "pool.donate", {"base": base, "quote": quote}
    if act.kind == "withdraw":
        return act.provider, "pool.withdraw", FREELY
    if act.kind == "exit":
        return act.provider, "pool.exit", {"units": side.position(POOL, act.provider).units * act.parts[0] // BPS, **ANY_MINIMUM}
    return TRADER, "pool.sweep", {}


def error(rounded: int, ideal: Fraction) -> Fraction:
    """Relative."""
    return abs(Fraction(rounded) - ideal) / ideal


def play(integers: Model, ideals: ExactModel, history: History, rounding: Fraction | int = 3) -> int:
    """Play a history on both, and compare after each call; how many calls both took.

    Raises TooFar where the two are further apart than `rounding` base units a call explain.
    """
    for side in (integers, ideals):
        open_pool(side, POOL, BASE, history.parameters, history.base, history.quote)
        side.call(FOUNDER, POOL, "pool.begin_protection")
        for token in (BASE, QUOTE):
            give_to_reserve(side, token, side.RICH // 2)
    bound = Fraction(1, integers.pool(POOL).total_units)
    taken, grains = 0, {provider: [0, 0] for provider in PROVIDERS}
    grains[FOUNDER] = list(_grains("add", integers.pool(POOL), integers.pool(POOL)))
    for act in history.acts:
        units = integers.position(POOL, act.provider).units * act.parts[0] // BPS
        for side in (integers, ideals):
            side.wait(act.days * DAY)
            if act.kind == "withdraw":
                side.attempt(act.provider, POOL, "pool.request_withdrawal", units=units)
                side.wait(DAY)
        sender, name, arguments = call_of(integers, act)
        before, position = integers.pool(POOL), integers.position(POOL, act.provider)
        answers = [side.attempt(sender, POOL, name, **arguments) for side in (integers, ideals)]
        if answers[0].reason != answers[1].reason:
            return taken  # at the very edge of the price guard one of them is refused: from here on the histories differ
        if answers[0].reason is not None:
            continue
        taken += 1
        after, ideal = integers.pool(POOL), ideals.pool(POOL)
        left = Fraction(units, before.total_units) if act.kind in LEAVES else 0
        pays = bound + Fraction(1, min(before.reserve_base, before.reserve_quote))
        bound = bound * (1 + left) / (1 - left) + Fraction(rounding, min(after.reserve_base, after.reserve_quote, after.total_units))
        apart = sum(error(getattr(after, name), getattr(ideal, name)) for name in ("reserve_base", "reserve_quote", "total_units"))
        if apart > bound * SECOND_ORDER:
            raise TooFar(f"after {taken} calls reserves and units are {float(apart)} apart, and {float(bound)} is stated")
        _compare_payouts(act, before, answers, pays)
        if act.kind == "withdraw":
            _compare_withdrawals(before, position, units, answers, bound, grains[act.provider])
        grains[act.provider] = [grain + more for grain, more in zip(grains[act.provider], _grains(act.kind, before, after))]
        _compare_principals(integers, ideals, bound, grains)
    return taken


def _compare_payouts(act: Act, before: Any, answers: list[Answer], pays: Fraction) -> None:
    if act.kind not in ("swap", "exit"):
        return
    rounded, ideal = ((answer.value,) if act.kind == "swap" else answer.value for answer in answers)
    reserves = (before.reserve_base, before.reserve_quote)
    paid_of = reserves if act.kind == "exit" else (reserves[act.base_in],)
    for got, exactly_due, reserve in zip(rounded, ideal, paid_of, strict=True):
        if abs(got - exactly_due) > (1 + pays * reserve) * SECOND_ORDER:
            raise TooFar(f"a payout of {got} is {float(got - exactly_due)} off")


def _compare_withdrawals(before: Any, position: Any, units: int, answers: list[Answer], bound: Fraction, grains: list[int]) -> None:
    if len({answer.event("Compensated") is None for answer in answers}) == 2:
        return  # a coverage of less than 2 rounds to none: the exchange that it decides about is worth no more than that
    part, price = Fraction(units, position.units), Fraction(before.reserve_quote, before.reserve_base)
    base = position.principal_base * part + Fraction(before.reserve_base * units, before.total_units)
    quote = position.principal_quote * part + Fraction(before.reserve_quote * units, before.total_units) + base * price
    for place, of in enumerate((base, quote)):
        off = abs(answers[0].value[place] - answers[1].value[place])
        if off > grains[place] + 4 + 8 * bound * of:
            raise TooFar(f"a withdrawal pays {answers[0].value[place]}, which is {float(off)} off")


def _grains(kind: str, before: Any, after: Any) -> tuple[int, int]:
    """What a call may round off a principal: in an add, R7's bound."""
    if kind != "add":
        return (1, 1) if kind in LEAVES else (0, 0)
    of_base = ceil(Fraction(after.reserve_base, after.total_units)) + ceil(Fraction(before.reserve_base, before.reserve_quote)) + 2
    of_quote = ceil(Fraction(after.reserve_quote, after.total_units)) + ceil(Fraction(before.reserve_quote, before.reserve_base)) + 2
    return of_base, of_quote


def _compare_principals(integers: Model, ideals: ExactModel, bound: Fraction, grains: dict[str, list[int]]) -> None:
    for provider in PROVIDERS:
        rounded, ideal = (side.position(POOL, provider) for side in (integers, ideals))
        for name, grain in zip(("principal_base", "principal_quote"), grains[provider]):
            got, exactly_due = getattr(rounded, name), getattr(ideal, name)
            if abs(got - exactly_due) > grain + 4 * bound * exactly_due:
                raise TooFar(f"{name} is {float(got - exactly_due)} off")


@pytest.fixture(scope="module")
def sides() -> tuple[Model, ExactModel]:
    with exactly():
        return Model(), ExactModel()


def draw_histories(sides: tuple[Model, ExactModel], examples: int, rounding: Fraction | int = 3, **options: Any) -> int:
    taken = 0

    @settings(max_examples=examples, **options)
    @given(histories())
    def property(history: History) -> None:
        nonlocal taken
        with exactly(), sides[0].what_if(), sides[1].what_if():
            taken += play(*sides, history, rounding)

    property()
    return taken


def test_a_history_stays_within_the_bound(sides):
    assert draw_histories(sides, 300 * SCALE) > 1_000


def test_a_tenth_of_the_bound_is_too_little(sides):
    with pytest.raises(TooFar):
        draw_histories(sides, 2_000, Fraction(3, 10), phases=[Phase.generate], print_blob=False)
