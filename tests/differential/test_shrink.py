"""`ape run shrink`: a failing trace made smaller and plainer from outside Hypothesis, without becoming another failure."""

import os
import re
import signal
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

import pytest
from click.testing import CliRunner

from model import OPERATIONS, Operation, Parameters
from scripts import shrink
from tests.differential import trace, world
from tests.differential.engine import compare, run_model
from tests.differential.environment import backend
from tests.differential.fingerprint import fingerprint
from tests.differential.machine import Enough, Tally, draw_programs
from tests.differential.shrink import Shrinker, plainer_numbers, plainer_pauses
from tests.differential.commands import ape
from tests.differential.planted import TAKES_TOO_LITTLE, faulty_project
from tests.scenarios.scenario import FOLDER

CALLS = 20  # at least so many in the trace before


@pytest.fixture(scope="module")
def failure(on_faulty, tmp_path_factory):
    """A drawn program that fails after at least `CALLS` calls, as it was drawn."""
    chain, start = on_faulty

    class Failing:
        found: list = []

        def judge(self, steps):
            difference = compare(steps, chain)
            if difference is not None and difference.index >= CALLS:
                self.found[:] = [steps, difference]
                raise Enough

    failing = Failing()
    with pytest.raises(Enough):
        draw_programs(failing, start, Tally(list(OPERATIONS)), examples=400, length=50, random_seed=5)
    steps, difference = failing.found
    path = tmp_path_factory.mktemp("failure") / "failure.json"
    trace.write(path, trace.record(steps, difference=difference, seed=5))
    return path


