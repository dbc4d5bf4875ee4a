"""The embedded backend with a transaction's gas, to the unit; slower than `evm.Evm`, whose gas is not a transaction's.

pyrevm never finishes a transaction: whatever was touched once stays warm, and keeps the value it had at first as its original
one. So every call here finds an EVM that has touched nothing: the call is taken back, and what it wrote goes into the database
underneath, from which the next call starts.
"""

import re
from dataclasses import dataclass

from pyrevm import EVM, AccountInfo

from tests.differential.artifacts import Artifacts
from tests.differential.codec import Log
from tests.differential.engine import EncodedCall, Execution, Step
from tests.differential.evm import Evm, new_evm

ACCOUNT = ": Account { info: "
STORAGE = ", storage: {"
SLOT = re.compile(r"(\d+): StorageSlot \{ previous_or_original_value: (\d+), present_value: (\d+) \}")


@dataclass
class Stored:
    """What a database holds: accounts by address, and slots by address and number."""

    accounts: dict[str, AccountInfo]
    slots: dict[tuple[str, int], int]

    def changes(self, evm: EVM) -> "Stored":
        """What the EVM has written on top of this. pyrevm tells of slots in the debug output of its journal alone."""
        known = {address: info.nonce for address, info in self.accounts.items()}
        accounts = {address: info for address, info in evm.journal_state.items() if known.get(address) != info.nonce}
        slots = {}
        pieces = evm.journal_str.split(ACCOUNT)
        for before, account in zip(pieces, pieces[1:]):
            address = before[-42:]  # it stands right before its account
            for slot, original, present in SLOT.findall(account, account.index(STORAGE)):
                if original != present:
                    slots[address, int(slot)] = int(present)
        return Stored(accounts, slots)

    def __or__(self, other: "Stored") -> "Stored":
        return Stored(self.accounts | other.accounts, self.slots | other.slots)

    def insert(self, evm: EVM) -> None:
        """Put all of it into the EVM's database."""
        for address, info in self.accounts.items():
            evm.insert_account_info(address, info)
        for (address, slot), value in self.slots.items():
            # Taken back, or the slot would be warm; what is in the database stays.
            before = evm.snapshot()
            evm.insert_account_storage(address, slot, value)
            evm.revert(before)


class MeteredEvm(Evm):
    """Executes calls on a pyrevm of its own, each as a transaction by itself, from the state after what was kept."""

    def __init__(self, artifacts: Artifacts):
        super().__init__(artifacts)
        self.kept = self.present = Stored({}, {}).changes(self.evm)

    def execute(self, calls: list[EncodedCall], *, in_full: bool = False) -> Execution:
        self._start_anew()
        return super().execute(calls, in_full=in_full)

    def keep(self, steps: list[Step]) -> None:
        self._start_anew()
        super().keep(steps)
        self.kept = self.present

    def _start_anew(self) -> None:
        self.evm, self.present = new_evm(), self.kept
        self.kept.insert(self.evm)

    def _call(self, sender: str, target: str, data: bytes) -> tuple[bool, bytes, tuple[Log, ...], int]:
        before = self.evm.snapshot()
        ok, returned, logs, gas = super()._call(sender, target, data)
        changes = self.present.changes(self.evm) if ok and target != self.inspector else Stored({}, {})
        self.evm.revert(before)
        changes.insert(self.evm)
        self.present |= changes
        return ok, returned, logs, max(gas, floor(data))


def floor(data: bytes) -> int:
    """What a transaction costs at least for its data alone (EIP-7623), which pyrevm's EVM does not know of."""
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))
