"""Ctrl-C and a plain kill: raised in what they are to end, but not in the midst of a library, and held back around a fork."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDS = {signal.SIGINT, signal.SIGTERM}
_postponed = False


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or a plain kill: `status` is the exit code that a shell expects of it."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C and a plain kill raise `Interrupted` in this block.

    They raise it again every second until the block is left: an exception that happens to be raised in a finaliser, or in a
    callback of the garbage collector, is lost.
    """
    received: list[int] = []

    def interrupt(number: int, _frame) -> None:
        if number != signal.SIGALRM:
            received.append(number)
        signal.setitimer(signal.ITIMER_REAL, 1)
        if not _postponed:
            raise Interrupted(received[0])

    numbers = (*ENDS, signal.SIGALRM)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def postponed() -> Iterator[None]:
    """For a library that an exception out of nowhere would leave in disorder: in this block, an interruption waits for an `at_once`."""
    with _postpone(True):
        yield


@contextmanager
def at_once() -> Iterator[None]:
    """For what the library calls of ours: an interruption that has waited is raised here, and one that comes in this block too."""
    with _postpone(False):
        if signal.getitimer(signal.ITIMER_REAL)[0]:  # it is to come again, as above
            signal.raise_signal(signal.SIGALRM)
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
