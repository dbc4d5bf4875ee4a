"""An account that signs, sends and waits: each by itself, so that what is signed can be written down before it is sent."""

import os
import sys
import time
from typing import Any

import click
from ape import accounts
from ape.api import AccountAPI
from ape.exceptions import AccountsError
from ape_accounts import KeyfileAccount
from eth_utils import keccak

from deploy.journal import Signed
from deploy.node import Node, NodeError, Refused
from deploy.problem import Problem
from tests.differential.environment import unlock

GAS_CAP = 16_777_216  # what Ethereum allows one transaction
SHORTEST_PAUSE, LONGEST_PAUSE = 0.01, 1.0  # between questions for a receipt, in seconds


class WalletError(Problem):
    """The account cannot send, or what it sent has not been mined; the message says why in one line."""


class Wallet:
    """One of Ape's accounts on the connected network."""

    def __init__(self, account: AccountAPI, node: Node):
        self.account = account
        self.node = node
        self.address: str = account.address
        self.name = account.alias or account.address

    def unlock(self) -> None:
        """Make sure of a signature before anything depends on it."""
        if not isinstance(self.account, KeyfileAccount):
            return
        variable = f"APE_ACCOUNTS_{self.account.alias}_PASSPHRASE"
        if variable in os.environ or not sys.stdin.isatty():
            unlock(self.account)
            return
        try:
            self.account.set_autosign(True, passphrase=click.prompt(f"Passphrase of {self.name}", hide_input=True, err=True))
        except AccountsError as error:
            raise WalletError(f"account {self.name} does not open with this passphrase") from error

    def estimate(self, to: str | None, data: bytes) -> int:
        """The gas that a transaction takes in the present state."""
        call = {"from": self.address, "data": "0x" + data.hex(), **({} if to is None else {"to": to})}
        return int(self.node.request("eth_estimateGas", call), 16)

    def sign(self, to: str | None, data: bytes, nonce: int, *, outbid: Signed | None = None) -> Signed:
        """Sign a call, or a creation where `to` is None; `outbid` has the same nonce, and nodes take another for it only at higher fees."""
        # What another transaction does in between may make this one dearer.
        gas = min(self.estimate(to, data) * 5 // 4, GAS_CAP)
        call = {"sender": self.address, "data": data, "nonce": nonce, "gas_limit": gas, "value": 0, "chain_id": self.node.chain_id()}
        if to is not None:
            call["receiver"] = to
        least_max_fee, least_tip = (outbid.max_fee * 5 // 4, outbid.tip * 5 // 4) if outbid else (0, 0)
        base_fee = self.node.base_fee()
        if base_fee:
            tip = max(self._tip(), least_tip)
            max_fee = max(2 * base_fee + tip, least_max_fee)
            fees = {"type": 2, "max_fee": max_fee, "max_priority_fee": tip}
        else:
            tip = max_fee = max(self.node.gas_price(), least_max_fee)
            fees = {"type": 0, "gas_price": max_fee}
        signed = self.account.sign_transaction(self.node.network.ecosystem.create_transaction(**call, **fees))
        if signed is None:
            raise WalletError(f"account {self.name} did not sign")
        raw = bytes(signed.serialize_transaction())
        return Signed(hash="0x" + keccak(raw).hex(), raw="0x" + raw.hex(), max_fee=max_fee, tip=tip)

    def pays_too_little(self, signed: Signed) -> bool:
        """What was signed some time ago, for a block of now."""
        base_fee = self.node.base_fee()
        if not base_fee:
            return self.node.gas_price() > signed.max_fee
        # Tips go up and down: only where another would be worth outbidding it.
        return base_fee > signed.max_fee or self._tip() > signed.tip * 5 // 4

    def _tip(self) -> int:
        try:
            return int(self.node.request("eth_maxPriorityFeePerGas"), 16)
        except NodeError:
            return 10**9  # a node that does not know the method

    def send(self, signed: Signed) -> None:
        """Send signed bytes; again is the same as once."""
        try:
            self.node.request("eth_sendRawTransaction", signed.raw)
        except NodeError:
            # A node that has it says so in words of its own.
            if not self.node.knows(signed.hash) and self.node.receipt(signed.hash) is None:
                raise

    def mined(self, candidates: list[Signed]) -> dict[str, Any] | None:
        """The receipt of whichever was mined: they share a nonce, so that it is one at most."""
        for signed in candidates:
            receipt = self.node.receipt(signed.hash)
            if receipt is not None:
                return receipt
        return None

    def wait(self, candidates: list[Signed]) -> dict[str, Any]:
        """Wait for the receipt."""
        until = time.monotonic() + max(self.node.network.transaction_acceptance_timeout, 1)
        pause = SHORTEST_PAUSE
        while True:
            receipt = self.mined(candidates)
            if receipt is not None:
                return receipt
            if time.monotonic() > until:
                raise WalletError(f"transaction {candidates[-1].hash} is not mined yet")
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def reason(self, to: str | None, data: bytes, block: int) -> str:
        """Why a transaction in a block failed: the same call, in the state before it."""
        call = {"from": self.address, "data": "0x" + data.hex(), **({} if to is None else {"to": to})}
        try:
            self.node.request("eth_call", call, hex(block - 1))
        except Refused as refused:
            return refused.reason
        except NodeError as error:
            return str(error)
        return "for want of gas, or because of what happened in the same block"


def open_wallet(alias: str, node: Node) -> Wallet:
    """The account of this alias: Ape's own, or a test account of a development network (TEST::0).

    Raises
    ------
    WalletError
        If there is none.
    """
    owned = {account.alias: account for account in accounts}
    if node.network.is_dev:
        owned |= {account.alias: account for account in accounts.test_accounts}
    if alias not in owned:
        raise WalletError(f"Ape has no account {alias}: see `ape accounts list`")
    return Wallet(owned[alias], node)
