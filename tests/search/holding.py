"""The one way left: to hold a pool away from the true price while its oracle follows, against an arbitrageur who comes with every block.

Two prices can be held. That of the provider's own pool, up where base is missing: what is owed is worked out at the lower of its spot and
its oracle price, and step 2 pays it in quote. And that of the pool that prices DLQ, down: step 3 pays what is owed at its oracle price.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import isqrt

from model.fixed_point import BPS
from tests.laws.sides import Model
from tests.laws.situations import DLQ_POOL, POOL
from tests.search.start import ACTOR, ARBITRAGEUR, DEPTH, Start
from tests.search.steps import Course, Market, Step

BLOCK = 12
SLICES = 6
"""In which both the holder and the arbitrageur trade; a slice no smaller than the one that pays the least fee."""
WINDOWS = (60, 600, 1_800, 7_200)
FEES = (10, 30, 100)
SHARES = (100, 1_000, 5_000)
"""Of the pool, the holder's, in hundredths of a percent."""
DLQ_DEPTHS = (1, 10, 100)
"""Of the pool that prices DLQ, as many times what is owed."""
OFFS = (20, 100, 500, 2_000)
"""How far the price is held away, in hundredths of a percent."""

PLACE = Start(
    min_fee_bps=0, protocol_fee_bps=2_000, bailout_threshold_bps=BPS, oracle_window_seconds=60, max_deviation_bps=100, share=1_000,
    base_in=False, market_parts=BPS, top_up=0, age_days=100, reserve_base=0, reserve_quote=10 * BPS, stake=0, dlq_depth=0, others_ask=0,
)  # fmt: skip
"""The price is at nearly four times that of the deposit; the Reserve has no base, and all the quote that may be owed."""


@dataclass(frozen=True, slots=True)
class Held:
    """In quote at the true price: what holding cost, and what Reserve or stakers gave beyond what was owed; `owed` is what an honest
    withdrawal is paid."""

    off: int
    cost: Fraction
    overpaid: Fraction
    owed: Fraction

    @property
    def net(self) -> Fraction:
        return self.overpaid - self.cost


class Holder(Course):
    """Somebody who trades one pool away from the true price, and an arbitrageur who trades it back as far as that pays."""

    def hold(self, pool: str, off: int, fee: int, seconds: int) -> None:
        for _ in range(seconds // BLOCK):
            self.move(ACTOR, pool, off, fee)
            self.side.wait(BLOCK)
            self.trade_back(pool, fee)

    def move(self, who: str, pool: str, off: int, fee: int) -> None:
        """To so many hundredths of a percent above the true price, or below it."""
        price = self.price(pool) * (BPS + off) / BPS
        for left in range(SLICES, 0, -1):
            base_in, amount = self.towards(pool, price)
            least = self.reserves(pool)[not base_in] * fee // BPS
            if amount > 1:
                self.swap(who, pool, base_in, min(amount, max(least, amount // left)))

    def trade_back(self, pool: str, fee: int) -> None:
        """Of the last slice one token more would cost more than it brings: the least fee stays of the way."""
        base, quote = self.reserves(pool)
        off = Fraction(quote, base) / self.price(pool)
        if off > 1 and off * (BPS - fee) > BPS:
            self.move(ARBITRAGEUR, pool, BPS * BPS // (BPS - fee) - BPS, fee)
        elif off < 1 and BPS > off * BPS * BPS / (BPS - fee):
            self.move(ARBITRAGEUR, pool, -fee, fee)

    def price(self, pool: str) -> Fraction:
        return self.true.base if pool == POOL else self.true.dlq

    def towards(self, pool: str, price: Fraction) -> tuple[bool, int]:
        base, quote = self.reserves(pool)
        base_in = isqrt(base * quote * price.denominator // price.numerator) - base
        quote_in = isqrt(base * quote * price.numerator // price.denominator) - quote
        return base_in > quote_in, max(base_in, quote_in)


def hold(market: Market, pool: str, off: int) -> Held:
    """Hold a price for a window, withdraw at it, and trade back."""
    side, start = market.side, market.start
    with side.what_if():
        side.state, side.now = market.begin
        before = market.worth(ACTOR)
        holder = Holder(side, market.true)
        holder.hold(pool, off, start.min_fee_bps, start.oracle_window_seconds)
        holder.move(ACTOR, pool, off, start.min_fee_bps)
        holder.withdraw(Step("withdraw"))
        holder.move(ACTOR, pool, 0, start.min_fee_bps)
        got = market.worth(ACTOR) - before
        elapsed = side.now - market.begin[1]
    honest, owed = market.of_an_honest_actor(elapsed)
    overpaid = holder.paid - owed
    return Held(off, overpaid - (got - honest), overpaid, owed)


def step_2(side: Model, window: int, fee: int, share: int) -> list[Held]:
    """Every distance, for a window, a fee and a share of the pool."""
    market = Market(side, replace(PLACE, oracle_window_seconds=window, min_fee_bps=fee, share=share))
    return [hold(market, POOL, off) for off in OFFS]


def step_3(side: Model, window: int, fee: int, times: int) -> list[Held]:
    """The same with a pool that prices DLQ as many times as deep as what is owed. The Reserve has nothing, the stake is enough."""
    start = replace(
        PLACE, oracle_window_seconds=window, min_fee_bps=fee, bailout_threshold_bps=1, reserve_quote=0, stake=100 * BPS, dlq_depth=BPS
    )
    _, owed = Market(side, start).of_an_honest_actor(0)
    # Half of its depth is quote.
    market = Market(side, replace(start, dlq_depth=round(BPS * times * owed / (2 * DEPTH))))
    return [hold(market, DLQ_POOL, -off) for off in OFFS]


Row = tuple[int, int, int, list[Held]]


def rows(step: Callable[[Model, int, int, int], list[Held]], sizes: tuple[int, ...]) -> Iterator[Row]:
    """For each window, fee and size: every distance."""
    side = Model()
    for window, fee, size in product(WINDOWS, FEES, sizes):
        yield window, fee, size, step(side, window, fee, size)
