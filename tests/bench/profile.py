"""Where the time of a compared step goes: drawing, model, encoding, the EVM and comparing, one after the other in one thread."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from model import State
from tests.differential import engine, machine
from tests.differential.engine import Backend
from tests.differential.evm import Evm
from tests.differential.machine import Judge, Tally, draw_programs

DRAWING, EXECUTING = "drawing", "executing"
CALLS, DIGESTS, AROUND = "executing: the calls", "executing: the state's digests", "executing: around them"


class Clock:
    """Seconds by phase."""

    def __init__(self):
        self.seconds: Counter[str] = Counter()

    def timed(self, phase: str, function: Callable) -> Callable:
        def measured(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[phase] += time.perf_counter() - began

        return measured


def profile(backend: Backend, start: State, examples: int, length: int, seed: int) -> dict[str, float]:
    """Milliseconds a step by phase, of drawing and comparing programs."""
    clock, tally = Clock(), Tally()
    with ExitStack() as patches:
        for place, name, phase in (
            (machine, "ask_model", "model"),
            (engine, "encode_calls", "encoding the calls"),
            (engine, "disagreement", "comparing"),
            (backend, "execute", EXECUTING),
        ):
            patches.enter_context(patch.object(place, name, clock.timed(phase, getattr(place, name))))
        if isinstance(backend, Evm):
            patches.enter_context(patch.object(backend, "_call", calls_and_digests(backend, clock)))
        began = time.perf_counter()
        draw_programs(Judge(backend, 0), start, tally, examples, length, seed)
        whole = time.perf_counter() - began
    seconds = clock.seconds
    drawing = whole - sum(seconds[phase] for phase in seconds if phase not in (CALLS, DIGESTS))
    if isinstance(backend, Evm):
        seconds[AROUND] = seconds.pop(EXECUTING) - seconds[CALLS] - seconds[DIGESTS]
    return {phase: 1_000 * spent / tally.steps for phase, spent in {DRAWING: drawing, **seconds}.items()}


def calls_and_digests(backend: Evm, clock: Clock) -> Callable:
    """The backend's way to call, with the Inspector's answers timed apart from all other calls."""
    call, digest = clock.timed(CALLS, backend._call), clock.timed(DIGESTS, backend._call)
    return lambda sender, target, data: (digest if target == backend.inspector else call)(sender, target, data)
