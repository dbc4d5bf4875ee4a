"""What people do with the system: each act is one call, what it needs to be approved, and the bounds that its preview sets it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from deploy.config import base_units, stored_price
from model import Operation, State, apply
from model.fixed_point import BPS
from model.state import ACTIVE, BACKSTOP, CONTROLLER, EMPTY_POSITION, RESERVE, SUSPENDED, ZERO
from operate.snapshot import Snapshot
from operate.system import OperateError, Pair, System, Token, account_id

CONTRACT = {"pool": "Pool", "reserve": "Reserve", "backstop": "Backstop", "controller": "Controller", "token": "DLQ"}
UNLIMITED = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Act:
    """`approvals` are (token, spender, amount); `bounded` gives the call its minimums, by what the preview returned."""

    operation: Operation
    approvals: tuple[tuple[str, str, int], ...] = ()
    bounded: Callable[[Any], dict[str, int]] = field(default=lambda value: {})

    def with_bounds(self, value: Any) -> Operation:
        return replace(self.operation, arguments=self.operation.arguments | self.bounded(value))


class Acting:
    """Makes acts of what people say, for one account on one snapshot."""

    def __init__(self, system: System, snapshot: Snapshot, sender: str, slippage_bps: int, deadline_seconds: int):
        self.system = system
        self.state = snapshot.state
        self.sender = sender
        self.keep_bps = BPS - slippage_bps
        self.deadline = snapshot.now + deadline_seconds

    # Traders and donors

    def swap(self, pool: str, token: str, amount: str, recipient: str | None) -> Act:
        pair, sold = self._pair(pool), self._token(token)
        if sold.symbol not in (pair.base, pair.quote):
            raise OperateError(f"{pair.name} does not trade {sold.symbol}")
        units = self._amount(amount, sold)
        arguments = {"token_in": sold.symbol, "amount_in": units, "min_amount_out": 0}
        arguments |= {"recipient": self._account(recipient) if recipient else self.sender, "deadline": self.deadline}
        return self._of_pool("swap", pair, ((sold.symbol, units),), lambda out: {"min_amount_out": self._least(out)}, **arguments)

    def donate(self, pool: str, base: str, quote: str) -> Act:
        pair, amounts = self._both(pool, base, quote)
        return self._of_pool("donate", pair, _tokens(pair, amounts), **amounts)

    # Providers

    def add(self, pool: str, base: str, quote: str) -> Act:
        pair, amounts = self._both(pool, base, quote)
        arguments = {**amounts, "min_units": 0, "deadline": self.deadline}
        return self._of_pool("add", pair, _tokens(pair, amounts), lambda units: {"min_units": self._least(units)}, **arguments)

    def stage(self, pool: str, base: str, quote: str) -> Act:
        pair, amounts = self._both(pool, base, quote)
        return self._of_pool("stage_deposit", pair, _tokens(pair, amounts), **amounts)

    def confirm(self, pool: str) -> Act:
        return self._of_pool("confirm_deposit", self._pair(pool), (), lambda units: {"min_units": self._least(units)}, min_units=0)

    def cancel(self, pool: str) -> Act:
        return self._of_pool("cancel_deposit", self._pair(pool))

    def protect(self, pool: str) -> Act:
        return self._of_pool("begin_protection", self._pair(pool))

    def request(self, pool: str, units: str) -> Act:
        pair = self._pair(pool)
        return self._of_pool("request_withdrawal", pair, units=_part(units, self._position(pair).units, "units"))

    def withdraw(self, pool: str, max_shortfall: str | None) -> Act:
        pair = self._pair(pool)
        quote = self.system.tokens[pair.quote]

        def bounds(value: tuple[int, int, int, int]) -> dict[str, int]:
            base, quote_received, _, shortfall = value
            most = -(-shortfall * (2 * BPS - self.keep_bps) // BPS) if max_shortfall is None else self._amount(max_shortfall, quote, zero=True)
            return {"min_base": self._least(base), "min_quote": self._least(quote_received), "max_shortfall": most}

        return self._of_pool("withdraw", pair, (), bounds, min_base=0, min_quote=0, max_shortfall=UNLIMITED)

    def exit(self, pool: str, units: str) -> Act:
        pair = self._pair(pool)

        def bounds(value: tuple[int, int]) -> dict[str, int]:
            return {"min_base": self._least(value[0]), "min_quote": self._least(value[1])}

        leaving = _part(units, self._position(pair).units, "units")
        return self._of_pool("exit", pair, (), bounds, units=leaving, min_base=0, min_quote=0)

    # Stakers

    def stake(self, pool: str, amount: str) -> Act:
        dlq = self.system.tokens[self.state.controller.dlq]
        units = self._amount(amount, dlq)
        operation = self._call("backstop.stake", BACKSTOP, pool=self._pair(pool).name, amount=units)
        return Act(operation, ((dlq.symbol, BACKSTOP, units),))

    def request_unstake(self, pool: str, shares: str) -> Act:
        pair = self._pair(pool)
        own, present = self.state.backstop.accounts[pair.name, self.sender], self.state.backstop.stakes[pair.name]
        held = own.shares if own.generation == present.generation else 0
        return Act(self._call("backstop.request_unstake", BACKSTOP, pool=pair.name, shares=_part(shares, held, "shares")))

    def unstake(self, pool: str) -> Act:
        return Act(self._call("backstop.unstake", BACKSTOP, pool=self._pair(pool).name))

    def claim(self, pool: str, token: str) -> Act:
        return Act(self._call("backstop.claim", BACKSTOP, pool=self._pair(pool).name, token=self._token(token).symbol))

    # Keepers

    def sweep(self, pool: str | None) -> Act:
        return Act(self._call("controller.sweep", CONTROLLER)) if pool is None else self._of_pool("sweep", self._pair(pool))

    def sweep_backstop(self, token: str) -> Act:
        return Act(self._call("backstop.sweep", BACKSTOP, token=self._token(token).symbol))

    def absorb(self, token: str) -> Act:
        return Act(self._call("reserve.absorb", RESERVE, token=self._token(token).symbol))

    # The governor

    def activate(self, pool: str, min_price: Decimal, max_price: Decimal) -> Act:
        pair = self._pair(pool)
        base, quote = (self.system.tokens[symbol].decimals for symbol in (pair.base, pair.quote))
        bounds = {"min_price": stored_price(min_price, base, quote, up=False), "max_price": stored_price(max_price, base, quote, up=True)}
        return Act(self._call("controller.set_status", CONTROLLER, pool=pair.name, status=ACTIVE, **bounds))

    def suspend(self, pool: str) -> Act:
        bounds = {"min_price": 0, "max_price": 0}
        return Act(self._call("controller.set_status", CONTROLLER, pool=self._pair(pool).name, status=SUSPENDED, **bounds))

    def name_dlq_pool(self, quote: str, pool: str | None) -> Act:
        named = ZERO if pool is None else self._pair(pool).name
        return Act(self._call("controller.name_dlq_pool", CONTROLLER, quote=self._token(quote).symbol, pool=named))

    def offer_ownership(self, governor: str) -> Act:
        return Act(self._call("controller.transfer_ownership", CONTROLLER, new_owner=self._account(governor)))

    def accept_ownership(self) -> Act:
        return Act(self._call("controller.accept_ownership", CONTROLLER))

    # What people say

    def _call(self, name: str, target: str, **arguments: Any) -> Operation:
        return Operation(name, target, self.sender, arguments)

    def _of_pool(self, name: str, pair: Pair, spent: tuple = (), bounded: Callable = lambda value: {}, **arguments: Any) -> Act:
        approvals = tuple((token, pair.name, amount) for token, amount in spent if amount)
        return Act(self._call(f"pool.{name}", pair.name, **arguments), approvals, bounded)

    def _pair(self, name: str) -> Pair:
        return self.system.pair(name)

    def _token(self, name: str) -> Token:
        return self.system.token(name)

    def _account(self, text: str) -> str:
        """The model's id: of the system's own contracts their names."""
        return self.system.name(account_id(text))

    def _position(self, pair: Pair):
        return self.state.pools[pair.name].positions.get(self.sender, EMPTY_POSITION)

    def _both(self, pool: str, base: str, quote: str) -> tuple[Pair, dict[str, int]]:
        pair = self._pair(pool)
        tokens = self.system.tokens
        return pair, {
            "base": self._amount(base, tokens[pair.base], zero=True),
            "quote": self._amount(quote, tokens[pair.quote], zero=True),
        }

    def _amount(self, text: str, token: Token, *, zero: bool = False) -> int:
        """Whole tokens, or `all` that the account has."""
        if text == "all":
            return self.state.tokens[token.symbol].balances[self.sender]
        if not re.fullmatch(r"[0-9][0-9_,]*(\.[0-9]+)?", text):
            raise OperateError(f"{text!r} is not an amount: a decimal number of {token.symbol}, or all")
        try:
            units = base_units(Decimal(text.replace(",", "")), token.decimals, token.symbol)
        except ValueError as error:
            raise OperateError(str(error)) from error
        if not units and not zero:
            raise OperateError(f"nothing is not an amount of {token.symbol} here")
        return units

    def _least(self, amount: int) -> int:
        return amount * self.keep_bps // BPS


def _tokens(pair: Pair, amounts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return (pair.base, amounts["base"]), (pair.quote, amounts["quote"])


def _part(text: str, held: int, what: str) -> int:
    """A count, a percentage of what is held, or all of it."""
    if text == "all":
        return held
    percentage = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%", text)
    if percentage:
        numerator, denominator = Decimal(percentage[1]).as_integer_ratio()
        return held * numerator // (denominator * 100)
    if not re.fullmatch(r"[0-9][0-9_,]*", text):
        raise OperateError(f"{text!r} is not a number of {what}: a count, a percentage, or all")
    return int(text.replace(",", "").replace("_", ""))


def approved(state: State, act: Act) -> State:
    """The state in which everything that the act needs is approved."""
    tokens = state.tokens
    for symbol, spender, amount in act.approvals:
        token = tokens[symbol]
        tokens = tokens | {symbol: replace(token, allowances=token.allowances | {(act.operation.sender, spender): amount})}
    return replace(state, tokens=tokens)


def preview(snapshot: Snapshot, act: Act) -> tuple[State, Any, tuple]:
    """What the model says that the act will come to: the state after, the value returned and the events.

    Raises
    ------
    OperateError
        If it would be refused.
    """
    after, outcome = apply(approved(snapshot.state, act), act.operation, snapshot.now)
    if not outcome.ok:
        raise OperateError(f"{act.operation.name} would be refused: {outcome.reason or 'no reason given'}")
    return after, outcome.value, outcome.events


def missing_approvals(state: State, act: Act) -> list[tuple[str, str, int]]:
    """The approvals that are not there yet. One that is too small is taken back first: some tokens want it so."""
    missing = []
    for symbol, spender, amount in act.approvals:
        approved_before = state.tokens[symbol].allowances.get((act.operation.sender, spender), 0)
        if approved_before < amount:
            missing += [(symbol, spender, 0)] if approved_before else []
            missing.append((symbol, spender, amount))
    return missing


def calldata(system: System, operation: Operation) -> bytes:
    """An operation as the contract takes it."""
    kind, name = operation.name.split(".")
    compiled = system.compiled[CONTRACT[kind]]
    (function,) = [item for item in compiled.abi if item["type"] == "function" and item["name"] == name]
    values = [operation.arguments[parameter["name"]] for parameter in function["inputs"]]
    kinds = [parameter["type"] for parameter in function["inputs"]]
    return compiled.calldata(name, *[system.address_of(value) if kind == "address" else value for kind, value in zip(kinds, values)])
