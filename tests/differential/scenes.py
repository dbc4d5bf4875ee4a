"""Scenes: calls in a row that get somewhere only together, each of which alone is unlikely.

A scene is a generator that is handed a fresh hand for each call. Its calls are steps like any other.
"""

from collections.abc import Callable, Generator
from dataclasses import replace

from model import OPERATIONS, Event, Operation, Parameters, State
from model.fixed_point import BPS, MAX
from model.liquidity_math import MINIMUM_UNITS
from model.operations import VIEWS
from model.previews import COMPENSATION
from model.state import ACTIVE, BACKSTOP, CONTROLLER, EMPTY_POSITION, LENS, RESERVE, SUSPENDED, ZERO, with_pool
from model.token import FEE_FROM_RECIPIENT, FEE_ON_TOP, NO_DECIMALS, PLAIN, TOO_MANY_DECIMALS
from tests.differential import world
from tests.differential.codec import kind
from tests.differential.engine import ask_model
from tests.differential.previewed import preview_of
from tests.differential.proposals import DAY, FEW, FIRST_ADDS, FOREVER, WHATEVER_COMES, Hand, all_that_may_be_struck, below, called_by
from tests.differential.proposals import current_epoch, epoch_seconds, last, slashed_if_staked, spoiled, stake_that_just_pays, taken, view, when

Scene = Generator[tuple[int, Operation], Hand, None]
Part = Generator[tuple[int, Operation], Hand, Hand]  # of a scene
SCENES: list[Callable[[Hand], Scene]] = []
MOST_ARMED = 3  # times in a row: a token remembers no longer a call
OF_A_POOL = tuple(name for name in OPERATIONS if name.startswith("pool."))
CALLERS = (
    "pool.stage_deposit", "pool.stage_deposit", "pool.confirm_deposit", "pool.cancel_deposit", "pool.add", "pool.exit", "pool.request_withdrawal",
    "pool.withdraw", "backstop.stake", "backstop.request_unstake", "backstop.unstake", "backstop.claim", "token.approve",
)  # fmt: skip
MOVING = (
    "pool.swap", "pool.donate", "pool.add", "pool.stage_deposit", "pool.cancel_deposit", "pool.withdraw", "pool.exit", "pool.sweep",
    "backstop.claim", "backstop.sweep", "controller.sweep",
)  # fmt: skip


def scene(weight: int) -> Callable:
    """Register how to draw a scene: calls with their times, each given away for the hand with which the next is drawn."""

    def register(play: Callable[[Hand], Scene]) -> Callable[[Hand], Scene]:
        SCENES.extend([play] * weight)
        return play

    return register


def _armed(hand: Hand, token: str, calls: Operation, bubbles: bool = True, number: int = 1) -> tuple[int, Operation]:
    """A token armed with a call in its `number`-th transfer from now: in those before, it is armed again."""
    arm = Operation("token.arm", token, token, {"calls": calls, "before": hand.chance(50), "bubbles": bubbles})
    for _ in range(number - 1):
        arm = replace(arm, arguments={"calls": arm, "before": False, "bubbles": True})
    return hand.now, replace(arm, sender="outsider")


def _done_by_the_caller(hand: Hand, calls: Operation) -> Part:
    hand = yield _armed(hand, world.CALLER, calls)
    return (yield hand.now, Operation("token.transfer", world.CALLER, world.GOVERNOR, {"to": "outsider", "amount": 1}))


def _next_epoch(hand: Hand) -> int:
    return (current_epoch(hand) + 1) * epoch_seconds(hand)


def _add(name: str, sender: str, base: int, quote: int) -> Operation:
    return Operation("pool.add", name, sender, {"base": base, "quote": quote, "min_units": 0, "deadline": FOREVER})


def _set_status(governor: str, pool: str, status: int) -> Operation:
    """At any price."""
    return Operation("controller.set_status", CONTROLLER, governor, {"pool": pool, "status": status, "min_price": 0, "max_price": FOREVER})


def _request(name: str, sender: str, units: int) -> Operation:
    return Operation("pool.request_withdrawal", name, sender, {"units": units})


def _withdrawal(name: str, sender: str) -> Operation:
    return Operation("pool.withdraw", name, sender, WHATEVER_COMES)


def _with_consent(hand: Hand, token: str, owner: str, spender: str) -> State:
    """The state, but that the one may spend all that the other has of a token."""
    tokens = hand.state.tokens
    allowances = tokens[token].allowances | {(owner, spender): FOREVER}
    return replace(hand.state, tokens=tokens | {token: replace(tokens[token], allowances=allowances)})


def _request_to_unstake(hand: Hand, pool: str, staker: str) -> Operation:
    """Of all shares."""
    shares = hand.state.backstop.accounts[pool, staker].shares
    return Operation("backstop.request_unstake", BACKSTOP, staker, {"pool": pool, "shares": shares})


def _stakers(hand: Hand, pool: str) -> list[str]:
    """Who has a stake to a pool, the CALLER left out."""
    return [staker for (name, staker), account in hand.state.backstop.accounts.items() if name == pool and account.shares and staker in world.ACTORS]


def _positions(hand: Hand, suits: Callable[[str, str], bool] = lambda _, who: who in world.ACTORS) -> list[tuple[str, str, int]]:
    """Pools, providers and units: those that suit, or else the actors'."""
    return [
        (name, who, position.units) for name, pool in hand.state.pools.items()
        for who, position in pool.positions.items() if position.units and suits(name, who)
    ]  # fmt: skip


