"""Deploys what a configuration says, goes on with what broke off, and records what stands in the end."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from eth_utils import to_checksum_address

from deploy import journal as journals
from deploy.compiled import COMPILER, Compiled, compile_all, sources
from deploy.config import DLQ, Config, ConfigError
from deploy.journal import Entry, Journal, Purpose
from deploy.node import Node, Refused
from deploy.outcome import recorded, system_of, verification
from deploy.plan import Done, Step, System, Token, drive, plan
from deploy.preflight import Estimate, check_amounts, check_chain, rehearse, tokens_there
from deploy.problem import Problem
from deploy.readback import ReadBack
from deploy.record import FOLDER, Deployment, load, path_of, write_json
from deploy.wallet import LONGEST_PAUSE, Wallet
from model.state import CONTROLLER

Progress = Callable[[int, Step, Done], None]
Waiting = Callable[[int], None]  # for so many blocks


class DeployError(Problem):
    """The deployment cannot go on; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment that has been checked and not begun, or begun and broken off."""

    config: Config
    compiled: dict[str, Compiled]
    wallet: Wallet
    folder: Path
    taken: dict[str, Token]
    journal: Journal
    done: dict[str, Done]
    is_left_out: Callable[[Step], bool]
    ahead: list[Estimate]
    gas_price: int

    @property
    def cost(self) -> int:
        """Of what is still to be sent, in the smallest unit of the network's coin."""
        return sum(estimate.gas for estimate in self.ahead) * self.gas_price


def deploy(
    config: Config,
    wallet: Wallet,
    folder: Path = FOLDER,
    progress: Progress = lambda number, step, done: None,
    waiting: Waiting = lambda blocks: None,
    unfinished: Collection[str] = (),
) -> Deployment:
    """Deploy, or go on with a deployment that broke off, and write `deployments/<chain id>.json`; one that is there is checked again.

    Parameters
    ----------
    unfinished : pools of which what is not done yet of their first liquidity, status and naming is left out, and recorded so

    Raises
    ------
    ConfigError, DeployError, JournalError, NodeError, RecordError, WalletError
        With what is in the way, in one line. The same call goes on from there.
    """
    with journals.alone(folder):
        path = path_of(config.chain_id, folder)
        if path.exists():
            deployment = load(path)
            check_again(deployment, config, wallet.node)
            journals.path_of(config.chain_id, folder).unlink(missing_ok=True)  # of a run that ended right after it had recorded
            return deployment
        prepared = prepare(config, wallet, folder, unfinished)
        check_funds(prepared)
        wallet.unlock()
        return carry_out(prepared, progress, waiting)


def prepare(config: Config, wallet: Wallet, folder: Path = FOLDER, unfinished: Collection[str] = ()) -> Prepared:
    """Check everything that can be checked before a transaction, and tell what is to be sent."""
    node = wallet.node
    for name in unfinished:
        if name not in [pool.name for pool in config.pools]:
            raise ConfigError(f"there is no pool {name} to be left unfinished")
    check_chain(config, node)
    compiled = compile_all()
    taken = tokens_there(config, node, compiled[DLQ])
    journal = Journal.open(journals.path_of(config.chain_id, folder), _purpose(config, compiled, wallet))
    if not journal.entries:
        check_amounts(config, node, wallet.address, taken, compiled[DLQ])
    number, now = node.block()
    # What an earlier run has sent may be mined at this very moment: one block decides what is done, and what is rehearsed on it.
    receipts = {key: wallet.mined(entry.signed) for key, entry in journal.entries.items()}
    mined = {key: _done(receipt) for key, receipt in receipts.items() if receipt and receipt["status"] == "0x1"}
    done = {key: each for key, each in mined.items() if each.block <= number}
    failed = [key for key, receipt in receipts.items() if receipt and receipt["status"] != "0x1"]

    def is_left_out(step: Step) -> bool:
        # What was signed may still be mined: it is done.
        return step.pool in unfinished and (step.key in failed or step.key not in journal.entries)

    ahead = rehearse(config, compiled, wallet, taken, done, is_left_out, number, now)
    return Prepared(config, compiled, wallet, folder, taken, journal, done, is_left_out, ahead, node.gas_price())


def check_funds(prepared: Prepared) -> None:
    """The account can pay for all that is still to be sent."""
    wallet = prepared.wallet
    balance = wallet.node.balance(wallet.address)
    if balance < prepared.cost:
        has, takes = (f"{amount / 10**18:.6f}" for amount in (balance, prepared.cost))
        raise DeployError(f"account {wallet.name} has {has} of the network's coin, and the deployment takes about {takes}")


def _purpose(config: Config, compiled: dict[str, Compiled], wallet: Wallet) -> Purpose:
    codes = {name: contract.initcode for name, contract in compiled.items()}
    return Purpose(
        chain_id=config.chain_id,
        genesis=wallet.node.genesis(),
        deployer=wallet.address,
        config=_digest(config.plain()),
        code=_digest(codes),
    )


