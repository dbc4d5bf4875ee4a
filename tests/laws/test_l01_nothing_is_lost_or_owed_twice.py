"""L1: tokens are conserved; each pool, the Reserve and the Backstop hold at least what they owe, after every call.

(What a token takes for itself is the token's: one that charges a fee is conserved but for that.)
"""

import pytest

from model.fixed_point import Q112
from model.liquidity_math import MINIMUM_UNITS
from model.state import BACKSTOP, RESERVE, State
from model.token import FEE_FROM_RECIPIENT, FEE_ON_TOP
from tests.laws.histories import Moment, hold_over_histories, see_law_break_in_histories
from tests.laws.sides import planted
from tests.laws.support import LawBroken, holds

FEES = (FEE_FROM_RECIPIENT, FEE_ON_TOP)


def law(moment: Moment) -> None:
    before, after = moment.before, moment.after
    for name, token in after.tokens.items():
        if token is not before.tokens[name]:
            supplies = [sum(state.tokens[name].balances.values()) for state in (before, after)]
            charges = before.tokens[name].behaviour in FEES or _began_to_misbehave(moment, name)
            holds(f"{name} is conserved", supplies[0] == supplies[1] or (charges and supplies[0] > supplies[1]))
    for name in after.pools:
        _pool_holds_what_it_owes(after, name)
    for token, held in after.reserve.held.items():
        holds(f"the Reserve holds its {token}", 0 <= held <= after.tokens[token].balances.get(RESERVE, 0))
    for token, booked in after.backstop.booked.items():
        holds(f"the Backstop holds its {token}", 0 <= booked <= after.tokens[token].balances.get(BACKSTOP, 0))
    for token, owed in _owed_to_stakers(after).items():
        holds(f"the Backstop has booked the {token} it owes", owed <= after.backstop.booked.get(token, 0))


def _began_to_misbehave(moment: Moment, token: str) -> bool:
    """In the middle of the call."""
    return any((event.source, event.name) == (token, "BehaviourSet") for event in moment.outcome.events)


def _pool_holds_what_it_owes(state: State, name: str) -> None:
    pool = state.pools[name]
    for token, reserve, staged, deposits in (
        (pool.base, pool.reserve_base, pool.staged_base, [deposit.base for deposit in pool.deposits.values()]),
        (pool.quote, pool.reserve_quote, pool.staged_quote, [deposit.quote for deposit in pool.deposits.values()]),
    ):
        holds(f"{name} has booked its deposits", staged == sum(deposits))
        holds(f"{name} holds its {token}", state.tokens[token].balances.get(name, 0) >= reserve + staged)
    units = sum(position.units for position in pool.positions.values())
    locked = MINIMUM_UNITS if pool.total_units else 0
    holds(f"the units of {name} are its providers' and the locked ones", pool.total_units == units + locked)


def _owed_to_stakers(state: State) -> dict[str, int]:
    """All stakes, and what every account could claim now."""
    backstop = state.backstop
    owed = {backstop.dlq: sum(stake.total_stake for stake in backstop.stakes.values())}
    for (name, _), account in backstop.accounts.items():
        pool, present = state.pools[name], backstop.stakes[name]
        own = present if account.generation == present.generation else backstop.ended[name, account.generation]
        for token, earned, index, paid in (
            (pool.base, account.earned_base, own.index_base, account.index_base_paid),
            (pool.quote, account.earned_quote, own.index_quote, account.index_quote_paid),
        ):
            owed[token] = owed.get(token, 0) + earned + account.shares * (index - paid) // Q112
    return owed


def test_on_the_model():
    assert hold_over_histories(law) > 10_000


@pytest.mark.parametrize(
    "fault",
    [
        # What the Reserve pays stays booked.
        ("reserve.py", "held = held_before - amount", "held = held_before"),
        # What a staker has claimed can be claimed again.
        ("backstop.py", "amount, account = account.earned_base, replace(account, earned_base=0)", "amount = account.earned_base"),
        # Deposits that are staged are swept as if they were a surplus.
        ("pool.py", " - pool.reserve_base - pool.staged_base", " - pool.reserve_base"),
    ],
)  # fmt: skip
def test_it_can_fail(fault):
    with planted(*fault) as package, pytest.raises(LawBroken):
        see_law_break_in_histories(law, package)
