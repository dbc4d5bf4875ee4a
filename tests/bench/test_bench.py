"""What is measured is a comparison: equal programs pass, and a difference is seen."""

from dataclasses import replace

import pytest
from ape import accounts

from model.state import with_pool
from tests.bench.ape_loop import ApeLoop
from tests.bench.profile import CALLS, DIGESTS, DRAWING, profile
from tests.bench.programs import load, measure, save
from tests.differential import world
from tests.differential.artifacts import compile_contracts
from tests.differential.engine import play_prologue, run_model
from tests.differential.environment import backend, devnet, on_devnet
from tests.differential.machine import Tally, draw_programs


@pytest.fixture(scope="module")
def start():
    return run_model(world.genesis(), world.prologue())[-1].state


@pytest.fixture(scope="module")
def program(start) -> world.Program:
    """Some drawn calls, of which some are refused."""
    programs = []

    class Keep:
        def judge(self, steps):
            if not all(step.outcome.ok for step in steps):
                programs.append([(step.now, step.operation) for step in steps])

    draw_programs(Keep(), start, Tally(), examples=30, length=15, random_seed=1)
    return programs[0]


def test_the_ape_loop_compares_reasons_logs_and_state(start, program):
    artifacts = compile_contracts()
    with devnet() as provider:
        chain = on_devnet(provider, artifacts)
        assert play_prologue(chain) == start
        loop = ApeLoop(chain.directory, artifacts, list(accounts.test_accounts[: len(world.ACTORS)]), chain.inspector)
        steps = run_model(start, program)
        outcomes = [step.outcome for step in steps]
        assert loop.differs(steps) is None
        *before, last = steps[: next(number for number, outcome in enumerate(outcomes, 1) if outcome.events)]
        state = with_pool(last.state, "pool-1", total_shortfall=1)
        assert loop.differs([*before, replace(last, state=state)]).endswith("state")
        assert loop.differs([*before, replace(last, outcome=replace(last.outcome, events=()))]).startswith(f"step {len(steps[: len(before) + 1])}: ")
        refused = next(number for number, outcome in enumerate(outcomes) if not outcome.ok)
        other = replace(steps[refused], outcome=replace(outcomes[refused], reason="another"))
        assert loop.differs([*steps[:refused], other]).endswith(outcomes[refused].reason)


def test_a_difference_is_no_measurement(start, program, tmp_path):
    save(tmp_path / "programs", [program] * 3)
    programs = load(tmp_path / "programs")
    assert programs == [program] * 3
    assert measure(programs, 10, start, lambda steps: None) > 0
    with pytest.raises(RuntimeError, match="not a comparison of equals: state"):
        measure(programs, 10, start, lambda steps: "state")


def test_the_profile_tells_all_phases_apart():
    with backend("evm") as chain:
        phases = profile(chain, play_prologue(chain), examples=5, length=20, seed=1)
    assert {DRAWING, "model", "encoding the calls", "comparing", CALLS, DIGESTS} <= set(phases)
    assert all(spent > 0 for spent in phases.values())
