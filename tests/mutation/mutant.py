"""A mutant: one small fault in one source file, and what became of it."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace the characters from `begin` up to `end`; `category` says what kind of fault that is."""

    category: str
    begin: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """`id` names the change and not the line, so that it stays the same when other lines change."""

    id: str
    file: str  # relative to the project
    line: int
    category: str
    source: str  # the whole file with its fault
    change: str  # in one line: what was there => what is there now

    def diff(self, root: Path) -> str:
        before = (root / self.file).read_text().splitlines(keepends=True)
        return "".join(difflib.unified_diff(before, self.source.splitlines(keepends=True), self.file, self.file, n=2))


def mutants_of(file: str, text: str, edits: Iterable[Edit], place: dict[int, str]) -> Iterator[Mutant]:
    """The different files that edits make of a file. `place` says which function a line belongs to, for the ids."""
    seen, alike = {text}, Counter()
    for category, begin, end, replacement in edits:
        source = text[:begin] + replacement + text[end:]
        if source in seen:
            continue
        seen.add(source)
        line = text.count("\n", 0, begin) + 1
        change = f"{_on_one_line(text[begin:end])} => {_on_one_line(replacement) or 'nothing'}"
        context = f"{file} {place.get(line, '')} {_line_around(text, begin)} {change}"
        alike[context] += 1
        name = sha256(f"{context} {alike[context]}".encode()).hexdigest()[:10]
        yield Mutant(name, file, line, category, source, change)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _line_around(text: str, place: int) -> str:
    begin = text.rfind("\n", 0, place) + 1
    return text[begin : text.find("\n", place)].strip()


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    status : "killed"; "survived"; "equivalent", the compiler makes the same code of it; or "invalid", it does not compile
    by : what differed: "deployment", "prologue", "result", "events", "state", "allowances", "arguments", "exception",
        "timeout"
    operation : the operation at which it differed
    steps, seconds : how long the engine ran; the compiler's time is not in it
    note : the compiler's or the exception's words
    """

    status: str
    by: str = ""
    operation: str = ""
    steps: int = 0
    seconds: float = 0.0
    note: str = ""
