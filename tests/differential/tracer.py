"""The backend that says which code it ran: py-evm, whose interpreter can be watched at every opcode.

It is slow, and there for that alone. (pyrevm's tracer prints a thousand opcodes a second, Anvil's seventy thousand with the
contract each belongs to; py-evm runs some two hundred thousand a second while it is watched, constructors included.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.exceptions import Revert
from eth.vm.code_stream import CodeStream
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from eth.vm.opcode_values import JUMPI, STOP

from tests.differential import world
from tests.differential.addresses import actors, created_address
from tests.differential.artifacts import Artifacts
from tests.differential.codec import HALTED, Log
from tests.differential.engine import EncodedCall
from tests.differential.evm import GAS, Evm

GAS_LIMIT = 2**53


@dataclass(slots=True)
class Visits:
    """What was executed of one code: the places of its opcodes, and for each conditional jump whether it was taken."""

    places: set[int] = field(default_factory=set)
    jumps: set[tuple[int, bool]] = field(default_factory=set)
    # What py-evm has found out of the code's bytes, kept from call to call.
    opcodes: set[int] = field(default_factory=set)
    operands: set[int] = field(default_factory=set)


Trace = dict[bytes, Visits]
Answer = tuple[bool, bytes, tuple[Log, ...]]  # whether it succeeded, return or revert data, logs


class WatchedCode(CodeStream):
    """A code that notes what is executed of it."""

    def __init__(self, code: bytes, visits: Visits):
        super().__init__(code)
        self.valid_positions, self.invalid_positions = visits.opcodes, visits.operands
        self.visits = visits

    def __iter__(self) -> Iterator[int]:
        code, places, jumps = self._raw_code_bytes, self.visits.places, self.visits.jumps
        while (place := self.program_counter) < len(code):
            places.add(place)
            self.program_counter = place + 1
            yield code[place]
            if code[place] == JUMPI:
                jumps.add((place, self.program_counter != place + 1))
        yield STOP


class Computation(PragueComputation):
    """A call or a creation, watched, without Ethereum's limit on the size of code: that of no optimisation is larger."""

    trace: Trace

    def __init__(self, state: PragueState, message: Message, context: Any):
        super().__init__(state, message, context)
        self.code = WatchedCode(message.code, self.trace.setdefault(message.code, Visits()))

    @classmethod
    def validate_contract_code(cls, contract_code: bytes) -> None:
        pass


class PyEvm:
    """As much of pyrevm's EVM as deploying the world needs, on py-evm."""

    def __init__(self, trace: Trace):
        computation = type("TracedComputation", (Computation,), {"trace": trace})
        state = type("TracedState", (PragueState,), {"computation_class": computation})
        self.state = state(AtomicDB(), _context(world.BEGINNING), BLANK_ROOT_HASH)

    def deploy(self, sender: str, code: bytes, gas: int) -> str:
        creator = _bytes(sender)
        address = created_address(creator, self.state.get_nonce(creator))
        self.state.increment_nonce(creator)
        message = Message(gas, CREATE_CONTRACT_ADDRESS, creator, 0, b"", code, create_address=address)
        self._run(self.state.computation_class.apply_create_message, message).raise_if_error()
        return "0x" + address.hex()

    def call(self, now: int, sender: bytes, target: bytes, data: bytes) -> PragueComputation:
        self.state.execution_context = _context(now)
        return self._run(self.state.computation_class.apply_message, Message(GAS, target, sender, 0, data, self.state.get_code(target)))

    def _run(self, apply: Callable, message: Message) -> PragueComputation:
        done = apply(self.state, message, self.state.transaction_context_class(gas_price=0, origin=message.sender))
        self.state.clear_transient_storage()
        return done


class Tracer(Evm):
    """The world of the embedded backend, deployed on py-evm; `trace` holds what was executed since, by code."""

    def __init__(self, artifacts: Artifacts):
        self.trace: Trace = {}
        self.evm = PyEvm(self.trace)
        self.artifacts = artifacts
        self.governor = "0x" + actors()[world.GOVERNOR].hex()
        self.directory, self.inspector = self._deploy(world.SYSTEM)

    def run(self, calls: list[EncodedCall], *, keep: bool = False) -> list[Answer]:
        """The answers to some calls; then take them all back, unless they are to be kept."""
        before = self.evm.state.snapshot()
        addresses = self.directory.addresses
        answers = [self._answer(now, addresses[sender], addresses[target], data) for now, sender, target, data in calls]
        if not keep:
            self.evm.state.revert(before)
        return answers

    def digest(self, now: int) -> bytes:
        """The Inspector's digest of the stored state."""
        selector = self.directory.calls["inspector.digest"].selector
        return self._answer(now, actors()[world.GOVERNOR], _bytes(self.inspector), selector)[1]

    def _answer(self, now: int, sender: bytes, target: bytes, data: bytes) -> Answer:
        done = self.evm.call(now, sender, target, data)
        output = HALTED if done.is_error and not isinstance(done.error, Revert) else done.output
        return done.is_success, output, tuple([_log(*entry) for entry in done.get_log_entries()])


def _log(address: bytes, topics: tuple[int, ...], data: bytes) -> Log:
    return Log(address, tuple([topic.to_bytes(32, "big") for topic in topics]), data)


def _context(now: int) -> ExecutionContext:
    return ExecutionContext(bytes(20), now, 1, 0, bytes(32), GAS_LIMIT, [], 1, 0, 0)


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])
