"""R14, R20: pools share their surpluses with their stakers."""

import ape
import pytest

from tests.unit.support import ONE, fields, reason, reward


def test_a_reward_raises_the_index_of_its_token(backstop, pool, base, quote, staker, governor, pool_account, events):
    backstop.stake(pool, 300, sender=staker)
    base.transfer(backstop, 100, sender=governor)
    assert events(backstop.reward(base, 100, sender=pool_account)) == [("backstop", "Rewarded", "pool", "base", 100)]
    assert fields(backstop.pool_stake(pool)) == (0, 300, 300, ONE // 3, 0)
    quote.transfer(backstop, 150, sender=governor)
    assert events(backstop.reward(quote, 150, sender=pool_account)) == [("backstop", "Rewarded", "pool", "quote", 150)]
    assert fields(backstop.pool_stake(pool)) == (0, 300, 300, ONE // 3, ONE // 2)
    assert (backstop.booked(base), backstop.booked(quote)) == (100, 150)


def test_it_is_for_the_stakers_of_the_calling_pool(backstop, pool, dlq_pool, quote, staker, governor, become):
    backstop.stake(pool, 300, sender=staker)
    backstop.stake(dlq_pool, 300, sender=staker)
    reward(backstop, quote, 150, governor, become(dlq_pool))
    assert fields(backstop.pool_stake(pool)) == (0, 300, 300, 0, 0)
    assert fields(backstop.pool_stake(dlq_pool)) == (0, 300, 300, 0, ONE // 2)


@pytest.mark.parametrize("name", ["controller", "reserve", "base"])
def test_only_pools_reward(backstop, pool, base, staker, governor, system, name):
    backstop.stake(pool, 300, sender=staker)
    for caller in (system.contracts[name].address, governor, staker):
        assert reason(backstop.reward, base, 5, sender=caller) == "backstop: caller is not a pool"
    with ape.reverts("backstop: caller is not a pool"):
        backstop.reward(base, 5, sender=governor)


def test_there_must_be_somebody_to_reward(backstop, base, governor, pool_account):
    base.transfer(backstop, 5, sender=governor)
    assert reason(backstop.reward, base, 5, sender=pool_account) == "backstop: no shares to reward"


def test_the_reward_must_have_come(backstop, pool, base, staker, governor, pool_account):
    backstop.stake(pool, 300, sender=staker)
    assert reason(backstop.reward, base, 1, sender=pool_account) == "backstop: reward not received"
    reward(backstop, base, 5, governor, pool_account)
    # what is booked does not count again
    assert reason(backstop.reward, base, 1, sender=pool_account) == "backstop: reward not received"
    base.transfer(backstop, 5, sender=governor)
    assert reason(backstop.reward, base, 6, sender=pool_account) == "backstop: reward not received"


def test_stakes_are_no_rewards(backstop, dlq_pool, dlq, staker, become):
    backstop.stake(dlq_pool, 300, sender=staker)
    assert reason(backstop.reward, dlq, 1, sender=become(dlq_pool)) == "backstop: reward not received"


def test_the_checks_come_in_order(backstop, base, outsider, pool_account):
    assert reason(backstop.reward, base, 5, sender=outsider) == "backstop: caller is not a pool"
    assert reason(backstop.reward, base, 5, sender=pool_account) == "backstop: no shares to reward"
