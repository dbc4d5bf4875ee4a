"""Attacks that Makewhole's relatives suffered, or had reported, each tried here: docs/attacks.md has the table.

Most happen in the pool of `stories.py`, after the price has risen to 900 USDC: a lot is 490 AVAX and 441_000 USDC by then, worth 882_000,
and what was deposited would be worth 925_000. `worth` counts what an actor holds, at the true price.
"""

from collections.abc import Callable
from fractions import Fraction

from model import Operation, Parameters
from model.state import BACKSTOP, CONTROLLER, SUSPENDED
from model.token import PLAIN, RETURNS_FALSE
from tests.differential.world import GOVERNOR
from tests.scenarios.scenario import Story
from tests.scenarios.stories import (
    ABC, ANY_PRICE, AVAX, CALM, DLQ, LOT_UNITS, MINIMUM_UNITS, NO_FEES, USDC, activate, add, ask_and_leave, create,
    create_dlq_pool, fill_reserve, give, nothing_due, open_pool, price_rises, received, request, stake, swap, withdraw,
)  # fmt: skip

HONEST = 925_000 * USDC
"""What a lot is worth at 900 USDC when its loss is made good."""


def tried(name: str, title: str, reproduces: str, rules: str) -> Story:
    return Story(f"attack-{name}", title, [f"attack on a relative: {reproduces}"], rules.split())


def worth(story: Story, actor: str, price: Fraction = Fraction(900 * USDC, AVAX)) -> Fraction:
    """What an actor holds of AVAX and USDC, in USDC."""
    base, quote = (story.state.tokens[token].balances.get(actor, 0) for token in ("AVAX", "USDC"))
    return base * price + quote


def holds(story: Story, actor: str, avax: str, usdc: str, why: str) -> None:
    story.check(f"state.tokens.AVAX.balances.{actor}", avax, why)
    story.check(f"state.tokens.USDC.balances.{actor}", usdc, why)


def trade(story: Story, actor: str, token_in: str, amount: int, out: str, why: str) -> None:
    """A swap by an actor who has allowed the pool to take what it takes."""
    story.call(actor, token_in, "token.approve", spender="pool-0", amount=amount)
    limits = {"min_amount_out": 0, "recipient": actor, "deadline": story.now}
    story.call(actor, "pool-0", "pool.swap", token_in=token_in, amount_in=amount, **limits)
    story.check("outcome.value", out, why)


# -- the price -------------------------------------------------------------------------------------------------------


