"""A node in process, for tests of the audit: it runs calls on pyrevm, in blocks, and answers JSON-RPC about them."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from eth_utils import keccak, to_checksum_address
from pyrevm import BlockEnv

from deploy.record import Deployment
from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.differential import world
from tests.differential.artifacts import CONTRACTS, compile_contracts
from tests.differential.codec import Log
from tests.differential.engine import EncodedCall
from tests.differential.evm import GAS, Evm

CHAIN_ID = 31_337
MISSING = {"error": {"code": -32000, "message": "missing trie node"}}
A_CONTRACT = "0x" + "c0" * 20  # one that calls the system for others


def deployment(backend: Evm, first_block: int = 0) -> Deployment:
    """The record of the differential tests' world."""
    address = {name: to_checksum_address(one) for name, one in backend.directory.addresses.items()}
    roles = {"dlq": world.DLQ, "controller": CONTROLLER, "reserve": RESERVE, "backstop": BACKSTOP}
    nothing = {"block": None, "transaction": None, "arguments": "0x", "runtime_sha256": "0" * 64}
    return Deployment.model_validate(
        {
            "chain_id": CHAIN_ID, "network": "ethereum:local", "deployer": address[world.GOVERNOR], "governor": address[world.GOVERNOR],
            "first_block": first_block, "last_block": first_block,
            "compiler": {"version": "0.4.3", "optimize": "gas", "evm_version": "prague"}, "sources": {}, "config": {},
            "periods": {name: getattr(world.SYSTEM, name) for name in world.SYSTEM.__slots__},
            "contracts": {role: {"contract": role, "address": address[name], **nothing} for role, name in roles.items()},
            "tokens": [], "pools": [], "transactions": [],
        }
    )  # fmt: skip


