"""Starts and ends what a program needs: tools, fresh contracts, a devnet, the world on it."""

import os
import shutil
import socket
import sys
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from collections.abc import Iterator, Sequence

from ape import accounts, chain, networks, project
from ape.api import AccountAPI, ProviderAPI
from ape.exceptions import AccountsError, ApeException
from ape.logging import LogLevel, logger
from ape_accounts import KeyfileAccount
from requests import RequestException
from web3.exceptions import Web3Exception

from model import SystemParameters
from tests.differential import live, world
from tests.differential.artifacts import CONTRACTS, Artifacts, CompileError, compile_contracts
from tests.differential.deployment import deploy_world
from tests.differential.devnet import TRANSACTION_GAS, Devnet
from tests.differential.engine import Backend, SetupError
from tests.differential.evm import Evm
from tests.differential.interruption import interruptible
from tests.differential.live import LiveNetwork
from tests.differential.transactions import Sender, Transactions

NETWORK = "ethereum:local:foundry"
BACKENDS = ("devnet", "evm", "transactions")
CODE_SIZE_LIMIT = 24_576


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


def room_for(*paths: Path) -> None:
    """Folders for the files that are to be written in the end: what stands in their way is said before."""
    for path in paths:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(f"{path}: cannot be written ({error.strerror})") from error


@contextmanager
def devnet(port: int | None = None) -> Iterator[ProviderAPI]:
    """A fresh Anvil on `port`, or on a free one; ended with the block, whatever ends it."""
    if port is not None:
        check_port(port)
    os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{port or free_port()}"
    with connected(NETWORK) as provider:
        yield provider


@contextmanager
def connected(choice: str) -> Iterator[ProviderAPI]:
    """Ape's connection to the network of an `ecosystem:network:provider` choice."""
    try:
        connection = networks.parse_network_choice(choice, disconnect_on_exit=True)
    except ValueError as error:
        raise SetupError(f"--network {choice}: {error}") from error
    with connection as provider:
        # What Ape knows of contracts goes by addresses, and a fresh devnet has others at the same ones.
        if provider.network.is_dev:
            chain.contracts.clear_local_caches()
        # Ape's own handlers leave by SystemExit, which Hypothesis takes for a failed example.
        with interruptible():
            yield provider


@contextmanager
def backend(
    name: str,
    port: int | None = None,
    *,
    setting: str = "gas",
    sources: Path = CONTRACTS,
    network: str | None = None,
    aliases: Sequence[str] = (),
    system: SystemParameters = world.SYSTEM,
    began: int = world.BEGINNING,
) -> Iterator[Backend | LiveNetwork]:
    """The world, deployed: on a fresh devnet, in process, or on another network.

    Parameters
    ----------
    name : one of `BACKENDS`
    port : the fresh devnet's; any free one without it
    setting : one of `artifacts.SETTINGS`
    sources : the contracts' folder
    network : for "transactions", Ape's choice of a network; our own devnet without it
    aliases : for a live network, Ape's accounts to send from, in the order of `world.ACTORS`
    system : what the Controller is deployed with; a live network has its own
    began : when that is, on a devnet of ours
    """
    if network is None and aliases or network is not None and name != "transactions":
        raise SetupError("--network goes with --backend transactions, and --account with --network")
    if network is not None and port is not None:
        raise SetupError("--port is our own devnet's: leave it out with --network")
    check_tools()
    logger.set_level(LogLevel.WARNING)
    try:
        with interruptible():
            artifacts = compile_contracts(sources, setting)
        if name == "evm":
            with interruptible():
                yield Evm(artifacts, system)
            return
        check_sizes(artifacts, setting)
        with devnet(port) if network is None else connected(network) as provider:
            if not provider.network.is_dev:
                yield on_live_network(provider, artifacts, aliases)
            elif aliases:
                raise SetupError("--account goes with a live network: on a development network, Ape's test accounts send")
            elif name == "transactions":
                yield by_transactions(provider, artifacts, system, began)
            else:
                yield on_devnet(provider, artifacts, system, began)
    except CompileError as error:
        raise SetupError(str(error)) from error
    except (ApeException, Web3Exception, RequestException) as error:
        raise SetupError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error


