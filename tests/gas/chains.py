"""Where calls are measured: on a devnet, by the receipts of real transactions; or in process, to the same figures.

Time goes on by itself: every transaction is in a block of its own, `BLOCK_SECONDS` after the one before.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from ape.api import ProviderAPI
from eth_abi import decode, encode
from eth_utils import keccak
from eth_utils.abi import abi_to_signature, get_abi_input_types, get_abi_output_types
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from tests.differential.addresses import actors
from tests.differential.devnet import TRANSACTION_GAS
from tests.differential.metered import Stored, floor
from tests.differential.world import GOVERNOR, START

BLOCK_SECONDS = 12
CHAIN_ID = 31_337  # Anvil's: what is signed costs by its bytes, so the same in process
DEPLOYER = "0x" + actors()[GOVERNOR].hex()


@dataclass(frozen=True)
class Call:
    """One call of a contract, ready to be sent."""

    target: str
    data: bytes
    outputs: tuple[str, ...] = ()


class Contract:
    """A deployed contract: called with a function's name and arguments, it gives the `Call`."""

    def __init__(self, address: str, abi: list[dict]):
        self.address = address
        self.functions = {item["name"]: item for item in abi if item["type"] == "function"}

    def __call__(self, function: str, *arguments: Any) -> Call:
        item = self.functions[function]
        values = [argument.address if isinstance(argument, Contract) else argument for argument in arguments]
        data = keccak(text=abi_to_signature(item))[:4] + encode(get_abi_input_types(item), values)
        return Call(self.address, data, tuple(get_abi_output_types(item)))


class Refused(RuntimeError):
    """A call that is to be measured fails."""


class Chain(Protocol):
    """A chain of its own, on which the deployer has just begun."""

    now: int

    def deploy(self, code: bytes) -> str:
        """The address of what the code deploys for the deployer."""
        ...

    def run(self, calls: list[tuple[str, Call]]) -> None:
        """Many calls by their senders, in one moment, whatever they cost. Must succeed."""
        ...

    def gas(self, sender: str, call: Call, seconds: int = BLOCK_SECONDS) -> int:
        """Send one call as a transaction, so long after the one before; what it costs."""
        ...

    def read(self, call: Call) -> tuple:
        """What a view returns."""
        ...

    def wait(self, seconds: int) -> None:
        """Let time go by."""
        ...

    def what_if(self) -> AbstractContextManager[None]:
        """Whatever happens in this block has not happened after it."""
        ...


class InProcess:
    """On a pyrevm, which counts a transaction's gas if it has touched nothing before: see `metered`."""

    def __init__(self):
        self.now = START
        self.stored = Stored({}, {})
        self.evm = self._new_evm()
        self.settled = True

    def _new_evm(self) -> EVM:
        return EVM(Env(cfg=CfgEnv(chain_id=CHAIN_ID)), spec_id="PRAGUE")

    def deploy(self, code: bytes) -> str:
        self._enter()
        return self.evm.deploy(DEPLOYER, code)

    def run(self, calls: list[tuple[str, Call]]) -> None:
        self._enter()
        for sender, call in calls:
            self._send(sender, call)

    def gas(self, sender: str, call: Call, seconds: int = BLOCK_SECONDS) -> int:
        self._settle()
        self.now += seconds
        self.evm.set_block_env(BlockEnv(timestamp=self.now))
        before = self.evm.snapshot()
        self._send(sender, call)
        gas = self.evm.result.gas_used
        changes = self.stored.changes(self.evm)
        self.evm.revert(before)
        changes.insert(self.evm)
        self.stored |= changes
        return max(gas, floor(call.data))

    def read(self, call: Call) -> tuple:
        self._settle()
        self.evm.set_block_env(BlockEnv(timestamp=self.now))
        before = self.evm.snapshot()
        returned = self._send(DEPLOYER, call)
        self.evm.revert(before)
        return decode(call.outputs, returned)

    def wait(self, seconds: int) -> None:
        self.now += seconds

    @contextmanager
    def what_if(self) -> Iterator[None]:
        self._settle()
        before = self.now, self.stored
        try:
            yield
        finally:
            self.now, self.stored = before
            self._start_anew()

    def _send(self, sender: str, call: Call) -> bytes:
        try:
            return self.evm.message_call(sender, call.target, call.data, gas=int(TRANSACTION_GAS, 16))
        except RuntimeError as error:
            raise Refused(f"a call of {call.target} fails: {error}") from error

    def _enter(self) -> None:
        """Go on without a look at the gas."""
        self.settled = False
        self.evm.set_block_env(BlockEnv(timestamp=self.now))

    def _settle(self) -> None:
        """Have what was only run stand in the database: nothing is touched any more."""
        if not self.settled:
            self.stored |= self.stored.changes(self.evm)
            self._start_anew()

    def _start_anew(self) -> None:
        self.evm, self.settled = self._new_evm(), True
        self.stored.insert(self.evm)


class OnDevnet:
    """On the connected Anvil, by transactions of accounts that it holds, which cost them nothing."""

    def __init__(self, provider: ProviderAPI):
        self.provider = provider
        self.now, self.latest = START, 0  # the latest block may be older than now
        self._ask("anvil_setBlockTimestampInterval", 0)  # unless told otherwise, a block is no younger than the one before

    def deploy(self, code: bytes) -> str:
        return self._send(DEPLOYER, code)["contractAddress"]

    def run(self, calls: list[tuple[str, Call]]) -> None:
        for sender, call in calls:
            self.gas(sender, call, seconds=0)

    def gas(self, sender: str, call: Call, seconds: int = BLOCK_SECONDS) -> int:
        self.now += seconds
        return int(self._send(sender, call.data, call.target)["gasUsed"], 16)

    def read(self, call: Call) -> tuple:
        returned = self._ask("eth_call", {"to": call.target, "data": "0x" + call.data.hex()}, "latest")
        return decode(call.outputs, bytes.fromhex(returned[2:]))

    def wait(self, seconds: int) -> None:
        self.now += seconds

    @contextmanager
    def what_if(self) -> Iterator[None]:
        times, before = (self.now, self.latest), self._ask("evm_snapshot")
        try:
            yield
        finally:
            self._ask("evm_revert", before)
            self.now, self.latest = times

    def _ask(self, method: str, *parameters: Any) -> Any:
        return self.provider.make_request(method, list(parameters))

    def _send(self, sender: str, data: bytes, target: str | None = None) -> dict[str, Any]:
        """Send a transaction, into a block of now; its receipt."""
        if self.now > self.latest:
            self._ask("evm_setNextBlockTimestamp", hex(self.now))
            self.latest = self.now
        transaction = {"from": sender, "data": "0x" + data.hex(), "gas": TRANSACTION_GAS}
        sent = self._ask("eth_sendTransaction", transaction if target is None else {**transaction, "to": target})
        while (receipt := self._ask("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.001)
        if receipt["status"] != "0x1":
            raise Refused(f"transaction {sent} to {target} fails")
        return receipt
