"""R18: staking."""

import ape
import pytest

from tests.unit.support import MAX, ONE, UNLIMITED, WEALTH, ZERO_ADDRESS, balances, fields, reason, reward


def test_the_first_stake_mints_as_many_shares(backstop, pool, dlq, staker, events):
    assert backstop.stake.call(pool, 500, sender=staker) == 500
    assert events(backstop.stake(pool, 500, sender=staker)) == [
        ("backstop", "Staked", "pool", "staker", 500, 500, 500, 500),
        ("dlq", "Transfer", "staker", "backstop", 500),
    ]
    assert fields(backstop.pool_stake(pool)) == (0, 500, 500, 0, 0)
    assert fields(backstop.account(pool, staker)) == (0, 500, 0, 0, 0, 0, 0, 0)
    assert backstop.booked(dlq) == 500
    assert balances(dlq, staker, backstop) == (WEALTH - 500, 500)


def test_after_a_slash_a_stake_buys_more_shares(backstop, pool, staker, second_staker, provider, pool_account, events):
    backstop.stake(pool, 500, sender=staker)
    backstop.slash(provider, 300, sender=pool_account)
    # 101 * 500/200 = 252.5
    assert events(backstop.stake(pool, 101, sender=second_staker))[0] == (
        "backstop", "Staked", "pool", "second_staker", 101, 252, 301, 752
    )  # fmt: skip
    assert fields(backstop.pool_stake(pool)) == (0, 301, 752, 0, 0)


def test_stakes_of_pools_are_apart(backstop, pool, dlq, dlq_pool, staker):
    backstop.stake(pool, 500, sender=staker)
    backstop.stake(dlq_pool, 80, sender=staker)
    assert fields(backstop.pool_stake(pool)) == (0, 500, 500, 0, 0)
    assert fields(backstop.pool_stake(dlq_pool)) == (0, 80, 80, 0, 0)
    assert backstop.booked(dlq) == 580


def test_an_account_is_settled_before_its_shares_change(backstop, pool, base, quote, staker, governor, pool_account):
    backstop.stake(pool, 300, sender=staker)
    reward(backstop, base, 60, governor, pool_account)
    reward(backstop, quote, 150, governor, pool_account)
    backstop.stake(pool, 100, sender=staker)
    # base: an index of 60/300 rounded down, so that 300 shares earn just less than 60; quote: exactly a half
    assert fields(backstop.account(pool, staker)) == (0, 400, ONE // 5, ONE // 2, 59, 150, 0, 0)


def test_a_stake_to_a_suspended_pool_is_possible(backstop, suspended_pool, staker):
    assert backstop.stake.call(suspended_pool, 5, sender=staker) == 5


@pytest.mark.parametrize("name", ["controller", "backstop", "base"])
def test_only_registered_pools_are_known(backstop, system, staker, name):
    for stranger in (system.contracts[name], staker, ZERO_ADDRESS):
        assert reason(backstop.stake, stranger, 0, sender=staker) == "backstop: unknown pool"


def test_nothing_is_no_stake(backstop, pool, staker):
    assert reason(backstop.stake, pool, 0, sender=staker) == "backstop: zero stake"
    with ape.reverts("backstop: zero stake"):
        backstop.stake(pool, 0, sender=staker)


def test_a_pools_stake_has_a_limit(backstop, pool, staker, second_staker):
    backstop.stake(pool, 1, sender=second_staker)
    for amount in (MAX, UNLIMITED):
        assert reason(backstop.stake, pool, amount, sender=staker) == "backstop: stake too large"
    assert reason(backstop.stake, pool, MAX - 1, sender=staker) == "erc20: transfer amount exceeds balance"


def test_a_pools_shares_have_a_limit(backstop, pool, staker, provider, pool_account):
    backstop.stake(pool, 10**10, sender=staker)
    backstop.slash(provider, 10**10 - 10**4, sender=pool_account)
    # 10**6 shares a base unit
    most = (MAX - 10**10) // 10**6
    assert reason(backstop.stake, pool, most + 1, sender=staker) == "backstop: shares too large"
    assert reason(backstop.stake, pool, most, sender=staker) == "erc20: transfer amount exceeds balance"


def test_the_stake_is_checked_before_the_shares(backstop, pool, staker, provider, pool_account):
    backstop.stake(pool, 10**10, sender=staker)
    backstop.slash(provider, 10**10 - 10**4, sender=pool_account)
    assert reason(backstop.stake, pool, MAX, sender=staker) == "backstop: stake too large"


def test_the_staker_must_have_approved_the_backstop(backstop, pool, governor):
    assert reason(backstop.stake, pool, 1, sender=governor) == "erc20: insufficient allowance"
