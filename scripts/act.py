"""Act on the deployed system: one subcommand for each thing that a role does."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from deploy.config import exact_decimal
from deploy.problem import console_for, print_json
from deploy.wallet import open_wallet
from model.state import State
from operate.acts import Act, Acting
from operate.amounts import Amount, plain
from operate.events import readable, readable_arguments
from operate.options import on_a_network, opened
from operate.performing import Foreseen, Performed, foresee, perform
from operate.snapshot import take
from operate.system import OperateError, System

HIDDEN = ("Transfer", "Approval")  # what tokens say of moves that the contracts tell in full


class NumberOfTokens(click.ParamType):
    """An exact decimal number."""

    name = "price"

    def convert(self, value, parameter, context):
        try:
            return exact_decimal(value)
        except ValueError as error:
            self.fail(str(error), parameter, context)


@click.group(short_help="Act on the deployed system: add, request, withdraw, swap, stake, sweep, activate, ...")
def cli():
    """Act on the deployed system. Every act is previewed by the reference model on the chain's present state, asked about, sent, and
    told by its events; what it spends is approved first, exactly.

    Amounts are of whole tokens, or `all`; units and shares are counts, percentages as in 25%, or `all`.

    Exits with 0 when it is done, 1 if you decline, 2 if something is in the way.
    """


def act(name: str) -> Callable:
    """A subcommand: the function makes an `Act`, this does the rest."""

    def decorate(make: Callable[..., Act]) -> click.Command:
        @wraps(make)
        def command(network, folder, as_json, account, slippage_bps, deadline_seconds, yes, **said):
            console = console_for(as_json)
            with opened(f"act {name}", console, network, folder) as system:
                wallet = open_wallet(account, system.node)
                snapshot = take(system, [wallet.address])
                foreseen = foresee(snapshot, make(Acting(system, snapshot, wallet.address, slippage_bps, deadline_seconds), **said))
                announce(console, system, foreseen)
                if not yes:
                    if not sys.stdin.isatty():
                        raise OperateError("nobody is there to ask: say --yes")
                    if not click.confirm("Send it?", err=as_json):
                        sys.exit(1)
                wallet.unlock()
                performed = perform(system, wallet, foreseen, console.print)
                if as_json:
                    print_json(in_numbers(system, foreseen, performed))
                else:
                    tell(console, system, foreseen, performed)

        for option in (
            click.option("--yes", is_flag=True, help="Send without asking."),
            click.option("--deadline", "deadline_seconds", type=click.IntRange(min=0), default=1_200, show_default=True, help="For how many seconds the call stands, where it has a deadline."),
            click.option("--slippage", "slippage_bps", type=click.IntRange(0, 10_000), default=50, show_default=True, help="How much less than previewed to accept, and how much more shortfall, in hundredths of a percent."),
            click.option("--account", metavar="ALIAS", required=True, help="Ape's account that acts; on a development network also TEST::0."),
        ):
            command = option(command)
        return cli.command(name)(on_a_network(command))

    return decorate


pool = click.option("--pool", metavar="BASE/QUOTE", required=True, help="The pool's name or address.")
base = click.option("--base", metavar="AMOUNT", default="0", show_default=True)
quote = click.option("--quote", metavar="AMOUNT", default="0", show_default=True)
token = click.option("--token", metavar="SYMBOL", required=True, help="The token's symbol or address.")
amount = click.option("--amount", metavar="AMOUNT", required=True)
units = click.option("--units", metavar="COUNT|PERCENT|all", default="all", show_default=True)
shares = click.option("--shares", metavar="COUNT|PERCENT|all", default="all", show_default=True)


@act("swap")
@pool
@token
@amount
@click.option("--to", "recipient", metavar="ADDRESS", default=None, help="Who receives the other token; without it, the account.")
def swap(acting, pool, token, amount, recipient):
    """Trade an amount of one token of a pool for the other (R2)."""
    return acting.swap(pool, token, amount, recipient)


@act("donate")
@pool
@base
@quote
def donate(acting, pool, base, quote):
    """Give to a pool's providers (R3)."""
    return acting.donate(pool, base, quote)


@act("add")
@pool
@base
@quote
def add(acting, pool, base, quote):
    """Provide tokens (R5 to R8). Restarts the clock of the whole position."""
    return acting.add(pool, base, quote)


@act("stage")
@pool
@base
@quote
def stage(acting, pool, base, quote):
    """Bring tokens that wait until they are confirmed (R9)."""
    return acting.stage(pool, base, quote)


@act("confirm")
@pool
def confirm(acting, pool):
    """Add what was staged, at the price of now (R9)."""
    return acting.confirm(pool)


@act("cancel")
@pool
def cancel(acting, pool):
    """Take back what was staged (R9)."""
    return acting.cancel(pool)


@act("protect")
@pool
def protect(acting, pool):
    """Begin the protection of a position made while the pool was pending (R10)."""
    return acting.protect(pool)


@act("request")
@pool
@units
def request(acting, pool, units):
    """Ask to withdraw in the next epoch (R12); 0 takes a request back."""
    return acting.request(pool, units)


@act("withdraw")
@pool
@click.option("--max-shortfall", metavar="AMOUNT", default=None, help="The most to accept as owed and not paid, of quote; without it, what is previewed and the slippage.")
def withdraw(acting, pool, max_shortfall):
    """Execute the request of the epoch before: made whole as far as age and funds go (R15, R16)."""
    return acting.withdraw(pool, max_shortfall)


