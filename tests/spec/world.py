"""A small world to play the rules in: three tokens, two pools, and actors named by their roles."""

from dataclasses import replace

import model
from model.state import ACTIVE, Operation, State, Token

DAY = 86_400
START = 1_000 * DAY
FIRST = 10_000_001_000
"""The first add of each token: 10_000_000_000 units for the founder and 1_000 locked, each worth 1 base, 1 quote."""
LOT = 10_000_000_000
"""What the provider adds of each token: LOT units, and a principal of LOT base and LOT quote, all exactly."""
WEALTH = 10**20
ACTORS = ("founder", "provider", "trader", "staker", "second_staker", "keeper", "governor", "outsider")
UNLIMITED = 2**256 - 1
ANY_PRICE = {"min_price": 0, "max_price": UNLIMITED}


class World:
    """Holds the present state and time, and plays calls on them."""

    def __init__(self, state: State, now: int = START):
        self.state = state
        self.now = now
        self.events: list[tuple] = []

    def call(self, name: str, target: str, sender: str, **arguments):
        """Play a call that must succeed; its events are kept, and its value returned."""
        self.state, outcome = model.apply(self.state, Operation(name, target, sender, arguments), self.now)
        assert outcome.reason is None, outcome.reason
        self.events = [(event.source, event.name, *event.arguments.values()) for event in outcome.events]
        return outcome.value

    def reason(self, name: str, target: str, sender: str, **arguments) -> str:
        """Play a call that must fail and leave everything as it was; why it failed."""
        after, outcome = model.apply(self.state, Operation(name, target, sender, arguments), self.now)
        assert after is self.state
        assert outcome.value is None
        assert outcome.events == ()
        assert outcome.reason is not None
        return outcome.reason

    @property
    def pool(self):
        return self.state.pools["pool-0"]

    @property
    def own_events(self) -> list[tuple]:
        """The last call's events without the tokens' own."""
        return [event for event in self.events if event[0] not in self.state.tokens]

    def balance(self, token: str, owner: str) -> int:
        return self.state.tokens[token].balances.get(owner, 0)

    def position(self, provider: str = "provider"):
        return self.pool.positions[provider]

    def account(self, staker: str = "staker"):
        return self.state.backstop.accounts["pool-0", staker]

    def pool_stake(self):
        return self.state.backstop.stakes["pool-0"]

    def wait(self, seconds: int) -> None:
        self.now += seconds

    def add(self, provider: str, base: int, quote: int, pool: str = "pool-0") -> int:
        return self.call("pool.add", pool, provider, base=base, quote=quote, min_units=0, deadline=self.now)

    def swap(self, token_in: str, amount_in: int) -> int:
        arguments = swap_arguments(self, token_in=token_in, amount_in=amount_in)
        return self.call("pool.swap", "pool-0", "trader", **arguments)

    def request(self, units: int, provider: str = "provider") -> None:
        self.call("pool.request_withdrawal", "pool-0", provider, units=units)

    def withdraw(self, provider: str = "provider") -> tuple[int, int, int, int]:
        return self.call("pool.withdraw", "pool-0", provider, min_base=0, min_quote=0, max_shortfall=UNLIMITED)

    def exit(self, units: int, provider: str = "provider") -> tuple[int, int]:
        return self.call("pool.exit", "pool-0", provider, units=units, min_base=0, min_quote=0)

    def stake(self, amount: int, staker: str = "staker") -> int:
        return self.call("backstop.stake", "backstop", staker, pool="pool-0", amount=amount)

    def activate(self, pool: str = "pool-0") -> None:
        self.call("controller.set_status", "controller", "governor", pool=pool, status=ACTIVE, **ANY_PRICE)

    def fill_reserve(self, token: str, amount: int) -> None:
        self.call("token.transfer", token, "outsider", to="reserve", amount=amount)
        self.call("reserve.absorb", "reserve", "outsider", token=token)

    def change_pool(self, pool: str = "pool-0", **changes) -> None:
        """Put the pool where no single call would: some fields as they are given."""
        changed = replace(self.state.pools[pool], **changes)
        self.state = replace(self.state, pools=self.state.pools | {pool: changed})

    def move_market(self, reserve_base: int, reserve_quote: int, pool: str = "pool-0") -> None:
        """Put the pool where trades without slip or fee would: new reserves, and an oracle that has caught up."""
        before = self.state.pools[pool]
        price = reserve_quote * 2**112 // reserve_base
        tokens = dict(self.state.tokens)
        for token, change in (
            (before.base, reserve_base - before.reserve_base),
            (before.quote, reserve_quote - before.reserve_quote),
        ):
            balances = dict(tokens[token].balances)
            balances[pool] += change
            balances["trader"] -= change
            tokens[token] = replace(tokens[token], balances=balances)
        self.state = replace(self.state, tokens=tokens)
        self.change_pool(pool, reserve_base=reserve_base, reserve_quote=reserve_quote, oracle=price)


