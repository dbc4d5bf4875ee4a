"""What is known of a deployment: `deployments/<chain id>.json`, written when everything has been read back and found right."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

from eth_utils import is_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from deploy.problem import Problem

VERSION = 1
FOLDER = Path("deployments")
ROLES = ("dlq", "controller", "reserve", "backstop")  # without which there is no system


class RecordError(Problem):
    """There is no such record, or it is none; the message says so in one line."""


def _checksummed(address: str) -> str:
    if not is_checksum_address(address):
        raise ValueError("not an address with its checksum")
    return address


Address = Annotated[str, AfterValidator(_checksummed)]
Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Hex = Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$")]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Compiler(_Part):
    """What compiled the contracts, and how: enough to compile them again to the same code."""

    version: str
    optimize: str
    evm_version: str


class DeployedContract(_Part):
    """One contract. `transaction` is null for what was there before; `arguments` are the constructor's, encoded, none for a blueprint."""

    contract: str
    address: Address
    block: Count | None
    transaction: Hash | None
    arguments: Hex
    runtime_sha256: Digest


class ListedToken(_Part):
    """A token that some pool trades. `contract`, `block` and `transaction` are null for one that was there before."""

    address: Address
    symbol: str
    decimals: Annotated[int, Field(ge=0, le=24)]
    contract: str | None
    block: Count | None
    transaction: Hash | None


class CreatedPool(_Part):
    """A pool; `name` is the configuration's, `base` and `quote` are the tokens' addresses."""

    name: str
    address: Address
    base: Address
    quote: Address
    block: Count
    transaction: Hash
    parameters: dict[str, Count]
    runtime_sha256: Digest


class MinedTransaction(_Part):
    """One transaction of the deployment, in the order of the account's nonces."""

    hash: Hash
    block: Count
    what: str
    gas_used: Count


class Deployment(_Part):
    """All of it. `contracts` is by role: dlq, pool_blueprint, reserve_blueprint, backstop_blueprint, controller, reserve, backstop, lens.

    `left_out` is what the configuration says and the deployment, on request, has not done: steps that begin a pool.
    """

    version: Annotated[int, Field(ge=VERSION, le=VERSION)] = VERSION
    chain_id: Annotated[int, Field(gt=0)]
    network: str
    deployer: Address
    governor: Address
    first_block: Count
    last_block: Count
    compiler: Compiler
    sources: dict[str, Digest]
    config: dict[str, Any]
    periods: dict[str, Count]
    contracts: dict[str, DeployedContract]
    tokens: list[ListedToken]
    pools: list[CreatedPool]
    transactions: list[MinedTransaction]
    left_out: list[str] = []

    @field_validator("contracts")
    @classmethod
    def all_roles(cls, contracts: dict[str, DeployedContract]) -> dict[str, DeployedContract]:
        missing = [role for role in ROLES if role not in contracts]
        if missing:
            raise ValueError(f"there is no {missing[0]}")
        return contracts

    def address(self, role: str) -> str:
        """The address of the contract that has this role."""
        return self.contracts[role].address

    def pool(self, name: str) -> CreatedPool | None:
        """The pool of this name or address, if there is one."""
        found = [pool for pool in self.pools if name.lower() in (pool.name.lower(), pool.address.lower())]
        return found[0] if found else None

    def save(self, path: Path) -> None:
        write_json(path, self.model_dump(mode="json"))


def path_of(chain_id: int, folder: Path = FOLDER) -> Path:
    """Where the deployment on a chain is recorded."""
    return folder / f"{chain_id}.json"


def load(path: Path) -> Deployment:
    """Read a record.

    Raises
    ------
    RecordError
        If there is none, or what is there is something else.
    """
    try:
        return Deployment.model_validate_json(path.read_text())
    except FileNotFoundError as error:
        raise RecordError(f"there is no {path}: `ape run deploy` writes it") from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is no record of a deployment: it is no text") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        raise RecordError(f"{path} is no record of a deployment: {place}: {first['msg']}") from error


def write_json(path: Path, content: Any) -> None:
    """Write a file so that whoever reads it, even after a power cut, finds the whole of the old or the whole of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    with unfinished.open("w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
