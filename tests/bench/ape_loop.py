"""What a user of Ape writes today: contract objects, one transaction and one view a step."""

from unittest.mock import patch

from ape import chain
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.exceptions import ContractLogicError, TransactionError
from ape_ethereum.trace import Trace
from eth_abi.exceptions import DecodingError
from eth_utils import to_checksum_address
from ethpm_types import ContractType

from model import Operation, Parameters
from tests.differential import world
from tests.differential.artifacts import Artifacts
from tests.differential.codec import Directory, Log, StateCodec, fields_of, kind
from tests.differential.engine import Step

CONTRACTS = {
    "controller": "Controller", "reserve": "Reserve", "backstop": "Backstop", "pool": "Pool", "lens": "Lens", "token": "AwkwardToken",
    "founder": "Founder",
}  # fmt: skip
UNREADABLE = "what a token returned instead of a number stands in the trace, and Ape, which looks for the reason there, gives up"


class ApeLoop:
    """Sends each step as a transaction, asks the Inspector for the state, and compares; a snapshot before each program.

    Compared are revert reasons, logs and the state's digest. What a transaction returned is not: Ape would have to trace it.
    """

    def __init__(self, directory: Directory, artifacts: Artifacts, accounts: list[AccountAPI], inspector: str):
        self.directory = directory
        self.codec = StateCodec(directory)
        self.accounts = dict(zip(world.ACTORS, accounts))
        types = {name: ContractType(contractName=name, abi=artifacts[name].abi) for name in (*CONTRACTS.values(), "Inspector")}
        self.address = {name: to_checksum_address(address) for name, address in directory.addresses.items()}
        self.inspector = ContractInstance(to_checksum_address(inspector), types["Inspector"])
        targets = [name for name in self.address if kind(name) in CONTRACTS]
        self.contracts = {name: ContractInstance(self.address[name], types[CONTRACTS[kind(name)]]) for name in targets}

    def differs(self, steps: list[Step]) -> str | None:
        """Where the chain first does something else than the model."""
        before = chain.snapshot()
        # Ape shows a trace of each call that is reverted. Not here, in favour of Ape.
        with patch.object(Trace, "show"):
            try:
                return self._first_difference(steps)
            finally:
                chain.restore(before)

    def _first_difference(self, steps: list[Step]) -> str | None:
        for number, step in enumerate(steps, 1):
            logs, reason = self._send(step)
            if reason not in (step.outcome.reason, UNREADABLE) or logs != [self.directory.log(event) for event in step.outcome.events]:
                return f"step {number}: {step.operation.name}: {reason or logs}"
            if self.inspector.digest() != self.codec.digest(step.state):
                return f"step {number}: {step.operation.name}: state"
        return None

    def _send(self, step: Step) -> tuple[list[Log], str | None]:
        """The logs of a step's transaction, and why it was reverted if it was."""
        operation = step.operation
        chain.pending_timestamp = step.now
        method = getattr(self.contracts[operation.target], operation.name.split(".")[1])
        method = getattr(method, "transact", method)  # a view is called by a transaction too
        try:
            receipt = method(*self._arguments(operation), sender=self.accounts[operation.sender])
        except ContractLogicError as error:
            return [], "" if error.revert_message == TransactionError.DEFAULT_MESSAGE else error.revert_message
        except DecodingError:
            return [], UNREADABLE
        return [_log(log) for log in receipt.logs], None

    def _arguments(self, operation: Operation) -> list:
        if operation.name == "token.arm":
            calls, before, bubbles = operation.arguments.values()
            return [self.address[calls.target], self.directory.calldata(calls), before, bubbles]
        names = self.directory.calls[operation.name].parameters
        return [self._argument(operation.arguments[name]) for name in names]

    def _argument(self, value):
        if isinstance(value, Parameters):
            return fields_of(value)
        return self.address[value] if isinstance(value, str) else value


def _log(log: dict) -> Log:
    return Log(bytes.fromhex(log["address"][2:]), tuple([bytes(topic) for topic in log["topics"]]), bytes(log["data"]))
