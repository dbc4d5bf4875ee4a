"""The same programs for all: drawn once, and timed alike."""

import pickle
import time
from collections.abc import Callable
from pathlib import Path

from model import State
from tests.differential import world
from tests.differential.engine import Step, run_model


def load(path: Path) -> list[world.Program]:
    return pickle.loads(path.read_bytes())


def save(path: Path, programs: list[world.Program]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(programs))


def measure(
    programs: list[world.Program], most: int, start: State, differs: Callable[[list[Step]], object], finish: Callable[[], None] = lambda: None
) -> float:
    """Steps a second of running programs in the model and comparing them, until `most` steps have been; the first, untimed, warms up.

    Raises
    ------
    RuntimeError
        If the two sides disagree: then nothing was measured.
    """
    warm_up, *timed = programs
    _compare(start, warm_up, differs)
    finish()
    steps, began = 0, time.perf_counter()
    for program in timed:
        if steps >= most:
            break
        _compare(start, program, differs)
        steps += len(program)
    finish()
    return steps / (time.perf_counter() - began)


def _compare(start: State, program: world.Program, differs: Callable[[list[Step]], object]) -> None:
    difference = differs(run_model(start, program))
    if difference:
        raise RuntimeError(f"not a comparison of equals: {difference}")
