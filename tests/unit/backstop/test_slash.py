"""R18, R21: pools slash their own stake."""

import ape
import pytest

from tests.unit.support import WEALTH, ZERO_ADDRESS, balances, fields, reason


@pytest.fixture
def staked(backstop, pool, staker):
    backstop.stake(pool, 500, sender=staker)
    return backstop


def test_a_slash_lowers_the_stake_and_not_the_shares(staked, pool, dlq, staker, pool_account, outsider, events):
    assert events(staked.slash(outsider, 200, sender=pool_account)) == [
        ("backstop", "Slashed", "pool", "outsider", 200, 300),
        ("dlq", "Transfer", "backstop", "outsider", 200),
    ]
    assert fields(staked.pool_stake(pool)) == (0, 300, 500, 0, 0)
    assert fields(staked.account(pool, staker)) == (0, 500, 0, 0, 0, 0, 0, 0)
    assert (staked.booked(dlq), *balances(dlq, outsider, staked)) == (300, WEALTH + 200, 300)


def test_another_pools_stake_is_left_alone(staked, dlq_pool, dlq, staker, provider, pool_account):
    staked.stake(dlq_pool, 80, sender=staker)
    staked.slash(provider, 500, sender=pool_account)
    assert fields(staked.pool_stake(dlq_pool)) == (0, 80, 80, 0, 0)
    assert staked.booked(dlq) == 80


def test_a_slash_that_takes_all_ends_the_generation(staked, pool, dlq, staker, provider, pool_account, events):
    assert events(staked.slash(provider, 500, sender=pool_account)) == [
        ("backstop", "Slashed", "pool", "provider", 500, 0),
        ("backstop", "GenerationEnded", "pool", 0),
        ("dlq", "Transfer", "backstop", "provider", 500),
    ]
    assert fields(staked.pool_stake(pool)) == (1, 0, 0, 0, 0)
    assert staked.booked(dlq) == 0
    # the next stake starts afresh
    staked.stake(pool, 70, sender=staker)
    assert fields(staked.account(pool, staker)) == (1, 70, 0, 0, 0, 0, 0, 0)


def test_a_slash_that_leaves_dust_ends_the_generation_and_the_dust_is_surplus(
    backstop, pool, dlq, staker, keeper, provider, pool_account, events
):
    backstop.stake(pool, 7_000_001, sender=staker)
    # 7 * 1_000_000 < 7_000_001
    assert events(backstop.slash(provider, 6_999_994, sender=pool_account)) == [
        ("backstop", "Slashed", "pool", "provider", 6_999_994, 7),
        ("backstop", "GenerationEnded", "pool", 0),
        ("dlq", "Transfer", "backstop", "provider", 6_999_994),
    ]
    assert backstop.booked(dlq) == 0
    assert backstop.sweep.call(dlq, sender=keeper) == 7


def test_a_slash_that_leaves_just_enough_does_not(backstop, pool, dlq, staker, provider, pool_account):
    backstop.stake(pool, 7_000_000, sender=staker)
    backstop.slash(provider, 6_999_993, sender=pool_account)
    assert fields(backstop.pool_stake(pool)) == (0, 7, 7_000_000, 0, 0)
    assert backstop.booked(dlq) == 7


@pytest.mark.parametrize("name", ["controller", "reserve", "base"])
def test_only_pools_slash(staked, governor, staker, outsider, system, name):
    for caller in (system.contracts[name].address, governor, staker, outsider):
        assert reason(staked.slash, outsider, 501, sender=caller) == "backstop: caller is not a pool"
    with ape.reverts("backstop: caller is not a pool"):
        staked.slash(outsider, 1, sender=governor)


def test_a_pool_slashes_its_own_stake_only(staked, dlq_pool, provider, become):
    assert reason(staked.slash, provider, 1, sender=become(dlq_pool)) == "backstop: not enough stake"


def test_no_more_than_the_stake(staked, provider, pool_account):
    assert reason(staked.slash, provider, 501, sender=pool_account) == "backstop: not enough stake"


def test_the_token_has_the_last_word(staked, pool_account):
    assert reason(staked.slash, ZERO_ADDRESS, 500, sender=pool_account) == "erc20: transfer to the zero address"