def swap_arguments(world: World, **changes) -> dict:
    arguments = {
        "token_in": "base",
        "amount_in": 1_000,
        "min_amount_out": 0,
        "recipient": "trader",
        "deadline": world.now,
    }
    return arguments | changes


def empty_world(**token_decimals: int) -> World:
    """Tokens and a Controller, no pools; everybody is rich and has approved the Backstop and the first two pools."""
    decimals = {"base": 18, "quote": 6, "dlq": 18} | token_decimals
    spenders = ("pool-0", "pool-1", "backstop")
    allowances = {(owner, spender): UNLIMITED for owner in ACTORS for spender in spenders}
    tokens = {name: Token(decimals[name], dict.fromkeys(ACTORS, WEALTH), dict(allowances)) for name in decimals}
    return World(model.deploy("governor", "dlq", tokens, model.SystemParameters()))


def new_world(**parameters: int) -> World:
    """Pool `pool-0` of base and quote, without units."""
    world = empty_world()
    world.call(
        "controller.create_pool",
        "controller",
        "governor",
        base="base",
        quote="quote",
        parameters=model.Parameters(**parameters),
    )
    return world


def pending_world(**parameters: int) -> World:
    """The pool with the founder's first add, PENDING."""
    world = new_world(**parameters)
    world.add("founder", FIRST, FIRST)
    return world


def active_world(**parameters: int) -> World:
    """The pool with the founder's first add, ACTIVE."""
    world = pending_world(**parameters)
    world.activate()
    return world


def provided_world(**parameters: int) -> World:
    """The ACTIVE pool with the provider's LOT in it too: 20_000_001_000 units, of which LOT are the provider's."""
    world = active_world(**parameters)
    world.add("provider", LOT, LOT)
    return world


def suspended_world(**parameters: int) -> World:
    """As `provided_world`, and suspended."""
    world = provided_world(**parameters)
    world.call("controller.set_status", "controller", "governor", pool="pool-0", status=2, **ANY_PRICE)
    return world


def quadruple_price(world: World) -> None:
    """From price 1 to price 4 without revenue: half the base and twice the quote (`pool-0` of `provided_world`).

    The provider's half less the locked units redeems for LOT/2 base and 2*LOT quote.
    """
    world.move_market(10_000_000_500, 40_000_002_000)


def add_dlq_pool(world: World) -> None:
    """`pool-1` of DLQ and quote, ACTIVE at 2 quote per DLQ, and named for the quote token."""
    world.call(
        "controller.create_pool",
        "controller",
        "governor",
        base="dlq",
        quote="quote",
        parameters=model.Parameters(),
    )
    world.add("founder", 1_000_000, 2_000_000, pool="pool-1")
    world.activate("pool-1")
    world.call("controller.name_dlq_pool", "controller", "governor", quote="quote", pool="pool-1")
