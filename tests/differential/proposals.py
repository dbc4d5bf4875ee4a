"""What may be called next: one proposal a function, drawn with the model's state in view.

Most proposals are likely to succeed, so that programs get somewhere; each also draws what must fail: the wrong caller, too much,
too early, too late. Every choice is a small integer (Hypothesis draws wide ones far from evenly), and 0 the plainest choice:
fast to draw, and it shrinks well.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from hypothesis import strategies as st

from model import OPERATIONS, Operation, Parameters, State, SystemParameters
from model.controller import MAX_POOLS
from model.epoch_books import turn
from model.fixed_point import BPS, MAX
from model.founder import MOST_POOLS
from model.liquidity_math import MINIMUM_UNITS, units_minted
from model.operations import VIEWS
from model.oracle import spot_price
from model.parameters import pool_bounds, system_bounds
from model.state import ACTIVE, BACKSTOP, CONTROLLER, EMPTY_POOL_STAKE, EMPTY_POSITION, EMPTY_REQUEST, FOUNDER, LENS, RESERVE, SUSPENDED, ZERO
from model.state import Pool, StakeAccount
from model.stake_math import DILUTION_LIMIT
from model.swap_math import swap_output
from model.token import BEHAVIOURS, NO_DECIMALS, NO_RETURN_VALUE, PLAIN, REVERTS_ON_ZERO, TOO_MANY_DECIMALS
from tests.differential import world
from tests.differential.engine import ask_model
from tests.differential.previewed import PREVIEWED, preview_of

T = TypeVar("T")
FOREVER = world.UNLIMITED
RARE = 20  # percent
MINUTE, DAY = 60, 86_400


@cache
def below(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


class Hand:
    """The draws for one step, in the state and at the time where it happens.

    `moments` collects the times at which the drawn call changes its answer: a request's epoch, the end of a lock-up, 49 and
    100 days. The step may be put there, or one second beside.
    """

    def __init__(self, draw: Callable, state: State, now: int):
        self.draw = draw
        self.state = state
        self.now = now
        self.moments: list[int] = []
        self.senders = world.ACTORS
        self.is_plain = draw(below(10)) < 7
        self.odd = misbehaving(state) + [name for name in world.AWKWARD if state.tokens[name].hook]

    def pick(self, options: Sequence[T]) -> T:
        return options[self.draw(below(len(options)))]

    def chance(self, percent: int) -> bool:
        """Happens so often. What is rare happens in three steps of ten, and oftener there: that saves most of the draws."""
        if percent <= RARE:
            if self.is_plain:
                return False
            percent = percent * 10 // 3
        return self.draw(below(100)) >= 100 - percent

    def amount(self, reference: int, most: int = 100, edges: Callable[[], Sequence[int]] = lambda: ()) -> int:
        """A part of `reference` (at most `most` percent), or one of the amounts that things break at.

        `edges` are the last amounts that a rule allows here: drawn are these, and one more.
        """
        sort = self.pick(AMOUNTS)
        at = edges() if sort == "edge" else ()
        if at:
            return min(max(0, self.pick(at) + self.pick((0, 1))), FOREVER)
        if sort in ("part", "edge"):
            share = 100 * self.draw(below(100)) + self.draw(below(100)) + 1
            return reference * most * share // 10**6
        if sort == "few":
            return self.pick(FEW)
        return {"whole": reference, "one more": min(reference + 1, FOREVER), "none": 0, "huge": self.pick(HUGE)}[sort]

    def actor(self, usual: str | None = None, percent: int = 5) -> str:
        """The usual sender, if it can be one, or now and then anybody."""
        return self.pick(self.senders) if usual not in self.senders or self.chance(percent) else usual

    def one_of(self, usual: Sequence[str]) -> str:
        """One of the usual senders that can be one, else anybody."""
        return self.pick([who for who in usual if who in self.senders] or self.senders)

    def pool(self, suits: Callable[[Pool], bool] = lambda pool: pool.status == ACTIVE) -> str:
        """A pool that suits, or now and then one that does not."""
        pools = self.state.controller.pools
        suited = [name for name in pools if suits(self.state.pools[name])]
        if suited and not self.chance(8):
            return self.pick(self.odd_ones(suited))
        return self.pick([name for name in pools if name not in suited] or pools)

    def odd_ones(self, pools: Sequence[Any], name: Callable[[Any], str] = lambda pool: pool) -> Sequence[Any]:
        """Often those pools of a token that misbehaves or is about to call back, as long as it is."""
        if not self.odd or not self.chance(50):
            return pools
        states = self.state.pools
        return [pool for pool in pools if states[name(pool)].base in self.odd or states[name(pool)].quote in self.odd] or pools

    def provider(self) -> str:
        return self.one_of(world.PROVIDERS)

    def deadline(self) -> int:
        if not self.chance(4):
            return FOREVER
        deadline = self.now + self.pick((0, 1, MINUTE))
        self.moments.append(deadline + 1)
        return deadline

    def least(self, expected: int) -> int:
        """A minimum: mostly none, at times exactly what is expected, or one more."""
        if not self.chance(10):
            return 0
        return min(max(0, expected + self.pick((0, 1, -1))), FOREVER)

    def instead(self, name: str) -> Operation:
        """What another proposal draws."""
        return PROPOSALS[name][1](self)

    def preview(self, operation: Operation, at: int) -> Any:
        """What the call would return; None where it would fail."""
        return ask_model(self.state, operation, at)[1].value


def last(fits: Callable[[int], bool], most: int = MAX) -> int:
    """The last of the amounts up to `most` that fits, where all fit up to some amount and none above; 0 if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


AMOUNTS = ("part",) * 13 + ("whole", "whole", "one more", "few", "none", "huge", "edge", "edge")
FEW = (1, 1, 2, 3, 4, 8)
HUGE = (MAX, MAX + 1, 2**255, FOREVER)

