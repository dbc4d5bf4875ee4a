"""What became of the mutants: kept line by line, so that an interrupted run goes on, and added up."""

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median, quantiles

from tests.mutation.mutant import Mutant, Verdict

Results = list[tuple[Mutant, Verdict]]


class ResultsError(Exception):
    """A file of ours that says something else than it should; the message names it."""


class Store:
    """Verdicts of runs over the very same sources and budget, in a file of JSON lines."""

    def __init__(self, path: Path):
        self.path = path
        self.known: dict[str, Verdict] = {}
        if path.is_file():
            for line in path.read_text().splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:
                    continue  # the last line of a run that was killed while it wrote
                key = entry.pop("key")
                self.known[key] = Verdict(**entry)

    def add(self, key: str, verdict: Verdict) -> None:
        self.known[key] = verdict
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps({"key": key, **asdict(verdict)}) + "\n")


def read_equivalent(path: Path) -> dict[str, str]:
    """The mutants that are known to change nothing, each with the reason."""
    try:
        entries = tomllib.loads(path.read_text())["equivalent"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ResultsError(f"{path}: cannot be read ({error})") from error
    reasons = {}
    for entry in entries:
        for name in entry["mutants"]:
            if name in reasons:
                raise ResultsError(f"{path}: {name} is argued twice")
            reasons[name] = entry["because"]
    return reasons


def judged(results: Results, reasons: dict[str, str]) -> Results:
    """The same with survivors that are argued to be equivalent counted as such.

    Raises
    ------
    ResultsError
        If a mutant that is argued to be equivalent has been killed: the argument is wrong.
    """
    found = []
    for mutant, verdict in results:
        if mutant.id in reasons:
            if verdict.status == "killed":
                raise ResultsError(f"mutant {mutant.id} ({mutant.file}:{mutant.line}) is called equivalent, and was killed ({verdict.by})")
            if verdict.status == "survived":
                verdict = replace(verdict, status="equivalent", note=reasons[mutant.id])
        found.append((mutant, verdict))
    return found


def report(results: Results, **context) -> dict:
    """The run in numbers, survivors in full."""
    counted = [(mutant, verdict) for mutant, verdict in results if verdict.status != "invalid"]
    killed = [verdict for _, verdict in counted if verdict.status == "killed"]
    return {
        **context,
        "mutants": len(counted),
        **{status: sum(verdict.status == status for _, verdict in counted) for status in ("killed", "survived", "equivalent")},
        "not_compiled": len(results) - len(counted),
        "score": round(100 * score(counted), 2),
        "time_to_kill": {
            "seconds": _spread([verdict.seconds for verdict in killed]),
            "steps": _spread([verdict.steps for verdict in killed]),
        },
        "killed_by": dict(Counter(verdict.by for verdict in killed).most_common()),
        "killed_in": dict(Counter(verdict.operation for verdict in killed).most_common()),
        "by_category": _table(counted, lambda mutant: mutant.category),
        "by_file": _table(counted, lambda mutant: mutant.file),
        "survivors": [
            {"id": mutant.id, "file": mutant.file, "line": mutant.line, "category": mutant.category, "change": mutant.change}
            for mutant, verdict in counted if verdict.status == "survived"
        ],
    }  # fmt: skip


def score(results: Iterable[tuple[Mutant, Verdict]]) -> float:
    """Killed, of all that are not equivalent."""
    counts = Counter(verdict.status for _, verdict in results)
    real = counts["killed"] + counts["survived"]
    return counts["killed"] / real if real else 1.0


def _spread(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"median": values[0] if values else 0, "p90": values[0] if values else 0}
    return {"median": round(median(values), 2), "p90": round(quantiles(values, n=10)[-1], 2)}


def _table(results: Results, group) -> dict[str, dict]:
    groups: dict[str, Results] = defaultdict(list)
    for mutant, verdict in results:
        groups[group(mutant)].append((mutant, verdict))
    table = {}
    for name, members in sorted(groups.items()):
        counts = Counter(verdict.status for _, verdict in members)
        steps = [verdict.steps for _, verdict in members if verdict.status == "killed"]
        table[name] = {
            "mutants": len(members),
            **{status: counts[status] for status in ("killed", "survived", "equivalent")},
            "steps_to_kill": _spread(steps),
        }
    return table