def _owed_dlq(hand: Hand, name: str, provider: str, units: int) -> bool:
    """Whether DLQ would be slashed for a withdrawal that is requested now, if enough were staked."""
    requested, outcome = ask_model(hand.state, _request(name, provider, units), hand.now)
    return outcome.ok and slashed_if_staked(requested, hand.now, name, provider) > 0


def _coarse(hand: Hand) -> str:
    """One of the three pools of the fewest base units: where one more or less is seen."""
    pools = hand.state.pools
    return hand.pick(sorted(pools, key=lambda name: (pools[name].status != ACTIVE, min(pools[name].reserve_base, pools[name].reserve_quote)))[:3])


def _largest(hand: Hand, name: str) -> list[tuple[str, str, int]]:
    """The largest position of a pool but the CALLER's, if there is any."""
    return sorted(_positions(hand, lambda pool, who: pool == name and who != world.CALLER), key=lambda found: found[2])[-1:]


def _moves(hand: Hand, at: int, call: Operation) -> list[tuple[Event, int]]:
    """The transfers of awkward tokens that a call comes to, each with its number among its token's."""
    events = [event for event in ask_model(hand.state, call, at)[1].events if event.name == "Transfer" and event.source in world.AWKWARD]
    sources = [event.source for event in events]
    return [(event, sources[: place + 1].count(event.source)) for place, event in enumerate(events)]


def _interrupted(hand: Hand, at: int, call: Operation) -> Scene:
    """A call, and a token that it moves armed with another: to the contract that is called, or to who sends or receives just then."""
    moves = _moves(hand, at, call)
    if moves:
        move, number = hand.pick(moves)
        token, ends = move.source, (move.arguments["sender"], move.arguments["receiver"])
        if hand.chance(25):
            calls = Operation("token.take", token, token, taken(hand, token, hand.pick(ends)))
        else:
            inside = [call.target, *[end for end in ends if end not in world.ACTORS]]
            calls = _call_to(hand, LENS if hand.chance(15) else hand.pick(inside), token)
        hand = yield _armed(hand, token, calls, hand.chance(70), min(number, MOST_ARMED))
    yield at, call


def _call_to(hand: Hand, contract: str, token: str) -> Operation:
    """Each function of a contract as often as another."""
    functions = OPERATIONS if contract == LENS or hand.chance(60) else VIEWS
    name = hand.pick([name for name in functions if name.startswith(kind(contract)) and name != "token.arm"])
    calls = called_by(hand, token, name) if functions is OPERATIONS else view(hand, token, name)
    return replace(calls, target=contract) if kind(calls.target) == kind(contract) else calls


@scene(5)
def _in_the_middle(hand: Hand) -> Scene:
    """Any call that moves tokens, interrupted."""
    call = hand.instead(hand.pick(MOVING))
    yield from _interrupted(hand, when(hand), call)


@scene(1)
def _a_new_pool(hand: Hand) -> Scene:
    """A pool is created, at times of a token whose decimals cannot be known, gets its first units and becomes active."""
    owner, pools = hand.state.controller.owner, hand.state.pools.values()
    if owner not in world.ACTORS or len(pools) == world.MAX_POOLS:
        return
    pairs = {frozenset((pool.base, pool.quote)) for pool in pools}
    base, quote = hand.pick([(base, quote) for base in world.AWKWARD for quote in world.AWKWARD if base != quote and {base, quote} not in pairs])
    behaviour = hand.pick((PLAIN, PLAIN, TOO_MANY_DECIMALS, NO_DECIMALS))
    if behaviour != PLAIN:
        hand = yield hand.now, Operation("token.set_behaviour", hand.pick((base, quote)), "outsider", {"behaviour": behaviour})
    create = {"base": base, "quote": quote, "parameters": Parameters()}
    hand = yield hand.now, Operation("controller.create_pool", CONTROLLER, owner, create)
    name = hand.state.controller.pools[-1]
    if hand.state.pools[name].total_units:
        return
    hand = yield hand.now, Operation("pool.donate", name, "trader", {"base": 0, "quote": hand.pick((0, 1))})
    for _ in range(2):
        base, quote = hand.pick(FIRST_ADDS)
        hand = yield hand.now, _add(name, "provider-1", base, quote)
    if not hand.state.pools[name].total_units:
        return
    others = world.PROVIDERS[1:3]  # who begin their protection in one epoch
    for who in others:
        pool, parts = hand.state.pools[name], 3 + hand.draw(below(10))
        hand = yield hand.now, _add(name, who, pool.reserve_base // parts, pool.reserve_quote // parts)
    hand = yield hand.now, _set_status(owner, name, ACTIVE)
    at = _next_epoch(hand)
    for who in others:
        hand = yield at, Operation("pool.begin_protection", name, who, {})


@scene(2)
def _of_its_own(hand: Hand) -> Scene:
    """The CALLER does one thing several times, as any provider or staker does: what is its own is not that of who made it call."""
    name = hand.pick(CALLERS)
    for _ in range(3):
        hand = yield from _done_by_the_caller(hand, called_by(hand, world.CALLER, name))


@scene(3)
def _stray(hand: Hand) -> Scene:
    """Tokens that nobody has asked for, and a call that takes care of them."""
    pool = hand.pick(hand.state.controller.pools)
    tokens = [name for name in (hand.state.pools[pool].base, hand.state.pools[pool].quote) if name != world.DLQ]
    token = hand.pick(tokens or world.AWKWARD)
    place, call = hand.pick((
        (BACKSTOP, Operation("backstop.sweep", BACKSTOP, "outsider", {"token": token})),
        (BACKSTOP, Operation("backstop.sweep", BACKSTOP, "outsider", {"token": token})),
        (RESERVE, Operation("reserve.absorb", RESERVE, "outsider", {"token": token})),
        (pool, Operation("pool.sweep", pool, "outsider", {})),
        (pool, Operation("controller.sweep", CONTROLLER, "outsider", {})),
    ))  # fmt: skip
    if place == pool and hand.chance(50):
        hand = yield hand.now, Operation("pool.sweep", pool, "outsider", {})
    if hand.chance(50):
        charge = hand.pick((FEE_FROM_RECIPIENT, FEE_FROM_RECIPIENT, FEE_ON_TOP))
        hand = yield hand.now, Operation("token.set_behaviour", token, "outsider", {"behaviour": charge})
    amount = hand.pick((hand.pick(FEW), 600, 10**6))  # of the second, a quarter is charged one base unit
    hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, {"to": place, "amount": amount})
    yield from _interrupted(hand, hand.now, call)


