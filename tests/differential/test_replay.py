"""`ape run replay`: any trace on any backend, stopped at the first difference, which is shown side by side."""

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from model import Operation, State
from model.state import with_pool
from scripts import replay
from tests.differential import trace, world
from tests.differential.engine import Step, compare, run_model
from tests.differential.environment import BACKENDS
from tests.differential.planted import plant
from tests.differential.trace_schema import PROLOGUE
from tests.scenarios.scenario import FOLDER

SWEEP = (world.START, Operation("pool.sweep", "pool-1", "outsider", {}))


def leaving(state: State) -> world.Program:
    """provider-1 leaves pool-1 with so much that the Reserve cannot pay all that is due, and tries once more."""
    units = {"units": state.pools["pool-1"].positions["provider-1"].units // 5}
    free = {"min_base": 0, "min_quote": 0, "max_shortfall": world.UNLIMITED}
    withdrawal = (world.START + world.DAY, Operation("pool.withdraw", "pool-1", "provider-1", free))
    return [(world.START, Operation("pool.request_withdrawal", "pool-1", "provider-1", units)), SWEEP, withdrawal, withdrawal]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, on_faulty):
    """A failure, a recorded run, and a scenario that fails the same way as the failure."""
    chain, start = on_faulty
    folder = tmp_path_factory.mktemp("traces")
    steps = run_model(start, leaving(start))
    difference = compare(steps, chain)
    assert difference.index == 2
    trace.write(folder / "failure.json", trace.record(steps[:3], PROLOGUE, difference=difference, backend="evm"))
    trace.write(folder / "recorded.json", trace.record(steps, PROLOGUE, outcomes=True, states=True))
    trace.write(folder / "scenario.json", trace.read(FOLDER / "an-asymmetrical-deposit-is-protected-as-if-re-balanced.json"))
    return folder


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setattr(replay.console, "width", 120)


