"""The study's tables in Markdown, and where they stand in docs/runs.md."""

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from statistics import median

from tests.study import paths
from tests.study.market import QUOTE, Departure, Market
from tests.study.payout import FALLEN_TO, leave, settled
from tests.study.rules import AS_THEY_ARE, FIRST_COME_FIRST_SERVED
from tests.study.runs import ALIKE, MIXED, ORDERS, PACES, Figures, Run, Setting, figures, run

PAGE = Path(__file__).parents[2] / "docs" / "runs.md"
SEEDS = range(1, 10)
"""Of a drawn path; the tables give the median of each figure."""
RESERVE_SHARES = (0, 0.05, 0.2, 0.4)
STAKE_SHARES = (0, 0.02, 0.1)
ALONE = (10, 19, 21, 30, 50)
"""Parts of the pool, in percent, that leave alone."""
BY_RULE = {"first come": FIRST_COME_FIRST_SERVED, "R16": AS_THEY_ARE}
CRASH = tuple(paths.by_hand("crash by hand"))
RISE = tuple(paths.by_hand("a rise to three times the price"))
ALL_PATHS = {name: [tuple(draw(seed)) for seed in SEEDS] for name, draw in paths.DRAWN.items()} | {
    name: [tuple(paths.by_hand(name))] for name in paths.BY_HAND
}


def percent(part: float, digits: int = 0) -> str:
    return f"{100 * part:.{digits}f} %"


def thousands(quote: float) -> str:
    return f"{quote / QUOTE / 1000:,.0f}"


class Table:
    """Rows of text: the first column to the left, figures to the right."""

    def __init__(self, *columns: str):
        self.columns = columns
        self.rows: list[tuple[str, ...]] = []

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def __str__(self) -> str:
        ruler = ("---", *["---:"] * (len(self.columns) - 1))
        return "\n".join("| " + " | ".join(row) + " |" for row in (self.columns, ruler, *self.rows))


def middle(several: list[Figures]) -> Figures:
    """The median of each figure; a backing that never runs out counts as later than any that does."""
    values = {}
    for field in fields(Figures):
        numbers = [getattr(one, field.name) for one in several]
        values[field.name] = median(2.0 if number is None else number for number in numbers)
    return Figures(**values | {"runs_out": values["runs_out"] if values["runs_out"] <= 1 else None})


def runs_out(part: float | None) -> str:
    return "never" if part is None else f"at {percent(part)}"


def by_path() -> Table:
    """The same twenty leave on one day, on each of the price paths."""
    result = Table(
        "price path, and rule", "price as they leave", "loss after revenue", "owed", "made whole, of 20", "first", "last",
        "Reserve gives", "its loss at the path's end", "stakers give", "of the stake", "shortfall", "backing runs out",
    )  # fmt: skip
    for name, drawn in ALL_PATHS.items():
        for rule, rules in BY_RULE.items():
            one = middle([figures(run(rules, Setting(path))) for path in drawn])
            result.add(
                f"{name}: {rule}", percent(one.price, 1), percent(one.loss, 1), thousands(one.owed), f"{one.made_whole:.0f}",
                percent(one.first), percent(one.last), thousands(one.reserve_gives), thousands(one.reserve_lacks),
                thousands(one.stakers_give), percent(one.stake_lost), thousands(one.shortfall), runs_out(one.runs_out),
            )  # fmt: skip
    return result


def by_order(path: tuple[float, ...]) -> Table:
    """Providers of different size and age, who leave in different orders and at different paces."""
    result = Table(
        "pace, order", "owed", "made whole: first come", "made whole: R16", "first and last: first come", "first and last: R16",
        "shortfall: first come", "shortfall: R16", "unspent: first come", "unspent: R16", "better, worse off by R16",
    )  # fmt: skip
    for pace in PACES:
        for order in ORDERS:
            setting = Setting(path, tuple(MIXED), order, pace)
            served, rationed = (run(rules, setting) for rules in BY_RULE.values())
            before, after = figures(served), figures(rationed)
            result.add(
                f"{pace}, {order}", thousands(after.owed), str(before.made_whole), str(after.made_whole),
                f"{percent(before.first)}, {percent(before.last)}", f"{percent(after.first)}, {percent(after.last)}",
                thousands(before.shortfall), thousands(after.shortfall), thousands(before.unspent), thousands(after.unspent),
                "{}, {}".format(*better_and_worse(served, rationed)),
            )  # fmt: skip
    return result


