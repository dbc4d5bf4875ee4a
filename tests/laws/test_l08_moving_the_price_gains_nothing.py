"""L8: from a state where spot = oracle = the true price, no sequence swap, withdraw, swap back, sliced in any way, leaves the provider
richer at the true price than the withdrawal alone would from a Reserve that can pay everything.

Sequences of all calls over time are looked for in tests/search; what an add at a moved price gains within the guard is told in the
scenario `bound-l8-an-add-at-a-price-moved-within-the-guard`."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.laws.sides import Side
from tests.laws.situations import (
    BASE, POOL, QUOTE, Hand, Move, Purse, Situation, give_to_reserve, prices, purse, rested, situations, swap, tell, withdraw,
)  # fmt: skip
from tests.laws.support import hold_law, holds, see_law_break

Attack = tuple[Move, int, int]  # what is swapped first; how much of what that bought is swapped back, in percent, and in how many slices


@st.composite
def attacks(draw) -> tuple[Situation, Attack]:
    hand = Hand(draw)
    situation = rested(draw(situations()))
    situation = replace(situation, fills=hand.pick(((0, 0), (0, 10**7), situation.fills)))
    first = Move(hand.pick((False, True)), hand.pick((1, 10, 100, 500, 1_000, 3_000, 10_000)), hand.pick((1, 3, 10)))
    return situation, (first, hand.pick((0, 25, 50, 75, 90, 100, 110, 150)), hand.pick((1, 3, 10)))


def law(side: Side, drawn: tuple[Situation, Attack]) -> bool:
    situation, (first, back, slices) = drawn
    if not tell(side, situation):
        return False
    provider, at = situation.provider, prices(side)
    with side.what_if():
        give_to_reserve(side, BASE, side.RICH // 2)
        give_to_reserve(side, QUOTE, side.RICH // 2)
        honest, answer = withdraw(side, provider)
    if answer.value[2] or answer.value[3]:
        return False  # in bailout a very small part of even this Reserve does not pay everything
    before = purse(side, provider)
    bought = 0
    for _ in range(first.slices):
        pool = side.pool(POOL)
        reserve = pool.reserve_base if first.base_in else pool.reserve_quote
        bought += swap(side, first.base_in, reserve * first.part // 10_000, provider).value or 0
    withdraw(side, provider)
    for _ in range(slices):
        swap(side, not first.base_in, bought * back // (100 * slices), provider)
    stolen = purse(side, provider) - before
    rounding = Purse(3, 3, 1)
    holds("the honest withdrawal is worth as much", stolen.worth(at) <= (honest + rounding).worth(at))
    return bought > 0 and answer.event("Compensated") is not None


def test_on_the_model(on_model):
    hold_law(law, on_model, attacks(), 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, attacks(), 200)


def test_it_can_fail():
    # What is owed follows the spot price, and is paid in quote where the Reserve has no base.
    see_law_break(law, attacks(), ("pool.py", "coverage = min(at_spot, at_oracle)", "coverage = at_spot"), examples=20_000)
