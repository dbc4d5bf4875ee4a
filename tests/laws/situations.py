"""The situations in which laws about payouts are tried: a drawn story that ends where a provider may withdraw.

All sizes are drawn by their exponents, from dust to the greatest that fits; `tell` plays a story by ordinary calls, so that it can
be told to the contracts as well as to the model. A call of the story that the rules refuse is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from model import Parameters
from model.fixed_point import BPS, Q112
from model.liquidity_math import MINIMUM_UNITS
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE
from tests.differential.world import DAY, DLQ, GOVERNOR, UNLIMITED
from tests.laws.sides import Answer, Side

T = TypeVar("T")
BASE, QUOTE = "ABC", "USDC"
POOL, DLQ_POOL = "pool-0", "pool-1"
FOUNDER, PROVIDER, OTHER, TRADER, STAKER = "provider-1", "provider-2", "provider-3", "trader", "staker-1"
ANY_MINIMUM = {"min_base": 0, "min_quote": 0}
FREELY = {**ANY_MINIMUM, "max_shortfall": UNLIMITED}
LARGEST = 100  # bits of a pool's first reserves: room for all that comes later


@dataclass(frozen=True, slots=True)
class Move:
    """The market moves: `slices` swaps, each of `part` hundredths of a percent of the reserve that it goes into."""

    base_in: bool
    part: int
    slices: int


@dataclass(frozen=True, slots=True)
class Situation:
    """`adds` are parts of the reserves, base and quote, in hundredths of a percent; `fills` of what the pool's reserves are in the end."""

    parameters: Parameters
    base: int
    quote: int
    alone: bool  # the provider is the founder, and has all of the pool
    first_add: tuple[int, int]
    moves: tuple[Move, ...]
    second_add: tuple[int, int]
    later_moves: tuple[Move, ...]
    age: int  # in hundredths of a percent of full protection
    fills: tuple[int, int]
    stake: int
    dlq_price: tuple[int, int]  # DLQ, and the quote that it is worth
    requested: int  # of the position, in hundredths of a percent
    bailout: bool
    last_moves: tuple[Move, ...]  # in the block before the withdrawal

    @property
    def provider(self) -> str:
        return FOUNDER if self.alone else PROVIDER


class Hand:
    """Draws by small integers alone: wide ones are slow to draw, and far from even."""

    def __init__(self, draw: Callable):
        self.draw = draw

    def below(self, bound: int) -> int:
        return self.draw(below(bound))

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def amount(self, lowest: int = 1, highest: int = LARGEST) -> int:
        """Of any number of bits between two, all alike; a power of two now and then."""
        bits = lowest + self.below(highest - lowest + 1)
        return 1 << bits if self.below(4) == 0 else max(1, (2**16 + self.below(2**16) << bits) >> 16)

    def part(self) -> int:
        """In hundredths of a percent: nothing, a little, some, all, more."""
        return self.pick((0, 1, 100, 5_000, BPS, 10 * BPS, self.below(BPS)))

    def moves(self) -> tuple[Move, ...]:
        parts, slices = (1, 10, 100, 500, 1_000, 2_000, 5_000, BPS), (1, 2, 5, 10)
        return tuple([Move(self.pick((False, True)), self.pick(parts), self.pick(slices)) for _ in range(self.below(3))])

    def add(self) -> tuple[int, int]:
        """Of each reserve, in hundredths of a percent; mostly symmetrical."""
        part = 1 + self.below(BPS - 1)
        return self.pick(((part, part), (part, part), (part, 0), (0, part), (part, self.below(BPS))))


