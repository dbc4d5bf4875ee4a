"""Findings as files: one trace for each cause, named by its fingerprint, and whole at any moment."""

import os
from pathlib import Path
from typing import Any

from tests.differential import trace
from tests.differential.difference import Difference
from tests.differential.engine import Step
from tests.differential.plain import Plain


class Findings:
    """A folder of findings, which several processes add to."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        return self.folder / f"{digest}.json"

    def read(self) -> dict[str, Plain]:
        """All findings by their digest."""
        return {path.stem: trace.read(path) for path in sorted(self.folder.glob("*.json"))}

    def add(self, digest: str, steps: list[Step], difference: Difference, **context: Any) -> bool:
        """Write down a finding, unless it is known; whether it was not."""
        if self.path(digest).exists():
            return False
        mine = self.folder / f".{digest}.{os.getpid()}"
        trace.write(mine, trace.record(steps, difference=difference, shrunk=False, **context))
        try:
            self.path(digest).hardlink_to(mine)
        except FileExistsError:
            return False  # another worker has just found it too
        finally:
            mine.unlink()
        return True

    def replace(self, digest: str, steps: list[Step], difference: Difference, context: dict[str, Any]) -> None:
        """Put a smaller form of a finding in the place of the first."""
        trace.write(self.path(digest), trace.record(steps, difference=difference, **{**context, "shrunk": True}))
