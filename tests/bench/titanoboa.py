"""titanoboa's py-evm as a backend, in an environment of its own: `python -m tests.bench.titanoboa PROGRAMS STEPS`."""

import json
import sys
from pathlib import Path

import boa
from boa.vm.gas_meters import NoGasMeter

from tests.bench.programs import load, measure
from tests.differential import world
from tests.differential.addresses import actors, deploy_code
from tests.differential.artifacts import Artifacts, compile_contracts
from tests.differential.codec import Log
from tests.differential.engine import EncodedCall, Execution, Observation, Step, compare, encode_calls, run_model

GAS = 100_000_000


class Unmetered(NoGasMeter):
    """No gas is counted; py-evm asks for it all the same."""

    start_gas = gas_remaining = GAS
    gas_refunded = 0


class Titanoboa:
    """Executes calls in titanoboa's environment, as fast as it can: its quick account database, and no gas counted."""

    place = "in titanoboa"
    elsewhere = False

    def __init__(self, artifacts: Artifacts):
        self.env = boa.env
        self.env.enable_fast_mode()
        self.env.set_gas_meter_class(Unmetered)
        self.artifacts = artifacts
        self.governor = "0x" + actors()[world.GOVERNOR].hex()
        self.directory, self.inspector = deploy_code(artifacts, self._place)
        self.address = {name: "0x" + address.hex() for name, address in self.directory.addresses.items()}
        self.digest, self.read = (self.directory.calls[f"inspector.{name}"].selector for name in ("digest", "read"))
        self.read_allowances = self.directory.calldata_of_allowances()

    def _place(self, code: bytes) -> str:
        address, _ = self.env.deploy_code(sender=self.governor, bytecode=code)
        return str(address)

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        """See `engine.Backend`."""
        if not calls:
            return [], b""
        before = self.env.evm.snapshot()
        inspect = self.read if in_full else self.digest
        observations = [self._observe(*call, inspect) for call in calls]
        allowances = self._call(self.governor, self.inspector, self.read_allowances)[1]
        self.env.evm.revert(before)
        return observations, allowances

    def keep(self, steps: list[Step]) -> None:
        """Run the same calls for good; without the Inspector, which takes titanoboa many times longer than a call."""
        for now, sender, target, data in encode_calls(steps, self.directory):
            self.env.evm.patch.timestamp = now
            self._call(self.address[sender], self.address[target], data)

    def _observe(self, now: int, sender: str, target: str, data: bytes, inspect: bytes) -> Observation:
        self.env.evm.patch.timestamp = now
        ok, returned, logs = self._call(self.address[sender], self.address[target], data)
        stored = self._call(self.governor, self.inspector, inspect)[1]
        return Observation(ok, returned, logs, stored, 0)

    def _call(self, sender: str, target: str, data: bytes) -> tuple[bool, bytes, tuple[Log, ...]]:
        done = self.env.execute_code(to_address=target, sender=sender, data=data, gas=GAS)
        logs = tuple([Log(address, tuple([topic.to_bytes(32, "big") for topic in topics]), data) for address, topics, data in done.get_log_entries()])
        return not done.is_error, done.output, logs


def main(programs: Path, most: int) -> None:
    """Print the compared steps a second of as many programs as have that many steps."""
    backend = Titanoboa(compile_contracts())
    prologue = run_model(world.genesis(), world.prologue())
    backend.keep(prologue)
    print(json.dumps(measure(load(programs), most, prologue[-1].state, lambda steps: compare(steps, backend))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
