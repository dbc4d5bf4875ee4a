"""What the model says, in the words the chain uses: calls, return data, revert data, logs and the stored state.

Every argument of every call and event is a static type, so each is a row of 32-byte words. What is expected is encoded
and compared as bytes; only a difference is decoded, to be read by people.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, product, zip_longest
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from model import Event, Operation, Outcome, Parameters, State
from model.backstop import may_need_stake
from model.epoch_books import turn
from model.oracle import spot_price
from model.pool import oracle_price
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE
from model.state import EMPTY_DEPOSIT, EMPTY_POOL_STAKE, EMPTY_POSITION, EMPTY_REQUEST, EMPTY_STAKE_ACCOUNT, NO_REASON, ZERO
from model.state import Backstop, Controller, Hook, Pool, Token
from model.token import DLQ_NAME, DLQ_SYMBOL, DLQ_VERSION
from tests.differential import world

ERROR_SELECTOR = bytes.fromhex("08c379a0")  # Error(string)
HALTED = b"halted"  # in the place of revert data: the EVM itself has ended the call
NO_WORD = keccak(b"no word of the EVM")  # in the place of what a model can say and no contract: -1, 2**256, 0.5, None
READOUT = ("controller", "pools", "stakes", "tokens")  # what the Inspector's `read` returns
SYSTEM_VIEWS = (  # what its `allowances` ends with
    "controller.dlq", "controller.reserve", "controller.backstop", "controller.epoch_seconds", "reserve.controller",
    "backstop.controller", "backstop.reserve", "backstop.dlq", "backstop.unstake_seconds", "backstop.hold_seconds",
    "backstop.unstake_window_seconds", "dlq.decimals", "dlq.totalSupply", "dlq.names",
)  # fmt: skip
POOL_VIEWS = (
    "base", "quote", "controller", "reserve", "backstop", "epoch_seconds", *Parameters.__slots__, "status", "spot_price", "oracle_price",
    "in_bailout", "stake_locked", "is_pool", "pool_of(base, quote)", "pool_of(quote, base)",
)  # fmt: skip
NAMES_OF_DLQ = int.from_bytes(keccak(encode(["string"] * 4, [DLQ_NAME, DLQ_SYMBOL, DLQ_NAME, DLQ_VERSION])))
LABELS = {  # what the places of its arrays stand for
    "pools": world.POOLS,
    "stakes": world.POOLS,
    "tokens": world.TOKENS,
    "positions": world.PROVIDERS,
    "requests": world.PROVIDERS,
    "deposits": world.PROVIDERS,
    "accounts": (*world.STAKERS, "nobody"),
    "balances": (*world.HOLDERS, *world.POOLS, "nobody"),
}


@dataclass(frozen=True)
class Call:
    selector: bytes
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Signature:
    name: str
    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Log:
    """A log as it stands in a receipt."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


def kind(identity: str) -> str:
    """The contract behind an id: "pool-3" is a "pool", "USDC" a "token"."""
    if identity in world.TOKENS:
        return "token"
    return identity.split("-")[0]


def _canonical(item: dict) -> str:
    """The type of an ABI item as it stands in a signature."""
    if item["type"].startswith("tuple"):
        inner = ",".join(_canonical(component) for component in item["components"])
        return f"({inner}){item['type'][len('tuple'):]}"
    return item["type"]


def _flat(items: list[dict]) -> Iterator[dict]:
    """ABI items, with the fields of a struct in its place: a static one is encoded as they are."""
    for item in items:
        yield from _flat(item["components"]) if item["type"] == "tuple" else [item]


