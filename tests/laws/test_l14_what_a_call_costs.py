"""L14: the cost of a call does not grow with positions, stakers or idle epochs; a system sweep grows linearly in pools.

On a devnet the cost is gas. On the model it is how many functions are entered, which is the same on every machine.
"""

import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Operation, Parameters
from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.differential import world
from tests.differential.codec import Directory
from tests.differential.devnet import Devnet
from tests.differential.engine import EncodedCall
from tests.differential.environment import backend
from tests.differential.world import DAY, DLQ, GOVERNOR, START, UNLIMITED, Program
from tests.laws.sides import Model, planted
from tests.laws.situations import ANY_MINIMUM, BASE, FREELY, POOL, QUOTE
from tests.laws.support import SCALE, LawBroken, holds

HOLDERS = tuple(f"holder-{number}" for number in range(300))
CHEAP = 2**40
IDLE = 2  # epochs: after one, the books of the epoch before are not empty, and looking at them costs a little more
PARAMETERS = Parameters(bailout_threshold_bps=10_000, max_deviation_bps=1_000)


def crowded(holders: int, idle_epochs: int) -> tuple[Program, Program]:
    """A pool with so many more positions and stakers, left alone for so long; and calls of every kind to pay for."""
    program: Program = []
    now = START

    def call(sender: str, target: str, name: str, **arguments: Any) -> None:
        program.append((now, Operation(name, target, sender, arguments)))

    add = {"base": CHEAP, "quote": CHEAP, "min_units": 0, "deadline": UNLIMITED}
    # Deep, so that the holders' own deposits hardly change the size of any number.
    first = {**add, "base": 2**80 + 2**79, "quote": 2**80 + 2**79}
    for actor in (*world.ACTORS[1:], *HOLDERS[:holders]):
        for token in (BASE, QUOTE, DLQ):
            call(GOVERNOR, token, "token.transfer", to=actor, amount=2**100 if actor in world.ACTORS else 2 * CHEAP)
            for spender in (POOL, BACKSTOP):
                call(actor, token, "token.approve", spender=spender, amount=UNLIMITED)
    call(GOVERNOR, CONTROLLER, "controller.create_pool", base=BASE, quote=QUOTE, parameters=PARAMETERS)
    call("provider-1", POOL, "pool.add", **first)
    call(GOVERNOR, CONTROLLER, "controller.set_status", pool=POOL, status=1, min_price=0, max_price=UNLIMITED)
    for token in (BASE, QUOTE):
        call(GOVERNOR, token, "token.transfer", to=RESERVE, amount=2**90)
        call("outsider", RESERVE, "reserve.absorb", token=token)
    call("provider-2", POOL, "pool.add", **{**add, "base": 2**78, "quote": 2**78})
    call("staker-1", BACKSTOP, "backstop.stake", pool=POOL, amount=2**80 + 2**79)
    for holder in HOLDERS[:holders]:
        call(holder, POOL, "pool.add", **add)
        call(holder, BACKSTOP, "backstop.stake", pool=POOL, amount=CHEAP)
    swap = {"token_in": BASE, "amount_in": 2**75, "min_amount_out": 0, "recipient": "trader", "deadline": UNLIMITED}
    for _ in range(10):
        call("trader", POOL, "pool.swap", **swap)
    built = len(program)
    now += idle_epochs * DAY
    call("trader", POOL, "pool.swap", **swap)
    call("outsider", POOL, "pool.sweep")
    call("staker-1", BACKSTOP, "backstop.claim", pool=POOL, token=QUOTE)
    call("staker-2", BACKSTOP, "backstop.stake", pool=POOL, amount=CHEAP)
    call("staker-1", BACKSTOP, "backstop.request_unstake", pool=POOL, shares=CHEAP)
    call("provider-3", POOL, "pool.add", **add)
    call("outsider", POOL, "pool.donate", base=CHEAP, quote=CHEAP)
    call("provider-2", POOL, "pool.request_withdrawal", units=2**70)
    now += DAY
    call("provider-2", POOL, "pool.withdraw", **FREELY)
    now += 7 * DAY
    call("staker-1", BACKSTOP, "backstop.unstake", pool=POOL)
    call("provider-3", POOL, "pool.exit", units=2**30, **ANY_MINIMUM)
    return program[:built], program[built:]


# -- on the model ----------------------------------------------------------------------------------------------------


def functions_entered(act: Callable[[], Any]) -> int:
    """How many functions of the model, or of a copy of it, are entered."""
    entered = 0

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal entered
        entered += event == "call" and Path(frame.f_code.co_filename).parent.name == "model"

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return entered


def costs_on_the_model(side: Model, holders: int, idle_epochs: int) -> dict[str, int]:
    build, probes = crowded(holders, idle_epochs)
    costs = {}
    with side.what_if():
        side.state = side.genesis()
        for now, operation in build:
            side.state, outcome = side.apply(side.state, operation, now)
            assert outcome.ok, outcome.reason
        for now, operation in probes:
            answers = []
            cost = functions_entered(lambda call=operation, at=now, into=answers: into.append(side.apply(side.state, call, at)))
            side.state, outcome = answers[0]
            assert outcome.ok, f"{operation.name}: {outcome.reason}"
            costs[operation.name] = cost
    return costs


