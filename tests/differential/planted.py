"""Contracts with faults planted in them, for tests of what finds faults."""

import shutil
from pathlib import Path

from tests.differential.artifacts import CONTRACTS, compile_contracts

# file, what is right, what is wrong
# Both are seen in one event alone, which is not in the prologue.
MISTOLD_DONATION = ("Pool.vy", "reserve_base=reserve_base, reserve_quote=reserve_quote\n", "reserve_base=reserve_base, reserve_quote=reserve_base\n")
MISTOLD_REQUEST = ("Backstop.vy", "shares=shares, ready_at=account.ready_at", "shares=account.ready_at, ready_at=account.ready_at")


def plant(folder: Path, *faults: tuple[str, str, str]) -> Path:
    """A copy of the contracts, in `folder`, with faults; compiled already."""
    shutil.copytree(CONTRACTS, folder)
    for file, right, wrong in faults:
        source = (folder / file).read_text()
        assert source.count(right) == 1, f"{file} no longer says {right!r} once"
        (folder / file).write_text(source.replace(right, wrong))
    compile_contracts(folder)
    return folder
