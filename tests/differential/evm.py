"""The embedded backend: pyrevm, in process. Nothing to start, nothing to end; for quick work."""

import re

from pyrevm import EVM, BlockEnv, CfgEnv, Env

from model import SystemParameters
from tests.differential import world
from tests.differential.addresses import actors, deploy_code
from tests.differential.artifacts import Artifacts
from tests.differential.codec import HALTED, Directory, Log
from tests.differential.engine import EncodedCall, Execution, Observation, Step, encode_calls

GAS = 100_000_000
CODE_SIZE = 2**16  # room for contracts compiled without optimisation, which are larger than Ethereum allows
REVERTED = re.compile(r"Revert \{ gas_used: (\d+), output: 0x([0-9a-f]*) \}")
HALT = re.compile(r"Halt \{ reason: .+, gas_used: (\d+) \}")


def new_evm() -> EVM:
    return EVM(Env(cfg=CfgEnv(limit_contract_code_size=CODE_SIZE)), spec_id="PRAGUE")


class Evm:
    """Executes calls on a pyrevm of its own, from the state after what was kept.

    Its gas is not a transaction's: between snapshot and revert, pyrevm counts what earlier calls have touched as warm, and
    leaves out what a transaction costs by itself. `metered.MeteredEvm` counts it to the unit, and takes longer.
    """

    place = "in process"
    elsewhere = False

    def __init__(self, artifacts: Artifacts, system: SystemParameters = world.SYSTEM):
        self.evm = new_evm()
        self.artifacts = artifacts
        self.governor = _text(actors()[world.GOVERNOR])
        self.directory, self.inspector = self._deploy(system)
        self.address = {name: _text(address) for name, address in self.directory.addresses.items()}
        self.digest, self.read = (self.directory.calls[f"inspector.{name}"].selector for name in ("digest", "read"))
        self.read_allowances = self.directory.calldata_of_allowances()

    def _deploy(self, system: SystemParameters) -> tuple[Directory, str]:
        return deploy_code(self.artifacts, lambda code: self.evm.deploy(self.governor, code, gas=GAS), system)

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """See `engine.Backend`: each call is followed by one to the Inspector, and in the end all are taken back."""
        if not calls:
            return [], b""
        before = self.evm.snapshot()
        inspect = self.read if in_full else self.digest
        try:
            observations = [self._observe(*call, inspect) for call in calls]
            allowances = self._call(self.governor, self.inspector, self.read_allowances)[1]
        finally:
            self.evm.revert(before)
        return observations, allowances

    def keep(self, steps: list[Step]) -> None:
        """Run the same calls for good, so that later programs start from the state after them."""
        for call in encode_calls(steps, self.directory):
            self._observe(*call, self.digest)

    def _observe(self, now: int, sender: str, target: str, data: bytes, inspect: bytes) -> Observation:
        self.evm.set_block_env(BlockEnv(timestamp=now))
        ok, returned, logs, gas = self._call(self.address[sender], self.address[target], data)
        stored = self._call(self.governor, self.inspector, inspect)[1]
        return Observation(ok, returned, logs, stored, gas)

    def _call(self, sender: str, target: str, data: bytes) -> tuple[bool, bytes, tuple[Log, ...], int]:
        """Whether it succeeded; return or revert data, or that it was halted; logs, gas."""
        try:
            returned = self.evm.message_call(sender, target, data, gas=GAS)
        except RuntimeError as error:
            # pyrevm tells of a revert, and of a halt, in words only.
            if reverted := REVERTED.fullmatch(str(error)):
                return False, bytes.fromhex(reverted[2]), (), int(reverted[1])
            if halted := HALT.fullmatch(str(error)):
                return False, HALTED, (), int(halted[1])
            raise
        result = self.evm.result
        return True, returned, tuple([_log(log) for log in result.logs]), result.gas_used


def _log(log) -> Log:
    topics, data = log.data
    return Log(bytes.fromhex(log.address[2:]), tuple([bytes(topic) for topic in topics]), bytes(data))


def _text(address: bytes) -> str:
    return "0x" + address.hex()
