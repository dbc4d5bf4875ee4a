"""Several workers: they share the work, end together, and say what went wrong in any of them."""

import json
import os
import re
import shlex
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.differential import trace
from tests.differential.commands import ape, devnet_ports, is_free, start_ape
from tests.differential.environment import SetupError, backend
from tests.differential.machine import Budget, Tally
from tests.differential.planted import MISTOLD_EXIT, MISTOLD_REQUEST, plant
from tests.differential.side_by_side import run_side_by_side, share_of

EVM = partial(backend, "evm")


class Quiet:
    """A display that remembers what it was told."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def deployed(self, places):
        self.places = places

    def progress(self, tally):
        self.tally = tally

    def found(self, mismatch):
        self.mismatch = mismatch


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    return plant(tmp_path_factory.mktemp("faulty") / "contracts", MISTOLD_EXIT, MISTOLD_REQUEST)


def children(process: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def soon(happens) -> bool:
    """Whether something happens within ten seconds."""
    until = time.monotonic() + 10
    while not happens() and time.monotonic() < until:
        time.sleep(0.05)
    return happens()


def test_shares_add_up_and_are_drawn_from_seeds_of_their_own():
    shares = [share_of(Budget(101, 50, 1, 30), number, 4) for number in range(4)]
    assert [share.examples for share in shares] == [26, 25, 25, 25]
    others = [share_of(Budget(101, 50, seed, 30), number, count) for seed, count, number in ((1, 2, 0), (1, 2, 1), (2, 4, 0))]
    assert len({share.seed for share in (*shares, *others)}) == 7


def test_workers_compare_the_same_programs_each_time():
    found = []
    for _ in range(2):
        display = Quiet()
        assert run_side_by_side(2, EVM, Budget(20, 50, 1, 30), display) is None
        assert display.places == ["in process"] * 2
        found.append(vars(display.tally))
    assert found[0] == found[1]
    assert found[0]["examples"] >= 20 and found[0]["steps"] > 800


def test_tallies_are_added_up():
    first, second = Tally(), Tally()
    first.examples, second.examples = 2, 3
    first.reasons["pool: paused"] = second.reasons["pool: paused"] = 1
    second.succeeded["pool.swap"] = 5
    total = Tally.total([first, second])
    assert (total.examples, total.reasons["pool: paused"], total.succeeded["pool.swap"]) == (5, 2, 5)
    assert set(total.succeeded) == set(Tally().succeeded)
    assert {*Tally.COUNTERS, *Tally.NUMBERS} == set(vars(total))


def test_the_mismatch_of_one_worker_ends_all_and_is_the_same_each_time(faulty):
    openly = partial(backend, "evm", sources=faulty)
    first, second = (run_side_by_side(2, openly, Budget(1_000, 50, 1, 0), Quiet()) for _ in range(2))
    assert [step.operation for step in first.steps] == [step.operation for step in second.steps]
    assert first.difference == second.difference


def test_the_command_reports_what_its_workers_found(faulty, tmp_path):
    report, recorded = tmp_path / "report.json", tmp_path / "trace.json"
    paths = ("--contracts", faulty, "--report", report, "--trace", recorded)
    done = ape("fuzz", "--backend", "evm", "--workers", 2, "--examples", 500, "--seed", 1, "--shrink-seconds", 1, *paths)
    assert done.returncode == 1, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert "MISMATCH" in done.stdout and trace.read(recorded)["steps"][-1]["name"] in ("pool.exit", "backstop.request_unstake")
    found = json.loads(report.read_text())
    assert (found["workers"], found["mismatches"]) == (2, 1) and found["examples"] < 500
    # The command that is told to run it again does so, against the same contracts.
    told = re.search(r"^Run it again on both sides: ape run (.+)$", done.stdout, re.M)[1]
    again = ape(*shlex.split(told))
    assert again.returncode == 1 and "It fails as recorded." in again.stdout, again.stdout + again.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_and_no_devnet_outlives_the_command(how, tmp_path):
    running, output = start_ape("fuzz", "--workers", 2, "--examples", 100_000, "--report", tmp_path / "report.json", until="Drawing")
    workers = children(running.pid)
    assert len(workers) == 2
    running.send_signal(how)
    running.communicate(timeout=60)
    assert running.returncode == (143 if how == signal.SIGTERM else -how)
    assert soon(lambda: all(map(gone, workers)))
    ports = devnet_ports(output)
    assert len(ports) == 2 and soon(lambda: all(map(is_free, ports)))


def test_a_worker_that_is_killed_is_told(tmp_path):
    running, _ = start_ape(
        "fuzz", "--backend", "evm", "--workers", 2, "--examples", 100_000, "--report", tmp_path / "report.json", until="Drawing"
    )
    first, second = children(running.pid)
    os.kill(first, signal.SIGKILL)
    rest, _ = running.communicate(timeout=60)
    assert running.returncode == 2
    assert rest.splitlines()[-1] == "fuzz: worker 0 ended by itself, with exit code -9"
    assert gone(second)


def test_what_a_worker_lacks_is_said_once(tmp_path):
    with pytest.raises(SetupError, match="^Controller does not compile: could not find"):
        run_side_by_side(2, partial(backend, "evm", sources=tmp_path), Budget(2, 5, 1, 1), Quiet())


def test_a_port_is_for_one_devnet():
    done = ape("fuzz", "--workers", 2, "--port", 12_345)
    assert done.returncode == 2 and "--port and --network are for one worker" in done.stderr
