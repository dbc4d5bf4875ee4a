"""Campaigns: what they find lasts, whatever ends them, and they go on where they were."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.differential import trace
from tests.differential.campaign import Campaign, Plan, held
from tests.differential.commands import ape, start_ape
from tests.differential.corpus import corpus
from tests.differential.engine import compare, play_prologue, run_model
from tests.differential.environment import SetupError, backend, free_port
from tests.differential.planted import MISTOLD_EXIT, MISTOLD_REQUEST, plant

PLAN = Plan(backend="evm", steps=50, seed=1)
CAUSES = {"events: Exited.quote", "events: UnstakeRequested.shares"}  # of whatever call is met first: one from inside a transfer, it may be


@pytest.fixture(scope="module")
def faulty(tmp_path_factory) -> Path:
    """Contracts with two faults."""
    return plant(tmp_path_factory.mktemp("faulty") / "contracts", MISTOLD_EXIT, MISTOLD_REQUEST)


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A Redis server of Debian's package, on a free port; installed first where it is missing."""
    if shutil.which("redis-server") is None:
        install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server"
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # no service of its own
        done = subprocess.run(install, shell=True, env=quiet, capture_output=True, text=True)
        assert done.returncode == 0, f"this test needs Debian's package redis-server, which could not be installed:\n{done.stderr}"
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(partial(answers, port))
        yield f"redis://127.0.0.1:{port}/0", server
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    try:
        return Redis(port=port).ping()
    except RedisError:
        return False


def wait_for(happens, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def found_in(folder: Path) -> dict[str, dict]:
    """The findings on disk by their label; all of them whole traces."""
    traces = [trace.read(path) for path in (folder / "findings").glob("*.json")]
    return {found["fingerprint"]["label"]: found for found in traces}


def campaign(folder: Path, *options) -> list:
    return ["campaign", "--folder", folder, "--seed", 1, "--shrink-seconds", 2, *options]


def state_of(folder: Path) -> dict:
    return json.loads((folder / "state.json").read_text())


def causes(labels: Iterable[str]) -> set[str]:
    return {label.split(": ", 1)[1] for label in labels}


def test_a_campaign_that_is_killed_keeps_its_finding_and_goes_on_to_the_next(faulty, tmp_path):
    running, _ = start_ape(*campaign(tmp_path, "--hours", 1, "--workers", 2, "--contracts", faulty), until="Drawing")
    wait_for(lambda: found_in(tmp_path) and (tmp_path / "state.json").exists())
    running.kill()
    running.communicate()
    before, state = found_in(tmp_path), state_of(tmp_path)
    assert 1 <= len(before) <= 2 and causes(before) <= CAUSES
    assert any((tmp_path / "corpus").iterdir())

    hours = (state["seconds"] + 20) / 3_600
    again = ape(*campaign(tmp_path, "--hours", hours, "--workers", 2, "--contracts", faulty))
    assert again.returncode == 1, again.stdout[-3_000:] + again.stderr[-3_000:]
    report = json.loads((tmp_path / "report.json").read_text())
    labels = [finding["label"] for finding in report["findings"]]
    assert causes(labels) == CAUSES and len(labels) == len(CAUSES) and set(labels) == set(found_in(tmp_path))
    assert report["starts"] == 2 and report["rounds"] > state["rounds"] and report["seconds"] >= state["seconds"] + 20
    assert report["steps"] > state["tally"]["steps"]
    # Each cause is told once, with how often it was met, and shrunk to little more than one call.
    assert all(finding["shrunk"] and finding["times"] and finding["steps"] <= 3 for finding in report["findings"])
    written = (tmp_path / "report.md").read_text()
    assert all(written.count(f"### {label}") == 1 for label in labels)
    # What is written down fails with those contracts, and with those alone.
    for sources, fails in ((faulty, True), (None, False)):
        with backend("evm", **({"sources": sources} if sources else {})) as chain:
            start = play_prologue(chain)
            for found in found_in(tmp_path).values():
                assert (compare(run_model(start, trace.program_of(found)), chain) is not None) == fails


def test_killed_at_any_moment_a_campaign_loses_nothing_that_it_has_told(faulty, tmp_path):
    random, told = Random(1), set()
    for kills in range(1, 13):
        running, _ = start_ape(*campaign(tmp_path, "--hours", 1, "--contracts", faulty), until="Drawing")
        time.sleep(random.uniform(0.1, 4))
        running.kill()
        output, _ = running.communicate()
        told |= {Path(path) for path in re.findall(r"^FOUND .+: (\S+\.json)$", output, re.M)}
        # What stands in the folder is whole: each finding a trace, the state one that the next start goes on from.
        written = {tmp_path / "findings" / f"{found['fingerprint']['digest']}.json" for found in found_in(tmp_path).values()}
        counted = Campaign(tmp_path, PLAN).progress.seen
        assert told <= written and {tmp_path / "findings" / f"{digest}.json" for digest in counted} <= written
        if told and kills >= 4:
            break
    assert told


def test_an_interrupted_campaign_writes_its_report(tmp_path):
    running, _ = start_ape(*campaign(tmp_path, "--hours", 1), until="Drawing")
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130, output
    assert "Interrupted; the same command goes on." in output
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["findings"] == [] and report["steps"] > 0 and report["rounds"] == 2 and report["seed"] == 1
    assert state_of(tmp_path)["tally"]["steps"] == report["steps"]


def test_the_contracts_are_compiled_with_the_setting_that_is_asked_for(tmp_path):
    done = ape(*campaign(tmp_path, "--hours", 1, "--backend", "devnet", "--setting", "none"))
    assert done.returncode == 2 and done.stderr.startswith("campaign: with --setting none, Pool has "), done.stderr
    # It is part of what the campaign does: with another it is another campaign.
    assert state_of(tmp_path)["plan"] == {"backend": "devnet", "setting": "none", "steps": 50, "seed": 1}


def test_machines_share_what_fails_through_redis(faulty, tmp_path):
    with redis(tmp_path) as (url, _):
        options = ("--database", url, "--contracts", faulty)
        first = ape(*campaign(tmp_path / "first", "--hours", 10 / 3_600, *options))
        other = ("--folder", tmp_path / "second", "--seed", 2, "--shrink-seconds", 0, "--hours", 5 / 3_600)
        second = ape("campaign", *other, *options)
    assert first.returncode == 1, first.stdout[-3_000:] + first.stderr[-3_000:]
    assert not (tmp_path / "first" / "corpus").exists()
    # The other machine finds the same at once, in the round in which the corpus is run again.
    assert second.returncode == 1, second.stdout[-3_000:] + second.stderr[-3_000:]
    assert [found for found in found_in(tmp_path / "second").values() if found["context"]["round"] == 0]


def test_a_redis_that_goes_away_ends_the_campaign_and_loses_nothing(faulty, tmp_path):
    with redis(tmp_path) as (url, server):
        running, _ = start_ape(*campaign(tmp_path, "--hours", 1, "--database", url, "--contracts", faulty), until="FOUND")
        server.kill()
        output, _ = running.communicate(timeout=60)
    assert running.returncode == 2 and output.startswith(f"campaign: no Redis at {url}: ") and output.count("\n") == 1, output
    assert found_in(tmp_path) and state_of(tmp_path)["tally"]["steps"]
    assert len(json.loads((tmp_path / "report.json").read_text())["findings"]) == len(found_in(tmp_path))


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("redis://127.0.0.1:{port}/0", r"^no Redis at redis://127\.0\.0\.1:\d+/0: .*Connection refused"),
        ("redis://127.0.0.1:port/0", "^no Redis at redis://127.0.0.1:port/0: "),
        ("http://127.0.0.1:{port}", "^no Redis at http://127.0.0.1"),
        ("{file}", "^no corpus at .*: File exists"),
    ],
)
def test_a_corpus_that_is_not_there_is_one_clear_line(where, says, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=says) as raised, corpus(where.format(port=free_port(), file=tmp_path / "file")):
        pass
    assert "\n" not in str(raised.value)


