"""The options that all commands on a deployed system share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from deploy.node import Node
from deploy.problem import told_in_one_line
from deploy.record import FOLDER
from operate.system import System, open_system
from tests.differential.environment import check_tools, connected


def on_a_network(command: Callable) -> Callable:
    """--network, --deployments, --json."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text."),
        click.option(
            "--deployments", "folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True,
            help="Where `deploy` has written its record.",
        ),
        click.option("--network", metavar="CHOICE", required=True, help="Ape's ecosystem:network:provider; the provider may be a URL."),
    ):  # fmt: skip
        command = option(command)
    return command


@contextmanager
def opened(command: str, console: Console, network: str, folder: Path) -> Iterator[System]:
    """The system that stands on a network; whatever is in the way is told in one line."""
    with told_in_one_line(command, console):
        check_tools()
        with connected(network) as provider:
            yield open_system(Node(provider), folder)
