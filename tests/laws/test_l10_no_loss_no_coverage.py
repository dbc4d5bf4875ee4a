"""L10: of a new, symmetrical position: coverage is 0 right after the add, and where the price is back where it was. With no protocol
fee, exactly one swap from the deposit state leaves a coverage of at most 2 base units of each token, since what is redeemed is
rounded down: the scenario `bound-l10-a-swap-leaves-two-base-units-uncovered`. Of any position: an add at spot = oracle does not raise
it by more than as much."""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, isqrt

import pytest
from hypothesis import strategies as st

from model import Parameters
from model.fixed_point import BPS, Q112
from tests.differential.world import DAY, UNLIMITED
from tests.laws.sides import Side
from tests.laws.situations import (
    BASE, POOL, PROVIDER, TRADER, Hand, Move, Situation, add, move, open_pool, rested, situations, spot, swap, tell,
)  # fmt: skip
from tests.laws.support import hold_law, holds, see_law_break


def coverage(side: Side, provider: str, price: Fraction) -> int:
    """R15.2, of the whole position."""
    position, pool = side.position(POOL, provider), side.pool(POOL)
    base, quote = (reserve * position.units // pool.total_units for reserve in (pool.reserve_base, pool.reserve_quote))
    holding = floor(position.principal_base * price) + position.principal_quote
    return max(0, holding - ceil(base * price) - quote)


def rounding(side: Side) -> Fraction:
    """The worth of 2 base units of each token."""
    return 2 * spot(side) + 2


# -- a new, symmetrical position -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deposit:
    """`base` and `quote` make the price; the pool has `size` of both, and the provider adds `part` of it, in hundredths of a percent."""

    base: int
    quote: int
    size: int
    part: int
    parameters: Parameters
    moves: tuple[Move, ...]


@st.composite
def deposits(draw) -> Deposit:
    hand = Hand(draw)
    parameters = Parameters(min_fee_bps=hand.pick((0, 10, 1_000)), protocol_fee_bps=hand.pick((0, 2_000, 5_000)))
    return Deposit(
        hand.amount(0, 16), hand.amount(0, 16), hand.amount(11, 84), 1 + hand.below(BPS - 1), parameters, (*hand.moves(), *hand.moves())
    )


def untaxed(deposit: Deposit) -> Deposit:
    return replace(deposit, parameters=replace(deposit.parameters, protocol_fee_bps=0))


def deposit_made(side: Side, deposit: Deposit) -> bool:
    open_pool(side, POOL, BASE, deposit.parameters, deposit.base * deposit.size, deposit.quote * deposit.size)
    base, quote = (amount * (deposit.size * deposit.part // BPS) for amount in (deposit.base, deposit.quote))
    return side.attempt(PROVIDER, POOL, "pool.add", base=base, quote=quote, min_units=0, deadline=UNLIMITED).reason is None


def after_the_add(side: Side, deposit: Deposit) -> bool:
    if not deposit_made(side, deposit):
        return False
    holds("nothing is lost right after the add", coverage(side, PROVIDER, spot(side)) == 0)
    return True


def after_one_swap(side: Side, deposit: Deposit) -> bool:
    if not deposit.moves or not deposit_made(side, deposit):
        return False
    pool, first = side.pool(POOL), deposit.moves[0]
    reserve = pool.reserve_base if first.base_in else pool.reserve_quote
    swapped = swap(side, first.base_in, reserve * first.part * first.slices // BPS)
    holds("one swap pays for its own loss", coverage(side, PROVIDER, spot(side)) <= rounding(side))
    return swapped.reason is None


def after_the_price_came_back(side: Side, deposit: Deposit) -> bool:
    if not deposit_made(side, deposit):
        return False
    move(side, deposit.moves)
    price = Fraction(deposit.quote, deposit.base)
    for _ in range(10):
        pool = side.pool(POOL)
        # What would bring the pool back, were there no fee; with one, a little is left.
        square = pool.reserve_base * pool.reserve_quote
        base_in, quote_in = isqrt(int(square / price)) - pool.reserve_base, isqrt(int(square * price)) - pool.reserve_quote
        swap(side, base_in > 0, max(base_in, quote_in, 0))
    # And the very last bit by a gift, so that the price is exactly the same.
    pool = side.pool(POOL)
    size = max(-(-pool.reserve_base // deposit.base), -(-pool.reserve_quote // deposit.quote))
    base, quote = size * deposit.base - pool.reserve_base, size * deposit.quote - pool.reserve_quote
    side.attempt(TRADER, POOL, "pool.donate", base=base, quote=quote)
    holds("the price is back", spot(side) == price)
    holds("nothing is lost where the price came back", coverage(side, PROVIDER, price) == 0)
    return base * 100 < pool.reserve_base and quote * 100 < pool.reserve_quote


def test_nothing_at_all_would_be_too_strict_after_one_swap(on_model):
    """237_696 of 513_472 units redeem for 118_729.96 base and 475_866.96 quote, and so for 118_729 and 475_866. At the price after,
    1_027_970 / 256_481, the principal of 118_848 base and 475_392 quote is worth 951_732, and 118_729 base are worth 475_864."""
    with on_model.what_if():
        open_pool(on_model, POOL, BASE, Parameters(min_fee_bps=0, protocol_fee_bps=0), 137_888, 551_552)
        on_model.call(PROVIDER, POOL, "pool.add", base=118_848, quote=475_392, min_units=0, deadline=UNLIMITED)
        assert swap(on_model, base_in=False, amount=1_026).value == 255
        assert coverage(on_model, PROVIDER, spot(on_model)) == 951_732 - 475_864 - 475_866 == 2


# -- any position ----------------------------------------------------------------------------------------------------


@st.composite
def additions(draw) -> tuple[Situation, tuple[int, int]]:
    return rested(draw(situations())), Hand(draw).add()


def after_another_add(side: Side, addition: tuple[Situation, tuple[int, int]]) -> bool:
    situation, parts = addition
    if not tell(side, situation):
        return False
    oracle = Fraction(side.pool(POOL).oracle, Q112)
    before = coverage(side, situation.provider, spot(side))
    side.wait(DAY)  # nothing moves: the oracle is at the spot price still
    if add(side, situation.provider, parts).reason is not None:
        return False
    after = min(coverage(side, situation.provider, price) for price in (spot(side), oracle))
    holds("an add does not raise what is covered", after <= before + rounding(side))
    return before > 0


LAWS = [
    (after_the_add, deposits()),
    (after_one_swap, deposits().map(untaxed)),
    (after_the_price_came_back, deposits()),
    (after_another_add, additions()),
]


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_model(on_model, law, drawn):
    hold_law(law, on_model, drawn, 1_000)


@pytest.mark.parametrize(("law", "drawn"), LAWS)
def test_on_the_contracts(on_chain, law, drawn):
    hold_law(law, on_chain, drawn, 100)


@pytest.mark.parametrize(
    ("law", "drawn", "fault"),
    [
        # A principal of one base unit more.
        (*LAWS[0], ("liquidity_math.py", "return isqrt(base_squared), isqrt", "return isqrt(base_squared) + 1, isqrt")),
        # The fee does not grow with the swap.
        (*LAWS[1], ("swap_math.py", "return min(output_by_slip, output_by_min_fee)", "return output_by_min_fee")),
        # A swap pays a little more than it would without a fee.
        (*LAWS[2], ("swap_math.py", "return min(output_by_slip, output_by_min_fee)", "return mul_div(dx, y, dx + x) + 1")),
        # An add strikes the principal of the old units once more.
        (*LAWS[3], ("pool.py", "return units if old.clock > 0 else old.units + units", "return old.units + units")),
    ],
)  # fmt: skip
def test_it_can_fail(law, drawn, fault):
    see_law_break(law, drawn, fault)
