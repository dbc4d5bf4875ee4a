"""Ape's commands as a user runs them, for tests."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
APE = Path(sys.executable).with_name("ape")


def ape(*arguments, cwd=ROOT) -> subprocess.CompletedProcess:
    """Run an Ape command in a project; output as text."""
    return subprocess.run(_command(arguments), cwd=cwd, capture_output=True, text=True, timeout=300, env=_environment())


def start_ape(*arguments, until: str, cwd=ROOT) -> tuple[subprocess.Popen, str]:
    """Start an Ape command in a project and wait until it says something; the process, and what it has said so far."""
    running = subprocess.Popen(
        _command(arguments), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment()
    )
    output = ""
    for line in running.stdout:
        output += line
        if until in line:
            return running, output
    raise RuntimeError(f"{arguments} ended before it said {until!r}: {output}")


def _command(arguments: tuple) -> list[str]:
    return [str(APE), "run", *map(str, arguments)]


def _environment() -> dict[str, str]:
    # The tests' own devnet is none of the command's business.
    return {name: value for name, value in os.environ.items() if name != "APE_FOUNDRY_HOST"} | {"COLUMNS": "200"}


def devnet_ports(output: str) -> list[int]:
    """The ports of all devnets that a command says it has started."""
    ports = re.findall(r"devnet at http://127\.0\.0\.1:(\d+)", output)
    assert ports
    return list(map(int, ports))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
