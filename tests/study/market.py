"""A pool among the people of the study: providers, traders, an arbitrageur, stakers. Everything happens through the model's one entry."""

import copy
import random
from dataclasses import dataclass
from math import isqrt
from types import ModuleType

DAY = 86_400
HOUR = 3_600
BASE = DLQ = 10**18
QUOTE = 10**6
EVE_PRICE = 2_000 * QUOTE
"""Quote for one base token when all is well."""
DLQ_PRICE = 10 * QUOTE
SHARE_BASE = 25 * BASE
SHARE_QUOTE = 50_000 * QUOTE
"""One share of the pool as it opens, worth 100_000 quote."""
PROVIDERS = 20
NOISE_TRADES_A_DAY = 8
NOISE_LARGEST_BPS = 100
"""Trades that only bring fees: each of a drawn size, at most this part of the reserve."""
DONATED_A_DAY_PPM = 100
"""Incentives: this part of both reserves, once a day."""
DLQ_POOL_SHARE = 20_000_000 * QUOTE
"""Quote in the pool that prices DLQ; as much again in DLQ."""

POOL = "pool-0"
DLQ_POOL = "pool-1"
UNLIMITED = 2**256 - 1
RICH = 10**32


@dataclass(frozen=True, slots=True)
class Departure:
    """One withdrawal: what it was worth and who paid what. Values are in quote base units at the outside price of the moment.

    `reserve_base`, `reserve_quote` and `slashed` are tokens: what the Reserve gave less what it took, and DLQ.
    """

    provider: str
    hour: int
    units: int
    units_before: int
    age_days: float
    bailout: bool
    price: int
    holding: int
    redeemed: int
    coverage: int
    owed: int
    reserve_in_kind: int
    reserve_in_quote: int
    reserve_base: int
    reserve_quote: int
    stake: int
    slashed: int
    shortfall: int

    @property
    def made_whole(self) -> float:
        """The part that was paid of what the rules owed; 1 where nothing was owed."""
        return 1 - self.shortfall / self.owed if self.owed else 1.0


def value(base: int, quote: int, price: int) -> int:
    return base * price // BASE + quote


