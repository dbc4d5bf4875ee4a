"""The audit: fetches, replays, reads the stored state at checkpoints, and finds where it first differs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from audit import rules
from audit.calls import Transaction
from audit.chain import PATIENCE, Chain, ChainError, NoAnswer, Reorganised
from audit.events import Log, kind
from audit.history import Block, History, Listing
from audit.replay import Finding, Replay
from audit.stored import Pair, StoredState, differences, providers_of
from audit.system import System
from deploy.record import Deployment
from model import State
from tests.differential.artifacts import Artifacts
from tests.differential.difference import Row

DEEPEST = 128  # blocks that a reorganisation may undo before all is replayed

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the audit stood after a block."""

    block: int
    replay: tuple


class Auditor:
    """An audit of one deployment from its first block on, or from a later one, whose state before it is read from the chain."""

    def __init__(self, chain: Chain, deployment: Deployment, artifacts: Artifacts, folder: Path, begin: int | None = None):
        self.chain = chain
        self.system = System(deployment)
        self.stored = StoredState(chain, self.system, artifacts)
        self.replay = Replay(self.system, artifacts)
        self.is_partial = begin is not None and begin > deployment.first_block
        first = begin if self.is_partial and begin is not None else deployment.first_block
        if self.is_partial:
            if not self.stored.can_read(first - 1):
                raise ChainError(f"the node does not know the state of block {first - 1}: begin at a later one, or ask an archive node")
            self.replay.state = self.stored.read(first - 1, [], [], [self.system.dlq], [])
        name = self.system.controller + (f"-{first}" if self.is_partial else "") + ".jsonl"
        self.history = History(chain, self.system, self.stored, folder / name, first, self.replay.state.tokens)
        self.at = first - 1
        self.stands = [Stand(self.at, self.replay.snapshot())]
        self.agreed = self.stands[0]  # where the whole state was last found equal
        self.checkpoints = 0
        self.unreadable = 0  # checkpoints of which the node no longer knows the state
        self.seconds = 0.0  # spent on model and comparison alone

    @property
    def rate(self) -> float:
        """Events a second of model and comparison, once fetched."""
        return self.replay.tally.events / self.seconds if self.seconds else 0.0

    # -- up to a block ---------------------------------------------------------------------------------------------

    def fetch(self, to: int, progress: Progress = lambda block: None) -> None:
        """Fetch what is missing up to a block, again where the chain changes meanwhile."""
        for _ in range(PATIENCE):
            self.undo()
            try:
                return self.history.extend(to, progress)
            except Reorganised as error:
                problem = error
                self.chain.sleep(1)
        raise ChainError(f"the chain does not hold still: {problem}")

    def compare(self, to: int, checkpoints: int, progress: Progress = lambda block: None) -> Finding | None:
        """Replay what was fetched up to a block, and compare the whole state there, and at as many checkpoints before, evenly spread.

        Raises
        ------
        Reorganised
            If the chain changed meanwhile. What was found is nobody's fault then: `fetch` and compare again.
        ChainError
            If the node does not know the state at the end.
        """
        try:
            finding = self._compare(to, checkpoints, progress)
            self.history.must_be_there()
            return finding
        except Exception as error:
            # What was not compared to its end is compared again.
            self.back_to(self.agreed.block)
            if not isinstance(error, (NoAnswer, Reorganised)):
                self.history.must_be_there()  # or else the error may come of that
            raise

    def _compare(self, to: int, checkpoints: int, progress: Progress) -> Finding | None:
        if self.is_partial:
            self._learn_who_acts(to)
        total = self.history.marks[-1].events - self.replay.tally.events if self.history.marks else 0
        step = total // (checkpoints + 1) + 1
        due = self.replay.tally.events + step
        for block in self._timed(self._apply(to)):
            if isinstance(block, Finding):
                return self._first_of(block)
            if to - block.number < DEEPEST:
                self._stand(block.number)
            if self.replay.tally.events >= due:
                due += step
                finding = self._check(block.number)
                if finding is not None:
                    return finding
            progress(block.number)
        self.at = to
        self._stand(to)
        if not self.stored.can_read(to):
            raise ChainError(f"the node does not know the state of block {to} any more: audit up to a later one, or ask an archive node")
        return self._check(to)

    def _apply(self, to: int) -> Iterator[Block | Finding]:
        for entry in self.history.lines(self.at, to):
            if isinstance(entry, Listing):
                self.replay.listing(entry)
                continue
            before = Stand(self.at, self.replay.snapshot())
            finding = self.replay.block(entry)
            if finding is not None:
                self.before_finding = before
                yield finding
                return
            self.at = entry.number
            yield entry

    def _timed(self, steps: Iterator[Block | Finding]) -> Iterator[Block | Finding]:
        """The same, with the time that they take counted, and not what is done with them."""
        while True:
            began = time.perf_counter()
            step = next(steps, None)
            self.seconds += time.perf_counter() - began
            if step is None:
                return
            yield step

    def _stand(self, block: int) -> None:
        if self.stands[-1].block == block:
            self.stands.pop()
        self.stands.append(Stand(block, self.replay.snapshot()))
        del self.stands[1 : -2 * DEEPEST]  # all but the first, where everything begins

    def back_to(self, block: int) -> None:
        """Undo what comes after a block."""
        while len(self.stands) > 1 and self.stands[-1].block > block:
            self.stands.pop()
        if self.agreed.block > block:
            self.agreed = self.stands[-1]
        self._go_to(max(self.stands[-1], self.agreed, key=lambda stand: stand.block))

    def undo(self) -> bool:
        """Undo what the chain no longer has; whether there is anything."""
        before = self.history.end
        left = self.history.rewind()
        if left == before:
            return False
        self.back_to(left)
        return True

    def _go_to(self, stand: Stand) -> None:
        self.at = stand.block
        self.replay.restore(stand.replay)

    # -- the whole state -------------------------------------------------------------------------------------------

    def _differences(self, state: State, block: int) -> list[Row]:
        booked = [*state.reserve.held, *state.backstop.booked]
        followed = self.replay.followed
        chain = self.stored.read(block, providers_of(state), list(state.backstop.accounts), followed, booked)
        return differences(state, chain, followed)

    def _check(self, block: int) -> Finding | None:
        """Compare the whole state after a block; where it differs, the first block at which it does."""
        if not self.stored.can_read(block):
            self.unreadable += 1
            return None
        rows = self._differences(self.replay.state, block)
        if rows:
            return self._first_block_that_differs(block, rows)
        self.checkpoints += 1
        self.agreed = Stand(block, self.replay.snapshot())
        return None

    def _first_of(self, finding: Finding) -> Finding:
        """A difference between events may come of one of the state that was there before: then that is the first."""
        before = self.before_finding
        last = finding.block - 1
        if last < self.history.first or not self.stored.can_read(last):
            return finding
        rows = self._differences(before.replay[0], last)
        if not rows:
            return finding
        self._go_to(before)
        return self._first_block_that_differs(last, rows)

    def _first_block_that_differs(self, block: int, rows: list[Row]) -> Finding:
        """By halving, between where the state was last equal and a block at which it is not, `rows` being how."""
        end = Stand(self.at, self.replay.snapshot())
        self._go_to(self.agreed)
        passed = [entry.number for entry in self.history.lines(self.at, end.block) if isinstance(entry, Block)]
        low, high = 0, len(passed)  # all before `low` are equal, and replayed; `high` is not
        while low < high:
            middle = (low + high) // 2
            if not self.stored.can_read(passed[middle]):
                break
            before = Stand(self.at, self.replay.snapshot())
            for entry in self._apply(passed[middle]):
                assert isinstance(entry, Block), "what was equal before no longer is"
            found = self._differences(self.replay.state, passed[middle])
            if found:
                high, rows = middle, found
                self._go_to(before)
            else:
                low = middle + 1
        if low < high or high == len(passed):
            finding = self._state_finding(rows, block, 0, [], [])
        else:
            entry = next(self._apply(passed[high]))
            finding = self._state_finding(rows, entry.number, entry.time, self.replay.called, entry.transactions)
        self._go_to(end)
        return finding

    def _state_finding(
        self, rows: list[Row], block: int, now: int, called: list, transactions: list[tuple[Transaction, list[Log]]]
    ) -> Finding:
        path = rows[0].path
        contract = path.split(".")[0].split("[")[0]
        # A balance may change without a word of the token's: then nobody's transaction is to blame.
        of_contract = [] if contract == "tokens" else [
            transaction.hash for transaction, logs in transactions if any(self.system.id(log[0]) == contract for log in logs)
        ]  # fmt: skip
        hashes = list(dict.fromkeys(of_contract))
        transaction = hashes[0] if len(hashes) == 1 else None
        calls = [call for one, call in called if one == transaction]
        return Finding("the stored state differs", rules.of_state(path), block, now, transaction, calls[-1] if calls else None, rows)

    # -- from a later block on -------------------------------------------------------------------------------------

    def _learn_who_acts(self, to: int) -> None:
        """Read, as of where the audit stands, what belongs to those who act for the first time after it."""
        state = self.replay.state
        providers: dict[Pair, None] = {}
        stakers: dict[Pair, None] = {}
        tokens: dict[str, None] = {}
        for entry in self.history.lines(self.at, to):
            for _, logs in entry.transactions if isinstance(entry, Block) else []:
                for event in map(self.replay.events.read, logs):
                    told = event.arguments
                    if "provider" in told and kind(event.source) == "pool":
                        providers[event.source, told["provider"]] = None
                    if "staker" in told:
                        stakers[told["pool"], told["staker"]] = None
                    if event.name in ("Absorbed", "DlqPoolNamed"):
                        tokens[told.get("token") or told["quote"]] = None
        known = set(providers_of(state))
        new_providers = [pair for pair in providers if pair not in known and pair[0] in state.pools]
        new_stakers = [pair for pair in stakers if pair not in state.backstop.accounts and pair[0] in state.pools]
        new_tokens = [token for token in tokens if token not in state.reserve.held and token not in self.replay.followed]
        if not (new_providers or new_stakers or new_tokens):
            return
        read = self.stored.read(self.at, new_providers, new_stakers, [], new_tokens)
        pools = {
            name: replace(
                pool,
                positions=pool.positions | read.pools[name].positions,
                requests=pool.requests | read.pools[name].requests,
                deposits=pool.deposits | read.pools[name].deposits,
            )
            for name, pool in state.pools.items()
        }
        ended = {
            (pool, account.generation): self.stored.final_stake(pool, account.generation, self.at)
            for (pool, _), account in read.backstop.accounts.items()
            if account.generation != read.backstop.stakes[pool].generation
        }
        backstop = replace(
            state.backstop, accounts=state.backstop.accounts | read.backstop.accounts, ended=state.backstop.ended | ended
        )
        held = {token: read.reserve.held[token] for token in new_tokens if token in read.reserve.held}
        reserve = replace(state.reserve, held=state.reserve.held | held)
        self.replay.state = replace(state, pools=pools, backstop=backstop, reserve=reserve)
        # Whoever comes back to here has to know it too.
        self._stand(self.at)
        self.agreed = self.stands[-1]

    # -- following -------------------------------------------------------------------------------------------------

    def follow(self, told: Callable[[str], None], pause: float) -> Finding:
        """Compare each new block until something differs; a reorganisation is undone and what came instead is replayed."""
        is_troubled = False
        while True:
            try:
                finding = self._look(told)
                if finding is not None:
                    return finding
                if is_troubled:
                    told("Going on")
                is_troubled = False
            except ChainError as error:  # at the chain's end it may pass: a replica lags, the line is dead for a while
                if not is_troubled:
                    told(f"Trying again: {error}")
                is_troubled = True
            self.chain.sleep(pause)

    def _look(self, told: Callable[[str], None]) -> Finding | None:
        """Compare what is new, if anything is."""
        latest = int(self.chain.header("latest")["number"], 16)
        if self.undo():
            told(f"The chain was reorganised: back to block {self.history.end:,}")
        if latest <= self.history.end <= self.at:
            return None
        return self._next(max(latest, self.history.end), told)

    def _next(self, to: int, told: Callable[[str], None]) -> Finding | None:
        self.history.extend(to)
        events, calls = self.replay.tally.events, self.replay.tally.calls.total()
        finding = self.compare(to, 0) if self._has_news(to) else None
        if finding is not None:
            return finding
        self.at = max(self.at, to)
        if self.replay.tally.events > events:
            told(f"Block {to:,}: {self.replay.tally.calls.total() - calls} calls, {self.replay.tally.events - events} events, equal")
        return None

    def _has_news(self, to: int) -> bool:
        return next(self.history.lines(self.at, to), None) is not None
