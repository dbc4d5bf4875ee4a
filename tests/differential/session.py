"""Starts and ends the devnet for the programs that need one."""

import os
import signal
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from ape import accounts, networks
from ape.api import ProviderAPI
from ape.exceptions import ApeException

from model import State
from tests.differential import world
from tests.differential.devnet import Devnet, prepare

NETWORK = "ethereum:local:foundry"


class SetupError(Exception):
    """Something that a run needs is not there; the message says what to do."""


def check_tools() -> None:
    """The compiler and Anvil are looked for beside this Python first, so that no activation is needed."""
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
    from shutil import which

    for tool, what in (("vyper", "the Vyper compiler"), ("anvil", "Anvil")):
        if which(tool) is None:
            raise SetupError(f"{what} ({tool}) is not installed: run `make setup`")


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
    check_tools()
    if port is not None:
        check_port(port)
    os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{port or free_port()}"
    # A plain kill ends the devnet as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with networks.parse_network_choice(NETWORK, disconnect_on_exit=True) as provider:
            yield provider
    except ApeException as error:
        raise SetupError(f"{type(error).__name__}: {error}") from error


def prepared(provider: ProviderAPI) -> tuple[Devnet, State]:
    """The world on a devnet; see `devnet.prepare`."""
    return prepare(provider, list(accounts.test_accounts[: len(world.ACTORS)]))
