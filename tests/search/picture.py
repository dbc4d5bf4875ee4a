"""The picture of docs/search.md: what it costs to hold a price, and what that brings."""

from dataclasses import replace
from pathlib import Path

from matplotlib import pyplot
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tests.laws.sides import Model
from tests.laws.situations import POOL
from tests.search.holding import PLACE, WINDOWS, hold
from tests.search.steps import Market
from tests.study.pictures import FOLDER, STYLE

DISTANCES = (10, 20, 50, 100, 200, 500, 1_000, 2_000)
FEE, SHARE = 10, 1_000
COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#009e73")
NAME = "holding"


def draw(folder: Path = FOLDER) -> Path:
    side = Model()
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8.6, 4.8))
        for window, colour in zip(WINDOWS, COLOURS, strict=True):
            start = replace(PLACE, oracle_window_seconds=window, min_fee_bps=FEE, share=SHARE)
            several = [hold(Market(side, start), POOL, off) for off in DISTANCES]
            costs = [100 * float(held.cost / held.owed) for held in several]
            brings = [100 * float(held.overpaid / held.owed) for held in several]
            axes.plot(DISTANCES, costs, color=colour, label=f"{window:,} s: cost")
            axes.plot(DISTANCES, [part if part > 0 else float("nan") for part in brings], color=colour, linestyle="--", label="overpaid")
        for scale in (axes.set_xscale, axes.set_yscale):
            scale("log")
        axes.set_ylim(0.01, 10_000)
        axes.xaxis.set_major_locator(FixedLocator(DISTANCES))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda bps, _: f"{bps / 100:g} %"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda percent, _: f"{percent:g} %"))
        axes.set_xlabel("how far the price is held away")
        axes.set_ylabel("of what is owed honestly")
        title = "Holding a price for one oracle window: what it costs, and what step 2 then overpays"
        axes.set_title(f"{title}\n(a tenth of the pool; least fee 0.1 %)")
        axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=9)
        path = folder / f"{NAME}.png"
        figure.savefig(path)
        pyplot.close(figure)
    return path
