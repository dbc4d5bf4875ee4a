"""The stored state, read by the contracts' own views as of one block, as a state of the model; and two states field by field.

Plain views are what every provider answers; as of an older block only those do that keep old states.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils import keccak

from audit.chain import Chain, Refused, Request
from audit.events import CONTRACTS, signature
from audit.system import System
from model import Parameters, State, SystemParameters, Token
from model.state import (
    BACKSTOP, CONTROLLER, EMPTY_DEPOSIT, EMPTY_POOL_STAKE, EMPTY_POSITION, EMPTY_REQUEST, EMPTY_STAKE_ACCOUNT, RESERVE, ZERO,
    Backstop, Books, Controller, Deposit, Pool, PoolStake, Position, Request as WithdrawalRequest, Reserve, StakeAccount,
)  # fmt: skip
from model.token import INFINITE
from tests.differential.artifacts import Artifacts
from tests.differential.difference import Row, rows_of

Pair = tuple[str, str]  # a pool and one of its providers or stakers
FINAL_INDICES = 2  # the slot of backstop_store.final_indices, by pool and generation
ERC20 = {"balanceOf": "70a08231", "decimals": "313ce567", "symbol": "95d89b41"}


class Unlimited(dict):
    """The allowances of a token in an audit: who has paid has been allowed to."""

    def get(self, key: object, default: object = None) -> int:
        return INFINITE


def token_of(decimals: int | None, balances: dict[str, int]) -> Token:
    """A token in an audit: of its balances only those of the system's contracts are followed."""
    return Token(decimals=decimals, balances=balances, allowances=Unlimited())


