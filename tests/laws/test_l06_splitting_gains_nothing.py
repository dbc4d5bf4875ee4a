"""L6: splitting one withdrawal into parts never pays more (within k base units of each token, k = number of parts, and k times what
one base unit in either reserve does to the worth of the base missing), where no later part draws what an earlier one gave up. Slices of
one swap together never pay more than `floor(dx*Y / (dx+X))`, and each at least the minimum fee.

Each part that leaves rounds in favour of the reserves, by less than one base unit of each token: that moves the spot price, and with
it what is owed in quote where the Reserve has no base: the scenario `bound-l6-two-parts-pay-three-base-units-more`."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import strategies as st

from model import Parameters
from model.fixed_point import BPS
from model.state import RESERVE
from tests.differential.world import DAY
from tests.laws.sides import Side
from tests.laws.situations import (
    BASE, POOL, PROVIDER, QUOTE, Hand, Move, Purse, Situation, exchanged_base, moved_by_rounding, open_pool, prices, request,
    rested, situations, swap, tell, withdraw,
)  # fmt: skip
from tests.laws.support import hold_law, holds, see_law_break


# -- withdrawals -----------------------------------------------------------------------------------------------------


@st.composite
def splits(draw) -> tuple[Situation, list[int]]:
    """A withdrawal of a whole position at level 1, in calm, and the parts of what is left that leave one after the other."""
    hand = Hand(draw)
    situation = rested(draw(situations()))
    parameters = replace(situation.parameters, bailout_threshold_bps=BPS)
    # Before level 1 the parts would be older, one by one, than the whole was.
    situation = replace(situation, parameters=parameters, bailout=False, age=BPS, requested=BPS)
    return situation, [1 + hand.below(BPS - 1) for _ in range(1 + hand.below(3))] + [BPS]


def withdrawals(side: Side, split: tuple[Situation, list[int]]) -> bool:
    situation, parts = split
    if not tell(side, situation):
        return False
    provider, at, held = situation.provider, prices(side), {token: side.held(token) for token in (BASE, QUOTE)}
    exchanged = exchanged_base(side, provider, side.position(POOL, provider).units)
    with side.what_if():
        whole, _ = withdraw(side, provider)
    together, drawn = Purse(0, 0, 0), dict.fromkeys(held, 0)
    for part in parts:
        if request(side, provider, part):
            side.wait(DAY)
            got, answer = withdraw(side, provider)
            together += got
            drawn = {token: amount + answer.moved(token, RESERVE, provider) for token, amount in drawn.items()}
    if any(drawn[token] > held[token] for token in held):
        return False
    k = len(parts)
    most = (whole + Purse(k, k, 0)).worth(at) + moved_by_rounding(side, exchanged, k)
    holds("parts are worth no more than the whole", together.worth(at) <= most)
    return True


# -- swaps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slices:
    """`parts` of the reserve that each slice goes into, in hundredths of a percent."""

    base: int
    quote: int
    min_fee_bps: int
    protocol_fee_bps: int
    base_in: bool
    parts: tuple[int, ...]


@st.composite
def sliced_swaps(draw) -> Slices:
    hand = Hand(draw)
    base = hand.amount(4)
    quote = hand.amount(max(1, 22 - base.bit_length()))
    parts = tuple([1 + hand.below(hand.pick((10, 100, BPS))) for _ in range(1 + hand.below(10))])
    return Slices(base, quote, hand.pick((0, 10, 1_000)), hand.pick((0, 2_000, 5_000)), hand.pick((False, True)), parts)


def swaps(side: Side, slices: Slices) -> bool:
    parameters = Parameters(min_fee_bps=slices.min_fee_bps, protocol_fee_bps=slices.protocol_fee_bps)
    open_pool(side, POOL, BASE, parameters, slices.base, slices.quote)
    spent = gained = 0
    x, y = first_x, first_y = in_and_out(side, slices.base_in)
    for part in slices.parts:
        dx = x * part // BPS
        answer = swap(side, slices.base_in, dx)
        if answer.reason is None:
            most = dx * y * (BPS - slices.min_fee_bps) // ((dx + x) * BPS)
            holds("a slice pays the minimum fee", answer.value <= most)
            spent, gained = spent + dx, gained + answer.value
        x, y = in_and_out(side, slices.base_in)
    holds("slices pay no more than one swap without a fee", gained <= spent * first_y // (spent + first_x))
    return spent > 0


def in_and_out(side: Side, base_in: bool) -> tuple[int, int]:
    pool = side.pool(POOL)
    return (pool.reserve_base, pool.reserve_quote) if base_in else (pool.reserve_quote, pool.reserve_base)


def test_k_base_units_alone_would_be_too_strict(on_model):
    """The Reserve has no base, and pays in quote. A first part of 86 units redeems for 2.69 quote, and gets 2: the 0.69 that stays among
    551_295 raises the spot price, and with it what is owed for 2.78 * 10**10 base, which are worth 2_918_000 quote, by 3.6."""
    parameters = Parameters(bailout_threshold_bps=BPS, max_deviation_bps=1_000, min_fee_bps=0, protocol_fee_bps=5_000, staker_share_bps=0)
    situation = Situation(
        parameters, base=2**39, quote=2**9, alone=False, first_add=(519, 519), moves=(Move(False, BPS, 10), Move(False, 1, 2)),
        second_add=(0, 0), later_moves=(Move(False, 1, 5),), age=BPS, fills=(0, 10 * BPS), stake=2, dlq_price=(2**20, 2**20),
        requested=BPS, bailout=False, last_moves=(),
    )  # fmt: skip
    with on_model.what_if():
        assert tell(on_model, situation)
        at = prices(on_model)
        with on_model.what_if():
            whole, _ = withdraw(on_model, PROVIDER)
        together = Purse(0, 0, 0)
        for part in (1, BPS):
            assert request(on_model, PROVIDER, part)
            on_model.wait(DAY)
            together += withdraw(on_model, PROVIDER)[0]
    assert (whole, together) == (Purse(256_658_719, 2_918_276, 0), Purse(256_658_718, 2_918_279, 0))
    assert together.worth(at) > (whole + Purse(2, 2, 0)).worth(at)
    with on_model.what_if():
        assert withdrawals(on_model, (situation, [1, BPS]))


LAWS = [(withdrawals, splits()), (swaps, sliced_swaps())]


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_model(on_model, law, drawn):
    hold_law(law, on_model, drawn, 1_000)


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_contracts(on_chain, law, drawn):
    hold_law(law, on_chain, drawn, 200)


@pytest.mark.parametrize(
    ("law", "drawn", "fault"),
    [
        # The principal stays whole when a part of the position leaves.
        (*LAWS[0], ("pool.py", "portion(position.principal_base, units_left, position.units)", "position.principal_base")),
        # There is no minimum fee.
        (*LAWS[1], ("swap_math.py", "return min(output_by_slip, output_by_min_fee)", "return output_by_slip")),
        # What is put in does not move the price for the next slice.
        (*LAWS[1], ("pool.py", "call, token_in, x + amount_in, y", "call, token_in, x, y")),
    ],
)  # fmt: skip
def test_it_can_fail(law, drawn, fault):
    see_law_break(law, drawn, fault)