@scene(2)
def _asked_in_the_middle(hand: Hand) -> Scene:
    """Any view, called while the Controller, a pool and at times the Reserve are at work."""
    found = _positions(hand, lambda name, who: who in world.ACTORS and hand.state.pools[name].status == ACTIVE)
    if not found:
        return
    name, provider, units = hand.pick(found)
    if hand.chance(50):
        at, call = hand.now, Operation("controller.sweep", CONTROLLER, "outsider", {})
        token = hand.pick([token for token in (hand.state.pools[name].base, hand.state.pools[name].quote) if token in world.AWKWARD])
        hand = yield at, Operation("token.transfer", token, world.GOVERNOR, {"to": name, "amount": 10**6})
    else:
        hand = yield hand.now, _request(name, provider, max(1, units // hand.pick((1, 30, 30))))
        at, call = _next_epoch(hand), _withdrawal(name, provider)
    moves = _moves(hand, at, call)
    if moves:
        of_the_reserve = [found for found in moves if found[0].arguments["sender"] == RESERVE]
        move, number = hand.pick(of_the_reserve if of_the_reserve and hand.chance(70) else moves)
        preview = Operation("lens.preview_sweep", LENS, move.source, {"pool": hand.pick(hand.state.controller.pools)})
        calls = preview if hand.chance(40) else view(hand, move.source, hand.pick(tuple(VIEWS)))
        hand = yield _armed(hand, move.source, calls, number=min(number, MOST_ARMED))
    yield at, call


@scene(1)
def _two_at_one_reserve(hand: Hand) -> Scene:
    """The CALLER withdraws from one pool in the middle of a withdrawal from another, whose allowances have been read: often so much that the
    Reserve has less left than the other is to get."""
    own = _positions(hand, lambda _, who: who == world.CALLER)
    others = _positions(hand, lambda name, who: who in world.ACTORS and world.CALLER in (hand.state.pools[name].base, hand.state.pools[name].quote))
    if not own or not others:
        return
    first, caller, units = hand.pick(own)
    hand = yield from _done_by_the_caller(hand, _request(first, caller, max(1, units // hand.pick((1, 2, 2, 4)))))
    at, armed = _armed(hand, world.CALLER, _withdrawal(first, caller))
    share = hand.pick((1, 3, 4, 4, 6, 20))
    others = [found for found in others if found[0] != first] or others
    calls = [(_request(name, who, max(1, held // share)), _withdrawal(name, who)) for name, who, held in others]

    def finds_too_little(request: Operation, withdrawal: Operation) -> bool:
        state, _ = ask_model(ask_model(hand.state, request, at)[0], armed, at)
        return ask_model(state, withdrawal, _next_epoch(hand))[1].reason == "reserve: not enough held"

    short = [pair for pair in calls if finds_too_little(*pair)] if hand.chance(80) else []
    request, withdrawal = hand.pick(short or calls)
    hand = yield at, request
    hand = yield at, armed
    yield _next_epoch(hand), withdrawal


@scene(1)
def _nobody_knows_the_price(hand: Hand) -> Scene:
    """The CALLER withdraws in a bailout in which nobody says what DLQ is worth: from the middle of a call of the Backstop, where no pool does,
    or of the very pool that would."""
    own = _positions(hand, lambda _, who: who == world.CALLER)
    if not own:
        return
    name, caller, units = hand.pick(own)
    hand = yield from _done_by_the_caller(hand, _request(name, caller, units))
    for _, largest, all_units in _largest(hand, name):
        hand = yield hand.now, _request(name, largest, all_units)
    at, governor, quote = _next_epoch(hand), hand.state.controller.owner, hand.state.pools[name].quote
    priced = hand.state.controller.dlq_pools.get(quote, ZERO)
    enters = Operation("backstop.sweep", BACKSTOP, "outsider", {"token": world.CALLER})
    if quote == world.CALLER and priced != ZERO and hand.chance(40):
        enters = Operation("pool.donate", priced, "trader", {"base": 0, "quote": 1})
    elif governor in world.ACTORS and priced != ZERO:
        name_none = Operation("controller.name_dlq_pool", CONTROLLER, governor, {"quote": quote, "pool": ZERO})
        hand = yield hand.now, hand.pick((name_none, _set_status(governor, priced, SUSPENDED)))
    hand = yield hand.now, Operation("token.transfer", world.CALLER, world.GOVERNOR, {"to": BACKSTOP, "amount": hand.pick(FEW)})
    # The surpluses are gone by then: a sweep of them would need the Backstop.
    hand = yield at, Operation("controller.sweep", CONTROLLER, "outsider", {})
    hand = yield _armed(hand, world.CALLER, _withdrawal(name, caller))
    yield at, enters


@scene(1)
def _stake_leaves_in_the_middle(hand: Hand) -> Scene:
    """The CALLER unstakes in the middle of a call that rewards or slashes that very stake."""
    accounts = hand.state.backstop.accounts
    own = [pool for (pool, staker), account in accounts.items() if staker == world.CALLER and account.shares]
    if not own:
        return
    name = hand.pick(own)
    leave = {"pool": name, "shares": accounts[name, world.CALLER].shares}
    hand = yield from _done_by_the_caller(hand, Operation("backstop.request_unstake", BACKSTOP, world.CALLER, leave))
    released = hand.state.backstop.accounts[name, world.CALLER].ready_at + hand.state.backstop.parameters.hold_seconds
    at = max(hand.now, released)
    largest = _largest(hand, name)
    if largest and hand.chance(60):
        hand = yield at, _request(*largest[0])
        # The surpluses are gone by then: what moves is what the withdrawal pays.
        at, call = _next_epoch(hand), _withdrawal(*largest[0][:2])
        hand = yield at, Operation("controller.sweep", CONTROLLER, "outsider", {})
    else:
        call = Operation("pool.sweep", name, "outsider", {})
        hand = yield at, Operation("token.transfer", world.CALLER, world.GOVERNOR, {"to": name, "amount": 10**6})
    hand = yield _armed(hand, world.CALLER, Operation("backstop.unstake", BACKSTOP, world.CALLER, {"pool": name}))
    yield at, call


@scene(1)
def _just_paid(hand: Hand) -> Scene:
    """A stake that is just enough for a withdrawal in bailout, or leaves just so much as its shares need; its stakers are left with what
    they have asked for and earned before."""
    alone = _positions(
        hand, lambda name, who: who in world.ACTORS and hand.state.pools[name].positions[who].units + MINIMUM_UNITS == hand.state.pools[name].total_units
    )
    owed = [found for found in alone if _owed_dlq(hand, *found)] if hand.chance(60) else []
    found = owed or (alone if hand.chance(70) else _positions(hand))
    if not found:
        return
    name, provider, units = hand.pick(found)
    staker = hand.pick(_stakers(hand, name) or [hand.one_of(world.STAKERS)])
    if hand.chance(50) and (name, staker) in hand.state.backstop.accounts:
        hand = yield hand.now, _request_to_unstake(hand, name, staker)
    rest = hand.pick((0, units // 2, units // 10**8, units // 10**8))  # the stake ends when nearly all units leave, and again with the rest
    for part in (units - rest, rest) if rest else (units,):
        hand = yield hand.now, _request(name, provider, part)
        at, stake = _next_epoch(hand), stake_that_just_pays(hand, name, provider)
        if stake:
            hand = yield at, Operation("backstop.stake", BACKSTOP, staker, stake)
        hand = yield at, _withdrawal(name, provider)
    if hand.chance(50):
        pool = hand.state.pools[name]
        claim = Operation("backstop.claim", BACKSTOP, staker, {"pool": name, "token": hand.pick((pool.base, pool.quote))})
        yield at, hand.pick((claim, Operation("backstop.stake", BACKSTOP, staker, {"pool": name, "amount": 10**18})))


@scene(1)
def _held_back(hand: Hand) -> Scene:
    """A stake that is ready to leave in an epoch of bailout, and when it is released from that."""
    staked = [key for key, account in hand.state.backstop.accounts.items() if account.shares and key[1] in world.ACTORS]
    if not staked:
        return
    name, staker = hand.pick(staked)
    if not hand.state.backstop.accounts[name, staker].requested_shares:
        hand = yield hand.now, _request_to_unstake(hand, name, staker)
    account = hand.state.backstop.accounts[name, staker]
    largest = _largest(hand, name)
    if not largest:
        return
    released = account.ready_at + hand.state.backstop.parameters.hold_seconds
    at = max(hand.now, hand.pick((account.ready_at, released - 1, released - 1, released)))
    hand = yield max(hand.now, at - epoch_seconds(hand)), _request(*largest[0])
    unstake = Operation("backstop.unstake", BACKSTOP, staker, {"pool": name})
    hand = yield max(at, _next_epoch(hand)), unstake
    yield max(hand.now, released), unstake


@scene(2)
def _as_soon_as_it_may(hand: Hand) -> Scene:
    """An add that strikes, one that strikes all that is left to strike in this epoch, and an exit just before and at the end of its lock-up."""
    name, provider = hand.pool(), hand.pick(world.PROVIDERS[:3])
    pool = hand.state.pools[name]
    if not pool.total_units:
        return
    at = hand.now + pool.parameters.oracle_window_seconds
    small = {"base": pool.reserve_base // 100, "quote": pool.reserve_quote // 100}
    hand = yield at, _add(name, provider, **small)
    pair = all_that_may_be_struck(hand, hand.state.pools[name], provider, hand.pick((0, 1, 1)))
    hand = yield at, _add(name, provider, **pair)
    position = hand.state.pools[name].positions.get(provider, EMPTY_POSITION)
    for moment in (-1, 0):
        exit_terms = {"units": max(1, position.units // 3), "min_base": 0, "min_quote": 0}
        hand = yield max(hand.now, position.last_added + pool.parameters.lockup_seconds + moment), Operation("pool.exit", name, provider, exit_terms)


@scene(1)
def _a_single_share(hand: Hand) -> Scene:
    """The least that can be staked, which earns of a surplus like any other stake."""
    stakes, pools = hand.state.backstop.stakes, hand.state.pools
    without = [name for name in pools if pools[name].total_units and not (name in stakes and stakes[name].total_shares)]
    if not without:
        return
    name = hand.pick([name for name in without if pools[name].parameters.staker_share_bps] or without)
    hand = yield hand.now, Operation("backstop.stake", BACKSTOP, hand.one_of(world.STAKERS[:3]), {"pool": name, "amount": hand.pick((1, 1, 2))})
    token = hand.pick((pools[name].base, pools[name].quote))
    hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, {"to": name, "amount": 10**6})
    yield hand.now, Operation("pool.sweep", name, "outsider", {})


@scene(2)
def _swept_on_the_way(hand: Hand) -> Scene:
    """The first withdrawal of a bailout, which finds surpluses of its tokens: with a Reserve that is short, what it pays is what they were."""
    names = [name for name, pool in hand.state.pools.items() if pool.status == ACTIVE and _largest(hand, name)]
    if not names:
        return
    ((name, provider, units),) = _largest(hand, hand.pick(names))
    hand = yield hand.now, _request(name, provider, units)
    if hand.chance(60):
        hand = yield hand.now, Operation("controller.sweep", CONTROLLER, "outsider", {})
    at, pools = _next_epoch(hand), hand.state.pools
    for token in (pools[name].base, pools[name].quote):
        if hand.chance(50):
            hand = yield at, Operation("token.transfer", token, world.GOVERNOR, {"to": RESERVE, "amount": pools[name].reserve_quote})
        places = [place for place, pool in pools.items() if token in (pool.base, pool.quote) for _ in range(1 if pool.status == ACTIVE else 3)]
        if hand.chance(60):
            stray = {"to": hand.pick((name, *places)), "amount": hand.pick((1, 1, 2, 4, 10**6))}
            hand = yield at, Operation("token.transfer", token, world.GOVERNOR, stray)
    yield at, _withdrawal(name, provider)


@scene(1)
def _while_suspended(hand: Hand) -> Scene:
    """A pool is suspended, called as if it were not, and resumed."""
    governor = hand.state.controller.owner
    if governor not in world.ACTORS:
        return
    name = hand.pool()
    hand = yield hand.now, _set_status(governor, name, SUSPENDED)
    for _ in range(8):
        call = hand.instead(hand.pick(OF_A_POOL))
        call = replace(call, target=name) if call.target in hand.state.pools else call
        hand = yield when(hand), spoiled(hand, call) if hand.chance(60) else call
    yield when(hand), _set_status(governor, name, ACTIVE)


@scene(1)
def _dlq_is_worth_nothing(hand: Hand) -> Scene:
    """A withdrawal in bailout from a pool that asks for the price of DLQ where it is as low as a price can be."""
    pools, governor = hand.state.pools, hand.state.controller.owner
    without_price = [name for name, pool in pools.items() if not any((other.base, other.quote) == (world.DLQ, pool.quote) for other in pools.values())]
    found = _positions(hand, lambda name, who: who in world.ACTORS and name in without_price)
    if not found or len(pools) == world.MAX_POOLS or governor not in world.ACTORS:
        return
    name, provider, units = hand.pick(found)
    quote = pools[name].quote
    create = {"base": world.DLQ, "quote": quote, "parameters": Parameters()}
    hand = yield hand.now, Operation("controller.create_pool", CONTROLLER, governor, create)
    priced = hand.state.controller.pools[-1]
    # The quotient of 2**112 and more than half of it.
    hand = yield hand.now, _add(priced, world.GOVERNOR, MAX // 2 + hand.pick((2, 10**30)), 1)
    hand = yield hand.now, _set_status(governor, priced, ACTIVE)
    hand = yield hand.now, Operation("controller.name_dlq_pool", CONTROLLER, governor, {"quote": quote, "pool": priced})
    hand = yield hand.now, Operation("backstop.stake", BACKSTOP, hand.one_of(world.STAKERS[:3]), {"pool": name, "amount": 10**18})
    hand = yield hand.now, _request(name, provider, units)
    yield _next_epoch(hand), _withdrawal(name, provider)


@scene(3)
def _a_small_claim(hand: Hand) -> Scene:
    """So few units that they redeem for a few base units of a token: of what is due for them, every rounding is seen."""
    found = _positions(hand)
    if not found:
        return
    coarse = _coarse(hand)
    name, provider, units = hand.pick([position for position in found if position[0] == coarse] or found if hand.chance(60) else found)
    pool = hand.state.pools[name]
    coins = (1 + hand.draw(below(10))) * hand.pick((1, 1, 4))
    few = pool.total_units * coins // min(pool.reserve_base, pool.reserve_quote)
    hand = yield hand.now, _request(name, provider, max(1, min(units, few)))
    yield from _interrupted(hand, _next_epoch(hand), _withdrawal(name, provider))


@scene(1)
def _lost(hand: Hand) -> Scene:
    """Stakers are rewarded, the token takes all of it from the Backstop, and they are rewarded again, with less or more."""
    stakes = hand.state.backstop.stakes
    rewarded = [
        (name, token) for name, pool in hand.state.pools.items() for token in (pool.base, pool.quote)
        if token != world.DLQ and name in stakes and stakes[name].total_shares and pool.parameters.staker_share_bps
    ]  # fmt: skip
    if not rewarded:
        return
    name, token = hand.pick(rewarded)
    sweep = hand.pick((Operation("pool.sweep", name, "outsider", {}), Operation("controller.sweep", CONTROLLER, "outsider", {})))
    for amount in (10**6, hand.pick((40, 40, 10**7))):
        hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, {"to": name, "amount": amount})
        hand = yield hand.now, sweep
        lost = {"holder": BACKSTOP, "amount": hand.state.tokens[token].balances.get(BACKSTOP, 0)}
        hand = yield hand.now, Operation("token.take", token, "outsider", lost)


@scene(2)
def _a_claim(hand: Hand) -> Scene:
    """A request, and its withdrawal, interrupted."""
    found = _positions(hand)
    if not found:
        return
    name, provider, units = hand.pick(found)
    hand = yield hand.now, _request(name, provider, max(1, units // hand.pick((1, 3, 30))))
    yield from _interrupted(hand, _next_epoch(hand), _withdrawal(name, provider))


@scene(2)
def _a_young_loss(hand: Hand) -> Scene:
    """A small add, a price that moves, and a withdrawal as soon as the lock-up is over: the lowest level that there is."""
    name = _coarse(hand) if hand.chance(60) else hand.pool()
    pool = hand.state.pools[name]
    if not pool.total_units:
        return
    provider = hand.pick([who for who in world.PROVIDERS[:3] if who not in pool.positions] or world.PROVIDERS[:3])
    parts, coarser = 1 + hand.draw(below(100)), min(pool.reserve_base, pool.reserve_quote)
    pair = {"base": pool.reserve_base * parts // coarser, "quote": pool.reserve_quote * parts // coarser}
    at = hand.now + pool.parameters.oracle_window_seconds
    hand = yield at, _add(name, provider, **pair)
    token, reserve = hand.pick(((pool.base, pool.reserve_base), (pool.quote, pool.reserve_quote)))
    part = 1 + hand.draw(below(30))  # in slices: the fee of one large swap would pay for the loss
    for _ in range(6):
        terms = {"token_in": token, "amount_in": reserve * part // 100, "min_amount_out": 0, "recipient": "trader", "deadline": FOREVER}
        hand = yield hand.now, Operation("pool.swap", name, "trader", terms)
    position = hand.state.pools[name].positions.get(provider, EMPTY_POSITION)
    at = position.last_added + pool.parameters.lockup_seconds
    hand = yield max(hand.now, at - epoch_seconds(hand)), _request(name, provider, position.units)
    yield max(_next_epoch(hand), at), _withdrawal(name, provider)


@scene(1)
def _at_two_prices(hand: Hand) -> Scene:
    """A position topped up at another price, which comes half-way back: at full age it can be short of both tokens."""
    found = _positions(hand, lambda name, who: who in world.PROVIDERS[:3] and hand.state.pools[name].status == ACTIVE)
    if not found:
        return
    name, provider, units = hand.pick(found)
    base, quote, window = hand.state.pools[name].base, hand.state.pools[name].quote, hand.state.pools[name].parameters.oracle_window_seconds
    there, back = hand.pick(((base, quote), (quote, base)))
    at = hand.now

    def swap(token: str, part: int) -> tuple[int, Operation]:
        pool = hand.state.pools[name]
        amount = (pool.reserve_base if token == pool.base else pool.reserve_quote) * part // 100
        terms = {"token_in": token, "amount_in": amount, "min_amount_out": 0, "recipient": "trader", "deadline": FOREVER}
        return at, Operation("pool.swap", name, "trader", terms)

    for _ in range(3):
        hand = yield swap(there, 40)
    for _ in range(4):
        at += window  # the oracle follows by a factor of 2 a touch
        hand = yield at, Operation("pool.donate", name, "trader", {"base": 1, "quote": 1})
    pool = hand.state.pools[name]
    added = {reserve: amount * units // pool.total_units // 2 for reserve, amount in (("base", pool.reserve_base), ("quote", pool.reserve_quote))}
    hand = yield at, _add(name, provider, **added)
    for _ in range(2):
        hand = yield swap(back, 30)
    position = hand.state.pools[name].positions.get(provider, EMPTY_POSITION)
    # Nobody waits for ten years: a few of them would be more than the contracts' times can tell.
    at = max(hand.now, position.clock + min(hand.state.pools[name].parameters.full_protection_seconds, 100 * DAY))
    hand = yield at, _request(name, provider, max(1, position.units // hand.pick((1, 4, 50))))
    yield _next_epoch(hand), _withdrawal(name, provider)


@scene(1)
def _a_few_coins_more(hand: Hand) -> Scene:
    """Adds of a few base units of the coarser token, and of so many times as much of the other, where the oracle has followed."""
    name = _coarse(hand)
    at, sender = hand.now + hand.state.pools[name].parameters.oracle_window_seconds, hand.pick(world.PROVIDERS[:3])
    for _ in range(5):
        pool = hand.state.pools[name]
        base_for_one = max(1, pool.reserve_base // max(1, pool.reserve_quote))
        quote_for_one = max(1, pool.reserve_quote // max(1, pool.reserve_base))
        pair = {"base": hand.draw(below(10)) * base_for_one, "quote": hand.draw(below(10)) * quote_for_one}
        hand = yield at, _add(name, sender, **pair)


@scene(1)
def _small_change(hand: Hand) -> Scene:
    """A surplus of which a staker earns one base unit, if it is enough for that, and claims it."""
    stakes = hand.state.backstop.stakes
    sharing = [
        (pool, staker, account.shares) for (pool, staker), account in hand.state.backstop.accounts.items()
        if account.shares and staker in world.ACTORS and stakes[pool].total_shares and hand.state.pools[pool].parameters.staker_share_bps
    ]  # fmt: skip
    if not sharing:
        return
    name, staker, shares = hand.pick(sharing)
    pool = hand.state.pools[name]
    token, bps = hand.pick((pool.base, pool.quote)), pool.parameters.staker_share_bps
    reward = -(-stakes[name].total_shares // shares) + hand.pick((0, 1))
    sweep = Operation("pool.sweep", name, "outsider", {})
    hand = yield hand.now, sweep
    claim = Operation("backstop.claim", BACKSTOP, staker, {"pool": name, "token": token})
    hand = yield hand.now, claim
    hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, {"to": name, "amount": -(-reward * BPS // bps)})
    hand = yield hand.now, sweep
    yield from _interrupted(hand, hand.now, claim)


@scene(2)
def _worth_nothing(hand: Hand) -> Scene:
    """So few shares of a stake that has been slashed that they redeem for nothing, or for one; and more new ones than there may be."""
    stakes = hand.state.backstop.stakes
    diluted = [
        (pool, staker) for (pool, staker), account in hand.state.backstop.accounts.items()
        if account.shares and staker in world.ACTORS and 0 < stakes[pool].total_stake < stakes[pool].total_shares
    ]  # fmt: skip
    if not diluted:
        return
    pool, staker = hand.pick(diluted)
    shares, stake = stakes[pool].total_shares, stakes[pool].total_stake
    most = ((MAX - shares + 1) * stake - 1) // shares + hand.pick((0, 1, 1))
    hand = yield hand.now, Operation("backstop.stake", BACKSTOP, staker, {"pool": pool, "amount": most})
    shares = -(-shares // stake) - hand.pick((1, 1, 0))
    hand = yield hand.now, Operation("backstop.request_unstake", BACKSTOP, staker, {"pool": pool, "shares": shares})
    system = hand.state.backstop.parameters
    at = hand.now + system.unstake_seconds + hand.pick((0, system.hold_seconds))
    yield at, Operation("backstop.unstake", BACKSTOP, staker, {"pool": pool})


@scene(1)
def _never_so_cheap(hand: Hand) -> Scene:
    """A withdrawal after nearly all base that there is has come into the pool: far below the oracle, or any price before."""
    found = _positions(hand)
    if not found:
        return
    name, provider, units = hand.pick(found)
    hand = yield hand.now, _request(name, provider, units)
    at, pool = _next_epoch(hand), hand.state.pools[name]
    base = min(MAX - pool.reserve_base, hand.state.tokens[pool.base].balances.get(world.GOVERNOR, 0))
    hand = yield at, Operation("pool.donate", name, world.GOVERNOR, {"base": base, "quote": 0})
    yield at, _withdrawal(name, provider)


@scene(1)
def _earned_twice(hand: Hand) -> Scene:
    """Rewards in both tokens, settled before they are claimed, and again; and a request for one share, which is cancelled."""
    staked = [
        (pool, staker) for (pool, staker), account in hand.state.backstop.accounts.items()
        if account.shares and staker in world.ACTORS and hand.state.pools[pool].parameters.staker_share_bps
    ]  # fmt: skip
    if not staked:
        return
    name, staker = hand.pick(staked)
    tokens = hand.state.pools[name].base, hand.state.pools[name].quote
    for shares in (1, 0):
        for token in tokens:
            stray = {"to": name, "amount": 10**6 * (1 + hand.draw(below(10)))}
            hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, stray)
        hand = yield hand.now, Operation("pool.sweep", name, "outsider", {})
        hand = yield hand.now, Operation("backstop.request_unstake", BACKSTOP, staker, {"pool": name, "shares": shares})
    for token in tokens:
        hand = yield hand.now, Operation("backstop.claim", BACKSTOP, staker, {"pool": name, "token": token})


@scene(1)
def _by_consent(hand: Hand) -> Scene:
    """What somebody has consented to is taken, or one base unit more; and again."""
    token, owner, spender = hand.pick(world.TOKENS), hand.pick(world.ACTORS), hand.pick(world.ACTORS)
    call = Operation("token.transferFrom", token, spender, {"owner": owner, "to": spender, "amount": hand.pick((1, 2, 600))})
    if hand.chance(60):
        call = hand.instead(hand.pick(("pool.swap", "pool.donate", "pool.add", "pool.stage_deposit", "backstop.stake")))
        owner, spender = call.sender, call.target
    endless = _with_consent(hand, token, owner, spender)
    moves = [event for event in ask_model(endless, call, hand.now)[1].events if event.name == "Transfer" and event.arguments["sender"] == owner]
    if not moves:
        return
    move = hand.pick(moves)
    consent = {"spender": spender, "amount": max(0, move.arguments["value"] - hand.pick((0, 0, 1, -1)))}
    hand = yield hand.now, Operation("token.approve", move.source, owner, consent)
    for _ in range(2):
        hand = yield hand.now, call
    if spender not in world.ACTORS:
        yield hand.now, Operation("token.approve", move.source, owner, {"spender": spender, "amount": FOREVER})


@scene(1)
def _lost_by_a_pool(hand: Hand) -> Scene:
    """What its token has taken from a pool is no matter to a preview, which says what the pool owes, staged deposits and all. The calls fail."""
    name = hand.pool()
    pool = hand.state.pools[name]
    largest = _largest(hand, name)
    tokens = [token for token in (pool.base, pool.quote) if token in world.AWKWARD]
    if not largest:
        return
    token, provider = hand.pick(tokens), hand.pick(world.PROVIDERS[:3])
    staged = {"base": pool.reserve_base, "quote": 0} if token == pool.base else {"base": 0, "quote": pool.reserve_quote}
    hand = yield hand.now, Operation("pool.stage_deposit", name, provider, staged)
    taken_away = {"holder": name, "amount": hand.state.tokens[token].balances.get(name, 0)}
    hand = yield hand.now, Operation("token.take", token, "outsider", taken_away)
    ((_, largest_provider, units),) = largest
    leaves = {"pool": name, "provider": largest_provider, "units": units}
    hand = yield hand.now, Operation("lens.preview_exit", LENS, "outsider", leaves)
    hand = yield hand.now, Operation("pool.cancel_deposit", name, provider, {})
    given_back = {"to": name, "amount": taken_away["amount"]}
    hand = yield hand.now, Operation("token.transfer", token, world.GOVERNOR, given_back)
    yield hand.now, Operation("pool.cancel_deposit", name, provider, {})


@scene(2)
def _the_least_that_is_due(hand: Hand) -> Scene:
    """The fewest units for which anything is due; in a bailout, the fewest for which a stake pays."""
    found = _positions(hand, lambda name, who: who in world.ACTORS and hand.state.pools[name].positions[who].clock > 0)
    if not found:
        return
    if hand.chance(40):  # of the younger half: so little of their loss is due that it is nothing in quote
        found = sorted(found, key=lambda position: hand.state.pools[position[0]].positions[position[1]].clock)[len(found) // 2 :]
    name, provider, units = hand.pick(found)
    others = _positions(hand, lambda pool, who: pool == name and who in world.ACTORS and who != provider)
    if others and hand.chance(60):
        hand = yield hand.now, _request(*max(others, key=lambda position: position[2]))
    elif not others and hand.chance(80):
        hand = yield hand.now, Operation("pool.exit", name, provider, {"units": units // 2, "min_base": 0, "min_quote": 0})
    at, state = _next_epoch(hand), hand.state

    def pays(few: int) -> bool:
        asked = Operation("lens.preview_entitlement", LENS, "outsider", {"pool": name, "provider": provider, "units": few})
        value = ask_model(state, asked, at)[1].value
        if value is None:
            return False
        told = dict(zip(COMPENSATION, value[3:]))
        return told["slashed"] > 0 if told["bailout"] else told["deficit_token"] != ZERO

    units = state.pools[name].positions[provider].units
    hand = yield hand.now, _request(name, provider, min(units, last(lambda few: not pays(few), units) + hand.pick((1, 1, 0))))
    yield at, preview_of("lens.preview_withdraw", _withdrawal(name, provider), provider)  # and, after it, the call


@scene(1)
def _all_there_is(hand: Hand) -> Scene:
    """A new pool with all that there is of two tokens, whose units are worth about one base unit of either: a principal grows by single
    base units, up to the most that there may be of it (R7)."""
    owner, pools = hand.state.controller.owner, hand.state.pools
    pairs = {frozenset((pool.base, pool.quote)) for pool in pools.values()}
    plenty = [token for token in world.AWKWARD if hand.state.tokens[token].balances.get(world.GOVERNOR, 0) > MAX // 100 * 99]
    new = [(base, quote) for base in plenty for quote in plenty if base != quote and frozenset((base, quote)) not in pairs]
    if owner not in world.ACTORS or len(pools) == world.MAX_POOLS or not new:
        return
    base, quote = hand.pick(new)
    parameters = Parameters(oracle_window_seconds=60, max_deviation_bps=1_000, full_protection_seconds=DAY)
    create = {"base": base, "quote": quote, "parameters": parameters}
    hand = yield hand.now, Operation("controller.create_pool", CONTROLLER, owner, create)
    name = hand.state.controller.pools[-1]
    if hand.state.pools[name].total_units:
        return
    hand = yield hand.now, _add(name, world.GOVERNOR, MAX // 100 * 45, MAX // 100 * 45)
    at = _next_epoch(hand)
    hand = yield at, _set_status(owner, name, ACTIVE)
    hand = yield at, Operation("pool.begin_protection", name, world.GOVERNOR, {})
    # More than the pool has of the one comes for a quarter of its other: what is added then strikes more of the first than there is.
    at += epoch_seconds(hand)
    plenty_of_base = hand.chance(50)
    terms = {"token_in": base if plenty_of_base else quote, "min_amount_out": 0, "recipient": world.GOVERNOR, "deadline": FOREVER}
    hand = yield at, Operation("pool.swap", name, world.GOVERNOR, {**terms, "amount_in": MAX // 100 * 54})
    for _ in range(3):
        at += parameters.oracle_window_seconds
        hand = yield at, Operation("pool.donate", name, "trader", {"base": 1, "quote": 1})

    pool, held = hand.state.pools[name], hand.state.tokens[quote if plenty_of_base else base].balances.get(world.GOVERNOR, 0)
    position = pool.positions.get(world.GOVERNOR, EMPTY_POSITION)
    fewer = replace(position, principal_base=position.principal_base - 1_000, principal_quote=position.principal_quote - 1_000)
    with_room = with_pool(hand.state, name, positions=pool.positions | {world.GOVERNOR: fewer})

    def add_of(scarce: int, plentiful: int = 0) -> Operation:
        return _add(name, world.GOVERNOR, *((plentiful, scarce) if plenty_of_base else (scarce, plentiful)))

    def principal(scarce: int, plentiful: int = 0) -> int:
        """What that add would make of the principal of what is plentiful, were there room for it."""
        after, outcome = ask_model(with_room, add_of(scarce, plentiful), at)
        if outcome.reason == "pool: principal too large":
            return MAX + 1_000
        struck = after.pools[name].positions[world.GOVERNOR]
        return (struck.principal_base if plenty_of_base else struck.principal_quote) + 1_000

    most = last(lambda scarce: principal(scarce) <= MAX, held)
    add = add_of(most)
    if hand.pick((False, False, True)):
        # One more of what is scarce is two too many.
        nearby = ((most + more, plentiful) for more in range(-3, 4) for plentiful in range(100))
        add = add_of(*next((amounts for amounts in nearby if principal(*amounts) == MAX + 1), (most + 1,)))
    yield at, preview_of("lens.preview_add", add, world.GOVERNOR)  # and, after it, the call
