"""The backends against each other: the same programs, the same observations (gas aside: see `evm.Evm`)."""

from dataclasses import replace

import pytest

from model import OPERATIONS
from tests.differential.engine import encode_calls, play_prologue
from tests.differential.machine import Tally, draw_programs
from tests.differential.session import backend


@pytest.fixture(scope="module")
def devnet():
    with backend("devnet") as chain:
        yield chain


@pytest.fixture(scope="module")
def evm():
    with backend("evm") as chain:
        yield chain


def test_the_same_world_stands_at_the_same_addresses(devnet, evm):
    assert devnet.directory.addresses == evm.directory.addresses
    assert devnet.inspector.lower() == evm.inspector.lower()


def test_the_same_programs_give_the_same_observations(devnet, evm):
    start = play_prologue(devnet)
    assert play_prologue(evm) == start

    class Both:
        compared = 0

        def judge(self, steps):
            calls = encode_calls(steps, devnet.directory)
            (on_devnet, devnet_allowances), (in_process, evm_allowances) = devnet.execute(calls), evm.execute(calls)
            assert [replace(seen, gas=0) for seen in on_devnet] == [replace(seen, gas=0) for seen in in_process]
            assert devnet_allowances == evm_allowances
            self.compared += len(steps)

    both = Both()
    draw_programs(both, start, Tally(list(OPERATIONS)), examples=60, length=50, random_seed=1)
    assert both.compared > 2_000
