"""L3: a protected withdrawal is worth, at spot, at least the unprotected one less 3 base units of each token; a shortfall never
makes it less."""

from tests.laws.sides import Side
from tests.laws.situations import POOL, Situation, situations, tell, withdraw
from tests.laws.support import hold_law, holds, see_law_break


def law(side: Side, situation: Situation) -> bool:
    if not tell(side, situation):
        return False
    provider, pool = situation.provider, side.pool(POOL)
    units_before = side.position(POOL, provider).units
    got, answer = withdraw(side, provider)
    units = units_before - side.position(POOL, provider).units
    base, quote = pool.reserve_base * units // pool.total_units, pool.reserve_quote * units // pool.total_units
    # At the spot price, times the reserve of base; what comes in DLQ is left out.
    protected = got.base * pool.reserve_quote + got.quote * pool.reserve_base
    unprotected = (base - 3) * pool.reserve_quote + (quote - 3) * pool.reserve_base
    holds("a protected withdrawal is worth no less than an unprotected one", protected >= unprotected)
    return answer.event("Compensated") is not None


def test_on_the_model(on_model):
    hold_law(law, on_model, situations(), 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, situations(), 200)


def test_it_can_fail():
    # The coverage at the oracle's price alone: an exchange may then cost more, at spot, than it gives.
    see_law_break(law, situations(), ("pool.py", "coverage = min(at_spot, at_oracle)", "coverage = at_oracle"))
