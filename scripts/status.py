"""How the deployed system stands."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from deploy.problem import console_for, print_json
from operate.amounts import Amount, duration, percent, plain
from operate.options import on_a_network, opened
from operate.status import Cover, PoolStatus, Status, status


@click.command(short_help="How the deployed system stands: pools, prices, regimes, Reserve, stakes")
@on_a_network
def cli(network, folder, as_json):
    """Show the pools with depth, prices, oracle, regime now and, as their books stand, in the next epoch; the Reserve by token; the
    stakes; and who would pay what, step by step of the waterfall, if everybody left now.

    Exits with 0, or 2 if something is in the way.
    """
    console = console_for(as_json)
    with opened("status", console, network, folder) as system:
        found = status(system)
        print_json(plain(found)) if as_json else show(console, found)


def show(console: Console, found: Status) -> None:
    left = duration(found.epoch_ends.seconds - found.time.seconds)
    offered = f", offered to {found.offered_to}" if found.offered_to else ""
    console.print(f"{found.network}, chain {found.chain_id}, block {found.block:,}, {found.time}", highlight=False, soft_wrap=True)
    console.print(f"Epoch {found.epoch:,} ends in {left}. Governor {found.governor}{offered}.\n", highlight=False, soft_wrap=True)
    console.print(_table(["pool", "status", "base", "quote", "spot", "oracle", "apart"], map(_prices, found.pools)), "")
    console.print(_table(["pool", "regime", "next epoch", "leaving", "bailout from", "stake", "prices DLQ", "short so far"], map(_regime, found.pools)), "")
    unbooked = {amount.token: amount for amount in found.unbooked if amount.units}
    rows = [(str(amount), str(unbooked.get(amount.token, ""))) for amount in found.reserve]
    console.print(_table(["Reserve", "not absorbed yet"], rows), "")
    console.print("If everybody left now, a bailout, one after the other and pool after pool:")
    for row in found.cover:
        if row.providers:
            count = f"{row.providers} provider{'s' if row.providers > 1 else ''}"
            console.print(f"\n{row.pool}, {count}: {row.owed} owed", highlight=False)
            console.print(_table(["", "pays", "covers"], _cover(row)))
            if row.refused:
                console.print(row.refused, style="red", highlight=False, soft_wrap=True)


def _table(columns: list[str], rows) -> Table:
    table = Table(box=None)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _prices(pool: PoolStatus) -> tuple[str, ...]:
    apart = f"{pool.deviation_bps / 100:.2f} %{' (no adds)' if pool.guarded else ''}"
    return pool.name, pool.status, str(pool.depth_base), str(pool.depth_quote), str(pool.spot), str(pool.oracle), apart


def _regime(pool: PoolStatus) -> tuple[str, ...]:
    leaving, threshold = percent(pool.net_units, pool.units), f"{pool.threshold_bps / 100:g} %"
    prices_dlq = "yes" if pool.prices_dlq else ""
    return pool.name, pool.regime, pool.next_regime, leaving, threshold, str(pool.stake), prices_dlq, str(pool.total_shortfall)


def _cover(row: Cover):
    yield "1. Reserve, in kind", _either(row.in_kind_base, row.in_kind_quote), str(row.in_kind_covers)
    yield "2. Reserve, in quote", str(row.in_quote), str(row.in_quote)
    yield "3. stake", str(row.from_stake), str(row.stake_covers)
    yield "4. shortfall", "nobody", str(row.shortfall)


def _either(base: Amount, quote: Amount) -> str:
    """Some positions are short of one token, some of the other."""
    return " and ".join(str(amount) for amount in (base, quote) if amount.units) or str(base)
