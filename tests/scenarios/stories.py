"""The stories. Most happen in one pool, AVAX/USDC, whose numbers come out even.

Everybody who provides adds 810 AVAX and 196_000 USDC. Without a protocol fee, each trade that brings in half of the USDC there is
leaves 3/2 of the USDC and 7/9 of the AVAX: after two of them, 9/4 and 49/81. Per provider then:

    490 AVAX and 441_000 USDC at 900 USDC per AVAX       worth 882_000; held, 810*900 + 196_000 = 925_000
    deficit 320 AVAX, surplus 245_000 USDC               loss 320*900 - 245_000 = 43_000

The oracle's price is rounded down, here by next to nothing: what the principal is worth comes out below a whole number, and is
rounded to one millionth of a USDC less. So the loss that counts, the lower of two, is 42_999.999999 USDC.
"""

from collections.abc import Callable

from model import Parameters
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE, SUSPENDED
from tests.differential.world import DAY, DECIMALS, GOVERNOR, UNLIMITED
from tests.scenarios.scenario import Story

ABC, AVAX, DLQ, USDC = (10 ** DECIMALS[name] for name in ("ABC", "AVAX", "DLQ", "USDC"))
LOT = {"AVAX": 810 * AVAX, "USDC": 196_000 * USDC}
LOT_UNITS = 12_600_000_000_000_000  # isqrt(810*10**18 * 196_000*10**6)
MINIMUM_UNITS = 1_000
NO_FEES = {"min_fee_bps": 0, "protocol_fee_bps": 0}
ANY_PRICE = {"min_price": 0, "max_price": UNLIMITED}
CALM = {**NO_FEES, "bailout_threshold_bps": 10_000}  # nobody can withdraw the locked units: never a bailout

SAYS = {
    "quantity": "Deliq: tries to ensure that LPs can withdraw the same quantity of assets they initially deposited",
    "threshold": "Deliq: if a certain percentage of the assets deployed are requested to be withdrawn (taking into account new deposits)",
    "deficit": "Deliq: makes LPs whole by drawing the asset in deficit from the PCA reserve",
    "surpluses": "Deliq: draws system-wide asset surpluses into the PCA",
    "backstop": "Deliq: the protocol's reserve of assets cannot cover the immediate amount: the DLQ staked to that pool comes into play",
    "linear": "THORChain: 49 days provided = 49% IL protection, 100 days = 100% IL protection",
    "until": "THORChain: after 100 days+, your pool will be fully protected until you withdraw from it",
    "reset": "THORChain: every time you add a new deposit the days of IL protection will restart for your whole pool",
    "partial": "THORChain: partial withdraws: this will not reset the ILP of your pool",
    "symmetrical": "THORChain: applied to the asymmetrical deposits after it has been re-balanced into a symmetrical deposit",
    "pending": "THORChain: the deposit can only be protected when it has been confirmed and added to the pool",
    "inactive": "THORChain: this also applies for pending liquidity pools that have not been granted as an active pool",
    "both": "THORChain: ILP does NOT protect you from both assets depreciating",
    "revenue": "THORChain: if you earn enough from fees and incentives this revenue will be used to subsidise your protection",
    "difference": "THORChain: if the impermanent loss is greater than the revenue you will be subsidised the difference",
}


def told(name: str, title: str, sentences: str, rules: str) -> Story:
    return Story(name, title, [SAYS[key] for key in sentences.split()], rules.split())


# -- what happens in many of them ------------------------------------------------------------------------------------


def give(story: Story, actor: str, spender: str, **amounts: int) -> None:
    """The governor gives tokens to an actor, who lets one contract spend them."""
    for token, amount in amounts.items():
        if actor != GOVERNOR:
            story.call(GOVERNOR, token, "token.transfer", to=actor, amount=amount)
        story.call(actor, token, "token.approve", spender=spender, amount=amount)


def create(story: Story, base: str, quote: str, **parameters: int) -> None:
    story.call(GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote=quote, parameters=Parameters(**parameters))


def activate(story: Story, pool: str = "pool-0") -> None:
    story.call(GOVERNOR, CONTROLLER, "controller.set_status", pool=pool, status=ACTIVE, **ANY_PRICE)


def add(story: Story, provider: str, base: int, quote: int, pool: str = "pool-0") -> None:
    story.call(provider, pool, "pool.add", base=base, quote=quote, min_units=1, deadline=story.now)


def add_lot(story: Story, provider: str) -> None:
    give(story, provider, "pool-0", **LOT)
    add(story, provider, LOT["AVAX"], LOT["USDC"])


def swap(story: Story, token_in: str, amount_in: int, least: int, pool: str = "pool-0") -> None:
    """A trade that gets exactly what the trader asks for at least."""
    give(story, "trader", pool, **{token_in: amount_in})
    arguments = {"token_in": token_in, "amount_in": amount_in, "min_amount_out": least}
    story.call("trader", pool, "pool.swap", **arguments, recipient="trader", deadline=story.now)
    story.check("outcome.value", str(least), "what the trader asked for at least is what there was")


def fill_reserve(story: Story, **amounts: int) -> None:
    for token, amount in amounts.items():
        story.call(GOVERNOR, token, "token.transfer", to=RESERVE, amount=amount)
        story.call("outsider", RESERVE, "reserve.absorb", token=token)


def stake(story: Story, staker: str, amount: int) -> None:
    give(story, staker, BACKSTOP, DLQ=amount)
    story.call(staker, BACKSTOP, "backstop.stake", pool="pool-0", amount=amount)


def request(story: Story, provider: str, units: int) -> None:
    story.call(provider, "pool-0", "pool.request_withdrawal", units=units)


def withdraw(story: Story, provider: str = "provider-1", max_shortfall: int = 0) -> None:
    story.call(provider, "pool-0", "pool.withdraw", min_base=0, min_quote=0, max_shortfall=max_shortfall)


def ask_and_leave(story: Story, day: int, units: int = LOT_UNITS, provider: str = "provider-1", max_shortfall: int = 0) -> None:
    """Ask the day before, and leave."""
    story.day(day - 1)
    request(story, provider, units)
    story.day(day)
    withdraw(story, provider, max_shortfall)


def open_pool(story: Story, *providers: str, **parameters: int) -> None:
    """The pool, ACTIVE, with a founder's lot and the providers': one a day, since an epoch strikes no more than it opened with."""
    create(story, "AVAX", "USDC", **parameters)
    add_lot(story, "provider-2")
    activate(story)
    for day, provider in enumerate(providers):
        if day:
            story.day(day)
        add_lot(story, provider)