def law(side: Model, crowd: tuple[int, int]) -> None:
    alone, among_others = costs_on_the_model(side, 0, IDLE), costs_on_the_model(side, *crowd)
    for name, cost in among_others.items():
        holds(f"{name} costs the same among {crowd[0]} others, after {crowd[1]} epochs", cost == alone[name])


CROWDS = st.tuples(st.integers(0, 30), st.integers(IDLE, 100))


def test_on_the_model(on_model):
    @settings(max_examples=100 * SCALE)
    @given(CROWDS)
    def property(crowd):
        law(on_model, crowd)

    property()


@pytest.mark.parametrize(
    "fault",
    [
        # Idle epochs are opened one after the other.
        (
            "epoch_books.py", "    closed = epoch_before(books, epoch)\n",
            "    while books.epoch < epoch - 1:\n        books = empty_books(books.epoch + 1, False, 0)\n    closed = books\n",
        ),
        # Depth is measured anew, position by position.
        ("pool.py", 'require(pool.status == ACTIVE, "pool: not active")', 'require(sum(p.units for p in pool.positions.values()) > 0, "")'),
        # Rewards are handed out staker by staker.
        (
            "backstop.py", "    growth = stake_math.index_growth(amount, before.total_shares)\n",
            "    growth = stake_math.index_growth(amount, before.total_shares)\n"
            "    [stake_math.earned(account.shares, growth, 0) for account in state.backstop.accounts.values()]\n",
        ),
    ],
)  # fmt: skip
def test_it_can_fail(fault):
    with planted(*fault) as package, pytest.raises(LawBroken):
        law(Model(package), (30, 100))


# -- on the devnet ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def devnet():
    with backend("devnet") as chain:
        strangers = {holder: (2**150 + number).to_bytes(20, "big") for number, holder in enumerate(HOLDERS)}
        yield Devnet(chain.provider, with_more_people(chain.directory, strangers), bytes.fromhex(chain.inspector[2:]))


def with_more_people(directory: Directory, people: dict[str, bytes]) -> Directory:
    directory.addresses |= people
    directory.words |= {name: bytes(12) + address for name, address in people.items()}
    return directory


def gas(devnet: Devnet, program: Program) -> list[int]:
    """What every call of a program costs."""
    calls: list[EncodedCall] = [
        (now, operation.sender, operation.target, devnet.directory.calldata(operation)) for now, operation in program
    ]
    observations, _ = devnet.execute(calls)
    for (_, operation), seen in zip(program, observations, strict=True):
        assert seen.ok, f"{operation.name}: {devnet.directory.read_outcome(operation, seen.ok, seen.data, ()).reason}"
    return [seen.gas for seen in observations]


def gas_among_others(devnet: Devnet, holders: int, idle_epochs: int) -> dict[str, int]:
    build, probes = crowded(holders, idle_epochs)
    spent = gas(devnet, build + probes)[len(build) :]
    return {operation.name: used for (_, operation), used in zip(probes, spent)}


def test_on_the_contracts(devnet):
    alone = gas_among_others(devnet, 0, IDLE)
    for crowd in ((1, IDLE), (30, IDLE), (300, IDLE), (0, 30), (0, 300)):
        assert gas_among_others(devnet, *crowd) == alone, f"among {crowd[0]} others, after {crowd[1]} epochs"


PAIRS = list(combinations(world.TOKENS[:5], 2))  # of tokens: a pool each


def gas_of_system_sweep(devnet: Devnet, pools: int) -> int:
    """Of so many pools, each with a surplus of both tokens."""
    program: Program = []
    for number, (base, quote) in enumerate(PAIRS[:pools]):
        pool = f"pool-{number}"
        calls = [
            (CONTROLLER, "controller.create_pool", {"base": base, "quote": quote, "parameters": Parameters()}),
            *[(token, "token.approve", {"spender": pool, "amount": UNLIMITED}) for token in (base, quote)],
            (pool, "pool.add", {"base": CHEAP, "quote": CHEAP, "min_units": 0, "deadline": UNLIMITED}),
            (CONTROLLER, "controller.set_status", {"pool": pool, "status": 1, "min_price": 0, "max_price": UNLIMITED}),
            *[(token, "token.transfer", {"to": pool, "amount": CHEAP}) for token in (base, quote)],
        ]
        program += [(START, Operation(name, target, GOVERNOR, arguments)) for target, name, arguments in calls]
    # The Reserve knows every token already: a token's first entry costs more than any later one.
    for token in world.TOKENS:
        program.append((START, Operation("token.transfer", token, GOVERNOR, {"to": RESERVE, "amount": CHEAP})))
        program.append((START, Operation("reserve.absorb", RESERVE, GOVERNOR, {"token": token})))
    return gas(devnet, [*program, (START, Operation("controller.sweep", CONTROLLER, GOVERNOR, {}))])[-1]


def test_a_system_sweep_grows_linearly(devnet):
    spent = [gas_of_system_sweep(devnet, pools) for pools in range(1, len(PAIRS) + 1)]
    growth = [more - less for less, more in zip(spent, spent[1:])]
    # The second to the fourth pool bring a token that the first did not have; every later pool has tokens met before.
    assert set(growth[:3]) == {growth[0]} and set(growth[3:]) == {growth[3]}
    assert 0 < growth[3] < growth[0] < spent[0]
