"""L5: calm, no DLQ moves. A lower step is drawn only when the allowance of the one above is used up, or that step has nothing of
its token to pay: a deficit that rounds to 0, or quote that is short beside it."""

import pytest

from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.differential.world import DLQ
from tests.laws.sides import Side
from tests.laws.situations import BASE, POOL, QUOTE, Situation, principal, redeemable, situations, tell, withdraw, withdrawable
from tests.laws.support import hold_law, holds, see_law_break


def law(side: Side, situation: Situation) -> bool:
    if not tell(side, situation):
        return False
    provider = situation.provider
    # The surpluses are gathered before, so that what the sources hold is known.
    side.call("outsider", CONTROLLER, "controller.sweep")
    position, pool, stake, staked = side.position(POOL, provider), side.pool(POOL), side.stake(POOL), side.balance(DLQ, BACKSTOP)
    units = position.units * situation.requested // 10_000
    held = {token: side.held(token) for token in (BASE, QUOTE)}
    base, quote = redeemable(side, units)
    base_protected, quote_protected = principal(side, provider, units)
    got, answer = withdraw(side, provider)
    compensated = answer.event("Compensated")
    if compensated is None:
        return False
    slashed = got.dlq
    holds("what the provider gets of DLQ, the Backstop loses", slashed == staked - side.balance(DLQ, BACKSTOP))
    bailout = compensated["bailout"]
    holds("calm: no DLQ moves", bailout or slashed == 0)

    def used_up(drawn: int, source: int) -> bool:
        return drawn == withdrawable(source, units, pool.total_units, bailout)

    drawn = {token: answer.moved(token, RESERVE, provider) for token in (BASE, QUOTE)}
    age = compensated["age"]
    if base < base_protected:
        rounds_to_nothing = (base_protected - base) * age // situation.parameters.full_protection_seconds == 0
        in_kind_has_done = used_up(drawn[BASE], held[BASE]) or rounds_to_nothing or quote < quote_protected
        holds("quote comes after base", drawn[QUOTE] == 0 or in_kind_has_done)
        holds("DLQ comes after base", slashed == 0 or in_kind_has_done)
        holds("DLQ comes after quote", slashed == 0 or used_up(drawn[QUOTE], held[QUOTE]))
    else:
        rounds_to_nothing = (quote_protected - quote) * age // situation.parameters.full_protection_seconds == 0
        holds("no base is drawn where quote is missing", drawn[BASE] == 0)
        holds("DLQ comes after quote", slashed == 0 or used_up(drawn[QUOTE], held[QUOTE]) or rounds_to_nothing)
    holds("no more DLQ than the allowance", slashed <= withdrawable(stake, units, pool.total_units, bailout))
    return True


def test_on_the_model(on_model):
    hold_law(law, on_model, situations(), 1_000)


def test_on_the_contracts(on_chain):
    hold_law(law, on_chain, situations(), 200)


@pytest.mark.parametrize(
    "fault",
    [
        # The Backstop is called in calm, too.
        ("pool.py", "if payment.shortfall == 0 or not pool.books.bailout:", "if payment.shortfall == 0:"),
        # The Reserve keeps half of the token in deficit back.
        ("waterfall.py", "paid = min(deficit, allowance)", "paid = min(deficit, allowance // 2)"),
        # The Backstop is asked before all of the Reserve's quote is given.
        ("waterfall.py", "paid_quote = min(owed, allowances.quote) if", "paid_quote = min(owed, allowances.quote // 2) if"),
    ],
)  # fmt: skip
def test_it_can_fail(fault):
    see_law_break(law, situations(), fault)
