"""Scenarios: stories as traces, with the outcome of every call, the full state after it, and numbers worked by hand.

A file stands on its own, so that any implementation can be run against it: it says who holds what at the start, gives the calls
in order, and after each of them the outcome and all of the state that section 7 of the protocol lists. Its checks are the numbers
that the story is about.
"""

from pathlib import Path
from typing import Any

from model import Operation, apply
from tests.differential import trace, world
from tests.differential.engine import Step
from tests.differential.plain import Plain, plain_start, plain_step

FOLDER = Path(__file__).parent


# -- numbers worked by hand ------------------------------------------------------------------------------------------


def work_out(worked: str) -> int:
    """The value of some arithmetic; a token's name stands for one whole token in its base units."""
    units = {name: 10**decimals for name, decimals in world.DECIMALS.items()}
    return eval(worked, {"__builtins__": {}, "DAY": world.DAY, "START": world.START, "Q112": 2**112, **units})


def find(step: Plain, path: str) -> Any:
    """What stands at a dotted path of a step; an event is found by its name. None where there is nothing."""
    found: Any = step
    for part in path.split("."):
        if isinstance(found, list) and not part.isdigit():
            (found,) = [event["arguments"] for event in found if event["name"] == part] or [None]
        elif isinstance(found, list):
            found = found[int(part)]
        else:
            found = None if found is None else found.get(part)
    return found


# -- telling ---------------------------------------------------------------------------------------------------------


class Story:
    """Tells a scenario: plays the calls on the model, and records what comes of them.

    Parameters
    ----------
    name : the file's
    title : what happens, in a sentence
    keeps : the sentences of the protocols it descends from that the story keeps; of an attack, what it reproduces
    rules : the rules it shows
    """

    def __init__(self, name: str, title: str, keeps: list[str], rules: list[str]):
        self.name = name
        self.now = world.START
        self.state = world.genesis()
        self.steps: list[Plain] = []
        self.head = {**trace.HEAD, "title": title, "keeps": keeps, "rules": rules, "start": plain_start(self.state)}

    def day(self, day: int, seconds: int = 0) -> None:
        self.now = world.START + day * world.DAY + seconds

    def call(self, sender: str, target: str, name: str, /, **arguments: Any) -> None:
        """A call that succeeds."""
        self._play(sender, target, name, arguments)
        assert "reason" not in self.steps[-1]["outcome"], f"{self.name}: {name}: {self.steps[-1]['outcome']}"

    def fails(self, reason: str, sender: str, target: str, name: str, /, **arguments: Any) -> None:
        """A call that fails for a reason."""
        self._play(sender, target, name, arguments)
        assert self.steps[-1]["outcome"] == {"reason": reason}, f"{self.name}: {name}: {self.steps[-1]['outcome']}"

    def check(self, path: str, worked: str, why: str) -> None:
        """A number of the last call or of the state after it, worked by hand."""
        self._expect(path, {"worked": worked, "is": work_out(worked), "why": why})

    def says(self, path: str, expected: Any, why: str) -> None:
        """Something that is no number; None: nothing there."""
        self._expect(path, {"is": expected, "why": why})

    def _play(self, sender: str, target: str, name: str, arguments: Plain) -> None:
        operation = Operation(name, target, sender, arguments)
        self.state, outcome = apply(self.state, operation, self.now)
        played = plain_step(Step(self.now, operation, outcome, self.state))
        after = played.pop("state")
        self.steps.append({**played, "checks": [], "state": after})

    def _expect(self, path: str, expected: Plain) -> None:
        step = self.steps[-1]
        found = find(step, path)
        assert found == expected["is"], f"{self.name}: {path} is {found}, not {expected['is']}: {expected['why']}"
        step["checks"].append({"path": path, **expected})

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.json"

    @property
    def trace(self) -> Plain:
        return {**self.head, "steps": self.steps}
