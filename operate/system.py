"""A deployed system by the names that people use: tokens by symbol, pools by pair; and how its contracts are asked many things at once."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils import is_address, to_checksum_address

from deploy.compiled import Compiled, compile_all
from deploy.config import SYMBOL
from deploy.node import Node, NodeError
from deploy.problem import Problem
from deploy.readback import NOBODY
from deploy.record import Deployment, load, path_of
from model.state import BACKSTOP, CONTROLLER, RESERVE, ZERO

ERC20 = "DLQ"


class OperateError(Problem):
    """What was asked cannot be done; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Question:
    """A view of one contract."""

    contract: str
    address: str
    name: str
    arguments: tuple = ()


@dataclass(frozen=True, slots=True)
class Token:
    address: str
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A pool by its tokens' symbols."""

    address: str
    base: str
    quote: str

    @property
    def name(self) -> str:
        return f"{self.base}/{self.quote}"


class System:
    """What stands on the connected network, as its record and its Controller tell."""

    def __init__(self, deployment: Deployment, node: Node):
        self.deployment = deployment
        self.node = node
        self.compiled: dict[str, Compiled] = compile_all()
        self.address = {role: contract.address for role, contract in deployment.contracts.items()}
        if not node.code(self.address[CONTROLLER]):
            raise OperateError(
                f"there is no Controller at {self.address[CONTROLLER]}: the record is of another chain with the id {deployment.chain_id}"
            )

    def ask(self, questions: list[Question], block: int) -> list[Any]:
        """The answers, in the state of a block."""
        calls = [
            [{"to": each.address, "data": "0x" + self.compiled[each.contract].calldata(each.name, *each.arguments).hex()}, hex(block)]
            for each in questions
        ]
        answers = self.node.request_all("eth_call", calls)
        return [self.compiled[each.contract].answer(each.name, bytes.fromhex(answer[2:])) for each, answer in zip(questions, answers)]

    @cached_property
    def pairs(self) -> dict[str, Pair]:
        """All pools that the Controller has created by now, by name and in order."""
        block, controller = self.node.block()[0], self.address[CONTROLLER]
        (count,) = self.ask([Question("Controller", controller, "pool_count")], block)
        pools = self.ask([Question("Controller", controller, "pools", (number,)) for number in range(count)], block)
        sides = self.ask([Question("Pool", pool, side) for pool in pools for side in ("base", "quote")], block)
        symbols = [self._symbol(address) for address in sides]
        pairs = [Pair(to_checksum_address(pool), *symbols[2 * number : 2 * number + 2]) for number, pool in enumerate(pools)]
        return {pair.name: pair for pair in pairs}

    @cached_property
    def tokens(self) -> dict[str, Token]:
        """By symbol, as the record has them; those of pools created later by their own."""
        return {token.symbol: Token(token.address, token.symbol, token.decimals) for token in self.deployment.tokens}

    def _symbol(self, address: str) -> str:
        for token in self.tokens.values():
            if token.address.lower() == address.lower():
                return token.symbol
        token = self._introduce(to_checksum_address(address))
        self.tokens[token.symbol] = token
        return token.symbol

    def _introduce(self, address: str) -> Token:
        """A token that the record does not know. It names itself: one that takes another's name, in any case, or no token's name at
        all, is called by its address."""
        block = self.node.block()[0]
        (decimals,) = self.ask([Question(ERC20, address, "decimals")], block)
        try:
            (symbol,) = self.ask([Question(ERC20, address, "symbol")], block)
        except (NodeError, DecodingError, OverflowError):
            symbol = ""  # a token need not have one
        taken = {name.lower() for name in (ZERO, *self.address, *self.tokens)}
        return Token(address, symbol if re.fullmatch(SYMBOL, symbol) and symbol.lower() not in taken else address, decimals)

    @cached_property
    def names(self) -> dict[str, str]:
        """What the model calls an address, in lower case."""
        named = {self.address[role]: role for role in (CONTROLLER, RESERVE, BACKSTOP)}
        named |= {pair.address: name for name, pair in self.pairs.items()} | {token.address: symbol for symbol, token in self.tokens.items()}
        return {address.lower(): name for address, name in named.items()} | {NOBODY: ZERO}

    def name(self, address: str) -> str:
        """The model's id of an address: an account's is the address itself."""
        return self.names.get(address.lower()) or to_checksum_address(address)

    def address_of(self, identity: str) -> str:
        """And back."""
        if identity in self.pairs:
            return self.pairs[identity].address
        if identity in self.tokens:
            return self.tokens[identity].address
        return NOBODY if identity == ZERO else self.address.get(identity, identity)

    def pair(self, name: str) -> Pair:
        """The pool of this name or address."""
        for pair in self.pairs.values():
            if name.lower() in (pair.name.lower(), pair.address.lower()):
                return pair
        raise OperateError(f"there is no pool {name}: there are {', '.join(self.pairs) or 'none'}")

    def token(self, name: str) -> Token:
        """The token of this symbol or address."""
        for token in self.tokens.values() if self.pairs is not None else ():
            if name.lower() in (token.symbol.lower(), token.address.lower()):
                return token
        raise OperateError(f"there is no token {name}: there are {', '.join(self.tokens)}")


def account_id(text: str) -> str:
    """An account's address, with its checksum."""
    if not is_address(text):
        raise OperateError(f"{text} is not an address")
    return to_checksum_address(text)


def open_system(node: Node, folder: Path) -> System:
    """The system that is recorded for the connected network."""
    return System(load(path_of(node.chain_id(), folder)), node)
