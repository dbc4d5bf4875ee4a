"""What somebody has in the deployed system, and what leaving would pay."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from deploy.problem import console_for, print_json
from operate.amounts import duration, percent, plain
from operate.departure import Departure
from operate.options import on_a_network, opened
from operate.position import Account, Holding, account
from operate.system import account_id


@click.command(short_help="What an account has in the system, and what a withdrawal would pay")
@click.argument("address")
@on_a_network
def cli(address, network, folder, as_json):
    """Show by pool what ADDRESS provides: units, principal, age and level of protection, coverage now, and what a withdrawal would pay,
    step by step of the waterfall; what it has staged, requested and staked.

    The withdrawal is of what is requested, where that can be executed now, else of everything: as if it had been requested in the epoch
    before and were not locked up. The reference model does it, on the state of the latest block.

    Exits with 0, or 2 if something is in the way.
    """
    console = console_for(as_json)
    with opened("position", console, network, folder) as system:
        found = account(system, account_id(address))
        print_json(plain(found)) if as_json else show(console, found)


def show(console: Console, found: Account) -> None:
    console.print(f"{found.address}, block {found.block:,}, {found.time}", highlight=False, soft_wrap=True)
    console.print("Holds " + ", ".join(map(str, found.balances)), highlight=False, soft_wrap=True)
    if not found.holdings:
        console.print("Nothing in any pool.")
    for holding in found.holdings:
        console.print(f"\n{holding.pool} ({holding.pool_status}, {holding.regime})", style="bold")
        table = Table(box=None, show_header=False, padding=(0, 2))
        for name, value in _rows(holding, found.time.seconds):
            table.add_row(name, value)
        console.print(table)


def _rows(holding: Holding, now: int):
    if holding.units:
        yield "units", f"{holding.units:,}, {percent(holding.units, holding.all_units)} of the pool"
        if holding.protected_since.seconds:
            yield "principal", f"{holding.principal_base} and {holding.principal_quote}"
            yield "age", f"{duration(holding.age_seconds)} of {duration(holding.full_protection_seconds)}: level {holding.level_bps / 100:.2f} %"
        else:
            yield "principal", "none yet: protection has not begun"
        yield "lock-up", f"until {holding.locked_until}" if holding.locked_until.seconds > now else "over"
    if holding.refused:
        yield "withdrawing", holding.refused
    if holding.withdrawal:
        yield from _departure(holding.withdrawal)
    if holding.request:
        request = holding.request
        yield "request", f"{request.units:,} units, {request.stands}: from {request.executable_from} until {request.executable_until}"
    if holding.staged:
        staged = holding.staged
        since = "now" if staged.confirmable_from.seconds <= now else f"from {staged.confirmable_from}"
        yield "staged", f"{staged.base} and {staged.quote}, to be confirmed {since}"
    if holding.staking:
        staking = holding.staking
        yield "staked", f"{staking.shares:,} shares, worth {staking.worth}"
        if staking.requested_shares:
            yield "unstaking", f"{staking.requested_shares:,} shares, from {staking.open_from} until {staking.open_until}"
        yield "rewards", " and ".join(map(str, staking.claimable))


def _departure(departure: Departure):
    yield f"withdrawing {departure.units:,} units", f"in {'bailout' if departure.bailout else 'calm'}"
    yield "  from the pool", f"{departure.redeemed_base} and {departure.redeemed_quote}"
    yield "  coverage, owed", f"{departure.coverage}, of which {departure.owed} at this age"
    yield "  1. Reserve, in kind", f"{departure.in_kind} for {departure.taken}, covers {departure.in_kind_covers}"
    yield "  2. Reserve, in quote", str(departure.in_quote)
    yield "  3. stake", f"{departure.from_stake}, covers {departure.stake_covers}"
    yield "  4. shortfall", str(departure.shortfall)
    yield "  received in all", f"{departure.received_base}, {departure.received_quote} and {departure.from_stake}"
