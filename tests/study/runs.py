"""A run on the Reserve, from the eve to the last provider's leaving, and its figures."""

import random
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from tests.study import paths
from tests.study.market import DAY, DLQ, DLQ_POOL, DLQ_PRICE, EVE_PRICE, HOUR, NOISE_TRADES_A_DAY, POOL, PROVIDERS, Departure, Market, value

EVE_DAY = 124
"""Ordinary days before the run, in which the providers join."""
STEPS_A_DAY = NOISE_TRADES_A_DAY
"""Moves of the outside price on an ordinary day, a trade with each; on a day of the run it moves every hour."""
ALIKE = [(day, 5) for day in range(PROVIDERS)]
"""Day of joining and shares of each provider: all of one size, and fully protected when the run comes."""
MIXED = [(6 * number, (5, 3, 8, 2, 7)[number % 5]) for number in range(PROVIDERS)]
"""From 2 to 8 shares, joined over four months: in the run, protection is from 14 % to full. The sum is the same, 100 shares."""
SEED = 1
RESERVE_SHARE = 0.05
"""The Reserve on the eve, as a part of what the pool holds: half in base, half in quote."""
STAKE_SHARE = 0.02
"""The DLQ staked to the pool on the eve, likewise."""
DLQ_FOLLOWS = 0.5
"""Of a move of the base token, in logarithms, DLQ makes this part too: it is no safe asset."""

PACES = {
    "all on one day": [(4, 20)],
    "three a day": [(day, 3) for day in range(3, 9)] + [(9, 2)],
    "half, then the rest": [(4, 10), (11, 10)],
}
"""Who leaves when: the day of the path, and how many of the queue."""

