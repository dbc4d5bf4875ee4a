"""Logs as the model's events."""

from collections.abc import Iterator

from eth_utils import keccak

from audit.system import System
from model import Event
from tests.differential.artifacts import Artifacts

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
CONTRACTS = {"controller": "Controller", "reserve": "Reserve", "backstop": "Backstop", "pool": "Pool"}

Log = tuple[str, list[str], str]  # address in lower case, topics, data
Field = tuple[str, str]  # name, type


def kind(identity: str) -> str:
    """The contract behind an id: "pool-3" is a "pool"."""
    return "pool" if identity.startswith("pool-") else identity


def canonical(item: dict) -> str:
    """The type of an ABI item as it stands in a signature."""
    if item["type"].startswith("tuple"):
        return f"({','.join(map(canonical, item['components']))}){item['type'][5:]}"
    return item["type"]


def signature(item: dict) -> bytes:
    """The hash of an ABI item's signature."""
    return keccak(text=f"{item['name']}({','.join(map(canonical, item['inputs']))})")


class EventReader:
    """Reads the logs of the system's contracts, and the transfers of its tokens. Every argument is static: one word."""

    def __init__(self, system: System, artifacts: Artifacts):
        self.system = system
        self._shapes: dict[tuple[str, str], tuple[str, list[Field], list[Field]]] = {}
        for contract, name in CONTRACTS.items():
            for item in artifacts[name].abi:
                if item["type"] == "event":
                    topics = [(field["name"], field["type"]) for field in item["inputs"] if field["indexed"]]
                    words = [(field["name"], field["type"]) for field in item["inputs"] if not field["indexed"]]
                    self._shapes[contract, "0x" + signature(item).hex()] = item["name"], topics, words

    def read(self, log: Log) -> Event:
        """The event of a log; one that no contract of ours has is called "unknown log"."""
        address, topics, data = log
        source = self.system.id(address)
        if topics[:1] == [TRANSFER] and source == address:
            moved = {"sender": self._value("address", topics[1]), "receiver": self._value("address", topics[2]), "value": int(data, 16)}
            return Event(source, "Transfer", moved)
        shape = self._shapes.get((kind(source), topics[0] if topics else ""))
        if shape is None or len(topics) != len(shape[1]) + 1 or len(data) != 2 + 64 * len(shape[2]):
            return Event(source, "unknown log", {"topics": " ".join(topics), "data": data})
        name, indexed, plain = shape
        arguments = {field: self._value(of, topic) for (field, of), topic in zip(indexed, topics[1:])}
        for (field, of), word in zip(plain, _words(data)):
            arguments[field] = self._value(of, word)
        return Event(source, name, arguments)

    def _value(self, of: str, word: str) -> object:
        if of == "address":
            return self.system.id("0x" + word[-40:])
        number = int(word, 16)
        return number == 1 if of == "bool" and number < 2 else number


def _words(data: str) -> Iterator[str]:
    return (data[at : at + 64] for at in range(2, len(data), 64))
