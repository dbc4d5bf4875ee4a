"""Counterexamples for which a law is stated with a bound (docs/protocol.md, section 8): what would be said without it is not so."""

from collections.abc import Callable
from fractions import Fraction

from tests.differential.world import DAY, UNLIMITED
from tests.scenarios.scenario import Story
from tests.scenarios.stories import (
    AVAX, CALM, LOT, NO_FEES, USDC, activate, add, add_lot, create, fill_reserve, give, request, withdraw,
)  # fmt: skip

TWINS = {"pool-0": ("AVAX", "USDC"), "pool-1": ("PQR", "ABC")}
"""Two pools in which the same is done with as many base units: their tokens, and so what the Reserve has for them, are their own."""


def shown(name: str, title: str, rules: str) -> Story:
    return Story(f"bound-{name}", title, [], rules.split())


def swap_in(story: Story, pool: str, token_in: str, amount: int, worked: str, why: str) -> int:
    give(story, "trader", pool, **{token_in: amount})
    limits = {"min_amount_out": 0, "recipient": "trader", "deadline": story.now}
    story.call("trader", pool, "pool.swap", token_in=token_in, amount_in=amount, **limits)
    story.check("outcome.value", worked, why)
    return story.steps[-1]["outcome"]["value"]


def open_twin(story: Story, pool: str, base: int, quote: int, provider_base: int, provider_quote: int, **parameters: int) -> None:
    """A founder's add on one day, the provider's on the next."""
    tokens = TWINS[pool]
    create(story, *tokens, **NO_FEES, **parameters)
    for provider, amounts in (("provider-2", (base, quote)), ("provider-1", (provider_base, provider_quote))):
        give(story, provider, pool, **dict(zip(tokens, amounts)))
        add(story, provider, *amounts, pool)
        if provider == "provider-2":
            activate(story, pool)


def oracle_follows(story: Story, pool: str, day: int, touches: int) -> None:
    """A request made and cancelled moves nothing but time; the oracle at most doubles at a touch."""
    for touch in range(touches):
        story.day(day + touch)
        story.call("provider-2", pool, "pool.request_withdrawal", units=1 - touch % 2)


# -- L6 --------------------------------------------------------------------------------------------------------------


def in_parts() -> Story:
    story = shown(
        "l6-two-parts-pay-three-base-units-more",
        "Two equal claims on a Reserve without base: the one that leaves in two parts is paid 3 base units of quote more, since what "
        "the first part "
        "rounds stays in the pool, raises the price, and with it the worth of 3.2 thousand million base units that are missing",
        "R15.2 R16.2 L6",
    )
    for pool in TWINS:
        open_twin(story, pool, 4_000_000_000, 418, 3_735_600_000, 390, bailout_threshold_bps=10_000, full_protection_seconds=DAY)
    for pool, (_, quote) in TWINS.items():
        reserves = [4_000_000_000 + 3_735_600_000, 418 + 390]
        for _ in range(7):
            worked = f"{reserves[1]}*{reserves[1]}*{reserves[0]}//({2 * reserves[1]})**2"
            reserves[0] -= swap_in(story, pool, quote, reserves[1], worked, "all the quote there is again, for a quarter of the base")
            reserves[1] *= 2
    for pool in TWINS:
        oracle_follows(story, pool, 1 if pool == "pool-0" else 20, 12)
    for token in ("USDC", "ABC"):
        fill_reserve(story, **{token: 10**9})
    units = story.state.pools["pool-0"].positions["provider-1"].units
    assert units == story.state.pools["pool-1"].positions["provider-1"].units

    def leave(pool: str, day: int, units: int) -> None:
        story.day(day)
        story.call("provider-1", pool, "pool.request_withdrawal", units=units)
        story.day(day + 1)
        story.call("provider-1", pool, "pool.withdraw", min_base=0, min_quote=0, max_shortfall=0)

    leave("pool-0", 40, units)
    whole = story.steps[-1]["outcome"]["value"]
    leave("pool-1", 42, 120)
    leave("pool-1", 44, units - 120)
    story.check("state.tokens.PQR.balances.provider-1", str(whole[0]), "the same base as the whole")
    story.check("state.tokens.ABC.balances.provider-1", f"{whole[1]} + 3", "and 3 base units of quote more: 2 are a base unit a part")
    return story


# -- L7 --------------------------------------------------------------------------------------------------------------


