"""The tool that plants faults: it finds the places, says what became of each, and goes on where it was."""

import ast as python
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import vyper.ast as ast

from tests.mutation import results, vyper_mutants
from tests.mutation.contract_check import affected
from tests.mutation.forks import run_all
from tests.mutation.mutant import Mutant, Verdict

ROOT = Path(__file__).parents[2]
CONTRACTS = sorted([*(ROOT / "contracts").glob("*.vy"), *(ROOT / "contracts" / "modules").glob("*.vy")])


def run(build: Path, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, ROOT / "scripts" / "mutants.py", "--build", build, "--examples", "25", *arguments]
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("mutants")


# -- planting faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_every_expression_stands_where_it_is_said_to(path):
    source = vyper_mutants.Source(path.read_text())
    for node in source.in_code(ast.VyperNode):
        code = source.code(node)
        if isinstance(node, ast.Name):
            assert code == node.id
        if isinstance(node, ast.ExprNode):
            python.parse(f"({re.sub('staticcall|extcall', 'await', code)})")


MODULE = """
@external
def pay(token: address, amount: uint256, paid: uint256) -> uint256:
    assert msg.sender == self.owner, "caller"
    self._touch()
    owed: uint256 = amount * paid // 7
    if owed > paid and amount <= 3:
        self.base += owed
    self.quote = min(owed, paid)
    log Paid(amount=amount, paid=paid)
    log Done(ok=True)
    return owed

@internal
def _touch():
    self.base = 1
"""


@pytest.mark.parametrize(
    ("category", "change"),
    [
        ("arithmetic", "amount * paid // 7 => amount * paid * 7"),
        ("arithmetic", "amount * paid => amount"),
        ("arithmetic", "self.base += owed => self.base -= owed"),
        ("arithmetic", "min => max"),
        ("rounding", "amount * paid // 7 => (amount * paid + 7 - 1) // 7"),
        ("comparison", "msg.sender == self.owner => msg.sender != self.owner"),
        ("boundary", "owed > paid => owed >= paid"),
        ("boundary", "amount <= 3 => amount <= 3 + 1"),
        ("logic", "owed > paid and amount <= 3 => amount <= 3"),
        ("logic", "and => or"),
        ("constants", "7 => 8"),
        ("dropped", "self._touch() => pass"),
        ("access", 'assert msg.sender == self.owner, "caller" => pass'),
        ("access", "msg.sender => tx.origin"),
        ("reordered", "log Paid(amount=amount, paid=paid) log Done(ok=True) => log Done(ok=True) log Paid(amount=amount, paid=paid)"),
        ("swapped arguments", "amount, paid=paid => paid, paid=amount"),
        ("swapped tokens", "base => quote"),
    ],
)
def test_faults_of_every_kind_are_planted(category, change, tmp_path):
    (tmp_path / "Module.vy").write_text(MODULE)
    mutants = vyper_mutants.mutants_in(tmp_path, "Module.vy")
    assert (category, change) in {(mutant.category, mutant.change) for mutant in mutants}
    assert len({mutant.id for mutant in mutants}) == len({mutant.source for mutant in mutants}) == len(mutants)


def test_what_cannot_matter_is_not_reordered(tmp_path):
    (tmp_path / "Module.vy").write_text(MODULE)
    reordered = {mutant.change for mutant in vyper_mutants.mutants_in(tmp_path, "Module.vy") if mutant.category == "reordered"}
    assert not any("self.quote = min(owed, paid) log Paid" in change for change in reordered)


def test_the_contracts_that_a_file_is_part_of():
    assert affected("contracts/Pool.vy") == ["Pool"]
    assert {"Pool", "Backstop"} <= set(affected("contracts/modules/fixed_point.vy"))
    assert "Controller" not in affected("contracts/modules/stake_math.vy")


# -- adding up -----------------------------------------------------------------------------------------------------


