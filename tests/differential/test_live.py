"""Signed transactions as a user runs them: on our own devnet, on a network with a time of its own, and where it cannot work."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from web3 import HTTPProvider, Web3

from tests.differential import live, trace, world
from tests.differential.artifacts import compile_contracts
from tests.differential.commands import ape
from tests.differential.deployment import deploy_world
from tests.differential.environment import accounts_of_tests, devnet, free_port
from tests.differential.live import LiveNetwork
from tests.differential.machine import Mismatch
from tests.differential.planted import MISTOLD_SWAP, plant
from tests.differential.transactions import Sender

ROOT = Path(__file__).parents[2]
APE = Path(sys.executable).with_name("ape")
CHAIN_ID = 11_155_111  # Sepolia's
BLOCK_SECONDS = 300  # long ones: epochs pass within a short run
ALIASES = [f"actor{number}" for number in range(len(world.ACTORS))]
KEYS = {alias: f"0x{number:064x}" for number, alias in enumerate(ALIASES, 1)}


@pytest.fixture(scope="module")
def node():
    """A node of which nobody but itself sets the time; its URL."""
    port = free_port()
    command = ["anvil", "--port", str(port), "--chain-id", str(CHAIN_ID), "--accounts", "0", "--silent"]
    running = subprocess.Popen(command)
    try:
        web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
        until = time.monotonic() + 30
        while not web3.is_connected():
            assert time.monotonic() < until, "Anvil does not start"
            time.sleep(0.1)
        web3.provider.make_request("anvil_setBlockTimestampInterval", [BLOCK_SECONDS])
        for key in KEYS.values():
            web3.provider.make_request("anvil_setBalance", [Account.from_key(key).address, hex(10**20)])
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def ape_folder(tmp_path_factory) -> Path:
    """An Ape data folder with a key file for each actor, and one too many that has no funds."""
    folder = tmp_path_factory.mktemp("ape")
    (folder / "accounts").mkdir()
    for alias, key in (KEYS | {"penniless": f"0x{99:064x}"}).items():
        keyfile = Account.encrypt(key, "secret", kdf="pbkdf2", iterations=1_000)
        (folder / "accounts" / f"{alias}.json").write_text(json.dumps(keyfile))
    (folder / "ape-config.yaml").write_text("ethereum:\n  sepolia:\n    required_confirmations: 0\n")
    return folder


@pytest.fixture
def fuzz(ape_folder, tmp_path):
    """Run `ape run fuzz` with that folder, and the passphrases in the environment."""
    passphrases = {f"APE_ACCOUNTS_{alias}_PASSPHRASE": "secret" for alias in (*ALIASES, "penniless")}
    ours = {name: value for name, value in os.environ.items() if name != "APE_FOUNDRY_HOST"}

    def start(*arguments, **environment) -> subprocess.Popen:
        command = [APE, "run", "fuzz", *map(str, arguments), "--report", tmp_path / "report.json", "--trace", tmp_path / "trace.json"]
        environment = ours | passphrases | {"COLUMNS": "200", "APE_DATA_FOLDER": str(ape_folder)} | environment
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    def fuzz(*arguments, **environment) -> subprocess.CompletedProcess:
        running = start(*arguments, **environment)
        output, told = running.communicate(timeout=300)
        return subprocess.CompletedProcess(running.args, running.returncode, output, told)

    fuzz.start = start
    fuzz.report = lambda: json.loads((tmp_path / "report.json").read_text())
    return fuzz


def named(*aliases: str) -> list[str]:
    return [argument for alias in aliases for argument in ("--account", alias)]


def test_on_our_own_devnet_transactions_come_to_what_the_embedded_backend_says(fuzz):
    reports = []
    # Equal, but far too short to reach everything, which of transactions nobody asks.
    for backend, status in (("transactions", 0), ("evm", 3)):
        done = fuzz("--backend", backend, "--examples", 2, "--steps", 10, "--seed", 3)
        assert done.returncode == status, done.stdout + done.stderr
        reports.append(fuzz.report() | {"backend": "", "seconds": 0, "steps_per_second": 0})
    assert reports[0] == reports[1] and reports[0]["mismatches"] == 0


def test_a_live_network_is_followed_in_lock_step(node, fuzz):
    done = fuzz(
        "--backend", "transactions", "--network", f"ethereum:sepolia:{node}", *named(*ALIASES),
        "--examples", 2, "--steps", 20, "--seed", 5,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Deployed to ethereum:sepolia." in done.stdout and "Both sides agree on the prologue" in done.stdout
    report = fuzz.report()
    assert (report["examples"], report["steps"], report["mismatches"]) == (2, 40, 0)
    assert sum(counts["ok"] > 0 for counts in report["operations"].values()) > 5 and report["reasons"]
    # Every call was a transaction of somebody's, and its time the network's own.
    eth = Web3(HTTPProvider(node)).eth
    sent = {alias: eth.get_transaction_count(Account.from_key(key).address) for alias, key in KEYS.items()}
    assert all(sent.values()) and sum(sent.values()) == eth.block_number
    times = [eth.get_block(number)["timestamp"] for number in range(eth.block_number - 40, eth.block_number + 1)]
    assert all(after - before == BLOCK_SECONDS for before, after in zip(times, times[1:]))


def test_a_disagreement_on_a_live_network_is_told():
    """The model's state is changed behind the driver's back."""
    with devnet() as provider:
        actors = dict(zip(world.ACTORS, accounts_of_tests()))
        directory, inspector = deploy_world(list(actors.values()), compile_contracts(), live.SYSTEM)
        network = LiveNetwork(Sender(provider, actors, directory, inspector.address), directory)
        agreed, changed = list(live.prologue())[:2]
        network.take(agreed)
        network.state = replace(network.state, controller=replace(network.state.controller, swept_epoch=7))
        with pytest.raises(Mismatch) as raised:
            network.take(changed)
    difference = raised.value.difference
    assert (difference.index, difference.what) == (1, "state")
    assert [(row.path, row.model, row.observed) for row in difference.differing] == [("controller.swept_epoch", 7, 0)]
    assert [step.operation for step in raised.value.steps] == [agreed, changed]


def test_a_mismatch_on_a_live_network_is_replayed_and_shrunk_in_process(node, fuzz, tmp_path):
    contracts = plant(tmp_path / "contracts", MISTOLD_SWAP)
    live_network = ("--backend", "transactions", "--network", f"ethereum:sepolia:{node}", *named(*ALIASES))
    done = fuzz(*live_network, "--contracts", contracts)
    assert done.returncode == 1 and "MISMATCH" in done.stdout, done.stdout + done.stderr
    told = re.search(r"^Run it again on both sides: ape run replay (.+)$", done.stdout, re.M)[1]
    again = ape("replay", *shlex.split(told), "--backend", "evm")
    assert again.returncode == 1 and "It fails as recorded." in again.stdout, again.stdout + again.stderr
    less = ape("shrink", tmp_path / "trace.json", "--contracts", contracts, "--seconds", 5)
    assert less.returncode == 0, less.stdout + less.stderr
    before, after = trace.read(tmp_path / "trace.json"), trace.read(tmp_path / "trace.shrunk.json")
    assert before["start"] == after["start"] == live.START
    assert len(after["steps"]) < len(before["steps"]) and after["steps"][-1]["name"] == "pool.swap"


def test_what_was_sent_to_a_live_network_is_kept_when_the_run_is_interrupted(node, fuzz, tmp_path):
    running = fuzz.start("--backend", "transactions", "--network", f"ethereum:sepolia:{node}", *named(*ALIASES), "--seed", 5)
    for line in running.stdout:
        if "Both sides agree on the prologue" in line:
            break
    running.send_signal(signal.SIGINT)
    output, told = running.communicate(timeout=60)
    assert running.returncode == 130 and f"All calls that were sent are in {tmp_path / 'trace.json'}" in told, output + told
    kept = ape("replay", tmp_path / "trace.json", "--backend", "evm")
    assert kept.returncode == 0 and "equal on both sides" in kept.stdout, kept.stdout + kept.stderr
    assert len(trace.read(tmp_path / "trace.json")["steps"]) >= len(list(live.prologue()))


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["--network", "ethereum:sepolia:http://127.0.0.1:9"], {}, "No (supported) node found on 'http://127.0.0.1:9'"),
        (["--network", "ethereum:atlantis"], {}, "No network in 'ethereum' named 'atlantis'"),
        (["--account", "actor0"], {}, "--account with --network"),
        (["--network", "NODE", *named("actor0", "actor1", "actor1")], {}, "needs 8 accounts, one for each actor, and there are 2"),
        (["--network", "NODE", "--account", "nobody"], {}, "Ape has no account nobody"),
        (["--network", "NODE", *named("penniless", *ALIASES)], {}, "account penniless, which would be governor, has 0.000000"),
        (["--network", "NODE"], {"APE_ACCOUNTS_actor1_PASSPHRASE": "guess"}, "account actor1 does not open with the passphrase"),
        (["--network", "NODE"], {"APE_DATA_FOLDER": "EMPTY"}, "and there are 0"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(arguments, environment, says, node, fuzz, tmp_path):
    arguments = [f"ethereum:sepolia:{node}" if argument == "NODE" else argument for argument in arguments]
    environment = {name: str(tmp_path) if value == "EMPTY" else value for name, value in environment.items()}
    (tmp_path / "report.json").write_text("an earlier one")
    done = fuzz("--backend", "transactions", *arguments, **environment)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("fuzz: ") and done.stderr.count("\n") == 1 and says in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "report.json").read_text() == "an earlier one"
