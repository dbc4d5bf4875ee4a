"""The compiler's settings: whatever the optimiser does to the contracts, the same programs come to the same."""

from dataclasses import replace

import pytest
from vyper.compiler.settings import OptimizationLevel

from model import OPERATIONS
from tests.differential.artifacts import SETTINGS, compile_contracts
from tests.differential.codec import revert_data
from tests.differential.engine import encode_calls, play_prologue
from tests.differential.environment import SetupError, backend
from tests.differential.machine import Tally, draw_programs

TOO_LARGE = revert_data("pool: reserve too large")


def observe(evm, calls):
    """Everything but gas, which is what the settings are about."""
    observations, allowances = evm.execute(calls)
    return [replace(seen, gas=0) for seen in observations], allowances


@pytest.fixture(scope="module")
def programs():
    """Programs, and what they come to with the setting that everything else is tested with."""
    with backend("evm") as evm:

        class Recorder:
            programs = []

            def judge(self, steps):
                calls = encode_calls(steps, evm.directory)
                self.programs.append((calls, observe(evm, calls)))

        draw_programs(Recorder(), play_prologue(evm), Tally(list(OPERATIONS)), examples=50, length=50, random_seed=4)
    return Recorder.programs


def differences(setting, programs):
    """Play the programs on contracts compiled otherwise: each call that another thing comes of, what was expected and what was seen."""
    found = []
    with backend("evm", setting=setting) as evm:
        play_prologue(evm)
        for calls, (expected, allowances) in programs:
            observed, allowances_after = observe(evm, calls)
            assert allowances_after == allowances
            found += [case for case in zip(calls, expected, observed, strict=True) if case[1] != case[2]]
    return found


def test_every_setting_of_the_compiler_is_there():
    levels = {settings.optimize for settings in SETTINGS.values() if not settings.experimental_codegen}
    assert levels == set(OptimizationLevel)
    assert [name for name, settings in SETTINGS.items() if settings.experimental_codegen] == ["venom"]
    assert len({compile_contracts(setting=setting)["Pool"].runtime for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("setting", ["codesize", "none"])
def test_the_same_programs_come_to_the_same(setting, programs):
    assert differences(setting, programs) == []


def test_the_experimental_generator_differs_in_one_reason_alone(programs):
    """Its scheduling of instructions (the DFT pass) checks that the maths of a swap does not overflow before it checks, as the contract
    does first, that the reserve has room. Such a swap fails either way and changes nothing, but it does not say why."""
    found = differences("venom", programs)
    assert found
    for (_, _, target, _), expected, observed in found:
        assert target.startswith("pool-")
        assert (expected.ok, expected.data) == (False, TOO_LARGE)
        assert observed == replace(expected, data=b"")


def test_contracts_too_large_for_a_network_are_refused_there():
    with pytest.raises(SetupError, match="with --setting none, Pool has .* bytes, more than the 24,576 that a network allows"):
        with backend("devnet", setting="none"):
            pass