class Directory:
    """The addresses behind the ids, and the contracts' interfaces.

    Parameters
    ----------
    addresses : id -> 20-byte address, for all actors, tokens, contracts and every pool that may be created
    abis : kind of contract -> ABI as JSON objects
    """

    def __init__(self, addresses: dict[str, bytes], abis: dict[str, list[dict]]):
        self.addresses = {ZERO: bytes(20), **addresses}
        self.names = {address: name for name, address in self.addresses.items()}
        self.words = {name: bytes(12) + address for name, address in self.addresses.items()}
        self.calls: dict[str, Call] = {}
        self.functions: dict[bytes, str] = {}
        self.events: dict[tuple[str, str], Signature] = {}
        for contract, abi in abis.items():
            for item in abi:
                self._register(contract, item)
        self.signatures = {(contract, event.topic): event for (contract, _), event in self.events.items()}
        read = next(item for item in abis["inspector"] if item.get("name") == "read")
        self.readout = [{**output, "name": name} for output, name in zip(read["outputs"], READOUT)]

    def _register(self, contract: str, item: dict) -> None:
        if item["type"] not in ("function", "event"):
            return
        signature = f"{item['name']}({','.join(_canonical(parameter) for parameter in item['inputs'])})"
        digest = keccak(text=signature)
        if item["type"] == "function":
            names = tuple(parameter["name"] for parameter in item["inputs"])
            outputs = tuple(map(_canonical, _flat(item["outputs"])))
            self.calls[f"{contract}.{item['name']}"] = Call(digest[:4], names, outputs)
            self.words[f"{contract}.{item['name']}"] = digest[:4] + bytes(28)
            self.functions[digest[:4]] = item["name"]
        else:
            indexed = tuple((p["name"], p["type"]) for p in item["inputs"] if p["indexed"])
            plain = tuple((p["name"], p["type"]) for p in item["inputs"] if not p["indexed"])
            self.events[contract, item["name"]] = Signature(item["name"], digest, indexed, plain)

    # -- encoding ----------------------------------------------------------------------------------------------

    def word(self, value: Any) -> bytes:
        """One value as words; a pool's parameters or a tuple as all of its fields'; `NO_WORD` for what no word can hold."""
        if isinstance(value, int):
            try:
                return value.to_bytes(32, "big")
            except OverflowError:
                return NO_WORD
        if isinstance(value, str):
            return self.words[value]
        if isinstance(value, Parameters):
            value = fields_of(value)
        return b"".join(map(self.word, value)) if isinstance(value, tuple) else NO_WORD

    def calldata(self, operation: Operation) -> bytes:
        call = self.calls[operation.name]
        if operation.name == "token.arm":
            return call.selector + self._hook(**operation.arguments)
        return call.selector + b"".join([self.word(operation.arguments[name]) for name in call.parameters])

    def _hook(self, calls: Operation, before: bool, bubbles: bool) -> bytes:
        """The arguments of `arm`: the one call with an argument that is not static, the calldata of another."""
        payload = self.calldata(calls)
        padding = bytes(-len(payload) % 32)
        return b"".join(map(self.word, (calls.target, 128, before, bubbles, len(payload)))) + payload + padding

    def calldata_of_allowances(self) -> bytes:
        """The call that reads all allowances that there may be."""
        rows = [_array([self.words[name] for name in names]) for names in (world.OWNERS, world.SPENDERS)]
        offsets = (64, 64 + len(rows[0]))
        heads = [offset.to_bytes(32, "big") for offset in offsets]
        return self.calls["inspector.allowances"].selector + b"".join((*heads, *rows))

    def result(self, outcome: Outcome) -> bytes:
        """Return data, or revert data where the outcome is a revert."""
        if outcome.ok:
            return b"" if outcome.value is None else self.word(outcome.value)
        return revert_data(outcome.reason)

    def log(self, event: Event) -> Log:
        signature = self.events.get((kind(event.source), event.name))
        values = event.arguments
        if signature is None or set(values) != {name for name, _ in (*signature.indexed, *signature.plain)}:
            return Log(self.addresses[event.source], (), b"")  # the contract cannot say this
        topics = (signature.topic, *[self.word(values[name]) for name, _ in signature.indexed])
        data = b"".join([self.word(values[name]) for name, _ in signature.plain])
        return Log(self.addresses[event.source], topics, data)

    # -- reading what the chain said -------------------------------------------------------------------------------

    def readable(self, value: Any) -> Any:
        """An id for an address that has one, and words for what stands in the place of no number."""
        if value == int.from_bytes(NO_WORD, "big"):
            return "no number of the EVM's"
        if isinstance(value, str) and value.startswith("0x"):
            return self.names.get(bytes.fromhex(value[2:]), value)
        return self.functions.get(value, value)

    def read_log(self, log: Log) -> Event:
        source = self.names.get(log.address, "0x" + log.address.hex())
        signature = self.signatures.get((kind(source), b"".join(log.topics[:1])))
        if signature is None:
            return Event(source, "unknown log", {"topics": [topic.hex() for topic in log.topics], "data": log.data.hex()})
        values = [decode([abi_type], topic)[0] for (_, abi_type), topic in zip(signature.indexed, log.topics[1:])]
        values += decode([abi_type for _, abi_type in signature.plain], log.data)
        names = [name for name, _ in (*signature.indexed, *signature.plain)]
        arguments = {n: self.readable(v) for n, v in zip(names, values)}
        if signature.name == "CalledBack":
            # Several contracts have functions of one name: the target says which is meant.
            arguments["function"] = f"{kind(arguments['target'])}.{arguments['function']}"
        return Event(source, signature.name, arguments)

    def read_outcome(self, operation: Operation, ok: bool, data: bytes, logs: tuple[Log, ...]) -> Outcome:
        """What the chain did, in the model's words."""
        if not ok:
            if data == HALTED:
                return Outcome(None, "halted by the EVM: out of gas, or an instruction that there is not", ())
            is_text = data[:4] == ERROR_SELECTOR
            reason = decode(["string"], data[4:])[0] if is_text else f"no reason given ({data[:4].hex() or 'no data'})"
            return Outcome(None, reason, ())
        values = tuple([self.readable(value) for value in decode(self.calls[operation.name].outputs, data)])
        value = values if len(values) > 1 else values[0] if values else None
        return Outcome(value, None, tuple(map(self.read_log, logs)))


