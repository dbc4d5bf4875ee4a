"""The study's pictures: docs/pictures/*.png."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tests.study.payout import AGE, FALLEN_TO, LEAVER, PRICES, Payout, against_price, payouts
from tests.study.rules import AS_THEY_ARE, FIRST_COME_FIRST_SERVED
from tests.study.runs import RESERVE_SHARE, STAKE_SHARE, Run, Setting, figures, run
from tests.study.tables import CRASH, percent

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
# Okabe and Ito's colours, which the colour-blind can tell apart.
POOL, REVENUE, IN_KIND, IN_QUOTE = "#d9d9d9", "#009e73", "#0072b2", "#56b4e9"
STAKE, FIRST_COME, UNPAID = "#e69f00", "#d55e00", "#ffffff"
HATCH = "////"
"""Of what nobody pays."""
STYLE = {
    "figure.dpi": 115, "hatch.color": "#d55e00", "hatch.linewidth": 0.5, "font.size": 10.5,
    "axes.titlesize": 11, "axes.titlelocation": "left", "figure.titlesize": 13, "figure.titleweight": "bold",
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.constrained_layout.use": True,
}  # fmt: skip


PERCENT = FuncFormatter(lambda part, _: percent(part))


def two_panels(title: str, share_y: bool) -> tuple[Figure, list[Axes]]:
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4.6), sharey=share_y)
    figure.suptitle(title, x=0.01, ha="left")
    figure.get_layout_engine().set(wspace=0.06)
    return figure, list(axes)


def price_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xlim(PRICES[0], PRICES[-1])
    axes.xaxis.set_major_locator(FixedLocator([0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.5, 5, 10]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda price, _: f"×{price:g}"))
    axes.set_xlabel("price at withdrawal, of that at the deposit")


def payout_against_age_and_price() -> Figure:
    by_age, by_price = payouts(AS_THEY_ARE)
    title = "Revenue pays first, then protection: 1 % of the rest a day, all of it after 100 days"
    figure, (left, right) = two_panels(title, share_y=False)
    start = Payout(0, FALLEN_TO, by_age[0].loss, 0.0, 0.0)
    _loss_bands(left, [0, *(one.age for one in by_age)], [start, *by_age])
    left.set_xlim(0, by_age[-1].age)
    left.set_xticks([0, 25, 50, 75, 100, 125, 150])
    left.set_xlabel("age of the deposit, days")
    left.set_ylabel("loss, % of what holding would be worth")
    left.set_title(f"Against age: the price has fallen to {percent(FALLEN_TO)}")
    _loss_bands(right, [one.price for one in by_price], by_price)
    price_axis(right)
    right.set_title(f"Against price: the deposit is {AGE} days old")
    _legend(figure, left)
    return figure


def _loss_bands(axes: Axes, x: list[float], several: list[Payout]) -> None:
    bands = [[one.revenue for one in several], [one.protection for one in several], [one.unprotected for one in several]]
    labels = ["revenue pays", "protection pays", "nobody: it stays with the provider"]
    axes.stackplot(x, bands, labels=labels, colors=[REVENUE, IN_KIND, UNPAID], hatch=["", "", HATCH])
    axes.plot(x, [one.loss for one in several], color="black", linewidth=1.2, label="loss from the price alone")
    axes.set_ylim(0)
    axes.yaxis.set_major_formatter(PERCENT)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1.4, handlelength=1.6)


def who_pays_as_the_price_moves() -> Figure:
    figure, panels = two_panels("Calm: the Reserve pays all it has. Bailout: a share of each source, the stakers last", share_y=True)
    titles = (f"Calm: a provider with {LEAVER} % of the pool leaves alone", "Bailout: the same provider, and all others too")
    for axes, bailout, title in zip(panels, (False, True), titles, strict=True):
        departures = against_price(AS_THEY_ARE, bailout)
        assert all(departure.bailout == bailout for departure in departures)
        names = ("redeemed", "reserve_in_kind", "reserve_in_quote", "stake", "shortfall")
        bands = [[getattr(departure, name) / departure.holding for departure in departures] for name in names]
        labels = ["the pool itself", "Reserve, in kind", "Reserve, in quote", "DLQ stake", "nobody: shortfall"]
        axes.stackplot(PRICES, bands, labels=labels, colors=[POOL, IN_KIND, IN_QUOTE, STAKE, UNPAID], hatch=["", "", "", "", HATCH])
        price_axis(axes)
        axes.set_ylim(0.5, 1)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.set_title(title)
    panels[0].set_ylabel("% of what holding would be worth (from 50 %)")
    _legend(figure, panels[0])
    panels[1].annotate(
        f"Reserve: {percent(RESERVE_SHARE)} of the pool's value,\nhalf base, half quote. "
        f"Stake: {percent(STAKE_SHARE)}.\nAge above 100 days, no revenue.",
        (1, 0.53), ha="center", fontsize=9.5,
    )  # fmt: skip
    return figure


def first_against_last() -> Figure:
    served, rationed = (run(rules, Setting(CRASH)) for rules in (FIRST_COME_FIRST_SERVED, AS_THEY_ARE))
    whole = figures(served).made_whole
    least, most = figures(rationed).least, figures(rationed).most
    unpaid = sum(departure.made_whole < 0.001 for departure in served.departures)
    title = f"The same backing: {whole} of 20 whole and {unpaid} with nothing, or {percent(least)} to {percent(most)} for all"
    figure, (left, right) = two_panels(title, share_y=True)
    _queue(left, served)
    left.set_title("First come, first served (no rationing)")
    left.set_ylabel("paid, % of what is owed")
    _queue(right, rationed)
    right.set_title("Rationed by share of the pool (R16)")
    _legend(figure, left)
    return figure


def _queue(axes: Axes, result: Run) -> None:
    """A bar for each place in the queue, of who paid it."""
    places = range(1, len(result.departures) + 1)
    shortfall = [1 - departure.made_whole for departure in result.departures]
    stake = [departure.stake / departure.owed for departure in result.departures]
    reserve = [1 - unpaid - staked for unpaid, staked in zip(shortfall, stake, strict=True)]
    bottom = [0.0] * len(places)
    parts = ((reserve, IN_KIND, "", "Reserve"), (stake, STAKE, "", "DLQ stake"), (shortfall, UNPAID, HATCH, "nobody: shortfall"))
    for part, color, hatch, label in parts:
        axes.bar(places, part, bottom=bottom, color=color, hatch=hatch, width=0.85, label=label)
        bottom = [below + more for below, more in zip(bottom, part, strict=True)]
    axes.set_xticks([1, 5, 10, 15, 20])
    axes.set_xlim(0.4, len(places) + 0.6)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PERCENT)
    axes.set_xlabel("place in the queue (20 providers, all alike)")


def when_the_backing_runs_out() -> Figure:
    figure, panels = two_panels("Rationing keeps a share for who comes later, but only once a bailout is open", share_y=True)
    lines = ((FIRST_COME_FIRST_SERVED, FIRST_COME, "first come, first served"), (AS_THEY_ARE, IN_KIND, "rationed (R16)"))
    for axes, pace in zip(panels, ("all on one day", "three a day"), strict=True):
        for rules, color, label in lines:
            result = run(rules, Setting(CRASH, pace=pace))
            left = [usable / result.usable[0] for usable in result.usable]
            axes.step(range(len(left)), left, where="post", color=color, linewidth=2, label=label)
        calm = sum(not departure.bailout for departure in result.departures)
        title = f"They leave {pace}: {calm or 'none'} before a bailout opens"
        axes.set_title(title)
        axes.set_xlim(0, 20)
        axes.set_ylim(0)
        axes.set_xticks([0, 5, 10, 15, 20])
        axes.yaxis.set_major_formatter(PERCENT)
        axes.set_xlabel("providers who have left, of 20")
    panels[0].set_ylabel("backing left: quote in the Reserve and\nDLQ staked, % of what the first found")
    _legend(figure, panels[0])
    return figure


PICTURES: dict[str, Callable[[], Figure]] = {
    "payout": payout_against_age_and_price,
    "who-pays": who_pays_as_the_price_moves,
    "first-against-last": first_against_last,
    "backing": when_the_backing_runs_out,
}


def draw(name: str, folder: Path = FOLDER) -> Path:
    """Draw one picture and say where it is; the old one stands until the new one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    unfinished = path.with_suffix(".unfinished.png")
    with matplotlib.rc_context(STYLE):
        figure = PICTURES[name]()
        # Without the date and version of what drew it, the same picture is the same file.
        figure.savefig(unfinished, metadata={"Software": None})
        pyplot.close(figure)
    return unfinished.replace(path)