class Node:
    """Blocks of calls on pyrevm, and what a web3 provider's `make_request` says of them.

    Old states are gone, unless it `keeps_states`: then it runs everything again up to there. `most_blocks` is the longest range of logs
    that it gives, and `refuse` how it answers to a longer one; every `fails_each`-th request fails; `most_batch` is how many it takes
    at once.
    """

    def __init__(self, sources: Path = CONTRACTS):
        self.backend = Evm(compile_contracts(sources))
        self.blocks: list[dict] = [self._block(0, world.BEGINNING, "", [])]
        self.most_blocks = 10**9
        self.refuse = self._say_how_many
        self.fails_each = 10**9
        self.most_batch = 10**9
        self.requests = 0
        self.salt = 0
        self.keeps_states = False
        self.called: list[list[EncodedCall]] = [[]]  # by block
        self.earlier: dict[int, Evm] = {}

    # -- what happens ------------------------------------------------------------------------------------------------

    def mine(self, calls: list[EncodedCall], through: str | None = None) -> list[bool]:
        """Run calls in one block, at the time of the first: each a transaction, or all in one, by a contract."""
        backend, transactions, succeeded = self.backend, [], []
        self.called.append(calls)
        for _, sender, target, data in calls:
            seen = backend._observe(calls[0][0], sender, target, data, backend.digest)
            succeeded.append(seen.ok)
            one = {"from": backend.address[sender], "to": through or backend.address[target], "input": "0x" + data.hex(), "logs": seen.logs}
            transactions.append(one)
        if through:
            logs = tuple(log for one in transactions for log in one["logs"])
            transactions = [{**transactions[0], "logs": logs}]
        last = self.blocks[-1]
        self.blocks.append(self._block(len(self.blocks), calls[0][0], last["hash"], transactions))
        return succeeded

    def _block(self, number: int, time: int, parent: str, transactions: list[dict]) -> dict:
        salt = getattr(self, "salt", 0)
        block_hash = "0x" + keccak(text=f"{number} {time} {parent} {salt}").hex()
        place = 0
        for index, one in enumerate(transactions):
            one["hash"] = "0x" + keccak(text=f"{block_hash} {index}").hex()
            told = []
            for log in one["logs"]:
                told.append(self._log(log, number, block_hash, one["hash"], place))
                place += 1
            one["logs"] = told
        return {"number": hex(number), "hash": block_hash, "parentHash": parent, "timestamp": hex(time), "transactions": transactions}

    @staticmethod
    def _log(log: Log, number: int, block_hash: str, transaction: str, place: int) -> dict:
        return {
            "address": "0x" + log.address.hex(), "topics": ["0x" + topic.hex() for topic in log.topics], "data": "0x" + log.data.hex(),
            "blockNumber": hex(number), "blockHash": block_hash, "transactionHash": transaction, "logIndex": hex(place),
        }  # fmt: skip

    # -- what it answers ---------------------------------------------------------------------------------------------

    def make_request(self, method: str, parameters: list) -> dict:
        self.requests += 1
        if self.requests % self.fails_each == 0:
            raise ConnectionError("the line is dead")
        return getattr(self, method)(*parameters)

    def make_batch_request(self, requests: list[tuple[str, list]]) -> Any:
        if len(requests) > self.most_batch:
            return {"error": {"code": -32600, "message": "batch too large"}}
        return [self.make_request(*request) for request in requests]

    def eth_getBlockByNumber(self, number: str, full: bool) -> dict:
        at = len(self.blocks) - 1 if number == "latest" else int(number, 16)
        if at >= len(self.blocks):
            return {"result": None}
        return {"result": {name: value for name, value in self.blocks[at].items() if name != "transactions"}}

    def eth_getTransactionByHash(self, wanted: str) -> dict:
        found = [one for block in self.blocks for one in block["transactions"] if one["hash"] == wanted]
        return {"result": {name: found[0][name] for name in ("hash", "from", "to", "input")} if found else None}

    def eth_getLogs(self, wanted: dict) -> dict:
        begin, end = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        if end - begin + 1 > self.most_blocks:
            return self.refuse()
        logs = [log for block in self.blocks[begin : end + 1] for one in block["transactions"] for log in one["logs"]]
        topics = wanted.get("topics", [])
        return {"result": [log for log in logs if log["address"] in wanted["address"] and _matches(log["topics"], topics)]}

    def _say_how_many(self) -> dict:
        return {"error": {"code": -32000, "message": f"query exceeds max block range {self.most_blocks}"}}

    def eth_chainId(self) -> dict:
        return {"result": hex(CHAIN_ID)}

    def eth_getCode(self, address: str, number: str) -> dict:
        return {"result": "0x" + (self.backend.evm.get_code(address) or b"").hex()}

    def _as_of(self, number: str) -> Evm | None:
        """The chain as a block left it; None if nobody remembers."""
        last = len(self.blocks) - 1
        at = last if number == "latest" else int(number, 16)
        if at == last:
            backend = self.backend
        elif not self.keeps_states or at < 0:
            return None
        else:
            backend = self.earlier.get(at) or Evm(self.backend.artifacts)
            for now, sender, target, data in chain.from_iterable(self.called[1 : at + 1]) if at not in self.earlier else ():
                backend._observe(now, sender, target, data, backend.digest)
            self.earlier[at] = backend
        backend.evm.set_block_env(BlockEnv(timestamp=int(self.blocks[at]["timestamp"], 16)))
        return backend

    def eth_getStorageAt(self, address: str, slot: str, number: str) -> dict:
        backend = self._as_of(number)
        return MISSING if backend is None else {"result": hex(backend.evm.storage(address, int(slot, 16)))}

    def eth_call(self, call: dict, number: str) -> dict:
        backend = self._as_of(number)
        if backend is None:
            return MISSING
        target, data = call["to"], bytes.fromhex(call["data"][2:])
        try:
            answer = backend.evm.message_call(backend.governor, target, data, gas=GAS, is_static=True)
        except RuntimeError:
            return {"error": {"code": 3, "message": "execution reverted"}}
        return {"result": "0x" + answer.hex()}


def _matches(topics: list[str], wanted: Iterable) -> bool:
    """As eth_getLogs has it: each place is one topic, any of several, or anything."""
    for place, one in enumerate(wanted):
        if one is not None and (place >= len(topics) or topics[place] not in ([one] if isinstance(one, str) else one)):
            return False
    return True
