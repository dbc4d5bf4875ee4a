"""L11: multiplying one token's unit by 10**k multiplies every amount of it by 10**k, within rounding, in reserves far above
`MINIMUM_UNITS`; swapping the roles of base and quote mirrors swaps, adds (the edge of the price guard
aside: `bound-l11-the-guards-edge-is-not-mirrored`) and in-kind payouts with one token in deficit."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import strategies as st

from model.fixed_point import BPS
from tests.laws.sides import Side
from tests.laws.situations import POOL, Hand, Move, Purse, Situation, full, rested, situations, tell, withdraw
from tests.laws.support import hold_law, holds, see_law_break

ROUNDING = Fraction(1, 2**32)  # of the reserves, which have 2**50 base units and more


def told(side: Side, situation: Situation) -> tuple[Purse, dict | None, tuple[int, int], int, tuple[int, int]] | None:
    """What the withdrawal pays, its event, the pool's reserves before it and the position's units and principal."""
    if not tell(side, situation):
        return None
    pool, position = side.pool(POOL), side.position(POOL, situation.provider)
    got, answer = withdraw(side, situation.provider)
    reserves, principal = (pool.reserve_base, pool.reserve_quote), (position.principal_base, position.principal_quote)
    return got, answer.event("Compensated"), reserves, position.units, principal


# -- another unit ----------------------------------------------------------------------------------------------------


@st.composite
def rescaled(draw) -> tuple[Situation, bool, int]:
    """A deep pool, which of its tokens has the finer unit, and by what factor."""
    hand = Hand(draw)
    situation = replace(rested(draw(situations())), base=hand.amount(60, 80), quote=hand.amount(60, 80), requested=BPS, stake=1)
    calm = full(situation)
    return replace(calm, age=situation.age, fills=hand.pick((calm.fills, (0, 0)))), hand.pick((False, True)), 10 ** (1 + hand.below(5))


def units(side: Side, drawn: tuple[Situation, bool, int]) -> bool:
    situation, is_base, factor = drawn
    factors = (factor, 1) if is_base else (1, factor)
    with side.what_if():
        coarse = told(side, situation)
    fine = told(side, replace(situation, base=situation.base * factors[0], quote=situation.quote * factors[1]))
    if coarse is None or fine is None or min(*coarse[2], *fine[2]) < 2**50:
        return False
    if max(fine[2]) > side.RICH // 4:
        return False  # the trader may have run out of the finer token
    if (coarse[1] is None) != (fine[1] is None):
        # Rounding may decide whether there is a loss, if it is as small.
        owed = (coarse[1] or fine[1])["owed"]
        holds("what is due is due in both", owed <= fine[2][1] * ROUNDING)
        return False
    if coarse[1] is not None and coarse[1]["age"] != fine[1]["age"]:
        return False  # the oracle took a day more to come to rest in one of them
    for what, small, large in (
        ("a reserve", coarse[2], fine[2]),
        ("a principal", coarse[4], fine[4]),
        ("a payout", (coarse[0].base, coarse[0].quote), (fine[0].base, fine[0].quote)),
    ):
        for before, after, times, reserve in zip(small, large, factors, fine[2]):
            holds(f"{what} is as many times as large", abs(before * times - after) <= reserve * ROUNDING)
    return coarse[1] is not None


# -- the other role --------------------------------------------------------------------------------------------------


@st.composite
def mirrored(draw) -> tuple[Situation, Situation]:
    situation = rested(full(draw(situations())))
    situation = replace(situation, age=draw(st.sampled_from((1, 4_900, BPS))))

    def mirror(moves: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple(replace(move, base_in=not move.base_in) for move in moves)

    return situation, replace(
        situation,
        base=situation.quote,
        quote=situation.base,
        first_add=situation.first_add[::-1],
        second_add=situation.second_add[::-1],
        moves=mirror(situation.moves),
        later_moves=mirror(situation.later_moves),
        fills=situation.fills[::-1],
    )


def roles(side: Side, drawn: tuple[Situation, Situation]) -> bool:
    with side.what_if():
        one = told(side, drawn[0])
    other = told(side, drawn[1])
    if one is None or other is None:
        holds("an add is mirrored", one is other)
        return False
    holds("swaps are mirrored", one[2] == other[2][::-1])
    holds("adds are mirrored", (one[3], one[4]) == (other[3], other[4][::-1]))
    if one[1] is None or other[1] is None:
        # What is owed is told in quote: a loss of some base units may be one in one token, and none in the other.
        least = 4 + 4 * max(one[2]) // min(one[2])
        holds("what is due is due in both", one[1] is other[1] or (one[1] or other[1])["owed"] <= least)
        return False
    if one[1]["age"] != other[1]["age"]:
        return False  # the oracle took a day more to come to rest in one of them
    if any(told[1]["paid_quote"] or told[1]["shortfall"] for told in (one, other)):
        return False  # both tokens are in deficit
    holds("payouts are mirrored", (one[0].base, one[0].quote) == (other[0].quote, other[0].base))
    return True


LAWS = [(units, rescaled()), (roles, mirrored())]


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_model(on_model, law, drawn):
    hold_law(law, on_model, drawn, 1_000)


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_contracts(on_chain, law, drawn):
    hold_law(law, on_chain, drawn, 100)


@pytest.mark.parametrize(
    ("law", "drawn", "fault"),
    [
        # A base unit of base is taken to be worth one of quote.
        (*LAWS[0], ("protection_math.py", "mul_div(principal_base, price_dividend, price_divisor) +", "principal_base +")),
        # Base that comes without quote counts for twice as much.
        (*LAWS[1], ("liquidity_math.py", "quote * reserve_base + base * reserve_quote", "quote * reserve_base + 2 * base * reserve_quote")),
        # Where base is what is given up, it is one base unit less.
        (*LAWS[1], ("protection_math.py", "in_deficit else base - principal_base", "in_deficit else base - principal_base - 1")),
    ],
)  # fmt: skip
def test_it_can_fail(law, drawn, fault):
    see_law_break(law, drawn, fault)
