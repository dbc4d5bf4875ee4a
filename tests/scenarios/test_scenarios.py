"""The files against the model, against the contracts on a devnet, against arithmetic by hand, and against who wrote them."""

import pytest

from tests.differential import trace, world
from tests.differential.engine import compare, explain, run_model
from tests.differential.environment import backend
from tests.differential.plain import plain_step, start_of
from tests.scenarios.attacks import ATTACKS
from tests.scenarios.bounds import BOUNDS
from tests.scenarios.scenario import FOLDER, find, work_out
from tests.scenarios.stories import STORIES

SCENARIOS = {path.stem: trace.read(path) for path in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(params=SCENARIOS)
def scenario(request):
    return SCENARIOS[request.param]


@pytest.fixture(scope="module")
def chain():
    """A devnet right after deployment: the same start as the scenarios'."""
    with backend("devnet") as chain:
        yield chain


def test_the_start_is_that_of_the_devnet(scenario):
    assert start_of(scenario["start"]) == world.genesis()


def test_the_model_does_what_the_file_says(scenario):
    steps = run_model(start_of(scenario["start"]), trace.program_of(scenario))
    for number, (step, written) in enumerate(zip(steps, scenario["steps"], strict=True), 1):
        assert plain_step(step) | {"checks": written["checks"]} == written, f"step {number}"


def test_the_contracts_do_what_the_file_says(scenario, chain):
    # Results, events and the whole stored state are compared with the model's, which are the file's.
    steps = run_model(start_of(scenario["start"]), trace.program_of(scenario))
    difference = compare(steps, chain)
    assert difference is None, explain(steps, difference)


def test_the_numbers_are_those_worked_by_hand(scenario):
    worked = 0
    for number, step in enumerate(scenario["steps"], 1):
        for check in step["checks"]:
            assert find(step, check["path"]) == check["is"], f"step {number}: {check['why']}"
            if "worked" in check:
                assert work_out(check["worked"]) == check["is"], f"step {number}: {check['why']}"
                worked += 1
    assert worked >= 3


def test_time_never_falls_and_what_fails_changes_nothing(scenario):
    for before, after in zip(scenario["steps"], scenario["steps"][1:]):
        assert world.START <= before["now"] <= after["now"]
        if "reason" in after["outcome"]:
            assert after["outcome"].keys() == {"reason"}
            assert after["state"] == before["state"]


def test_the_files_are_the_stories_as_they_are_told_now():
    told = {story.name: trace.text(story.trace) for story in (tell() for tell in (*STORIES, *ATTACKS, *BOUNDS))}
    assert set(told) == set(SCENARIOS)
    for name, text in told.items():
        assert (FOLDER / f"{name}.json").read_text() == text, f"{name}: run `python -m tests.scenarios.record`"


def test_the_order_of_exits_changes_nothing():
    one, other = (SCENARIOS[f"a-run-is-rationed-provider-{first}-first"]["steps"] for first in (1, 3))
    senders = [[step["sender"] for step in steps[-2:]] for steps in (one, other)]
    assert senders == [["provider-1", "provider-3"], ["provider-3", "provider-1"]]
    assert one[-1]["state"] == other[-1]["state"]