class StoredState:
    """Asks the contracts' views."""

    def __init__(self, chain: Chain, system: System, artifacts: Artifacts):
        self.chain = chain
        self.system = system
        self._selectors: dict[str, str] = {}
        self._topics: dict[Pair, str] = {}
        for contract, name in CONTRACTS.items():
            for item in artifacts[name].abi:
                if item["type"] == "function":
                    self._selectors[f"{contract}.{item['name']}"] = signature(item)[:4].hex()
                elif item["type"] == "event":
                    self._topics[contract, item["name"]] = "0x" + signature(item).hex()

    def topic(self, contract: str, event: str) -> str:
        """What logs of an event begin with."""
        return self._topics[contract, event]

    # -- single questions ------------------------------------------------------------------------------------------

    def token(self, token: str) -> tuple[int | None, str]:
        """What a token says of its decimals, and its symbol."""
        answers = self.chain.try_all([_call(token, ERC20[name], "latest") for name in ("decimals", "symbol")])
        decimals, symbol = [bytes.fromhex(answer.get("result", "0x")[2:]) for answer in answers]
        try:
            (text,) = decode(["string"], symbol)
        except (DecodingError, UnicodeDecodeError, OverflowError):  # some very old tokens answer with 32 bytes
            text = symbol.rstrip(b"\0").decode(errors="replace")
        self.system.learn_symbol(token, text or token)
        return int.from_bytes(decimals, "big") if decimals else None, text or token

    def balances_before(self, token: str, block: int) -> dict[str, int]:
        """What the contracts held of a token before a block; nothing, as far as the node says, of a token that was not there."""
        questions = [_call(token, ERC20["balanceOf"], block - 1, address) for address in self.system.addresses_of_holders]
        amounts = [int(answer.get("result", "0x0")[2:] or "0", 16) for answer in self.chain.try_all(questions)]
        return {holder: amount for holder, amount in zip(self.system.holders, amounts) if amount}

    def parameters(self, pool: str) -> list[int]:
        """A pool's parameters, which are its own for ever."""
        return _words(self.chain.ask("eth_call", *_call(pool, self._selectors["pool.parameters"], "latest")[1]))

    def can_read(self, block: int) -> bool:
        """Whether the node still knows the state as of a block, and the system was there by then."""
        try:
            return self._ask(block, [(CONTROLLER, "pool_count")]) != [[]]
        except Refused:
            return False

    def final_stake(self, pool: str, generation: int, block: int) -> PoolStake:
        """Where the rewards of an ended generation stand. No view tells: it is read where it is stored."""
        place = FINAL_INDICES.to_bytes(32, "big")
        for key in (int(self.system.address(pool), 16), generation):
            place = keccak(place + key.to_bytes(32, "big"))
        slots = [hex(int.from_bytes(place, "big") + offset) for offset in range(2)]
        asked: list[Request] = [("eth_getStorageAt", [self.system.address(BACKSTOP), slot, hex(block)]) for slot in slots]
        index_base, index_quote = [int(word, 16) for word in self.chain.ask_all(asked)]
        return PoolStake(generation, 0, 0, index_base, index_quote)

    # -- all of it -------------------------------------------------------------------------------------------------

    def _ask(self, block: int, questions: Sequence[tuple]) -> list[list[int]]:
        """The words that views answer; each question is a contract's id, a view, and its arguments."""
        requests = []
        for target, view, *arguments in questions:
            contract = "pool" if target.startswith("pool-") else target
            selector = self._selectors.get(f"{contract}.{view}") or ERC20[view]
            words = [self.system.address(one) if isinstance(one, str) else f"0x{one:x}" for one in arguments]
            requests.append(_call(self.system.address(target), selector, block, *words))
        return list(map(_words, self.chain.ask_all(requests)))

    def _id(self, word: int) -> str:
        return self.system.id(f"0x{word:040x}")

    def read(self, block: int, providers: Iterable[Pair], stakers: Iterable[Pair], tokens: Iterable[str], booked: Iterable[str]) -> State:
        """The system's state as of a block, as the model has it.

        Parameters
        ----------
        providers, stakers : whose positions and accounts to read, in which pool
        tokens : whose balances to read, beside those of the pools
        booked : of which tokens to read what Reserve and Backstop have booked, beside those
        """
        (count,) = self._ask(block, [(CONTROLLER, "pool_count")])
        system = self._ask(block, [(CONTROLLER, "pools", number) for number in range(count[0])])
        pools = [self._id(word) for (word,) in system]
        pairs = self._ask(block, [(pool, view) for pool in pools for view in ("base", "quote")])
        tokens = list(dict.fromkeys([*tokens, *[self._id(word) for (word,) in pairs]]))
        booked = list(dict.fromkeys([*tokens, *booked]))
        controller = self._controller(block, pools, tokens)
        return State(
            tokens=self._tokens(block, pools, tokens),
            pools=self._pools(block, pools, list(providers)),
            reserve=Reserve(self._amounts(block, RESERVE, "held", booked)),
            backstop=self._backstop(block, controller, pools, list(stakers), booked),
            controller=controller,
            log=(),
        )

    def _controller(self, block: int, pools: list[str], tokens: list[str]) -> Controller:
        times = ("unstake_seconds", "hold_seconds", "unstake_window_seconds")
        views = [(CONTROLLER, name) for name in ("owner", "pending_owner", "swept_epoch", "dlq", "epoch_seconds")]
        owner, pending, swept, dlq, *periods = [word for (word,) in self._ask(block, views + [(BACKSTOP, name) for name in times])]
        named = self._ask(block, [(CONTROLLER, "dlq_pools", token) for token in tokens])
        dlq_pools = {token: self._id(word) for token, (word,) in zip(tokens, named) if word}
        return Controller(
            self._id(owner), self._id(pending), tuple(pools), dlq_pools, swept, SystemParameters(*periods), self._id(dlq)
        )  # fmt: skip

    def _amounts(self, block: int, contract: str, view: str, tokens: list[str]) -> dict[str, int]:
        answers = self._ask(block, [(contract, view, token) for token in tokens])
        return {token: amount for token, (amount,) in zip(tokens, answers) if amount}

    def _tokens(self, block: int, pools: list[str], tokens: list[str]) -> dict[str, Token]:
        holders = (CONTROLLER, RESERVE, BACKSTOP, *pools)
        answers = iter(self._ask(block, [(token, "balanceOf", holder) for token in tokens for holder in holders]))
        return {token: token_of(None, {holder: next(answers)[0] for holder in holders}) for token in tokens}

    def _pools(self, block: int, pools: list[str], providers: list[Pair]) -> dict[str, Pool]:
        views = ("base", "quote", "epoch_seconds", "parameters", "state")
        answers = iter(self._ask(block, [(pool, view) for pool in pools for view in views]))
        found = {}
        for pool in pools:
            (base,), (quote,), (epoch_seconds,), parameters, stored = [next(answers) for _ in views]
            epoch, bailout, *counts = stored[8:15]
            found[pool] = Pool(
                self._id(base), self._id(quote), Parameters(*parameters), epoch_seconds, *stored[:8],
                Books(epoch, bool(bailout), *counts), stored[15], positions={}, requests={}, deposits={},
            )  # fmt: skip
        kinds = {"position": Position, "request": WithdrawalRequest, "deposit": Deposit}
        entries = iter(self._ask(block, [(pool, view, provider) for pool, provider in providers for view in kinds]))
        for pool, provider in providers:
            for view, kind in kinds.items():
                getattr(found[pool], view + "s")[provider] = kind(*next(entries))
        return found

    def _backstop(self, block: int, controller: Controller, pools: list[str], stakers: list[Pair], booked: list[str]) -> Backstop:
        stakes = self._ask(block, [(BACKSTOP, "pool_stake", pool) for pool in pools])
        accounts = self._ask(block, [(BACKSTOP, "account", *pair) for pair in stakers])
        return Backstop(
            controller.dlq,
            self._amounts(block, BACKSTOP, "booked", booked),
            {pool: PoolStake(*words) for pool, words in zip(pools, stakes)},
            {pair: StakeAccount(*words) for pair, words in zip(stakers, accounts)},
            {},
            controller.parameters,
        )


