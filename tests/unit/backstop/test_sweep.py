"""R14: what the Backstop holds and does not owe goes to the Reserve."""

import ape
import pytest

from tests.unit.support import balances, reason, reward


def test_stray_tokens_go_to_the_reserve(backstop, reserve, base, keeper, governor, events):
    base.transfer(backstop, 70, sender=governor)
    assert backstop.sweep.call(base, sender=keeper) == 70
    assert events(backstop.sweep(base, sender=keeper)) == [
        ("backstop", "StraySwept", "base", 70),
        ("base", "Transfer", "backstop", "reserve", 70),
        ("reserve", "Absorbed", "base", 70, 70),
    ]
    assert (reserve.held(base), *balances(base, reserve, backstop)) == (70, 70, 0)


def test_stakes_and_rewards_stay(backstop, pool, dlq, base, staker, keeper, governor, pool_account):
    backstop.stake(pool, 500, sender=staker)
    reward(backstop, base, 100, governor, pool_account)
    dlq.transfer(backstop, 3, sender=governor)
    base.transfer(backstop, 4, sender=governor)
    for token in (dlq, base):
        backstop.sweep(token, sender=keeper)
    assert balances(dlq, backstop) == (500,)
    assert balances(base, backstop) == (100,)


@pytest.mark.parametrize("name", ["base", "dlq", "spare_base"])
def test_there_must_be_something_stray(backstop, pool, base, staker, keeper, governor, pool_account, system, name):
    backstop.stake(pool, 500, sender=staker)
    reward(backstop, base, 5, governor, pool_account)
    token = system.contracts[name]
    assert reason(backstop.sweep, token, sender=keeper) == "backstop: nothing to sweep"


def test_nothing_is_swept_twice(backstop, base, keeper, governor):
    base.transfer(backstop, 70, sender=governor)
    backstop.sweep(base, sender=keeper)
    with ape.reverts("backstop: nothing to sweep"):
        backstop.sweep(base, sender=keeper)
