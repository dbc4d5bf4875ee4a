"""What happened on the chain, as far as it has been fetched: kept in a file, so that the next audit goes on from there.

The file is JSON lines. Each stretch of blocks ends with a line that says up to which block, by its hash, everything is there: what
comes after the last one is half a stretch and is fetched anew, and what comes after one that the chain no longer has is forgotten.
Only blocks in which something happened have a line of their own.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from audit.calls import Transaction
from audit.chain import Chain, ChainError, Refused, Reorganised
from audit.events import TRANSFER, Log
from audit.stored import StoredState
from audit.system import System
from model.state import CONTROLLER

FIRST_STRETCH = 1_000  # blocks
LONGEST_STRETCH = 100_000
WELL = 8  # stretches that have to go well after a refusal before a longer one is tried
FEW_ATTEMPTS = 2  # for logs of more than one block: of fewer blocks they may be had at once


class TooLong(ChainError):
    """The provider did not give the logs of that many blocks: it says so in many ways, an error, HTTP's, or none until time is over."""


class Stretch:
    """How many blocks' logs to ask for at once: as many as the provider gives, which only trying tells."""

    def __init__(self) -> None:
        self.blocks = FIRST_STRETCH
        self.wait = 0  # before a longer one is tried

    def refused(self, blocks: int) -> None:
        self.blocks, self.wait = max(1, blocks // 2), WELL

    def given(self, blocks: int) -> None:
        if blocks < self.blocks:
            return  # that a longer one would be given too, it does not say
        if self.wait:
            self.wait -= 1
        else:
            self.blocks = min(2 * self.blocks, LONGEST_STRETCH)


@dataclass(frozen=True, slots=True)
class Block:
    """A block in which something happened; each transaction with its logs, in order."""

    number: int
    hash: str
    time: int
    transactions: list[tuple[Transaction, list[Log]]]


@dataclass(frozen=True, slots=True)
class Listing:
    """Tokens that a pool was created for, with what the contracts held before the block `before`; and the new pools' parameters."""

    before: int
    tokens: dict[str, dict]
    parameters: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything is there up to and with this block; `place` is where in the file the next stretch begins."""

    block: int
    hash: str
    tokens: list[str]
    events: int
    place: int


class History:
    """Fetches and keeps what happened from the block `first` on."""

    def __init__(self, chain: Chain, system: System, stored: StoredState, path: Path, first: int, tokens: Iterable[str] = ()):
        self.chain = chain
        self.system = system
        self.stored = stored
        self.path = path
        self.first = first
        self.listed_at_first = list(tokens)
        self.pool_created = stored.topic("controller", "PoolCreated")
        self.stretch = Stretch()
        self.marks: list[Mark] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.open("a")
        try:
            flock(self._lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise ChainError(f"another audit keeps its history in {path}: name another folder with --cache") from error
        self._find_marks()

    def close(self) -> None:
        """Let others go on from here; the end of the process does too."""
        self._lock.close()

    # -- what is there ---------------------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The last block up to which everything is there."""
        return self.marks[-1].block if self.marks else self.first - 1

    @property
    def tokens(self) -> list[str]:
        """All tokens whose transfers are there, from the beginning."""
        return self.marks[-1].tokens if self.marks else []

    def lines(self, after: int, to: int) -> Iterator[Listing | Block]:
        """What happened after one block up to another."""
        passed = bisect_right([mark.block for mark in self.marks], after)
        with self.path.open("rb") as file:
            file.seek(self.marks[passed - 1].place if passed else 0)
            for line in file:
                entry = self._read(line)
                if isinstance(entry, Block):
                    if entry.number > to:
                        return
                    if entry.number > after:
                        yield entry
                elif isinstance(entry, Listing) and entry.before > after:
                    yield entry

    def _read(self, line: bytes) -> Block | Listing | dict:
        """A line of the file; of the last of a stretch, what it says."""
        try:
            entry = json.loads(line)
            if "number" in entry:
                return _block(entry)
            return Listing(**entry) if "before" in entry else {name: entry[name] for name in ("to", "hash", "tokens", "events")}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ChainError(f"{self.path} is damaged: delete it, and what it held is fetched again") from error

    def _find_marks(self) -> None:
        place = 0
        with self.path.open("rb") as file:
            for line in file:
                place += len(line)
                if line.startswith(b'{"to"') and line.endswith(b"\n"):
                    entry = self._read(line)
                    self.marks.append(Mark(entry["to"], entry["hash"], entry["tokens"], entry["events"], place))
        self._cut()

    def _cut(self) -> None:
        """Forget what comes after the last mark."""
        with self.path.open("r+b") as file:
            file.truncate(self.marks[-1].place if self.marks else 0)

    def rewind(self) -> int:
        """Forget what the chain no longer has; the last block that is left."""
        while self.marks and not self._is_there(self.marks[-1]):
            self.marks.pop()
        self._cut()
        return self.end

    def must_be_there(self) -> None:
        """Raise Reorganised if the chain no longer is the one that has been fetched."""
        if self.marks and not self._is_there(self.marks[-1]):
            raise Reorganised(f"block {self.end:,} is no longer what it was when it was fetched")

    def _is_there(self, mark: Mark) -> bool:
        try:
            return self.chain.header(mark.block)["hash"] == mark.hash
        except Reorganised:
            return False

    # -- fetching --------------------------------------------------------------------------------------------------

    def extend(self, to: int, progress: Callable[[int], None] = lambda block: None) -> None:
        """Fetch what is missing up to a block.

        Raises
        ------
        Reorganised
            If the chain is not, or no longer, the one that has been fetched so far.
        """
        while self.end < to:
            left = to - self.end
            # The nearer the end, the shorter: if the chain changes there, little is to be fetched again.
            blocks = min(self.stretch.blocks, (left + 1) // 2)
            try:
                self._fetch(self.end + 1, self.end + blocks)
            except (TooLong, Refused):
                if blocks == 1:
                    raise
                self.stretch.refused(blocks)
                continue
            self.stretch.given(blocks)
            progress(self.end)

    def _fetch(self, begin: int, end: int) -> None:
        last = self.chain.header(end)
        if self.marks and self.chain.header(begin)["parentHash"] != self.marks[-1].hash:
            raise Reorganised(f"block {self.end} is no longer what it was")
        logs = self._logs(begin, end, address=list(self.system.addresses_of_holders))
        created = [log for log in logs if log["topics"][0] == self.pool_created and self.system.id(log["address"].lower()) == CONTROLLER]
        named = ["0x" + topic[-40:] for log in created for topic in log["topics"][2:4]]
        at_first = [] if self.marks else [self.system.dlq, *self.listed_at_first]
        listed = [token for token in dict.fromkeys((*at_first, *named)) if token not in self.tokens]
        tokens = [*self.tokens, *listed]
        sent = [log["transactionHash"] for log in logs]
        logs += self._transfers(tokens, begin, end)
        entries: list[dict] = []
        if listed or created:
            entries.append(self._listing(begin, listed, ["0x" + log["topics"][1][-40:] for log in created]))
        blocks = self._blocks(logs, list(dict.fromkeys(sent)))
        if self.chain.header(end)["hash"] != last["hash"]:
            raise Reorganised(f"block {end} changed while it was read")
        events = (self.marks[-1].events if self.marks else 0) + len(logs)
        entries += [*blocks, {"to": end, "hash": last["hash"], "tokens": tokens, "events": events}]
        with self.path.open("a") as file:
            file.write("".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries))
            place = file.tell()
        self.marks.append(Mark(end, last["hash"], tokens, events, place))

    def _logs(self, begin: int, end: int, **wanted: object) -> list[dict]:
        asked = {"fromBlock": hex(begin), "toBlock": hex(end), **wanted}
        if begin == end:
            return self.chain.ask("eth_getLogs", asked)
        try:
            return self.chain.ask("eth_getLogs", asked, attempts=FEW_ATTEMPTS)
        except ChainError as error:
            raise TooLong(str(error)) from error

    def _transfers(self, tokens: list[str], begin: int, end: int) -> list[dict]:
        """Transfers of tokens to and from the system's contracts. Of nothing, anybody can make anybody's: these are left out."""
        if not tokens:
            return []
        holders = ["0x" + 24 * "0" + address[2:] for address in self.system.addresses_of_holders]
        found = {}
        for topics in ([TRANSFER, holders], [TRANSFER, None, holders]):
            for log in self._logs(begin, end, address=tokens, topics=topics):
                found[log["blockNumber"], log["logIndex"]] = log
        return [log for log in found.values() if len(log["topics"]) == 3 and len(log["data"]) == 66 and int(log["data"], 16)]

    def _listing(self, begin: int, listed: list[str], pools: list[str]) -> dict:
        tokens = {}
        for token in listed:
            balances = self.stored.balances_before(token, self.first)
            for log in self._earlier_transfers(token, begin):
                for holder, sign in ((log["topics"][1], -1), (log["topics"][2], 1)):
                    holder = self.system.id("0x" + holder[-40:])
                    if holder in self.system.holders:
                        balances[holder] = balances.get(holder, 0) + sign * int(log["data"], 16)
            decimals, symbol = self.stored.token(token)
            tokens[token] = {"decimals": decimals, "symbol": symbol, "balances": balances}
        parameters = {self.system.id(pool): self.stored.parameters(pool) for pool in pools}
        return {"before": begin, "tokens": tokens, "parameters": parameters}

    def _earlier_transfers(self, token: str, before: int) -> Iterator[dict]:
        begin = self.first
        while begin < before:
            blocks = min(self.stretch.blocks, before - begin)
            try:
                found = self._transfers([token], begin, begin + blocks - 1)
            except TooLong:
                self.stretch.refused(blocks)
                continue
            self.stretch.given(blocks)
            yield from found
            begin += blocks

    def _blocks(self, logs: list[dict], sent: list[str]) -> list[dict]:
        """The lines of blocks, from their logs; `sent` are the transactions to be read as well."""
        numbers = sorted({log["blockNumber"] for log in logs}, key=_number)
        headers = self.chain.ask_all([("eth_getBlockByNumber", [number, False]) for number in numbers])
        hashes = dict(zip(numbers, headers))
        read = {
            found["hash"]: found for found in self.chain.ask_all([("eth_getTransactionByHash", [one]) for one in sent]) if found is not None
        }
        blocks: dict[str, dict] = {}
        for log in sorted(logs, key=lambda log: (_number(log["blockNumber"]), _number(log["logIndex"]))):
            header = hashes[log["blockNumber"]]
            if header is None or header["hash"] != log["blockHash"]:
                raise Reorganised(f"block {_number(log['blockNumber'])} changed while it was read")
            number, time = _number(header["number"]), _number(header["timestamp"])
            block = blocks.setdefault(log["blockNumber"], {"number": number, "hash": header["hash"], "time": time, "transactions": {}})
            one = log["transactionHash"]
            if one not in block["transactions"]:
                if one in sent and one not in read:
                    raise Reorganised(f"transaction {one} is gone")
                details = read.get(one, {})
                known = [details.get("from"), details.get("to"), details.get("input")]
                block["transactions"][one] = [one, *[text and text.lower() for text in known], []]
            block["transactions"][one][4].append([log["address"].lower(), log["topics"], log["data"]])
        return [{**block, "transactions": list(block["transactions"].values())} for block in blocks.values()]


def _number(text: str) -> int:
    return int(text, 16)


def _block(entry: dict) -> Block:
    transactions = [(Transaction(*details), list(map(tuple, logs))) for *details, logs in entry["transactions"]]
    return Block(entry["number"], entry["hash"], entry["time"], transactions)
