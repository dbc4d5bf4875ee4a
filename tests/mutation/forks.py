"""Runs jobs in processes of their own, forked from this one: nothing is loaded twice, and none can hurt another."""

import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from tests.differential.interruption import held_back, listen
from tests.mutation.mutant import Mutant, Verdict

CONTEXT = get_context("fork")
PATIENCE = 5  # seconds for a worker to end what it has begun
MEMORY = 3 * 2**30  # bytes, with the programs, which are a third of it; a fault may ask for numbers that no machine can hold


class NoVerdict(Exception):
    """A worker has failed; what it has written tells why."""


def run_all(
    mutants: Iterable[Mutant], check: Callable[[Mutant], Verdict], workers: int, limit: int, tick: Callable[[], None]
) -> Iterator[tuple[Mutant, Verdict]]:
    """Check mutants, `workers` at a time, each for at most `limit` seconds of a processor, in the order in which they finish."""
    waiting = iter(mutants)
    running = {}
    try:
        while True:
            while len(running) < workers and (mutant := next(waiting, None)) is not None:
                mine, theirs = CONTEXT.Pipe(duplex=False)
                process = CONTEXT.Process(target=_child, args=(theirs, check, mutant, limit), daemon=True)
                with held_back():
                    process.start()
                theirs.close()
                running[mine] = process, mutant
            if not running:
                return
            for connection in wait(running, timeout=0.5):
                process, mutant = running.pop(connection)
                yield mutant, _received(connection, process, limit)
            tick()
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.join(PATIENCE)
            process.kill()
            process.join()


def _child(connection: Connection, check: Callable[[Mutant], Verdict], mutant: Mutant, limit: int) -> None:
    # Ctrl-C is the parent's affair. It tells this one to end, and what it has started ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    listen()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))  # what it starts may take longer
    connection.send(check(mutant))
    connection.close()


def _received(connection: Connection, process, limit: int) -> Verdict:
    try:
        verdict = connection.recv()
    except EOFError:
        process.join()
        if process.exitcode in (-signal.SIGXCPU, -signal.SIGKILL):
            return Verdict("killed", "timeout", "unknown", 0, limit)
        raise NoVerdict(f"a worker ended with status {process.exitcode} and no verdict") from None
    process.join()
    return verdict