def price_rises(story: Story, lots: int, day: int = 10) -> None:
    """Two trades, a day apart, in a pool of so many lots: 9/4 of the USDC and 49/81 of the AVAX are left."""
    story.day(day)
    swap(story, "USDC", lots * 98_000 * USDC, lots * 180 * AVAX)
    story.day(day + 1)
    swap(story, "USDC", lots * 147_000 * USDC, lots * 140 * AVAX)
    story.check("state.pools.pool-0.reserve_base", f"{lots}*490*AVAX", "810*7/9*7/9 a lot")
    story.check("state.pools.pool-0.reserve_quote", f"{lots}*441000*USDC", "196_000*3/2*3/2 a lot")


def received(story: Story, base: str, quote: str, why: str) -> None:
    """What the withdrawal just made has paid in the pool's tokens."""
    story.check("outcome.value.0", base, f"{why}: AVAX")
    story.check("outcome.value.1", quote, f"{why}: USDC")


def nothing_due(story: Story, why: str) -> None:
    story.says("outcome.events.Compensated", None, why)


# -- the two protocols' own stories ----------------------------------------------------------------------------------


def after_49_days() -> Story:
    story = told("after-49-days-49-percent", "After 49 days, 49 % of the loss is made good", "linear quantity deficit", "R2 R15 R16.1")
    open_pool(story, "provider-1", **CALM)
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "810*AVAX", "a symmetrical add records its own quantities")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "196000*USDC", "and of the other token")
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    ask_and_leave(story, 49)
    received(story, "490*AVAX + 320*AVAX*49//100", "441000*USDC - 245000*USDC*49//100", "49 % of what is missing, for 49 % of the gain")
    story.check("outcome.events.Compensated.age", "49*DAY", "since the deposit")
    loss = "810*900*USDC + 196000*USDC - 1 - 2*441000*USDC"
    story.check("outcome.events.Compensated.coverage", loss, "held less redeemed; oracle rounded")
    story.check("outcome.events.Compensated.owed", "42999999999*49//100", "49 % of the loss")
    story.check("outcome.events.Compensated.shortfall", "0", "all of it paid in kind")
    story.check("state.reserve.held.AVAX", "320*AVAX - 320*AVAX*49//100", "what the Reserve gave")
    story.check("state.reserve.held.USDC", "245000*USDC*49//100", "what it took: 320*0.49*900 - 245_000*0.49 = 21_070 = 0.49*43_000")
    return story


def after_100_days() -> Story:
    story = told("after-100-days-fully", "After 100 days the provider holds what was deposited", "linear quantity deficit", "R15 R16.1")
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    ask_and_leave(story, 100)
    received(story, "810*AVAX", "196000*USDC", "the same quantities that were deposited")
    story.check("state.tokens.AVAX.balances.provider-1", "810*AVAX", "back in the provider's hands")
    story.check("state.reserve.held.USDC", "441000*USDC - 196000*USDC", "the Reserve has exchanged, not given, all but the loss")
    story.says("state.reserve.held.AVAX", None, "all 320 are gone")
    story.says("state.pools.pool-0.positions.provider-1", None, "an empty position has no principal and no clock")
    return story


def after_400_days() -> Story:
    story = told("after-400-days-no-more", "After more than 100 days the level stays at 100 %", "until linear", "R15.3")
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=1_000 * AVAX)
    price_rises(story, 2)
    ask_and_leave(story, 400)
    story.check("outcome.events.Compensated.age", "100*DAY", "full_protection_seconds and no more")
    received(story, "810*AVAX", "196000*USDC", "the deposit")
    story.check("state.reserve.held.AVAX", "1000*AVAX - 320*AVAX", "no more than what was missing")
    return story