def carry_out(
    prepared: Prepared, progress: Progress = lambda number, step, done: None, waiting: Waiting = lambda blocks: None
) -> Deployment:
    """Send what is to be sent, read everything back and record it."""
    path = journals.path_of(prepared.config.chain_id, prepared.folder)
    wallet, journal = prepared.wallet, prepared.journal
    number = 0

    def take(step: Step) -> Done | None:
        nonlocal number
        if prepared.is_left_out(step):
            return None
        number += 1
        done = prepared.done.get(step.key) or _take(step, wallet, journal, path)
        progress(number, step, done)
        return done

    system = drive(plan(prepared.config, prepared.compiled, wallet.address, prepared.taken), take)
    _confirm(prepared, system, waiting)
    found = ReadBack(prepared.config, prepared.compiled, wallet.node, system, wallet.address).differences(fresh=True)
    if found:
        raise DeployError(f"what stands on the chain is not what was to be deployed: {counted(found)}")
    deployment = recorded(prepared.config, prepared.compiled, wallet, system)
    for name, standard_json in verification(prepared.config, prepared.compiled).items():
        write_json(prepared.folder / f"{prepared.config.chain_id}.verification" / f"{name}.json", standard_json)
    deployment.save(path_of(prepared.config.chain_id, prepared.folder))
    path.unlink()
    return deployment


def _take(step: Step, wallet: Wallet, journal: Journal, path: Path) -> Done:
    """Do one step, or find it done."""
    entry = journal.entries.get(step.key)
    receipt = wallet.mined(entry.signed) if entry else None
    # What has failed on the chain has changed nothing there: it is done anew.
    if entry is None or receipt and receipt["status"] != "0x1":
        # Of the replicas behind a node's address, one may lag behind what this run has sent.
        nonce = max([wallet.node.nonce(wallet.address), *[each.nonce + 1 for each in journal.entries.values()]])
        entry, receipt = Entry(what=step.what, nonce=nonce, signed=[]), None
        _sign(step, entry, wallet, journal, path)
    elif receipt is None and wallet.node.nonce(wallet.address, "latest") > entry.nonce:
        receipt = wallet.mined(entry.signed)
        if receipt is None:
            raise DeployError(
                f"{step.what}: the node does not know {entry.signed[-1].hash}, but the account has used its nonce {entry.nonce}: "
                f"wait for the node, or, if something else was sent with that nonce, take this step out of {path}"
            )
    elif receipt is None and wallet.pays_too_little(entry.signed[-1]):
        _sign(step, entry, wallet, journal, path)
    if receipt is None:
        wallet.send(entry.signed[-1])
        receipt = wallet.wait(entry.signed)
    if receipt["status"] != "0x1":
        reason = wallet.reason(step.to, step.data, int(receipt["blockNumber"], 16))
        raise DeployError(f"{step.what}: {receipt['transactionHash']} has failed: {reason}")
    return _done(receipt)


def _sign(step: Step, entry: Entry, wallet: Wallet, journal: Journal, path: Path) -> None:
    """Sign a step, and write that down before anybody else hears of it."""
    try:
        entry.signed.append(wallet.sign(step.to, step.data, entry.nonce, outbid=entry.signed[-1] if entry.signed else None))
    except Refused as refused:
        raise DeployError(step.would_fail(refused.reason)) from refused
    journal.entries[step.key] = entry
    journal.write(path)


def _done(receipt: dict[str, Any]) -> Done:
    created = receipt.get("contractAddress")
    return Done(
        created=to_checksum_address(created) if created else "",
        block=int(receipt["blockNumber"], 16),
        transaction=receipt["transactionHash"],
        gas_used=int(receipt["gasUsed"], 16),
    )


def _confirm(prepared: Prepared, system: System, waiting: Waiting) -> None:
    """Wait until so many blocks stand on the last transaction, and see that all of them are still where they were."""
    node, confirmations = prepared.wallet.node, prepared.config.confirmations
    last = max(done.block for done in system.done.values())
    while not node.network.is_dev and (left := last + confirmations - node.block()[0]) > 0:
        waiting(left)
        time.sleep(LONGEST_PAUSE)
    for done in system.done.values():
        receipt = node.receipt(done.transaction)
        if receipt is None or int(receipt["blockNumber"], 16) != done.block:
            raise DeployError(f"the chain has been reorganised under {done.transaction}: run the same command again")


def check_again(deployment: Deployment, config: Config, node: Node) -> None:
    """What was deployed before still stands, and is what this configuration says.

    Raises
    ------
    DeployError
        If not.
    """
    path = f"the deployment of chain {deployment.chain_id}"
    check_chain(config, node)
    if deployment.config != config.plain():
        raise DeployError(f"{path} is of another configuration: move its record away to deploy this one")
    changed = [name for name, digest in sources(compile_all()).items() if deployment.sources.get(name) != digest]
    if changed or deployment.compiler != COMPILER:
        raise DeployError(f"{path} was made of other sources or by another compiler: {', '.join(changed[:3]) or deployment.compiler.version}")
    system = system_of(deployment)
    if not node.code(system.contracts[CONTROLLER]):
        raise DeployError(f"{path} is of a chain that is gone, or another: move its record away to deploy on this one")
    found = ReadBack(config, compile_all(), node, system, deployment.deployer).differences(fresh=False)
    if found:
        raise DeployError(f"{path} is not what stands on the chain: {counted(found)}")


def counted(found: list[str]) -> str:
    return found[0] if len(found) == 1 else f"{found[0]} (and {len(found) - 1} more)"


def _digest(content: Any) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
