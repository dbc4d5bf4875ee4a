"""What leaving now would come to: the model withdraws, on the state as the chain tells it."""

from dataclasses import dataclass, replace

from model import Operation, State, apply, waterfall
from model import pool as rules
from model.fixed_point import UINT256_MAX
from model.state import EMPTY_POSITION, Call, Request, with_pool
from operate.amounts import Amount
from operate.system import OperateError, System


@dataclass(frozen=True, slots=True)
class Departure:
    """A withdrawal, by the steps of the waterfall (R16). What a step covers of what is owed is in quote."""

    units: int
    bailout: bool
    age_seconds: int
    redeemed_base: Amount
    redeemed_quote: Amount
    coverage: Amount
    owed: Amount
    deficit: Amount
    in_kind: Amount
    taken: Amount
    in_kind_covers: Amount
    in_quote: Amount
    from_stake: Amount
    stake_covers: Amount
    shortfall: Amount
    received_base: Amount
    received_quote: Amount


def depart(
    system: System, state: State, pool: str, account: str, units: int, now: int, *, bailout: bool | None = None
) -> tuple[State, Departure]:
    """Withdraw units of a position as if they had been requested in the epoch before, and no lock-up held them.

    Parameters
    ----------
    bailout : the regime to do it in; the present one where that is None
    """
    call = Call(pool, account, now)
    state = replace(rules.touch(state, call), log=())
    touched = state.pools[pool]
    position = replace(touched.positions.get(account, EMPTY_POSITION), last_added=0)
    state = with_pool(
        state,
        pool,
        positions=touched.positions | {account: position},
        requests=touched.requests | {account: Request(touched.books.epoch - 1, units)},
        books=touched.books if bailout is None else replace(touched.books, bailout=bailout),
    )
    claim = rules.claim_of(state.pools[pool], call, units)
    arguments = {"min_base": 0, "min_quote": 0, "max_shortfall": UINT256_MAX}
    after, outcome = apply(state, Operation("pool.withdraw", pool, account, arguments), now)
    if not outcome.ok:
        raise OperateError(f"{pool}: a withdrawal by {account} would be refused: {outcome.reason}")
    base_received, quote_received, slashed, shortfall = outcome.value
    compensated = next((event.arguments for event in outcome.events if event.name == "Compensated"), None)
    paid, taken, paid_quote = (compensated[name] for name in ("paid", "taken", "paid_quote")) if compensated else (0, 0, 0)
    due = claim.due
    # What step 1 leaves of what is owed follows from what it paid.
    *_, left = waterfall.in_kind(due.deficit, due.surplus, due.owed, due.short, paid)
    pair = system.pairs[pool]
    base, quote = system.tokens[pair.base], system.tokens[pair.quote]
    deficit_token, surplus_token = (base, quote) if due.base_in_deficit else (quote, base)
    return after, Departure(
        units=units,
        bailout=state.pools[pool].books.bailout,
        age_seconds=claim.age,
        redeemed_base=Amount(claim.base, base),
        redeemed_quote=Amount(claim.quote, quote),
        coverage=Amount(claim.coverage, quote),
        owed=Amount(due.owed, quote),
        deficit=Amount(due.deficit, deficit_token),
        in_kind=Amount(paid, deficit_token),
        taken=Amount(taken, surplus_token),
        in_kind_covers=Amount(due.owed - left, quote),
        in_quote=Amount(paid_quote, quote),
        from_stake=Amount(slashed, system.tokens[state.controller.dlq]),
        stake_covers=Amount(left - paid_quote - shortfall, quote),
        shortfall=Amount(shortfall, quote),
        received_base=Amount(base_received, base),
        received_quote=Amount(quote_received, quote),
    )
