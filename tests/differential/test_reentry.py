"""R22 from inside: every function and every view of every contract, called half-way through a transfer to or from each of them.

The list is that of the ABIs. A call that its contract is locked against fails without data; called at any other time the same call
succeeds, or says why it does not. Which contracts are inside a call is written down here for each way in, and the model and the
chain have to agree with it, with each other, and on everything that an admitted call changes.
"""

from collections import Counter

import pytest

from model import OPERATIONS, Operation
from model.operations import VIEWS
from model.state import BACKSTOP, NO_REASON, RESERVE
from tests.differential.engine import compare, explain, play_prologue
from tests.differential.environment import backend
from tests.differential.inside import ARGUMENTS, POOL, WAYS, calls_by_the_token, programs, takes_by_the_token

# R22's exceptions, in its words: constants; the registry of pools and the governor's name; ownership, which calls nobody.
CONSTANTS = {
    "pool": "base quote controller reserve backstop epoch_seconds parameters",
    "reserve": "controller",
    "backstop": "controller reserve dlq unstake_seconds hold_seconds unstake_window_seconds",
    "controller": "dlq reserve backstop pool_blueprint epoch_seconds is_pool owner pending_owner transfer_ownership accept_ownership",
}
FREE = {f"{contract}.{name}" for contract, names in CONSTANTS.items() for name in names.split()}
# What goes on to a contract that may be inside a call when its own is not.
GOES_ON = {
    "pool.sweep": {BACKSTOP, RESERVE}, "backstop.sweep": {RESERVE}, "controller.sweep": {POOL, BACKSTOP, RESERVE},
    **{f"lens.preview_{call}": {POOL} for call in ("swap", "add", "confirm_deposit", "begin_protection", "withdraw", "exit")},
    "lens.preview_entitlement": {POOL, RESERVE}, "lens.preview_sweep": {POOL, BACKSTOP, RESERVE},
    **{f"lens.preview_{call}": {BACKSTOP} for call in ("stake", "unstake", "claim")},
}  # fmt: skip


@pytest.fixture(scope="module")
def chain():
    with backend("evm") as chain:
        yield chain


@pytest.fixture(scope="module")
def start(chain):
    return play_prologue(chain)


def test_every_function_is_known(chain):
    """To the model, and to this list."""
    contracts = {"pool": "Pool", "reserve": "Reserve", "backstop": "Backstop", "controller": "Controller", "lens": "Lens", "token": "DLQ"}
    functions = {
        f"{contract}.{item['name']}" for contract, name in contracts.items() for item in chain.artifacts[name].abi if item["type"] == "function"
    }  # fmt: skip
    of_mocks = {"token.set_behaviour", "token.take", "token.arm", "founder.found"}
    assert functions == (OPERATIONS.keys() | VIEWS.keys()) - of_mocks
    assert functions == ARGUMENTS.keys() | VIEWS.keys()
    assert FREE < functions


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_function_from_inside_a_transfer(chain, start, way):
    everything = calls_by_the_token(chain.directory)
    silent, refused = [], []

    def play(calls_made: list[Operation], before: bool, bubbles: bool) -> None:
        entered = []
        for steps in programs(way, start, calls_made, before, bubbles):
            difference = compare(steps, chain)
            assert difference is None, explain(steps, difference)
            entered += [step for step in steps if step.operation == way.enters]
        for calls, step in zip(calls_made, entered, strict=True):
            silent.extend([calls] if step.outcome.reason == NO_REASON else [])
            refused.extend([] if step.outcome.ok else [calls])
            if step.outcome.ok:
                told = [event for event in step.outcome.events if event.name == "CalledBack"][-1]
                assert (told.arguments["function"], told.arguments["succeeded"]) == (calls.name, bubbles)
                assert chain.directory.read_log(chain.directory.log(told)) == told

    taken = takes_by_the_token(way, start)
    play(everything + taken, before=True, bubbles=True)
    refused.clear()
    play(everything + taken, before=False, bubbles=True)
    # A call that fails is told of where the transfer goes on without it.
    play(refused[:], before=False, bubbles=False)
    locked = [calls for calls in everything if calls.target in way.entered and calls.name not in FREE]
    goes_on = [calls for calls in everything if calls not in locked and GOES_ON.get(calls.name, set()) & way.entered]
    assert Counter(map(str, silent)) == Counter(map(str, 2 * (locked + goes_on)))
