"""R19: asking to unstake."""

import ape
import pytest

from tests.unit.support import DAY, START, ZERO_ADDRESS, fields, reason, wait

READY = 7 * DAY


@pytest.fixture
def staked(backstop, pool, staker):
    backstop.stake(pool, 500, sender=staker)
    return backstop


def test_a_request_is_ready_after_a_week(staked, pool, staker, events):
    assert events(staked.request_unstake(pool, 200, sender=staker)) == [
        ("backstop", "UnstakeRequested", "pool", "staker", 200, START + READY)
    ]
    # shares stay shares, slashable and earning
    assert fields(staked.account(pool, staker)) == (0, 500, 0, 0, 0, 0, 200, START + READY)
    assert fields(staked.pool_stake(pool)) == (0, 500, 500, 0, 0)


def test_a_new_request_replaces_the_old_one_and_waits_anew(staked, pool, staker, events):
    staked.request_unstake(pool, 200, sender=staker)
    wait(DAY)
    assert events(staked.request_unstake(pool, 500, sender=staker)) == [
        ("backstop", "UnstakeRequested", "pool", "staker", 500, START + DAY + READY)
    ]
    assert fields(staked.account(pool, staker))[6:] == (500, START + DAY + READY)


def test_zero_cancels(staked, pool, staker, events):
    staked.request_unstake(pool, 200, sender=staker)
    assert events(staked.request_unstake(pool, 0, sender=staker)) == [("backstop", "UnstakeRequested", "pool", "staker", 0, 0)]
    assert fields(staked.account(pool, staker)) == (0, 500, 0, 0, 0, 0, 0, 0)


def test_a_request_past_its_window_can_be_cancelled(staked, pool, staker):
    staked.request_unstake(pool, 200, sender=staker)
    wait(100 * DAY)
    staked.request_unstake(pool, 0, sender=staker)
    assert fields(staked.account(pool, staker))[6:] == (0, 0)


def test_only_registered_pools_are_known(staked, staker):
    for stranger in (staked, staker, ZERO_ADDRESS):
        assert reason(staked.request_unstake, stranger, 501, sender=staker) == "backstop: unknown pool"


def test_no_more_than_the_stakers_shares(staked, pool, staker, outsider):
    assert reason(staked.request_unstake, pool, 501, sender=staker) == "backstop: not enough shares"
    assert reason(staked.request_unstake, pool, 1, sender=outsider) == "backstop: not enough shares"
    with ape.reverts("backstop: not enough shares"):
        staked.request_unstake(pool, 1, sender=outsider)


def test_there_must_be_a_request_to_cancel(staked, pool, staker):
    assert reason(staked.request_unstake, pool, 0, sender=staker) == "backstop: no request to cancel"


def test_shares_and_requests_of_an_ended_generation_are_none(staked, pool, staker, provider, pool_account):
    staked.request_unstake(pool, 200, sender=staker)
    staked.slash(provider, 500, sender=pool_account)
    assert reason(staked.request_unstake, pool, 1, sender=staker) == "backstop: not enough shares"
    assert reason(staked.request_unstake, pool, 0, sender=staker) == "backstop: no request to cancel"
