"""A network's node, as deploying and operating ask it: a few requests, each of which answers or says in one line why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Any

from ape.api import ProviderAPI
from ape.exceptions import ApeException
from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address
from requests import RequestException
from web3.contract import Contract
from web3.exceptions import CannotHandleRequest, ProviderConnectionError, Web3Exception

from deploy.problem import Problem

BATCH = 100
ERROR_SELECTOR = "0x08c379a0"  # Error(string)


class NodeError(Problem):
    """The node cannot be reached, or refuses a request; the message says so in one line."""


class NoAnswer(NodeError):
    """The node cannot be reached."""


class Refused(NodeError):
    """A contract refuses a call: `reason` is what it says."""

    def __init__(self, what: str, reason: str):
        super().__init__(f"{what}: {reason}")
        self.reason = reason


class Node:
    """The connected network."""

    def __init__(self, provider: ProviderAPI):
        self.provider = provider
        self.network = provider.network
        self.name = provider.network.choice
        self.web3 = provider.web3
        self.url = provider.http_uri

    def request(self, method: str, *arguments: Any) -> Any:
        with _in_one_line(method):
            answer = self.web3.provider.make_request(method, list(arguments))
        return self._result(method, answer)

    @staticmethod
    def _result(method: str, answer: dict[str, Any]) -> Any:
        error = answer.get("error")
        if error is not None:
            reason = revert_reason(error.get("data"))
            if reason is not None:
                raise Refused(method, reason)
            raise NodeError(f"{method}: {error.get('message', error)}")
        return answer["result"]

    def request_all(self, method: str, arguments: list[list[Any]]) -> list[Any]:
        """The same method for many arguments, in as few round trips as the node takes.

        Raises
        ------
        Refused, NodeError
            If one of them is refused.
        """
        answers: list[Any] = []
        for at in range(0, len(arguments), BATCH):
            together = arguments[at : at + BATCH]
            with _in_one_line(method):
                batch = self.web3.provider.make_batch_request([(method, each) for each in together])
            if isinstance(batch, list):
                answers += [self._result(method, answer) for answer in batch]
            else:
                # One object instead of a list: the node takes no batch, or none of this size.
                answers += [self.request(method, *each) for each in together]
        return answers

    def chain_id(self) -> int:
        return int(self.request("eth_chainId"), 16)

    def block(self, which: int | str = "latest") -> tuple[int, int]:
        """A block's number and time; of the pending one the latest's, where the node has none."""
        found = self.request("eth_getBlockByNumber", hex(which) if isinstance(which, int) else which, False)
        if found is None:
            found = self.request("eth_getBlockByNumber", "latest", False)
        return int(found["number"], 16), int(found["timestamp"], 16)

    def genesis(self) -> str:
        return self.request("eth_getBlockByNumber", "0x0", False)["hash"]

    def base_fee(self) -> int:
        """Of the latest block; 0 where there is none."""
        return int(self.request("eth_getBlockByNumber", "latest", False).get("baseFeePerGas") or "0x0", 16)

    def gas_price(self) -> int:
        return int(self.request("eth_gasPrice"), 16)

    def balance(self, address: str) -> int:
        return int(self.request("eth_getBalance", address, "latest"), 16)

    def nonce(self, address: str, which: str = "pending") -> int:
        return int(self.request("eth_getTransactionCount", address, which), 16)

    def code(self, address: str, which: int | str = "latest") -> bytes:
        return bytes.fromhex(self.request("eth_getCode", address, hex(which) if isinstance(which, int) else which)[2:])

    def receipt(self, transaction: str) -> dict[str, Any] | None:
        return self.request("eth_getTransactionReceipt", transaction)

    def knows(self, transaction: str) -> bool:
        return self.request("eth_getTransactionByHash", transaction) is not None

    def contract(self, address: str, abi: list[dict]) -> Contract:
        """A contract to encode calls to; what it answers is asked for by `view`."""
        return self.web3.eth.contract(to_checksum_address(address), abi=abi)

    def view(self, contract: Contract, name: str, *arguments: Any, block: int | str = "latest") -> Any:
        """What a view answers."""
        with _in_one_line(name):
            return getattr(contract.functions, name)(*arguments).call(block_identifier=block)


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    try:
        yield
    except (RequestException, CannotHandleRequest, ProviderConnectionError, JSONDecodeError, UnicodeDecodeError) as error:
        # Not in its own words: a node's URL may have a key in it.
        raise NoAnswer(f"the node does not answer to {what} ({type(error).__name__})") from error
    except (ApeException, Web3Exception) as error:
        raise NodeError(f"{what}: {type(error).__name__}: {' '.join(str(error).split())[:300]}") from error


def revert_reason(data: Any) -> str | None:
    """The reason in revert data; an empty one if it has none, None if these are no revert data."""
    if not isinstance(data, str) or not data.startswith("0x"):
        return None
    if not data.startswith(ERROR_SELECTOR):
        return f"no reason given ({data[:10] if len(data) > 2 else 'no data'})"
    try:
        return decode(["string"], bytes.fromhex(data[len(ERROR_SELECTOR) :]))[0]
    except DecodingError:
        return f"no readable reason ({data[:50]})"
