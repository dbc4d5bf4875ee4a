"""The form of a trace: what is written is read again, and what is foreign is refused in one line."""

import json
from dataclasses import replace

import pytest

from model import Operation, Parameters
from tests.differential import trace, world
from tests.differential.difference import Difference, Row
from tests.differential.engine import run_model
from tests.differential.plain import outcome_of, plain_start
from tests.differential.trace_schema import GENESIS, PROLOGUE
from tests.scenarios.scenario import FOLDER

SWAP = {"token_in": "USDC", "amount_in": 2**255, "min_amount_out": 0, "recipient": "trader", "deadline": 1}
PROGRAM = [
    (world.START, Operation("controller.create_pool", "controller", "governor", {"base": "ABC", "quote": "PQR", "parameters": Parameters(min_fee_bps=7)})),
    (world.START + 5, Operation("pool.swap", "pool-0", "trader", SWAP)),
    (world.START + 5, Operation("pool.sweep", "pool-0", "outsider", {})),
]  # fmt: skip
DIFFERENCE = Difference(2, "result", [Row("outcome", "returned", "returned"), Row("value.0", 0, 2**200), Row("value.1", 0, None)])


@pytest.fixture(scope="module")
def steps():
    return run_model(world.genesis(), PROGRAM)


def test_a_failure_is_written_and_read(steps, tmp_path):
    failure = trace.record(steps, GENESIS, title="A failure", difference=DIFFERENCE, seed=7, backend="evm")
    trace.write(tmp_path / "new" / "trace.json", failure)
    again = trace.read(tmp_path / "new" / "trace.json")
    assert again == failure
    assert trace.program_of(again) == PROGRAM
    assert again["context"] == {"seed": 7, "backend": "evm"}
    assert again["fingerprint"]["label"] == "pool.sweep: result: value.0"
    assert again["difference"]["step"] == 3 and again["difference"]["rows"][0] == {"path": "value.0", "model": 0, "observed": 2**200}


def test_a_recorded_run_is_written_and_read(steps, tmp_path):
    trace.write(tmp_path / "trace.json", trace.record(steps, GENESIS, outcomes=True, states=True))
    again = trace.read(tmp_path / "trace.json")
    assert trace.program_of(again) == PROGRAM
    assert [outcome_of(step["outcome"]) for step in again["steps"]] == [step.outcome for step in steps]
    assert again["steps"][0]["state"]["pools"].keys() == {"pool-0"}


def test_a_scenario_is_written_and_read(tmp_path):
    path = FOLDER / "after-49-days-49-percent.json"
    scenario = trace.read(path)
    trace.write(tmp_path / path.name, scenario)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


STEP = {"now": world.START, "name": "pool.sweep", "target": "pool-1", "sender": "outsider", "arguments": {}}
TRACE = {**trace.HEAD, "start": PROLOGUE, "steps": [STEP]}


def step(name: str, target: str, **arguments) -> dict:
    return TRACE | {"steps": [STEP, STEP | {"name": name, "target": target, "arguments": arguments}]}


def from_system(**parameters) -> dict:
    start = plain_start(world.genesis())
    return TRACE | {"start": start | {"parameters": start["parameters"] | parameters}}


