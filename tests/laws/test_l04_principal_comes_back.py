"""L4: at level 1, calm, with enough in the Reserve and a coverage above 0, the provider receives exactly the principal recorded,
within 2 base units of each token."""

from dataclasses import replace

from tests.laws.sides import Side
from tests.laws.situations import POOL, Situation, full, principal, situations, tell, withdraw
from tests.laws.support import hold_law, holds, see_law_break

FULL = situations().map(full)


def law(side: Side, situation: Situation) -> bool:
    if not tell(side, situation):
        return False
    provider = situation.provider
    # The request is for the same part of the position as the principal that it stands for.
    units = side.position(POOL, provider).units * situation.requested // 10_000
    base, quote = principal(side, provider, units)
    got, answer = withdraw(side, provider)
    if answer.event("Compensated") is None:
        return False
    holds("the base protected comes back", abs(got.base - base) <= 2)
    holds("the quote protected comes back", abs(got.quote - quote) <= 2)
    holds("nothing remains unpaid", got.dlq == 0)
    return True


def test_on_the_model(on_model):
    hold_law(law, on_model, FULL, 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, FULL, 200)


def test_it_can_fail():
    # The quote that is short beside a base deficit is forgotten: it is only with deposits made at different prices.
    topped_up = FULL.map(lambda situation: replace(situation, alone=False, first_add=(5_000, 5_000), second_add=(9_000, 9_000)))
    rule, fault = "mul_div(owed - short, deficit - paid, deficit) + short", "mul_div(owed, deficit - paid, deficit)"
    see_law_break(law, topped_up, ("waterfall.py", rule, fault))
