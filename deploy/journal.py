"""What a deployment has sent so far: written before anything is sent, so that whatever ends the run, the next one goes on from there.

A transaction is signed, recorded with its bytes, and only then sent. A run that finds it recorded never makes another: it waits for
this one, and sends the very same bytes again where the node has not heard of them. So nothing is deployed twice.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.problem import Problem
from deploy.record import Address, Digest, Hash, Hex, write_json


class JournalError(Problem):
    """The journal is of something else, or somebody else writes it; the message says so in one line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Signed(_Part):
    """A signed transaction, sent or about to be; fees are for a unit of gas."""

    hash: Hash
    raw: Hex
    max_fee: Annotated[int, Field(ge=0)]
    tip: Annotated[int, Field(ge=0)]


class Entry(_Part):
    """One step: the nonce it has for good, and what was signed for it. Several only if fees had to be raised: one of them is mined."""

    what: str
    nonce: Annotated[int, Field(ge=0)]
    signed: list[Signed]


class Purpose(_Part):
    """What is deployed, by whom and where: a run goes on only from a journal of the same."""

    chain_id: int
    genesis: Hash
    deployer: Address
    config: Digest
    code: Digest


_SAID = {
    "chain_id": "another chain", "genesis": "another chain of the same id", "deployer": "another account",
    "config": "another configuration", "code": "other contracts than those that the sources compile to now",
}  # fmt: skip


class Journal(_Part):
    """By the steps' keys, in order."""

    purpose: Purpose
    entries: dict[str, Entry] = {}

    def write(self, path: Path) -> None:
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def open(cls, path: Path, purpose: Purpose) -> Self:
        """The journal of a run that broke off, or a new one."""
        if not path.is_file():
            return cls(purpose=purpose)
        try:
            journal = cls.model_validate(json.loads(path.read_text()))
        except (ValidationError, json.JSONDecodeError) as error:
            raise JournalError(f"{path} is no journal of a deployment: move it away to begin anew") from error
        for field, said in _SAID.items():
            if getattr(journal.purpose, field) != getattr(purpose, field):
                raise JournalError(f"{path} is of a deployment that broke off, of {said}: finish that one, or move the file away")
        return journal


def path_of(chain_id: int, folder: Path) -> Path:
    return folder / f"{chain_id}.pending.json"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One deployment at a time writes to a folder; the lock ends with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(f"another deployment is being written to {folder}") from error
        yield
    finally:
        os.close(descriptor)