def test_without_redis_nothing_is_begun_and_nothing_lost(tmp_path):
    kept = Campaign(tmp_path, PLAN)
    kept.progress.rounds = 7
    kept.save()
    done = ape(*campaign(tmp_path, "--hours", 1, "--database", f"redis://127.0.0.1:{free_port()}/0"))
    assert done.returncode == 2
    assert done.stderr.startswith("campaign: no Redis at redis://127.0.0.1:") and done.stderr.count("\n") == 1
    assert Campaign(tmp_path, PLAN).progress == kept.progress


def test_redis_that_goes_away_is_one_clear_line(tmp_path):
    with redis(tmp_path) as (url, server), pytest.raises(SetupError, match=f"^no Redis at {url}: ") as raised, corpus(url) as database:
        database.save(b"key", b"value")
        assert list(database.fetch(b"key")) == [b"value"]
        server.kill()
        server.wait()
        database.save(b"key", b"another")
    assert "\n" not in str(raised.value)


def test_a_campaign_lasts(tmp_path):
    first = Campaign(tmp_path, PLAN)
    first.progress.rounds, first.progress.seen, first.tally.steps = 3, {"abc": 2}, 150
    first.save()
    again = Campaign(tmp_path, PLAN)
    assert again.progress == first.progress and again.tally.plain() == first.tally.plain()


@pytest.mark.parametrize(
    ("content", "says"), [("{}", "not the state of a campaign"), ("steps", "not the state of a campaign"), (None, "holds another campaign")]
)
def test_a_folder_of_something_else_is_refused(content, says, tmp_path):
    if content is None:
        Campaign(tmp_path, Plan(backend="evm", steps=50, seed=2)).save()
    else:
        (tmp_path / "state.json").write_text(content)
    with pytest.raises(SetupError, match=says) as raised:
        Campaign(tmp_path, PLAN)
    assert "\n" not in str(raised.value)


def test_two_campaigns_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.differential.campaign.LOCK_SECONDS", 0)
    with held(tmp_path), pytest.raises(SetupError, match="another campaign is at work"), held(tmp_path):
        pass
