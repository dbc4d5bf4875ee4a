"""Two stories in one system: providers who stay while protection grows, and a run in which those who are left want to leave at once."""

from demo.departure import withdraw
from demo.stage import DAY, Stage
from demo.telling import Teller
from model.fixed_point import UINT256_MAX

POOL = "AVAX/USDC"
OTHER = "ETH/USDC"
PRICES = ((0, 300.0), (49, 600.0), (100, 450.0), (110, 450.0), (112, 120.0), (200, 120.0))  # of AVAX in the market, by day
CRASH = 112
LAST_DAY = 114
STAKE = 200_000  # DLQ
# By day: who puts in how much of each; None for as much as is worth the same.
COMING: dict[int, tuple[str, float, float | None]] = {
    0: ("provider-1", 1_000, 300_000), 1: ("provider-2", 0, 100_000), 2: ("provider-3", 1_000, None), 3: ("provider-4", 1_000, None),
    30: ("provider-2", 10, None),
}  # fmt: skip
# By the day of the withdrawal: who takes out which part, having asked the day before.
LEAVING: dict[int, list[tuple[str, float, str]]] = {
    49: [("provider-1", 0.5, "half")],
    95: [("provider-2", 1, "everything")],
    100: [("provider-1", 1, "the other half")],
    114: [("provider-3", 1, "everything"), ("provider-4", 1, "everything")],
}


def play(stage: Stage, teller: Teller, every: int) -> None:
    """Both stories, day by day; every so many days a line even if nothing else happens."""
    stage.at(stage.begin)
    prepare(stage)
    teller.title("Who stays is made whole")
    for day in range(LAST_DAY + 1):
        morning = stage.begin + day * DAY + 3_600
        stage.at(morning)
        if day == 101:
            teller.title("A run")
        if day in COMING:
            come(stage, teller, day)
        if day == 20:
            stage.send("governor", POOL, "donate", 0, stage.whole("USDC", 500))
            teller.day(day, "the governor donates 500.00 USDC: incentives are the providers', and pay for a loss before anybody else does")
        for provider, part, _ in LEAVING.get(day + 1, []):
            ask(stage, teller, day, provider, part)
        for provider, _, what in LEAVING.get(day, []):
            teller.departure(day, withdraw(stage, provider, POOL, what, morning))
        if day and day % every == 0 and day not in LEAVING:
            tell_positions(stage, teller, day, morning)
        stage.at(morning + DAY // 2)
        market_day(stage, day)
        if day == CRASH:
            teller.day(day, f"AVAX has fallen to {stage.price(POOL):,.2f} USDC, in two days")
    claims = [stage.send("staker", "backstop", "claim", POOL, token) for token in POOL.split("/")]
    earned = [event.arguments["amount"] for events in claims for event in events if event.name == "Claimed"]
    teller.stake(LAST_DAY, stage.whole("DLQ", STAKE), stage.read("backstop", "pool_stake", POOL)[1], earned)


def prepare(stage: Stage) -> None:
    """Tokens for everybody, a Reserve, and stake."""
    stage.give("trader", (POOL, OTHER), AVAX=100_000, ETH=10_000, USDC=50_000_000)
    stage.send("governor", "USDC", "approve", POOL, UINT256_MAX)
    for number in range(1, 5):
        stage.give(f"provider-{number}", (POOL,), AVAX=5_000, USDC=2_000_000)
    stage.give("staker", ("backstop",), DLQ=STAKE)
    for token, amount in (("AVAX", 400), ("USDC", 150_000)):
        stage.send("governor", token, "transfer", "reserve", stage.whole(token, amount))
        stage.send("keeper", "reserve", "absorb", token)
    stage.send("staker", "backstop", "stake", POOL, stage.whole("DLQ", STAKE))


def market_price(day: int) -> float:
    """Between two days of the table as much of the way as has passed, in equal steps of a percentage."""
    for (before, low), (after, high) in zip(PRICES, PRICES[1:]):
        if before <= day <= after:
            return low * (high / low) ** ((day - before) / (after - before))
    raise ValueError(f"no price for day {day}")


def market_day(stage: Stage, day: int) -> None:
    """AVAX goes where the market is, by many small trades when that is far; the other pool is traded to and fro."""
    begins, ends = stage.price(POOL), market_price(day)
    slices = 12 if abs(ends / begins - 1) > 0.1 else 1
    for number in range(1, slices + 1):
        stage.trade_to(POOL, begins * (ends / begins) ** (number / slices))
    token, amount = ("ETH", 2) if day % 2 else ("USDC", 6_000)
    stage.swap(OTHER, token, stage.whole(token, amount))


def come(stage: Stage, teller: Teller, day: int) -> None:
    provider, base, quote = COMING[day]
    quote = base * stage.price(POOL) if quote is None else quote
    there_already = stage.read(POOL, "position", provider)[0] > 0
    stage.add(provider, POOL, base, quote)
    what = f"{base:,.2f} AVAX and {quote:,.2f} USDC" if base else f"{quote:,.2f} USDC alone, protected as if it were both tokens"
    doing = "adds" if there_already else "puts in"
    teller.day(day, f"{provider} {doing} {what}" + (": the days begin again for all of the position" if there_already else ""))


def ask(stage: Stage, teller: Teller, day: int, provider: str, part: float) -> None:
    units = stage.read(POOL, "position", provider)[0]
    asked = int(units * part) if part < 1 else units
    stage.send(provider, POOL, "request_withdrawal", asked)
    share = asked / stage.read(POOL, "state")[3]
    teller.day(day, f"{provider} asks to take out {'half' if part < 1 else 'everything'} tomorrow: {share:.1%} of the pool")


def tell_positions(stage: Stage, teller: Teller, day: int, now: int) -> None:
    """The price, and how the first provider who is still there stands."""
    reserves, units = stage.reserves(POOL), stage.read(POOL, "state")[3]
    for provider in ("provider-1", "provider-3"):
        held, principal_base, principal_quote, clock, _ = stage.read(POOL, "position", provider)
        if held:
            redeemed = [reserve * held // units for reserve in reserves]
            level = min((now - clock) // DAY, 100)
            teller.position(day, stage.price(POOL), provider, level, [principal_base, principal_quote], redeemed)
            return
