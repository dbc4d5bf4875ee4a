"""Contracts with faults planted in them, for tests of what finds faults."""

import shutil
from pathlib import Path

from tests.differential.artifacts import CONTRACTS, ROOT, compile_contracts

Fault = tuple[str, str, str]  # file, what is right, what is wrong

# Step 1 of the waterfall rounds what it takes the wrong way: in withdrawals and in their previews.
ROUNDS_DOWN = ("modules/waterfall.vy", "math._ceil_div(surplus * paid, deficit)", "surplus * paid // deficit")
# It takes one base unit too little: in withdrawals alone, not in their previews.
IN_KIND = "compensation.deficit, {}, compensation.owed, compensation.short, allowance\n"
TAKES_TOO_LITTLE = ("Pool.vy", IN_KIND.format("compensation.surplus"), IN_KIND.format("max(compensation.surplus, 1) - 1"))
# One second too late.
UNSTAKES_LATE = ("Backstop.vy", "assert block.timestamp >= account.ready_at", "assert block.timestamp > account.ready_at")
# Both are seen in one event alone, which is not in the prologue.
EXITED = "units=units,\n        base=base,\n        quote={},\n"
MISTOLD_EXIT = ("Pool.vy", EXITED.format("quote"), EXITED.format("base"))
MISTOLD_REQUEST = ("Backstop.vy", "shares=shares, ready_at=account.ready_at", "shares=account.ready_at, ready_at=account.ready_at")
MISTOLD_SWAP = ("Pool.vy", "        fee=fee,\n        cut=cut,\n", "        fee=fee,\n        cut=fee,\n")
# Who has nothing to claim is stopped by an instruction that there is not.
HALTS = ("Backstop.vy", '"backstop: nothing to claim"\n', "UNREACHABLE\n")
SAYS_DEPARTED = ("Pool.vy", "log IPool.Exited(", "log IPool.Departed("), ("interfaces/IPool.vyi", "event Exited:", "event Departed:")


def plant(folder: Path, *faults: Fault) -> Path:
    """A copy of the contracts, in `folder`, with faults; compiled already."""
    shutil.copytree(CONTRACTS, folder)
    for file, right, wrong in faults:
        source = (folder / file).read_text()
        assert source.count(right) == 1, f"{file} no longer says {right!r} once"
        (folder / file).write_text(source.replace(right, wrong))
    compile_contracts(folder)
    return folder


def faulty_project(folder: Path, *faults: Fault) -> Path:
    """A copy of the project, in `folder`, with faults in its contracts. What has been compiled is found there too."""
    shutil.copy(ROOT / "ape-config.yaml", folder)
    plant(folder / "contracts", *faults)
    for part in ("model", "scripts", "tests", ".build/artifacts"):
        shutil.copytree(ROOT / part, folder / part)
    return folder
