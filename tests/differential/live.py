"""Lock-step on a network whose time cannot be set, and from which nothing can be taken back.

Each program goes on from where the one before ended. An operation is drawn in the present state, sent as a signed transaction, applied
by the model at the time of the block that took it, and compared at once. What is drawn needs no time to pass: the present decides
what a call comes to, and epochs and lock-ups are as short as the rules allow, so that a run of some hours sees them end.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from ape.exceptions import ProviderError
from hypothesis import given, settings
from hypothesis import strategies as st

from model import Operation, Parameters, State, SystemParameters, deploy
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE
from tests.differential import world
from tests.differential.codec import Directory
from tests.differential.engine import PrologueDiffers, Step, allowances_difference, ask_model, difference_at, disagreement
from tests.differential.machine import Budget, Mismatch, Progress, Tally
from tests.differential.plain import plain_start
from tests.differential.proposals import PROPOSALS, Hand
from tests.differential.strategies import LOTTERY
from tests.differential.transactions import Sender

HOUR = 3_600
SYSTEM = SystemParameters(epoch_seconds=HOUR, unstake_seconds=2 * HOUR, hold_seconds=HOUR, unstake_window_seconds=HOUR)
POOL = Parameters(full_protection_seconds=2 * HOUR, lockup_seconds=HOUR, confirmation_seconds=0, oracle_window_seconds=60)
GENESIS = deploy(world.GOVERNOR, world.DLQ, world.genesis().tokens, SYSTEM)
START = plain_start(GENESIS)  # of a trace
CHOICES = 4_096  # bytes to draw one operation from: more than any takes
BLOCK_TIME = {"code": "0x4260005260206000f3"}  # a contract that returns its block's time


class LiveNetwork:
    """The system as deployed on a live network, and the model's state beside it."""

    def __init__(self, sender: Sender, directory: Directory):
        self.sender = sender
        self.directory = directory
        self.place = f"to {sender.provider.network.choice}"
        self.state = GENESIS
        self.steps: list[Step] = []
        number, self.now = sender.latest()
        self._check_that_calls_take_a_time(number)

    def _check_that_calls_take_a_time(self, number: int) -> None:
        asked = self.sender.ask(self.sender.inspector, self.sender.inspector, b"", number, now=12_345, code=BLOCK_TIME)
        if asked != (True, (12_345).to_bytes(32, "big")):
            raise ProviderError("this node does not let eth_call name the block's time: what a transaction returned cannot be asked for")

    def take(self, operation: Operation) -> Step:
        """Send an operation, and have the model apply it at the time of the block.

        Raises
        ------
        Mismatch
            If the two sides disagree.
        """
        sender, directory = self.sender, self.directory
        number, self.now, seen = sender.send(operation.sender, operation.target, directory.calldata(operation), sender.digest)
        allowances = sender.read(sender.allowances, number)
        self.state, outcome = ask_model(self.state, operation, self.now)
        step = Step(self.now, operation, outcome, self.state)
        self.steps.append(step)
        found = disagreement([step], ([seen], allowances), directory)
        if found is not None:
            _, what = found
            index = len(self.steps) - 1
            if what == "allowances":
                difference = allowances_difference(index, step, allowances, directory)
            else:
                difference = difference_at(index, what, step, seen, directory, lambda: sender.read(sender.read_in_full, number))
            raise Mismatch(self.steps, difference)
        return step


def play_prologue(network: LiveNetwork, progress: Callable[[str], None] = lambda text: None) -> State:
    """Send what every run begins with; the model's state after it, which the network agrees with."""
    operations = list(prologue())
    for number, operation in enumerate(operations, 1):
        progress(f"Prologue: transaction {number} of {len(operations)} ...")
        try:
            network.take(operation)
        except Mismatch as mismatch:
            raise PrologueDiffers(mismatch.steps, mismatch.difference) from mismatch
    return network.state


def run(network: LiveNetwork, tally: Tally, budget: Budget, progress: Progress) -> Mismatch | None:
    """Draw, send and compare; a mismatch, or None. What happened on a network has happened: nothing is shrunk."""
    random = Random(budget.seed)
    try:
        for _ in range(budget.examples):
            for position in range(1, budget.length + 1):
                tally.add([network.take(draw(random, network.state, network.now))], finished=position == budget.length)
                progress(tally)
    except Mismatch as mismatch:
        tally.mismatches += 1
        return mismatch
    return None


def draw(random: Random, state: State, now: int) -> Operation:
    """One operation, as `strategies.steps` draws it, but for the time."""
    drawn = []

    @settings(database=None, deadline=None)
    @given(st.data())
    def proposed(data: Any) -> None:
        hand = Hand(data.draw, state, now)
        _, propose = PROPOSALS[hand.pick(LOTTERY)]
        drawn.append(propose(hand))

    proposed.hypothesis.fuzz_one_input(random.randbytes(CHOICES))
    (operation,) = drawn
    return operation


def prologue() -> Iterator[Operation]:
    """Two pools with units, some of them protected, a price that has moved, a thin Reserve, and stake."""

    def call(sender: str, target: str, name: str, **arguments: Any) -> Operation:
        return Operation(name, target, sender, arguments)

    def whole(token: str, amount: int) -> int:
        return amount * 10 ** world.DECIMALS[token]

    def add(provider: str, pool: str, base: int, quote: int) -> Operation:
        return call(provider, pool, "pool.add", base=base, quote=quote, min_units=0, deadline=world.UNLIMITED)

    means = {
        "provider-1": {world.DLQ: ("pool-0", BACKSTOP), "ABC": ("pool-1",), "USDC": ("pool-0", "pool-1")},
        "provider-2": {"ABC": ("pool-1",), "USDC": ("pool-1",)},
        "staker-1": {world.DLQ: (BACKSTOP,)},
        "trader": {"ABC": ("pool-1",), "USDC": ("pool-0", "pool-1")},
    }
    for actor, tokens in means.items():
        for token, spenders in tokens.items():
            yield call(world.GOVERNOR, token, "token.transfer", to=actor, amount=whole(token, 5_000_000))
            for spender in spenders:
                yield call(actor, token, "token.approve", spender=spender, amount=world.UNLIMITED)
    for pool, base in (("pool-0", world.DLQ), ("pool-1", "ABC")):
        yield call(world.GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote="USDC", parameters=POOL)
        yield add("provider-1", pool, whole(base, 1_000_000), whole("USDC", 100_000))
        yield call(world.GOVERNOR, CONTROLLER, "controller.set_status", pool=pool, status=ACTIVE, min_price=0, max_price=world.UNLIMITED)
        yield call("provider-1", pool, "pool.begin_protection")
    yield call(world.GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="USDC", pool="pool-0")
    yield add("provider-2", "pool-1", whole("ABC", 200_000), whole("USDC", 20_000))
    for token, amount in (("ABC", 20_000), ("USDC", 2_000)):
        yield call(world.GOVERNOR, token, "token.transfer", to=RESERVE, amount=whole(token, amount))
        yield call("outsider", RESERVE, "reserve.absorb", token=token)
    yield call("staker-1", BACKSTOP, "backstop.stake", pool="pool-1", amount=whole(world.DLQ, 5_000))
    for _ in range(6):
        yield call(
            "trader", "pool-1", "pool.swap",
            token_in="USDC", amount_in=whole("USDC", 10_000), min_amount_out=0, recipient="trader", deadline=world.UNLIMITED,
        )  # fmt: skip
