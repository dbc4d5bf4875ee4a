"""The transactions of a deployment, in their order, as a plan that is told what each came to before it names the next."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from decimal import Decimal
from math import isqrt

from eth_utils import to_checksum_address

from deploy.compiled import LENS, TEST_TOKEN, Compiled
from deploy.config import DLQ, DLQ_DECIMALS, Config, NewDlq, NewPool, TestToken, ThereAlready, base_units, parameters_of, stored_price
from model.liquidity_math import MINIMUM_UNITS
from model.state import ACTIVE
from tests.differential.addresses import FIRST_POOL_NONCE, created_address
from tests.differential.codec import fields_of

UNLIMITED_TIME = 2**256 - 1
BLUEPRINTS = ("Pool", "Reserve", "Backstop")


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction: a creation where `to` is None. `key` names it for good.

    `pool` is the pool that it begins, by liquidity, status or being named: others may come in between, and nothing else depends on it.
    """

    key: str
    what: str
    to: str | None
    data: bytes
    pool: str | None = None

    def would_fail(self, reason: str) -> str:
        """Told to whoever deploys, and what can be done."""
        cure = f" (if others have added to the pool, --unfinished {self.pool} deploys all the rest)" if self.pool else ""
        return f"{self.what}: would fail: {reason}{cure}"


@dataclass(frozen=True, slots=True)
class Done:
    """What it came to: the block and hash of its transaction, and the address it created."""

    created: str
    block: int
    transaction: str
    gas_used: int


@dataclass(frozen=True, slots=True)
class Token:
    address: str
    symbol: str
    decimals: int
    is_new: bool  # deployed here


@dataclass
class System:
    """What stands after the steps so far: contracts by role, tokens by the configuration's symbols, pools by name.

    `done` and `left_out` are by the steps' keys.
    """

    tokens: dict[str, Token] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


Plan = Generator[Step, Done | None, System]


def plan(config: Config, compiled: dict[str, Compiled], deployer: str, taken: dict[str, Token]) -> Plan:
    """Yield each step, and be sent what it came to: nothing if it is one of a pool's that is left out.

    Parameters
    ----------
    taken : by symbol, the tokens that are there already
    """
    system = System(tokens=dict(taken))

    def take(step: Step) -> Generator[Step, Done | None, Done | None]:
        done = yield step
        if done is None:
            system.left_out.append(step.key)
        else:
            system.done[step.key] = done
        return done

    for symbol, token in {DLQ: config.dlq, **config.tokens}.items():
        if not isinstance(token, ThereAlready):
            data, decimals = _token(symbol, token, compiled)
            done = yield from take(Step(f"token {symbol}", f"deploy {symbol}", None, data))
            system.tokens[symbol] = Token(done.created, symbol, decimals, is_new=True)
    system.contracts["dlq"] = system.tokens[DLQ].address

    for name in BLUEPRINTS:
        done = yield from take(Step(f"blueprint {name}", f"deploy the blueprint of {name}", None, bytes.fromhex(compiled[name].blueprint)))
        system.contracts[f"{name.lower()}_blueprint"] = done.created
    data = compiled["Controller"].deployment(*controller_arguments(config, system))
    done = yield from take(Step("controller", "deploy the Controller, which creates Reserve and Backstop", None, data))
    controller = system.contracts["controller"] = done.created
    system.contracts |= {"reserve": _created(controller, 1), "backstop": _created(controller, 2)}
    done = yield from take(Step("lens", "deploy the Lens", None, compiled[LENS].deployment()))
    system.contracts["lens"] = done.created

    registry = compiled["Controller"]
    for number, pool in enumerate(config.pools):
        base, quote = (system.tokens[symbol] for symbol in (pool.base, pool.quote))
        data = registry.calldata("create_pool", base.address, quote.address, fields_of(parameters_of(pool)))
        yield from take(Step(f"pool {pool.name}", f"create the pool {pool.name}", controller, data))
        system.pools[pool.name] = _created(controller, FIRST_POOL_NONCE + number)
        for step in _begin(pool, base, quote, system.pools[pool.name], controller, compiled):
            yield from take(step)
    for name in config.dlq_pools:
        quote = next(system.tokens[pool.quote].address for pool in config.pools if pool.name == name)
        data = registry.calldata("name_dlq_pool", quote, system.pools[name])
        yield from take(Step(f"dlq pool {name}", f"name {name} as the pool that prices DLQ", controller, data, name))
    if config.governor not in (None, deployer):
        data = registry.calldata("transfer_ownership", config.governor)
        yield from take(Step("governor", f"offer the ownership to {config.governor}", controller, data))
    return system


