"""The devnet backend: Anvil, a whole program in one `eth_simulateV1` request.

The node runs the calls on top of its latest block, block by block, and keeps nothing of them; so no snapshot is needed,
and a program costs one round trip whatever its length.
"""

from itertools import groupby
from typing import Any

from ape.api import ProviderAPI

from tests.differential.codec import HALTED, Directory, Log
from tests.differential.engine import EncodedCall, Execution, Observation, Step

GAS = hex(100_000_000)
TRANSACTION_GAS = hex(16_000_000)  # what a block of Ethereum allows one transaction
BLOCK_GAS = hex(2**53)


class Devnet:
    """Executes calls on the connected Anvil from its latest block."""

    elsewhere = True

    def __init__(self, provider: ProviderAPI, directory: Directory, inspector: bytes):
        self.provider = provider
        self.place = f"to the devnet at {provider.uri}"
        self.directory = directory
        self.inspector = "0x" + inspector.hex()
        self.address = {name: "0x" + address.hex() for name, address in directory.addresses.items()}
        self.digest, self.read = (
            self._call("governor", self.inspector, directory.calls[f"inspector.{name}"].selector) for name in ("digest", "read")
        )
        self.read_allowances = self._call("governor", self.inspector, directory.calldata_of_allowances())

    def _call(self, sender: str, target: str, data: bytes) -> dict[str, str]:
        return {"from": self.address[sender], "to": target, "data": "0x" + data.hex(), "gas": GAS}

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """See `engine.Backend`: each call is followed by one to the Inspector."""
        inspect = self.read if in_full else self.digest
        blocks = []
        for now, group in groupby(calls, key=lambda call: call[0]):
            requests = []
            for _, sender, target, data in group:
                requests += [self._call(sender, self.address[target], data), inspect]
            blocks.append({"blockOverrides": {"time": hex(now), "gasLimit": BLOCK_GAS}, "calls": requests})
        if not blocks:
            return [], b""
        blocks[-1]["calls"].append(self.read_allowances)
        answer = self.provider.make_request("eth_simulateV1", [{"blockStateCalls": blocks, "validation": False}, "latest"])
        results = [result for block in answer for result in block["calls"]]
        allowances = results.pop()
        observed = [_observe(done, stored) for done, stored in zip(results[::2], results[1::2], strict=True)]
        return observed, _data(allowances)

    def keep(self, steps: list[Step]) -> None:
        """Send the same calls as transactions, so that later programs start from the state after them."""
        for step in steps:
            self.provider.make_request("evm_setNextBlockTimestamp", [hex(step.now)])
            operation = step.operation
            call = self._call(operation.sender, self.address[operation.target], self.directory.calldata(operation))
            sent = self.provider.make_request("eth_sendTransaction", [{**call, "gas": TRANSACTION_GAS}])
            self.provider.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.001)


def _data(result: dict[str, Any]) -> bytes:
    return _bytes(result["returnData"])


def _observe(done: dict[str, Any], stored: dict[str, Any]) -> Observation:
    ok = done["status"] == "0x1"
    # Anvil tells a halt from a revert by nothing else: it takes all the gas there was.
    data = HALTED if not ok and done["gasUsed"] == GAS else _data(done)
    return Observation(ok, data, read_logs(done["logs"]), _data(stored), int(done["gasUsed"], 16))


def read_logs(logs: list[dict[str, Any]]) -> tuple[Log, ...]:
    """Logs as a node tells them."""
    return tuple([Log(_bytes(log["address"]), tuple(map(_bytes, log["topics"])), _bytes(log["data"])) for log in logs])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
