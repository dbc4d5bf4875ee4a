"""The committed table: docs/gas.md for people and docs/gas.json for the check, of the same figures; what may not rise, and the goals."""

import json
from math import ceil
from pathlib import Path
from typing import Any

from tests.gas.chains import BLOCK_SECONDS
from tests.gas.growth import line
from tests.gas.operations import COLD, COLUMNS, WARM, Costs

DOCS = Path(__file__).parents[2] / "docs"
PAGE, DATA = DOCS / "gas.md", DOCS / "gas.json"
MOST_RISE = 0.01
UPDATE = "run `make gas`, look at what has changed, and commit docs/gas.md and docs/gas.json"
# Each call beside the one of Uniswap v2's that does the like, and what part of its gas it is to stay below.
BESIDE = {
    "Pool.swap": ("Uniswap.swap", 1.0),
    "Pool.swap, after a swap in the block": ("Uniswap.swap, after a swap in the block", None),
    "Pool.add": ("Uniswap.add", 1.0),
    "Pool.add, after a swap in the block": ("Uniswap.add, after a swap in the block", None),
    "Pool.exit, a part": ("Uniswap.remove, a part", 1.0),
    "Pool.exit, all": ("Uniswap.remove, all", 1.0),
    "Pool.withdraw, calm, protected in kind": ("Uniswap.remove, a part", 1.5),
}

Figures = dict[str, Any]  # as in docs/gas.json

INTRODUCTION = """\
# What calls cost

Written by `make gas`, from the receipts of transactions on a devnet: all of a transaction's gas, its 21,000 and its data included. CI measures again, in process and to the same unit, and fails when
a figure is more than {rise:.0%} above this page: then either the code is to change or, where the rise is worth it, this page.

- *cold*: the account's first such call, so that zeros in storage come to be something: a position, a stake, a balance of a token that it had nothing of;
- *warm*: the same call by the same account again, in an epoch that somebody else has opened;
- *first of an epoch*: as warm, but nobody has touched the pool in that epoch before, so that the books are closed and opened.

Every transaction is in a block of its own, {seconds} seconds after the one before: it is the first to touch anything, and the oracle moves, as Uniswap's sums of prices do. Where somebody has traded before in the same block, both are spared that.
All tokens are plain ERC-20s (DLQ's own code), with unlimited consent for whoever pulls them. The contracts are compiled with the compiler's setting `gas`.
"""


def read() -> Figures:
    """The committed figures."""
    return json.loads(DATA.read_text())


def write(figures: Figures) -> None:
    DATA.write_text(json.dumps(figures, indent=1) + "\n")
    PAGE.write_text(page(figures))


def risen(committed: Costs, now: Costs) -> list[str]:
    """What the check complains of, a line for each figure; nothing of Uniswap's, whose code stands still."""
    before, after = _flat(committed), _flat(now)
    lines = [f"{call}, {column}: measured, but not in the table" for call, column in after.keys() - before.keys()]
    lines += [f"{call}, {column}: in the table, but not measured" for call, column in before.keys() - after.keys()]
    for (call, column), gas in after.items():
        was = before.get((call, column), gas)
        if gas > was * (1 + MOST_RISE):
            lines.append(f"{call}, {column}: {gas:,} gas, {gas / was - 1:.1%} above the table's {was:,}")
    return sorted(lines)


def missed(costs: Costs) -> list[str]:
    """Which goals beside Uniswap v2 are missed, a line for each."""
    return [
        f"{call}, {column}: {ratio:.3f} of {other}, to be below {goal}"
        for call, (other, goal) in BESIDE.items()
        for column in (COLD, WARM)
        if goal is not None and (ratio := costs[call][column] / costs[other][column]) >= goal
    ]


def _flat(costs: Costs) -> dict[tuple[str, str], int]:
    return {(call, column): gas for call, row in costs.items() for column, gas in row.items() if not call.startswith("Uniswap.")}


# -- the page --------------------------------------------------------------------------------------------------------


def page(figures: Figures) -> str:
    """docs/gas.md."""
    sweeps = {int(pools): gas for pools, gas in figures["system_sweep"].items()}
    fixed, slope, distance = line(sweeps)
    return "\n".join(
        [
            INTRODUCTION.format(rise=MOST_RISE, seconds=BLOCK_SECONDS),
            "## Beside Uniswap v2",
            "",
            "Its pair and router as published (`@uniswap/v2-core` 1.0.1, `@uniswap/v2-periphery` 1.1.0-beta.0), with the same two tokens, as deep, and in the same run. Before a first removal its router",
            "needs consent for the pair's own token, a transaction more that is not counted here. A position with its principal takes two words of storage, Uniswap's one: that is what a new",
            "provider's add pays for.",
            "",
            *beside(figures["calls"]),
            "",
            "## Every call",
            "",
            "What contracts call of each other is in the call that leads there: `Pool.set_status` in the Controller's, `Reserve.draw`, `Backstop.slash` and `Controller.draw_surpluses` in",
            "withdrawals, `Backstop.reward` in sweeps.",
            "",
            *every_call(figures["calls"]),
            "",
            "## As the system grows",
            "",
            "With positions and stakers, nothing changes (measured in process; warm):",
            "",
            *growth(figures["among"]),
            "",
            "A system sweep, of pools that each have tokens of their own, stakers and a surplus of both tokens:",
            "",
            *_rows(["pools", *map(str, sweeps)], [["gas", *map(_gas, sweeps.values())]]),
            "",
            f"That is {round(fixed):,} and {round(slope):,} for each pool; the greatest distance from that line is {ceil(distance):,}. `MAX_POOLS` is 32.",
            "",
        ]
    )


def beside(costs: Costs) -> list[str]:
    """Calls beside Uniswap's, with the ratios."""
    rows = []
    for call, (other, goal) in BESIDE.items():
        ours, theirs = costs[call], costs[other]
        ratios = [f"{ours[column] / theirs[column]:.2f}" for column in (COLD, WARM)]
        goals = "" if goal is None else f"below {goal:g}"
        rows.append([call, _gas(ours[COLD]), _gas(ours[WARM]), other, _gas(theirs[COLD]), _gas(theirs[WARM]), *ratios, goals])
    return _rows(["call", "cold", "warm", "Uniswap v2", "cold", "warm", "ratio, cold", "ratio, warm", "goal"], rows)


def every_call(costs: Costs) -> list[str]:
    rows = [[call, *[_gas(row.get(column)) for column in COLUMNS]] for call, row in costs.items() if not call.startswith("Uniswap.")]
    # Stories tell them in another order.
    contracts = ["Pool", "Backstop", "Reserve", "Controller", "DLQ"]
    rows.sort(key=lambda row: contracts.index(row[0].split(".")[0]))
    return _rows(["call", COLD, WARM, "first of an epoch"], rows)


def growth(among: dict[str, Costs]) -> list[str]:
    alone = next(iter(among.values()))
    rows = [[call, *[_gas(costs[call][WARM]) for costs in among.values()]] for call in alone]
    return _rows(["positions and stakers", *[f"{int(number):,}" for number in among]], rows)


def _gas(gas: int | None) -> str:
    return "" if gas is None else f"{gas:,}"


def _rows(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table in Markdown; what is no name is aligned right."""
    aligned = ["---" if name in ("call", "Uniswap v2", "goal") or not index else "---:" for index, name in enumerate(head)]
    return ["| " + " | ".join(row) + " |" for row in (head, aligned, *rows)]
