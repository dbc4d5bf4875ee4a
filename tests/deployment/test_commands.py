"""`deploy` as a user runs it: on a network with a time of its own, from a key file, killed half-way; and where it cannot work."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from eth_account import Account
from web3 import HTTPProvider, Web3

import scripts.deploy
from deploy.config import read_config
from deploy.record import load, path_of
from tests.deployment.conftest import CONFIG
from tests.differential.environment import free_port

ROOT = Path(__file__).parents[2]
APE = Path(sys.executable).with_name("ape")
SEPOLIA = ROOT / "deploy" / "sepolia.yaml"
KEY = f"0x{1:064x}"
DEPLOYER = Account.from_key(KEY).address


def start_node(chain_id: int, *options: str) -> tuple[subprocess.Popen, Web3]:
    """A node of its own; blocks come by themselves as well, as confirmations do."""
    port = free_port()
    command = ["anvil", "--port", str(port), "--chain-id", str(chain_id), "--block-time", "1", "--mixed-mining", "--silent", *options]
    running = subprocess.Popen(command)
    web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
    until = time.monotonic() + 30
    while not web3.is_connected():
        assert time.monotonic() < until, "Anvil does not start"
        time.sleep(0.1)
    return running, web3


@pytest.fixture(scope="module")
def sepolia():
    running, web3 = start_node(11_155_111, "--accounts", "0")
    web3.provider.make_request("anvil_setBalance", [DEPLOYER, hex(10**18)])
    yield web3
    running.terminate()
    running.wait()


@pytest.fixture
def command(sepolia, tmp_path) -> tuple[list[str], dict[str, str]]:
    """`ape run deploy` with a key file of the deployer's, and its environment."""
    (tmp_path / "ape" / "accounts").mkdir(parents=True)
    keyfile = Account.encrypt(KEY, "secret", kdf="pbkdf2", iterations=1_000)
    (tmp_path / "ape" / "accounts" / "deployer.json").write_text(json.dumps(keyfile))
    network = f"ethereum:sepolia:{sepolia.provider.endpoint_uri}"
    words = [APE, "run", "deploy", "--network", network, "--account", "deployer", "--config", SEPOLIA, "--deployments", tmp_path / "out"]
    ours = {name: value for name, value in os.environ.items() if name != "APE_FOUNDRY_HOST"}
    environment = ours | {"COLUMNS": "200", "APE_DATA_FOLDER": str(tmp_path / "ape"), "APE_ACCOUNTS_deployer_PASSPHRASE": "secret"}
    return list(map(str, words)), environment


def test_killed_half_way_the_same_command_goes_on(sepolia, command, tmp_path):
    words, environment = command
    running = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = ""
    for line in running.stdout:
        output += line
        if "deploy the Controller" in line:
            running.send_signal(signal.SIGKILL)
            break
    assert running.wait() == -signal.SIGKILL, output
    sent = sepolia.eth.get_transaction_count(DEPLOYER, "pending")
    assert 7 <= sent <= 8 and not path_of(11_155_111, tmp_path / "out").exists()
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Read back: everything is as configured and as compiled." in done.stdout
    deployment = load(path_of(11_155_111, tmp_path / "out"))
    assert sepolia.eth.get_transaction_count(DEPLOYER) == len(deployment.transactions) == 19
    assert deployment.network == "ethereum:sepolia" and deployment.config == read_config(SEPOLIA).plain()
    assert sepolia.eth.block_number >= deployment.last_block + read_config(SEPOLIA).confirmations


def deploy(*arguments) -> str:
    """What the command says on one line when something is in the way."""
    done = CliRunner(mix_stderr=False).invoke(scripts.deploy.cli, list(map(str, arguments)))
    assert done.exit_code == 2, done.stdout + done.stderr + str(done.exception)
    assert done.stderr == "" and done.stdout.startswith("deploy: ") and done.stdout.count("\n") == 1
    return done.stdout


@pytest.mark.parametrize(
    ("network", "account", "config", "says"),
    [
        ("ethereum:sepolia:http://127.0.0.1:9", "TEST::0", SEPOLIA, "No (supported) node found on 'http://127.0.0.1:9'"),
        ("ethereum:atlantis", "TEST::0", SEPOLIA, "No network in 'ethereum' named 'atlantis'"),
        ("NODE", "TEST::0", SEPOLIA, "Ape has no account TEST::0"),
        ("NODE", "nobody", SEPOLIA, "Ape has no account nobody: see `ape accounts list`"),
        ("NODE", "nobody", "nowhere.yaml", "nowhere.yaml: No such file or directory"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(network, account, config, says, sepolia, tmp_path):
    network = f"ethereum:sepolia:{sepolia.provider.endpoint_uri}" if network == "NODE" else network
    assert says in deploy("--network", network, "--account", account, "--config", config, "--deployments", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_node_that_goes_away_is_told_in_one_line(tmp_path, monkeypatch):
    running, web3 = start_node(31_337)
    told = []

    def tell(console, number, step, done):
        told.append(step.key)
        if number == 3:
            running.kill()
            running.wait()

    monkeypatch.setattr(scripts.deploy, "tell", tell)
    network = f"ethereum:local:{web3.provider.endpoint_uri}"
    says = deploy("--network", network, "--account", "TEST::0", "--config", CONFIG, "--deployments", tmp_path)
    assert "deploy: the node does not answer to eth_" in says and len(told) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["31337.pending.json"]


def test_a_dry_run_for_people_and_for_machines(tmp_path):
    arguments = ["--network", "ethereum:local:foundry", "--account", "TEST::0", "--config", str(CONFIG), "--deployments", str(tmp_path)]
    text = CliRunner().invoke(scripts.deploy.cli, [*arguments, "--dry-run"]).output
    assert "deploy the blueprint of Pool" in text and "Nothing was sent." in text
    numbers = json.loads(CliRunner(mix_stderr=False).invoke(scripts.deploy.cli, [*arguments, "--dry-run", "--json"]).stdout)
    assert f"{numbers['gas']:,}" in text and all(f"{each['gas']:,}" in text for each in numbers["transactions"])
    assert len(numbers["transactions"]) == 15
    assert numbers["cost"] == numbers["gas_price"] * sum(each["gas"] for each in numbers["transactions"])
    assert list(tmp_path.iterdir()) == []
