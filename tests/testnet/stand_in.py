"""A stand-in for a testnet: Anvil with Sepolia's chain id, which mines by itself, asks for a base fee, and knows no account's key.

Accounts are key files in a data folder of Ape's; whoever acts here signs. Time can be skipped, as nobody can on a testnet, so that a month
passes within seconds.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from tests.differential.environment import free_port

ROOT = Path(__file__).parents[2]
APE = Path(sys.executable).with_name("ape")
CHAIN_ID = 11_155_111
BLOCK_SECONDS = 12  # between blocks, as the chain tells time
MINING_SECONDS = 0.2  # as it passes here
NAMES = ("deployer", "provider1", "provider2", "trader", "staker", "keeper")
PASSPHRASE = "of no worth"
GAS = 7_000_000


class Testnet:
    """The node, and the accounts that act on it."""

    __test__ = False  # not a class of tests

    def __init__(self, url: str, folder: Path):
        self.url = url
        self.network = f"ethereum:sepolia:{url}"
        self.web3 = Web3(HTTPProvider(url))
        self.folder = folder
        self.accounts: dict[str, LocalAccount] = {}

    def request(self, method: str, *parameters: Any) -> Any:
        return self.web3.manager.request_blocking(method, list(parameters))

    def make_accounts(self) -> None:
        """Key files for Ape, each with some of the network's coin."""
        (self.folder / "accounts").mkdir(parents=True)
        # One confirmation is as good as another here.
        (self.folder / "ape-config.yaml").write_text("ethereum:\n  sepolia:\n    required_confirmations: 0\n")
        for number, name in enumerate(NAMES, 1):
            keyfile = Account.encrypt(number.to_bytes(32, "big"), PASSPHRASE, kdf="pbkdf2", iterations=1_000)
            (self.folder / "accounts" / f"{name}.json").write_text(json.dumps(keyfile))
            account = Account.from_key(Account.decrypt(keyfile, PASSPHRASE))
            self.request("anvil_setBalance", account.address, hex(10**20))
            self.accounts[name] = account

    def ape(self, *arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess:
        """Run one of the project's commands, as a user of this network does."""
        command = [APE, "run", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, env=self._environment())

    def start_ape(self, *arguments: object) -> subprocess.Popen:
        command = [APE, "run", *map(str, arguments)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment())

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if name != "APE_FOUNDRY_HOST"}
        passphrases = {f"APE_ACCOUNTS_{name}_PASSPHRASE": PASSPHRASE for name in NAMES}
        return ours | passphrases | {"COLUMNS": "160", "APE_DATA_FOLDER": str(self.folder)}

    def send(self, *calls: tuple[str, str | None, str]) -> list[dict]:
        """Sign and send transactions, each (account, target, data), all at once; their receipts, when all are mined."""
        fee = self.web3.eth.get_block("latest")["baseFeePerGas"]
        nonces: dict[str, int] = {}
        hashes = []
        for name, target, data in calls:
            account = self.accounts[name]
            nonce = nonces.setdefault(name, self.web3.eth.get_transaction_count(account.address, "pending"))
            nonces[name] += 1
            fees = {"maxFeePerGas": 3 * fee + 10**9, "maxPriorityFeePerGas": 10**9}
            transaction = {"chainId": CHAIN_ID, "nonce": nonce, "gas": GAS, "value": 0, "data": data, "type": 2, **fees}
            signed = account.sign_transaction({**transaction, **({"to": target} if target else {})})
            hashes.append(self.web3.eth.send_raw_transaction(signed.raw_transaction))
        return [dict(self.web3.eth.wait_for_transaction_receipt(sent, timeout=60, poll_latency=0.05)) for sent in hashes]

    def skip(self, seconds: float) -> None:
        """Let time pass until the next block."""
        then = self.now + int(seconds)
        self.request("evm_setNextBlockTimestamp", then)
        until = time.monotonic() + 30
        while self.now < then:
            assert time.monotonic() < until, "the node does not mine"
            time.sleep(0.02)

    @property
    def now(self) -> int:
        return self.web3.eth.get_block("latest")["timestamp"]


@contextmanager
def running_testnet(folder: Path) -> Iterator[Testnet]:
    """A running stand-in, ended with the block; `folder` gets the accounts."""
    port = free_port()
    command = ["anvil", "--port", port, "--chain-id", CHAIN_ID, "--accounts", 0, "--block-time", MINING_SECONDS, "--silent"]
    running = subprocess.Popen(list(map(str, command)))
    try:
        network = Testnet(f"http://127.0.0.1:{port}", folder)
        until = time.monotonic() + 30
        while not network.web3.is_connected():
            assert time.monotonic() < until, "Anvil does not start"
            time.sleep(0.1)
        network.request("anvil_setBlockTimestampInterval", BLOCK_SECONDS)
        network.make_accounts()
        yield network
    finally:
        running.terminate()
        running.wait()