def check_sizes(artifacts: Artifacts, setting: str) -> None:
    """A network takes no larger contract than EIP-170 allows. (In process, larger ones run.)"""
    for name, artifact in artifacts.items():
        if len(artifact.runtime) > CODE_SIZE_LIMIT:
            raise SetupError(
                f"with --setting {setting}, {name} has {len(artifact.runtime):,} bytes, more than the {CODE_SIZE_LIMIT:,} that a network "
                "allows: use --backend evm"
            )


def on_devnet(provider: ProviderAPI, artifacts: Artifacts, system: SystemParameters = world.SYSTEM, began: int = world.BEGINNING) -> Devnet:
    """The world, deployed by Ape to the connected devnet."""
    if began <= chain.blocks.head.timestamp:
        raise SetupError("these calls were made before this devnet began, and its time does not run backwards: use --backend evm")
    provider.make_request("evm_setNextBlockTimestamp", [hex(began)])
    directory, inspector = deploy_world(accounts_of_tests(), artifacts, system)
    return Devnet(provider, directory, bytes.fromhex(inspector.address[2:]))


def accounts_of_tests() -> list[AccountAPI]:
    return list(accounts.test_accounts[: len(world.ACTORS)])


def by_transactions(provider: ProviderAPI, artifacts: Artifacts, system: SystemParameters, began: int) -> Transactions:
    """The same, for calls that are sent as signed transactions."""
    actors = dict(zip(world.ACTORS, accounts_of_tests()))
    check_funds(provider, actors)
    return Transactions(on_devnet(provider, artifacts, system, began), actors)


def on_live_network(provider: ProviderAPI, artifacts: Artifacts, aliases: Sequence[str]) -> LiveNetwork:
    """The world, deployed by Ape to the connected network from accounts of the user's."""
    logger.set_level(LogLevel.ERROR)  # at every signature, Ape warns that an account signs by itself
    actors = dict(zip(world.ACTORS, own_accounts(aliases)))
    check_funds(provider, actors)
    for account in actors.values():
        unlock(account)
    directory, inspector = deploy_world(list(actors.values()), artifacts, live.SYSTEM)
    return LiveNetwork(Sender(provider, actors, directory, inspector.address), directory)


def own_accounts(aliases: Sequence[str]) -> list[AccountAPI]:
    """Ape's accounts of these aliases, or the first that Ape has: one for each of the world's actors."""
    there = {account.alias: account for account in sorted(accounts, key=lambda account: account.alias)}
    for alias in aliases:
        if alias not in there:
            raise SetupError(f"Ape has no account {alias}: see `ape accounts list`")
    chosen = [there[alias] for alias in dict.fromkeys(aliases or there)]
    if len(chosen) < len(world.ACTORS):
        raise SetupError(
            f"a live network needs {len(world.ACTORS)} accounts, one for each actor, and there are {len(chosen)}: "
            "name them by --account, once for each, or make them by `ape accounts generate`"
        )
    return chosen[: len(world.ACTORS)]


def check_funds(provider: ProviderAPI, actors: dict[str, AccountAPI]) -> None:
    """Everybody must be able to pay for a transaction."""
    most = int(TRANSACTION_GAS, 16) * provider.gas_price
    for actor, account in actors.items():
        if account.balance <= most:
            raise SetupError(
                f"account {account.alias or account.address}, which would be {actor}, has {account.balance / 10**18:.6f} of the network's "
                f"coin, and a transaction may cost {most / 10**18:.6f}"
            )


def unlock(account: AccountAPI) -> None:
    """Let an account of a key file sign without asking; others, a hardware wallet's say, sign as they do."""
    if not isinstance(account, KeyfileAccount):
        return
    variable = f"APE_ACCOUNTS_{account.alias}_PASSPHRASE"
    if variable not in os.environ:
        raise SetupError(f"account {account.alias} is locked: put its passphrase into {variable}")
    try:
        account.set_autosign(True)
    except AccountsError as error:
        raise SetupError(f"account {account.alias} does not open with the passphrase in {variable}") from error
