"""A withdrawal: what went in, what came out, and who paid."""

from dataclasses import dataclass

from demo.stage import DAY, Stage
from model import Event
from model.fixed_point import UINT256_MAX


@dataclass(frozen=True)
class Departure:
    """One withdrawal: what went in, what came out, and where that came from; amounts in base units, by token."""

    provider: str
    part: str
    put_in: dict[str, int]
    of_pool: dict[str, int]
    in_kind: dict[str, int]  # from the Reserve; what it took in exchange is negative
    in_quote: int
    of_stakers: int
    shortfall: int
    coverage: int
    owed: int
    days: int
    bailout: bool
    received: dict[str, int]  # as the provider's own balances have it
    swept: dict[str, int]  # of surpluses, into the Reserve, on the way
    price: float
    dlq_price: float


def withdraw(stage: Stage, provider: str, pool: str, part: str, now: int) -> Departure:
    """Execute a request, a whole number of days after the clock began if that is about now."""
    base, quote = pool.split("/")
    units, principal_base, principal_quote, clock, _ = stage.read(pool, "position", provider)
    leaving = stage.read(pool, "request", provider)[1]
    before = {token: stage.read(token, "balanceOf", provider) for token in (base, quote, "DLQ")}
    price, dlq_price = stage.price(pool), stage.price("DLQ/USDC")
    days = round((now - clock) / DAY)
    stage.at(clock + days * DAY)
    events = stage.send(provider, pool, "withdraw", 0, 0, UINT256_MAX)
    received = {token: stage.read(token, "balanceOf", provider) - amount for token, amount in before.items()}
    withdrawn = _arguments(events, "Withdrawn")
    paid = _arguments(events, "Compensated")
    names = {address: symbol for symbol, address in stage.tokens.items()}
    in_kind = {base: 0, quote: 0}
    if paid:
        deficit = names[paid["deficit_token"]]
        in_kind[deficit] += paid["paid"]
        in_kind[quote if deficit == base else base] -= paid["taken"]
    step_0 = events[: [event.name for event in events].index("Withdrawn")]
    swept: dict[str, int] = {}
    for event in step_0:
        if event.name == "Absorbed":
            token = names[event.arguments["token"]]
            swept[token] = swept.get(token, 0) + event.arguments["amount"]
    departure = Departure(
        provider, part, {base: principal_base * leaving // units, quote: principal_quote * leaving // units},
        {base: withdrawn["base"], quote: withdrawn["quote"]}, in_kind, paid.get("paid_quote", 0), paid.get("slashed", 0),
        paid.get("shortfall", 0), paid.get("coverage", 0), paid.get("owed", 0), days, paid.get("bailout", False), received, swept,
        price, dlq_price,
    )  # fmt: skip
    _check(departure, base, quote)
    return departure


def _arguments(events: list[Event], name: str) -> dict:
    return next((event.arguments for event in events if event.name == name), {})


def _check(departure: Departure, base: str, quote: str) -> None:
    """What the events say is what the provider's balances say."""
    told = {
        base: departure.of_pool[base] + departure.in_kind[base],
        quote: departure.of_pool[quote] + departure.in_kind[quote] + departure.in_quote,
        "DLQ": departure.of_stakers,
    }
    if told != departure.received:
        raise RuntimeError(f"{departure.provider} has received {departure.received}, and the events say {told}")
