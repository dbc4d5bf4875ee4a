"""Both systems on one chain, with the same tokens: a pool of ours and a pair of Uniswap v2's, of the same depth."""

from eth_abi import encode

from model import Parameters, SystemParameters
from model.state import ACTIVE
from tests.differential.addresses import actors
from tests.differential.artifacts import Artifacts
from tests.differential.codec import fields_of
from tests.differential.world import DAY, GOVERNOR, SUPPLY, UNLIMITED
from tests.gas import uniswap
from tests.gas.chains import DEPLOYER, Call, Chain, Contract

WHOLE = 10**18
DEPTH = 1_000_000 * WHOLE  # of each token in the pool and in the pair
MEANS = 10_000_000 * WHOLE  # of each token for each account
ANY_PRICE = (0, UNLIMITED)
ACCOUNTS = {name: "0x" + address.hex() for name, address in actors().items() if name != GOVERNOR}


class Stage:
    """Everything is deployed and in use; accounts have tokens, and have consented to their being pulled."""

    def __init__(self, chain: Chain, artifacts: Artifacts):
        self.chain = chain
        self.artifacts = artifacts
        self.base, self.quote, self.dlq = self.new_token(), self.new_token(), self.new_token()
        blueprints = [chain.deploy(artifacts[name].blueprint) for name in ("Pool", "Reserve", "Backstop")]
        self.controller = self._deploy("Controller", self.dlq.address, *fields_of(SystemParameters()), *blueprints)
        self.reserve = self.contract("Reserve", *chain.read(self.controller("reserve")))
        self.backstop = self.contract("Backstop", *chain.read(self.controller("backstop")))
        self.pool = self.new_pool(self.base, self.quote)
        self.router, self.pair = uniswap.deploy(chain, self.base, self.quote)
        self._supply_accounts()
        self._begin()
        chain.wait(DAY)

    def contract(self, name: str, address: str) -> Contract:
        return Contract(address, self.artifacts[name].abi)

    def _deploy(self, name: str, *arguments: object) -> Contract:
        artifact = self.artifacts[name]
        (types,) = [[item["type"] for item in entry["inputs"]] for entry in artifact.abi if entry["type"] == "constructor"]
        return self.contract(name, self.chain.deploy(artifact.initcode + encode(types, arguments)))

    def new_token(self) -> Contract:
        """A plain ERC-20, DLQ's own code, of which the deployer has all."""
        return self._deploy("DLQ", SUPPLY)

    def new_pool(self, base: Contract, quote: Contract) -> Contract:
        """An ACTIVE pool in which the deployer provides."""
        self.chain.run([(DEPLOYER, self.controller("create_pool", base, quote, fields_of(Parameters())))])
        pool = self.contract("Pool", *self.chain.read(self.controller("pool_of", base, quote)))
        calls = [token("approve", pool, UNLIMITED) for token in (base, quote)]
        calls.append(pool("add", DEPTH, DEPTH, 0, UNLIMITED))
        calls.append(self.controller("set_status", pool, ACTIVE, *ANY_PRICE))
        self.chain.run([(DEPLOYER, call) for call in calls])
        return pool

    def _supply_accounts(self) -> None:
        calls: list[tuple[str, Call]] = []
        for account in ACCOUNTS.values():
            calls += [(DEPLOYER, token("transfer", account, MEANS)) for token in (self.base, self.quote, self.dlq)]
        for account in (DEPLOYER, *ACCOUNTS.values()):
            calls += [(account, token("approve", spender, UNLIMITED)) for token in (self.base, self.quote) for spender in (self.pool, self.router)]
            calls += [(account, self.dlq("approve", self.backstop, UNLIMITED)), (account, self.pair("approve", self.router, UNLIMITED))]
        self.chain.run(calls)

    def _begin(self) -> None:
        """Nothing is the very first of its kind: there are stakers with rewards, a Reserve with some of each token, and sums of prices in the pair."""
        calls = [self.backstop("stake", self.pool, DEPTH), self.provision_in_uniswap(DEPTH, DEPLOYER)]
        calls += [self.pool("swap", token, WHOLE, 0, DEPLOYER, UNLIMITED) for token in (self.base, self.quote)]
        self.chain.run([(DEPLOYER, call) for call in (*calls, self.pool("sweep"))])
        self.chain.gas(DEPLOYER, self.sale_in_uniswap(WHOLE, DEPLOYER))

    def sale_in_uniswap(self, amount: int, account: str) -> Call:
        """Of base, for quote."""
        path = [self.base.address, self.quote.address]
        return self.router("swapExactTokensForTokens", amount, 0, path, account, UNLIMITED)

    def provision_in_uniswap(self, amount: int, account: str) -> Call:
        """So much of each token."""
        return self.router("addLiquidity", self.base, self.quote, amount, amount, 0, 0, account, UNLIMITED)
