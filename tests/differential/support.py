"""For tests of the commands: running them as a user does, and contracts with a fault planted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
APE = Path(sys.executable).with_name("ape")
# Step 1 of the waterfall rounds what it takes the wrong way.
TAKES_TOO_LITTLE = ("modules/waterfall.vy", "math._ceil_div(surplus * paid, deficit)", "surplus * paid // deficit")
# One second too late.
UNSTAKES_LATE = ("Backstop.vy", "assert block.timestamp >= account.ready_at", "assert block.timestamp > account.ready_at")


def ape(*arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    """Run an Ape command in a project; output as text."""
    command = [APE, "run", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, env=clean_environment())


def clean_environment() -> dict[str, str]:
    # The tests' own devnet is none of the command's business.
    return {name: value for name, value in os.environ.items() if name != "APE_FOUNDRY_HOST"} | {"COLUMNS": "200"}


def plant(contracts: Path, fault: tuple[str, str, str]) -> None:
    """Change a copy of the contracts in one place."""
    file, right, wrong = fault
    source = (contracts / file).read_text()
    assert source.count(right) == 1
    (contracts / file).write_text(source.replace(right, wrong))


def faulty_contracts(folder: Path, fault: tuple[str, str, str]) -> Path:
    """A copy of the contracts, with a fault planted."""
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    plant(folder / "contracts", fault)
    return folder / "contracts"


def faulty_project(folder: Path, fault: tuple[str, str, str]) -> Path:
    """A copy of the project, with a fault planted. What has been compiled is found there too."""
    shutil.copy(ROOT / "ape-config.yaml", folder)
    parts = ("model", "scripts", "tests", ".build/artifacts")
    for part in filter(lambda part: (ROOT / part).is_dir(), parts):
        shutil.copytree(ROOT / part, folder / part)
    faulty_contracts(folder, fault)
    return folder
