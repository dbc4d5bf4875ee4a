"""R19: unstaking."""

import ape
import pytest

from tests.unit.support import DAY, LOT, ONE, START, WEALTH, ZERO_ADDRESS, balances, fields, reason, reward, wait, wait_until

READY = START + 7 * DAY
HELD_UNTIL = READY + 7 * DAY
CLOSED = HELD_UNTIL + 2 * DAY


@pytest.fixture
def leaving(backstop, pool, staker):
    """500 shares, of which 200 are asked for at the start."""
    backstop.stake(pool, 500, sender=staker)
    backstop.request_unstake(pool, 200, sender=staker)
    return backstop


def test_the_requested_shares_leave_at_their_worth(leaving, pool, dlq, staker, events):
    wait_until(READY)
    assert leaving.unstake.call(pool, sender=staker) == 200
    assert events(leaving.unstake(pool, sender=staker)) == [
        ("backstop", "Unstaked", "pool", "staker", 200, 200, 300, 300),
        ("dlq", "Transfer", "backstop", "staker", 200),
    ]
    assert fields(leaving.account(pool, staker)) == (0, 300, 0, 0, 0, 0, 0, 0)
    assert fields(leaving.pool_stake(pool)) == (0, 300, 300, 0, 0)
    assert leaving.booked(dlq) == 300
    assert balances(dlq, staker, leaving) == (WEALTH - 300, 300)


def test_a_slash_since_the_request_counts(leaving, pool, staker, provider, pool_account, events):
    leaving.slash(provider, 249, sender=pool_account)
    wait_until(READY)
    # 200 * 251/500 = 100.4
    assert events(leaving.unstake(pool, sender=staker))[0] == ("backstop", "Unstaked", "pool", "staker", 200, 100, 151, 300)


def test_rewards_go_on_until_the_shares_have_left(leaving, pool, base, staker, governor, pool_account):
    wait_until(READY)
    reward(leaving, base, 250, governor, pool_account)
    leaving.unstake(pool, sender=staker)
    assert fields(leaving.account(pool, staker)) == (0, 300, ONE // 2, 0, 250, 0, 0, 0)
    reward(leaving, base, 150, governor, pool_account)
    assert leaving.claim.call(pool, base, sender=staker) == 400


def test_only_registered_pools_are_known(leaving, staker):
    for stranger in (leaving, staker, ZERO_ADDRESS):
        assert reason(leaving.unstake, stranger, sender=staker) == "backstop: unknown pool"


def test_there_must_be_a_request(leaving, pool, second_staker, staker):
    leaving.stake(pool, 500, sender=second_staker)
    wait_until(READY)
    assert reason(leaving.unstake, pool, sender=second_staker) == "backstop: no request"
    leaving.unstake(pool, sender=staker)
    with ape.reverts("backstop: no request"):
        leaving.unstake(pool, sender=staker)


def test_not_a_second_too_early(leaving, pool, staker):
    wait_until(READY - 1)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: not ready"
    wait(1)
    assert leaving.unstake.call(pool, sender=staker) == 200


def test_not_a_second_too_late(leaving, pool, staker):
    wait_until(CLOSED - 1)
    assert leaving.unstake.call(pool, sender=staker) == 200
    wait(1)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: window closed"


def test_not_while_a_run_is_coming_or_under_way(leaving, pool, staker, provider):
    wait_until(READY)
    # half of all units: the next epoch will be a bailout
    pool.request_withdrawal(LOT, sender=provider)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: pool in bailout"
    # now it is one, though nothing has told the pool yet
    wait(DAY)
    assert not pool.state().bailout
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: pool in bailout"
    pool.withdraw(0, 0, 0, sender=provider)
    assert pool.state().bailout
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: pool in bailout"
    wait(DAY)
    assert leaving.unstake.call(pool, sender=staker) == 200


def test_a_run_on_another_pool_does_not_matter(leaving, pool, dlq_pool, staker, founder):
    wait_until(READY)
    dlq_pool.request_withdrawal(dlq_pool.position(founder).units, sender=founder)
    assert dlq_pool.stake_locked()
    assert leaving.unstake.call(pool, sender=staker) == 200


def test_a_run_holds_a_stake_no_longer_than_the_hold(leaving, pool, staker, provider):
    wait_until(HELD_UNTIL - 1)
    pool.request_withdrawal(LOT, sender=provider)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: pool in bailout"
    wait(1)
    assert pool.stake_locked()
    assert leaving.unstake.call(pool, sender=staker) == 200


def test_shares_worth_nothing_do_not_leave(backstop, pool, staker, provider, pool_account):
    backstop.stake(pool, 1_000, sender=staker)
    backstop.slash(provider, 900, sender=pool_account)
    backstop.request_unstake(pool, 9, sender=staker)
    wait_until(READY)
    # 9 * 100/1_000 = 0.9
    assert reason(backstop.unstake, pool, sender=staker) == "backstop: shares worth nothing"


def test_the_checks_come_in_order(backstop, pool, staker, provider, pool_account):
    backstop.stake(pool, 1_000, sender=staker)
    backstop.slash(provider, 900, sender=pool_account)
    backstop.request_unstake(pool, 9, sender=staker)
    wait_until(READY - 1)
    pool.request_withdrawal(LOT, sender=provider)
    assert reason(backstop.unstake, pool, sender=staker) == "backstop: not ready"
    wait(1)
    assert reason(backstop.unstake, pool, sender=staker) == "backstop: pool in bailout"
    wait_until(CLOSED)
    pool.request_withdrawal(LOT, sender=provider)
    assert reason(backstop.unstake, pool, sender=staker) == "backstop: window closed"


def test_a_request_of_an_ended_generation_is_none(leaving, pool, staker, provider, pool_account):
    leaving.slash(provider, 500, sender=pool_account)
    wait_until(READY)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: no request"
    # nor does it come back to life with a stake in the new one
    leaving.stake(pool, 500, sender=staker)
    assert reason(leaving.unstake, pool, sender=staker) == "backstop: no request"
