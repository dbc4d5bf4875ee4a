"""Starts and ends what a program needs: tools, fresh contracts, a devnet, the world on it."""

import os
import shutil
import signal
import socket
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from collections.abc import Iterator

from ape import accounts, networks, project
from ape.api import ProviderAPI
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger

from tests.differential import world
from tests.differential.artifacts import CONTRACTS, Artifacts, CompileError, compile_contracts
from tests.differential.deployment import deploy_world
from tests.differential.devnet import Devnet
from tests.differential.engine import Backend
from tests.differential.evm import Evm

NETWORK = "ethereum:local:foundry"
BACKENDS = ("devnet", "evm")


class SetupError(Exception):
    """Something that a run needs is not there; the message says what to do."""


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
        raise Interrupted(received[0])

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def check_tools() -> None:
    """The compiler and Anvil are looked for beside this Python first, so that no activation is needed."""
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
    for tool, what in (("vyper", "the Vyper compiler"), ("anvil", "Anvil")):
        if shutil.which(tool) is None:
            raise SetupError(f"{what} ({tool}) is not installed: run `make setup`")


def fresh_contracts() -> None:
    """Compile everything anew if any source has changed.

    Ape compiles a contract again when its own file has changed, but not when a module that it imports has: without this,
    a changed module would be tested in its old form.
    """
    sources = sorted(project.contracts_folder.rglob("*.vy*"))
    digest = sha256(b"".join(path.name.encode() + path.read_bytes() for path in sources)).hexdigest()
    stamp = project.path / ".build" / "sources.sha256"
    if not stamp.is_file() or stamp.read_text() != digest:
        project.load_contracts(use_cache=False)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_port(port: int) -> None:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SetupError(f"port {port} is taken ({error.strerror}): name another with --port, or leave it out") from error


@contextmanager
def devnet(port: int | None = None) -> Iterator[ProviderAPI]:
    """A fresh Anvil on `port`, or on a free one; ended with the block, whatever ends it."""
    if port is not None:
        check_port(port)
    os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{port or free_port()}"
    with networks.parse_network_choice(NETWORK, disconnect_on_exit=True) as provider:
        # Ape's own handlers leave by SystemExit, which Hypothesis takes for a failed example.
        with interruptible():
            yield provider


@contextmanager
def backend(name: str, port: int | None = None, *, setting: str = "gas", sources: Path = CONTRACTS) -> Iterator[Backend]:
    """The world, deployed: on a fresh devnet, or in process. `setting` is one of `artifacts.SETTINGS`."""
    check_tools()
    logger.set_level(LogLevel.WARNING)
    try:
        artifacts = compile_contracts(sources, setting)
        if name == "evm":
            with interruptible():
                yield Evm(artifacts)
        else:
            with devnet(port) as provider:
                yield on_devnet(provider, artifacts)
    except CompileError as error:
        raise SetupError(str(error)) from error
    except ApeException as error:
        raise SetupError(f"{type(error).__name__}: {error}") from error


def on_devnet(provider: ProviderAPI, artifacts: Artifacts) -> Devnet:
    """The world, deployed by Ape to the connected devnet."""
    provider.make_request("evm_setNextBlockTimestamp", [hex(world.START - 200 * world.DAY)])
    directory, inspector = deploy_world(list(accounts.test_accounts[: len(world.ACTORS)]), artifacts)
    return Devnet(provider, directory, bytes.fromhex(inspector.address[2:]))
