"""One system for all unit tests, deployed once; Ape's plugin takes every test's changes back.

The pool is ACTIVE at price 1 with the founder's and the provider's units in it; everybody but the governor holds WEALTH of
every token and has approved the Backstop and the first three pools.
"""

import ape
import pytest
from ape import Project, chain
from ape.contracts import ContractInstance

from model.state import ZERO
from tests.differential.addresses import FIRST_POOL_NONCE, created_address
from tests.differential.deployment import deploy_controller
from tests.unit.support import (
    FIRST,
    LOT,
    MAX,
    START,
    TOTAL,
    UNLIMITED,
    WEALTH,
    ZERO_ADDRESS,
    EventReader,
    System,
    activate,
    add,
    arrange,
    open_books,
    parameters,
    suspend,
)

ROLES = ("governor", "founder", "provider", "trader", "staker", "second_staker", "keeper", "outsider")
TOKENS = {"base": 18, "quote": 6, "dlq": 18, "spare_base": 8, "spare_quote": 24}
POOLS = ("pool", "second_pool", "third_pool")


def contract_at(project: Project, name: str, address) -> ContractInstance:
    """A contract that another one has created."""
    return ape.Contract(address, contract_type=getattr(project, name).contract_type)


def deploy(accounts, project: Project) -> System:
    roles = dict(zip(ROLES, accounts))
    governor = roles["governor"]
    contracts = {"dlq": governor.deploy(project.DLQ, MAX)}
    for name, decimals in TOKENS.items():
        if name != "dlq":
            contracts[name] = governor.deploy(project.MockToken, name, name[:5], decimals, MAX)
    controller = deploy_controller(governor, contracts["dlq"], project=project)
    contracts["controller"] = controller
    contracts["reserve"] = contract_at(project, "Reserve", controller.reserve())
    contracts["backstop"] = contract_at(project, "Backstop", controller.backstop())
    contracts["lens"] = governor.deploy(project.Lens)
    creator = bytes.fromhex(controller.address[2:])
    pools = [created_address(creator, FIRST_POOL_NONCE + number) for number in range(len(POOLS))]
    for token in TOKENS:
        for role in ROLES[1:]:
            arrange(contracts[token].transfer, roles[role], WEALTH, sender=governor)
            for spender in (*pools, contracts["backstop"]):
                arrange(contracts[token].approve, spender, UNLIMITED, sender=roles[role])
    arrange(controller.create_pool, contracts["base"], contracts["quote"], parameters(), sender=governor)
    contracts["pool"] = contract_at(project, "Pool", controller.pools(0))
    names = {contract.address: name for name, contract in contracts.items()}
    names |= {account.address: name for name, account in roles.items()}
    names |= {ape.convert(address, ape.types.AddressType): name for address, name in zip(pools, POOLS)}
    return System(contracts, roles, names | {ZERO_ADDRESS: ZERO})


@ape.fixture(scope="session", chain_isolation=False)
def system(accounts, project):
    # Blocks do not advance the clock of themselves.
    chain.provider.make_request("anvil_setBlockTimestampInterval", [0])
    chain.mine(timestamp=START)
    system = deploy(accounts, project)
    pool = system.contracts["pool"]
    add(pool, FIRST, FIRST, system.roles["founder"])
    activate(system.contracts["controller"], pool, system.roles["governor"])
    add(pool, LOT, LOT, system.roles["provider"])
    open_books(pool, TOTAL)
    assert chain.blocks.head.timestamp == START
    yield system
    chain.provider.make_request("anvil_removeBlockTimestampInterval", [])


def _role(name: str):
    return pytest.fixture(name=name)(lambda system: system.roles[name])


def _contract(name: str):
    return pytest.fixture(name=name)(lambda system: system.contracts[name])


governor, founder, provider, trader = map(_role, ROLES[:4])
staker, second_staker, keeper, outsider = map(_role, ROLES[4:])
base, quote, dlq, spare_base, spare_quote = map(_contract, TOKENS)
controller, reserve, backstop, pool, lens = map(_contract, ("controller", "reserve", "backstop", "pool", "lens"))


@pytest.fixture(scope="session")
def events(system) -> EventReader:
    return EventReader(system)


@pytest.fixture
def become(accounts):
    """Send transactions in the name of a contract."""

    def become(contract: ContractInstance):
        chain.provider.set_balance(contract.address, 10**24)
        return accounts.impersonate_account(contract.address)

    return become


@pytest.fixture
def pool_account(become, pool):
    return become(pool)


@pytest.fixture
def create_pool(controller, governor, project):
    """Create a pool of any two tokens and parameters; without units."""

    def create_pool(base, quote, **changed: int) -> ContractInstance:
        arrange(controller.create_pool, base, quote, parameters(**changed), sender=governor)
        return contract_at(project, "Pool", controller.pool_of(base, quote))

    return create_pool


@pytest.fixture
def new_pool(create_pool, spare_base, spare_quote):
    """The second pool, of the spare tokens: PENDING, without units."""

    def new_pool(**changed: int) -> ContractInstance:
        return create_pool(spare_base, spare_quote, **changed)

    return new_pool


@pytest.fixture
def pending_pool(new_pool, founder):
    """The second pool, with the founder's first add."""

    def pending_pool(**changed: int) -> ContractInstance:
        pool = new_pool(**changed)
        add(pool, FIRST, FIRST, founder)
        return pool

    return pending_pool


@pytest.fixture
def active_pool(pending_pool, controller, governor):
    """The second pool, ACTIVE at price 1."""

    def active_pool(**changed: int) -> ContractInstance:
        pool = pending_pool(**changed)
        activate(controller, pool, governor)
        return pool

    return active_pool


@pytest.fixture
def provided_pool(active_pool, provider):
    """The second pool, with the provider's lot in it too: as `pool`, of other tokens."""

    def provided_pool(**changed: int) -> ContractInstance:
        pool = active_pool(**changed)
        add(pool, LOT, LOT, provider)
        return pool

    return provided_pool


@pytest.fixture
def suspended_pool(pool, controller, governor):
    """The pool, suspended."""
    suspend(controller, pool, governor)
    return pool


@pytest.fixture
def dlq_pool(create_pool, controller, governor, founder, dlq, quote):
    """The second pool, of DLQ and quote: ACTIVE at 2 quote per DLQ, and named for the quote token."""
    pool = create_pool(dlq, quote)
    add(pool, 1_000_000, 2_000_000, founder)
    activate(controller, pool, governor)
    arrange(controller.name_dlq_pool, quote, pool, sender=governor)
    return pool