Proposal = Callable[[Hand], Operation]
PROPOSALS: dict[str, tuple[int, Proposal]] = {}


def proposal(name: str, weight: int) -> Callable:
    """Register how to draw the operation `name`; it is drawn in proportion to `weight`.

    The function returns target, sender and arguments; or another proposal's operation, where that is what must come first.
    """

    def register(make: Callable[[Hand], tuple[str, str, dict] | Operation]) -> Callable:
        def propose(hand: Hand) -> Operation:
            made = make(hand)
            return made if isinstance(made, Operation) else Operation(name, *made)

        PROPOSALS[name] = (weight, propose)
        return make

    return register


# -- pools ---------------------------------------------------------------------------------------------------------


@proposal("pool.swap", 14)
def _swap(hand: Hand):
    name = hand.pool()
    pool = hand.state.pools[name]
    base_in = hand.chance(50)
    token, x, y = (pool.base, pool.reserve_base, pool.reserve_quote) if base_in else (pool.quote, pool.reserve_quote, pool.reserve_base)
    sender = hand.actor("trader", 10)

    def edges() -> tuple[int, ...]:
        # All of the reserve's room, and, twice as often, the last input that buys nothing: above the reserve, more buys less.
        min_fee_bps = pool.parameters.min_fee_bps
        nothing = last(lambda amount: not amount or swap_output(amount, x, y, min_fee_bps) == 0, min(x, MAX - x))
        return MAX - x, nothing, nothing

    amount = hand.amount(min(2 * x, hand.state.tokens[token].balances.get(sender, 0)), hand.pick((2, 30, 100)), edges)
    expected = swap_output(amount, x, y, pool.parameters.min_fee_bps) if 0 < amount <= MAX - x and y else 0
    return name, sender, {
        "token_in": hand.pick(world.TOKENS) if hand.chance(3) else token,
        "amount_in": amount,
        "min_amount_out": hand.least(expected),
        "recipient": hand.pick((*world.ACTORS, ZERO, name)) if hand.chance(10) else sender,
        "deadline": hand.deadline(),
    }  # fmt: skip


LEAST_ADDS = ((0, 1), (1, 0), (1, 1))


