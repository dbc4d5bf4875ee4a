"""Deploy the system: token, Controller with Reserve and Backstop, pools, first liquidity, DLQ pools, ownership."""

import sys
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.status import Status
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from deploy import journal
from deploy.config import read_config
from deploy.deployer import Prepared, check_funds, deploy, prepare
from deploy.node import Node
from deploy.plan import Done, Step
from deploy.problem import console_for, print_json, told_in_one_line
from deploy.record import FOLDER, Deployment, path_of
from deploy.wallet import open_wallet
from tests.differential.environment import check_tools, connected

COIN = 10**18


@click.command(short_help="Deploy the system to a network")
@click.option("--network", metavar="CHOICE", required=True, help="Ape's ecosystem:network:provider; the provider may be a URL.")
@click.option("--account", metavar="ALIAS", required=True, help="Ape's account that deploys; on a development network also TEST::0. A key file's passphrase is asked for, or taken from APE_ACCOUNTS_<ALIAS>_PASSPHRASE.")
@click.option("--config", "config_path", type=click.Path(dir_okay=False, path_type=Path), required=True, help="What to deploy (deploy/sepolia.yaml shows all there is to say).")
@click.option("--deployments", "folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True, help="Where the record is written, and the journal while it is under way.")
@click.option("--unfinished", metavar="BASE/QUOTE", multiple=True, help="A pool whose first liquidity, status and naming are left out, as far as they are not done: where others have added to it before. It is finished by `ape run act`. May be given several times.")
@click.option("--dry-run", is_flag=True, help="Show every transaction with the gas and cost it would have, and send none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def cli(network, account, config_path, folder, unfinished, dry_run, as_json):
    """Deploy what a configuration says, read everything back from the chain, and write deployments/<chain id>.json.

    Every transaction is written down before it is sent: if anything ends the run, the same command goes on from there and deploys
    nothing twice. Where the deployment is complete, the same command checks that it still stands.

    Exits with 0 if everything stands as configured, 2 if something is in the way, 130 on Ctrl-C.
    """
    console = console_for(as_json)
    with told_in_one_line("deploy", console, after=": the same command goes on from here"):
        config = read_config(config_path)
        check_tools()
        with connected(network) as provider:
            wallet = open_wallet(account, Node(provider))
            there_before = path_of(config.chain_id, folder).exists()
            if dry_run and not there_before:
                prepared = prepare(config, wallet, folder, unfinished)
                print_json(in_numbers(prepared)) if as_json else show_plan(console, prepared)
                check_funds(prepared)
                return
            waiting = console.status("")
            try:
                deployment = deploy(config, wallet, folder, partial(tell, console), partial(tell_waiting, waiting), unfinished)
            finally:
                waiting.stop()
            print_json(deployment.model_dump(mode="json")) if as_json else show(console, deployment, folder, there_before)


def tell(console: Console, number: int, step: Step, done: Done) -> None:
    console.print(f"{number:>3}  {step.what}: {done.transaction} in block {done.block:,}, {done.gas_used:,} gas", soft_wrap=True, highlight=False)


def tell_waiting(waiting: Status, blocks: int) -> None:
    waiting.update(f"Waiting for {blocks} more block{'s' if blocks > 1 else ''} on the last transaction ...")
    waiting.start()


def in_numbers(prepared: Prepared) -> dict:
    transactions = [{"what": each.step.what, "to": each.step.to, "gas": each.gas} for each in prepared.ahead]
    total = {"gas": sum(each.gas for each in prepared.ahead), "gas_price": prepared.gas_price, "cost": prepared.cost}
    return {"chain_id": prepared.config.chain_id, "deployer": prepared.wallet.address, "transactions": transactions, **total}


def show_plan(console: Console, prepared: Prepared) -> None:
    wallet, price = prepared.wallet, prepared.gas_price
    done = len(prepared.journal.entries)
    begun = f" {done} transactions were signed before, as {journal.path_of(prepared.config.chain_id, prepared.folder)} has it." if done else ""
    console.print(f"From {wallet.name} ({wallet.address}) to {wallet.node.name}, chain {prepared.config.chain_id}.{begun}", soft_wrap=True)
    table = Table("", "transaction", "gas", "cost", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for number, each in enumerate(prepared.ahead, 1):
        table.add_row(str(number), each.step.what, f"{each.gas:,}", f"{each.gas * price / COIN:.6f}")
    table.add_row("", "in all, about", f"{sum(each.gas for each in prepared.ahead):,}", f"{prepared.cost / COIN:.6f}", style="bold")
    console.print(table)
    balance = wallet.node.balance(wallet.address) / COIN
    console.print(f"At the present gas price of {price / 10**9:.3f} gwei; the account has {balance:.6f}. Nothing was sent.", soft_wrap=True)


def show(console: Console, deployment: Deployment, folder: Path, there_before: bool) -> None:
    path = path_of(deployment.chain_id, folder)
    console.print("Read back: " + ("it still stands as it was recorded." if there_before else "everything is as configured and as compiled."))
    table = Table("contract", "address", box=None)
    for role, contract in deployment.contracts.items():
        table.add_row(role.replace("_", " "), contract.address)
    for pool in deployment.pools:
        table.add_row(f"pool {pool.name}", pool.address)
    for token in deployment.tokens:
        table.add_row(f"token {token.symbol}", token.address)
    console.print(table)
    for left_out in deployment.left_out:
        console.print(f"Left out: {left_out}", style="yellow", soft_wrap=True, highlight=False)
    if deployment.left_out:
        console.print("Finish it by ape run act: donate (to put the price right), add, activate, name-dlq-pool.", soft_wrap=True)
    if deployment.governor != deployment.deployer:
        console.print(f"{deployment.governor} has been offered the ownership, and accepts it by: ape run act accept-ownership", soft_wrap=True)
    console.print(f"Recorded in {path}; for block explorers, the compiler's inputs are in {path.with_suffix('.verification')}/.", soft_wrap=True)
