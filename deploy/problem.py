"""What stops a command, told in one line."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests import RequestException
from rich.console import Console
from web3.exceptions import Web3Exception

from tests.differential.artifacts import CompileError
from tests.differential.environment import SetupError
from tests.differential.interruption import Interrupted


class Problem(Exception):
    """Something is in the way; the message says what, in one line."""


def console_for(as_json: bool) -> Console:
    """Text goes to standard output, or, beside JSON, to standard error; into a file, tables are as wide as they like."""
    where = sys.stderr if as_json else sys.stdout
    return Console(stderr=as_json, width=None if where.isatty() or "COLUMNS" in os.environ else 200)


@contextmanager
def told_in_one_line(command: str, console: Console, *, after: str = "") -> Iterator[None]:
    """End the command with status 2 on whatever stops it, with 128 and the signal's number on Ctrl-C or a plain kill.

    Parameters
    ----------
    after : what to say to whoever has interrupted it
    """
    # Ape tells of every signature and every process.
    logger.set_level(LogLevel.ERROR)
    try:
        yield
    except (Problem, SetupError, CompileError) as error:
        _end(command, console, str(error))
    except RequestException as error:
        # Not in its own words: a node's URL may have a key in it.
        _end(command, console, f"the node does not answer ({type(error).__name__})")
    except (ApeException, Web3Exception, OSError) as error:
        _end(command, console, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    except Interrupted as interrupt:
        console.print(f"{command}: interrupted{after}", style="yellow", soft_wrap=True)
        sys.exit(interrupt.status)


def _end(command: str, console: Console, message: str) -> None:
    console.print(f"{command}: {message}", style="red", soft_wrap=True, markup=False, highlight=False)
    sys.exit(2)


def print_json(content: Any) -> None:
    click.echo(json.dumps(content, indent=1))