def top_up() -> Story:
    story = told("a-top-up-restarts-the-clock", "A top-up of 1 % on day 49 restarts the clock of the whole position", "reset", "R7 R8 L9")
    open_pool(story, "provider-1", **CALM)
    story.check("state.pools.pool-0.positions.provider-1.clock", "START", "the first deposit")
    fill_reserve(story, AVAX=320 * AVAX)
    story.day(49)
    give(story, "provider-1", "pool-0", AVAX=8_100_000_000_000_000_000, USDC=1_960 * USDC)
    add(story, "provider-1", 8_100_000_000_000_000_000, 1_960 * USDC)
    story.check("state.pools.pool-0.positions.provider-1.clock", "START + 49*DAY", "of the whole position")
    story.check("state.pools.pool-0.positions.provider-1.units", "12600000000000000*101//100", "one more in a hundred")
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "810*AVAX*101//100", "both deposits")
    # The pool is 2.01 lots now, of which 1.01 are the provider's.
    story.day(50)
    swap(story, "USDC", 196_980 * USDC, 361_800_000_000_000_000_000)
    story.day(51)
    swap(story, "USDC", 295_470 * USDC, 281_400_000_000_000_000_000)
    ask_and_leave(story, 59, LOT_UNITS * 101 // 100)
    story.check("outcome.events.Compensated.age", "10*DAY", "59 days after the first deposit, 10 after the second")
    received(
        story,
        "490*AVAX*101//100 + 320*AVAX*101//100*10//100",
        "441000*USDC*101//100 - 245000*USDC*101//100*10//100",
        "1.01 lots at 10 %",
    )
    return story


def partial() -> Story:
    story = told(
        "a-partial-withdrawal-leaves-the-clock",
        "Half leaves on day 49 and a quarter on day 60; the rest is whole on day 100",
        "partial linear",
        "R8 R15.1 R17 L9",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    ask_and_leave(story, 49, LOT_UNITS // 2)
    received(story, "245*AVAX + 160*AVAX*49//100", "220500*USDC - 122500*USDC*49//100", "half a lot at 49 %")
    story.check("state.pools.pool-0.positions.provider-1.clock", "START", "as if nothing had left")
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "405*AVAX", "half of the principal stays")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "98000*USDC", "half of the principal stays")
    # An exit is a partial withdrawal too: half of what is left, without protection.
    story.day(60)
    story.call("provider-1", "pool-0", "pool.exit", units=LOT_UNITS // 4, min_base=0, min_quote=0)
    story.check("outcome.value.0", "490*AVAX//4", "a quarter lot as it is: AVAX")
    story.check("state.pools.pool-0.positions.provider-1.clock", "START", "an exit leaves it too")
    ask_and_leave(story, 100, LOT_UNITS // 4)
    story.check("outcome.events.Compensated.age", "100*DAY", "since the only deposit")
    received(story, "810*AVAX//4", "196000*USDC//4", "the last quarter of the deposit")
    return story


def asymmetrical() -> Story:
    story = told(
        "an-asymmetrical-deposit-is-protected-as-if-re-balanced",
        "USDC alone is deposited; what is protected is AVAX and USDC of equal worth at the price before",
        "symmetrical linear",
        "R5 R7 R15",
    )
    open_pool(story, **CALM)
    fill_reserve(story, AVAX=400 * AVAX)
    give(story, "provider-1", "pool-0", USDC=588_000 * USDC)
    add(story, "provider-1", 0, 588_000 * USDC)
    # B = 810, Q = 196_000, q = 3*Q: units = U*q*B/(q*B + 2*Q*B) = U*3/5, a share of 3/8.
    story.check("outcome.value", "12600000000000000*3//5", "q*B/(q*B + 2*Q*B) is 3/5")
    # bs = 3/8*B, qs = 3/8*4*Q: isqrt(bs*qs*B/Q) = 3/4*B.
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "810*AVAX*3//4", "607.5 AVAX, worth 147_000 at 196_000/810")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "196000*USDC*3//4", "147_000 USDC, of equal worth")
    # The market follows to the fourfold price: nobody trades the pool back.
    ask_and_leave(story, 100, LOT_UNITS * 3 // 5)
    story.check("outcome.events.Withdrawn.base", "810*AVAX*3//8", "3/8 of 810")
    story.check("outcome.events.Withdrawn.quote", "784000*USDC*3//8", "3/8 of 196_000 + 588_000")
    received(story, "607*AVAX + AVAX//2", "147000*USDC", "the re-balanced deposit, not what was put in")
    return story


def pending_deposit() -> Story:
    story = told(
        "a-pending-deposit-is-unprotected",
        "A staged deposit has no units and no clock; protection begins when it is confirmed, at the price of that moment",
        "pending linear",
        "R9 R15.4",
    )
    open_pool(story, **CALM)
    fill_reserve(story, USDC=192_937_500_000)
    give(story, "provider-1", "pool-0", AVAX=490 * AVAX, USDC=441_000 * USDC)
    story.call("provider-1", "pool-0", "pool.stage_deposit", base=490 * AVAX, quote=441_000 * USDC)
    story.says("state.pools.pool-0.positions.provider-1", None, "no units, no principal, no clock")
    story.check("state.pools.pool-0.reserve_base", "810*AVAX", "outside the reserves")
    story.check("state.pools.pool-0.staged_base", "490*AVAX", "but in the pool's hands")
    story.fails("pool: deposit not confirmable yet", "provider-1", "pool-0", "pool.confirm_deposit", min_units=1)
    price_rises(story, 1)
    story.fails("pool: not enough units", "provider-1", "pool-0", "pool.request_withdrawal", units=1)
    story.day(20)
    story.call("provider-1", "pool-0", "pool.confirm_deposit", min_units=LOT_UNITS)
    story.check("state.pools.pool-0.positions.provider-1.clock", "START + 20*DAY", "the clock starts now")
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "490*AVAX", "as much as the pool has after the rise")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "441000*USDC", "as much as the pool has after the rise")
    story.says("state.pools.pool-0.deposits.provider-1", None, "nothing is staged any more")
    # Then the price falls: AVAX of all there is leaves twice of it and 3/4 of the USDC.
    story.day(30)
    swap(story, "AVAX", 980 * AVAX, 220_500 * USDC)
    story.day(31)
    swap(story, "AVAX", 1_960 * AVAX, 165_375 * USDC)
    # Per lot 1_960 AVAX and 248_062.5 USDC at 126.5625: held 490*126.5625 + 441_000 = 503_015.625, redeemed 496_125.
    ask_and_leave(story, 69)
    story.check("outcome.events.Compensated.age", "49*DAY", "since it was confirmed")
    story.check("outcome.events.Compensated.coverage", "503015625000 - 1 - 496125000000", "held less redeemed; oracle rounded")
    received(
        story,
        "1960*AVAX - 1470*AVAX*49//100",
        "248062500000 + 192937500000*49//100",
        "49 % of the missing USDC for 49 % of the AVAX gained",
    )
    return story


def pending_pool() -> Story:
    story = told(
        "a-pending-pool-is-unprotected",
        "Positions of a pending pool are unprotected until their owner begins protection in the active one",
        "inactive linear",
        "R1 R10 R15.3",
    )
    create(story, "AVAX", "USDC", **CALM)
    for provider in ("provider-2", "provider-1", "provider-3"):
        add_lot(story, provider)
    story.says("state.pools.pool-0.positions.provider-1.clock", None, "no clock while the pool is pending")
    story.says("state.pools.pool-0.positions.provider-1.principal_base", None, "and no principal")
    story.fails("pool: not active", "provider-1", "pool-0", "pool.begin_protection")
    story.day(5)
    activate(story)
    fill_reserve(story, AVAX=320 * AVAX, USDC=192_937_500_000)
    price_rises(story, 3)
    ask_and_leave(story, 29, provider="provider-3")
    nothing_due(story, "protection never began")
    received(story, "490*AVAX", "441000*USDC", "the share of the reserves alone")
    story.day(30)
    story.call("provider-1", "pool-0", "pool.begin_protection")
    story.check("state.pools.pool-0.positions.provider-1.clock", "START + 30*DAY", "principal and clock start together")
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "490*AVAX", "the loss before is not protected")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "441000*USDC", "the loss before is not protected")
    story.day(40)
    swap(story, "AVAX", 980 * AVAX, 220_500 * USDC)
    story.day(41)
    swap(story, "AVAX", 1_960 * AVAX, 165_375 * USDC)
    ask_and_leave(story, 130)
    story.check("outcome.events.Compensated.age", "100*DAY", "since protection began")
    received(story, "490*AVAX", "441000*USDC", "what was there when protection began")
    story.check("state.reserve.held.AVAX", "320*AVAX + 1470*AVAX", "the AVAX gained, for 192_937.5 USDC")
    return story


