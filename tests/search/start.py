"""Where an actor may stand when the search begins: a pool, a position and its loss, a Reserve, a stake, and who else is there."""

import random
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from model import Parameters
from model.fixed_point import BPS
from model.liquidity_math import MINIMUM_UNITS
from model.oracle import spot_price
from model.state import ACTIVE, CONTROLLER
from tests.differential.world import DAY, DLQ, GOVERNOR, UNLIMITED
from tests.laws.sides import Model
from tests.laws.situations import BASE, DLQ_POOL, POOL, QUOTE, Prices, give_to_reserve, spot, stake, swap

ACTOR, OTHER, ARBITRAGEUR = "provider-1", "provider-2", "outsider"
DEPTH = 10**24
"""Base units of each token in the pool as it opens: so many that rounding is far below what anybody would call a profit."""
MARKET_SLICES = 20


@dataclass(frozen=True, slots=True)
class Start:
    """Parts are in hundredths of a percent.

    `share` of the pool is the actor's, 0: no position. `market_parts` of the reserve that each trade goes into is what the market
    brought in after the deposit, of base or of quote, in slices; `top_up`, of the reserves, is what the actor added after it, if anything.
    The Reserve and the stake are parts of what the pool holds; so is the pool that prices DLQ, `dlq_depth`, 0: none is named.
    `others_ask`: the part of their units that all others have asked to withdraw, executable as the search begins, as is the actor's
    request for everything.
    """

    min_fee_bps: int
    protocol_fee_bps: int
    bailout_threshold_bps: int
    oracle_window_seconds: int
    max_deviation_bps: int
    share: int
    base_in: bool
    market_parts: int
    top_up: int
    age_days: int
    reserve_base: int
    reserve_quote: int
    stake: int
    dlq_depth: int
    others_ask: int


CHOICES: dict[str, tuple[Any, ...]] = {
    "min_fee_bps": (0, 0, 10, 10, 100, 1_000),
    "protocol_fee_bps": (0, 2_000, 5_000),
    "bailout_threshold_bps": (1, 2_000, BPS),
    "oracle_window_seconds": (60, 1_800, 604_800),
    "max_deviation_bps": (1, 100, 1_000),
    "share": (0, 10, 1_000, 3_000, 5_000, 9_000, 9_999),
    "base_in": (False, True),
    "market_parts": (0, 100, 1_000, 5_000, BPS, 4 * BPS),
    "top_up": (0, 0, 0, 1_000, 5_000),
    "age_days": (1, 49, 100, 400),
    "reserve_base": (0, 1, 100, 1_000, 10 * BPS),
    "reserve_quote": (0, 1, 100, 1_000, 10 * BPS),
    "stake": (0, 100, 10 * BPS),
    "dlq_depth": (0, 1, 1_000, 100 * BPS),
    "others_ask": (0, 0, 1_000, BPS),
}
assert list(CHOICES) == [field.name for field in fields(Start)]


def draw(drawn: random.Random) -> Start:
    return Start(**{name: drawn.choice(choices) for name, choices in CHOICES.items()})


def mutate(start: Start, drawn: random.Random) -> Start:
    name = drawn.choice(list(CHOICES))
    return replace(start, **{name: drawn.choice(CHOICES[name])})


def open_market(side: Model, start: Start) -> Prices:
    """Play the story up to the first second of an epoch, in which the search begins. What is true from then on: the prices as they
    stand."""
    side.wait(-side.now % DAY)
    parameters = Parameters(
        min_fee_bps=start.min_fee_bps,
        protocol_fee_bps=start.protocol_fee_bps,
        bailout_threshold_bps=start.bailout_threshold_bps,
        oracle_window_seconds=start.oracle_window_seconds,
        max_deviation_bps=start.max_deviation_bps,
    )
    _open_pool(side, POOL, BASE, parameters, start)
    for _ in range(MARKET_SLICES if start.market_parts else 0):
        pool = side.pool(POOL)
        reserve = pool.reserve_base if start.base_in else pool.reserve_quote
        swap(side, start.base_in, reserve * start.market_parts // (BPS * MARKET_SLICES))
    side.wait(DAY)
    _settle(side)
    if start.top_up:
        _add(side, ACTOR, POOL, *(reserve * start.top_up // BPS for reserve in _reserves(side, POOL)))
    if start.dlq_depth:
        dlq = Parameters(min_fee_bps=start.min_fee_bps, oracle_window_seconds=start.oracle_window_seconds)
        _open_pool(side, DLQ_POOL, DLQ, dlq, replace(start, share=0), depth=DEPTH * start.dlq_depth // BPS)
        side.call(GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote=QUOTE, pool=DLQ_POOL)
    base, quote = _reserves(side, POOL)
    give_to_reserve(side, BASE, base * start.reserve_base // BPS)
    give_to_reserve(side, QUOTE, quote * start.reserve_quote // BPS)
    if start.stake:
        stake(side, DEPTH * start.stake // BPS)
    side.wait(max(0, start.age_days - 2) * DAY)
    _settle(side)
    _ask(side, ACTOR, BPS)
    _ask(side, OTHER, start.others_ask)
    side.wait(DAY)
    return Prices(spot(side), spot_of_dlq(side))


def spot_of_dlq(side: Model) -> Fraction:
    if DLQ_POOL not in side.state.pools:
        return Fraction(1)
    base, quote = _reserves(side, DLQ_POOL)
    return Fraction(quote, base)


def _open_pool(side: Model, pool: str, base: str, parameters: Parameters, start: Start, depth: int = DEPTH) -> None:
    """Who has more is first: no more units than the pool has can be struck in one epoch (R6)."""
    shares = {ACTOR: start.share, OTHER: BPS - start.share}
    first, second = sorted(shares, key=shares.get, reverse=True)
    side.call(GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote=QUOTE, parameters=parameters)
    _add(side, first, pool, *[depth * shares[first] // BPS] * 2)
    side.call(GOVERNOR, CONTROLLER, "controller.set_status", pool=pool, status=ACTIVE, min_price=0, max_price=UNLIMITED)
    side.call(first, pool, "pool.begin_protection")
    if shares[second]:
        side.wait(DAY)
        _add(side, second, pool, *[depth * shares[second] // BPS] * 2)


def _settle(side: Model) -> None:
    """Wait until the oracle has come to the spot price; it at most doubles at a touch. A request made and cancelled moves nothing but
    time."""
    while side.pool(POOL).oracle != spot_price(*_reserves(side, POOL)):
        side.wait(max(DAY, side.pool(POOL).parameters.oracle_window_seconds))
        for units in (1, 0):
            side.call(OTHER, POOL, "pool.request_withdrawal", units=units)


def _add(side: Model, provider: str, pool: str, base: int, quote: int) -> None:
    side.attempt(provider, pool, "pool.add", base=base, quote=quote, min_units=0, deadline=UNLIMITED)


def _ask(side: Model, provider: str, part: int) -> None:
    units = side.position(POOL, provider).units * part // BPS
    if units > MINIMUM_UNITS:
        side.call(provider, POOL, "pool.request_withdrawal", units=units)


def _reserves(side: Model, pool: str) -> tuple[int, int]:
    return side.pool(pool).reserve_base, side.pool(pool).reserve_quote
