"""What one withdrawal pays: against age and price, alone and among others. No run: a pool at rest, one move of the price, one leaver."""

import random
from dataclasses import dataclass
from functools import cache
from math import sqrt
from types import ModuleType

from tests.study.market import DAY, DLQ, DLQ_PRICE, EVE_PRICE, HOUR, NOISE_TRADES_A_DAY, Departure, Market
from tests.study.runs import DLQ_FOLLOWS, RESERVE_SHARE, SEED, STAKE_SHARE

OLDEST = 150
AGE_STEP = 10
"""Ages in days at which the payout is looked at."""
FALLEN_TO = 0.4
"""The price, of that at the deposit, for the payout against age."""
AGE = 60
"""The age in days for the payout against price."""
PRICES = [round(10 ** (step / 15), 4) for step in range(-15, 16)]
"""The price at withdrawal, of that at the deposit."""
LEAVER = 10
"""The leaver's part of the pool, in percent."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Parts of what holding would be worth: the loss to the move of the price alone, and who pays for it."""

    age: float
    price: float
    loss: float
    revenue: float
    protection: float

    @property
    def unprotected(self) -> float:
        return max(0.0, self.loss - self.revenue - self.protection)


def payouts(rules: ModuleType) -> tuple[list[Payout], list[Payout]]:
    """Against age at the price FALLEN_TO, and against price at the age AGE: a provider leaves alone, and the Reserve is ample."""
    market = Market(rules, providers=2)
    market.open_pools(100 - LEAVER)
    # An epoch strikes no more than the pool had when it opened (R6), which the founder's own has used up.
    market.start = market.now = market.now + DAY
    market.add(market.providers[1], LEAVER)
    market.fill_reserve(10_000 * DLQ, 20_000_000 * 10**6)
    drawn = random.Random(f"payout {SEED}")
    against_age, against_price = [], []
    for day in range(OLDEST):
        if (day + 1) % AGE_STEP == 0:
            against_age.append(_payout(market, FALLEN_TO))
        if day + 1 == AGE:
            against_price = [_payout(market, price) for price in PRICES]
        for trade in range(NOISE_TRADES_A_DAY):
            market.now = market.start + day * DAY + (trade + 1) * DAY // (NOISE_TRADES_A_DAY + 1)
            market.trade_noise(drawn)
            market.arbitrage()
        market.now = market.start + (day + 1) * DAY
        market.donate()
    return against_age, against_price


def _payout(market: Market, price: float) -> Payout:
    """The price moves, and the provider leaves a day later."""
    departure = leave(market.fork(), price, {market.providers[1]: None})
    loss = 1 - 2 * sqrt(price) / (1 + price)
    revenue = departure.redeemed / departure.holding - (1 - loss)
    return Payout(departure.age_days, price, loss, min(revenue, loss), (departure.owed - departure.shortfall) / departure.holding)


def leave(market: Market, price: float, asking: dict[str, int | None]) -> Departure:
    """The price moves; some ask for all of theirs, or for some units; the first of them leaves on the next day."""
    market.follow(price, round(price**DLQ_FOLLOWS, 6))
    # The oracle catches up with the pool by a factor of 2 a touch at most (R4): it is touched before anybody asks.
    for _ in range(5):
        market.now += HOUR // 2
        market.swap("pool-0", "quote", 10**6)
        market.swap("pool-1", "quote", 10**6)
    for provider, units in asking.items():
        market.request(provider, units)
    market.now += DAY - 5 * HOUR // 2
    return market.withdraw(next(iter(asking)))


@cache
def settled(rules: ModuleType, shares: tuple[int, ...], reserve_share: float = RESERVE_SHARE, stake_share: float = STAKE_SHARE) -> Market:
    """A pool of fully protected providers in which nobody has traded yet, with a Reserve and a stake."""
    market = Market(rules, providers=len(shares))
    market.open_pools(shares[0])
    for day, (provider, share) in enumerate(zip(market.providers[1:], shares[1:], strict=True), 1):
        market.now = market.start + day * DAY
        market.add(provider, share)
    market.now += 100 * DAY
    half = int(market.pool_value * reserve_share) // 2
    market.fill_reserve(half * DLQ // EVE_PRICE, half)
    market.stake(int(market.pool_value * stake_share) * DLQ // DLQ_PRICE)
    return market


def against_price(rules: ModuleType, bailout: bool) -> list[Departure]:
    """Who pays a provider with a tenth of the pool at each of PRICES: leaving alone (calm), or first of ten who all leave (bailout)."""
    pool = settled(rules, (LEAVER,) * (100 // LEAVER))
    leavers = pool.providers if bailout else pool.providers[:1]
    return [leave(pool.fork(), price, dict.fromkeys(leavers)) for price in PRICES]