def both_down() -> Story:
    story = told(
        "both-assets-down-is-no-loss",
        "Both assets lose most of their price in USDC; against each other nothing has changed, and nothing is due",
        "both",
        "R15.2",
    )
    create(story, "ABC", "AVAX", **CALM)
    for provider in ("provider-2", "provider-1"):
        give(story, provider, "pool-0", ABC=1_000 * ABC, AVAX=1_000 * AVAX)
        add(story, provider, 1_000 * ABC, 1_000 * AVAX)
        if provider == "provider-2":
            activate(story)
    for pool, token, unit in (("pool-1", "ABC", ABC), ("pool-2", "AVAX", AVAX)):
        create(story, token, "USDC", **NO_FEES)
        give(story, "provider-2", pool, **{token: 1_000 * unit, "USDC": 1_000_000 * USDC})
        add(story, "provider-2", 1_000 * unit, 1_000_000 * USDC, pool)
        activate(story, pool)
    fill_reserve(story, ABC=1_000 * ABC, AVAX=1_000 * AVAX)
    story.day(10)
    # Twice the token and 3/4 of the USDC: from 1_000 to 375 USDC.
    swap(story, "ABC", 1_000 * ABC, 250_000 * USDC, "pool-1")
    swap(story, "AVAX", 1_000 * AVAX, 250_000 * USDC, "pool-2")
    story.check("state.pools.pool-2.reserve_quote", "750000*USDC", "for 2_000 AVAX: 375 each, no longer 1_000")
    # As many units as the first add brought: isqrt(10**27 * 10**21) = 10**24.
    ask_and_leave(story, 100, 10**24)
    nothing_due(story, "the same loss as by holding")
    story.check("outcome.value.0", "1000*ABC", "the quantity deposited")
    story.check("outcome.value.1", "1000*AVAX", "the quantity deposited")
    story.check("state.reserve.held.ABC", "1000*ABC", "the Reserve gave nothing")
    story.check("state.reserve.held.AVAX", "1000*AVAX", "the Reserve gave nothing")
    return story


def one_large_trade() -> Story:
    story = told(
        "one-large-trade-pays-for-its-own-loss",
        "The fee of one large trade exceeds the loss that it causes",
        "revenue",
        "R2 R3 L10",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=320 * AVAX)
    story.day(10)
    # All the USDC again: twice the USDC and 3/4 of the AVAX.
    swap(story, "USDC", 392_000 * USDC, 405 * AVAX)
    story.check("outcome.events.Swapped.fee", "1620*AVAX//2 - 405*AVAX", "the constant product would have paid 810")
    ask_and_leave(story, 100)
    # At 392_000/607.5 = 645.27: held 810*645.27 + 196_000 = 718_666, redeemed 784_000.
    nothing_due(story, "revenue covers the loss")
    received(story, "810*AVAX*3//4", "392000*USDC", "the share of the reserves")
    story.check("state.reserve.held.AVAX", "320*AVAX", "the Reserve gave nothing")
    return story