ORDERS = {
    "oldest first": lambda providers, shares: providers,
    "youngest first": lambda providers, shares: providers[::-1],
    "largest first": lambda providers, shares: sorted(providers, key=lambda provider: -shares[provider]),
    "smallest first": lambda providers, shares: sorted(providers, key=lambda provider: shares[provider]),
    "drawn": lambda providers, shares: random.Random(SEED).sample(providers, len(providers)),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One run; `people` are ALIKE or MIXED."""

    path: tuple[float, ...]
    people: tuple[tuple[int, int], ...] = tuple(ALIKE)
    order: str = "oldest first"
    pace: str = "all on one day"
    reserve_share: float = RESERVE_SHARE
    stake_share: float = STAKE_SHARE


@dataclass(frozen=True, slots=True)
class Backing:
    """What stands behind the providers at a moment: tokens, in base units."""

    base: int
    quote: int
    stake: int


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: `before` and `after` are the backing on the eve and at the end; `usable` what there was for the first
    to leave and what was left after each, in quote.
    """

    departures: tuple[Departure, ...]
    usable: tuple[int, ...]
    swept: Backing
    before: Backing
    after: Backing
    last_price: int


@cache
def eve(rules: ModuleType, people: tuple[tuple[int, int], ...]) -> Market:
    """The market after EVE_DAY ordinary days: who has joined is protected, the Reserve has what the surpluses brought."""
    market = Market(rules)
    drawn = random.Random(f"trades {SEED}")
    joining = {day: (provider, shares) for provider, (day, shares) in zip(market.providers, people, strict=True)}
    market.open_pools(joining.pop(0)[1])
    steps = EVE_DAY * STEPS_A_DAY
    for step, price in enumerate(paths.ordinary_times(SEED, steps, STEPS_A_DAY)):
        market.now = market.start + step * DAY // STEPS_A_DAY
        if step:
            market.trade_noise(drawn)
            market.follow(price)
        if step % STEPS_A_DAY == 0:
            market.donate()
            # Half an hour later, when the oracle has caught up: an add needs a stable price (R6).
            market.now += HOUR // 2
            if step // STEPS_A_DAY in joining:
                market.add(*joining[step // STEPS_A_DAY])
    market.call("controller.sweep", "controller", "governor")
    market.start = market.start + EVE_DAY * DAY
    return market


def schedule(pace: str, queue: list[str]) -> tuple[dict[int, list[str]], dict[int, str]]:
    """By hour of the path, who asks to leave, and who leaves: a day's leavers ask at noon of the day before, and go one after the other."""
    asking, leaving = {}, {}
    waiting = iter(queue)
    for day, count in PACES[pace]:
        group = [next(waiting) for _ in range(count)]
        asking[24 * day - 12] = group
        for place, provider in enumerate(group):
            leaving[24 * day + 1 + place * 22 // count] = provider
    assert next(waiting, None) is None, f"{pace}: somebody never leaves"
    return asking, leaving


def backing(market: Market) -> Backing:
    stake = market.state.backstop.stakes.get(POOL)
    held = market.state.reserve.held
    return Backing(held.get("base", 0), held.get("quote", 0), stake.total_stake if stake else 0)


def usable(market: Market) -> int:
    """What can pay the next claim: quote and DLQ where the base token has fallen since the eve; base as well where it has risen."""
    present = backing(market)
    base = present.base if market.price > EVE_PRICE else 0
    return value(base, present.quote, market.price) + present.stake * market.prices[DLQ_POOL] // DLQ


def run(rules: ModuleType, setting: Setting) -> Run:
    """Play a setting by one of the two sets of rules."""
    market = eve(rules, setting.people).fork()
    goal = int(market.pool_value * setting.reserve_share) // 2
    held = backing(market)
    market.fill_reserve(max(0, goal * DLQ // market.price - held.base), max(0, goal - held.quote))
    market.stake(int(market.pool_value * setting.stake_share) * DLQ // DLQ_PRICE)
    shares = dict(zip(market.providers, (share for _, share in setting.people), strict=True))
    asking, leaving = schedule(setting.pace, ORDERS[setting.order](market.providers, shares))
    drawn = random.Random(f"run {SEED}")
    before, left, departures, swept = backing(market), [], [], Backing(0, 0, 0)
    for hour, price in enumerate(setting.path):
        market.now = market.start + hour * HOUR
        if len(departures) == len(market.providers):
            # Nobody's pool: only the locked units are left.
            break
        if hour:
            if hour % (24 // NOISE_TRADES_A_DAY) == 0:
                market.trade_noise(drawn)
            market.follow(price, round(price**DLQ_FOLLOWS, 6))
        # By then the oracle has caught up with the hour's move.
        market.now += HOUR // 2
        for provider in asking.get(hour, ()):
            market.request(provider)
        if hour in leaving:
            left = left or [usable(market)]
            departures.append(market.withdraw(leaving[hour]))
            swept = with_sweeps(swept, market)
            left.append(usable(market))
    return Run(tuple(departures), tuple(left), swept, before, backing(market), int(EVE_PRICE * setting.path[-1]))


def with_sweeps(swept: Backing, market: Market) -> Backing:
    """Add the surpluses that the withdrawal just made has brought into the Reserve (step 0 of R16)."""
    for event in market.events:
        if event.name == "Swept" and event.source == POOL:
            arguments = event.arguments
            swept = Backing(swept.base + arguments["base_to_reserve"], swept.quote + arguments["quote_to_reserve"], 0)
        elif event.name == "Swept":
            swept = Backing(swept.base, swept.quote + event.arguments["quote_to_reserve"], 0)
    return swept


@dataclass(frozen=True, slots=True)
class Figures:
    """A run in numbers: parts from 0 to 1, values in quote base units at the price of the moment.

    `loss` is of all holdings, after revenue; `reserve_lacks` how much poorer the Reserve is for the run, at the path's last price;
    `runs_out` the part of the pool that had left when less than 1 % of the backing was usable, None if it never was so little.
    """

    price: float
    loss: float
    made_whole: int
    first: float
    last: float
    least: float
    most: float
    owed: int
    shortfall: int
    reserve_gives: int
    reserve_lacks: int
    stakers_give: int
    stake_lost: float
    unspent: int
    runs_out: float | None


def figures(result: Run) -> Figures:
    departures = result.departures
    parts = [departure.made_whole for departure in departures]
    units = sum(departure.units for departure in departures)
    gone = [sum(departure.units for departure in departures[: place + 1]) / units for place in range(len(departures))]
    empty = (part for part, left in zip(gone, result.usable[1:], strict=True) if left < result.usable[0] / 100)
    holding = sum(departure.holding for departure in departures)
    slashed = sum(departure.slashed for departure in departures)
    return Figures(
        price=sum(departure.price for departure in departures) / len(departures) / EVE_PRICE,
        loss=1 - sum(departure.redeemed for departure in departures) / holding,
        made_whole=sum(part >= 0.999 for part in parts),
        first=parts[0],
        last=parts[-1],
        least=min(parts),
        most=max(parts),
        owed=sum(departure.owed for departure in departures),
        shortfall=sum(departure.shortfall for departure in departures),
        reserve_gives=sum(departure.reserve_in_kind + departure.reserve_in_quote for departure in departures),
        reserve_lacks=value(
            result.before.base + result.swept.base - result.after.base,
            result.before.quote + result.swept.quote - result.after.quote,
            result.last_price,
        ),
        stakers_give=sum(departure.stake for departure in departures),
        stake_lost=slashed / result.before.stake if result.before.stake else 0.0,
        unspent=result.usable[-1],
        runs_out=next(empty, None),
    )