def controller_arguments(config: Config, system: System) -> tuple:
    blueprints = [system.contracts[f"{name.lower()}_blueprint"] for name in BLUEPRINTS]
    return system.contracts["dlq"], *fields_of(config.system()), *blueprints


def _token(symbol: str, token: NewDlq | TestToken, compiled: dict[str, Compiled]) -> tuple[bytes, int]:
    """What deploys it, and its decimals."""
    if isinstance(token, NewDlq):
        return compiled[DLQ].deployment(base_units(token.supply, DLQ_DECIMALS, DLQ)), DLQ_DECIMALS
    supply = base_units(token.supply, token.decimals, symbol)
    return compiled[TEST_TOKEN].deployment(token.name, symbol, token.decimals, supply), token.decimals


def _begin(pool: NewPool, base: Token, quote: Token, address: str, controller: str, compiled: dict[str, Compiled]) -> list[Step]:
    """First liquidity, and the status."""
    steps = []
    if pool.liquidity:
        amounts = [liquidity(pool, token.decimals, side) for token, side in ((base, "base"), (quote, "quote"))]
        for token, amount in zip((base, quote), amounts):
            data = compiled[DLQ].calldata("approve", address, amount)
            steps.append(Step(f"approve {token.symbol} {pool.name}", f"approve {token.symbol} to {pool.name}", token.address, data, pool.name))
        data = compiled["Pool"].calldata("add", *amounts, first_units(*amounts), UNLIMITED_TIME)
        steps.append(Step(f"add {pool.name}", f"add first liquidity to {pool.name}", address, data, pool.name))
    if pool.activate:
        data = compiled["Controller"].calldata("set_status", address, ACTIVE, *price_bounds(pool, base, quote))
        steps.append(Step(f"activate {pool.name}", f"activate {pool.name}", controller, data, pool.name))
    return steps


def first_units(base: int, quote: int) -> int:
    """What the first add mints for its provider (R5), and the least that the deployer takes for the liquidity.

    Whoever adds ahead may leave more to mint, at the same price or, with a larger pool, at another; with a small one at another price
    there is less, and the add is refused. What the least protects is value: as many units as there are, the pool's sqrt(base*quote)
    is at least that (R5 rounds down, fees and donations raise it). So at least sqrt(base*quote) of what was added, but for the
    `MINIMUM_UNITS`, stands behind the deployer's units: once trade has brought the pool to the configured price, no less value
    than was added.
    """
    return max(0, isqrt(base * quote) - MINIMUM_UNITS)


def liquidity(pool: NewPool, decimals: int, side: str) -> int:
    return base_units(getattr(pool.liquidity, side), decimals, f"the liquidity of {pool.name}, {side}")


def price_bounds(pool: NewPool, base: Token, quote: Token) -> tuple[int, int]:
    def stored(price: Decimal, up: bool) -> int:
        return stored_price(price, base.decimals, quote.decimals, up=up)

    return stored(pool.activate.min_price, False), stored(pool.activate.max_price, True)


def _created(creator: str, nonce: int) -> str:
    return to_checksum_address(created_address(bytes.fromhex(creator[2:]), nonce))


def drive(steps: Plan, take: Callable[[Step], Done | None]) -> System:
    """Go through a plan, doing each step by `take`, or leaving it out."""
    try:
        step = next(steps)
        while True:
            step = steps.send(take(step))
    except StopIteration as stop:
        return stop.value
