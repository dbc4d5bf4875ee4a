"""What stands on the chain, against what was configured and compiled: every contract's code to the last byte, every value it answers."""

from collections.abc import Iterator
from typing import Any

from eth_abi import encode

from deploy.compiled import LENS, TEST_TOKEN, Compiled
from deploy.config import DLQ, DLQ_DECIMALS, Config, NewDlq, NewPool, TestToken, base_units, parameters_of
from deploy.node import Node, NodeError
from deploy.plan import BLUEPRINTS, System, first_units, liquidity
from model.state import ACTIVE, PENDING
from tests.differential.codec import fields_of

NOBODY = "0x" + "0" * 40


class ReadBack:
    """Collects what differs."""

    def __init__(self, config: Config, compiled: dict[str, Compiled], node: Node, system: System, deployer: str):
        self.config = config
        self.compiled = compiled
        self.node = node
        self.system = system
        self.deployer = deployer
        self.governor = config.governor or deployer

    def differences(self, *, fresh: bool) -> list[str]:
        """What is not as it should be, a line for each. Of a deployment that is not `fresh`, what may have changed since is not asked."""
        found = [*self._code(), *self._fixed()]
        return [*found, *self._changing()] if fresh and not found else found

    def _code(self) -> Iterator[str]:
        expected = {role: self.compiled[name].code_of_blueprint for role, name in self._blueprints().items()}
        expected |= {role: self.compiled[name].code(values) for role, (name, values) in self._immutables().items()}
        addresses = self.system.contracts | self.system.pools
        for role, code in expected.items():
            if self.node.code(addresses[role]) != code:
                yield f"{role}: the code at {addresses[role]} is not the compiled one"
        for symbol, token in self.system.tokens.items():
            if token.is_new:
                contract = self.compiled[DLQ if symbol == DLQ else TEST_TOKEN]
                code = self.node.code(token.address)
                # A token keeps its own address and name behind its code; what it answers is compared below.
                length = len(code) - contract.length_of_immutables
                if code[: max(length, 0)] != bytes.fromhex(contract.runtime):
                    yield f"{symbol}: the code at {token.address} is not the compiled one"

    def _blueprints(self) -> dict[str, str]:
        return {f"{name.lower()}_blueprint": name for name in BLUEPRINTS}

    def _immutables(self) -> dict[str, tuple[str, bytes]]:
        """By role, the contract and the values behind its code, in their order."""
        at, config = self.system.contracts, self.config
        controller, reserve, backstop, dlq = (at[role] for role in ("controller", "reserve", "backstop", "dlq"))
        epoch, *unstaking = fields_of(config.system())
        rows = {
            "controller": ("Controller", (dlq, epoch, at["pool_blueprint"], reserve, backstop)),
            "reserve": ("Reserve", (controller,)),
            "backstop": ("Backstop", (controller, reserve, dlq, *unstaking)),
            "lens": (LENS, ()),
        }
        for pool in config.pools:
            base, quote = (self.system.tokens[symbol].address for symbol in (pool.base, pool.quote))
            rows[pool.name] = ("Pool", (controller, reserve, backstop, base, quote, epoch, *fields_of(parameters_of(pool))))
        return {role: (name, b"".join(map(_word, values))) for role, (name, values) in rows.items()}

    def _fixed(self) -> Iterator[str]:
        """What no call can change."""
        ask = self._ask("Controller", self.system.contracts["controller"])
        for number, (name, address) in enumerate(self.system.pools.items()):
            yield from ask(name, address, "pools", number)
            tokens = [self.system.tokens[symbol].address for symbol in name.split("/")]
            yield from ask(name, address, "pool_of", *tokens)
            yield from ask(name, True, "is_pool", address)
        for symbol, token in {DLQ: self.config.dlq, **self.config.tokens}.items():
            yield from self._token(symbol, token)

    def _token(self, symbol: str, token: Any) -> Iterator[str]:
        known = self.system.tokens[symbol]
        ask = self._ask(DLQ, known.address)
        yield from ask(symbol, known.decimals, "decimals")
        if isinstance(token, NewDlq | TestToken):
            decimals = DLQ_DECIMALS if symbol == DLQ else token.decimals
            yield from ask(symbol, symbol, "symbol")
            yield from ask(symbol, "Makewhole DLQ" if symbol == DLQ else token.name, "name")
            yield from ask(symbol, base_units(token.supply, decimals, symbol), "totalSupply")

    def _changing(self) -> Iterator[str]:
        """What nobody but the governor and the deployer has had a reason to change yet."""
        ask = self._ask("Controller", self.system.contracts["controller"])
        yield from ask("controller", len(self.config.pools), "pool_count")
        yield from ask("controller", self.deployer, "owner")
        yield from ask("controller", NOBODY if self.governor == self.deployer else self.governor, "pending_owner")
        named = {pool.quote: self.system.pools[pool.name] for pool in self.config.pools if pool.name in self.config.dlq_pools}
        for symbol, token in self.system.tokens.items():
            yield from ask(f"the DLQ pool of {symbol}", named.get(symbol, NOBODY), "dlq_pools", token.address)
        for pool in self.config.pools:
            asked = self._ask("Pool", self.system.pools[pool.name])
            yield from asked(pool.name, ACTIVE if pool.activate else PENDING, "status")
            if pool.liquidity:
                yield from self._liquidity(pool, self.system.pools[pool.name])

    def _liquidity(self, pool: NewPool, address: str) -> Iterator[str]:
        base, quote = (liquidity(pool, self.system.tokens[getattr(pool, side)].decimals, side) for side in ("base", "quote"))
        units, *_ = self._answer("Pool", address, "position", self.deployer)
        if units != first_units(base, quote):
            yield f"{pool.name}: the deployer has {units} units, and should have {first_units(base, quote)}"

    def _ask(self, contract: str, address: str):
        def ask(role: str, expected: Any, name: str, *arguments: Any) -> Iterator[str]:
            try:
                answer = self._answer(contract, address, name, *arguments)
            except NodeError as error:
                yield f"{role}: {error}"
                return
            if answer != expected:
                yield f"{role}: {name} is {answer}, and should be {expected}"

        return ask

    def _answer(self, contract: str, address: str, name: str, *arguments: Any) -> Any:
        return self.node.view(self.node.contract(address, self.compiled[contract].abi), name, *arguments)


def _word(value: Any) -> bytes:
    return encode(["address" if isinstance(value, str) else "uint256"], [value])
