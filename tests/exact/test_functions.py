"""Every function of the model's maths, on exact numbers: it rounds in the direction that its docstring states, and by no more.

A function is called twice, with integers and with the same numbers as `Exact`. Arguments are drawn from all of its domain, as in
the comparison with the contracts.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from model import Revert, epoch_books, fixed_point, liquidity_math, oracle, protection_math, stake_math, swap_math, waterfall
from model.fixed_point import Q112
from model.protection_math import Entitlement
from model.waterfall import Allowances
from tests.differential.test_maths import AMOUNT, DIVISOR, PAIRS, PRICE, TIME, WORD, exchanges, up_to, within
from tests.exact.exact import exact, exactly

MODULES = (epoch_books, fixed_point, liquidity_math, oracle, protection_math, stake_math, swap_math, waterfall)
RECORDS = {"empty_books", "epoch_before", "turn"}  # which hand records on, and calculate nothing themselves
EXAMPLES = 500 * max(1, settings().max_examples // 100)


@dataclass(frozen=True, slots=True)
class Rounding:
    """What is rounded less what is exact is above `-down` and below `up`; where one of them is 0, it may be that."""

    down: Fraction | int = 0
    up: Fraction | int = 0

    def allows(self, error: Fraction) -> bool:
        return (error > -self.down or error == self.down == 0) and (error < self.up or error == self.up == 0) or error == 0


class NotAsStated(AssertionError):
    pass


EXACT, DOWN, UP = Rounding(), Rounding(down=1), Rounding(up=1)
Stated = Callable[..., tuple[Rounding, ...]]


def each(*roundings: Rounding) -> Stated:
    """The same for all arguments; one for each value returned."""
    return lambda *_: roundings


UNROUNDED = each(EXACT)


def of_backstop(owed: int, price: int, allowance: int) -> tuple[Rounding, ...]:
    one_dlq = Fraction(price, Q112)
    return DOWN, Rounding(down=one_dlq, up=max(1, one_dlq))


def of_pay(due: Entitlement, allowances: Allowances) -> tuple[Rounding, ...]:
    paid_quote = DOWN if due.base_in_deficit else EXACT
    if allowances.dlq_price == 0:
        return EXACT, UP, paid_quote, EXACT, DOWN
    one_dlq = Fraction(allowances.dlq_price, Q112)
    return EXACT, UP, paid_quote, Rounding(down=1 + 1 / one_dlq), Rounding(down=1 + one_dlq, up=1 + one_dlq)


@st.composite
def dues(draw) -> tuple[Entitlement, Allowances]:
    base_in_deficit = draw(st.booleans())
    deficit, surplus, owed, short, allowance = draw(exchanges())
    due = Entitlement(base_in_deficit, deficit, surplus, owed, short if base_in_deficit else 0)
    price = draw(st.one_of(st.just(0), PRICE))
    return due, Allowances(allowance, draw(AMOUNT), draw(AMOUNT), price)


@st.composite
def ages(draw) -> tuple[int, int, int]:
    now = draw(TIME)
    return draw(within(now)), now, draw(up_to(315_360_000))


ONLY_HERE = {
    "fixed_point__mul_div": (fixed_point.mul_div, st.tuples(WORD, WORD, DIVISOR)),
    "fixed_point__mul_div_up": (fixed_point.mul_div_up, st.tuples(WORD, WORD, DIVISOR)),
    "protection_math__protected_age": (protection_math.protected_age, ages()),
    "waterfall__pay": (waterfall.pay, dues()),
}
FUNCTIONS = {name: (pair.function, pair.arguments) for name, pair in PAIRS.items() if not name.startswith("fixed_point")} | ONLY_HERE

STATED: dict[str, Stated] = {
    "epoch_books__net_withdrawals": UNROUNDED,
    "epoch_books__opens_in_bailout": UNROUNDED,
    "fixed_point__mul_div": each(DOWN),
    "fixed_point__mul_div_up": each(UP),
    "liquidity_math__units_minted": each(DOWN),
    "liquidity_math__portion": each(DOWN),
    "liquidity_math__redeemable": each(DOWN),
    "liquidity_math__principal": each(DOWN, DOWN),
    "oracle__spot_price": each(DOWN),
    "oracle__advance": each(Rounding(down=Fraction(3, 2))),
    "oracle__deviates": UNROUNDED,
    "protection_math__coverage_at_spot": each(Rounding(down=2)),
    "protection_math__coverage_at_price": each(Rounding(down=2)),
    "protection_math__protected_age": UNROUNDED,
    "protection_math__entitlement": each(EXACT, DOWN, UP, DOWN, DOWN),
    "stake_math__shares_minted": each(DOWN),
    "stake_math__redeemable": each(DOWN),
    "stake_math__index_growth": each(DOWN),
    "stake_math__earned": each(DOWN),
    "stake_math__ends_generation": UNROUNDED,
    "swap_math__swap_output": each(DOWN),
    "swap_math__swap_fee": each(DOWN),
    "swap_math__protocol_cut": each(DOWN),
    "waterfall__allowance": each(DOWN),
    "waterfall__in_kind": each(EXACT, UP, DOWN),
    "waterfall__backstop": of_backstop,
    "waterfall__pay": of_pay,
}


def row(value: Any) -> tuple:
    """What a function returns, as a row of numbers."""
    if isinstance(value, tuple):
        return value
    return tuple(getattr(value, field.name) for field in fields(value)) if hasattr(value, "__dataclass_fields__") else (value,)


def made_exact(argument: Any) -> Any:
    if hasattr(argument, "__dataclass_fields__"):
        return type(argument)(*map(exact, row(argument)))
    return exact(argument)


def test_every_function_states_how_it_rounds():
    written = {
        f"{module.__name__.removeprefix('model.')}__{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and name not in RECORDS
    }
    calculating = {name for name in FUNCTIONS if not name.startswith("packing__")}  # which is about bits
    assert set(STATED) == calculating == written


def check(name: str, stated: Stated, examples: int, **options: Any) -> None:
    """Call a function with integers and with the same numbers as `Exact`."""
    function, drawn = FUNCTIONS[name]

    @settings(max_examples=examples, **options)
    @given(drawn)
    def rounds_as_stated(arguments):
        try:
            rounded = row(function(*arguments))
        except Revert:
            return  # more than 256 bits: there is nothing to be exact about
        with exactly():
            unrounded = row(function(*map(made_exact, arguments)))
        for rounding, got, ideal in zip(stated(*arguments), rounded, unrounded, strict=True):
            if not rounding.allows(Fraction(got) - Fraction(ideal)):
                raise NotAsStated(f"{got} is {float(Fraction(got) - Fraction(ideal))} from what is exact: {rounding}")

    rounds_as_stated()


@pytest.mark.parametrize("name", STATED)
def test_rounds_as_stated(name):
    check(name, STATED[name], EXAMPLES)


@pytest.mark.parametrize("name", [name for name, stated in STATED.items() if stated != UNROUNDED])
def test_half_the_bound_is_too_little(name):
    def halved(*arguments):
        return tuple(Rounding(Fraction(rounding.down, 2), Fraction(rounding.up, 2)) for rounding in STATED[name](*arguments))

    with pytest.raises(NotAsStated):
        check(name, halved, 20 * EXAMPLES, phases=[Phase.generate], print_blob=False)
