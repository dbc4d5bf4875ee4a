"""The tables of docs/search.md, and what a start is in words."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

from tests.search.holding import OFFS, Held, Row
from tests.search.search import PLAIN, SMALLEST, Found, Search
from tests.search.start import Start
from tests.study.tables import Table

PAGE = Path(__file__).parents[2] / "docs" / "search.md"


def percent(part: float) -> str:
    """To four digits."""
    hundredths = 100 * float(part)
    return f"{hundredths:,.0f} %" if abs(hundredths) >= 1_000 else f"{hundredths:.4g} %"


def gain_of(found: Found) -> str:
    """As a part of the pool; what is but rounding, in base units of quote."""
    return percent(found.gain) if abs(found.gain) > SMALLEST else f"{float(found.result.gain):.2g} base units"


TOLD = {
    "min_fee_bps": lambda bps: f"minimum fee {percent(bps / 10_000)}",
    "protocol_fee_bps": lambda bps: f"protocol's part of the fee {percent(bps / 10_000)}",
    "bailout_threshold_bps": lambda bps: f"bailout from {percent(bps / 10_000)} asked for",
    "oracle_window_seconds": lambda seconds: f"oracle window {seconds:,} s",
    "max_deviation_bps": lambda bps: f"guard {percent(bps / 10_000)}",
    "share": lambda part: f"the actor has {percent(part / 10_000)} of the pool" if part else "the actor had no position",
    "base_in": lambda base_in: "base" if base_in else "quote",
    "market_parts": lambda part: f"the market brought in {percent(part / 10_000)} of a reserve" if part else "the price has not moved",
    "top_up": lambda part: f"the actor added {percent(part / 10_000)} of the reserves after the move",
    "age_days": lambda days: f"{days} days old",
    "reserve_base": lambda part: f"Reserve with {percent(part / 10_000)} of the pool's base",
    "reserve_quote": lambda part: f"Reserve with {percent(part / 10_000)} of the pool's quote",
    "stake": lambda part: f"stake of {percent(part / 10_000)} of the pool",
    "dlq_depth": lambda part: f"DLQ priced by a pool of {percent(part / 10_000)} of this one",
    "others_ask": lambda part: f"others ask for {percent(part / 10_000)} of theirs",
}


def start_told(start: Start) -> str:
    """What is not as in the plain start, and always the actor's share."""
    names = [field.name for field in fields(Start) if field.name != "base_in"]
    unusual = [name for name in names if name == "share" or getattr(start, name) != getattr(PLAIN, name)]
    return ", ".join([TOLD[name](getattr(start, name)) for name in unusual])


@dataclass(frozen=True, slots=True)
class Searched:
    """A search that is over, and the best that it found, as plain as it can be."""

    rules: str
    aim: str
    search: Search
    plainest: Found
    seconds_to_profit: float | None


def of_searches(searches: list[Searched]) -> Table:
    table = Table("rules, and what is looked for", "programs tried", "first gain beyond L8", "largest gain", "allowed for what was added")
    for one in searches:
        search, best = one.search, one.search.best
        first = f"at program {search.first_profit:,}" if search.first_profit else "none"
        table.add(f"{one.rules}, {one.aim}", f"{search.programs:,}", first, gain_of(best), percent(best.result.band / best.result.pool))
    return table


def of_sequences(searches: list[Searched]) -> Table:
    table = Table("rules", "where it starts", "what the actor does", "gain, of the pool")
    for one in searches:
        steps = "; ".join([f"{number}. {step}" for number, step in enumerate(one.plainest.program, 1)])
        table.add(one.rules, start_told(one.plainest.start), steps, gain_of(one.plainest))
    return table


def of_holding(depth: str, rows: list[Row], told: Callable[[int], str]) -> Table:
    """Of what is owed: for each distance what holding costs, and what it brings; and the distance that pays best."""
    distances = [f"{percent(off / 10_000)} off: cost, overpaid" for off in OFFS]
    table = Table("window, s", "fee", depth, *distances, "best: off, net")
    for row in rows:
        table.add(*holding_cells(row, told))
    return table


def holding_cells(row: Row, told: Callable[[int], str]) -> tuple[str, ...]:
    window, fee, size, several = row
    best = max(several, key=lambda held: held.net)
    cells = [f"{of_owed(held.cost, held)}, {of_owed(held.overpaid, held)}" for held in several]
    pays = f"**{percent(abs(best.off) / 10_000)}, {of_owed(best.net, best)}**" if best.net > 0 else "none"
    return f"{window:,}", percent(fee / 10_000), told(size), *cells, pays


def of_owed(amount: Fraction, held: Held) -> str:
    return f"{100 * float(amount / held.owed):,.2f}"