def in_order() -> Story:
    story = shown(
        "l7-leaving-first-pays-more-in-the-dust",
        "Two equal bailouts of two, on a Reserve without base: who leaves before the other nearly empties the pool is paid 0.04 "
        "millionths more "
        "than who leaves after, since there one base unit that was rounded down moves the price",
        "R15.2 R16 L7",
    )
    for pool in TWINS:
        open_twin(story, pool, 60_000_000_000, 3 * 10**15, 0, 8_700_000_000_000, bailout_threshold_bps=1, full_protection_seconds=DAY)
    for pool, (_, quote) in TWINS.items():
        reserves = [60_000_000_000, 3 * 10**15 + 8_700_000_000_000]
        for _ in range(5):
            worked = f"{reserves[1]}*{reserves[1]}*{reserves[0]}//({2 * reserves[1]})**2"
            reserves[0] -= swap_in(story, pool, quote, reserves[1], worked, "all the quote there is again, for a quarter of the base")
            reserves[1] *= 2
    for pool in TWINS:
        oracle_follows(story, pool, 1 if pool == "pool-0" else 20, 12)
    for token in ("USDC", "ABC"):
        fill_reserve(story, **{token: 10**19})
    story.day(40)
    paid = {}
    for pool in TWINS:
        for provider in ("provider-1", "provider-2"):
            units = story.state.pools[pool].positions[provider].units
            story.call(provider, pool, "pool.request_withdrawal", units=units)
    story.day(41)
    for pool, order in (("pool-0", ("provider-1", "provider-2")), ("pool-1", ("provider-2", "provider-1"))):
        for provider in order:
            story.call(provider, pool, "pool.withdraw", min_base=0, min_quote=0, max_shortfall=UNLIMITED)
            paid[provider, pool] = story.steps[-1]["outcome"]["value"]
    first, later = paid["provider-1", "pool-0"], paid["provider-1", "pool-1"]
    story.check("outcome.value.0", f"{first[0]} + 1", "a base unit more")
    story.check("outcome.value.1", f"{first[1]} - 27967069", "and four times as much less as that is worth, 6.8 million")
    assert later[3] == first[3] == 0
    return story


# -- L8 --------------------------------------------------------------------------------------------------------------