def run(*arguments) -> tuple[int, str, str]:
    done = CliRunner(mix_stderr=False).invoke(replay.cli, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def with_fault(faulty_contracts):
    """What has the command run on the faulty contracts."""
    return "--contracts", faulty_contracts


@pytest.mark.parametrize("name", BACKENDS)
def test_failures_scenarios_and_recorded_runs_are_equal_where_nothing_is_wrong(name, folder):
    status, output, _ = run(folder, "--backend", name)
    assert status == 0
    assert f"{folder}/failure.json: 3 steps, equal on both sides\nWhat was recorded is no longer there: pool.withdraw: events: " in output
    assert f"{folder}/recorded.json: 4 steps, equal on both sides" in output
    assert re.search(r"scenario.json: \d+ steps, equal on both sides", output)
    assert output.endswith("3 traces, 0 with a difference\n")


def test_one_trace_is_shown_call_by_call(folder):
    status, output, _ = run(folder / "recorded.json", "--backend", "evm")
    assert status == 0
    first, *rest = output.splitlines()
    assert re.fullmatch(r"   1. day \+0   00:00:00  provider-1 -> pool-1.request_withdrawal\(units=[\d_]+\)  ok", first)
    assert rest == [
        "   2. day +0   00:00:00  outsider -> pool-1.sweep()  ok",
        "   3. day +1   00:00:00  provider-1 -> pool-1.withdraw(min_base=0, min_quote=0, max_shortfall=unlimited)  ok",
        "   4. day +1   00:00:00  provider-1 -> pool-1.withdraw(min_base=0, min_quote=0, max_shortfall=unlimited)"
        "  reverted: pool: no executable request",
        f"{folder / 'recorded.json'}: 4 steps, equal on both sides",
    ]


def test_a_difference_is_shown_side_by_side(folder, with_fault):
    status, output, _ = run(folder / "failure.json", "--backend", "evm", *with_fault)
    assert status == 1
    assert output.startswith(f"MISMATCH in {folder / 'failure.json'}\n   1. day +0 ")
    # The call after the first difference is not told; the field that differs is, with both values and what lies between them.
    assert "   3. " in output and "   4. " not in output
    assert re.search(r"^step 3: result differs  \([0-9a-f]{10} pool.withdraw: events: Compensated.taken\)$", output, re.M)
    model, chain = re.search(r"^>   taken +([\d_]+) +([\d_]+) +-1 *$", output, re.M).groups()
    assert int(model) - int(chain) == 1
    assert re.search(r"^    deficit_token +ABC +ABC *$", output, re.M)
    assert re.search(r"^  event 3: pool-1 Withdrawn +same +same *$", output, re.M)
    assert output.endswith("It fails as recorded.\n")


def test_traces_of_all_kinds_are_stopped_by_the_same_fault(folder, with_fault):
    status, output, _ = run(folder, "--backend", "evm", "--json", *with_fault)
    assert status == 1
    told = {result["trace"].rpartition("/")[2]: result for result in json.loads(output)["traces"]}
    assert told.keys() == {"failure.json", "recorded.json", "scenario.json"}
    assert {result["fingerprint"]["label"] for result in told.values() if not result["equal"]} == {"pool.withdraw: events: Compensated.taken"}
    assert not told["failure.json"]["equal"] and told["failure.json"]["difference"]["step"] == 3
    (taken,) = [row for row in told["recorded.json"]["difference"]["rows"] if row["path"].endswith(".Compensated[pool-1].taken")]
    assert taken["model"] == taken["observed"] + 1
    assert told["recorded.json"]["difference"]["against"] == "chain"


@pytest.mark.parametrize(
    ("change", "step", "says"),
    [
        (lambda steps: steps[0]["outcome"].update(value=5), 1, r"^>   value +nothing +5"),
        (lambda steps: steps[3]["outcome"].update(reason="pool: locked up"), 4, r"reverted: pool: no executable request +reverted: pool: locked up"),
        (lambda steps: steps[2]["outcome"]["events"][3]["arguments"].update(age=7), 3, r"^>   age +8_640_000 +7 +-8_639_993"),
        (lambda steps: steps[1]["outcome"]["events"].append({"source": "pool-1", "name": "Donated", "arguments": {}}), 2, r"^>   the event +nothing +emitted"),
        (lambda steps: steps[1]["state"]["controller"].update(owner="trader"), 2, r"^>   owner +governor +trader"),
        (lambda steps: steps[2]["state"]["pools"]["pool-2"]["positions"]["provider-3"].update(clock=7), 3, r"^>   clock +[\d_]+ +7 "),
    ],
)  # fmt: skip
def test_what_was_recorded_is_compared_too(change, step, says, folder, tmp_path):
    recorded = trace.read(folder / "recorded.json")
    change(recorded["steps"])
    trace.write(tmp_path / "trace.json", recorded)
    status, output, _ = run(tmp_path / "trace.json", "--backend", "evm")
    assert status == 1
    assert re.search(rf"^step {step}: \w+ differs", output, re.M) and re.search(says, output, re.M), output
    assert re.search(r"^  field +model +record +by *$", output, re.M)


def test_a_trace_is_recorded_with_what_comes_of_it(folder, tmp_path):
    status, _, _ = run(folder / "failure.json", "--backend", "evm", "--record", tmp_path)
    assert status == 0
    recorded, before = trace.read(tmp_path / "failure.json"), trace.read(folder / "recorded.json")
    assert recorded["steps"] == before["steps"][:3]
    assert "difference" not in recorded and "fingerprint" not in recorded


def test_a_state_that_differs_is_shown_by_field(on_faulty, capsys):
    chain, start = on_faulty
    (step,) = run_model(start, [SWEEP])
    changed = replace(step, state=with_pool(step.state, "pool-1", total_shortfall=1))
    show(capsys, [changed], compare([changed], chain), r"^  pools\[pool-1\].state *\n>   total_shortfall +1 +0 +-1 *$")


def test_a_missing_revert_and_a_missing_event_are_shown(on_faulty, capsys):
    chain, start = on_faulty
    (step,) = run_model(start, [SWEEP])
    reverted = replace(step, outcome=replace(step.outcome, reason="pool: not active", events=()))
    show(capsys, [reverted], compare([reverted], chain), r"^>   outcome +reverted: pool: not active +returned *$")
    silent = replace(step, outcome=replace(step.outcome, events=step.outcome.events[1:]))
    show(capsys, [silent], compare([silent], chain), r"^  event 1: pool-1 \w+ *\n>   the event +nothing +emitted *$")


def show(capsys, steps: list[Step], difference, says: str) -> None:
    replay.tell_difference(replay.console, steps, difference)
    output = capsys.readouterr().out
    assert re.search(says, output, re.M), output


def test_a_fault_in_the_prologue_is_shown(tmp_path, folder):
    halves = ("modules/stake_math.vy", "return amount * total_shares // total_stake", "return amount * total_shares // total_stake + 1")
    status, output, _ = run(folder / "failure.json", "--backend", "evm", "--contracts", plant(tmp_path / "contracts", halves))
    assert status == 1
    assert output.startswith("MISMATCH before any trace, in the prologue") and "calls before" in output
    assert re.search(r"^>   shares +[\d_]+ +[\d_]+ +\+1 *$", output, re.M)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no traces (*.json) in this folder"),
        ({"format": "makewhole trace", "version": 1}, "a trace of version 1; this program reads version 2"),
        ({**trace.HEAD, "start": PROLOGUE, "steps": [trace.plain_call(world.START, Operation("pool.sweep", "pool-10", "trader", {}))]}, "step 1: pool-10 has not been created"),
    ],
)  # fmt: skip
def test_a_bad_trace_is_one_line(content, says, tmp_path):
    if content:
        (tmp_path / "trace.json").write_text(json.dumps(content))
    status, output, error = run(tmp_path, "--backend", "evm")
    assert (status, output) == (2, "")
    assert error.startswith("replay: ") and error.endswith(f"{says}\n") and error.count("\n") == 1
