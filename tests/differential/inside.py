"""Every function and every view of every contract, called half-way through a transfer to or from each of them.

Each is called in the CALLER's name, by the CALLER, in each of the ways in which a transfer of its own comes about. Half-way the CALLER
also takes what it is just moving from who sends or receives it, or one base unit more or less.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from model import Operation, Parameters, State
from model.operations import VIEWS
from model.state import BACKSTOP, CONTROLLER, LENS, RESERVE
from tests.differential import world
from tests.differential.codec import Directory
from tests.differential.engine import Step, run_model

POOL = "pool-3"  # AVAX and the CALLER
CALLER = world.CALLER
EVERYTHING = 2**256 - 1
LATER = world.START + world.DAY

# Arguments of every function that changes something; the CALLER, out of a transfer, is answered more than silence to all of them.
ARGUMENTS = {
    "pool.swap": {"token_in": "AVAX", "amount_in": 10**18, "min_amount_out": 0, "recipient": CALLER, "deadline": EVERYTHING},
    "pool.donate": {"base": 5, "quote": 5},
    "pool.add": {"base": 10**18, "quote": 0, "min_units": 0, "deadline": EVERYTHING},
    "pool.stage_deposit": {"base": 5, "quote": 5},
    "pool.confirm_deposit": {"min_units": 0},
    "pool.cancel_deposit": {},
    "pool.begin_protection": {},
    "pool.request_withdrawal": {"units": 1},
    "pool.withdraw": {"min_base": 0, "min_quote": 0, "max_shortfall": EVERYTHING},
    "pool.exit": {"units": 10**9, "min_base": 0, "min_quote": 0},
    "pool.sweep": {},
    "pool.set_status": {"status": 2, "min_price": 0, "max_price": EVERYTHING},
    "reserve.absorb": {"token": "PQR"},
    "reserve.draw": {"token": "PQR", "recipient": CALLER, "amount": 1},
    "backstop.stake": {"pool": POOL, "amount": 5},
    "backstop.request_unstake": {"pool": POOL, "shares": 5},
    "backstop.unstake": {"pool": POOL},
    "backstop.claim": {"pool": POOL, "token": CALLER},
    "backstop.reward": {"token": CALLER, "amount": 1},
    "backstop.slash": {"recipient": CALLER, "amount": 1},
    "backstop.sweep": {"token": "PQR"},
    "controller.create_pool": {"base": "PQR", "quote": "CENT", "parameters": Parameters()},
    "controller.set_status": {"pool": POOL, "status": 2, "min_price": 0, "max_price": EVERYTHING},
    "controller.name_dlq_pool": {"quote": "USDC", "pool": "zero"},
    "controller.sweep": {},
    "controller.draw_surpluses": {},
    "controller.transfer_ownership": {"new_owner": CALLER},
    "controller.accept_ownership": {},
    "lens.preview_swap": {"pool": POOL, "token_in": "AVAX", "amount_in": 10**18},
    "lens.preview_add": {"pool": POOL, "provider": CALLER, "base": 10**18, "quote": 0},
    "lens.preview_confirm_deposit": {"pool": POOL, "provider": CALLER},
    "lens.preview_begin_protection": {"pool": POOL, "provider": CALLER},
    "lens.preview_withdraw": {"pool": POOL, "provider": CALLER},
    "lens.preview_entitlement": {"pool": POOL, "provider": CALLER, "units": 10**9},
    "lens.preview_exit": {"pool": POOL, "provider": CALLER, "units": 10**9},
    "lens.preview_sweep": {"pool": POOL},
    "lens.preview_stake": {"pool": POOL, "amount": 5},
    "lens.preview_unstake": {"pool": POOL, "staker": CALLER},
    "lens.preview_claim": {"pool": POOL, "staker": CALLER, "token": CALLER},
    "token.transfer": {"to": "outsider", "amount": 1},
    "token.transferFrom": {"owner": CALLER, "to": "outsider", "amount": 1},
    "token.approve": {"spender": "outsider", "amount": 1},
    "token.permit": {"owner": CALLER, "spender": "outsider", "amount": 1, "deadline": EVERYTHING, "v": 27, "r": 0, "s": 0},
}
TARGETS = {
    "pool": (POOL, "pool-2"), "reserve": (RESERVE,), "backstop": (BACKSTOP,), "controller": (CONTROLLER,), "lens": (LENS,),
    "token": (world.DLQ,),
}  # fmt: skip


def call(sender: str, target: str, name: str, **arguments) -> Operation:
    return Operation(name, target, sender, arguments)


def surplus(*holders: str) -> list[Operation]:
    return [call("governor", token, "token.transfer", to=holder, amount=10**6) for holder in holders for token in (CALLER, "PQR")]


@dataclass(frozen=True)
class Way:
    """How a transfer of the CALLER comes about: what happens before, the call, which of its transfers, and who is inside a call."""

    before: list[Operation]
    enters: Operation
    number: int
    entered: set[str]


# Pools of the CALLER that come before it have a surplus of their own.
OTHERS_SWEPT = [call("trader", pool, "pool.sweep") for pool in ("pool-0", "pool-1", "pool-2")]
WITHDRAW = call("provider-1", POOL, "pool.withdraw", min_base=0, min_quote=0, max_shortfall=EVERYTHING)
REQUEST = call("provider-1", POOL, "pool.request_withdrawal", units=10**15)
WAYS = {
    "a transfer of its own": Way([], call("trader", CALLER, "token.transfer", to="outsider", amount=1), 1, set()),
    "to a pool, swapped": Way(
        [], call("trader", POOL, "pool.swap", token_in=CALLER, amount_in=10**6, min_amount_out=0, recipient="trader", deadline=EVERYTHING),
        1, {POOL},
    ),
    "to a pool, donated": Way([], call("trader", POOL, "pool.donate", base=0, quote=10**6), 1, {POOL}),
    "to a pool, added": Way(
        [call("trader", POOL, "pool.donate", base=1, quote=0)],  # a touch, so that the oracle has caught up
        call("provider-1", POOL, "pool.add", base=0, quote=10**6, min_units=0, deadline=EVERYTHING), 1, {POOL},
    ),
    "to a pool, staged": Way([], call("trader", POOL, "pool.stage_deposit", base=0, quote=10**6), 1, {POOL}),
    "from a pool, swapped": Way(
        [], call("trader", POOL, "pool.swap", token_in="AVAX", amount_in=10**18, min_amount_out=0, recipient="trader", deadline=EVERYTHING),
        1, {POOL},
    ),
    "from a pool, staged": Way(
        [call("provider-1", POOL, "pool.stage_deposit", base=0, quote=10**6)], call("provider-1", POOL, "pool.cancel_deposit"), 1, {POOL}
    ),
    "from a pool, exited": Way([], call("provider-1", POOL, "pool.exit", units=10**15, min_base=0, min_quote=0), 1, {POOL}),
    "from a pool, withdrawn": Way([REQUEST], WITHDRAW, 1, {POOL}),
    "from a pool, given up to the Reserve": Way([REQUEST], WITHDRAW, 2, {POOL}),
    "from the Reserve": Way([REQUEST], WITHDRAW, 3, {POOL, RESERVE}),
    "from a pool to the Backstop, swept": Way(surplus(POOL), call("trader", POOL, "pool.sweep"), 1, {POOL}),
    "from a pool to the Reserve, swept": Way(surplus(POOL), call("trader", POOL, "pool.sweep"), 2, {POOL}),
    "from a pool, swept with all": Way([*OTHERS_SWEPT, *surplus(POOL)], call("trader", CONTROLLER, "controller.sweep"), 1, {POOL, CONTROLLER}),
    "from the Backstop, claimed": Way(
        [*surplus(POOL), call("trader", POOL, "pool.sweep")],
        call("staker-2", BACKSTOP, "backstop.claim", pool=POOL, token=CALLER), 1, {BACKSTOP},
    ),
    "from the Backstop, swept": Way(surplus(BACKSTOP), call("trader", BACKSTOP, "backstop.sweep", token=CALLER), 1, {BACKSTOP}),
}  # fmt: skip
# Something to absorb and to sweep everywhere.
STRAYED = (("PQR", RESERVE), ("PQR", BACKSTOP), ("PQR", "pool-2"), ("AVAX", POOL))
STRAY = [call("governor", token, "token.transfer", to=place, amount=7) for token, place in STRAYED]


def calls_by_the_token(directory: Directory) -> list[Operation]:
    """One call of each function, to each contract that has it; a view is asked about the CALLER."""
    made = []
    for name in dict.fromkeys((*ARGUMENTS, *VIEWS)):
        parameters = directory.calls[name].parameters
        arguments = ARGUMENTS.get(name, {parameter: 0 if name == "controller.pools" else CALLER for parameter in parameters})
        made += [Operation(name, target, CALLER, arguments) for target in TARGETS[name.split(".")[0]]]
    return made


def takes_by_the_token(way: Way, start: State) -> list[Operation]:
    """What the CALLER may take while it moves: a contract that is to have more by a transfer may have less by one base unit."""
    (entered,) = run_model(_ready(way, start)[-1].state, [(LATER, way.enters)])
    moves = [event.arguments for event in entered.outcome.events if (event.source, event.name) == (CALLER, "Transfer")]
    move = moves[way.number - 1]
    amounts = [move["value"] + more for more in (-1, 0, 1)]
    return [call(CALLER, CALLER, "token.take", holder=move[end], amount=amount) for end in ("sender", "receiver") for amount in amounts]


def _ready(way: Way, start: State) -> list[Step]:
    ready = run_model(start, [(world.START, operation) for operation in (*way.before, *STRAY)])
    assert all(step.outcome.ok for step in ready), "what comes before is there for what comes of it"
    return ready


def armed(calls: Operation, before: bool, bubbles: bool, number: int) -> Operation:
    """Make the CALLER call in its `number`-th transfer from now: in those before, it is armed again."""
    operation = call("outsider", CALLER, "token.arm", calls=calls, before=before, bubbles=bubbles)
    return operation if number == 1 else armed(operation, before=False, bubbles=True, number=number - 1)


def programs(way: Way, start: State, calls_made: list[Operation], before: bool, bubbles: bool) -> Iterator[list[Step]]:
    """What it takes to make each of the calls that way; after one that comes through, all begins anew."""
    ready = _ready(way, start)
    steps = list(ready)
    for calls in calls_made:
        steps += run_model(steps[-1].state, [(LATER, armed(calls, before, bubbles, way.number)), (LATER, way.enters)])
        if steps[-1].outcome.ok:
            yield steps
            steps = list(ready)
    if len(steps) > len(ready):
        yield steps


def locked_programs(start: State, directory: Directory) -> Iterator[list[Step]]:
    """Of every way, the calls to the contracts that are inside a call then, and to the Lens, which asks them; and what the CALLER takes."""
    everything = calls_by_the_token(directory)
    for way in WAYS.values():
        calls_made = [calls for calls in everything if calls.target in {LENS, *way.entered}]
        yield from programs(way, start, calls_made + takes_by_the_token(way, start), before=False, bubbles=True)
