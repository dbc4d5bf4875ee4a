"""Fingerprints: the same for one cause, whatever the numbers, and different for different causes."""

import pytest

from model import OPERATIONS, Event, Operation, Outcome
from tests.differential import world
from tests.differential.difference import Difference, Row, outcome_difference
from tests.differential.engine import Step, compare, play_prologue
from tests.differential.environment import backend
from tests.differential.fingerprint import fingerprint
from tests.differential.machine import Enough, Tally, draw_programs
from tests.differential.planted import TAKES_TOO_LITTLE, UNSTAKES_LATE, plant

SEEDS = (5, 8)


def found(name: str, *rows: tuple) -> object:
    step = Step(world.START, Operation(name, "pool-1", "trader", {}), Outcome(None, None, ()), world.genesis())
    return fingerprint(step, Difference(0, "", [Row(*row) for row in rows]))


def test_the_label_says_the_operation_and_the_first_field_that_disagrees_as_the_call_goes():
    value, event, later = ("value", 1, 2), ("events[3].Swapped[pool-1].fee", 1, 2), ("events[4].Transfer[USDC].value", 1, 2)
    same = ("events[1].OracleUpdated[pool-1].price", 5, 5)
    assert found("pool.swap", value, same, event, later).label == "pool.swap: events: Swapped.fee"
    assert found("pool.swap", value).label == "pool.swap: result: value"
    assert found("pool.swap", ("outcome", "returned", "reverted: pool: not active"), value).label == (
        "pool.swap: result: returned vs reverted: pool: not active"
    )
    assert found("pool.add", ("pools[pool-1].state.struck", 1, 2)).label == "pool.add: state: pools.state.struck"
    assert found("token.approve", ("tokens[USDC].allowances[trader][pool-1]", 1, 2)).label == "token.approve: state: tokens.allowances"
    assert found("pool.swap", ("events[1].OracleUpdated[pool-1]", "emitted", None)).label == "pool.swap: events: OracleUpdated missing"
    assert found("pool.swap", ("events[1].OracleUpdated[pool-1]", None, "emitted")).label == "pool.swap: events: OracleUpdated extra"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("pool.swap", "events[3].Swapped[pool-1].fee"), ("pool.swap", "events[1].Swapped[pool-2].fee"), True),
        (("pool.swap", "events[3].Swapped[pool-1].fee"), ("pool.swap", "events[3].Swapped[pool-1].cut"), False),
        # What several operations share is one cause; moving tokens is everybody's.
        (("pool.swap", "events[1].OracleUpdated[pool-1].price"), ("pool.add", "events[1].OracleUpdated[pool-1].price"), True),
        (("pool.swap", "events[1].Transfer[USDC].value"), ("pool.add", "events[1].Transfer[USDC].value"), False),
        (("pool.swap", "pools[pool-1].state.epoch"), ("pool.add", "pools[pool-1].state.epoch"), False),
        # Base and quote are computed by the same code.
        (("pool.add", "pools[pool-1].positions[outsider].principal_base"), ("pool.add", "pools[pool-2].positions[outsider].principal_quote"), True),
        (("pool.add", "pools[pool-1].state.staged_base"), ("pool.add", "pools[pool-1].state.reserve_base"), False),
    ],
)  # fmt: skip
def test_ids_and_numbers_do_not_count(one, other, same):
    left, right = found(one[0], (one[1], 1, 2)), found(other[0], (other[1], 30, 20))
    assert (left == right) is same and (left.digest == right.digest) is same


def test_events_stand_beside_each_other():
    price, swapped, paid = Event("pool-1", "OracleUpdated", {"price": 1}), Event("pool-1", "Swapped", {"fee": 1}), Event("USDC", "Transfer", {"value": 1})
    paid_more, paid_too = Event("USDC", "Transfer", {"value": 2}), Event("ABC", "Transfer", {"value": 1})
    difference = outcome_difference(0, Outcome(1, None, (price, swapped, paid)), Outcome(1, None, (swapped, paid_too, paid_more)))
    assert difference.what == "events"
    assert difference.differing == [
        Row("events[1].OracleUpdated[pool-1]", "emitted", None),
        Row("events[3].Transfer[ABC]", None, "emitted"),
        Row("events[4].Transfer[USDC].value", 1, 2),
    ]
    assert outcome_difference(0, Outcome(1, None, (price,)), Outcome(1, None, (price,))) is None


def first_findings(chain, start, seeds) -> list:
    """What the first failing program of each run shows, not shrunk."""
    findings = []

    class First:
        def judge(self, steps):
            difference = compare(steps, chain)
            if difference is not None:
                findings.append(fingerprint(steps[difference.index], difference))
                raise Enough

    for seed in seeds:
        try:
            draw_programs(First(), start, Tally(list(OPERATIONS)), examples=400, length=50, random_seed=seed)
        except Enough:
            continue
    return findings


def test_planted_faults_are_told_apart_and_each_is_one(tmp_path):
    causes = []
    for number, fault in enumerate((TAKES_TOO_LITTLE, UNSTAKES_LATE)):
        contracts = plant(tmp_path / str(number), fault)
        with backend("evm", sources=contracts) as chain:
            one, other = first_findings(chain, play_prologue(chain), SEEDS)
        assert one == other, fault
        causes.append(one)
    assert len({cause.digest for cause in causes}) == 2
    assert causes[0].label == "pool.withdraw: events: Compensated.taken"
    assert causes[1].label.startswith("backstop.unstake: result: ") and causes[1].label.endswith(" vs reverted: backstop: not ready")
