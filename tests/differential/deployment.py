"""Deploys the system through Ape, as any user would."""

from types import SimpleNamespace

from ape import project as ape_project
from ape.api import ReceiptAPI
from ape.contracts import ContractContainer, ContractInstance
from ethpm_types import ContractType

from model import SystemParameters
from model.state import BACKSTOP, CONTROLLER, FOUNDER, LENS, RESERVE
from tests.differential import world
from tests.differential.addresses import FOUNDED, directory, inspector_arguments
from tests.differential.artifacts import Artifacts
from tests.differential.codec import Directory


def deploy_tokens(governor, project=ape_project) -> dict[str, ContractInstance]:
    """DLQ and the tokens of the world; all of each belongs to the governor."""
    tokens = {world.DLQ: governor.deploy(project.DLQ, world.SUPPLY)}
    for name, decimals in world.DECIMALS.items():
        if name != world.DLQ:
            tokens[name] = governor.deploy(project.AwkwardToken, name, name, decimals, world.SUPPLY)
    return tokens


def declare(governor, contract) -> str:
    """Deploy a contract's ERC-5202 blueprint; its address."""
    # Ape leaves the sender out, but a live network is asked what it would cost whom.
    receipt: ReceiptAPI = governor.declare(contract, sender=governor.address)
    return receipt.contract_address


def deploy_controller(governor, dlq: str, system=world.SYSTEM, project=ape_project) -> ContractInstance:
    """The Controller, which creates the Reserve and the Backstop."""
    blueprints = [declare(governor, contract) for contract in (project.Pool, project.Reserve, project.Backstop)]
    parameters = (system.epoch_seconds, system.unstake_seconds, system.hold_seconds, system.unstake_window_seconds)
    return governor.deploy(project.Controller, dlq, *parameters, *blueprints)


def deploy_founder(governor, dlq: str, project=ape_project) -> ContractInstance:
    """What founds other systems, and takes them back."""
    return governor.deploy(project.Founder, dlq, *[declare(governor, getattr(project, name)) for name in FOUNDED])


def containers(artifacts: Artifacts) -> SimpleNamespace:
    """Compiled contracts as Ape deploys them: by name, like a project's."""

    def container(name: str) -> ContractContainer:
        artifact = artifacts[name]
        codes = {"deploymentBytecode": artifact.initcode, "runtimeBytecode": artifact.runtime}
        bytecodes = {field: {"bytecode": "0x" + code.hex()} for field, code in codes.items()}
        return ContractContainer(ContractType.model_validate({"contractName": name, "abi": artifact.abi, **bytecodes}))

    return SimpleNamespace(**{name: container(name) for name in artifacts})


def deploy_world(accounts, artifacts: Artifacts, system: SystemParameters = world.SYSTEM) -> tuple[Directory, ContractInstance]:
    """The world of the differential tests on the connected network.

    Parameters
    ----------
    accounts : one Ape account for each of `world.ACTORS`, the governor first

    Returns
    -------
    The directory of ids and addresses, and the Inspector.
    """
    governor, project = accounts[0], containers(artifacts)
    tokens = deploy_tokens(governor, project)
    controller = deploy_controller(governor, tokens[world.DLQ].address, system, project)
    addresses = {name: account.address for name, account in zip(world.ACTORS, accounts)}
    addresses |= {name: token.address for name, token in tokens.items()}
    addresses[FOUNDER] = deploy_founder(governor, tokens[world.DLQ].address, project).address
    addresses |= {CONTROLLER: controller.address, RESERVE: controller.reserve(), BACKSTOP: controller.backstop()}
    inspector = governor.deploy(project.Inspector, *inspector_arguments(addresses))
    addresses[LENS] = governor.deploy(project.Lens).address
    return directory({name: bytes.fromhex(address[2:]) for name, address in addresses.items()}, artifacts), inspector
