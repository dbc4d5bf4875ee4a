"""The backend of signed transactions: through Ape's accounts, into real blocks, on any network that Ape is connected to.

A receipt tells whether a transaction succeeded, its logs and its gas, but not what was returned, nor why it failed. So the same call
is asked for again, in the state of the block before and at the time of the transaction's own block: nothing else happens to these
contracts in between, so that the answer is the transaction's. The Inspector is asked in the state of that block.
"""

import time
from typing import Any

from ape.api import AccountAPI, ProviderAPI
from ape.exceptions import ProviderError, SignatureError, TransactionNotFoundError

from tests.differential import world
from tests.differential.codec import HALTED, Directory
from tests.differential.devnet import TRANSACTION_GAS, Devnet, read_logs
from tests.differential.engine import EncodedCall, Execution, Observation


class NoRevertData(ProviderError):
    """A node refuses a call that is asked for, and shows no revert data: the EVM has halted, or the node has failed."""


class Sender:
    """Signs, sends and observes one transaction at a time; `accounts` by the names of the world's actors."""

    def __init__(self, provider: ProviderAPI, accounts: dict[str, AccountAPI], directory: Directory, inspector: str):
        self.provider = provider
        self.accounts = accounts
        self.inspector = inspector
        self.digest, self.read_in_full = (directory.calls[f"inspector.{name}"].selector for name in ("digest", "read"))
        self.allowances = directory.calldata_of_allowances()
        self.address = {name: "0x" + address.hex() for name, address in directory.addresses.items()}

    def send(self, sender: str, target: str, data: bytes, inspect: bytes) -> tuple[int, int, Observation]:
        """Send one call as a transaction; the number and time of its block, and what it did."""
        receipt = self._receipt(self._send(self.accounts[sender], self.address[target], data))
        number = int(receipt["blockNumber"], 16)
        now = int(self._request("eth_getBlockByNumber", hex(number), False)["timestamp"], 16)
        ok, logs, gas = receipt["status"] == "0x1", read_logs(receipt["logs"]), int(receipt["gasUsed"], 16)
        try:
            _, returned = self.ask(self.address[sender], self.address[target], data, number - 1, now=now)
        except NoRevertData:
            if ok:
                raise
            returned = HALTED
        stored = self.read(inspect, number)
        return number, now, Observation(ok, returned, logs, stored, gas)

    def read(self, inspect: bytes, number: int) -> bytes:
        """What the Inspector answers in the state of a block."""
        return self.ask(self.address[world.GOVERNOR], self.inspector, inspect, number)[1]

    def latest(self) -> tuple[int, int]:
        """The latest block's number and time."""
        block = self._request("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), int(block["timestamp"], 16)

    def ask(
        self, sender: str, target: str, data: bytes, number: int, *, now: int | None = None, code: dict[str, str] | None = None
    ) -> tuple[bool, bytes]:
        """Whether a call that is not sent succeeds in the state of a block, and its return or revert data.

        Unless `now` names another time, it is the block's; unless `code` names another, so is the target's code.
        """
        call = {"from": sender, "to": target, "data": "0x" + data.hex(), "gas": TRANSACTION_GAS}
        overrides = [] if now is None else [{} if code is None else {target: code}, {"time": hex(now)}]
        answer = self.provider.web3.provider.make_request("eth_call", [call, hex(number), *overrides])
        if "error" not in answer:
            return True, bytes.fromhex(answer["result"][2:])
        reverted = answer["error"].get("data", "")
        if not reverted.startswith("0x"):
            raise NoRevertData(f"eth_call: {answer['error']['message']}")
        return False, bytes.fromhex(reverted[2:])

    def _request(self, name: str, *arguments: Any) -> Any:
        return self.provider.make_request(name, list(arguments))

    def _send(self, account: AccountAPI, target: str, data: bytes) -> str:
        """The hash of the transaction. Not by `account.call`: Ape would look for the line that refuses a call, as many here must be."""
        call = {"sender": account.address, "receiver": target, "data": data, "gas_limit": int(TRANSACTION_GAS, 16)}
        transaction = account.prepare_transaction(self.provider.network.ecosystem.create_transaction(**call))
        signed = account.sign_transaction(transaction)
        if signed is None:
            raise SignatureError("a transaction was not signed", transaction=transaction)
        return self._request("eth_sendRawTransaction", "0x" + bytes(signed.serialize_transaction()).hex())

    def _receipt(self, sent: str) -> dict[str, Any]:
        """The receipt, after as many confirmations as Ape's configuration asks for on this network."""
        network = self.provider.network
        began = time.monotonic()
        while True:
            receipt = self._request("eth_getTransactionReceipt", sent)
            needed = network.required_confirmations
            if receipt and (not needed or self.latest()[0] >= int(receipt["blockNumber"], 16) + needed):
                return receipt
            if not receipt and time.monotonic() - began > network.transaction_acceptance_timeout:
                raise TransactionNotFoundError(sent)
            time.sleep(0.001 if network.is_dev else 0.5)


class Transactions:
    """Executes calls as signed transactions on a development node, each in a block of its own, and takes them back in the end.

    What is kept, the node signs for itself: that is much faster.
    """

    elsewhere = True

    def __init__(self, devnet: Devnet, accounts: dict[str, AccountAPI]):
        self.provider = devnet.provider
        self.directory = devnet.directory
        self.place = devnet.place
        self.keep = devnet.keep
        self.sender = Sender(devnet.provider, accounts, devnet.directory, devnet.inspector)

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """See `engine.Backend`."""
        if not calls:
            return [], b""
        inspect = self.sender.read_in_full if in_full else self.sender.digest
        before = self.provider.make_request("evm_snapshot", [])
        try:
            observations = []
            for now, sender, target, data in calls:
                self.provider.make_request("evm_setNextBlockTimestamp", [hex(now)])
                observations.append(self.sender.send(sender, target, data, inspect)[2])
            return observations, self.sender.read(self.sender.allowances, self.sender.latest()[0])
        finally:
            self.provider.make_request("evm_revert", [before])