def _call(target: str, selector: str, block: int | str, *words: str) -> Request:
    data = "0x" + selector + "".join([word[2:].rjust(64, "0") for word in words])
    return "eth_call", [{"to": target, "data": data}, block if isinstance(block, str) else hex(block)]


def _words(data: str) -> list[int]:
    return [int(data[at : at + 64], 16) for at in range(2, len(data), 64)]


def providers_of(state: State) -> list[Pair]:
    """Everybody who provides or has provided, by pool."""
    return [
        (name, provider)
        for name, pool in state.pools.items()
        for provider in dict.fromkeys([*pool.positions, *pool.requests, *pool.deposits])
    ]


def differences(model: State, chain: State, listed: Iterable[str]) -> list[Row]:
    """The fields in which two states are not the same; of the tokens in `listed`, the contracts' balances too."""
    holders = (CONTROLLER, RESERVE, BACKSTOP, *model.controller.pools)
    rows = rows_of(*[_fields(state, list(listed), holders) for state in (model, chain)])
    return [row for row in rows if row.differs and (row.model or row.observed)]


def _fields(state: State, listed: list[str], holders: Sequence[str]) -> dict[str, Any]:
    """A state as fields by their paths, without its empty entries."""
    found: dict[str, Any] = {}
    _spread("controller", replace(state.controller, dlq_pools={k: v for k, v in state.controller.dlq_pools.items() if v != ZERO}), found)
    for name, pool in state.pools.items():
        _spread(name, pool, found)
    _spread("reserve.held", state.reserve.held, found)
    _spread("backstop.booked", state.backstop.booked, found)
    _spread("backstop.stakes", state.backstop.stakes, found)
    for (pool, staker), account in state.backstop.accounts.items():
        _spread(f"backstop.accounts[{pool}][{staker}]", account, found)
    for token in listed:
        balances = state.tokens[token].balances if token in state.tokens else {}
        _spread(f"tokens[{token}].balances", {holder: balances.get(holder, 0) for holder in holders}, found)
    return found


EMPTY = (EMPTY_POSITION, EMPTY_REQUEST, EMPTY_DEPOSIT, EMPTY_POOL_STAKE, EMPTY_STAKE_ACCOUNT)


def _spread(path: str, value: Any, found: dict[str, Any]) -> None:
    if is_dataclass(value):
        if value not in EMPTY:
            for field in fields(value):
                _spread(f"{path}.{field.name}", getattr(value, field.name), found)
    elif isinstance(value, dict):
        for key, entry in value.items():
            _spread(f"{path}[{key}]", entry, found)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            _spread(f"{path}[{number}]", entry, found)
    else:
        found[path] = value
