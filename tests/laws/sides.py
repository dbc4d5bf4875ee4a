"""Where a law is tried: the model, a copy of it with a fault planted, or the contracts. All answer the same questions.

A law is one function that plays calls on a `Side` and looks at what they did: at balances, at what is stored and at events.
On the contracts everything is read from the chain.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Protocol

from pyrevm import BlockEnv

import model
from model import Event, Operation
from model.state import BACKSTOP, EMPTY_POOL_STAKE, EMPTY_POSITION, RESERVE
from tests.differential import world
from tests.differential.codec import Log
from tests.differential.evm import Evm

PACKAGE = Path(model.__file__).parent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to; `reason` is None if it succeeded."""

    value: Any
    reason: str | None
    events: list[Event]

    def event(self, name: str) -> dict[str, Any] | None:
        """The arguments of the only event of that name; None if there was none."""
        (found,) = [event.arguments for event in self.events if event.name == name] or [None]
        return found

    def moved(self, token: str, sender: str, receiver: str) -> int:
        """What went from one account to another, by the token's own events."""
        moves = [event.arguments for event in self.events if event.source == token and event.name == "Transfer"]
        return sum(move["value"] for move in moves if (move["sender"], move["receiver"]) == (sender, receiver))


class PoolView(Protocol):
    """What a law may know of a pool."""

    status: int
    reserve_base: int
    reserve_quote: int
    total_units: int
    oracle: int


class Side:
    """The system right after deployment, with every actor rich; `now` is the time of the next call."""

    RICH = world.SUPPLY // 16

    def __init__(self):
        self.now = world.START
        for token in world.TOKENS:
            for actor in world.ACTORS:
                if actor != world.GOVERNOR:
                    self.call(world.GOVERNOR, token, "token.transfer", to=actor, amount=self.RICH)
                for spender in (*world.POOLS[:2], BACKSTOP):
                    self.call(actor, token, "token.approve", spender=spender, amount=world.UNLIMITED)

    def attempt(self, sender: str, target: str, name: str, /, **arguments: Any) -> Answer:
        """A call that may fail."""
        raise NotImplementedError

    def call(self, sender: str, target: str, name: str, /, **arguments: Any) -> Answer:
        """A call that succeeds."""
        answer = self.attempt(sender, target, name, **arguments)
        assert answer.reason is None, f"{name} of {target}: {answer.reason}"
        return answer

    def wait(self, seconds: int) -> None:
        self.now += seconds

    @contextmanager
    def what_if(self) -> Iterator[None]:
        """Whatever happens in this block has not happened after it."""
        raise NotImplementedError

    def pool(self, name: str) -> PoolView:
        raise NotImplementedError

    def position(self, pool: str, provider: str) -> model.state.Position:
        raise NotImplementedError

    def balance(self, token: str, owner: str) -> int:
        raise NotImplementedError

    def held(self, token: str) -> int:
        """What the Reserve has booked."""
        raise NotImplementedError

    def stake(self, pool: str) -> int:
        """All DLQ staked to a pool."""
        raise NotImplementedError


class Model(Side):
    """The model, or a copy of it (`planted`)."""

    def __init__(self, package: Any = SimpleNamespace(apply=model.apply, genesis=world.genesis)):
        self.apply, self.genesis = package.apply, package.genesis
        self.state = self.genesis()
        super().__init__()

    def attempt(self, sender: str, target: str, name: str, /, **arguments: Any) -> Answer:
        self.state, outcome = self.apply(self.state, Operation(name, target, sender, arguments), self.now)
        return Answer(outcome.value, outcome.reason, outcome.events)

    @contextmanager
    def what_if(self) -> Iterator[None]:
        before = self.state, self.now
        try:
            yield
        finally:
            self.state, self.now = before

    def pool(self, name: str) -> PoolView:
        return self.state.pools[name]

    def position(self, pool: str, provider: str) -> model.state.Position:
        return self.state.pools[pool].positions.get(provider, EMPTY_POSITION)

    def balance(self, token: str, owner: str) -> int:
        return self.state.tokens[token].balances.get(owner, 0)

    def held(self, token: str) -> int:
        return self.state.reserve.held.get(token, 0)

    def stake(self, pool: str) -> int:
        return self.state.backstop.stakes.get(pool, EMPTY_POOL_STAKE).total_stake


