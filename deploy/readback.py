"""What stands on the chain, against what was configured and compiled: every contract's code to the last byte, every value it answers."""

from collections.abc import Iterator
from typing import Any

from eth_abi import encode

from deploy.compiled import LENS, TEST_TOKEN, Compiled
from deploy.config import DLQ, DLQ_DECIMALS, Config, NewDlq, NewPool, TestToken, base_units, parameters_of
from deploy.node import Node, NodeError
from deploy.plan import BLUEPRINTS, System, first_units, liquidity
from model.state import ACTIVE
from model.token import DLQ_NAME
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
        return [*found, *self._happened(), *self._ownership()] if fresh and not found else found

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
            yield from ask(symbol, DLQ_NAME if symbol == DLQ else token.name, "name")
            yield from ask(symbol, base_units(token.supply, decimals, symbol), "totalSupply")

    def _happened(self) -> Iterator[str]:
        """By their own events, the steps have done what others may have changed since: a pool's first liquidity, its status, its name."""
        at = self.system.contracts["controller"]
        for pool in self.config.pools:
            address, tokens = self.system.pools[pool.name], [self.system.tokens[symbol].address for symbol in (pool.base, pool.quote)]
            yield from self._event(f"pool {pool.name}", "Controller", at, "PoolCreated", pool=address, base=tokens[0], quote=tokens[1])
            yield from self._event(f"activate {pool.name}", "Pool", address, "StatusSet", status=ACTIVE)
            yield from self._event(f"dlq pool {pool.name}", "Controller", at, "DlqPoolNamed", pool=address, quote=tokens[1])
            if pool.liquidity:
                yield from self._event(f"add {pool.name}", "Pool", address, "Added", provider=self.deployer, units=self._least_units(pool))
        offer = {"previous_owner": self.deployer, "new_owner": self.governor}
        yield from self._event("governor", "Controller", at, "OwnershipTransferStarted", **offer)

    def _event(self, key: str, contract: str, address: str, name: str, **expected: Any) -> Iterator[str]:
        """Of a step that was done, what its receipt tells; of a number of units, at least so many."""
        if key not in self.system.done:
            return
        receipt = self.node.receipt(self.system.done[key].transaction)
        logs = [log for log in receipt["logs"] if log["address"].lower() == address.lower()] if receipt else []
        found = [fields for log in logs if (fields := self.compiled[contract].event(name, log)) is not None]
        if len(found) != 1:
            yield f"{key}: {len(found)} events {name} in {self.system.done[key].transaction}, and should be 1"
            return
        for field, value in expected.items():
            told = found[0][field]
            if told < value if field == "units" else told != (value.lower() if isinstance(value, str) else value):
                yield f"{key}: {field} is {told}, and should be {'at least ' if field == 'units' else ''}{value}"

    def _least_units(self, pool: NewPool) -> int:
        return first_units(*[liquidity(pool, self.system.tokens[getattr(pool, side)].decimals, side) for side in ("base", "quote")])

    def _ownership(self) -> Iterator[str]:
        """The deployer's, and offered to the governor or nobody; or the governor's, who has accepted."""
        controller = self.system.contracts["controller"]
        owner = self._answer("Controller", controller, "owner")
        if self.governor == self.deployer or owner != self.governor:
            ask = self._ask("Controller", controller)
            yield from ask("controller", self.deployer, "owner")
            yield from ask("controller", NOBODY if self.governor == self.deployer else self.governor, "pending_owner")

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
