"""The history again, in the model: each call is applied at its block's time, and must come to the very events that the chain has.

The events of a call say everything that it has paid, to whom, and what the reserves were after. Transfers are compared with them, so that
what tokens moved is what the contracts said. Approvals are left out: who has paid has been allowed to, whatever a token says of that.

A token that no pool trades is nobody's concern, and may say of its balances whatever it likes: what the Reserve or the Backstop books of it
is taken as told.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from audit import rules
from audit.calls import CallReader, Transaction, begun_at
from audit.events import EventReader, Log
from audit.history import Block, Listing
from audit.stored import token_of
from audit.system import System
from model import Event, Operation, Outcome, Parameters, State, apply, deploy
from model.state import BACKSTOP, RESERVE, ZERO, SystemParameters
from tests.differential.artifacts import Artifacts
from tests.differential.difference import Difference, Row, outcome_difference

PULLED = {  # what the caller pays
    "pool.swap": lambda pool, told: {told["token_in"]: told["amount_in"]},
    "pool.donate": lambda pool, told: {pool.base: told["base"], pool.quote: told["quote"]},
    "pool.add": lambda pool, told: {pool.base: told["base"], pool.quote: told["quote"]},
    "pool.stage_deposit": lambda pool, told: {pool.base: told["base"], pool.quote: told["quote"]},
}


@dataclass(frozen=True)
class Finding:
    """The first thing that is not as the rules have it.

    `rows` are the fields of it on both sides, those that are equal among them; `first` is the first that differs. `transaction` is None
    where a difference of the state cannot be told to be one transaction's.
    """

    what: str
    rule: str
    block: int
    time: int
    transaction: str | None
    call: Operation | None
    rows: list[Row]

    @property
    def first(self) -> Row:
        return next(row for row in self.rows if row.differs)

    @property
    def difference(self) -> Difference:
        return Difference(0, self.what, self.rows)


class Found(Exception):
    """Something is not as the rules have it."""

    def __init__(self, what: str, rule: str, rows: list[Row], call: Operation | None = None):
        super().__init__(what)
        self.what = what
        self.rule = rule
        self.rows = rows
        self.call = call


@dataclass
class Tally:
    """What has been compared."""

    blocks: int = 0
    transactions: int = 0
    events: int = 0
    stray: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    paid: Counter[tuple[str, str]] = field(default_factory=Counter)  # by who paid ("pools" for any of them) and token


class Replay:
    """The model's state, and what it says of each block that comes."""

    def __init__(self, system: System, artifacts: Artifacts):
        self.system = system
        self.events = EventReader(system, artifacts)
        self.calls = CallReader(system, artifacts)
        self.construction = system.deployment.contracts["controller"].transaction
        periods = SystemParameters(**system.deployment.periods)
        self.state = deploy(system.deployment.deployer.lower(), system.dlq, {}, periods)
        self.followed: frozenset[str] = frozenset()  # the tokens whose transfers are there
        self.tally = Tally()
        self.called: list[tuple[str, Operation]] = []  # in the block that was last applied, by transaction
        self._parameters: dict[str, Parameters] = {}

    def listing(self, listing: Listing) -> None:
        """Take note of tokens that a pool is about to be created for."""
        found = {name: token_of(entry["decimals"], entry["balances"]) for name, entry in listing.tokens.items()}
        for name, entry in listing.tokens.items():
            self.system.learn_symbol(name, entry["symbol"])
        self.state = replace(self.state, tokens=self.state.tokens | found)
        self.followed |= found.keys()
        self._parameters |= {pool: Parameters(*values) for pool, values in listing.parameters.items()}

    def block(self, block: Block) -> Finding | None:
        """Apply what happened in a block; the first difference, or None."""
        self.called = []
        for transaction, logs in block.transactions:
            try:
                self._transaction(block.time, transaction, logs)
            except Found as found:
                return Finding(found.what, found.rule, block.number, block.time, transaction.hash, found.call, found.rows)
            self.tally.transactions += 1
            self.tally.events += len(logs)
        self.tally.blocks += 1
        return None

    def snapshot(self) -> tuple:
        """Where the replay stands, to come back to."""
        tally = replace(self.tally, calls=self.tally.calls.copy(), paid=self.tally.paid.copy())
        return self.state, self.followed, self._parameters, tally

    def restore(self, snapshot: tuple) -> None:
        """Go on from a snapshot."""
        self.state, self.followed, self._parameters, tally = snapshot
        self.tally = replace(tally, calls=tally.calls.copy(), paid=tally.paid.copy())

    def _transaction(self, now: int, transaction: Transaction, logs: list[Log]) -> None:
        events = list(map(self.events.read, logs))
        self._hash = transaction.hash
        if transaction.hash == self.construction:
            events = self._construct(events)
        call = self.calls.read(transaction)
        # What a token that no pool trades does in the middle of a call, nobody knows: the events are taken one after the other.
        if call is not None and (call.name != "backstop.sweep" or call.arguments["token"] in self.followed):
            at = self._one_of([call], events, 0, now)
            if any(event.name != "Transfer" for event in events[at:]):
                raise _unexplained(events[at:], "nothing more", call)
        else:
            at = 0
        keeper = self.system.id(transaction.sender or self.system.address(ZERO))
        while at < len(events):
            event = events[at]
            if event.name == "Transfer":
                self._stray(event)
                at += 1
            elif event.name == "StraySwept" and event.arguments["token"] not in self.followed:
                at += 1
            else:
                candidates = begun_at(events, at, self.state, now, keeper)
                if not candidates:
                    raise _unexplained(events[at:], "no call begins so")
                at += self._one_of(candidates, events, at, now)

    def _construct(self, events: list[Event]) -> list[Event]:
        """The Controller's first owner is its deployer: before any call."""
        owners = [event.arguments["new_owner"] for event in events if event.name == "OwnershipTransferred"]
        self.state = replace(self.state, controller=replace(self.state.controller, owner=owners[-1]))
        return [event for event in events if event.name != "OwnershipTransferred"]

    def _stray(self, event: Event) -> None:
        """A transfer that is no part of a call: anybody can send a contract tokens, but none sends any of its own accord."""
        sender, receiver, value = event.arguments.values()
        if sender in self.system.holders_set:
            raise _unexplained([event], "nothing leaves a contract but by a call")
        token = self.state.tokens[event.source]
        balances = token.balances | {receiver: token.balances.get(receiver, 0) + value}
        self.state = replace(self.state, tokens=self.state.tokens | {event.source: replace(token, balances=balances)})
        self.tally.stray += 1

    # -- one call --------------------------------------------------------------------------------------------------

    def _one_of(self, candidates: list[Operation], events: list[Event], at: int, now: int) -> int:
        """Apply the first of these calls that comes to the events from `at` on; how many these are."""
        refused: list[tuple[int, Operation, Outcome]] = []
        for call in candidates:
            before, call = self._prepared(call, events[at:])
            try:
                after, outcome = apply(before, call, now)
            except KeyError as error:
                raise Found(f"{error} is not there", "R21", [Row("outcome", "there is no such contract", "carried out")], call) from error
            expected = [event for event in outcome.events if event.name != "Approval"]
            # A call of which the model says nothing is not the one that these events are of.
            if expected and events[at : at + len(expected)] == expected:
                self.state = self._without_outsiders(after)
                self.tally.calls[call.name] += 1
                self.called.append((self._hash, call))
                self._count_payments(expected)
                return len(expected)
            equal = next((i for i, pair in enumerate(zip(expected, events[at:])) if pair[0] != pair[1]), len(expected))
            refused.append((equal, call, replace(outcome, events=tuple(expected))))
        _, call, outcome = max(refused, key=lambda one: one[0])  # the one that agrees for longest
        raise self._disagreement(call, outcome, events[at : at + max(len(outcome.events), 1)])

    def _prepared(self, call: Operation, events: list[Event]) -> tuple[State, Operation]:
        """The state in which the caller can pay what the call takes, and the call with what the events do not say."""
        state = self.state
        if call.name == "controller.create_pool" and "parameters" not in call.arguments:
            created = events[0].arguments["pool"]
            known = self._parameters.get(created)
            call = replace(call, arguments={**call.arguments, "parameters": known})
        if call.name == "backstop.stake":
            pays = {self.system.dlq: call.arguments["amount"]}
        elif call.name in PULLED and call.target in state.pools:
            pays = PULLED[call.name](state.pools[call.target], call.arguments)
        elif call.name == "reserve.absorb" and call.arguments["token"] not in self.followed:
            told = next((event.arguments["held"] for event in events if event.name == "Absorbed"), 0)
            return self._with_balances(state, {call.arguments["token"]: told}, RESERVE), call
        else:
            return state, call
        return self._with_balances(state, {token: amount for token, amount in pays.items() if token in state.tokens}, call.sender), call

    @staticmethod
    def _with_balances(state: State, amounts: dict[str, int], holder: str) -> State:
        changed = {}
        for name, amount in amounts.items():
            token = state.tokens.get(name) or token_of(None, {})
            changed[name] = replace(token, balances=token.balances | {holder: amount})
        return replace(state, tokens=state.tokens | changed)

    def _without_outsiders(self, after: State) -> State:
        """Of balances, only those of the system's contracts are followed."""
        holders = self.system.holders_set
        changed = {
            name: replace(token, balances={holder: amount for holder, amount in token.balances.items() if holder in holders})
            for name, token in after.tokens.items()
            if token is not self.state.tokens.get(name)
        }
        return replace(after, tokens=after.tokens | changed) if changed else after

    def _count_payments(self, events: list[Event]) -> None:
        """What left the system's contracts for somebody outside."""
        for event in events:
            if event.name == "Transfer":
                sender, receiver, value = event.arguments.values()
                if sender in self.system.holders_set and receiver not in self.system.holders_set:
                    payer = sender if sender in (RESERVE, BACKSTOP) else "pools"
                    self.tally.paid[payer, event.source] += value

    def _disagreement(self, call: Operation, outcome: Outcome, events: Sequence[Event]) -> Found:
        if not outcome.ok:
            rows = [Row("outcome", f"reverted: {outcome.reason or 'no reason'}", "carried out")]
            return Found("the call was to be refused", rules.of_reason(outcome.reason or ""), rows, call)
        difference = outcome_difference(0, replace(outcome, value=None), Outcome(None, None, tuple(events)))
        assert difference is not None
        rows = [row for row in difference.rows if row.path not in ("outcome", "value")]
        first = next(row for row in rows if row.differs)
        _, event, *of_it = first.kind.split(".")
        return Found("the events differ", rules.of_event(event, "".join(of_it)), rows, call)


def _unexplained(events: Sequence[Event], expected: str, call: Operation | None = None) -> Found:
    event = next((event for event in events if event.name != "Transfer"), events[0])
    told = ", ".join(f"{name}={value}" for name, value in event.arguments.items())
    row = Row(f"events[1].{event.name}[{event.source}]", expected, f"emitted: {told}")
    return Found("an event that no call explains", rules.of_event(event.name), [row], call)
