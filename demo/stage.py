"""Where the stories are played: a deployed system on a devnet, whose time the stories set."""

from math import isqrt
from typing import Any

from ape.api import AccountAPI, ProviderAPI
from web3.contract import Contract

from audit.events import EventReader
from audit.system import System
from deploy.record import Deployment
from model import Event
from model.fixed_point import UINT256_MAX
from tests.differential.artifacts import Artifacts

DAY = 86_400
GAS = 3_000_000
ROLES = ("governor", "provider-1", "provider-2", "provider-3", "provider-4", "trader", "staker", "keeper")


class Stage:
    """The contracts by their names, the actors by their roles, and a calendar that starts with the first day after the deployment."""

    def __init__(self, provider: ProviderAPI, deployment: Deployment, artifacts: Artifacts, accounts: list[AccountAPI]):
        self.web3 = provider.web3
        self.events = EventReader(System(deployment), artifacts)
        self.actors = {role: account.address for role, account in zip(ROLES, accounts)}
        self.decimals = {token.symbol: token.decimals for token in deployment.tokens} | {"DLQ": 18}
        self.tokens = {token.symbol: token.address.lower() for token in deployment.tokens} | {"DLQ": deployment.address("dlq").lower()}
        names = {"controller": "Controller", "reserve": "Reserve", "backstop": "Backstop"}
        self.contracts = {role: self._at(deployment.address(role), artifacts[name].abi) for role, name in names.items()}
        self.contracts |= {symbol: self._at(self.web3.to_checksum_address(at), artifacts["DLQ"].abi) for symbol, at in self.tokens.items()}
        self.contracts |= {pool.name: self._at(pool.address, artifacts["Pool"].abi) for pool in deployment.pools}
        self.begin = (self.now // DAY + 1) * DAY

    def _at(self, address: str, abi: list) -> Contract:
        return self.web3.eth.contract(address=address, abi=abi)

    # -- time --------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        return self.web3.eth.get_block("latest")["timestamp"]

    def at(self, now: int) -> None:
        """Have the next transaction happen at a time, or right away where it has passed."""
        self.web3.provider.make_request("evm_setNextBlockTimestamp", [max(now, self.now + 1)])

    # -- calls -------------------------------------------------------------------------------------------------------

    def address(self, name: str) -> str:
        return self.contracts[name].address if name in self.contracts else self.actors[name]

    def send(self, actor: str, contract: str, function: str, *arguments: Any) -> list[Event]:
        """Send one call and wait for it; its events."""
        plain = [self.address(one) if isinstance(one, str) else one for one in arguments]
        data = self.contracts[contract].encode_abi(function, args=plain)
        call = {"from": self.actors[actor], "to": self.address(contract), "data": data, "gas": GAS}
        receipt = self.web3.eth.wait_for_transaction_receipt(self.web3.eth.send_transaction(call), poll_latency=0.002)
        if receipt["status"] != 1:
            raise RuntimeError(f"{actor} -> {contract}.{function} has failed")
        return [
            self.events.read((log["address"].lower(), [topic.to_0x_hex() for topic in log["topics"]], log["data"].to_0x_hex()))
            for log in receipt["logs"]
        ]

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        plain = [self.address(one) if isinstance(one, str) else one for one in arguments]
        return getattr(self.contracts[contract].functions, function)(*plain).call()

    def whole(self, token: str, amount: float) -> int:
        """Whole tokens in base units."""
        return int(amount * 10 ** self.decimals[token])

    # -- what the stories are made of ----------------------------------------------------------------------------------

    def give(self, actor: str, spenders: tuple[str, ...], **amounts: float) -> None:
        """The governor gives tokens to an actor, who lets contracts take them."""
        for token, amount in amounts.items():
            self.send("governor", token, "transfer", actor, self.whole(token, amount))
            for spender in spenders:
                self.send(actor, token, "approve", spender, UINT256_MAX)

    def add(self, provider: str, pool: str, base: float, quote: float) -> None:
        amounts = [self.whole(token, amount) for token, amount in zip(pool.split("/"), (base, quote))]
        self.send(provider, pool, "add", *amounts, 0, UINT256_MAX)

    def swap(self, pool: str, token: str, amount: int) -> None:
        self.send("trader", pool, "swap", token, amount, 0, "trader", UINT256_MAX)

    def reserves(self, pool: str) -> tuple[int, int]:
        state = self.read(pool, "state")
        return state[1], state[2]

    def price(self, pool: str) -> float:
        """The spot price, in whole tokens."""
        base, quote = pool.split("/")
        reserve_base, reserve_quote = self.reserves(pool)
        return reserve_quote / 10 ** self.decimals[quote] / (reserve_base / 10 ** self.decimals[base])

    def trade_to(self, pool: str, price: float) -> None:
        """Bring a pool to a market's price, unless it is so near that no trader would care to."""
        base, quote = pool.split("/")
        reserve_base, reserve_quote = self.reserves(pool)
        product = reserve_base * reserve_quote
        scaled = int(price * 10 ** self.decimals[quote] * 10**9) * 10**9
        wanted_base = isqrt(product * 10**18 * 10 ** self.decimals[base] // scaled)
        if abs(wanted_base - reserve_base) * 10_000 < reserve_base:
            return
        if wanted_base > reserve_base:
            self.swap(pool, base, wanted_base - reserve_base)
        else:
            self.swap(pool, quote, product // wanted_base - reserve_quote)
