"""The coverage of the contracts: what a few programs reach, and what nothing reaches."""

import json
import shutil
from pathlib import Path

import pytest

from model import OPERATIONS
from tests.differential.artifacts import CONTRACTS, compile_contract, compile_contracts
from tests.differential.commands import ape
from tests.differential.coverage import Coverage, Watcher, lay_over, read_named
from tests.differential.machine import Tally, draw_programs
from tests.differential.source_map import SETTING, Code, read_codes

BEFORE = "    booked: uint256 = self.held[token]\n    balance: uint256"
PLANTED = """    if token == empty(address) and token == self:
        return 1
"""
EVERY_CONDITION = """# pragma version 0.4.3
last: uint256

@external
def decide(a: uint256, b: uint256, c: uint256) -> uint256:
    assert a > 0 and b > 0 and c > 0, "reason"
    assert (
        a < 100  # a comment
    )
    for i: uint256 in range(2, 7):
        if i == c:
            break
        self.last += i
    for i: uint256 in range(a, bound=100):
        self.last = i
    if a == 1:
        return 1 if b == 1 else 2
    elif a == 2:
        return 3
    else:
        raise "neither"
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The contracts, with a condition in the Reserve that nothing can make true."""
    folder = tmp_path_factory.mktemp("planted") / "contracts"
    shutil.copytree(CONTRACTS, folder)
    file = folder / "Reserve.vy"
    assert file.read_text().count(BEFORE) == 1
    file.write_text(file.read_text().replace(BEFORE, PLANTED + BEFORE))
    return folder


@pytest.fixture(scope="module")
def codes(planted) -> list[Code]:
    return read_codes(planted, ["Reserve"])


@pytest.fixture(scope="module")
def coverage(planted, codes) -> Coverage:
    """What the prologue and ten programs reach of the Reserve with the planted condition."""
    watcher = Watcher(compile_contracts(setting=SETTING) | {"Reserve": compile_contract("Reserve", planted, SETTING)})
    start = watcher.play_prologue()
    draw_programs(watcher, start, Tally(list(OPERATIONS)), examples=10, length=50, random_seed=7)
    assert watcher.drawn >= watcher.traced > 0
    return lay_over(codes, watcher.tracer.trace)


def line_of(text: str, contracts: Path) -> int:
    (found,) = [number for number, line in enumerate((contracts / "Reserve.vy").read_text().splitlines(), 1) if text in line]
    return found


def test_what_is_planted_and_cannot_be_reached_is_missed_and_named_with_its_line(coverage, planted):
    line = line_of("token == self", planted)
    missed = {str(branch) for branch in coverage.missed()}
    assert f"Reserve.vy:{line} absorb: token == empty(address) and token == self: true" in missed
    assert f"Reserve.vy:{line} absorb: token == empty(address): true" in missed
    assert not coverage.lines["Reserve.vy", line + 1] and coverage.lines["Reserve.vy", line]
    reached = {str(branch) for branch, was in coverage.branches.items() if was}
    assert f"Reserve.vy:{line} absorb: token == empty(address) and token == self: false" in reached


def test_both_sides_that_a_few_programs_reach_are_reached(coverage):
    sides = {(branch.function, branch.condition): set() for branch in coverage.branches}
    for branch, reached in coverage.branches.items():
        if reached:
            sides[branch.function, branch.condition].add(branch.side)
    assert sides["absorb", "balance > booked"] == {"passes", "fails"}
    assert sides["_push", "amount == 0"] == {"false"}  # the Reserve is asked for what is due, never for nothing
    assert sides["draw", "staticcall IController(CONTROLLER).is_pool(msg.sender)"] == {"passes", "fails"}


def test_a_view_that_no_call_makes_is_not_reached(coverage, planted):
    assert not coverage.lines["Reserve.vy", line_of("    return CONTROLLER", planted)]


def test_every_sort_of_condition_is_found_in_the_code(tmp_path):
    (tmp_path / "Reserve.vy").write_text(EVERY_CONDITION)
    _, runtime = read_codes(tmp_path, ["Reserve"])
    assert all(runtime.branches.values()) and all(runtime.lines.values())
    conditions = {(branch.line, branch.condition): set() for branch in runtime.branches}
    for branch in runtime.branches:
        conditions[branch.line, branch.condition].add(branch.side)
    assert conditions == {
        (6, "a > 0"): {"true", "false"},
        (6, "b > 0"): {"true", "false"},
        (6, "a > 0 and b > 0 and c > 0"): {"passes", "fails"},
        (7, "a < 100"): {"passes", "fails"},
        (10, "for i: uint256 in range(2, 7)"): {"goes on", "ends"},
        (11, "i == c"): {"true", "false"},
        (14, "for i: uint256 in range(a, bound=100)"): {"goes on", "ends", "is empty", "is entered"},
        (16, "a == 1"): {"true", "false"},
        (17, "b == 1"): {"true", "false"},
        (18, "a == 2"): {"true", "false"},
    }


def test_every_entry_of_the_list_gives_a_reason():
    assert all(entry.reason and set(entry.fits) <= {"file", "function", "condition", "side"} for entry in read_named())


def test_the_command_reports_what_was_not_reached(tmp_path):
    done = ape("coverage", "--examples", 1, "--steps", 5, "--report", tmp_path / "report.json")
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["missed"] and report["drawn"] >= 1
    pool = report["files"]["Pool.vy"]
    assert 0 < pool["branches_reached"] < pool["branches"]


def test_contracts_that_disagree_are_not_measured(faulty_contracts, tmp_path):
    (tmp_path / "report.json").write_text("an earlier one")
    done = ape("coverage", "--seed", 7, "--contracts", faulty_contracts, "--report", tmp_path / "report.json")
    assert done.returncode == 2 and done.stderr.startswith("coverage: the contracts disagree with the model: "), done.stdout + done.stderr
    assert done.stderr.count("\n") == 1 and (tmp_path / "report.json").read_text() == "an earlier one"
