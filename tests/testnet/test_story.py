"""The whole story on a stand-in for a testnet: deployed by the command, a month of operations, a crash, a bailout, and the audit."""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest
from web3.logs import DISCARD

from deploy import record
from tests.differential.artifacts import compile_contracts
from tests.differential.planted import ROUNDS_DOWN, faulty_project
from tests.testnet.month import System, afterwards, month, swap
from tests.testnet.stand_in import CHAIN_ID, ROOT, Testnet, running_testnet

CONFIG = Path(__file__).with_name("system.yaml")


@pytest.fixture
def network(tmp_path):
    with running_testnet(tmp_path / "ape") as running:
        yield running


def deployed(network: Testnet, folder: Path, project: Path = ROOT) -> tuple[Path, System]:
    """Deploy as a user does; the record's path, and the system."""
    options = ("--network", network.network, "--account", "deployer", "--config", CONFIG, "--deployments", folder)
    done = network.ape("deploy", *options, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    path = record.path_of(CHAIN_ID, folder)
    return path, System(network, record.load(path), compile_contracts())


def audit(network: Testnet, path: Path, folder: Path, *options: object) -> tuple[int, str, dict]:
    """Run the command; how it ends, what it prints, and its report."""
    done = network.ape(*_command(network, path, folder), *options)
    report = folder / "report.json"
    return done.returncode, done.stdout + done.stderr, json.loads(report.read_text()) if report.exists() else {}


def _command(network: Testnet, path: Path, folder: Path) -> tuple:
    return "audit", "--deployment", path, "--network", network.network, "--cache", folder, "--report", folder / "report.json"


def test_a_month_with_a_crash_and_a_bailout_is_paid_as_specified(network, tmp_path):
    path, system = deployed(network, tmp_path / "deployments")
    withdrawals = month(system, days=7)
    slashed = system.contracts["backstop"].events.Slashed()
    assert all(slashed.process_receipt(receipt, errors=DISCARD) for receipt in withdrawals)  # the stakers have had to pay
    parameters = tuple(record.load(path).pools[0].parameters.values())
    afterwards(system, parameters)

    status, output, report = audit(network, path, tmp_path / "audit")
    assert status == 0, output
    assert "the chain has paid out what the specification says" in output
    assert report["equal"] and report["states_compared"] == 9 and report["states_unreadable"] == 0
    assert report["events_per_second"] >= 2_000
    paid = {(one["by"], one["token"]): int(one["amount"]) for one in report["paid"]}
    assert paid["backstop", "DLQ"] > 0 and paid["reserve", "tUSD"] > 0
    assert report["calls"]["pool.withdraw"] == 3 and report["stray_transfers"] == 4
    assert {"controller.accept_ownership", "pool.confirm_deposit", "backstop.unstake", "controller.create_pool"} <= report["calls"].keys()

    # From the middle on: what there was before is read from the chain. No file of the whole is used.
    middle = (report["from_block"] + report["to_block"]) // 2
    status, output, part = audit(network, path, tmp_path / "part", "--from", middle, "--checkpoints", 1)
    assert status == 0, output
    assert 0 < part["events"] < report["events"] and part["states_compared"] == 2
    follow_a_reorganisation(network, path, tmp_path / "audit", system)


def follow_a_reorganisation(network: Testnet, path: Path, folder: Path, system: System) -> None:
    running = network.start_ape(*_command(network, path, folder), "--follow", "--pause", 0.2)
    output = read_until(running, "Following")
    system.send(("trader", *swap("tETH/tUSD", "tUSD", 10**9, "trader")))
    output += read_until(running, "1 calls")
    network.request("anvil_reorg", 20, [])  # four seconds of blocks: more than the audit may lag behind, however busy the machine
    output += read_until(running, "reorganised")
    system.send(("trader", *swap("tETH/tUSD", "tUSD", 2 * 10**9, "trader")))
    output += read_until(running, "1 calls")
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=30)
    assert running.returncode == 130, output + rest
    assert "Interrupted: no difference up to block" in rest
    assert json.loads((folder / "report.json").read_text())["equal"]


def read_until(running, text: str) -> str:
    output, until = "", time.monotonic() + 60
    for line in running.stdout:
        output += line
        if text in line or time.monotonic() > until:
            break
    assert text in output, output
    return output


def test_a_planted_fault_is_found_at_the_first_wrong_payout(network, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    faulty_project(project, ROUNDS_DOWN)
    shutil.copytree(ROOT / "deploy", project / "deploy", dirs_exist_ok=True)
    path, system = deployed(network, tmp_path / "deployments", project)
    first, second = month(system, days=1)

    status, output, report = audit(network, path, tmp_path / "audit")
    assert status == 1, output
    difference = report["difference"]
    assert difference["transaction"] == "0x" + first["transactionHash"].hex().removeprefix("0x")
    assert (difference["block"], difference["rule"]) == (first["blockNumber"], "R16.1")
    (wrong, *_) = difference["fields"]
    assert wrong["field"].endswith("taken") and int(wrong["chain"]) == int(wrong["model"]) - 1
    assert difference["transaction"] in output and "R16.1" in output
    assert f"{int(wrong['model']):_}" in output and f"{int(wrong['chain']):_}" in output
    assert second["transactionHash"].hex() not in output