@act("exit")
@pool
@units
def leave(acting, pool, units):
    """Leave at once, without protection (R17)."""
    return acting.exit(pool, units)


@act("stake")
@pool
@amount
def stake(acting, pool, amount):
    """Stake DLQ to a pool (R18)."""
    return acting.stake(pool, amount)


@act("request-unstake")
@pool
@shares
def request_unstake(acting, pool, shares):
    """Ask to unstake (R19); 0 takes a request back."""
    return acting.request_unstake(pool, shares)


@act("unstake")
@pool
def unstake(acting, pool):
    """Take out the shares requested (R19)."""
    return acting.unstake(pool)


@act("claim")
@pool
@token
def claim(acting, pool, token):
    """Collect what stake has earned in one of the pool's tokens (R20)."""
    return acting.claim(pool, token)


@act("sweep")
@click.option("--pool", metavar="BASE/QUOTE", default=None, help="Only this pool; without it, all that are active.")
def sweep(acting, pool):
    """Send surpluses to stakers and the Reserve (R14)."""
    return acting.sweep(pool)


@act("sweep-backstop")
@token
def sweep_backstop(acting, token):
    """Send what the Backstop holds and nobody is owed to the Reserve (R14)."""
    return acting.sweep_backstop(token)


@act("absorb")
@token
def absorb(acting, token):
    """Book what has reached the Reserve (R14)."""
    return acting.absorb(token)


@act("activate")
@pool
@click.option("--min-price", type=NumberOfTokens(), required=True, help="The lowest spot price, quote per base, at which to do it.")
@click.option("--max-price", type=NumberOfTokens(), required=True, help="The highest one.")
def activate(acting, pool, min_price, max_price):
    """Activate or resume a pool (R1). The governor's."""
    return acting.activate(pool, min_price, max_price)


@act("suspend")
@pool
def suspend(acting, pool):
    """Suspend a pool (R1). The governor's."""
    return acting.suspend(pool)


@act("name-dlq-pool")
@click.option("--quote", metavar="SYMBOL", required=True, help="The quote token.")
@click.option("--pool", metavar="BASE/QUOTE", default=None, help="The pool of DLQ and that token; without it, none.")
def name_dlq_pool(acting, quote, pool):
    """Name the pool that prices DLQ in a quote token (R16.3). The governor's."""
    return acting.name_dlq_pool(quote, pool)


@act("offer-ownership")
@click.option("--to", "governor", metavar="ADDRESS", required=True)
def offer_ownership(acting, governor):
    """Offer the ownership to a new governor (R21). The governor's."""
    return acting.offer_ownership(governor)


@act("accept-ownership")
def accept_ownership(acting):
    """Accept the ownership that was offered (R21)."""
    return acting.accept_ownership()


def announce(console: Console, system: System, foreseen: Foreseen) -> None:
    """What would be sent and what the model says will come of it."""
    for symbol, spender, count in foreseen.approvals:
        console.print(f"approve {Amount(count, system.tokens[symbol])} to {spender}", highlight=False, soft_wrap=True)
    operation = foreseen.operation
    said = ", ".join(f"{name} {value}" for name, value in readable_arguments(system, foreseen.after, operation).items())
    console.print(f"{operation.name} on {operation.target}{': ' + said if said else ''}", highlight=False, soft_wrap=True)
    console.print("The model says:", highlight=False)
    show_events(console, system, foreseen.after, list(foreseen.events))


def tell(console: Console, system: System, foreseen: Foreseen, performed: Performed) -> None:
    where = f"{performed.transactions[-1]} in block {performed.block:,}, {performed.gas_used:,} gas"
    if performed.events == list(foreseen.events):
        console.print(f"Done as previewed: {where}", highlight=False, soft_wrap=True)
        return
    console.print(f"Done: {where}", highlight=False, soft_wrap=True)
    show_events(console, system, foreseen.after, performed.events)


def show_events(console: Console, system: System, state: State, events: list) -> None:
    for event in events:
        if event.name not in HIDDEN:
            fields = ", ".join(f"{name} {value}" for name, value in readable(system, state, event).items())
            console.print(f"  {event.source}: {event.name}({fields})", highlight=False, soft_wrap=True, markup=False)


def in_numbers(system: System, foreseen: Foreseen, performed: Performed) -> dict:
    def told(events) -> list[dict]:
        return [{"source": event.source, "name": event.name, "fields": _fields(system, foreseen.after, event)} for event in events]

    operation = foreseen.operation
    return {
        "operation": operation.name,
        "target": operation.target,
        "sender": operation.sender,
        "arguments": {name: str(value) for name, value in operation.arguments.items()},
        "transactions": performed.transactions,
        "block": performed.block,
        "gas_used": performed.gas_used,
        "as_previewed": performed.events == list(foreseen.events),
        "preview": told(foreseen.events),
        "events": told(performed.events),
    }


def _fields(system: System, state: State, event) -> dict:
    """Whatever is a count of no token is text, too: units are large."""
    fields = readable(system, state, event)
    return {name: str(value) if isinstance(value, int) and not isinstance(value, bool) else plain(value) for name, value in fields.items()}
