"""Where everything stands: the accounts, and the addresses that contracts come to have."""

from collections.abc import Callable
from functools import cache
from typing import Any

from eth_abi import encode
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_keys.datatypes import PrivateKey
from eth_utils import keccak
from rlp import encode as rlp_encode

from model import OPERATIONS, SystemParameters
from model.operations import VIEWS
from model.state import BACKSTOP, CONTROLLER, FOUNDER, LENS, RESERVE
from tests.differential import world
from tests.differential.artifacts import Artifacts, CompileError
from tests.differential.codec import Directory

FIRST_POOL_NONCE = 3  # the Controller's constructor creates the Reserve and the Backstop
FOUNDED = ("Controller", "HollowPool", "Reserve", "Backstop")  # what the Founder has blueprints of
# What Ape, Anvil and Hardhat call their test accounts.
MNEMONIC = "test test test test test test test test test test test junk"


@cache
def actors() -> dict[str, bytes]:
    """The world's actors as the first accounts of the well-known test mnemonic, the governor first."""
    seed = seed_from_mnemonic(MNEMONIC, "")
    keys = [PrivateKey(key_from_seed(seed, f"m/44'/60'/0'/0/{number}")) for number in range(len(world.ACTORS))]
    return {name: key.public_key.to_canonical_address() for name, key in zip(world.ACTORS, keys)}


def created_address(creator: bytes, nonce: int) -> bytes:
    """The address of the contract that `creator` creates with its `nonce`-th CREATE."""
    return keccak(rlp_encode([creator, nonce]))[12:]


def inspector_arguments(addresses: dict[str, str]) -> list:
    """What the Inspector reads, and in which order: as `codec.StateCodec` expects it."""
    contracts = [addresses[name] for name in (CONTROLLER, RESERVE, BACKSTOP)]
    lists = (world.TOKENS, world.PROVIDERS, world.STAKERS, world.HOLDERS)
    return [*contracts, *[[addresses[name] for name in names] for names in lists]]


def deploy_code(
    artifacts: Artifacts, place: Callable[[bytes], str], parameters: SystemParameters = world.SYSTEM
) -> tuple[Directory, str]:
    """The world without Ape: the same contracts in the same order as `deployment.deploy_world`, and so at the same addresses.

    Parameters
    ----------
    place : runs deployment code for the governor; the address of what it has deployed

    Returns
    -------
    The directory of ids and addresses, and the Inspector's address.
    """

    def create(name: str, *arguments: Any) -> str:
        artifact = artifacts[name]
        types = [parameter["type"] for item in artifact.abi if item["type"] == "constructor" for parameter in item["inputs"]]
        return place(artifact.initcode + encode(types, arguments))

    tokens = {world.DLQ: create("DLQ", world.SUPPLY)}
    for name, decimals in world.DECIMALS.items():
        if name != world.DLQ:
            tokens[name] = create("AwkwardToken", name, name, decimals, world.SUPPLY)
    system = [getattr(parameters, name) for name in parameters.__slots__]
    blueprints = [place(artifacts[name].blueprint) for name in ("Pool", "Reserve", "Backstop")]
    controller = create("Controller", tokens[world.DLQ], *system, *blueprints)
    founder = create("Founder", tokens[world.DLQ], *[place(artifacts[name].blueprint) for name in FOUNDED])
    created = {name: created_address(bytes.fromhex(controller[2:]), nonce) for name, nonce in ((RESERVE, 1), (BACKSTOP, 2))}
    addresses = {name: "0x" + address.hex() for name, address in (actors() | created).items()} | tokens | {CONTROLLER: controller, FOUNDER: founder}
    inspector = create("Inspector", *inspector_arguments(addresses))
    addresses[LENS] = create("Lens")
    return directory({name: bytes.fromhex(address[2:]) for name, address in addresses.items()}, artifacts), inspector


def directory(addresses: dict[str, bytes], artifacts: Artifacts) -> Directory:
    """The directory of deployed contracts, and of every pool that may be created.

    Raises
    ------
    CompileError
        If the model has a call that the contracts do not know.
    """
    creator = addresses[CONTROLLER]
    pools = {name: created_address(creator, FIRST_POOL_NONCE + number) for number, name in enumerate(world.POOLS)}
    contracts = {
        "controller": "Controller", "reserve": "Reserve", "backstop": "Backstop", "pool": "Pool", "lens": "Lens",
        "inspector": "Inspector", "founder": "Founder",
    }  # fmt: skip
    abis = {kind: artifacts[name].abi for kind, name in contracts.items()}
    # An awkward token has more functions than DLQ; of those that both have, DLQ says what they return.
    found = Directory({**addresses, **pools}, {**abis, "token": artifacts["AwkwardToken"].abi + artifacts["DLQ"].abi})
    unknown = [name for name in (*OPERATIONS, *VIEWS) if name not in found.calls]
    if unknown:
        raise CompileError(f"the contracts lack what the model has: {', '.join(unknown)}")
    return found