def inside_the_guard() -> Story:
    story = shown(
        "l8-an-add-at-a-price-moved-within-the-guard",
        "AVAX is sold until the price is 8.9 % lower, which a guard of 10 % allows; a lot is added there, and the AVAX bought back. 100 "
        "days later "
        "the Reserve makes good a loss that no market made: the provider is 259 USDC richer, 0.07 % of what was added",
        "R6 R7 R15 L8",
    )
    create(story, "AVAX", "USDC", **CALM, max_deviation_bps=1_000)
    add_lot(story, "provider-2")
    activate(story)
    fill_reserve(story, AVAX=1_000 * AVAX)
    story.day(1)
    give(story, "provider-1", "pool-0", AVAX=1_000 * AVAX, USDC=300_000 * USDC)
    true = Fraction(LOT["USDC"], LOT["AVAX"])

    def worth() -> Fraction:
        base, quote = (story.state.tokens[token].balances.get("provider-1", 0) for token in ("AVAX", "USDC"))
        return base * true + quote

    def trade(token_in: str, amount: int) -> None:
        pool = story.state.pools["pool-0"]
        x, y = (pool.reserve_base, pool.reserve_quote) if token_in == "AVAX" else (pool.reserve_quote, pool.reserve_base)
        limits = {"min_amount_out": 0, "recipient": "provider-1", "deadline": story.now}
        story.call("provider-1", "pool-0", "pool.swap", token_in=token_in, amount_in=amount, **limits)
        story.check("outcome.value", f"{amount}*{x}*{y}//({amount} + {x})**2", "a slice")

    before = worth()
    for _ in range(8):
        trade("AVAX", 4_860 * AVAX // 1_000)
    pool = story.state.pools["pool-0"]
    assert 0.90 < Fraction(pool.reserve_quote, pool.reserve_base) / true < 0.92
    base, quote = pool.reserve_base * 95 // 100, pool.reserve_quote * 95 // 100
    add(story, "provider-1", base, quote)
    for _ in range(9):
        trade("USDC", 1_945 * USDC)
    pool = story.state.pools["pool-0"]
    assert 0.999 < Fraction(pool.reserve_quote, pool.reserve_base) / true < 1.001
    units = story.state.pools["pool-0"].positions["provider-1"].units
    story.day(100)
    request(story, "provider-1", units)
    story.day(101)
    withdraw(story)
    left = next(event["arguments"] for event in story.steps[-1]["outcome"]["events"] if event["name"] == "Withdrawn")
    principal_base, principal_quote = 806435999998717227532, 177720587423
    story.check("outcome.events.Compensated.paid", f"{principal_base} - {left['base']}", "what of the principal's AVAX is missing")
    story.check("outcome.events.Compensated.taken", f"{left['quote']} - {principal_quote}", "for what was gained of USDC")
    price = story.state.pools["pool-0"].oracle
    held = f"{principal_base}*{price}//Q112 + {principal_quote}"
    redeemed = f"-(-{left['base']}*{price}//Q112) + {left['quote']}"
    story.check("outcome.events.Compensated.owed", f"({held}) - ({redeemed})", "361 USDC of loss that no market made; the slices had cost 102")
    # The guard is 10 %: never more than (0.9**-0.5 + 0.9**0.5)/2 - 1 = 0.139 % of what was added.
    assert 259 * USDC < worth() - before < (base * true + quote) * Fraction(139, 100_000)
    return story


# -- L10 -------------------------------------------------------------------------------------------------------------


def after_one_swap() -> Story:
    story = shown(
        "l10-a-swap-leaves-two-base-units-uncovered",
        "One swap pays for its own loss, but what the units redeem for is rounded down: 2 base units of coverage are left",
        "R2 R15.1 R15.2 L10",
    )
    create(story, "AVAX", "USDC", **CALM)
    give(story, "provider-2", "pool-0", AVAX=137_888, USDC=551_552)
    add(story, "provider-2", 137_888, 551_552)
    activate(story)
    give(story, "provider-1", "pool-0", AVAX=118_848, USDC=475_392)
    add(story, "provider-1", 118_848, 475_392)
    fill_reserve(story, AVAX=1_000)
    story.day(1)
    swap_in(story, "pool-0", "USDC", 1_026, "1026*1026944*256736//1027970**2", "for 255 of 256_736")
    story.day(100)
    request(story, "provider-1", 237_696)
    story.day(101)
    withdraw(story)
    story.check("outcome.events.Withdrawn.base", "256481*237696//513472", "118_729.96, rounded down")
    story.check("outcome.events.Withdrawn.quote", "1027970*237696//513472", "475_866.96, rounded down")
    held, redeemed = "(118848*1027970//256481 + 475392)", "(-(-118729*1027970//256481) + 475866)"
    story.check("outcome.events.Compensated.coverage", f"{held} - {redeemed}", "951_732 - 951_730")
    return story


# -- L11 -------------------------------------------------------------------------------------------------------------


def mirrored_guard() -> Story:
    story = shown(
        "l11-the-guards-edge-is-not-mirrored",
        "The same swap and the same add in two pools whose tokens have changed roles: a price 9.6 % lower is inside a guard of 10 %, "
        "its mirror image "
        "is 10.6 % higher, and outside",
        "R6 L11",
    )
    for pool, (base, quote) in {"pool-0": ("AVAX", "USDC"), "pool-1": ("ABC", "PQR")}.items():
        create(story, base, quote, **NO_FEES, max_deviation_bps=1_000)
        give(story, "provider-2", pool, **{base: 1_000_000, quote: 1_000_000})
        add(story, "provider-2", 1_000_000, 1_000_000, pool)
        activate(story, pool)
    story.day(1)
    swap_in(story, "pool-0", "AVAX", 53_000, "53000*1000000*1000000//1053000**2", "base goes in: the price falls")
    swap_in(story, "pool-1", "PQR", 53_000, "53000*1000000*1000000//1053000**2", "quote goes in: the price rises")
    for pool, token in (("pool-0", "AVAX"), ("pool-1", "PQR")):
        give(story, "provider-1", pool, **{token: 1_000})
    story.call("provider-1", "pool-0", "pool.add", base=1_000, quote=0, min_units=0, deadline=story.now)
    story.check("outcome.value", "1000000*1000*952201//(1000*952201 + 2*952201*1053000)", "b*Q/(b*Q + 2*Q*B) of a million units")
    story.fails("pool: price unstable", "provider-1", "pool-1", "pool.add", base=0, quote=1_000, min_units=0, deadline=story.now)
    return story


BOUNDS: tuple[Callable[[], Story], ...] = (in_parts, in_order, inside_the_guard, after_one_swap, mirrored_guard)
