"""What stands in the way of an audit is said in one line."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from audit import chain
from deploy.record import path_of
from scripts import audit
from tests.audit.drawn import Story
from tests.audit.node import CHAIN_ID, Node, deployment
from tests.audit.test_follow import replaced_while_its_state_is_read
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


@pytest.fixture
def story():
    story = Story(Node())
    story.tell_prologue()
    return story


@pytest.fixture
def run(story, tmp_path, monkeypatch):
    """The command as if the node were another process; how it ends, and what it says."""

    @contextmanager
    def connected(network):
        yield SimpleNamespace(web3=SimpleNamespace(provider=story.node))

    monkeypatch.setattr(audit, "connected", connected)
    monkeypatch.setattr(chain.time, "sleep", lambda seconds: None)
    path = path_of(CHAIN_ID, tmp_path)
    deployment(story.node.backend).save(path)

    def run(**options):
        given = {"deployment": path, "cache": tmp_path / "cache", "report": tmp_path / "report.json", **options}
        done = CliRunner(env={"COLUMNS": "200"}).invoke(audit.cli, [str(one) for name, value in given.items() for one in (f"--{name}", value)])
        return done.exit_code, done.output

    return run


@pytest.mark.parametrize("what", ["cache", "report"])
def test_what_cannot_be_written_is_said_before_anything_is_asked(what, run, story, tmp_path):
    (tmp_path / "file").write_text("")
    status, output = run(**{what: tmp_path / "file" / "folder" / "file"})
    assert (status, output.count("\n")) == (2, 1), output
    assert output.startswith(("audit: NotADirectoryError: ", "audit: FileExistsError: ")) and str(tmp_path / "file") in output
    assert story.node.requests <= 2  # which chain it is, and whether the Controller is there


def test_a_chain_that_is_gone_is_said_to_be(run, story, tmp_path):
    nobody = "0x" + "11" * 20
    record = deployment(story.node.backend)
    gone = record.contracts["controller"].model_copy(update={"address": nobody})
    record.model_copy(update={"contracts": record.contracts | {"controller": gone}}).save(tmp_path / "gone.json")
    status, output = run(deployment=tmp_path / "gone.json")
    assert (status, output) == (
        2, f"audit: no contract stands at {nobody}, the record's Controller: it is of a chain that is gone, or another\n"
    )  # fmt: skip


def test_a_damaged_history_is_said_to_be(run, tmp_path):
    status, output = run()
    assert status == 0, output
    (file,) = (tmp_path / "cache").glob("*/*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'{"number"', b'{"num', 1))
    status, output = run()
    assert status == 2 and f"\naudit: {file} is damaged: delete it, and what it held is fetched again\n" in output


def test_a_reorganisation_meanwhile_is_said_and_audited(run, story, monkeypatch):
    class Auditor(audit.Auditor):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            replaced_while_its_state_is_read(story, self)

    monkeypatch.setattr(audit, "Auditor", Auditor)
    status, output = run()
    assert "The chain was reorganised, so that this is done again: block" in output
    assert status == 0 and "the chain has paid out what the specification says" in output, output