def revenue_first() -> Story:
    story = told(
        "fees-and-incentives-pay-first",
        "Incentives pay a part of the loss and the Reserve the difference; then they pay all of it and the Reserve nothing",
        "revenue difference",
        "R3 R15",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    story.day(20)
    give(story, "outsider", "pool-0", AVAX=50 * AVAX, USDC=45_000 * USDC)
    story.call("outsider", "pool-0", "pool.donate", base=20 * AVAX, quote=18_000 * USDC)
    story.check("state.pools.pool-0.reserve_base", "1000*AVAX", "980 + 20: the provider's lot is 500 AVAX and 450_000 USDC now")
    ask_and_leave(story, 100, LOT_UNITS // 2)
    # Half a lot: held 462_500, redeemed 450_000 instead of 441_000.
    story.check("outcome.events.Compensated.coverage", "462500*USDC - 1 - 450000*USDC", "12_500 instead of 21_500; oracle rounded")
    received(story, "405*AVAX", "98000*USDC", "half of the deposit")
    story.check("outcome.events.Compensated.paid", "155*AVAX", "405 - 250 instead of 405 - 245")
    story.day(101)
    story.call("outsider", "pool-0", "pool.donate", base=30 * AVAX, quote=27_000 * USDC)
    ask_and_leave(story, 103, LOT_UNITS // 2)
    # Half a lot is a third of 780 AVAX and 702_000 USDC: worth 468_000, held 462_500.
    nothing_due(story, "revenue covers the loss")
    received(story, "260*AVAX", "234000*USDC", "the share of the reserves")
    story.check("state.reserve.held.AVAX", "320*AVAX - 155*AVAX", "the Reserve gave nothing more")
    return story


# -- when the Reserve is not enough ----------------------------------------------------------------------------------


def reserve_short() -> Story:
    story = told(
        "a-short-reserve-pays-in-part",
        "The Reserve pays in kind, then in USDC, as far as it goes; the rest is reported as a shortfall",
        "deficit",
        "R16.1 R16.2 R16.4",
    )
    open_pool(story, "provider-1", **CALM)
    stake(story, "staker-1", 1_000 * DLQ)
    fill_reserve(story, AVAX=80 * AVAX, USDC=10_000 * USDC)
    price_rises(story, 2)
    story.day(99)
    request(story, "provider-1", LOT_UNITS)
    story.day(100)
    # In kind a quarter; of the loss 3/4 are left, floor(42_999.999999*3/4) = 32_249.999999; in USDC 10_000.
    refused = {"min_base": 0, "min_quote": 0, "max_shortfall": 22_249_999_998}
    story.fails("pool: shortfall above maximum", "provider-1", "pool-0", "pool.withdraw", **refused)
    withdraw(story, max_shortfall=22_249_999_999)
    story.check("outcome.events.Compensated.paid", "80*AVAX", "all that the Reserve has, a quarter of 320")
    story.check("outcome.events.Compensated.taken", "245000*USDC//4", "a quarter of the surplus")
    story.check("outcome.events.Compensated.paid_quote", "10000*USDC", "all that the Reserve has")
    story.check("outcome.events.Compensated.slashed", "0", "calm: the stakers are not asked")
    story.check("outcome.value.3", "42999999999*3//4 - 10000*USDC", "what nobody paid")
    received(story, "490*AVAX + 80*AVAX", "441000*USDC - 61250*USDC + 10000*USDC", "share, less taken, with what the Reserve paid")
    story.check("state.pools.pool-0.total_shortfall", "22249999999", "never hidden")
    story.check("state.reserve.held.USDC", "61250*USDC", "what was taken in the first step did not pay the second")
    story.check("state.backstop.stakes.pool-0.total_stake", "1000*DLQ", "calm: the stake is untouched")
    return story


def surpluses() -> Story:
    story = told(
        "surpluses-of-the-system-are-drawn-in-a-bailout",
        "The Reserve alone could pay three quarters of a bailout; the surpluses of two pools make it whole",
        "threshold deficit surpluses",
        "R13 R14 R16.0 R16.1",
    )
    open_pool(story, "provider-1", **NO_FEES)
    create(story, "ABC", "AVAX", min_fee_bps=0, protocol_fee_bps=5_000)
    give(story, "provider-2", "pool-1", ABC=1_000 * ABC, AVAX=900 * AVAX)
    add(story, "provider-2", 1_000 * ABC, 900 * AVAX, "pool-1")
    activate(story, "pool-1")
    fill_reserve(story, AVAX=480 * AVAX)
    price_rises(story, 2)
    story.day(20)
    # The constant product would pay 450 AVAX, the trade pays 225, half of the fee is the protocol's.
    swap(story, "ABC", 1_000 * ABC, 225 * AVAX, "pool-1")
    story.check("outcome.events.Swapped.cut", "225*AVAX//2", "112.5 AVAX, outside the reserves of pool-1")
    # Somebody sends tokens to pool-0 by mistake.
    story.call(GOVERNOR, "AVAX", "token.transfer", to="pool-0", amount=47_500_000_000_000_000_000)
    story.day(99)
    request(story, "provider-1", LOT_UNITS)
    story.check("state.pools.pool-0.books.requested", "12600000000000000", "half of all units: the next epoch is a bailout")
    story.day(100)
    withdraw(story)
    story.says("outcome.events.EpochOpened.bailout", True, "12.6 of 25.2 is more than 20 %")
    story.check("outcome.events.SystemSwept.epoch", "(START + 100*DAY)//DAY", "the surpluses are drawn in this epoch")
    story.check("outcome.events.2.arguments.base_to_reserve", "47*AVAX + AVAX//2", "pool-0 first: what was sent by mistake")
    story.check("outcome.events.6.arguments.quote_to_reserve", "225*AVAX//2", "then pool-1: the protocol's cut")
    story.check("outcome.events.8.arguments.held", "640*AVAX", "480 + 47.5 + 112.5, of which half of the units may draw half")
    received(story, "810*AVAX", "196000*USDC", "the deposit")
    story.check("state.reserve.held.AVAX", "640*AVAX - 320*AVAX", "half is left for the other half of the units")
    story.check("state.reserve.held.USDC", "245000*USDC", "the surplus of the provider")
    return story


def dlq_last() -> Story:
    story = told(
        "the-stake-is-the-last-to-pay",
        "In a bailout DLQ staked to the pool pays what the Reserve cannot, at the oracle price of the DLQ pool",
        "threshold deficit backstop",
        "R16 R16.3 R18",
    )
    open_pool(story, "provider-1", **NO_FEES)
    create_dlq_pool(story)
    stake(story, "staker-1", 40_000 * DLQ)
    stake(story, "staker-2", 20_000 * DLQ)
    fill_reserve(story, AVAX=160 * AVAX, USDC=40_000 * USDC)
    price_rises(story, 2)
    ask_and_leave(story, 100)
    # Half of the units may draw u/(U - 1_000) of each source: half, and a little for the locked units, which draw nothing.
    share = "12600000000000000//(25200000000000000 - 1000)"
    story.check("outcome.events.Compensated.paid", f"160*AVAX*{share}", "first AVAX: 80 and a little")
    story.check("outcome.events.Compensated.taken", "61250*USDC + 1", "a quarter of 245_000 and a little, rounded up")
    # floor(42_999.999999 * (240 less a little)/320) = 32_249.999999
    story.check("outcome.events.Compensated.paid_quote", f"40000*USDC*{share}", "then USDC")
    # 12_249.999999 USDC are left; the oracle's price of half a USDC is floor(10**6*2**112 / (2*10**18)).
    story.check("outcome.events.Compensated.slashed", "12249999999*Q112//(USDC*Q112//(2*DLQ))", "last DLQ: 24_499.999998 and a little")
    story.check("outcome.value.2", "12249999999*Q112//(USDC*Q112//(2*DLQ))", "which the provider receives")
    story.check("outcome.value.3", "0", "nothing is left unpaid")
    received(
        story,
        f"490*AVAX + 160*AVAX*{share}",
        "441000*USDC - 61250*USDC - 1 + 20000*USDC",
        "share, less taken, with what the Reserve paid",
    )
    story.check("state.backstop.stakes.pool-0.total_stake", "60000*DLQ - 12249999999*Q112//(USDC*Q112//(2*DLQ))", "both stakers lose")
    story.check("state.backstop.accounts.pool-0.staker-1.shares", "40000*DLQ", "pro rata: their shares are what they were")
    story.check("state.backstop.stakes.pool-0.total_shares", "60000*DLQ", "pro rata: their shares are what they were")
    return story


def create_dlq_pool(story: Story) -> None:
    """1_000_000 DLQ and 500_000 USDC: half a USDC each."""
    create(story, "DLQ", "USDC", **NO_FEES)
    give(story, "provider-2", "pool-1", DLQ=1_000_000 * DLQ, USDC=500_000 * USDC)
    add(story, "provider-2", 1_000_000 * DLQ, 500_000 * USDC, "pool-1")
    activate(story, "pool-1")
    story.call(GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="USDC", pool="pool-1")


def rationed(name: str, *order: str) -> Story:
    title = f"Two of three ask to leave a thin Reserve; first out is {order[0]}, and both receive the same"
    story = told(name, title, "threshold deficit", "R13 R16 L7")
    open_pool(story, "provider-1", "provider-3", **NO_FEES)
    fill_reserve(story, USDC=51_450 * USDC)
    # The price falls: per lot 3_240 AVAX and 110_250 USDC; 85_750 USDC are missing, 2_430 AVAX too many.
    story.day(10)
    swap(story, "AVAX", 2_430 * AVAX, 147_000 * USDC)
    story.day(11)
    swap(story, "AVAX", 4_860 * AVAX, 110_250 * USDC)
    story.day(100)
    request(story, "provider-1", LOT_UNITS)
    request(story, "provider-3", LOT_UNITS)
    story.day(101)
    # At 34.02777...: held 810*34.027777... + 196_000 = 223_562.5, redeemed 220_500: loss 3_062.5, or 3_062.499999 by the oracle.
    for place, provider in enumerate(order):
        withdraw(story, provider, max_shortfall=2_449_999_999)
        # A third of 51_450 for the first; half of 34_300 for the second: a fifth of what is missing.
        story.check("outcome.events.Compensated.paid", "17150*USDC", ("a third of 51_450", "half of 34_300")[place])
        story.check("outcome.value.3", "3062499999*4//5", "four fifths of the loss are not paid")
        received(story, "3240*AVAX - 2430*AVAX//5", "110250*USDC + 17150*USDC", "first or second")
    story.check("state.reserve.held.USDC", "17150*USDC", "a third is left for the third who did not run")
    return story


def rationed_one_first() -> Story:
    return rationed("a-run-is-rationed-provider-1-first", "provider-1", "provider-3")


def rationed_three_first() -> Story:
    return rationed("a-run-is-rationed-provider-3-first", "provider-3", "provider-1")


def generation() -> Story:
    story = told(
        "a-slash-that-takes-all-ends-a-generation",
        "The last one out draws all of the stake; what the stakers had earned remains theirs, and the pool can be staked to again",
        "backstop",
        "R16.3 R17 R18 R20",
    )
    open_pool(story, "provider-1", **NO_FEES, staker_share_bps=10_000)
    create_dlq_pool(story)
    stake(story, "staker-1", 2_000 * DLQ)
    stake(story, "staker-2", 1_000 * DLQ)
    price_rises(story, 2)
    story.day(20)
    # 12 AVAX come to the stakers of the pool, 2 : 1.
    story.call(GOVERNOR, "AVAX", "token.transfer", to="pool-0", amount=12 * AVAX)
    story.call("outsider", "pool-0", "pool.sweep")
    story.check("state.backstop.stakes.pool-0.index_base", "12*AVAX*Q112//(3000*DLQ)", "per share")
    story.day(98)
    story.call("provider-2", "pool-0", "pool.exit", units=LOT_UNITS - MINIMUM_UNITS, min_base=0, min_quote=0)
    ask_and_leave(story, 100, max_shortfall=41_500_000_001)
    # No unit can be withdrawn but the provider's: all of the stake is allowed, worth 1_499.999999 at a price rounded down.
    story.check("outcome.events.Slashed.amount", "3000*DLQ", "u/(U - 1_000) is 1")
    story.check("outcome.events.GenerationEnded.generation", "0", "the first generation has nothing left")
    story.check("outcome.value.3", "43000*USDC - 1500*USDC + 1", "the rest is a shortfall")
    story.check("state.backstop.stakes.pool-0.generation", "1", "the pool starts again")
    story.says("state.backstop.stakes.pool-0.total_shares", None, "without shares")
    story.day(101)
    for staker, shares in (("staker-1", 2_000), ("staker-2", 1_000)):
        story.call(staker, BACKSTOP, "backstop.claim", pool="pool-0", token="AVAX")
        story.check("outcome.value", f"{shares}*DLQ*(12*AVAX*Q112//(3000*DLQ))//Q112", "rewards of the generation that has ended")
        story.says(f"state.backstop.accounts.pool-0.{staker}.shares", None, "shares of the generation that has ended are worth nothing")
    story.fails("backstop: nothing to claim", "staker-1", BACKSTOP, "backstop.claim", pool="pool-0", token="AVAX")
    stake(story, "staker-2", 50 * DLQ)
    story.check("outcome.value", "50*DLQ", "the first share of a generation costs one DLQ")
    return story


def both_short() -> Story:
    story = told(
        "a-top-up-at-another-price-can-be-short-of-both",
        "A principal added up from two prices exceeds what is redeemed in both tokens; the USDC missing is owed in USDC",
        "quantity deficit symmetrical",
        "R7 R15.4 R16.1 R16.2",
    )
    # With half of the fees taken out, a trade of half of a reserve leaves 3/2 of it and 13/18 of the other.
    parameters = {"min_fee_bps": 0, "protocol_fee_bps": 5_000, "bailout_threshold_bps": 10_000}
    lot, units = {"AVAX": 1_049_760_000_000_000_000_000, "USDC": 160_000 * USDC}, 12_960_000_000_000_000
    create(story, "AVAX", "USDC", **parameters)
    for provider in ("provider-2", "provider-1"):
        give(story, provider, "pool-0", **lot)
        add(story, provider, lot["AVAX"], lot["USDC"])
        if provider == "provider-2":
            activate(story)
    fill_reserve(story, AVAX=20_050_000_000_000_000_000, USDC=150_000 * USDC)
    base, quote = 2 * lot["AVAX"], 2 * lot["USDC"]
    for day in (10, 11, 12, 13):
        story.day(day)
        swap(story, "USDC", quote // 2, base * 2 // 9)
        base, quote = base * 13 // 18, quote * 3 // 2
    story.check("state.pools.pool-0.reserve_base", "2*28561*AVAX//100", "2*1_049.76*(13/18)**4")
    story.check("state.pools.pool-0.reserve_quote", "2*810000*USDC", "2*160_000*(3/2)**4")
    # The oracle follows at most twofold at a time: somebody calls the pool once more before the top-up.
    story.day(14)
    request(story, "provider-2", units // 2)
    story.day(15)
    give(story, "provider-1", "pool-0", AVAX=285_610_000_000_000_000_000, USDC=810_000 * USDC)
    add(story, "provider-1", 285_610_000_000_000_000_000, 810_000 * USDC)
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "104976*AVAX//100 + 28561*AVAX//100", "1_335.37 AVAX")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "160000*USDC + 810000*USDC", "970_000 USDC")
    base, quote = base * 3 // 2, quote * 3 // 2
    for day in (20, 21):
        story.day(day)
        swap(story, "AVAX", base // 2, quote * 2 // 9)
        base, quote = base * 3 // 2, quote * 13 // 18
    # Two of three parts: 1_285.245 AVAX and 845_000 USDC, 50.125 and 125_000 less than the principal.
    ask_and_leave(story, 115, 2 * units)
    story.check("outcome.events.Withdrawn.base", "1285245*AVAX//1000", "2*285.61*9/4")
    story.check("outcome.events.Withdrawn.quote", "845000*USDC", "2*810_000*(13/18)**2")
    # 50.125 AVAX at 1_267_500/1_927.8675 are worth 32_955.29 USDC.
    loss = "(133537*AVAX//100*1267500*USDC//(19278675*AVAX//10000) - 845000*USDC + 125000*USDC)"
    story.check("outcome.events.Compensated.coverage", loss, "what both are worth that are missing")
    story.check("outcome.events.Compensated.owed", loss, "at level 1")
    story.check("outcome.events.Compensated.deficit", "50125*AVAX//1000", "x is base")
    story.check("outcome.events.Compensated.paid", "2005*AVAX//100", "all that the Reserve has: 40 %")
    story.check("outcome.events.Compensated.taken", "0", "no surplus to give up")
    left = f"({loss} - 125000*USDC)*60//100 + 125000*USDC"
    story.check("outcome.events.Compensated.paid_quote", left, "60 % of the missing AVAX's worth, and the missing USDC")
    story.check("outcome.value.3", "0", "whole in value")
    received(story, "1285245*AVAX//1000 + 2005*AVAX//100", f"845000*USDC + {left}", "share, with what the Reserve paid")
    return story


# -- what the contracts refuse ---------------------------------------------------------------------------------------


def refusals() -> Story:
    title = "Calls that fail, each with its reason, and change nothing"
    story = told("what-is-refused", title, "quantity", "R1 R5 R6 R9 R11 R12 R19 R21 R22 R23")
    huge, far = 2**112, UNLIMITED

    def controller(reason: str, sender: str, name: str, **arguments) -> None:
        story.fails(reason, sender, CONTROLLER, f"controller.{name}", **arguments)

    def pool(reason: str, sender: str, name: str, **arguments) -> None:
        story.fails(reason, sender, "pool-0", f"pool.{name}", **arguments)

    def backstop(reason: str, sender: str, name: str, **arguments) -> None:
        story.fails(reason, sender, BACKSTOP, f"backstop.{name}", **arguments)

    def adding(base: int, quote: int, **other) -> dict[str, int]:
        return {"base": base, "quote": quote, "min_units": 0, "deadline": far} | other

    def swapping(**other) -> dict:
        usual = {"token_in": "AVAX", "amount_in": AVAX, "min_amount_out": 0, "recipient": "trader", "deadline": far}
        return usual | other

    def leaving(min_base: int = 0, min_quote: int = 0) -> dict[str, int]:
        return {"min_base": min_base, "min_quote": min_quote, "max_shortfall": far}

    # A pool is created by the governor, from two tokens, once.
    pair = {"base": "AVAX", "quote": "USDC", "parameters": Parameters()}
    controller("ownable: caller is not the owner", "outsider", "create_pool", **pair)
    controller("controller: identical tokens", GOVERNOR, "create_pool", **{**pair, "quote": "AVAX"})
    short_lockup = Parameters(lockup_seconds=DAY - 1)
    controller("pool: lockup_seconds out of bounds", GOVERNOR, "create_pool", **{**pair, "parameters": short_lockup})
    controller("pool: not a token", GOVERNOR, "create_pool", **{**pair, "quote": "outsider"})
    create(story, "AVAX", "USDC", bailout_threshold_bps=10_000)
    controller("controller: pool exists", GOVERNOR, "create_pool", **{**pair, "base": "USDC", "quote": "AVAX"})

    # PENDING and without units.
    controller("controller: unknown pool", GOVERNOR, "set_status", pool="pool-1", status=ACTIVE, **ANY_PRICE)
    controller("ownable: caller is not the owner", "outsider", "set_status", pool="pool-0", status=ACTIVE, **ANY_PRICE)
    controller("pool: no units", GOVERNOR, "set_status", pool="pool-0", status=ACTIVE, **ANY_PRICE)
    controller("pool: bad status change", GOVERNOR, "set_status", pool="pool-0", status=SUSPENDED, **ANY_PRICE)
    pool("pool: caller is not the controller", GOVERNOR, "set_status", status=ACTIVE, **ANY_PRICE)
    pool("pool: no units", "outsider", "donate", base=1, quote=1)
    give(story, "provider-1", "pool-0", AVAX=1_000 * AVAX, USDC=1_000_000 * USDC)
    pool("pool: deadline passed", "provider-1", "add", **adding(1, 1, deadline=story.now - 1))
    pool("pool: zero amount", "provider-1", "add", **adding(0, 0))
    pool("pool: reserve too large", "provider-1", "add", **adding(huge, 1))
    pool("pool: first add needs both tokens", "provider-1", "add", **adding(AVAX, 0))
    pool("pool: first add too small", "provider-1", "add", **adding(1_000, 1_000))
    # isqrt(10**20 * 10**11) = floor(sqrt(10)*10**15) = 3_162_277_660_168_379, of which 1_000 are locked.
    pool("pool: units below minimum", "provider-1", "add", **adding(100 * AVAX, 100_000 * USDC, min_units=3_162_277_660_167_380))
    pool("erc20: insufficient allowance", "provider-1", "add", **adding(1_001 * AVAX, USDC))
    story.call("provider-1", "AVAX", "token.approve", spender="pool-0", amount=far)
    pool("erc20: transfer amount exceeds balance", "provider-1", "add", **adding(1_001 * AVAX, USDC))
    story.fails("erc20: transfer to the zero address", "provider-1", "AVAX", "token.transfer", to="zero", amount=1)
    add(story, "provider-1", 100 * AVAX, 100_000 * USDC)
    story.check("outcome.value", "3162277660168379 - 1000", "the first units, less the locked ones")

    # PENDING.
    pool("pool: not active", "trader", "swap", **swapping())
    pool("pool: not active", "provider-1", "begin_protection")
    pool("pool: pending", "provider-1", "request_withdrawal", units=1)
    pool("pool: zero units", "outsider", "add", **adding(1, 0))

    # The price is floor(10**11 * 2**112 / 10**20) = floor(2**112 / 10**9).
    above = {"min_price": 2**112 // 10**9 + 1, "max_price": far}
    controller("pool: price out of bounds", GOVERNOR, "set_status", pool="pool-0", status=ACTIVE, **above)

    # ACTIVE. Twice the reserves are more units than the pool opened with.
    activate(story)
    pool("pool: struck too much this epoch", "outsider", "add", **adding(200 * AVAX, 200_000 * USDC))
    controller("pool: bad status change", GOVERNOR, "set_status", pool="pool-0", status=ACTIVE, **ANY_PRICE)
    pool("pool: unknown token", "trader", "swap", **swapping(token_in="ABC"))
    pool("pool: bad recipient", "trader", "swap", **swapping(recipient="pool-0"))
    pool("pool: reserve too large", "trader", "swap", **swapping(amount_in=huge))
    pool("pool: zero output", "trader", "swap", **swapping(amount_in=1))
    # floor(10**18*10**20*10**11 / (101*10**18)**2) = 980_296_049
    pool("pool: output below minimum", "trader", "swap", **swapping(min_amount_out=980_296_050))
    pool("erc20: insufficient allowance", "trader", "swap", **swapping(min_amount_out=980_296_049))
    pool("pool: no position", "outsider", "begin_protection")
    story.call("provider-1", "pool-0", "pool.begin_protection")
    pool("pool: already protected", "provider-1", "begin_protection")
    pool("pool: zero amount", "outsider", "donate", base=0, quote=0)
    pool("pool: zero units to exit", "provider-1", "exit", units=0, min_base=0, min_quote=0)
    pool("pool: not enough units", "provider-1", "exit", units=3_162_277_660_167_380, min_base=0, min_quote=0)
    pool("pool: locked up", "provider-1", "exit", units=1, min_base=0, min_quote=0)
    pool("pool: nothing staged", "provider-1", "confirm_deposit", min_units=0)
    pool("pool: nothing staged", "provider-1", "cancel_deposit")
    pool("pool: zero amount", "provider-1", "stage_deposit", base=0, quote=0)
    pool("pool: staged too large", "provider-1", "stage_deposit", base=huge, quote=0)
    story.call("provider-1", "pool-0", "pool.stage_deposit", base=AVAX, quote=1_000 * USDC)
    story.day(0, 59)
    pool("pool: deposit not confirmable yet", "provider-1", "confirm_deposit", min_units=0)
    story.day(0, 60)
    pool("pool: units below minimum", "provider-1", "confirm_deposit", min_units=far)
    story.call("provider-1", "pool-0", "pool.cancel_deposit")
    story.check("outcome.value.0", "AVAX", "all of it comes back")
    pool("pool: not enough units", "provider-1", "request_withdrawal", units=3_162_277_660_167_380)
    pool("pool: no request to cancel", "provider-1", "request_withdrawal", units=0)
    pool("pool: no executable request", "provider-1", "withdraw", **leaving())

    # A request is executable in the next epoch only, and a moved price stops adds.
    story.day(1)
    request(story, "provider-1", 1_000_000)
    pool("pool: no executable request", "provider-1", "withdraw", **leaving())
    give(story, "trader", "pool-0", AVAX=AVAX)
    story.call("trader", "pool-0", "pool.swap", **swapping())
    story.check("outcome.value", "AVAX*100*AVAX*100000*USDC//(101*AVAX)**2", "what the trader could not have one more of before")
    story.day(1, 60)
    pool("pool: price unstable", "provider-1", "add", **adding(1, 1))
    story.day(2)
    pool("pool: base below minimum", "provider-1", "withdraw", **leaving(min_base=AVAX))
    pool("pool: quote below minimum", "provider-1", "withdraw", **leaving(min_quote=1_000 * USDC))
    pool("pool: base below minimum", "provider-1", "exit", units=1, min_base=AVAX, min_quote=0)
    story.day(3)
    pool("pool: no executable request", "provider-1", "withdraw", **leaving())

    # Reserve and Controller.
    story.fails("reserve: nothing to absorb", "outsider", RESERVE, "reserve.absorb", token="AVAX")
    story.fails("reserve: caller is not a pool", GOVERNOR, RESERVE, "reserve.draw", token="AVAX", recipient=GOVERNOR, amount=0)
    controller("controller: caller is not a pool", GOVERNOR, "draw_surpluses")
    controller("ownable: caller is not the owner", "outsider", "name_dlq_pool", quote="USDC", pool="pool-0")
    controller("controller: unknown pool", GOVERNOR, "name_dlq_pool", quote="USDC", pool="pool-1")
    controller("controller: not a DLQ pool", GOVERNOR, "name_dlq_pool", quote="USDC", pool="pool-0")
    controller("ownable: caller is not the owner", "outsider", "transfer_ownership", new_owner="outsider")
    story.call(GOVERNOR, CONTROLLER, "controller.transfer_ownership", new_owner="outsider")
    controller("ownable_2step: caller is not the new owner", GOVERNOR, "accept_ownership")

    # Backstop.
    backstop("backstop: unknown pool", "staker-1", "stake", pool="pool-1", amount=1)
    backstop("backstop: zero stake", "staker-1", "stake", pool="pool-0", amount=0)
    backstop("backstop: stake too large", "staker-1", "stake", pool="pool-0", amount=huge)
    stake(story, "staker-1", 1_000 * DLQ)
    backstop("backstop: not enough shares", "staker-1", "request_unstake", pool="pool-0", shares=1_000 * DLQ + 1)
    backstop("backstop: no request to cancel", "staker-1", "request_unstake", pool="pool-0", shares=0)
    backstop("backstop: no request", "staker-1", "unstake", pool="pool-0")
    backstop("backstop: nothing to claim", "staker-1", "claim", pool="pool-0", token="AVAX")
    backstop("backstop: caller is not a pool", GOVERNOR, "reward", token="AVAX", amount=1)
    backstop("backstop: caller is not a pool", GOVERNOR, "slash", recipient=GOVERNOR, amount=1)
    backstop("backstop: nothing to sweep", "outsider", "sweep", token="DLQ")
    story.call("staker-1", BACKSTOP, "backstop.request_unstake", pool="pool-0", shares=DLQ)
    story.check("state.backstop.accounts.pool-0.staker-1.ready_at", "START + 3*DAY + 7*DAY", "unstake_seconds later")
    story.day(10, -1)
    backstop("backstop: not ready", "staker-1", "unstake", pool="pool-0")
    story.day(10 + 7 + 2)
    backstop("backstop: window closed", "staker-1", "unstake", pool="pool-0")

    # SUSPENDED.
    story.call(GOVERNOR, CONTROLLER, "controller.set_status", pool="pool-0", status=SUSPENDED, **ANY_PRICE)
    pool("pool: suspended", "provider-1", "add", **adding(1, 1))
    pool("pool: suspended", "provider-1", "stage_deposit", base=1, quote=1)
    pool("pool: suspended", "outsider", "donate", base=1, quote=1)
    pool("pool: not active", "trader", "swap", **swapping())
    return story


STORIES: tuple[Callable[[], Story], ...] = (
    after_49_days, after_100_days, after_400_days, top_up, partial, asymmetrical, pending_deposit, pending_pool, both_down,
    one_large_trade, revenue_first, reserve_short, surpluses, dlq_last, rationed_one_first, rationed_three_first, generation,
    both_short, refusals,
)  # fmt: skip