def price_moved() -> Story:
    story = tried(
        "price-moved-before-the-claim",
        "A borrowed 441_000 USDC moves the spot price from 900 to 1_736 before the claim: at spot the loss would be 278_928 USDC "
        "instead of "
        "43_000, at the lagging price there is none, and the attacker ends with 735_000 where an honest provider has 925_000",
        "Vader (2021), whose protection was worked out from the pool's amounts at the moment of the claim and paid in its own token",
        "R4 R15.2 L8",
    )
    open_pool(story, "provider-1", "provider-3", **CALM)
    fill_reserve(story, USDC=100_000 * USDC)
    price_rises(story, 3)
    story.day(99)
    for provider in ("provider-1", "provider-3"):
        request(story, provider, LOT_UNITS)
    story.day(100)
    withdraw(story)
    story.check("outcome.events.Compensated.paid_quote", "42999999999", "the honest one: the Reserve has no AVAX, and pays in USDC")
    assert worth(story, "provider-1") == HONEST - 1

    story.call(GOVERNOR, "USDC", "token.transfer", to="provider-3", amount=441_000 * USDC)
    trade(story, "provider-3", "USDC", 441_000 * USDC, "980*AVAX*2//9", "half of the USDC there is, for 2/9 of the AVAX")
    withdraw(story, "provider-3")
    nothing_due(story, "at 900 the share is worth more than what was deposited: the attacker's own fee is in it")
    left = "(980*AVAX - 980*AVAX*2//9)"
    received(story, f"{left}//2", "1323000*USDC//2", "half of the pool")
    assert 810 * Fraction(1_323_000, 980 * 7) * 9 + 196_000 - 1_323_000 > 278_928, "the coverage at the spot price"

    trade(story, "provider-3", "AVAX", 980 * AVAX * 7 // 36, "661500*USDC*2//9 - 1", "and the price is 900 again, but for what was rounded")
    story.call("provider-3", "USDC", "token.transfer", to=GOVERNOR, amount=441_000 * USDC)
    avax = f"980*AVAX*2//9 + {left}//2 - 980*AVAX*7//36"
    holds(story, "provider-3", avax, "661500*USDC - 294000*USDC - 1", "the loan paid back")
    assert worth(story, "provider-3") < 735_000 * USDC < worth(story, "provider-1")
    return story


def donation() -> Story:
    story = tried(
        "donation",
        "A donation of 441_000 USDC moves the price without a fee, from 900 to 1_350: it pays for the loss, and the claim is gone",
        "donations that move what a position is measured by, as at Euler (March 2023), where donors broke their own account and gained",
        "R3 R15.2 L8",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, USDC=100_000 * USDC)
    price_rises(story, 2)
    story.day(99)
    request(story, "provider-1", LOT_UNITS)
    story.day(100)
    give(story, "provider-1", "pool-0", USDC=441_000 * USDC)
    story.call("provider-1", "pool-0", "pool.donate", base=0, quote=441_000 * USDC)
    withdraw(story)
    nothing_due(story, "at 900: held 925_000, redeemed 441_000 + 661_500")
    received(story, "490*AVAX", "1323000*USDC//2", "half of what was donated has come back")
    story.check("state.reserve.held.USDC", "100000*USDC", "the Reserve gave nothing")
    assert worth(story, "provider-1") - 441_000 * USDC == 661_500 * USDC < HONEST
    return story


def pool_mispriced() -> Story:
    story = tried(
        "own-token-and-a-mispriced-pending-pool",
        "Nobody but the governor lists a token; a pool priced ten times too low while it is pending does not become active, and "
        "deposits made "
        "at that price are no claim when it does",
        "Vader (2021), where borrowed funds were enough to have a token of one's own listed; THORChain issue 1170 (November 2021): a staged pool with a "
        "deliberately low price, and protection for the deposits made at it",
        "R1 R10 R21",
    )
    listing = {"base": "ABC", "quote": "USDC", "parameters": Parameters(**CALM)}
    story.fails("ownable: caller is not the owner", "provider-1", CONTROLLER, "controller.create_pool", **listing)
    create(story, "AVAX", "USDC", **CALM)
    give(story, "provider-1", "pool-0", AVAX=8_100 * AVAX, USDC=196_000 * USDC)
    add(story, "provider-1", 8_100 * AVAX, 196_000 * USDC)
    story.says("state.pools.pool-0.positions.provider-1.principal_base", None, "no principal at 24.2 USDC, a tenth of the true price")
    true = 196_000 * USDC * 2**112 // (810 * AVAX)
    bounds = {"status": 1, "min_price": true * 99 // 100, "max_price": true * 101 // 100}
    story.fails("pool: price out of bounds", GOVERNOR, CONTROLLER, "controller.set_status", pool="pool-0", **bounds)
    # Whoever sees the price adds the USDC that is missing: 1_764_000 for 9/11 as many units as there are.
    give(story, "provider-2", "pool-0", USDC=1_764_000 * USDC)
    add(story, "provider-2", 0, 1_764_000 * USDC)
    story.call(GOVERNOR, CONTROLLER, "controller.set_status", pool="pool-0", **bounds)
    story.call("provider-1", "pool-0", "pool.begin_protection")
    units = story.state.pools["pool-0"].positions["provider-1"].units
    total = story.state.pools["pool-0"].total_units
    assert (units + MINIMUM_UNITS) * 20 // total == 11
    share = f"1960000*USDC*{units}//{total}"
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", share, "11 parts of 20: what the share is at the true price")
    ask_and_leave(story, 101, units)
    nothing_due(story, "the price is what it was when protection began")
    story.check("outcome.value.0", f"8100*AVAX*{units}//{total}", "the share alone")
    story.check("outcome.value.1", share, "the share alone")
    return story


def topped_up() -> Story:
    story = tried(
        "loss-farmed-by-topping-up-one-sided",
        "A lot of 99 days with a loss of 43_000 USDC is topped up with 2_646_000 USDC alone, which moves the price fourfold: at spot "
        "there is a "
        "loss of 1_568_500, but it counts at the lagging price and from a clock that starts again, and 2.5 USDC are owed",
        "Vader (2021), whose audit found that deposits of one asset put the pool out of balance and have the loss made good",
        "R6 R7 R8 R15",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=1_000 * AVAX)
    price_rises(story, 2)
    story.day(99)
    give(story, "provider-1", "pool-0", USDC=2_646_000 * USDC)
    add(story, "provider-1", 0, 2_646_000 * USDC)
    # q = 3*Q: units U*3/5, a share of 3/8; re-balanced at 900, 3/4 of 980 AVAX and of 882_000 USDC.
    story.check("state.pools.pool-0.positions.provider-1.principal_base", "810*AVAX + 735*AVAX", "of both deposits")
    story.check("state.pools.pool-0.positions.provider-1.principal_quote", "196000*USDC + 661500*USDC", "of both deposits")
    story.check("state.pools.pool-0.positions.provider-1.clock", "START + 99*DAY", "and all of it is new")
    units = LOT_UNITS + 2 * LOT_UNITS * 3 // 5
    story.fails("pool: locked up", "provider-1", "pool-0", "pool.exit", units=units, min_base=0, min_quote=0)
    request(story, "provider-1", units)
    story.day(100)
    withdraw(story)
    # 11/16 of 980 AVAX and 3_528_000 USDC. At 3_600: held 6_419_500, redeemed 4_851_000. The oracle has come to 1_800: held 3_638_500,
    # redeemed 3_638_250.
    story.check("outcome.events.Withdrawn.base", "980*AVAX*11//16", "673.75 AVAX")
    story.check("outcome.events.Withdrawn.quote", "3528000*USDC*11//16", "2_425_500 USDC")
    story.check("outcome.events.Compensated.age", "DAY", "since the top-up")
    story.check("outcome.events.Compensated.coverage", "250*USDC - 1", "at 1_800, which is rounded down")
    story.check("outcome.events.Compensated.paid", "(1545*AVAX - 980*AVAX*11//16)//100", "1 % of the 871.25 AVAX that are missing")
    story.check("outcome.events.Compensated.taken", "(2425500*USDC - 857500*USDC)//100", "for 1 % of the 1_568_000 USDC gained")
    # At 900, the true price: 7_841.25 for 15_680.
    assert worth(story, "provider-1") < (Fraction(980 * 900 * 11, 16) + Fraction(3_528_000 * 11, 16)) * USDC
    return story


# -- leaving and joining ----------------------------------------------------------------------------------------------


def stake_withdrawn() -> Story:
    story = tried(
        "stake-withdrawn-ahead-of-a-slash",
        "One staker asks to leave as the run is requested, another has asked a week before: neither leaves before the slash, and both pay",
        "Celo issue 2887 (February 2020): who sees a slash coming begins to withdraw, and what is being withdrawn cannot be slashed",
        "R13 R18 R19",
    )
    open_pool(story, "provider-1", **NO_FEES)
    create_dlq_pool(story)
    stake(story, "staker-1", 40_000 * DLQ)
    stake(story, "staker-2", 20_000 * DLQ)
    price_rises(story, 2)
    story.day(92)
    story.call("staker-2", BACKSTOP, "backstop.request_unstake", pool="pool-0", shares=20_000 * DLQ)
    story.day(99, 60)
    request(story, "provider-1", LOT_UNITS)
    story.day(99, 61)
    story.fails("backstop: pool in bailout", "staker-2", BACKSTOP, "backstop.unstake", pool="pool-0")
    story.call("staker-1", BACKSTOP, "backstop.request_unstake", pool="pool-0", shares=40_000 * DLQ)
    story.day(100)
    story.fails("backstop: not ready", "staker-1", BACKSTOP, "backstop.unstake", pool="pool-0")
    story.fails("backstop: pool in bailout", "staker-2", BACKSTOP, "backstop.unstake", pool="pool-0")
    withdraw(story, max_shortfall=28_000 * USDC)
    slashed = "60000*DLQ*12600000000000000//(25200000000000000 - 1000)"
    story.check("outcome.value.2", slashed, "the Reserve has nothing: half of the stake, and a little for the locked units")
    story.check("state.backstop.stakes.pool-0.total_stake", f"60000*DLQ - {slashed}", "what is left of all of it, requested or not")
    story.day(101)
    story.call("staker-2", BACKSTOP, "backstop.unstake", pool="pool-0")
    story.check("outcome.value", f"20000*DLQ*(60000*DLQ - {slashed})//(60000*DLQ)", "a third of it: half is gone")
    return story


def first_depositor() -> Story:
    story = tried(
        "first-depositors-share-inflation",
        "The first to deposit has one unit, and donates 1_000 AVAX and 242_000 USDC to make it dear: nearly all of that falls to the "
        "locked "
        "units, and the second loses less than a thousandth, or nothing with a minimum",
        "vaults whose first depositor makes a share so dear that the next deposit rounds down to none",
        "R3 R5",
    )
    create(story, "AVAX", "USDC", **CALM)
    give(story, "provider-1", "pool-0", AVAX=1_000 * AVAX + 1_001, USDC=242_000 * USDC + 1_001)
    add(story, "provider-1", 1_001, 1_001)
    story.check("state.pools.pool-0.positions.provider-1.units", "1001 - 1000", "isqrt(1_001*1_001), less what is locked for ever")
    story.call("provider-1", "pool-0", "pool.donate", base=1_000 * AVAX, quote=242_000 * USDC)
    give(story, "provider-2", "pool-0", AVAX=500 * AVAX, USDC=121_000 * USDC)
    adding = {"base": 500 * AVAX, "quote": 121_000 * USDC, "deadline": story.now}
    story.fails("pool: units below minimum", "provider-2", "pool-0", "pool.add", **adding, min_units=501)
    story.call("provider-2", "pool-0", "pool.add", **adding, min_units=500)
    story.check("outcome.value", "1001*3//6", "U*(1/2 + 1/2 + 1/2)/(1/2 + 1/2 + 2), rounded down")
    story.day(1)
    story.call("provider-1", "pool-0", "pool.exit", units=1, min_base=0, min_quote=0)
    story.check("outcome.value.0", "(1500*AVAX + 1001)//1501", "one unit of 1_501: not one AVAX of the thousand that were donated")
    story.check("outcome.value.1", "(363000*USDC + 1001)//1501", "and 241.8 USDC of 242_000")
    story.call("provider-2", "pool-0", "pool.exit", units=500, min_base=0, min_quote=0)
    back = "(1500*AVAX + 1001 - (1500*AVAX + 1001)//1501)*500//1500"
    story.check("outcome.value.0", back, "499.667 of 500 AVAX: less than a thousandth is lost")
    assert worth(story, "provider-1", Fraction(242 * USDC, AVAX)) < 500 * USDC
    return story


def just_in_time() -> Story:
    story = tried(
        "just-in-time-deposit-that-hides-a-run",
        "A deposit as large as the run keeps the next day calm, and the run draws all of the Reserve instead of half; but the deposit "
        "cannot leave "
        "with it, and counts as a run itself when it does",
        "just-in-time liquidity, which comes for one block and leaves in the same",
        "R11 R13 R16",
    )
    open_pool(story, "provider-1", **NO_FEES)
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    story.day(99)
    request(story, "provider-1", LOT_UNITS)
    give(story, "provider-3", "pool-0", AVAX=490 * AVAX, USDC=441_000 * USDC)
    add(story, "provider-3", 490 * AVAX, 441_000 * USDC)
    story.check("state.pools.pool-0.books.added", str(LOT_UNITS), "as many units as have been asked for")
    story.fails("pool: locked up", "provider-3", "pool-0", "pool.exit", units=LOT_UNITS, min_base=0, min_quote=0)
    story.day(100)
    withdraw(story)
    story.says("outcome.events.EpochOpened.bailout", False, "requested less added is nothing")
    story.check("outcome.events.Compensated.paid", "320*AVAX", "first come, first served: in bailout it would have been a third of 320")
    received(story, "810*AVAX", "196000*USDC", "what a full Reserve would pay, and no more")
    story.call("provider-3", "pool-0", "pool.exit", units=LOT_UNITS, min_base=0, min_quote=0)
    story.check("outcome.value.0", "490*AVAX", "the accomplice leaves after a day at the market's risk")
    story.check("state.pools.pool-0.books.exited", str(LOT_UNITS), "which counts")
    story.day(101)
    request(story, "provider-2", LOT_UNITS // 2)
    story.says("outcome.events.EpochOpened.bailout", True, "so that this day is a bailout")
    return story


def small_claims() -> Story:
    story = tried(
        "many-small-claims",
        "One lot is withdrawn whole and another in four parts on four days: the parts come to three base units of AVAX less",
        "claims and trades cut into slices, so that each stays below what a limit or a slip notices",
        "R8 R15.1 L6",
    )
    open_pool(story, "provider-1", "provider-3", **CALM)
    fill_reserve(story, AVAX=640 * AVAX)
    price_rises(story, 3)
    ask_and_leave(story, 102)
    holds(story, "provider-1", "810*AVAX", "196000*USDC", "the whole")
    part = LOT_UNITS // 7
    for place, units in enumerate((part, 2 * part, 3 * part, LOT_UNITS - 6 * part)):
        ask_and_leave(story, 104 + place, units, "provider-3")
    holds(story, "provider-3", "810*AVAX - 3", "196000*USDC", "the parts: each is rounded down")
    assert worth(story, "provider-3") < worth(story, "provider-1")
    return story


def run_on_the_reserve() -> Story:
    story = tried(
        "run-on-the-reserve",
        "Everybody leaves on one day after a crash: each of three gets the same of a Reserve and a stake that are not enough, and no "
        "DLQ is made "
        "to pay the rest",
        "Bancor (June 2022), which paid for losses with new BNT, whose price fell as it was sold, until protection was paused",
        "R13 R16 R18 R21 L7",
    )
    open_pool(story, "provider-1", "provider-3", **NO_FEES)
    create_dlq_pool(story)
    stake(story, "staker-1", 6_000 * DLQ)
    fill_reserve(story, USDC=51_450 * USDC)
    story.day(2)
    story.call("provider-2", "pool-0", "pool.begin_protection")
    # Per lot 3_240 AVAX and 110_250 USDC in the end: 85_750 USDC are missing, and the loss is 3_062.5.
    story.day(10)
    swap(story, "AVAX", 2_430 * AVAX, 147_000 * USDC)
    story.day(11)
    swap(story, "AVAX", 4_860 * AVAX, 110_250 * USDC)
    story.day(102)
    for provider in ("provider-1", "provider-3"):
        request(story, provider, LOT_UNITS)
    request(story, "provider-2", LOT_UNITS - MINIMUM_UNITS)
    story.day(103)
    story.call("provider-1", "pool-0", "pool.withdraw", min_base=0, min_quote=0, max_shortfall=10**10)
    story.check("outcome.events.Compensated.paid", "51450*USDC*12600000000000000//(37800000000000000 - 1000)", "a third, and a little")
    story.check("outcome.value.3", "1449999999", "3_062.5, less a fifth paid in kind, less 1_000 in DLQ at half a USDC")
    story.call("provider-3", "pool-0", "pool.withdraw", min_base=0, min_quote=0, max_shortfall=10**10)
    story.check("outcome.events.Compensated.paid", "17150*USDC", "the same")
    story.check("outcome.value.3", "1449999999", "the same")
    story.call("provider-2", "pool-0", "pool.withdraw", min_base=0, min_quote=0, max_shortfall=10**10)
    story.check("outcome.events.Compensated.paid", "17150*USDC", "all that is left, for the last: the same")
    story.check("outcome.value.3", "1450000000", "the same, and a base unit that was rounded away")
    story.says("state.reserve.held.USDC", None, "the Reserve has given all its USDC")
    supply = sum(story.state.tokens["DLQ"].balances.values())
    assert supply == sum(value for value in story.head["start"]["tokens"]["DLQ"]["balances"].values())
    return story


def swept() -> Story:
    story = tried(
        "surplus-swept-at-a-chosen-moment",
        "A second stake as large as the first arrives just before the sweep, and takes half of the stakers' 12 AVAX; it cannot leave "
        "for a week, "
        "and pays half of the next slash",
        "reward farming around a distribution whose moment anybody can choose",
        "R14 R19 R20",
    )
    open_pool(story, "provider-1", **NO_FEES, staker_share_bps=10_000)
    create_dlq_pool(story)
    stake(story, "staker-1", 6_000 * DLQ)
    price_rises(story, 2)
    story.day(97)
    story.call(GOVERNOR, "AVAX", "token.transfer", to="pool-0", amount=12 * AVAX)
    stake(story, "staker-2", 6_000 * DLQ)
    story.call("staker-2", "pool-0", "pool.sweep")
    story.call("staker-2", BACKSTOP, "backstop.claim", pool="pool-0", token="AVAX")
    story.check("outcome.value", "6000*DLQ*(12*AVAX*Q112//(12000*DLQ))//Q112", "half of 12, worth 5_400 USDC")
    story.call("staker-2", BACKSTOP, "backstop.request_unstake", pool="pool-0", shares=6_000 * DLQ)
    story.check("state.backstop.accounts.pool-0.staker-2.ready_at", "START + 97*DAY + 7*DAY", "a week at risk")
    ask_and_leave(story, 100, max_shortfall=41_000 * USDC)
    slashed = "12000*DLQ*12600000000000000//(25200000000000000 - 1000)"
    story.check("outcome.value.2", slashed, "half of the stake")
    story.day(104)
    story.call("staker-2", BACKSTOP, "backstop.unstake", pool="pool-0")
    story.check("outcome.value", f"6000*DLQ*(12000*DLQ - {slashed})//(12000*DLQ)", "3_000 DLQ less than was staked, worth 1_500 USDC")
    return story


# -- rounding and tokens ------------------------------------------------------------------------------------------------


def dust() -> Story:
    story = tried(
        "dust-reserves-and-rounding",
        "A pool of nine base units is traded back and forth: an output is rounded down, one that rounds to nothing is refused, and each "
        "round "
        "leaves the pool richer",
        "Balancer V2 (November 2025): balances brought to a few base units, and amounts to pay rounded down over many small swaps",
        "R2 R5 L2 L6",
    )
    create(story, "AVAX", "USDC", **CALM)
    give(story, "provider-1", "pool-0", AVAX=9, USDC=111_334_000)
    add(story, "provider-1", 9, 111_334_000)
    activate(story)
    give(story, "trader", "pool-0", AVAX=3, USDC=60_000_000)
    before = worth(story, "trader", Fraction(111_334_000, 9))
    base, quote = 9, 111_334_000

    def sell_and_buy() -> None:
        nonlocal base, quote
        limits = {"min_amount_out": 0, "recipient": "trader", "deadline": story.now}
        story.call("trader", "pool-0", "pool.swap", token_in="AVAX", amount_in=1, **limits)
        story.check("outcome.value", f"{base}*{quote}//{base + 1}**2", "rounded down")
        sold = base * quote // (base + 1) ** 2
        base, quote = base + 1, quote - sold
        story.fails("pool: zero output", "trader", "pool-0", "pool.swap", token_in="USDC", amount_in=sold, **limits)
        enough = next(amount for amount in range(sold, quote, 1_000) if amount * quote * base // (amount + quote) ** 2)
        story.call("trader", "pool-0", "pool.swap", token_in="USDC", amount_in=enough, **limits)
        story.check("outcome.value", f"{enough}*{quote}*{base}//({enough} + {quote})**2", "one unit back, for more than it was sold for")
        base, quote = base - 1, quote + enough

    for _ in range(3):
        sell_and_buy()
    story.check("state.pools.pool-0.reserve_base", "9", "as many as at first")
    story.check("state.pools.pool-0.reserve_quote", str(quote), "and more of these")
    assert quote > 111_334_000
    assert worth(story, "trader", Fraction(111_334_000, 9)) < before
    return story


def hooks() -> Story:
    story = tried(
        "re-entry-through-a-tokens-hook",
        "AVAX calls back in the middle of its transfers: the pool refuses a swap, an exit and even to tell its state half-way through a "
        "withdrawal, and the withdrawal pays as if nobody had called",
        "pools that were entered again, or read half-way, from a token's transfer hook",
        "R22",
    )
    open_pool(story, "provider-1", **CALM)
    fill_reserve(story, AVAX=320 * AVAX)
    price_rises(story, 2)
    story.day(97)
    swapping = {"token_in": "AVAX", "amount_in": 1, "min_amount_out": 0, "recipient": "outsider", "deadline": 2**32}
    exiting = {"units": 4, "min_base": 0, "min_quote": 0}
    part = LOT_UNITS // 4
    for place, (name, arguments) in enumerate((("pool.swap", swapping), ("pool.exit", exiting), ("pool.state", {}))):
        story.day(97 + place)
        request(story, "provider-1", part)
        story.day(98 + place)
        calls = Operation(name, "pool-0", "AVAX", arguments)
        story.call("outsider", "AVAX", "token.arm", calls=calls, before=place == 0, bubbles=False)
        withdraw(story)
        story.says("outcome.events.CalledBack.function", name, "what was tried")
        story.says("outcome.events.CalledBack.succeeded", False, "the pool is inside a call")
    story.check("state.pools.pool-0.positions.provider-1.units", f"{LOT_UNITS} - 3*{part}", "three quarters have left")
    story.check("outcome.value.0", "810*AVAX//4", "the last of them whole")
    story.check("outcome.value.1", "196000*USDC//4", "the last of them whole")
    return story


def reverting() -> Story:
    story = tried(
        "backing-that-reverts",
        "In a bailout the surpluses of all pools are drawn first; a token of another pool refuses its transfers, and so no protected "
        "withdrawal "
        "works. Whoever will not wait leaves unprotected; the governor suspends that pool, and protection works again",
        "payouts that hang on one call which may fail, so that nobody can leave",
        "R14 R16.0 R17 L13",
    )
    open_pool(story, "provider-1", **NO_FEES)
    create(story, "ABC", "AVAX", **NO_FEES)
    give(story, "provider-2", "pool-1", ABC=1_000 * ABC, AVAX=900 * AVAX)
    add(story, "provider-2", 1_000 * ABC, 900 * AVAX, "pool-1")
    activate(story, "pool-1")
    fill_reserve(story, AVAX=640 * AVAX)
    price_rises(story, 2)
    story.day(99)
    story.call(GOVERNOR, "ABC", "token.transfer", to="pool-1", amount=ABC)
    story.call("outsider", "ABC", "token.set_behaviour", behaviour=RETURNS_FALSE)
    request(story, "provider-1", LOT_UNITS)
    story.day(100)
    leaving = {"min_base": 0, "min_quote": 0, "max_shortfall": 0}
    story.fails("token_moves: transfer refused", "provider-1", "pool-0", "pool.withdraw", **leaving)
    story.call("provider-2", "pool-0", "pool.exit", units=LOT_UNITS // 2, min_base=0, min_quote=0)
    story.check("outcome.value.0", "490*AVAX//2", "an exit asks nobody: AVAX")
    story.check("outcome.value.1", "441000*USDC//2", "an exit asks nobody: USDC")
    story.call(GOVERNOR, CONTROLLER, "controller.set_status", pool="pool-1", status=SUSPENDED, **ANY_PRICE)
    withdraw(story)
    received(story, "810*AVAX", "196000*USDC", "the deposit")
    story.call("outsider", "ABC", "token.set_behaviour", behaviour=PLAIN)
    return story


ATTACKS: tuple[Callable[[], Story], ...] = (
    price_moved, donation, pool_mispriced, topped_up, stake_withdrawn, first_depositor, just_in_time, small_claims, run_on_the_reserve,
    swept, dust, hooks, reverting,
)  # fmt: skip
