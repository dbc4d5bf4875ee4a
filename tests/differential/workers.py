"""Processes that work side by side: each reports to the one that started it, and none of them outlives it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.differential.engine import PrologueDiffers
from tests.differential.environment import SetupError
from tests.differential.interruption import Interrupted, held_back, interruptible, listen

# Forked: what is imported stays imported. Nothing that starts workers has threads or a devnet of its own at that time.
PROCESSES = get_context("fork")
FATAL = (SetupError, PrologueDiffers)  # what a worker cannot go on after, and tells
PATIENCE = 20  # seconds for a worker to end its devnet


class Line:
    """A worker's line to the process that started it."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.starter = os.getppid()

    def send(self, message: Any) -> None:
        self.check()
        self.connection.send(message)

    def receive(self) -> Any:
        """The next word from the process that started this one."""
        while not self.connection.poll(1):
            self.check()
        try:
            return self.connection.recv()
        except EOFError:
            raise Interrupted(signal.SIGTERM) from None

    def check(self) -> None:
        """Nobody reads any more if the process that started this one was killed: end like it."""
        if os.getppid() != self.starter:
            raise Interrupted(signal.SIGTERM)


class Worker:
    """One process, and the line to it."""

    def __init__(self, number: int, work: Callable[..., None], *arguments: Any):
        self.number = number
        self.connection, other_end = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=_serve, args=(other_end, work, number, *arguments))
        # Who is told to end before it has begun is not to go on as a copy of this process: told once it listens.
        with held_back():
            self.process.start()
        other_end.close()  # so that the end of the process is the end of what can be read

    def send(self, message: Any) -> None:
        self.connection.send(message)

    def receive(self) -> Any:
        """The worker's next message.

        Raises
        ------
        SetupError
            If something that the worker needs is not there, or the worker is no more.
        PrologueDiffers
            If the two sides disagree before the first drawn call.
        """
        try:
            message = self.connection.recv()
        except (EOFError, ConnectionResetError) as error:
            self.process.join()
            raise SetupError(f"worker {self.number} ended by itself, with exit code {self.process.exitcode}") from error
        if isinstance(message, FATAL):
            raise message
        return message


@contextmanager
def workers(count: int, work: Callable[..., None], *arguments: Any) -> Iterator[list[Worker]]:
    """Have `count` processes do `work(number, line, *arguments)`; whatever ends the block ends them too."""
    started: list[Worker] = []
    try:
        for number in range(count):
            started.append(Worker(number, work, *arguments))
        yield started
    finally:
        for worker in started:
            worker.process.terminate()
        for worker in started:
            worker.process.join(PATIENCE)
            worker.process.kill()


def messages(waiting: list[Worker]) -> Iterator[tuple[Worker, Any]]:
    """What the workers say, as it comes; a worker that is taken out of the list is no longer listened to."""
    while waiting:
        lines = {worker.connection: worker for worker in waiting}
        for ready in wait(list(lines)):
            yield lines[ready], lines[ready].receive()


def derived_seed(*parts: int) -> int:
    """A seed for each worker or round: the same for the same numbers, and unrelated to that of any others."""
    return int.from_bytes(sha256(" ".join(map(str, parts)).encode()).digest()[:8], "big")


def _serve(connection: Connection, work: Callable[..., None], number: int, *arguments: Any) -> None:
    line = Line(connection)
    with suppress(Interrupted, BrokenPipeError):
        try:
            with interruptible():
                listen()
                work(number, line, *arguments)
        except FATAL as error:
            line.send(error)
