"""What stands in the way of an audit is said in one line."""

import pytest

from deploy.record import path_of
from tests.audit.node import CHAIN_ID, Node, deployment
from tests.differential.commands import ape


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--network", "ethereum:sepolia:http://127.0.0.1:9"], "No (supported) node found on 'http://127.0.0.1:9'"),
        (["--from", 5, "--to", 4], "--to 4 is before the first block to audit, 5"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(options, says, tmp_path):
    path = path_of(CHAIN_ID, tmp_path)
    deployment(Node().backend).save(path)
    done = ape("audit", "--deployment", path, "--cache", tmp_path, "--report", tmp_path / "report.json", *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("audit: ") and done.stderr.count("\n") == 1 and says in done.stderr
    assert not (tmp_path / "report.json").exists()