def run(*arguments) -> tuple[int, str, str]:
    done = CliRunner(mix_stderr=False).invoke(shrink.cli, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.stdout, done.stderr


def test_a_failure_is_shrunk_to_the_calls_it_needs_and_fails_as_before(failure, on_faulty, tmp_path):
    project = faulty_project(tmp_path, TAKES_TOO_LITTLE)
    done = ape("shrink", failure, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    before, after = trace.read(failure), trace.read(failure.with_suffix(".shrunk.json"))
    assert [step["name"] for step in after["steps"]] == ["pool.request_withdrawal", "pool.withdraw"]
    assert after["fingerprint"] == before["fingerprint"]
    assert after["context"] == {"seed": 5, "shrunk_on": "evm", "setting": "gas", "shrunk_from": len(before["steps"])}
    # Nothing is left that plays no part: the earliest times, a round number, nothing in the way of the withdrawal.
    request, withdrawal = after["steps"]
    assert (request["now"], withdrawal["now"]) == (world.START, world.START + world.DAY)
    assert re.fullmatch(r"[1-9]\d?\d?0*", str(request["arguments"]["units"]))
    assert withdrawal["arguments"] == {"min_base": 0, "min_quote": 0, "max_shortfall": world.UNLIMITED}
    assert f"{len(before['steps'])} calls before, 2 after" in done.stdout and "nothing more can be left out" in done.stdout
    chain, start = on_faulty
    steps, difference = trace.replay(after, start, chain)
    assert fingerprint(steps[difference.index], difference).label == before["fingerprint"]["label"]


def test_it_ends_always_in_the_same(failure, on_faulty):
    chain, start = on_faulty
    ends = []
    for _ in range(2):
        shrinker = Shrinker(start, trace.program_of(trace.read(failure)), chain)
        shrinker.run()
        ends.append((shrinker.program, shrinker.tried))
    assert ends[0] == ends[1]
    # Shrinking what has been shrunk changes nothing.
    once_more = Shrinker(start, ends[0][0], chain)
    once_more.run()
    assert once_more.program == ends[0][0]


class Lying:
    """The chain, but for some calls, of which it says that they reverted without a reason."""

    def __init__(self, chain, lies_of):
        self.chain, self.lies_of, self.directory = chain, lies_of, chain.directory

    def execute(self, calls, *, in_full=False):
        observations, allowances = self.chain.execute(calls, in_full=in_full)
        return [replace(seen, ok=False, data=b"") if self.lies_of(*call) else seen for call, seen in zip(calls, observations)], allowances


def shrunk(start, program, backend) -> world.Program:
    shrinker = Shrinker(start, program, backend)
    shrinker.run()
    return shrinker.program


def test_another_failure_is_not_taken_for_it(failure, on_faulty):
    """Behind the failure, one that takes a single call."""
    chain, start = on_faulty
    two_faults = Lying(chain, lambda now, sender, target, data: target == "reserve")
    steps = run_model(start, trace.program_of(trace.read(failure)))
    program = [(step.now, step.operation) for step in steps[: compare(steps, chain).index + 1] if step.operation.target != "reserve"]
    behind = [(program[-1][0], Operation("reserve.absorb", "reserve", "outsider", {"token": "DLQ"}))]
    assert shrunk(start, behind, two_faults) == [(world.START, behind[0][1])]
    assert [operation.name for _, operation in shrunk(start, program + behind, two_faults)] == ["pool.request_withdrawal", "pool.withdraw"]


def test_whatever_plays_no_part_becomes_plain(on_faulty):
    chain, start = on_faulty
    exit_selector, create_selector = (chain.directory.calls[name].selector for name in ("pool.exit", "controller.create_pool"))
    exits = Lying(chain, lambda now, sender, target, data: data[:4] == exit_selector)
    sweep = (world.START + 12_345, Operation("pool.sweep", "pool-6", "staker-2", {}))
    leaving = Operation("pool.exit", "pool-3", "provider-3", {"units": 123_456_789, "min_base": 17, "min_quote": 2**200})
    (only,) = shrunk(start, [sweep, (world.START + 99_999, leaving), sweep], exits)
    # The model's reason is part of the failure: there have to be units, and less quote for them than is asked.
    assert only == (world.START, Operation("pool.exit", "pool-0", "provider-1", {"units": 1, "min_base": 0, "min_quote": 1}))

    def fee(data: bytes) -> int:
        return int.from_bytes(data[4 + 32 * 8 : 4 + 32 * 9], "big")

    high_fees = Lying(chain, lambda now, sender, target, data: data[:4] == create_selector and fee(data) >= 50)
    unusual = Parameters(min_fee_bps=77, protocol_fee_bps=1, lockup_seconds=100_000)
    creation = Operation("controller.create_pool", "controller", "governor", {"base": "USDC", "quote": "AVAX", "parameters": unusual})
    (only,) = shrunk(start, [(world.START + world.DAY + 7, creation)], high_fees)
    assert only[1].arguments["parameters"] == Parameters(min_fee_bps=77)


def test_yes_becomes_no_and_not_a_number(on_faulty):
    chain, start = on_faulty
    selector = chain.directory.calls["token.arm"].selector
    arms = Lying(chain, lambda now, sender, target, data: data[:4] == selector)
    sweep = Operation("pool.sweep", "pool-6", "USDC", {})
    (only,) = shrunk(start, [(world.START, Operation("token.arm", "USDC", "outsider", {"calls": sweep, "before": True, "bubbles": True}))], arms)
    assert only[1].arguments["before"] is False and only[1].arguments["bubbles"] is False


def test_what_a_call_needs_before_it_stays(on_faulty):
    """A failure that only shows seven days and more after its request: the pause is made round, and no shorter."""
    chain, start = on_faulty
    selector = chain.directory.calls["backstop.unstake"].selector
    late = Lying(chain, lambda now, sender, target, data: data[:4] == selector and now >= world.START + 7 * world.DAY)
    program = [
        (world.START + 777, Operation("backstop.request_unstake", "backstop", "staker-1", {"pool": "pool-1", "shares": 12_345_678_901})),
        (world.START + 8_888, Operation("pool.sweep", "pool-1", "outsider", {})),
        (world.START + 8 * world.DAY + 11, Operation("backstop.unstake", "backstop", "staker-1", {"pool": "pool-1"})),
    ]
    first, second = shrunk(start, program, late)
    assert first == (world.START, replace(program[0][1], arguments={"pool": "pool-1", "shares": 1}))
    assert second == (world.START + 7 * world.DAY, program[2][1])


@pytest.mark.parametrize("value", [1, 2, 10, 99, 12_345, 10**18, 123 * 10**16])
@pytest.mark.parametrize("plainer", [plainer_numbers, plainer_pauses])
def test_what_is_tried_instead_is_plainer(plainer, value):
    candidates = list(plainer(value))
    assert candidates[0] == 0 and value not in candidates
    assert not any(value in plainer(candidate) for candidate in candidates)


@pytest.mark.parametrize(
    ("plainer", "value", "least", "end"),
    [
        (plainer_numbers, 61_095_204_394, 50_000, 50_000),
        (plainer_numbers, 61_095_204_394, 30 * 10**9, 30 * 10**9),
        (plainer_numbers, 61_095_204_394, 61_095_204_000, 70 * 10**9),
        (plainer_pauses, 8 * world.DAY + 11, 7 * world.DAY, 7 * world.DAY),
        (plainer_pauses, 12_345, 10_000, world.DAY),
        (plainer_pauses, 86_399, 86_399, world.DAY),
    ],
)
def test_what_is_needed_ends_round(plainer, value, least, end):
    while (better := next((candidate for candidate in plainer(value) if candidate >= least), None)) is not None:
        value = better
    assert value == end


def test_what_does_not_fail_is_not_shrunk(failure, tmp_path):
    status, output, error = run(failure, "--output", tmp_path / "shrunk.json")
    assert (status, output) == (2, "")
    assert error == f"shrink: {failure}: nothing to shrink: both sides agree\n"
    assert not list(tmp_path.iterdir())


def interrupting(contracts, after: int):
    """The embedded backend, in which Ctrl-C is pressed at some execution."""

    @contextmanager
    def opened(*_arguments, **_options):
        with backend("evm", sources=contracts) as chain:
            executions, execute = count(1), chain.execute

            def interrupted(calls, **options):
                if next(executions) == after:
                    os.kill(os.getpid(), signal.SIGINT)
                return execute(calls, **options)

            chain.execute = interrupted
            yield chain

    return opened


def test_what_was_found_before_ctrl_c_is_kept(failure, faulty_contracts, tmp_path, monkeypatch):
    monkeypatch.setattr(shrink, "backend", interrupting(faulty_contracts, after=9))
    status, output, _ = run(failure, "--output", tmp_path / "shrunk.json")
    assert status == 130 and "; interrupted\n" in output
    before, after = trace.read(failure), trace.read(tmp_path / "shrunk.json")
    assert len(after["steps"]) < len(before["steps"])
    assert after["fingerprint"] == before["fingerprint"]


def test_ctrl_c_before_anything_was_tried_writes_nothing(failure, faulty_contracts, tmp_path, monkeypatch):
    monkeypatch.setattr(shrink, "backend", interrupting(faulty_contracts, after=1))
    status, output, error = run(failure, "--output", tmp_path / "shrunk.json")
    assert (status, output) == (130, "") and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_time_only_what_follows_the_failure_is_left_out(failure, faulty_contracts, tmp_path):
    status, output, _ = run(failure, "--contracts", faulty_contracts, "--seconds", 0, "--output", tmp_path / "shrunk.json")
    assert status == 0 and "; out of time\n" in output
    before, after = trace.read(failure), trace.read(tmp_path / "shrunk.json")
    assert after["steps"] == before["steps"][: before["difference"]["step"]]


def test_a_scenario_is_shrunk_from_where_it_starts(tmp_path, monkeypatch):
    @contextmanager
    def lying(*_arguments, **_options):
        with backend("evm") as chain:
            yield Lying(chain, lambda now, sender, target, data: target == "reserve")

    monkeypatch.setattr(shrink, "backend", lying)
    status, _, _ = run(FOLDER / "after-49-days-49-percent.json", "--output", tmp_path / "shrunk.json")
    before, after = trace.read(FOLDER / "after-49-days-49-percent.json"), trace.read(tmp_path / "shrunk.json")
    assert (status, after["start"]) == (0, before["start"])
    assert [step["name"] for step in after["steps"]] == ["token.transfer", "reserve.absorb"]
    assert after["title"] == "After 49 days, 49 % of the loss is made good"


def test_a_bad_trace_or_a_bad_place_is_one_line(failure, faulty_contracts, tmp_path):
    (tmp_path / "old.json").write_text('{"format": "makewhole trace", "version": 1}')
    for arguments, says in (
        ([tmp_path / "none.json"], "none.json: cannot be read (No such file or directory)"),
        ([tmp_path / "old.json"], "old.json: a trace of version 1; this program reads version 2"),
        ([failure, "--seconds", 0, "--output", tmp_path / "old.json" / "new.json"], "old.json/new.json: cannot be written (File exists)"),
    ):
        status, output, error = run(*arguments, "--contracts", faulty_contracts)
        assert (status, output) == (2, "")
        assert error == f"shrink: {tmp_path}/{says}\n"
