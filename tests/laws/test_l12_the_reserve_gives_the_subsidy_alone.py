"""L12: where spot = oracle, what the Reserve gives in step 1 less what it takes is worth `level*c - short`, for the part paid, within
rounding: less by at most 2 base units of the token taken and 1 of the token paid, and never more."""

from fractions import Fraction

from model.state import CONTROLLER, RESERVE
from tests.laws.sides import Side
from tests.laws.situations import BASE, POOL, QUOTE, Situation, principal, redeemable, rested, situations, tell, withdraw
from tests.laws.support import hold_law, holds, see_law_break

RESTED = situations().map(rested)


def law(side: Side, situation: Situation) -> bool:
    if not tell(side, situation):
        return False
    provider = situation.provider
    # The surpluses are gathered before, so that the Reserve takes nothing but its part of the exchange.
    side.call("outsider", CONTROLLER, "controller.sweep")
    position, pool = side.position(POOL, provider), side.pool(POOL)
    units = position.units * situation.requested // 10_000
    base_protected, quote_protected = principal(side, provider, units)
    base, quote = redeemable(side, units)
    _, answer = withdraw(side, provider)
    if answer.event("Compensated") is None:
        return False
    price = Fraction(pool.reserve_quote, pool.reserve_base)
    full = situation.parameters.full_protection_seconds
    level = Fraction(min(side.now - position.clock, full), full)
    coverage = (base_protected - base) * price + quote_protected - quote
    if base < base_protected:
        paid, taken = answer.moved(BASE, RESERVE, provider), answer.moved(QUOTE, POOL, RESERVE)
        given, deficit = paid * price - taken, (base_protected - base) * level
        short, rounding = max(0, quote_protected - quote) * level, 2 + price
    else:
        paid, taken = answer.moved(QUOTE, RESERVE, provider), answer.moved(BASE, POOL, RESERVE)
        given, deficit = paid - taken * price, (quote_protected - quote) * level
        short, rounding = 0, 2 * price + 1
    if not paid or deficit < 1:
        return False
    subsidy = (level * coverage - short) * paid / deficit
    holds("the Reserve gives no more than the subsidy", given <= subsidy)
    holds("the Reserve takes no more than the exchange", given >= subsidy - rounding)
    return True


def test_on_the_model(on_model):
    hold_law(law, on_model, RESTED, 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, RESTED, 200)


def test_it_can_fail():
    # The Reserve takes the whole surplus, whatever the level.
    see_law_break(law, RESTED, ("protection_math.py", "mul_div_up(max(0, gained), age, full_protection_seconds)", "max(0, gained)"))
