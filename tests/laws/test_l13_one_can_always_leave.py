"""L13: any position whose lock-up is over can `exit` in any state that any sequence of calls can reach, as long as its tokens can
be sent."""

import pytest

from model import Operation, apply
from model.token import FEE_ON_TOP, RETURNS_FALSE
from tests.differential import world
from tests.differential.artifacts import compile_contracts
from tests.differential.engine import encode_calls, play_prologue, run_model
from tests.differential.evm import Evm
from tests.laws.histories import Moment, histories, hold_over_histories, see_law_break_in_histories
from tests.laws.sides import planted
from tests.laws.support import LawBroken, holds

STUCK = (RETURNS_FALSE, FEE_ON_TOP)  # the ways in which a token cannot be sent: one that charges its recipient can


def exits(moment: Moment) -> list[Operation]:
    """Everybody's who may leave a pool that the call has changed, of everything; of pools whose tokens can be sent."""
    sent = {name for name, token in moment.after.tokens.items() if token.behaviour not in STUCK and token.hook is None}
    return [
        Operation("pool.exit", name, provider, {"units": position.units, "min_base": 0, "min_quote": 0})
        for name, pool in moment.after.pools.items()
        if pool is not moment.before.pools.get(name) and {pool.base, pool.quote} <= sent
        for provider, position in pool.positions.items()
        if position.units and moment.now >= position.last_added + pool.parameters.lockup_seconds
    ]


def law_of(apply):
    def law(moment: Moment) -> None:
        state = moment.after
        for operation in exits(moment):
            alone = apply(moment.after, operation, moment.now)[1]
            holds(f"{operation.sender} can leave {operation.target} ({alone.reason})", alone.ok)
            state, last = apply(state, operation, moment.now)
            holds(f"{operation.sender} can leave {operation.target} after others ({last.reason})", last.ok)

    return law


def test_on_the_model():
    assert hold_over_histories(law_of(apply)) > 10_000


def test_on_the_contracts():
    """After each of some histories everybody leaves who may: on the chain, too."""
    chain = Evm(compile_contracts())
    start = play_prologue(chain)
    left = 0
    for history in [history for history in histories() if history.prologue is world.prologue][:150]:
        steps = run_model(start, history.program)
        last = steps[-1]
        leaving = exits(Moment(start, last.now, last.operation, last.outcome, last.state))
        # A token that has units of its own is a contract: it cannot send a transaction.
        leave = [operation for operation in leaving if operation.sender in world.ACTORS]
        steps_out = run_model(last.state, [(last.now, operation) for operation in leave])
        observed, _ = chain.execute(encode_calls(steps + steps_out, chain.directory))
        for operation, seen in zip(leave, observed[len(steps) :], strict=True):
            holds(f"{operation.sender} can leave {operation.target}", seen.ok)
        left += len(leave)
    assert left > 500


@pytest.mark.parametrize(
    "fault",
    [
        # An exit is refused where the pool is not ACTIVE.
        ("pool.py", 'require(units > 0, "pool: zero units', 'require(units > 0 and pool.status == ACTIVE, "pool: zero units'),
        # A request that is live cannot be left behind.
        ("pool.py", "    capped = replace(request,", '    require(units_left > 0, "pool: requested")\n    capped = replace(request,'),
    ],
)  # fmt: skip
def test_it_can_fail(fault):
    with planted(*fault) as package, pytest.raises(LawBroken):
        see_law_break_in_histories(law_of(package.apply), package)