@cache
def below(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


@st.composite
def situations(draw: Callable) -> Situation:
    hand = Hand(draw)
    base = hand.amount(4)
    bailout = hand.pick((False, True))
    parameters = Parameters(
        full_protection_seconds=100 * DAY,
        bailout_threshold_bps=1 if bailout else BPS,
        min_fee_bps=hand.pick((0, 0, 10, 1_000)),
        protocol_fee_bps=hand.pick((0, 2_000, 5_000)),
        staker_share_bps=hand.pick((0, 2_500, BPS)),
        max_deviation_bps=1_000,
    )
    return Situation(
        parameters=parameters,
        base=base,
        quote=hand.amount(max(1, 22 - base.bit_length())),  # the root of the product must be some units
        alone=hand.below(5) == 1,
        first_add=hand.add(),
        moves=hand.moves(),
        second_add=hand.add() if hand.below(2) else (0, 0),
        later_moves=hand.moves(),
        age=hand.pick((0, 1, 4_900, 9_999, BPS, BPS, BPS, 4 * BPS)),
        fills=(hand.part(), hand.part()),
        stake=hand.amount(),
        dlq_price=(hand.amount(20, 60), hand.amount(20, 60)),
        requested=hand.pick((BPS, BPS, BPS, 5_000, 1)),
        bailout=bailout,
        last_moves=hand.moves(),
    )


def full(situation: Situation) -> Situation:
    """The same, but calm, of full age, and with a Reserve that can pay everything."""
    parameters = replace(situation.parameters, bailout_threshold_bps=BPS)
    return replace(situation, parameters=parameters, bailout=False, age=BPS, fills=(10**6 * BPS, 10**6 * BPS))


def rested(situation: Situation) -> Situation:
    """The same, but nobody moves the market just before the withdrawal."""
    return replace(situation, last_moves=())


# -- telling a story -------------------------------------------------------------------------------------------------


def tell(side: Side, situation: Situation, batch: tuple[str, ...] = ()) -> bool:
    """Play the story up to the moment before the withdrawal; False if there is no withdrawal to be made.

    `batch`: who else asks to leave in the same epoch, with all they have.
    """
    provider = situation.provider
    open_pool(side, POOL, BASE, situation.parameters, situation.base, situation.quote)
    open_pool(side, DLQ_POOL, DLQ, Parameters(), *situation.dlq_price)
    side.call(GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote=QUOTE, pool=DLQ_POOL)
    side.attempt(FOUNDER, POOL, "pool.begin_protection")
    if not situation.alone:
        side.wait(DAY)  # the founder's principal is all that may be struck in one epoch
        add(side, provider, situation.first_add)
    move(side, situation.moves)
    for who in (provider, OTHER) if any(situation.second_add) else ():
        side.wait(DAY)
        settle(side)
        add(side, who, situation.second_add)
    move(side, situation.later_moves)
    side.wait(max(DAY, situation.parameters.full_protection_seconds * situation.age // BPS))
    settle(side)
    stake(side, situation.stake)
    fill(side, situation.fills)
    if not request(side, provider, situation.requested):
        return False
    for other in batch:
        request(side, other)
    side.wait(DAY)
    move(side, situation.last_moves)
    return True


def open_pool(side: Side, pool: str, base: str, parameters: Parameters, amount_base: int, amount_quote: int) -> None:
    """An ACTIVE pool with the founder's first add."""
    side.call(GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote=QUOTE, parameters=parameters)
    side.call(FOUNDER, pool, "pool.add", base=amount_base, quote=amount_quote, min_units=0, deadline=UNLIMITED)
    side.call(GOVERNOR, CONTROLLER, "controller.set_status", pool=pool, status=ACTIVE, min_price=0, max_price=UNLIMITED)


def add(side: Side, provider: str, parts: tuple[int, int]) -> Answer:
    """Add parts of the reserves."""
    pool = side.pool(POOL)
    base, quote = (reserve * part // BPS for reserve, part in zip((pool.reserve_base, pool.reserve_quote), parts))
    return side.attempt(provider, POOL, "pool.add", base=base, quote=quote, min_units=0, deadline=UNLIMITED)


def move(side: Side, moves: tuple[Move, ...]) -> None:
    for move in moves:
        for _ in range(move.slices):
            swap(side, move.base_in, (side.pool(POOL).reserve_base if move.base_in else side.pool(POOL).reserve_quote) * move.part // BPS)


def swap(side: Side, base_in: bool, amount: int, trader: str = TRADER) -> Answer:
    token = BASE if base_in else QUOTE
    limits = {"min_amount_out": 0, "recipient": trader, "deadline": UNLIMITED}
    return side.attempt(trader, POOL, "pool.swap", token_in=token, amount_in=amount, **limits)


def settle(side: Side) -> None:
    """Wait until the oracle has come to the spot price; it at most doubles at a touch."""
    for _ in range(200):
        pool = side.pool(POOL)
        if pool.oracle == pool.reserve_quote * Q112 // pool.reserve_base:
            return
        side.wait(DAY)
        # A request made and cancelled moves nothing but time.
        side.call(FOUNDER, POOL, "pool.request_withdrawal", units=1)
        side.call(FOUNDER, POOL, "pool.request_withdrawal", units=0)


def stake(side: Side, amount: int) -> None:
    side.call(STAKER, BACKSTOP, "backstop.stake", pool=POOL, amount=amount)


def fill(side: Side, parts: tuple[int, int]) -> None:
    """Give the Reserve parts of what the pool has."""
    pool = side.pool(POOL)
    for token, reserve, part in zip((BASE, QUOTE), (pool.reserve_base, pool.reserve_quote), parts):
        give_to_reserve(side, token, min(reserve * part // BPS, side.RICH // 2))


def give_to_reserve(side: Side, token: str, amount: int) -> None:
    if amount:
        side.call("outsider", token, "token.transfer", to=RESERVE, amount=amount)
        side.call("outsider", RESERVE, "reserve.absorb", token=token)


def request(side: Side, provider: str, part: int = BPS) -> bool:
    """Ask for a part of the position to leave in the next epoch; False where there is nothing to ask for."""
    units = side.position(POOL, provider).units * part // BPS
    if not units:
        return False
    side.call(provider, POOL, "pool.request_withdrawal", units=units)
    return True


def withdraw(side: Side, provider: str) -> tuple["Purse", Answer]:
    """What the provider has more of after the withdrawal, by the tokens themselves; and the answer."""
    before = purse(side, provider)
    answer = side.call(provider, POOL, "pool.withdraw", **FREELY)
    return purse(side, provider) - before, answer


# -- what a law compares -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purse:
    """Amounts of base, quote and DLQ; or what changed of them."""

    base: int
    quote: int
    dlq: int

    def __add__(self, other: "Purse") -> "Purse":
        return Purse(self.base + other.base, self.quote + other.quote, self.dlq + other.dlq)

    def __sub__(self, other: "Purse") -> "Purse":
        return Purse(self.base - other.base, self.quote - other.quote, self.dlq - other.dlq)

    def worth(self, prices: "Prices") -> Fraction:
        """In quote."""
        return self.base * prices.base + self.quote + self.dlq * prices.dlq


@dataclass(frozen=True, slots=True)
class Prices:
    """Quote for one base unit of base and of DLQ."""

    base: Fraction
    dlq: Fraction


def spot(side: Side) -> Fraction:
    """Quote for one base unit of base, exactly."""
    pool = side.pool(POOL)
    return Fraction(pool.reserve_quote, pool.reserve_base)


def prices(side: Side) -> Prices:
    """The spot price of the pool, and the oracle's of DLQ."""
    return Prices(spot(side), Fraction(side.pool(DLQ_POOL).oracle, Q112))


def purse(side: Side, owner: str) -> Purse:
    """What an account holds, by the tokens themselves."""
    return Purse(*[side.balance(token, owner) for token in (BASE, QUOTE, DLQ)])


def exchanged_base(side: Side, provider: str, units: int) -> int:
    """How much base the units redeem for above or below what is protected."""
    return abs(principal(side, provider, units)[0] - redeemable(side, units)[0])


def moved_by_rounding(side: Side, base: int, departures: int) -> Fraction:
    """How far withdrawals that round can move the worth of some base, at the spot price.

    Each leaves less than one base unit of each token behind, which moves the price by at most that part of the reserves left.
    """
    left = side.pool(POOL)
    return base * spot(side) * departures * (Fraction(1, left.reserve_base) + Fraction(1, left.reserve_quote))


def redeemable(side: Side, units: int) -> tuple[int, int]:
    """`b1`, `q1` of section 0."""
    pool = side.pool(POOL)
    return pool.reserve_base * units // pool.total_units, pool.reserve_quote * units // pool.total_units


def principal(side: Side, provider: str, units: int) -> tuple[int, int]:
    """`b0`, `q0` of R15.1."""
    position = side.position(POOL, provider)
    return position.principal_base * units // position.units, position.principal_quote * units // position.units


def withdrawable(held: int, units: int, total_units: int, bailout: bool) -> int:
    """The allowance of R16."""
    return held * units // (total_units - MINIMUM_UNITS) if bailout else held
