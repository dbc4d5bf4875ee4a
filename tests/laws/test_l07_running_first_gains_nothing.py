"""L7: bailout, one pool: executing earlier in a batch of requests never pays more than executing later, but for a generation's end.

Within rounding: 3 base units of base and quote, 1 of DLQ, and for each withdrawal in between what one base unit in either reserve
does, through the spot price, to the worth of the base that is missing or gained.
"""

from dataclasses import replace

from tests.laws.sides import Side
from tests.laws.situations import (
    FOUNDER, OTHER, POOL, PROVIDER, Purse, Situation, exchanged_base, moved_by_rounding, prices, situations, tell, withdraw,
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


def test_on_the_model(on_model):
    hold_law(law, on_model, RUNS, 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, RUNS, 200)


def test_it_can_fail():
    # The first to come may draw all that a source holds.
    see_law_break(law, RUNS, ("waterfall.py", "    if not bailout:\n        return held\n", "    return held\n"))