def _pair(hand: Hand, name: str, sender: str) -> dict[str, int]:
    """Amounts of base and quote: in proportion, one-sided, or unrelated; now and then at the edge of what a rule allows."""
    pool = hand.state.pools[name]
    if pool.total_units and hand.chance(12):
        return _pair_at_an_edge(hand, pool, sender)
    if hand.chance(4):
        return dict(zip(("base", "quote"), hand.pick(LEAST_ADDS)))
    base = hand.amount(min(pool.reserve_base, hand.state.tokens[pool.base].balances.get(sender, 0)), 40)
    shape = hand.pick(("in proportion", "quote alone", "base alone", "unrelated"))
    if shape == "in proportion" and pool.reserve_base:
        return {"base": base, "quote": min(base * pool.reserve_quote // pool.reserve_base, FOREVER)}
    quote = hand.amount(min(pool.reserve_quote, hand.state.tokens[pool.quote].balances.get(sender, 0)), 40)
    if not pool.total_units:
        quote = hand.amount(10**9)
    return {"base": 0 if shape == "quote alone" else base, "quote": 0 if shape == "base alone" else quote}


def _pair_at_an_edge(hand: Hand, pool: Pool, sender: str) -> dict[str, int]:
    """The last amounts within a rule, or one more: of room, of no unit at all, of depth (R6)."""
    x, y, units = pool.reserve_base, pool.reserve_quote, pool.total_units
    base_is_finer = x > y
    one_more = hand.pick((0, 1))
    edge = hand.pick(("room of base", "room of quote", "no unit", "depth", "depth"))
    if edge == "depth":
        return all_that_may_be_struck(hand, pool, sender, one_more)
    if edge == "no unit":
        if base_is_finer:
            return {"base": last(lambda base: units_minted(base, 0, x, y, units) == 0) + one_more, "quote": 0}
        return {"base": 0, "quote": last(lambda quote: units_minted(0, quote, x, y, units) == 0) + one_more}
    return {"base": 0, "quote": MAX - y + one_more} if edge == "room of quote" else {"base": MAX - x + one_more, "quote": hand.pick((0, 1))}


def all_that_may_be_struck(hand: Hand, pool: Pool, sender: str, one_more: int) -> dict[str, int]:
    """The last amounts whose units may still be struck in this epoch (R6), or one more: in proportion, in steps of the finer token."""
    x, y, units = pool.reserve_base, pool.reserve_quote, pool.total_units
    position = pool.positions.get(sender, EMPTY_POSITION)
    books = turn(pool.books, current_epoch(hand), units, pool.parameters.bailout_threshold_bps)
    room = max(0, books.opening_units - books.struck - (0 if position.clock else position.units))
    if x > y:
        base = last(lambda base: units_minted(base, base * y // x, x, y, units) <= room) + one_more
        return {"base": base, "quote": base * y // x}
    quote = last(lambda quote: units_minted(quote * x // y, quote, x, y, units) <= room) + one_more
    return {"base": quote * x // y, "quote": quote}


def _most_principal(hand: Hand, name: str, sender: str) -> dict[str, int]:
    """The last of the finer token whose principal there is room for (R7), or one more."""
    position = hand.state.pools[name].positions[sender]
    base_is_finer = position.principal_base > position.principal_quote

    def pair(amount: int) -> dict[str, int]:
        return {"base": amount if base_is_finer else 0, "quote": 0 if base_is_finer else amount}

    def fits(amount: int) -> bool:
        terms = {**pair(amount), "min_units": 0, "deadline": FOREVER}
        _, outcome = ask_model(hand.state, Operation("pool.add", name, sender, terms), hand.now)
        return outcome.reason != "pool: principal too large"

    room = MAX - max(position.principal_base, position.principal_quote)
    return pair(last(fits, 4 * room) + hand.pick((0, 1)))


def _is_open(pool: Pool) -> bool:
    return pool.status != SUSPENDED


@proposal("pool.donate", 2)
def _donate(hand: Hand):
    unused = [name for name, pool in hand.state.pools.items() if not pool.total_units]
    name, sender = hand.pick(unused) if unused and hand.chance(10) else hand.pool(_is_open), hand.actor()
    return name, sender, _pair(hand, name, sender)


FIRST_ADDS = ((10**9, 10**9), (10**20, 10**6), (10**6, 10**9), (1_001, 1_001), (1_000, 1_001), (1, 10**9), (0, 10**9), (10**9, 0))


@proposal("pool.add", 8)
def _add(hand: Hand):
    name, sender = hand.pool(_is_open), hand.provider()
    if not hand.state.pools[name].total_units:
        base, quote = hand.pick(FIRST_ADDS)
        return name, sender, {"base": base, "quote": quote, "min_units": 0, "deadline": FOREVER}
    near = [
        (name, who) for name, pool in hand.state.pools.items() if pool.status == ACTIVE
        for who, position in pool.positions.items() if max(position.principal_base, position.principal_quote) > MAX // 2 and who in hand.senders
    ]  # fmt: skip
    if near and hand.chance(3):
        name, sender = hand.pick(near)
        return name, sender, {**_most_principal(hand, name, sender), "min_units": 1, "deadline": FOREVER}
    pair = _pair(hand, name, sender)
    operation = Operation("pool.add", name, sender, {**pair, "min_units": 0, "deadline": FOREVER})
    units = hand.preview(operation, hand.now) if hand.chance(10) else None
    return name, sender, {**pair, "min_units": units + hand.pick((0, 1)) if units else 0, "deadline": hand.deadline()}


@proposal("pool.stage_deposit", 3)
def _stage_deposit(hand: Hand):
    name, sender = hand.pool(_is_open), hand.provider()
    if hand.chance(6):
        staged = [name for name, pool in hand.state.pools.items() if pool.status != SUSPENDED and (pool.staged_base or pool.staged_quote)]
        name = hand.pick(staged or [name])
        pool, one_more = hand.state.pools[name], hand.pick((0, 1, 1))
        base_full, quote_full = MAX - pool.staged_base + one_more, MAX - pool.staged_quote + one_more
        return name, sender, {"base": base_full, "quote": 0} if hand.chance(50) else {"base": 0, "quote": quote_full}
    return name, sender, _pair(hand, name, sender)


def _with_deposit(hand: Hand) -> tuple[str, str] | None:
    """A pool and a provider with a pending deposit, now and then any; None where there is no deposit."""
    if hand.chance(8):
        return hand.pick(hand.state.controller.pools), hand.provider()
    staged = [(name, who) for name, pool in hand.state.pools.items() for who in pool.deposits if who in hand.senders]
    return hand.pick(staged) if staged else None


@proposal("pool.confirm_deposit", 3)
def _confirm_deposit(hand: Hand):
    found = _with_deposit(hand)
    if found is None:
        return hand.instead("pool.stage_deposit")
    name, sender = found
    pool = hand.state.pools[name]
    if sender in pool.deposits:
        hand.moments.append(pool.deposits[sender].staged_at + pool.parameters.confirmation_seconds)
    units = 0
    if sender in pool.deposits and hand.chance(20):
        units = hand.preview(Operation("pool.confirm_deposit", name, sender, {"min_units": 0}), max(hand.now, hand.moments[0])) or 0
    return name, sender, {"min_units": units + hand.pick((0, 1)) if units else hand.pick((0, 1, 10**30))}


@proposal("pool.cancel_deposit", 2)
def _cancel_deposit(hand: Hand):
    found = _with_deposit(hand)
    return hand.instead("pool.stage_deposit") if found is None else (*found, {})


@proposal("pool.begin_protection", 3)
def _begin_protection(hand: Hand):
    unprotected = [
        (name, who) for name, pool in hand.state.pools.items() if pool.status == ACTIVE
        for who, position in pool.positions.items() if position.units and not position.clock and who in hand.senders
    ]  # fmt: skip
    if not unprotected and not hand.chance(20):
        return hand.instead("pool.add")
    name, sender = (hand.pool(), hand.provider()) if not unprotected or hand.chance(10) else hand.pick(unprotected)
    return name, sender, {}


def _with_position(hand: Hand) -> tuple[str, str]:
    """A pool and a provider with units; often one who has all of a staked pool, and so can exhaust its stake."""
    pools = hand.state.pools
    held = [
        (name, who) for name, pool in pools.items()
        for who, position in pool.positions.items() if position.units and who in hand.senders
    ]  # fmt: skip
    if not held or hand.chance(4):
        return hand.pool(), hand.provider()
    if hand.chance(10):
        stakes = hand.state.backstop.stakes
        held = [
            (name, who) for name, who in held
            if pools[name].positions[who].units + MINIMUM_UNITS == pools[name].total_units and name in stakes
        ] or held  # fmt: skip
    return hand.pick(hand.odd_ones(held, lambda pair: pair[0]))


def _ages(hand: Hand, name: str, provider: str) -> None:
    """The moments of a position: the end of its lock-up, 49 days, full protection."""
    pool = hand.state.pools[name]
    position = pool.positions.get(provider, EMPTY_POSITION)
    if position.units:
        hand.moments += [position.last_added + pool.parameters.lockup_seconds] * 3
    if position.clock:
        hand.moments += [position.clock + 49 * DAY, position.clock + pool.parameters.full_protection_seconds]


def _beside_a_stake_that_leaves(hand: Hand) -> tuple[str, str] | None:
    """A pool whose stake has been asked for, and the largest of its positions, at the time when the stake is ready."""
    leaving = [(pool, account.ready_at) for (pool, _), account in hand.state.backstop.accounts.items() if account.requested_shares]
    if not leaving:
        return None
    name, ready_at = hand.pick(leaving)
    positions = hand.state.pools[name].positions
    held = [who for who in positions if positions[who].units and who in hand.senders]
    if not held:
        return None
    hand.moments += [max(hand.now, ready_at)] * 4
    return name, max(held, key=lambda who: positions[who].units)


@proposal("pool.request_withdrawal", 9)
def _request_withdrawal(hand: Hand):
    found = _with_request(hand) if hand.chance(10) else None
    if found:
        # Cancelled: as long as it lives.
        hand.moments += [(hand.now // epoch_seconds(hand) + ahead) * epoch_seconds(hand) for ahead in (1, 2)]
        return *found, {"units": 0}
    found = _locked_up(hand) if hand.chance(10) else _beside_a_stake_that_leaves(hand) if hand.chance(10) else None
    name, sender = found or _with_position(hand)
    pool = hand.state.pools[name]
    units = pool.positions.get(sender, EMPTY_POSITION).units
    if found or hand.chance(40):
        return name, sender, {"units": units}
    if hand.chance(15):
        own = pool.requests.get(sender, EMPTY_REQUEST)
        replaced = own.units if own.epoch == current_epoch(hand) else 0
        return name, sender, {"units": max(0, _units_to_bailout(hand, pool) + replaced - hand.pick((0, 0, 1)))}
    return name, sender, {"units": hand.amount(units)}


def epoch_seconds(hand: Hand) -> int:
    return hand.state.controller.parameters.epoch_seconds


def current_epoch(hand: Hand) -> int:
    return hand.now // epoch_seconds(hand)


def _units_to_bailout(hand: Hand, pool: Pool, leaving: bool = False) -> int:
    """How many units more, asked for or `leaving` at once, make the next epoch a bailout (R13)."""
    books = pool.books
    threshold = pool.parameters.bailout_threshold_bps
    is_open = books.epoch == current_epoch(hand)
    net = books.requested + books.exited - books.added if is_open else 0
    return -((net * BPS - threshold * pool.total_units) // (BPS + threshold * leaving))


def _with_request(hand: Hand) -> tuple[str, str] | None:
    """A pool and a provider with a live request, now and then without; None where there is no request."""
    epoch = current_epoch(hand)
    live = [
        (name, who) for name, pool in hand.state.pools.items()
        for who, request in pool.requests.items() if request.units and request.epoch + 1 >= epoch and who in hand.senders
    ]  # fmt: skip
    if hand.chance(5):
        return _with_position(hand)
    return hand.pick(live) if live else None


WHATEVER_COMES = {"min_base": 0, "min_quote": 0, "max_shortfall": FOREVER}


@proposal("pool.withdraw", 16)
def _withdraw(hand: Hand):
    found = _with_request(hand)
    if found is None:
        return hand.instead("pool.request_withdrawal")
    name, sender = found
    seconds = epoch_seconds(hand)
    request = hand.state.pools[name].requests.get(sender, EMPTY_REQUEST)
    at, ends = max(hand.now, (request.epoch + 1) * seconds), (request.epoch + 2) * seconds
    _ages(hand, name, sender)
    hand.moments += [moment for moment in hand.moments if at < moment < ends] * 8 + [at] * 12 + [ends]
    if not hand.chance(15):
        return name, sender, WHATEVER_COMES
    value = hand.preview(Operation("pool.withdraw", name, sender, WHATEVER_COMES), at)
    base, quote, _, shortfall = value or (0, 0, 0, 0)
    limits = ({"min_base": base}, {"min_quote": quote}, {"min_base": base + 1}, {"min_quote": quote + 1})
    if shortfall:
        limits += ({"max_shortfall": shortfall}, {"max_shortfall": shortfall - 1}, {"min_base": base + 1, "max_shortfall": shortfall - 1}) * 2
    return name, sender, WHATEVER_COMES | hand.pick(limits)


def _locked_up(hand: Hand) -> tuple[str, str] | None:
    """A pool and a provider who has added lately."""
    locked = [
        (name, who) for name, pool in hand.state.pools.items()
        for who, position in pool.positions.items()
        if position.units and position.last_added + pool.parameters.lockup_seconds > hand.now and who in hand.senders
    ]  # fmt: skip
    return hand.pick(locked) if locked else None


@proposal("pool.exit", 5)
def _exit(hand: Hand):
    found = _with_request(hand) if hand.chance(10) else _locked_up(hand) if hand.chance(15) else None
    name, sender = found or _with_position(hand)
    pool = hand.state.pools[name]
    _ages(hand, name, sender)
    own = pool.positions.get(sender, EMPTY_POSITION).units

    def edges() -> tuple[int, ...]:
        # The last that leaves a request as it is, and the last that leaves the next epoch calm.
        return own - pool.requests.get(sender, EMPTY_REQUEST).units, _units_to_bailout(hand, pool, leaving=True) - 1

    units = hand.amount(own, edges=edges)
    if found and own:
        units = max(1, own - pool.requests.get(sender, EMPTY_REQUEST).units + hand.pick((0, 1)))
    base, quote = (reserve * units // max(1, pool.total_units) for reserve in (pool.reserve_base, pool.reserve_quote))
    return name, sender, {"units": units, "min_base": hand.least(base), "min_quote": hand.least(quote)}


@proposal("pool.sweep", 3)
def _sweep_pool(hand: Hand):
    balances = {name: token.balances for name, token in hand.state.tokens.items()}
    with_surplus = [
        name for name, pool in hand.state.pools.items()
        if balances[pool.base].get(name, 0) > pool.reserve_base + pool.staged_base
        or balances[pool.quote].get(name, 0) > pool.reserve_quote + pool.staged_quote
    ]  # fmt: skip
    pool = hand.pick(hand.odd_ones(with_surplus)) if with_surplus and hand.chance(60) else hand.pool()
    return pool, hand.actor("outsider"), {}


@proposal("pool.set_status", 1)
def _set_status_directly(hand: Hand):
    return hand.pool(), hand.actor(), {"status": hand.pick((0, 1, 2)), "min_price": 0, "max_price": FOREVER}


# -- Reserve and Backstop ------------------------------------------------------------------------------------------


@proposal("reserve.absorb", 3)
def _absorb(hand: Hand):
    stray = [name for name, token in hand.state.tokens.items() if token.balances.get(RESERVE, 0) > hand.state.reserve.held.get(name, 0)]
    if not stray and not hand.chance(15):
        return hand.instead("token.transfer")
    return RESERVE, hand.actor("outsider"), {"token": hand.pick(stray or world.TOKENS)}


@proposal("reserve.draw", 1)
def _draw_directly(hand: Hand):
    token, sender = hand.pick(world.TOKENS), hand.actor()
    return RESERVE, sender, {"token": token, "recipient": sender, "amount": hand.amount(hand.state.reserve.held.get(token, 0))}


def slashed_if_staked(state: State, now: int, name: str, provider: str) -> int:
    """What a requested withdrawal would slash in DLQ as soon as it may (R18), if enough were staked."""
    backstop = state.backstop
    endless = replace(backstop.stakes.get(name, EMPTY_POOL_STAKE), total_stake=MAX)
    state = replace(state, backstop=replace(backstop, stakes=backstop.stakes | {name: endless}))
    at = max(now, (state.pools[name].requests[provider].epoch + 1) * state.controller.parameters.epoch_seconds)
    _, outcome = ask_model(state, Operation("pool.withdraw", name, provider, WHATEVER_COMES), at)
    return outcome.value[2] if outcome.ok else 0


def stake_that_just_pays(hand: Hand, name: str, provider: str) -> dict[str, Any] | None:
    """So much that the stake is just what a withdrawal would slash, or that just so much is left as its shares need (R18)."""
    pool = hand.state.pools[name]
    if pool.requests.get(provider, EMPTY_REQUEST).units == 0:
        return None
    stake = hand.state.backstop.stakes.get(name, EMPTY_POOL_STAKE)
    slashed = slashed_if_staked(hand.state, hand.now, name, provider)
    missing = -(-slashed * (pool.total_units - MINIMUM_UNITS) // pool.requests[provider].units) - stake.total_stake
    if missing <= 0:
        return None
    shares = stake.total_shares + (missing * stake.total_shares // stake.total_stake if stake.total_stake else missing)
    least = -(-shares // DILUTION_LIMIT)
    return {"pool": name, "amount": max(1, missing + hand.pick((0, 0, -1, 1, least, least - 1, least - 1)))}


@proposal("backstop.stake", 5)
def _stake(hand: Hand):
    sender = hand.one_of(world.STAKERS)
    pool = hand.pick(world.ACTORS) if hand.chance(4) else hand.pick(hand.state.controller.pools)
    stake = hand.state.backstop.stakes.get(pool, EMPTY_POOL_STAKE)
    if hand.chance(6):
        found = _with_request(hand)
        short = stake_that_just_pays(hand, *found) if found else None
        if short is not None:
            return BACKSTOP, sender, short

    def edges() -> tuple[int, ...]:
        # The last stake, and the last shares, that there is room for.
        room_of_shares = MAX - stake.total_shares
        most = ((room_of_shares + 1) * stake.total_stake - 1) // stake.total_shares if stake.total_shares else MAX
        return MAX - stake.total_stake, most

    return BACKSTOP, sender, {"pool": pool, "amount": hand.amount(10**21, edges=edges)}


def _with(hand: Hand, suits: Callable[[StakeAccount], int]) -> tuple[str, str] | None:
    """A pool and one of its stakers who suits, now and then any; None where nobody does."""
    if hand.chance(8):
        return hand.pick(hand.state.controller.pools), hand.one_of(world.STAKERS)
    suited = [key for key, account in hand.state.backstop.accounts.items() if key[1] in hand.senders and suits(account)]
    return hand.pick(suited) if suited else None


@proposal("backstop.request_unstake", 3)
def _request_unstake(hand: Hand):
    found = _with(hand, lambda account: account.shares)
    if found is None:
        return hand.instead("backstop.stake")
    pool, sender = found
    if hand.chance(15):
        stakes = hand.state.backstop.stakes
        diluted = [key for key in hand.state.backstop.accounts if stakes[key[0]].total_stake < stakes[key[0]].total_shares]
        pool, sender = hand.pick([key for key in diluted if key[1] in hand.senders] or [found])
    account = hand.state.backstop.accounts.get((pool, sender))
    pool = hand.pick(world.ACTORS) if hand.chance(4) else pool
    stake = hand.state.backstop.stakes.get(pool, EMPTY_POOL_STAKE)

    def edges() -> tuple[int, ...]:
        # The last shares that are worth nothing.
        return (-(-stake.total_shares // stake.total_stake) - 1,) if 0 < stake.total_stake < stake.total_shares else ()

    return BACKSTOP, sender, {"pool": pool, "shares": hand.amount(account.shares if account else 0, edges=edges)}


@proposal("backstop.unstake", 4)
def _unstake(hand: Hand):
    found = _with(hand, lambda account: account.requested_shares)
    if found is None:
        return hand.instead("backstop.request_unstake")
    pool, sender = found
    system = hand.state.backstop.parameters
    account = hand.state.backstop.accounts.get((pool, sender))
    if account and account.requested_shares:
        released = account.ready_at + system.hold_seconds
        positions = hand.state.pools[pool].positions
        providers = [who for who in positions if positions[who].units and who in hand.senders]
        if providers and hand.chance(RARE):
            # Somebody sees to it that the stake is held back.
            hand.moments += [max(hand.now, account.ready_at)] * 6
            largest = max(providers, key=lambda who: positions[who].units)
            return Operation("pool.request_withdrawal", pool, largest, {"units": positions[largest].units})
        hand.moments += [max(hand.now, account.ready_at)] * 4 + [released] * 2 + [released + system.unstake_window_seconds] * 2
    return BACKSTOP, sender, {"pool": hand.pick(world.ACTORS) if hand.chance(4) else pool}


@proposal("backstop.claim", 3)
def _claim(hand: Hand):
    found = _with(hand, lambda account: account.shares or account.earned_base or account.earned_quote)
    if found is None:
        return hand.instead("backstop.stake")
    pool, sender = found
    tokens = world.TOKENS if hand.chance(5) else (hand.state.pools[pool].base, hand.state.pools[pool].quote)
    return BACKSTOP, sender, {"pool": hand.pick(world.ACTORS) if hand.chance(4) else pool, "token": hand.pick(tokens)}


@proposal("backstop.reward", 1)
def _reward_directly(hand: Hand):
    return BACKSTOP, hand.actor(), {"token": hand.pick(world.TOKENS), "amount": hand.amount(10**18)}


@proposal("backstop.slash", 1)
def _slash_directly(hand: Hand):
    sender = hand.actor()
    return BACKSTOP, sender, {"recipient": sender, "amount": hand.amount(10**18)}


@proposal("backstop.sweep", 2)
def _sweep_backstop(hand: Hand):
    stray = [name for name, token in hand.state.tokens.items() if token.balances.get(BACKSTOP, 0) > hand.state.backstop.booked.get(name, 0)]
    if not stray and not hand.chance(15):
        return hand.instead("token.transfer")
    return BACKSTOP, hand.actor("outsider"), {"token": hand.pick(stray or world.TOKENS)}


# -- Controller ----------------------------------------------------------------------------------------------------


def _at_the_bounds(hand: Hand, bounds: dict[str, tuple[int, int]], beside: bool) -> dict[str, int]:
    """Each parameter at one of its bounds, and often a single one, or all from one on, beside it; always where nothing must come to be of it."""
    sides = hand.draw(below(2 ** len(bounds)))
    parameters = {name: bound[sides >> number & 1] for number, (name, bound) in enumerate(bounds.items())}
    first = hand.draw(below(len(bounds)))
    for name in tuple(bounds)[first : first + hand.pick((1, len(bounds)))] if beside or hand.chance(50) else ():
        lowest, highest = bounds[name]
        parameters[name] = hand.pick([value for value in (lowest - 1, highest + 1) if value >= 0])
    return parameters


@proposal("controller.create_pool", 3)
def _create_pool(hand: Hand):
    # The Inspector reads a limited number of pools: past it, only calls that fail are drawn.
    # (A hook may come to be called when there is no room any more.)
    full = len(hand.state.controller.pools) >= world.MAX_POOLS or hand.senders != world.ACTORS
    parameters = _at_the_bounds(hand, pool_bounds(epoch_seconds(hand)), full) if hand.chance(60) else {}
    sender = hand.one_of(("outsider",)) if full and hand.state.controller.owner != "outsider" else hand.actor(hand.state.controller.owner)
    strange = [name for name in world.TOKENS if hand.state.tokens[name].behaviour in (TOO_MANY_DECIMALS, NO_DECIMALS)]
    tokens = strange if strange and hand.chance(50) else world.TOKENS
    base, quote = hand.pick((*tokens, *tokens, "outsider", CONTROLLER)), hand.pick(world.TOKENS)
    quote = base if full and not parameters and sender == hand.state.controller.owner else quote
    return CONTROLLER, sender, {"base": base, "quote": quote, "parameters": Parameters(**parameters)}


@proposal("founder.found", 2)
def _found(hand: Hand):
    periods = SystemParameters()
    if hand.chance(70):
        epoch_seconds = hand.pick(system_bounds(0)["epoch_seconds"])
        periods = SystemParameters(**{"epoch_seconds": epoch_seconds} | _at_the_bounds(hand, system_bounds(epoch_seconds), beside=False))
    pools = hand.pick((MAX_POOLS, MAX_POOLS + 1, MOST_POOLS, MOST_POOLS + 1)) if hand.chance(RARE) else 0
    return FOUNDER, hand.actor(), {**{name: getattr(periods, name) for name in periods.__slots__}, "pools": pools}


@proposal("controller.set_status", 3)
def _set_status(hand: Hand):
    states = hand.state.pools
    idle = [name for name in hand.state.controller.pools if states[name].status != ACTIVE]
    pool = hand.pick(idle) if idle and hand.chance(70) else hand.pick(hand.state.controller.pools)
    pool = hand.pick(world.ACTORS) if hand.chance(5) else pool
    status = ACTIVE if pool in idle and not hand.chance(10) else hand.pick((SUSPENDED, 0, 1, 3))
    bounds = {"min_price": 0, "max_price": FOREVER}
    if pool in states and states[pool].reserve_base and hand.chance(30):
        spot = spot_price(states[pool].reserve_base, states[pool].reserve_quote)
        bounds = {"min_price": spot + hand.pick((0, 0, 1)), "max_price": spot - hand.pick((0, 0, 1))}
    return CONTROLLER, hand.actor(hand.state.controller.owner), {"pool": pool, "status": status, **bounds}


@proposal("controller.name_dlq_pool", 1)
def _name_dlq_pool(hand: Hand):
    quote = hand.pick(("USDC", "AVAX", "ABC", world.DLQ))
    pools = hand.state.pools
    fits = [name for name in hand.state.controller.pools if (pools[name].base, pools[name].quote) == (world.DLQ, quote)]
    pool = hand.pick(fits) if fits and not hand.chance(20) else hand.pick((ZERO, *hand.state.controller.pools, "outsider"))
    return CONTROLLER, hand.actor(hand.state.controller.owner), {"quote": quote, "pool": pool}


@proposal("controller.sweep", 3)
def _sweep_system(hand: Hand):
    return CONTROLLER, hand.actor("outsider"), {}


@proposal("controller.draw_surpluses", 1)
def _draw_surpluses_directly(hand: Hand):
    return CONTROLLER, hand.actor(), {}


@proposal("controller.transfer_ownership", 1)
def _transfer_ownership(hand: Hand):
    new_owner = hand.pick((world.GOVERNOR, "staker-1", "staker-1", ZERO, world.CALLER))
    return CONTROLLER, hand.actor(hand.state.controller.owner, 20), {"new_owner": new_owner}


@proposal("controller.accept_ownership", 1)
def _accept_ownership(hand: Hand):
    pending = hand.state.controller.pending_owner
    if pending == ZERO and not hand.chance(30):
        return hand.instead("controller.transfer_ownership")
    return CONTROLLER, hand.actor(world.GOVERNOR if pending == ZERO else pending, 20), {}


# -- tokens --------------------------------------------------------------------------------------------------------


@proposal("token.transfer", 4)
def _transfer(hand: Hand):
    token, sender = hand.pick(world.TOKENS), hand.actor()
    stray = (RESERVE, BACKSTOP, *hand.state.controller.pools)
    recipient = hand.pick((*world.ACTORS, ZERO, CONTROLLER)) if hand.chance(20) else hand.pick(stray)
    return token, sender, {"to": recipient, "amount": hand.amount(hand.state.tokens[token].balances.get(sender, 0), 1)}


@proposal("token.transferFrom", 1)
def _transfer_from(hand: Hand):
    token, owner, spender = hand.pick(world.TOKENS), hand.pick(world.ACTORS), hand.actor()
    if hand.chance(8):
        return token, spender, {"owner": ZERO, "to": hand.pick((spender, ZERO)), "amount": hand.pick((0, 0, 1))}
    granted = [key for key, amount in hand.state.tokens[token].allowances.items() if amount and key[1] in hand.senders]
    if granted and not hand.chance(20):
        owner, spender = hand.pick(granted)
    amount = hand.amount(hand.state.tokens[token].allowances.get((owner, spender), 0), 1)
    return token, spender, {"owner": owner, "to": hand.pick((*world.ACTORS, ZERO)), "amount": amount}


@proposal("token.approve", 2)
def _approve(hand: Hand):
    token, sender = hand.pick(world.TOKENS), hand.actor()
    spender = ZERO if hand.chance(8) else hand.pick((*world.ACTORS, *hand.state.controller.pools, BACKSTOP))
    amount = hand.amount(10**18) if spender in world.ACTORS or hand.chance(20) else FOREVER
    return token, sender, {"spender": spender, "amount": amount}


# -- previews ------------------------------------------------------------------------------------------------------

WEIGHTS = {"lens.preview_swap": 3, "lens.preview_add": 3, "lens.preview_withdraw": 4}  # 1 for the others


def _preview(name: str, hand: Hand) -> Operation:
    """The preview of a call, as it is proposed; in `steps` that call may come next."""
    previewed = PREVIEWED[name].call
    call = hand.instead(previewed)
    if call.name != previewed:
        return call
    pools = hand.state.pools
    unused = [name for name in pools if not pools[name].total_units]
    if previewed == "pool.add" and unused and hand.chance(40):
        pair = dict(zip(("base", "quote"), hand.pick(FIRST_ADDS)))
        call = replace(call, target=hand.pick(unused), arguments=call.arguments | pair)
    elif hand.chance(40 if previewed == "pool.sweep" else 15):  # a sweep refuses no pool
        idle = [name for name in pools if pools[name].status != ACTIVE]
        call = replace(call, target=hand.pick((*idle * 3, *pools, CONTROLLER, "outsider")))
    return preview_of(name, call, hand.actor("outsider"))


for _name in PREVIEWED:
    proposal(_name, WEIGHTS.get(_name, 1))(partial(_preview, _name))


@proposal("lens.preview_entitlement", 2)
def _preview_entitlement(hand: Hand):
    name, provider = _with_position(hand)
    _ages(hand, name, provider)
    pool = hand.state.pools[name]
    units = hand.amount(pool.positions.get(provider, EMPTY_POSITION).units)
    if pool.total_units and hand.chance(30):
        # A few coins' worth: every rounding of what is due is seen.
        units = pool.total_units * (1 + hand.draw(below(10))) // min(pool.reserve_base, pool.reserve_quote)
    return LENS, hand.actor("outsider"), {"pool": name, "provider": provider, "units": units}


# -- tokens that misbehave -----------------------------------------------------------------------------------------

HARMLESS = (PLAIN, NO_RETURN_VALUE, REVERTS_ON_ZERO, TOO_MANY_DECIMALS, NO_DECIMALS)  # to pools that there are
OF_DLQ = ("token.nonces", "token.DOMAIN_SEPARATOR", "token.eip712Domain", "token.permit")  # no other token has them
ANY_FUNCTION = tuple(name for name in OPERATIONS if name != "token.arm")
# The arguments of a view; what they are does not matter to whether it is answered.
ARGUMENTS = {name: () for name in VIEWS} | {
    "pool.position": ("provider",), "pool.request": ("provider",), "pool.deposit": ("provider",), "reserve.held": ("arg0",),
    "backstop.booked": ("arg0",), "backstop.pool_stake": ("pool",), "backstop.account": ("pool", "staker"),
    "backstop.settled": ("pool", "staker"), "controller.is_pool": ("arg0",), "controller.pool_of": ("arg0", "arg1"),
    "controller.dlq_pools": ("arg0",), "controller.pools": ("arg0",),
    "token.balanceOf": ("arg0",), "token.allowance": ("arg0", "arg1"), "token.nonces": ("arg0",),
    "token.permit": ("owner", "spender", "amount", "deadline", "v", "r", "s"),
}  # fmt: skip


def misbehaving(state: State) -> list[str]:
    """The tokens that hinder what they are used for."""
    return [name for name in world.AWKWARD if state.tokens[name].behaviour not in HARMLESS]


@proposal("token.set_behaviour", 4)
def _set_behaviour(hand: Hand):
    token = hand.pick(world.TOKENS) if hand.chance(5) else hand.pick((world.CALLER, *world.AWKWARD))
    behaviour = len(BEHAVIOURS) if hand.chance(5) else hand.pick(BEHAVIOURS)
    return token, hand.actor("outsider"), {"behaviour": behaviour}


@proposal("token.take", 2)
def _take(hand: Hand):
    token = world.DLQ if hand.chance(5) else hand.pick(world.AWKWARD)
    return token, hand.actor("outsider"), taken(hand, token, hand.pick((RESERVE, BACKSTOP, *hand.state.controller.pools)))


def taken(hand: Hand, token: str, holder: str) -> dict[str, Any]:
    held = hand.state.tokens[token].balances.get(holder, 0)
    return {"holder": holder, "amount": hand.pick(FEW) if hand.chance(60) else hand.amount(held, hand.pick((1, 100)))}


def make_behave(hand: Hand) -> Operation:
    """Turn a token back, that the programs do not get stuck on it."""
    return Operation("token.set_behaviour", hand.pick(misbehaving(hand.state)), "outsider", {"behaviour": PLAIN})


@proposal("token.arm", 6)
def _arm(hand: Hand):
    token = world.DLQ if hand.chance(5) else hand.pick((world.CALLER, world.CALLER, *world.AWKWARD))
    using = [name for name, pool in hand.state.pools.items() if token in (pool.base, pool.quote)]
    calls = view(hand, token, hand.pick(tuple(VIEWS))) if hand.chance(35) else called_by(hand, token, hand.pick(ANY_FUNCTION))
    if using and calls.target in hand.state.pools and hand.chance(70):
        calls = replace(calls, target=hand.pick(using))
    return token, "outsider", {"calls": calls, "before": hand.chance(50), "bubbles": hand.chance(30)}


def view(hand: Hand, token: str, name: str) -> Operation:
    contract = name.split(".")[0]
    tokens = (world.DLQ,) if name in OF_DLQ and hand.chance(40) else world.TOKENS
    target = {"pool": hand.pick(hand.state.controller.pools), "token": hand.pick(tokens)}.get(contract, contract)
    if name == "controller.pools":
        arguments = {"arg0": hand.pick((0, len(hand.state.controller.pools)))}
    elif name == "token.permit":
        terms = {"amount": 1, "deadline": hand.pick((0, FOREVER)), "v": 27, "r": 0, "s": 0}
        arguments = {"owner": world.GOVERNOR, "spender": token, **terms}
    else:
        arguments = dict.fromkeys(ARGUMENTS[name], token)
    return Operation(name, target, token, arguments)


def called_by(hand: Hand, token: str, name: str) -> Operation:
    """What a proposal comes to with the token as its sender."""
    outside = hand.senders, hand.moments
    hand.senders, hand.moments = (token,), []
    calls = hand.instead(name)
    hand.senders, hand.moments = outside
    return calls


# -- any of them -----------------------------------------------------------------------------------------------------

AMOUNT_NAMES = (
    "base", "quote", "amount", "amount_in", "min_amount_out", "units", "shares", "min_units", "min_base", "min_quote", "max_shortfall", "deadline",
)  # fmt: skip
ID_NAMES = ("pool", "recipient", "to", "token_in")


def spoiled(hand: Hand, call: Operation) -> Operation:
    """The call with some of its arguments wrong, often to a pool that is closed: of several reasons, both sides must tell the same one."""
    arguments = dict(call.arguments)
    for name, value in call.arguments.items():
        if isinstance(value, int) and name in AMOUNT_NAMES and hand.chance(40):
            arguments[name] = hand.pick((0, 1, MAX + 1, FOREVER))
        elif name in ID_NAMES and hand.chance(25):
            arguments[name] = hand.pick((ZERO, "outsider", CONTROLLER, *world.TOKENS, *hand.state.controller.pools))
    closed = [name for name, pool in hand.state.pools.items() if pool.status == SUSPENDED]
    target = hand.pick(closed) if closed and call.target in hand.state.pools and hand.chance(60) else call.target
    return replace(call, target=target, arguments=arguments)


PAUSES = (0,) * 10 + (1, 12, 12, MINUTE, MINUTE, 1_800, 3_600, DAY, 7 * DAY, 49 * DAY)


def when(hand: Hand) -> int:
    """Mostly now or soon; else around a moment at which something changes. Time never runs backwards."""
    seconds = epoch_seconds(hand)
    ahead = [moment for moment in hand.moments if moment + 1 > hand.now]
    if not hand.chance(60 if ahead else 15):
        return hand.now + hand.pick(PAUSES)
    moment = hand.pick(ahead) if ahead else (hand.now // seconds + 1) * seconds
    return max(hand.now, moment + hand.pick((0, 0, -1, -1, 1)))