def transfer(**arguments) -> dict:
    return step("token.transfer", "USDC", **{"to": "trader", "amount": 1, **arguments})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfe\x00", "not JSON ("),
        ("calls", "not JSON (expected value"),
        ("[" * 100_000, "not JSON (recursion limit exceeded"),
        ("9" * 5_000, "not JSON (number out of range"),
        ("[]", "not a makewhole trace"),
        ({}, "not a makewhole trace"),
        ({"format": "makewhole report", "version": 2}, "not a makewhole trace"),
        (TRACE | {"version": 1}, "a trace of version 1; this program reads version 2"),
        (TRACE | {"version": 3}, "a trace of version 3; this program reads version 2"),
        ({"format": "makewhole trace"}, "a trace of version null; this program reads version 2"),
        ({**trace.HEAD, "steps": [STEP]}, "version 2: top level: 'start' is a required property"),
        (TRACE | {"start": "yesterday"}, "start: 'yesterday' is not one of"),
        (TRACE | {"start": {}}, "starts from a system that is not this world's"),
        (from_system(epoch_seconds=1.5), "starts from a system whose parameters are no integers"),
        (from_system(epoch_seconds=1), "starts from a system that cannot be: controller: epoch_seconds out of bounds"),
        (TRACE | {"start": "genesis", "steps": [STEP | {"now": 5}]}, "begins before the world does, at 5"),
        (TRACE | {"world": "0123456789"}, "recorded from another prologue than this world's"),
        (TRACE | {"colour": 1}, "top level: Additional properties are not allowed ('colour' was unexpected)"),
        (TRACE | {"steps": []}, "steps: [] should be non-empty"),
        (TRACE | {"steps": [STEP | {"now": world.START + 1}, STEP]}, "time runs backwards"),
        (TRACE | {"steps": [STEP | {"now": world.START - 1}]}, "begins before the prologue has ended"),
        (TRACE | {"steps": [STEP | {"now": 2**64}]}, "steps/0/now: 18446744073709551616 is greater than the maximum"),
        (TRACE | {"steps": [STEP | {"now": world.START + 0.5}]}, "steps/0/now: 2000000000.5 is not of type 'integer'"),
        (TRACE | {"steps": [STEP | {"name": "pool.drain"}]}, "steps/0/name: 'pool.drain' is not one of"),
        (TRACE | {"steps": [STEP | {"sender": "stranger"}]}, "steps/0/sender: 'stranger' is not one of"),
        (TRACE | {"steps": [STEP | {"outcome": {}}]}, "steps/0/outcome: 'value' is a required property"),
        (TRACE | {"steps": [{"now": world.START}]}, "steps/0: 'name' is a required property"),
        (step("pool.sweep", "pool-77"), "steps/1/target: 'pool-77' is not one of"),
        (step("pool.sweep", "USDC"), "steps/1/target: 'USDC' is not one of"),
        (step("pool.sweep", "pool-1", depth=1), "steps/1/arguments: Additional properties are not allowed ('depth' was unexpected)"),
        (step("pool.exit", "pool-1"), "steps/1/arguments: 'units' is a required property"),
        (step("reserve.absorb", "reserve", token="trader"), "steps/1/arguments/token: 'trader' is not one of"),
        (step("controller.create_pool", "controller", base="ABC", quote="PQR", parameters={}), "parameters: 'full_protection_seconds' is"),
        (transfer(to="stranger"), "steps/1/arguments/to: 'stranger' is not one of"),
        (transfer(amount=-1), "steps/1/arguments/amount: -1 is less than the minimum of 0"),
        (transfer(amount=2**256), "is greater than the maximum of"),
        (transfer(amount=True), "steps/1/arguments/amount: True is not of type 'integer'"),
        (transfer(amount="1"), "steps/1/arguments/amount: '1' is not of type 'integer'"),
        (transfer(amount=1.0), "steps/1/arguments/amount: 1.0 is not of type 'integer'"),
    ],
)  # fmt: skip
def test_an_unreadable_or_foreign_trace_is_refused(content, says, tmp_path):
    path = tmp_path / "trace.json"
    if content is not None:
        written = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(trace.TraceError) as refused:
        trace.read(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ") and says in message
    assert "\n" not in message and len(message) < 400 + len(str(path))


def test_a_trace_that_names_its_world_is_read_in_that_world_alone(steps, tmp_path, monkeypatch):
    trace.write(tmp_path / "trace.json", trace.record(steps, PROLOGUE))
    trace.read(tmp_path / "trace.json")
    trace.start_digest.cache_clear()
    before = world.prologue()
    monkeypatch.setattr(world, "prologue", lambda: before[:-1])
    with pytest.raises(trace.TraceError, match="recorded from another prologue"):
        trace.read(tmp_path / "trace.json")
    trace.start_digest.cache_clear()


def test_a_scenario_of_another_system_is_refused(tmp_path):
    genesis = world.genesis()
    other = plain_start(replace(genesis, tokens=genesis.tokens | {"USDC": replace(genesis.tokens["USDC"], decimals=7)}))
    (tmp_path / "trace.json").write_text(json.dumps(TRACE | {"start": other}))
    with pytest.raises(trace.TraceError, match="starts from a system that is not this world's"):
        trace.read(tmp_path / "trace.json")


def test_what_stood_there_stays_where_a_trace_cannot_be_written(steps, tmp_path, monkeypatch):
    path = tmp_path / "trace.json"
    trace.write(path, trace.record(steps, GENESIS))
    before = path.read_bytes()

    def full(_self, text):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(trace.TraceError, match="cannot be written .No space left on device"):
        patched.setattr(type(path), "write_text", full)
        trace.write(path, trace.record(steps[:1], GENESIS))
    assert path.read_bytes() == before
    with pytest.raises(trace.TraceError, match="cannot be written .Not a directory|cannot be written .File exists"):
        trace.write(path / "below.json", trace.record(steps, GENESIS))