def mutant(name: str) -> Mutant:
    return Mutant(name, "contracts/Pool.vy", 1, "logic", "", "and => or")


def test_equivalent_mutants_are_argued_for_one_by_one():
    survived, killed = (mutant("a"), Verdict("survived")), (mutant("b"), Verdict("killed", "state", "pool.add", 7, 0.5))
    assert results.report([survived, killed])["score"] == 50
    judged = results.judged([survived, killed], {"a": "both are the same"})
    assert [verdict.status for _, verdict in judged] == ["equivalent", "killed"]
    assert results.report(judged)["score"] == 100
    with pytest.raises(results.ResultsError, match="b .*called equivalent, and was killed"):
        results.judged([survived, killed], {"b": "so they say"})


def test_results_survive_a_run_that_does_not(tmp_path):
    store = results.Store(tmp_path / "results.jsonl")
    store.add("one", Verdict("killed", "state", "pool.add", 7, 0.5))
    with store.path.open("a") as file:
        file.write('{"key": "two", "sta')
    assert results.Store(store.path).known == {"one": Verdict("killed", "state", "pool.add", 7, 0.5)}


# -- the whole of it -----------------------------------------------------------------------------------------------


def test_faults_in_the_contracts_are_found_and_the_next_run_knows_it(build):
    sample = ["--side", "contracts", "--only", "swap_math.vy", "--sample", 4]
    done = run(build, *sample)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((build / "report.json").read_text())["contracts"]
    assert found["killed"] == found["mutants"] > 0 and found["survived"] == 0
    again = run(build, *sample)
    assert again.returncode == 0 and "4 of 4 verdicts are known" in again.stdout


@pytest.mark.parametrize(
    ("side", "chosen"), [("contracts", ["--only", "> max_deviation_bps * price + 1"]), ("model", ["--id", "74ac01818d"])]
)
def test_a_fault_in_a_pure_function_that_no_program_meets_is_found_by_its_arguments(build, side, chosen):
    done = run(build, "--side", side, *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((build / "report.json").read_text())[side]
    assert found["killed_by"] == {"arguments": 1}
    assert found["killed_in"] == {"test_contract_equals_model[oracle__deviates]": 1}


def test_a_mutant_is_shown_as_a_diff(build):
    listed = run(build, "--side", "contracts", "--only", "waterfall.vy", "--list").stdout.splitlines()
    name = listed[0].split()[0]
    shown = run(build, "--side", "contracts", "--show", name)
    assert shown.returncode == 0 and "--- contracts/modules/waterfall.vy" in shown.stdout
    assert run(build, "--side", "contracts", "--show", "nothing").returncode == 2
    assert run(build, "--side", "contracts", "--id", name, "--list").stdout.splitlines() == listed[:1]
    assert run(build, "--side", "contracts", "--id", "nothing", "--list").returncode == 2


def test_an_interrupted_run_keeps_what_it_knows(build):
    def known() -> int:
        path = build / "results.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0

    command = [sys.executable, ROOT / "scripts" / "mutants.py", "--build", build, "--examples", "25", "--side", "contracts", "--workers", "1"]
    running = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    before = known()
    until = time.monotonic() + 120
    while known() < before + 2 and time.monotonic() < until:
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "Interrupted" in output, output
    assert known() >= before + 2


def test_what_a_worker_has_started_ends_with_an_interrupted_run(tmp_path):
    started = tmp_path / "started"

    def check(_: Mutant) -> Verdict:
        with tempfile.TemporaryDirectory(dir=tmp_path):
            subprocess.run(["sh", "-c", 'echo $$ > "$0.new" && mv "$0.new" "$0" && exec sleep 600', started])
        return Verdict("survived")

    def interrupt() -> None:
        if started.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_all([Mutant("one", "a.py", 1, "number", "", "")], check, workers=1, limit=60, tick=interrupt))
    assert list(tmp_path.iterdir()) == [started]
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
