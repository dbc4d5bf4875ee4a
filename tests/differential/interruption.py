"""Ctrl-C and a plain kill: raised in what they are to end, but not in the midst of a library, and held back around a fork."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

ENDS = {signal.SIGINT, signal.SIGTERM}
PATIENCE = 10  # seconds that an interruption waits for a library

_first: tuple[int, float] | None = None  # the signal that has come first, and when
_postponed = False


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a plain kill: `status` is the exit code that a shell expects of it."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


def _interrupt(number: int, _frame) -> None:
    global _first
    _first = _first or (number, time.monotonic())
    signal.setitimer(signal.ITIMER_REAL, 1)
    if not _postponed or time.monotonic() - _first[1] > PATIENCE:
        _raise_what_has_come()


def _raise_what_has_come() -> None:
    if _first is not None:
        raise Interrupted(_first[0])


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C and a plain kill raise `Interrupted` in this block.

    They raise it again every second until the block is left: an exception that happens to be raised in a finaliser, or in a
    callback of the garbage collector, is lost.
    """
    global _first, _postponed
    before = {number: signal.getsignal(number) for number in (*ENDS, signal.SIGALRM)}
    if before[signal.SIGALRM] is not _interrupt:  # the outermost of such blocks
        _first, _postponed = None, False
    for number in before:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def postponed() -> Iterator[None]:
    """For a library that an exception out of nowhere would leave in disorder: in this block, an interruption waits.

    It is raised by the next `at_once`, with the end of the block, or out of nowhere after all where neither comes in `PATIENCE`.
    """
    with _postpone(True):
        yield
    _raise_what_has_come()


@contextmanager
def at_once() -> Iterator[None]:
    """For what the library calls of ours: an interruption that has waited is raised here, and one that comes in this block too."""
    with _postpone(False):
        _raise_what_has_come()
        yield


@contextmanager
def _postpone(postpone: bool) -> Iterator[None]:
    global _postponed
    before, _postponed = _postponed, postpone
    try:
        yield
    finally:
        _postponed = before


@contextmanager
def held_back() -> Iterator[None]:
    """For a fork: in its middle, Python's own hooks would lose a signal. The child hears nothing until it calls `listen`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def listen() -> None:
    """Hear again what was held back when this process was forked."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
