"""The data the model works on: everything a chain would store, as plain immutable values.

Nothing here is ever changed in place. An operation builds a new `State` out of what it changed and the very same
objects it did not, so that the old state stays in hand when the operation fails. An entry that is missing from a
mapping stands for zeros (`EMPTY_POSITION` and its like).
"""

from dataclasses import dataclass, replace
from typing import Any

from model.parameters import Parameters, SystemParameters

ZERO = "zero"
CONTROLLER = "controller"
RESERVE = "reserve"
BACKSTOP = "backstop"
FOUNDER = "founder"
LENS = "lens"

PENDING = 0
ACTIVE = 1
SUSPENDED = 2

NO_REASON = ""
"""Of a revert without data: a call to a contract that is entered already, or to a function that it does not have."""


class Revert(Exception):
    """A check of the rules failed: the call changes nothing."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Event:
    """What a contract reports: `arguments` are in the order of declaration."""

    source: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call from outside: `name` is `contract.function`, `target` the contract's id."""

    name: str
    target: str
    sender: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation came to: a value and events, or the reason why it failed."""

    value: Any
    reason: str | None
    events: tuple[Event, ...]

    @property
    def ok(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Call:
    """The surroundings of one call: the contract called, its caller and the time of the block in seconds."""

    target: str
    sender: str
    now: int

    def onward(self, target: str) -> "Call":
        """The call that the contract called makes itself, to another contract."""
        return Call(target, self.target, self.now)


@dataclass(frozen=True, slots=True)
class Hook:
    """What a token calls in the middle of its next transfer: before or after the balances change. A failure of the call
    is the transfer's if it `bubbles`, else it is only reported."""

    call: Operation
    before: bool
    bubbles: bool


@dataclass(frozen=True, slots=True)
class Token:
    """`behaviour` is one of model.token's."""

    decimals: int
    balances: dict[str, int]
    allowances: dict[tuple[str, str], int]
    behaviour: int = 0
    hook: Hook | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What happened to a pool's units in one epoch, that epoch's regime (R13), and what may be struck in it (R6)."""

    epoch: int
    bailout: bool
    requested: int
    exited: int
    added: int
    struck: int
    opening_units: int


@dataclass(frozen=True, slots=True)
class Position:
    units: int
    principal_base: int
    principal_quote: int
    clock: int
    last_added: int


@dataclass(frozen=True, slots=True)
class Request:
    epoch: int
    units: int


@dataclass(frozen=True, slots=True)
class Deposit:
    base: int
    quote: int
    staged_at: int


@dataclass(frozen=True, slots=True)
class Pool:
    base: str
    quote: str
    parameters: Parameters
    epoch_seconds: int
    status: int
    reserve_base: int
    reserve_quote: int
    total_units: int
    staged_base: int
    staged_quote: int
    oracle: int
    oracle_updated_at: int
    books: Books
    total_shortfall: int
    positions: dict[str, Position]
    requests: dict[str, Request]
    deposits: dict[str, Deposit]


@dataclass(frozen=True, slots=True)
class Reserve:
    held: dict[str, int]


@dataclass(frozen=True, slots=True)
class PoolStake:
    """The present generation of a pool's stake (R18) and its rewards per share (R20)."""

    generation: int
    total_stake: int
    total_shares: int
    index_base: int
    index_quote: int


@dataclass(frozen=True, slots=True)
class StakeAccount:
    generation: int
    shares: int
    index_base_paid: int
    index_quote_paid: int
    earned_base: int
    earned_quote: int
    requested_shares: int
    ready_at: int


@dataclass(frozen=True, slots=True)
class Backstop:
    """`ended` keeps the last stand of every ended generation, by pool and generation: its rewards remain due."""

    dlq: str
    booked: dict[str, int]
    stakes: dict[str, PoolStake]
    accounts: dict[tuple[str, str], StakeAccount]
    ended: dict[tuple[str, int], PoolStake]
    parameters: SystemParameters


@dataclass(frozen=True, slots=True)
class Controller:
    owner: str
    pending_owner: str
    pools: tuple[str, ...]
    dlq_pools: dict[str, str]
    swept_epoch: int
    parameters: SystemParameters
    dlq: str


@dataclass(frozen=True, slots=True)
class State:
    """All contracts; `log` holds the events of the call under way, `entered` the contracts inside one (R22): both are
    empty between calls."""

    tokens: dict[str, Token]
    pools: dict[str, Pool]
    reserve: Reserve
    backstop: Backstop
    controller: Controller
    log: tuple[Event, ...]
    entered: frozenset[str] = frozenset()


EMPTY_POSITION = Position(0, 0, 0, 0, 0)
EMPTY_REQUEST = Request(0, 0)
EMPTY_DEPOSIT = Deposit(0, 0, 0)
EMPTY_POOL_STAKE = PoolStake(0, 0, 0, 0, 0)
EMPTY_STAKE_ACCOUNT = StakeAccount(0, 0, 0, 0, 0, 0, 0, 0)


def require(condition: bool, reason: str) -> None:
    """Check a rule.

    Parameters
    ----------
    condition
        What must hold.
    reason
        The text of section 7 for the case that it does not.

    Raises
    ------
    Revert
        With `reason`, if the condition is false.
    """
    if not condition:
        raise Revert(reason)


def emit(state: State, source: str, name: str, /, **arguments: Any) -> State:
    """The state with one more event in its log (R23); arguments in the order of declaration."""
    event = Event(source, name, arguments)
    return replace(state, log=state.log + (event,))


def with_pool(state: State, pool: str, /, **changes: Any) -> State:
    """The state with some fields of one pool replaced."""
    changed = replace(state.pools[pool], **changes)
    return replace(state, pools=state.pools | {pool: changed})


def is_registered(state: State, pool: str) -> bool:
    """Whether the Controller has created a pool of this id (R21)."""
    return pool in state.controller.pools
