"""The main job as a user runs it: a fixed budget, a planted fault that must be found, and everything that can go wrong."""

import json
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from model import OPERATIONS
from tests.differential import environment, trace
from tests.differential.commands import ape, devnet_ports, is_free, start_ape
from tests.differential.machine import Tally
from tests.differential.planted import TAKES_TOO_LITTLE, faulty_project


def test_a_fixed_budget_of_programs_is_equal_on_both_sides(tmp_path):
    report = tmp_path / "report.json"
    done = ape("fuzz", "--examples", 250, "--seed", 2, "--report", report, "--trace", tmp_path / "trace.json")
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    found = json.loads(report.read_text())
    assert found["mismatches"] == 0
    assert found["examples"] >= 250 and found["steps"] > 10_000
    assert set(found["operations"]) == set(OPERATIONS)
    assert all(counts["ok"] for counts in found["operations"].values())
    assert all(counts["reverted"] for counts in found["operations"].values())
    assert set(found["waterfall"]) == set(Tally.WATERFALL) and all(found["waterfall"].values())
    assert all(map(is_free, devnet_ports(done.stdout)))
    assert not (tmp_path / "trace.json").exists()


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    return faulty_project(tmp_path_factory.mktemp("faulty"), TAKES_TOO_LITTLE)


def test_a_planted_fault_is_found_shrunk_and_replayed(faulty, tmp_path):
    recorded = tmp_path / "trace.json"
    done = ape("fuzz", "--examples", 250, "--seed", 3, "--shrink-seconds", 5, "--trace", recorded, cwd=faulty)
    assert done.returncode == 1, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert all(map(is_free, devnet_ports(done.stdout)))
    # Found: both sides are quoted. Shrunk: a request and the withdrawal that goes wrong are all that it takes, or little more.
    assert "MISMATCH" in done.stdout and "pool-" in done.stdout
    assert re.search(r"^>   taken  .*[+-]1 *$", done.stdout, re.M)
    program = trace.program_of(trace.read(recorded))
    assert len(program) <= 5
    assert program[-1][1].name == "pool.withdraw"
    # Replayed: the fault is there with the changed contracts, and not with ours.
    again = ape("replay", recorded, cwd=faulty)
    assert again.returncode == 1 and "MISMATCH" in again.stdout
    ours = ape("replay", recorded)
    assert ours.returncode == 0 and "equal on both sides" in ours.stdout, ours.stdout + ours.stderr


def test_a_mismatch_is_kept_though_the_run_is_interrupted_while_it_is_shrunk(faulty, tmp_path):
    recorded = tmp_path / "trace.json"
    options = ("--backend", "evm", "--contracts", faulty / "contracts", "--shrink-seconds", 600, "--trace", recorded)
    running, _ = start_ape("fuzz", "--examples", 500, "--seed", 3, *options, until="A mismatch: its calls are written")
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and f"a mismatch, not shrunk yet: {recorded}" in output, output
    assert trace.read(recorded)["fingerprint"]["label"] == "pool.withdraw: events: Compensated.taken"


def test_where_nothing_can_be_written_is_said_before_the_run(tmp_path):
    (tmp_path / "file").touch()
    for name in ("--report", "--trace"):
        done = ape("fuzz", "--backend", "evm", name, tmp_path / "file" / "in-it.json")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"fuzz: {tmp_path}/file/in-it.json: cannot be written (File exists)\n"


def test_the_same_seed_draws_the_same_calls_on_any_backend(tmp_path):
    reports = []
    for name in ("devnet", "evm"):
        ape("fuzz", "--backend", name, "--examples", 5, "--seed", 11, "--report", tmp_path / name)
        reports.append(json.loads((tmp_path / name).read_text()))
    first, second = ({key: value for key, value in report.items() if "second" not in key and key != "backend"} for report in reports)
    assert first == second


def test_too_short_a_run_says_what_it_did_not_reach(tmp_path):
    done = ape("fuzz", "--backend", "evm", "--examples", 1, "--steps", 1, "--seed", 1, "--report", tmp_path / "report.json")
    assert done.returncode == 3
    assert "not everything was reached" in done.stdout and "backstop never happened" in done.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_its_devnet(how, tmp_path):
    running, output = start_ape("fuzz", "--examples", 100_000, "--report", tmp_path / "report.json", until="Drawing")
    time.sleep(1)
    running.send_signal(how)
    rest, _ = running.communicate(timeout=60)
    assert running.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[how], output + rest
    assert all(map(is_free, devnet_ports(output)))
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fuzz", "--examples", "none"], "Invalid value for '--examples'"),
        (["fuzz", "--backend", "paper"], "Invalid value for '--backend'"),
        (["fuzz", "--colour"], "No such option: --colour"),
        (["replay"], "Missing argument 'TRACE...'"),
    ],
)
def test_a_wrong_flag_is_refused(arguments, says):
    done = ape(*arguments)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1


def test_a_taken_port_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = ape("fuzz", "--port", port)
    assert done.returncode == 2
    assert f"fuzz: port {port} is taken" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("tool", ["vyper", "anvil"])
def test_a_missing_tool_is_named(tool, monkeypatch):
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *rest: None if name == tool else found(name, *rest))
    with pytest.raises(environment.SetupError, match=rf"\({tool}\) is not installed: run `make setup`"):
        environment.check_tools()