class Market:
    """The present state and time, and what people do to them."""

    def __init__(self, rules: ModuleType, providers: int = PROVIDERS, start: int = 1_000 * DAY, **parameters: int):
        self.rules = rules
        self.start = self.now = start
        self.prices = {POOL: EVE_PRICE, DLQ_POOL: DLQ_PRICE}
        self.shares = 0
        self.providers = [f"provider-{number}" for number in range(providers)]
        actors = [*self.providers, "maker", "trader", "staker", "governor"]
        allowances = {(actor, spender): UNLIMITED for actor in actors for spender in (POOL, DLQ_POOL, "backstop")}
        tokens = {
            name: rules.Token(decimals, dict.fromkeys(actors, RICH), dict(allowances))
            for name, decimals in {"base": 18, "quote": 6, "dlq": 18}.items()
        }
        self.state = rules.deploy("governor", "dlq", tokens, rules.SystemParameters())
        for base in ("base", "dlq"):
            created = rules.Parameters(**parameters)
            self.call("controller.create_pool", "controller", "governor", base=base, quote="quote", parameters=created)

    def fork(self) -> "Market":
        """Another course of events from here: the state is never changed in place."""
        other = copy.copy(self)
        other.prices = dict(self.prices)
        return other

    def call(self, name: str, target: str, sender: str, **arguments):
        """A call that must succeed; its value, with its events kept."""
        self.state, outcome = self.rules.apply(self.state, self.rules.Operation(name, target, sender, arguments), self.now)
        assert outcome.ok, f"{name} by {sender}: {outcome.reason}"
        self.events = outcome.events
        return outcome.value

    @property
    def pool(self):
        return self.state.pools[POOL]

    @property
    def price(self) -> int:
        return self.prices[POOL]

    @property
    def pool_value(self) -> int:
        return value(self.pool.reserve_base, self.pool.reserve_quote, self.price)

    # -- how the pools come to be ----------------------------------------------------------------------------------

    def open_pools(self, first_shares: int) -> None:
        """The founder, who is the first provider, and a deep pool that prices DLQ."""
        self.add(self.providers[0], first_shares)
        dlq = DLQ_POOL_SHARE * DLQ // DLQ_PRICE
        self.call("pool.add", DLQ_POOL, "maker", base=dlq, quote=DLQ_POOL_SHARE, min_units=0, deadline=self.now)
        for pool in (POOL, DLQ_POOL):
            bounds = {"min_price": 0, "max_price": UNLIMITED}
            self.call("controller.set_status", "controller", "governor", pool=pool, status=1, **bounds)
        self.call("controller.name_dlq_pool", "controller", "governor", quote="quote", pool=DLQ_POOL)
        self.call("pool.begin_protection", POOL, self.providers[0])

    def add(self, provider: str, shares: int) -> None:
        """A symmetrical deposit: what the same number of shares has in the pool already."""
        reserves = (self.pool.reserve_base, self.pool.reserve_quote)
        first = (SHARE_BASE * shares, SHARE_QUOTE * shares)
        base, quote = (reserve * shares // self.shares for reserve in reserves) if self.shares else first
        self.call("pool.add", POOL, provider, base=base, quote=quote, min_units=0, deadline=self.now)
        self.shares += shares

    def fill_reserve(self, base: int, quote: int) -> None:
        for token, amount in (("base", base), ("quote", quote)):
            if amount:
                self.call("token.transfer", token, "governor", to="reserve", amount=amount)
                self.call("reserve.absorb", "reserve", "governor", token=token)

    def stake(self, amount: int) -> None:
        if amount:
            self.call("backstop.stake", "backstop", "staker", pool=POOL, amount=amount)

    # -- trade -----------------------------------------------------------------------------------------------------

    def swap(self, pool: str, token_in: str, amount_in: int) -> None:
        arguments = {"token_in": token_in, "amount_in": amount_in, "min_amount_out": 0, "recipient": "trader", "deadline": self.now}
        self.call("pool.swap", pool, "trader", **arguments)

    def arbitrage(self, pool: str = POOL) -> None:
        """Trade the pool towards the outside price, as far as that pays.

        A swap pays the least fee or its own slip, whichever is more (R2): so the arbitrageur comes in slices whose slip is the least fee.
        Of the last slice one token more would cost more than it brings: (1-fee)*X*Y / (X+dx)**2 = price of the token in.
        """
        price, fee = self.prices[pool], self.state.pools[pool].parameters.min_fee_bps
        while True:
            state = self.state.pools[pool]
            x_y = state.reserve_base * state.reserve_quote * (10_000 - fee)
            base = isqrt(x_y * BASE // (10_000 * price)) - state.reserve_base
            quote = isqrt(x_y * price // (10_000 * BASE)) - state.reserve_quote
            token_in, best, reserve = (state.base, base, state.reserve_base) if base > 0 else (state.quote, quote, state.reserve_quote)
            if best * 1_000_000 < reserve:
                return
            self.swap(pool, token_in, min(best, reserve * fee // (10_000 - fee)))

    def trade_noise(self, drawn: random.Random) -> None:
        """Somebody buys or sells for reasons of their own."""
        token_in = drawn.choice(("base", "quote"))
        reserve = self.pool.reserve_base if token_in == "base" else self.pool.reserve_quote
        self.swap(POOL, token_in, reserve * drawn.randint(1, NOISE_LARGEST_BPS) // 10_000)

    def donate(self) -> None:
        base, quote = (reserve * DONATED_A_DAY_PPM // 1_000_000 for reserve in (self.pool.reserve_base, self.pool.reserve_quote))
        self.call("pool.donate", POOL, "governor", base=base, quote=quote)

    def follow(self, price: float, dlq_price: float | None = None) -> None:
        """The outside prices move, as multiples of the eve's, and the pools after them."""
        self.prices[POOL] = int(EVE_PRICE * price)
        self.arbitrage()
        if dlq_price is not None:
            self.prices[DLQ_POOL] = int(DLQ_PRICE * dlq_price)
            self.arbitrage(DLQ_POOL)

    # -- leaving ---------------------------------------------------------------------------------------------------

    def request(self, provider: str, units: int | None = None) -> None:
        """Ask to leave with everything, or with some units."""
        units = self.pool.positions[provider].units if units is None else units
        self.call("pool.request_withdrawal", POOL, provider, units=units)

    def withdraw(self, provider: str) -> Departure:
        """Leave, and say who paid."""
        pool, position, units = self.pool, self.pool.positions[provider], self.pool.requests[provider].units
        self.call("pool.withdraw", POOL, provider, min_base=0, min_quote=0, max_shortfall=UNLIMITED)
        redeemed = next(event for event in self.events if event.name == "Withdrawn").arguments
        compensated = next((event.arguments for event in self.events if event.name == "Compensated"), dict.fromkeys(COMPENSATED, 0))
        paid, taken = compensated["paid"], compensated["taken"]
        kind_base, kind_quote = (paid, -taken) if compensated["deficit_token"] == "base" else (-taken, paid)
        held_base, held_quote = (principal * units // position.units for principal in (position.principal_base, position.principal_quote))
        return Departure(
            provider=provider,
            hour=(self.now - self.start) // HOUR,
            units=units,
            units_before=pool.total_units,
            age_days=(self.now - position.clock) / DAY,
            bailout=self.pool.books.bailout,
            price=self.price,
            holding=value(held_base, held_quote, self.price),
            redeemed=value(redeemed["base"], redeemed["quote"], self.price),
            coverage=compensated["coverage"],
            owed=compensated["owed"],
            reserve_in_kind=value(kind_base, kind_quote, self.price),
            reserve_in_quote=compensated["paid_quote"],
            reserve_base=kind_base,
            reserve_quote=kind_quote + compensated["paid_quote"],
            stake=compensated["slashed"] * self.prices[DLQ_POOL] // DLQ,
            slashed=compensated["slashed"],
            shortfall=compensated["shortfall"],
        )


COMPENSATED = ("coverage", "owed", "deficit_token", "paid", "taken", "paid_quote", "slashed", "shortfall")
