"""Scenarios: a story as JSON, with the outcome of every call and the full state after it.

A file stands on its own, so that any implementation can be run against it: it says who holds what at the start, gives the calls
in order, and after each of them the outcome and all of the state that section 7 of the protocol lists; in the state, what is zero,
false or empty is left out. Its checks are the numbers that the story is about, worked by hand.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model import Operation, Outcome, Parameters, State, SystemParameters, Token, apply, deploy
from model.state import ZERO
from tests.differential import world

FOLDER = Path(__file__).parent
LINE = 140

Plain = dict[str, Any]


# -- from the model to JSON ------------------------------------------------------------------------------------------


def plain_start(state: State) -> Plain:
    """What a scenario starts from: the system right after deployment."""
    tokens = {name: {"decimals": token.decimals, "balances": token.balances} for name, token in state.tokens.items()}
    controller = state.controller
    return {"governor": controller.owner, "dlq": controller.dlq, "parameters": asdict(controller.parameters), "tokens": tokens}


def plain_operation(now: int, operation: Operation) -> Plain:
    arguments = {
        name: asdict(value) if isinstance(value, Parameters) else value for name, value in operation.arguments.items()
    }
    return {"now": now, "name": operation.name, "target": operation.target, "sender": operation.sender, "arguments": arguments}


def plain_outcome(outcome: Outcome) -> Plain:
    if not outcome.ok:
        return {"reason": outcome.reason}
    value = list(outcome.value) if isinstance(outcome.value, tuple) else outcome.value
    return {"value": value, "events": [asdict(event) for event in outcome.events]}


def plain_state(state: State) -> Plain:
    """Everything that section 7 of the protocol lists as the state, but zeros."""
    controller, backstop = state.controller, state.backstop
    return _without_zeros(
        {
            "controller": {
                "owner": controller.owner,
                "pending_owner": controller.pending_owner,
                "pools": list(controller.pools),
                "dlq_pools": controller.dlq_pools,
                "swept_epoch": controller.swept_epoch,
            },
            "pools": {name: _stored(asdict(pool)) for name, pool in state.pools.items()},
            "reserve": {"held": state.reserve.held},
            "backstop": {
                "booked": backstop.booked,
                "stakes": {name: asdict(stake) for name, stake in backstop.stakes.items()},
                "accounts": _by_first({pair: asdict(account) for pair, account in backstop.accounts.items()}),
            },
            "tokens": {
                name: {
                    "balances": token.balances,
                    "allowances": _by_first(token.allowances),
                    "behaviour": token.behaviour,
                    "hook": asdict(token.hook) if token.hook else None,
                }
                for name, token in state.tokens.items()
            },
        }
    )


def _stored(pool: Plain) -> Plain:
    """A pool without what is fixed when it is created."""
    fixed = ("base", "quote", "parameters", "epoch_seconds")
    return {name: value for name, value in pool.items() if name not in fixed}


def _by_first(entries: dict[tuple[str, str], Any]) -> Plain:
    """Entries by two ids, nested."""
    nested: Plain = {}
    for (first, second), entry in entries.items():
        nested.setdefault(first, {})[second] = entry
    return nested


def _without_zeros(value: Any) -> Any:
    """Without what is zero, false or empty, at any depth."""
    if not isinstance(value, dict):
        return value
    entries = {key: _without_zeros(entry) for key, entry in value.items()}
    return {key: entry for key, entry in entries.items() if entry and entry != ZERO}


# -- from JSON to the model ------------------------------------------------------------------------------------------


def read(path: Path) -> Plain:
    return json.loads(path.read_text())


def start_of(scenario: Plain) -> State:
    start = scenario["start"]
    tokens = {name: Token(token["decimals"], token["balances"], allowances={}) for name, token in start["tokens"].items()}
    return deploy(start["governor"], start["dlq"], tokens, SystemParameters(**start["parameters"]))


def program_of(scenario: Plain) -> world.Program:
    program = []
    for step in scenario["steps"]:
        arguments = {
            name: Parameters(**value) if name == "parameters" else value for name, value in step["arguments"].items()
        }
        program.append((step["now"], Operation(step["name"], step["target"], step["sender"], arguments)))
    return program


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
    keeps : the sentences of the protocols it descends from that the story keeps
    rules : the rules it shows
    """

    def __init__(self, name: str, title: str, keeps: list[str], rules: list[str]):
        self.name = name
        self.now = world.START
        self.state = world.genesis()
        self.steps: list[Plain] = []
        self.head = {"title": title, "keeps": keeps, "rules": rules, "start": plain_start(self.state)}

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
        step = plain_operation(self.now, operation)
        self.steps.append({**step, "outcome": plain_outcome(outcome), "checks": [], "state": plain_state(self.state)})

    def _expect(self, path: str, expected: Plain) -> None:
        step = self.steps[-1]
        found = find(step, path)
        assert found == expected["is"], f"{self.name}: {path} is {found}, not {expected['is']}: {expected['why']}"
        step["checks"].append({"path": path, **expected})

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.json"

    @property
    def text(self) -> str:
        return _laid_out({**self.head, "steps": self.steps}, indent="") + "\n"


def _laid_out(value: Any, indent: str) -> str:
    """JSON in which whatever fits on a line stands on one."""
    line = json.dumps(value)
    if not isinstance(value, (dict, list)) or len(indent) + len(line) <= LINE:
        return line
    deeper = indent + " "
    if isinstance(value, list):
        return _block("[]", [_laid_out(item, deeper) for item in value], indent)
    return _block("{}", [f"{json.dumps(key)}: {_laid_out(item, deeper)}" for key, item in value.items()], indent)


def _block(brackets: str, items: list[str], indent: str) -> str:
    inner = ",\n".join(f"{indent} {item}" for item in items)
    return f"{brackets[0]}\n{inner}\n{indent}{brackets[1]}"
