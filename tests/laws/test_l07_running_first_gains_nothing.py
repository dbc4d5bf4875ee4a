"""L7: bailout, one pool: executing earlier in a batch of requests never pays more than executing later, but for a generation's end.

Within rounding: 3 base units of base and quote, 1 of DLQ, and for each withdrawal in between what one base unit in either reserve
does, through the spot price, to the worth of the base that is missing or gained: `bound-l7-leaving-first-pays-more-in-the-dust`.
"""

from dataclasses import replace

from model import Parameters
from model.fixed_point import BPS
from tests.laws.sides import Side
from tests.laws.situations import (
    FOUNDER, OTHER, POOL, PROVIDER, Move, Purse, Situation, exchanged_base, moved_by_rounding, prices, situations, tell,
    withdraw,
)  # fmt: skip
from tests.laws.support import hold_law, holds, see_law_break


def a_run(situation: Situation) -> Situation:
    parameters = replace(situation.parameters, bailout_threshold_bps=1)
    return replace(situation, parameters=parameters, bailout=True, alone=False)


RUNS = situations().map(a_run)


def law(side: Side, situation: Situation) -> bool:
    if not tell(side, situation, batch=(FOUNDER, OTHER)):
        return False
    at = prices(side)
    others = [other for other in (FOUNDER, OTHER) if side.position(POOL, other).units]
    exchanged = exchanged_base(side, PROVIDER, side.position(POOL, PROVIDER).units)
    with side.what_if():
        earlier, _ = withdraw(side, PROVIDER)
    answers = [withdraw(side, other)[1] for other in others]
    if any(answer.event("GenerationEnded") for answer in answers):
        return False
    rounding = moved_by_rounding(side, exchanged, len(others))
    later, _ = withdraw(side, PROVIDER)
    most = (later + Purse(3, 3, 1)).worth(at) + rounding
    holds("earlier pays no more than later", earlier.worth(at) <= most)
    return earlier != later


def test_some_base_units_alone_would_be_too_strict(on_model):
    """Nearly all of the pool leaves in between, and what that rounds moves the price in the little that is left."""
    parameters = Parameters(bailout_threshold_bps=1, max_deviation_bps=1_000, min_fee_bps=0, protocol_fee_bps=5_000, staker_share_bps=0)
    situation = Situation(
        parameters, base=2**48, quote=2_305_825_417_027_649_536, alone=False, first_add=(0, 2), moves=(), second_add=(0, 0),
        later_moves=(Move(False, 1_000, 1), Move(False, 5_000, 10)), age=4 * BPS, fills=(0, BPS),
        stake=13_265_996_365_813_681_419_991_384_064, dlq_price=(2**44, 2**46), requested=5_000, bailout=True,
        last_moves=(Move(True, 2_000, 1),),
    )  # fmt: skip
    with on_model.what_if():
        assert tell(on_model, situation, batch=(FOUNDER, OTHER))
        at = prices(on_model)
        with on_model.what_if():
            earlier, _ = withdraw(on_model, PROVIDER)
        withdraw(on_model, FOUNDER)
        later, _ = withdraw(on_model, PROVIDER)
    assert earlier.worth(at) > (later + Purse(3, 3, 1)).worth(at)
    with on_model.what_if():
        assert law(on_model, situation)


def test_on_the_model(on_model):
    hold_law(law, on_model, RUNS, 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, RUNS, 200)


def test_it_can_fail():
    # The first to come may draw all that a source holds.
    see_law_break(law, RUNS, ("waterfall.py", "    if not bailout:\n        return held\n", "    return held\n"))
