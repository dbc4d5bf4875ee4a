"""Runs the budget against the model with one fault in it: what the chain was seen to do is what the model must say.
What survives that in a pure function meets its arguments.

The contracts agree with the model as it stands on every program of the budget, so what it expects is what the chain did. Run in a
process of its own (`forks`): the model is loaded anew, with its fault, in the place of the one that is there.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.arguments import meet_all_arguments
from tests.mutation.budget import Budget, Program
from tests.mutation.mutant import Mutant, Verdict

ROOT = Path(__file__).parents[2]
PURE = {
    f"model/{name}.py" for name in
    ("epoch_books", "fixed_point", "liquidity_math", "oracle", "protection_math", "stake_math", "swap_math", "waterfall")
}  # fmt: skip


def check_model(mutant: Mutant, budget: Budget) -> Verdict:
    """What the engine makes of a mutant of the model."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "model", Path(folder) / "model", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / mutant.file).write_text(mutant.source)
        _forget("model", "tests.differential")
        sys.dont_write_bytecode = True
        sys.path.insert(0, folder)
        began = time.monotonic()
        try:
            compile(mutant.source, mutant.file, "exec")
        except SyntaxError as error:
            return Verdict("invalid", note=str(error))
        try:
            verdict = _run(budget, began)
        except Exception as error:
            # Whatever the fault breaks before the first call.
            return Verdict("killed", "exception", "deployment", 0, time.monotonic() - began, repr(error)[:200])
        return meet_all_arguments(mutant, verdict) if verdict.status == "survived" and mutant.file in PURE else verdict


def _forget(*packages: str) -> None:
    for name in list(sys.modules):
        if any(name == package or name.startswith(package + ".") for package in packages):
            del sys.modules[name]


def _run(budget: Budget, began: float) -> Verdict:
    from tests.differential import world
    from tests.differential.addresses import directory as directory_of

    directory = directory_of(budget.addresses, budget.artifacts)
    start, found = _play(world.genesis(), budget.prologue, directory)
    if found is not None:
        index, what, note = found
        return Verdict("killed", "prologue", budget.prologue.operations[index]["name"], 0, time.monotonic() - began, f"{what} {note}".strip())
    done = 0
    for program in budget.programs:
        _, found = _play(start, program, directory)
        if found is not None:
            index, what, note = found
            return Verdict("killed", what, program.operations[index]["name"], done + index + 1, time.monotonic() - began, note)
        done += len(program.calls)
    return Verdict("survived", steps=done, seconds=time.monotonic() - began)


def _play(state, program: Program, directory):
    """Run a program in the model; its last state, and where it first says something else, of what, and in which words."""
    from model import apply
    from tests.differential.codec import StateCodec
    from tests.differential.plain import call_of

    codec = StateCodec(directory)
    for index, (plain, expected) in enumerate(zip(program.operations, program.expected, strict=True)):
        try:
            now, operation = call_of(plain)
            state, outcome = apply(state, operation, now)
            if (outcome.ok, directory.result(outcome)) != (expected.ok, expected.data):
                return state, (index, "result", "")
            if [_plain(directory.log(event)) for event in outcome.events] != [_plain(log) for log in expected.logs]:
                return state, (index, "events", "")
            if codec.digest(state) != expected.stored:
                return state, (index, "state", "")
        except Exception as error:
            return state, (index, "exception", repr(error)[:200])
    if codec.encode_allowances(state, now) != program.allowances:
        return state, (len(program.calls) - 1, "allowances", "")
    return state, None


def _plain(log) -> tuple[bytes, tuple[bytes, ...], bytes]:
    """A log as values: the class that it had when the budget was drawn has been loaded anew, and is another one."""
    return log.address, log.topics, log.data
