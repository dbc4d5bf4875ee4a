"""Deploys the system through Ape, as any user would, and hands the differential engine what it needs to know of it."""

from ape import project as ape_project
from ape.api import ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils import keccak
from rlp import encode as rlp_encode

from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.differential import world
from tests.differential.codec import Directory

FIRST_POOL_NONCE = 3  # the Controller's constructor creates the Reserve and the Backstop


def created_address(creator: bytes, nonce: int) -> bytes:
    """The address of the contract that `creator` creates with its `nonce`-th CREATE."""
    return keccak(rlp_encode([creator, nonce]))[12:]


def deploy_tokens(governor, project=ape_project) -> dict[str, ContractInstance]:
    """DLQ and the tokens of the world; all of each belongs to the governor."""
    tokens = {world.DLQ: governor.deploy(project.DLQ, world.SUPPLY)}
    for name, decimals in world.DECIMALS.items():
        if name != world.DLQ:
            tokens[name] = governor.deploy(project.MockToken, name, name, decimals, world.SUPPLY)
    return tokens


def declare(governor, contract) -> str:
    """Deploy a contract's ERC-5202 blueprint; its address."""
    receipt: ReceiptAPI = governor.declare(contract)
    return receipt.contract_address


def deploy_controller(governor, dlq: str, system=world.SYSTEM, project=ape_project) -> ContractInstance:
    """The Controller, which creates the Reserve and the Backstop."""
    blueprints = [declare(governor, contract) for contract in (project.Pool, project.Reserve, project.Backstop)]
    parameters = (system.epoch_seconds, system.unstake_seconds, system.hold_seconds, system.unstake_window_seconds)
    return governor.deploy(project.Controller, dlq, *parameters, *blueprints)


def deploy_world(accounts, project=ape_project) -> tuple[Directory, ContractInstance]:
    """The world of the differential tests on the connected network.

    Parameters
    ----------
    accounts : one Ape account for each of `world.ACTORS`, the governor first

    Returns
    -------
    The directory of ids and addresses, and the Inspector.
    """
    governor = accounts[0]
    tokens = deploy_tokens(governor, project)
    controller = deploy_controller(governor, tokens[world.DLQ].address, project=project)
    addresses = {name: account.address for name, account in zip(world.ACTORS, accounts)}
    addresses |= {name: token.address for name, token in tokens.items()}
    addresses |= {CONTROLLER: controller.address, RESERVE: controller.reserve(), BACKSTOP: controller.backstop()}
    inspector = governor.deploy(project.Inspector, *inspector_arguments(addresses))
    return directory({name: bytes.fromhex(address[2:]) for name, address in addresses.items()}, project), inspector


def inspector_arguments(addresses: dict[str, str]) -> list:
    """What the Inspector reads, and in which order: as `codec.StateCodec` expects it."""
    contracts = [addresses[name] for name in (CONTROLLER, RESERVE, BACKSTOP)]
    lists = (world.TOKENS, world.PROVIDERS, world.STAKERS, world.HOLDERS)
    return [*contracts, *[[addresses[name] for name in names] for names in lists]]


def directory(addresses: dict[str, bytes], project=ape_project) -> Directory:
    """The directory of deployed contracts, and of every pool that may be created."""
    creator = addresses[CONTROLLER]
    pools = {name: created_address(creator, FIRST_POOL_NONCE + number) for number, name in enumerate(world.POOLS)}
    contracts = {
        "controller": project.Controller, "reserve": project.Reserve, "backstop": project.Backstop, "pool": project.Pool,
        "token": project.DLQ, "inspector": project.Inspector,
    }  # fmt: skip
    abis = {kind: contract.contract_type.model_dump(mode="json")["abi"] for kind, contract in contracts.items()}
    return Directory({**addresses, **pools}, abis)