@contextmanager
def planted(file: str, rule: str, fault: str) -> Iterator[Any]:
    """A copy of the model in which one rule reads otherwise.

    Parameters
    ----------
    file : the model's file that states the rule
    rule : its text, which stands there exactly once
    fault : what stands in its place

    Yields
    ------
    The copy's `apply`, and `genesis` on the copy.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "model"
        copytree(PACKAGE, copy, ignore=lambda *_: ["__pycache__"])
        text = (copy / file).read_text()
        assert text.count(rule) == 1, f"{file}: {rule!r} stands there {text.count(rule)} times"
        (copy / file).write_text(text.replace(rule, fault))
        ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "model"}
        sys.path.insert(0, folder)
        try:
            package = importlib.import_module("model")
            assert package.__file__ == str(copy / "__init__.py")
            # The world of the tests, made of the copy's own types.
            spec = importlib.util.spec_from_file_location("world_of_a_copy", world.__file__)
            copied_world = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(copied_world)
        finally:
            sys.path.remove(folder)
            for name in [name for name in sys.modules if name.split(".")[0] == "model"]:
                del sys.modules[name]
            sys.modules.update(ours)
        yield SimpleNamespace(apply=package.apply, genesis=copied_world.genesis, package=package)


class Chain(Side, Evm):
    """The contracts, on an EVM in process."""

    POOL_FIELDS = ("status", "reserve_base", "reserve_quote", "total_units", "staged_base", "staged_quote", "oracle")

    def __init__(self, artifacts):
        Evm.__init__(self, artifacts)
        Side.__init__(self)

    def attempt(self, sender: str, target: str, name: str, /, **arguments: Any) -> Answer:
        operation = Operation(name, target, sender, arguments)
        self.evm.set_block_env(BlockEnv(timestamp=self.now))
        ok, data, logs, _ = self._call(self.address[sender], self.address[target], self.directory.calldata(operation))
        if not ok:
            return Answer(None, self.directory.read_outcome(operation, ok, data, ()).reason, [])
        values = _words(data)
        return Answer(values[0] if len(values) == 1 else tuple(values), None, _Events(self, logs))

    @contextmanager
    def what_if(self) -> Iterator[None]:
        now, before = self.now, self.evm.snapshot()
        try:
            yield
        finally:
            self.evm.revert(before)
            self.now = now

    def _view(self, target: str, name: str, *arguments: str) -> list[int]:
        data = self.directory.calls[name].selector + b"".join(map(self.directory.word, arguments))
        ok, data, _, _ = self._call(self.governor, self.address[target], data)
        assert ok, f"{name} of {target} reverts"
        return _words(data)

    def pool(self, name: str) -> PoolView:
        return SimpleNamespace(**dict(zip(self.POOL_FIELDS, self._view(name, "pool.state"))))

    def position(self, pool: str, provider: str) -> model.state.Position:
        return model.state.Position(*self._view(pool, "pool.position", provider))

    def balance(self, token: str, owner: str) -> int:
        return self._view(token, "token.balanceOf", owner)[0]

    def held(self, token: str) -> int:
        return self._view(RESERVE, "reserve.held", token)[0]

    def stake(self, pool: str) -> int:
        return self._view(BACKSTOP, "backstop.pool_stake", pool)[1]


class _Events:
    """The events of a call, read only when somebody looks at them."""

    def __init__(self, chain: Chain, logs: tuple[Log, ...]):
        self.chain = chain
        self.logs = logs

    def __iter__(self) -> Iterator[Event]:
        return map(self.chain.directory.read_log, self.logs)


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[start : start + 32], "big") for start in range(0, len(data), 32)]