@cache
def revert_data(reason: str) -> bytes:
    """What a revert returns: without a reason, nothing."""
    return b"" if reason == NO_REASON else ERROR_SELECTOR + encode(["string"], [reason])


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the stored state: its words, and their hash."""

    words: bytes
    digest: bytes


class StateCodec:
    """The stored state as the Inspector tells it, part by part; a part that has not changed is not encoded again."""

    def __init__(self, directory: Directory):
        self.directory = directory
        self._known: dict[str, tuple[tuple, Part]] = {}

    def digest(self, state: State) -> bytes:
        """The return data of the Inspector's `digest` where the chain is in this state."""
        controller, *arrays = self._parts(state)
        return keccak((32).to_bytes(32, "big") + _array([part.digest for part in (controller, *chain(*arrays))]))

    def encode(self, state: State) -> bytes:
        """The return data of the Inspector's `read` where the chain is in this state."""
        parts, *rest = self._parts(state)
        controller, arrays = parts.words, [_array([part.words for part in array]) for array in rest]
        offsets = []
        offset = len(controller) + 32 * len(arrays)
        for array in arrays:
            offsets.append(offset.to_bytes(32, "big"))
            offset += len(array)
        return b"".join((controller, *offsets, *arrays))

    def _parts(self, state: State) -> tuple["Part", list["Part"], list["Part"], list["Part"]]:
        """The controller, the pools, their stakes, the tokens."""
        pools = state.controller.pools
        return (
            self._once("controller", (state.controller,), self._controller),
            [self._once(pool, (pool, state.pools[pool]), self._pool) for pool in pools],
            [self._once("stakes of " + pool, _stake_rows(pool, state.backstop), self._stake) for pool in pools],
            [self._once(token, self._token_key(token, state), self._token) for token in world.TOKENS],
        )

    def _once(self, part: str, source: tuple, make: Callable[..., bytes]) -> "Part":
        """`make(*source)`, remembered for as long as `source` consists of the very same objects."""
        known = self._known.get(part)
        if known is not None and all(map(operator.is_, known[0], source)):
            return known[1]
        words = make(*source)
        made = Part(words, keccak(words))
        self._known[part] = (source, made)
        return made

    def _row(self, *fields: Any) -> bytes:
        return b"".join(map(self.directory.word, fields))

    def _controller(self, controller: Controller) -> bytes:
        return self._row(controller.owner, controller.pending_owner, controller.swept_epoch)

    def _pool(self, name: str, pool: Pool) -> bytes:
        stored = self._row(
            name,
            pool.status, pool.reserve_base, pool.reserve_quote, pool.total_units, pool.staged_base, pool.staged_quote,
            pool.oracle, pool.oracle_updated_at, *fields_of(pool.books), pool.total_shortfall,
        )  # fmt: skip
        positions = [pool.positions.get(provider, EMPTY_POSITION) for provider in world.PROVIDERS]
        requests = [pool.requests.get(provider, EMPTY_REQUEST) for provider in world.PROVIDERS]
        deposits = [pool.deposits.get(provider, EMPTY_DEPOSIT) for provider in world.PROVIDERS]
        rows = (*positions, *requests, *deposits)
        return stored + b"".join([self._row(*fields_of(row)) for row in rows])

    def _stake(self, *rows: Any) -> bytes:
        return b"".join([self._row(*fields_of(row)) for row in rows])

    @staticmethod
    def _token_key(token: str, state: State) -> tuple:
        return (
            state.tokens[token],
            state.reserve.held.get(token, 0),
            state.backstop.booked.get(token, 0),
            state.controller.dlq_pools.get(token, ZERO),
            state.controller.pools,
        )

    def _token(self, token: Token, held: int, booked: int, dlq_pool: str, pools: tuple[str, ...]) -> bytes:
        balances = [token.balances.get(holder, 0) for holder in (*world.HOLDERS, *pools)]
        balances += [0] * (world.MAX_HOLDERS - len(balances))
        return self._row(held, booked, dlq_pool, token.behaviour, *self._hook_view(token.hook), *balances)

    def _hook_view(self, hook: Hook | None) -> tuple:
        if hook is None:
            return ZERO, 0, False, False
        payload = keccak(self.directory.calldata(hook.call))
        return hook.call.target, int.from_bytes(payload, "big"), hook.before, hook.bubbles

    def encode_allowances(self, state: State, now: int) -> bytes:
        """The return data of the Inspector's `allowances`: all that there may be, what the views say that it asks, and what everybody has."""
        found = []
        for name in world.TOKENS:
            token = state.tokens[name]
            found += [self.directory.word(token.balances.get(owner, 0)) for owner in world.OWNERS]
            pairs = product(world.OWNERS, world.SPENDERS)
            found += [self.directory.word(token.allowances.get(pair, 0)) for pair in pairs]
        found += _words(self._system_views(state))
        for name in state.controller.pools:
            found += _words(self._pool_views(name, state.pools[name], now))
            found += [self._owned(name, owner, state) for owner in world.OWNERS]
        return (32).to_bytes(32, "big") + _array(found)

    def _system_views(self, state: State) -> bytes:
        system, dlq = state.controller.parameters, state.controller.dlq
        times = system.unstake_seconds, system.hold_seconds, system.unstake_window_seconds
        token = state.tokens[dlq]
        supply = sum(token.balances.values())
        addresses = CONTROLLER, CONTROLLER, RESERVE, dlq
        return self._row(dlq, RESERVE, BACKSTOP, system.epoch_seconds, *addresses, *times, token.decimals, supply, NAMES_OF_DLQ)

    def _pool_views(self, name: str, pool: Pool, now: int) -> bytes:
        """What is fixed, and what has not been stored since the last touch: prices and regime as they would be by now."""
        spot = spot_price(pool.reserve_base, pool.reserve_quote) if pool.reserve_base else 0
        price = oracle_price(pool, now) if pool.status == ACTIVE else pool.oracle
        books = turn(pool.books, now // pool.epoch_seconds, pool.total_units, pool.parameters.bailout_threshold_bps)
        fixed = pool.base, pool.quote, CONTROLLER, RESERVE, BACKSTOP, pool.epoch_seconds, *fields_of(pool.parameters)
        return self._row(*fixed, pool.status, spot, price, books.bailout, may_need_stake(pool, now), True, name, name)

    def _owned(self, name: str, owner: str, state: State) -> bytes:
        """A hash of all that somebody has in a pool, and staked to it."""
        pool = state.pools[name]
        rows = (
            pool.positions.get(owner, EMPTY_POSITION),
            pool.requests.get(owner, EMPTY_REQUEST),
            pool.deposits.get(owner, EMPTY_DEPOSIT),
            state.backstop.accounts.get((name, owner), EMPTY_STAKE_ACCOUNT),
        )
        return _hash_of(b"".join([self._row(*fields_of(row)) for row in rows]))

    def read(self, readout: bytes) -> dict[str, Any]:
        """A readout as fields by their paths."""
        values = decode([_canonical(item) for item in self.directory.readout], readout)
        fields: dict[str, Any] = {}
        for item, value in zip(self.directory.readout, values):
            self._flatten(item["name"], item, value, fields)
        return fields

    def read_allowances(self, data: bytes) -> dict[str, Any]:
        """Allowances and views as fields by their paths."""
        (numbers,) = decode(["uint256[]"], data)
        values = map(self.directory.readable, numbers)
        owned = [f"owned[{owner}]" for owner in world.OWNERS]
        of_a_token = [f"balances[{owner}]" for owner in world.OWNERS]
        of_a_token += [f"allowances[{owner}][{spender}]" for owner, spender in product(world.OWNERS, world.SPENDERS)]
        tokens = [f"tokens[{token}].{place}" for token in world.TOKENS for place in of_a_token]
        pools = [f"pools[{pool}].{place}" for pool in world.POOLS for place in (*POOL_VIEWS, *owned)]
        return dict(zip((*tokens, *SYSTEM_VIEWS, *pools), values))

    def _flatten(self, path: str, item: dict, value: Any, fields: dict[str, Any]) -> None:
        if item["type"].endswith("]"):
            element = {**item, "type": item["type"][: item["type"].rindex("[")]}
            for label, part in zip_longest(LABELS[item["name"]], value, fillvalue="nobody"):
                if part != "nobody":
                    self._flatten(f"{path}[{label}]", element, part, fields)
        elif item["type"] == "tuple":
            for component, part in zip(item["components"], value):
                self._flatten(f"{path}.{component['name']}", component, part, fields)
        else:
            fields[path] = self.directory.readable(value)


def _stake_rows(pool: str, backstop: Backstop) -> tuple:
    """The stake of a pool and its stakers' accounts, as many as the Inspector has room for."""
    accounts = [backstop.accounts.get((pool, staker), EMPTY_STAKE_ACCOUNT) for staker in world.STAKERS]
    accounts += [EMPTY_STAKE_ACCOUNT] * (world.MAX_ACCOUNTS - len(accounts))
    return backstop.stakes.get(pool, EMPTY_POOL_STAKE), *accounts


def fields_of(row: Any) -> tuple:
    """The values of a slotted dataclass, in order."""
    return tuple([getattr(row, name) for name in row.__slots__])


_hash_of = lru_cache(maxsize=4_096)(keccak)  # most of what is hashed again and again is nothing


def _words(data: bytes) -> list[bytes]:
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def _array(rows: list[bytes]) -> bytes:
    """A dynamic array of static rows."""
    return len(rows).to_bytes(32, "big") + b"".join(rows)