def better_and_worse(served: Run, rationed: Run) -> tuple[int, int]:
    """How many providers get more, and how many less, of what they are owed by R16; a hundredth does not count."""
    changes = [after.made_whole - before.made_whole for before, after in zip(served.departures, rationed.departures, strict=True)]
    return sum(change > 0.01 for change in changes), sum(change < -0.01 for change in changes)


def by_size() -> Table:
    """The same run on Reserves and stakes of several sizes."""
    result = Table(
        "Reserve, stake", "owed", "made whole: first come", "made whole: R16", "first and last: first come", "first and last: R16",
        "shortfall: first come", "shortfall: R16", "Reserve gives: R16", "stakers give: R16", "runs out: first come", "runs out: R16",
    )  # fmt: skip
    for reserve_share in RESERVE_SHARES:
        for stake_share in STAKE_SHARES:
            setting = Setting(CRASH, tuple(ALIKE), reserve_share=reserve_share, stake_share=stake_share)
            before, after = (figures(run(rules, setting)) for rules in BY_RULE.values())
            result.add(
                f"{percent(reserve_share)}, {percent(stake_share)}", thousands(after.owed), str(before.made_whole), str(after.made_whole),
                f"{percent(before.first)}, {percent(before.last)}", f"{percent(after.first)}, {percent(after.last)}",
                thousands(before.shortfall), thousands(after.shortfall), thousands(after.reserve_gives), thousands(after.stakers_give),
                runs_out(before.runs_out), runs_out(after.runs_out),
            )  # fmt: skip
    return result


def alone() -> Table:
    """One provider leaves, nobody else does: what the regime makes of it."""
    result = Table(
        f"who leaves, at {percent(FALLEN_TO)} of the price", "regime", "owed", "paid",
        "by the Reserve", "by the stakers", "left in the Reserve, quote",
    )  # fmt: skip
    for part in ALONE:
        market = settled(AS_THEY_ARE, (100 - part, part)).fork()
        _add_alone(result, f"{part} % of the pool, alone", market, leave(market, FALLEN_TO, {"provider-1": None}))
    market = settled(AS_THEY_ARE, (70, 30)).fork()
    halves = market.pool.positions["provider-1"].units // 2
    _add_alone(result, "30 % of the pool, alone, in two halves: the first", market, leave(market, FALLEN_TO, {"provider-1": halves}))
    _add_alone(result, "and the second, a day later", market, leave(market, FALLEN_TO, {"provider-1": None}))
    market = settled(AS_THEY_ARE, (65, 10, 25)).fork()
    both = {"provider-1": None, "provider-2": None}
    _add_alone(result, "10 % of the pool, while 25 % ask and stay", market, leave(market, FALLEN_TO, both))
    return result


def _add_alone(result: Table, who: str, market: Market, departure: Departure) -> None:
    result.add(
        who, "bailout" if departure.bailout else "calm", thousands(departure.owed), percent(departure.made_whole),
        thousands(departure.reserve_in_kind + departure.reserve_in_quote), thousands(departure.stake),
        thousands(market.state.reserve.held["quote"]),
    )  # fmt: skip


TABLES: dict[str, Callable[[], Table]] = {
    "paths": by_path,
    "orders in a crash": lambda: by_order(CRASH),
    "orders in a rise": lambda: by_order(RISE),
    "sizes": by_size,
    "alone": alone,
}
_PLACE = re.compile(r"(<!-- table: (?P<name>[^>]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def places(page: str) -> list[str]:
    """The tables that a page has a place for."""
    return [place["name"] for place in _PLACE.finditer(page)]


def page_with_tables(page: str, made: dict[str, Table]) -> str:
    """The page with each table in its place; places of tables not made stay as they are."""

    def in_place(place: re.Match) -> str:
        return f"{place[1]}\n{made[place['name']]}\n\n{place[3]}" if place["name"] in made else place[0]

    return _PLACE.sub(in_place, page)
