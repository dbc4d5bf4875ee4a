"""R20: claiming rewards."""

import ape
import pytest

from tests.unit.support import ONE, WEALTH, ZERO_ADDRESS, balances, fields, reason, reward


@pytest.fixture
def pay(backstop, governor, pool_account):
    """A reward to the stakers of the pool."""

    def pay(token, amount: int) -> None:
        reward(backstop, token, amount, governor, pool_account)

    return pay


def test_a_reward_is_claimed(backstop, pool, base, staker, pay, events):
    backstop.stake(pool, 256, sender=staker)
    pay(base, 64)
    assert backstop.claim.call(pool, base, sender=staker) == 64
    assert events(backstop.claim(pool, base, sender=staker)) == [
        ("backstop", "Claimed", "pool", "staker", "base", 64),
        ("base", "Transfer", "backstop", "staker", 64),
    ]
    assert fields(backstop.account(pool, staker)) == (0, 256, ONE // 4, 0, 0, 0, 0, 0)
    assert backstop.booked(base) == 0
    assert balances(base, staker, backstop) == (WEALTH + 64, 0)


def test_rewards_go_by_shares_at_their_time_and_late_stakers_get_nothing_of_the_past(
    backstop, pool, base, quote, staker, second_staker, keeper, pay
):
    backstop.stake(pool, 300, sender=staker)
    backstop.stake(pool, 100, sender=second_staker)
    pay(base, 100)
    backstop.stake(pool, 400, sender=keeper)
    pay(quote, 200)
    # base: a quarter a share; quote: a quarter a share of twice as many
    for account, rewards in ((staker, (75, 75)), (second_staker, (25, 25))):
        assert tuple(backstop.claim.call(pool, token, sender=account) for token in (base, quote)) == rewards
    assert backstop.claim.call(pool, quote, sender=keeper) == 100
    assert reason(backstop.claim, pool, base, sender=keeper) == "backstop: nothing to claim"


def test_a_claim_of_one_token_leaves_the_other(backstop, pool, base, quote, dlq, staker, pay):
    backstop.stake(pool, 256, sender=staker)
    pay(base, 64)
    pay(quote, 32)
    backstop.claim(pool, quote, sender=staker)
    assert fields(backstop.account(pool, staker)) == (0, 256, ONE // 4, ONE // 8, 64, 0, 0, 0)
    assert (backstop.booked(base), backstop.booked(quote), backstop.booked(dlq)) == (64, 0, 256)


def test_rewards_of_ended_generations_remain(backstop, pool, base, staker, second_staker, provider, pool_account, pay):
    backstop.stake(pool, 400, sender=staker)
    pay(base, 100)
    backstop.slash(provider, 400, sender=pool_account)
    backstop.stake(pool, 1_000, sender=second_staker)
    pay(base, 1_000)
    backstop.slash(provider, 1_000, sender=pool_account)
    # two generations later: 400 * 100/400, and nothing of the second generation's
    assert backstop.claim.call(pool, base, sender=staker) == 100
    assert backstop.claim.call(pool, base, sender=second_staker) == 1_000
    backstop.claim(pool, base, sender=staker)
    assert fields(backstop.account(pool, staker)) == (2, 0, 0, 0, 0, 0, 0, 0)


def test_a_new_stake_after_an_ended_generation_keeps_what_was_earned(
    backstop, pool, base, staker, provider, pool_account, pay
):
    backstop.stake(pool, 400, sender=staker)
    pay(base, 100)
    backstop.slash(provider, 400, sender=pool_account)
    backstop.stake(pool, 10, sender=staker)
    pay(base, 5)
    assert fields(backstop.account(pool, staker)) == (1, 10, 0, 0, 100, 0, 0, 0)
    assert backstop.claim.call(pool, base, sender=staker) == 105


def test_rewards_in_dlq_are_claimed_beside_the_stake(backstop, dlq_pool, dlq, staker, governor, become):
    backstop.stake(dlq_pool, 256, sender=staker)
    reward(backstop, dlq, 64, governor, become(dlq_pool))
    assert backstop.booked(dlq) == 256 + 64
    backstop.claim(dlq_pool, dlq, sender=staker)
    assert (backstop.booked(dlq), *balances(dlq, staker, backstop)) == (256, WEALTH - 256 + 64, 256)


def test_only_registered_pools_are_known(backstop, base, staker):
    for stranger in (backstop, staker, ZERO_ADDRESS):
        assert reason(backstop.claim, stranger, base, sender=staker) == "backstop: unknown pool"


def test_there_must_be_something_earned_in_that_token(backstop, pool, base, quote, dlq, staker, outsider, pay):
    backstop.stake(pool, 256, sender=staker)
    pay(base, 64)
    for token in (quote, dlq, ZERO_ADDRESS):
        assert reason(backstop.claim, pool, token, sender=staker) == "backstop: nothing to claim"
    assert reason(backstop.claim, pool, base, sender=outsider) == "backstop: nothing to claim"
    backstop.claim(pool, base, sender=staker)
    with ape.reverts("backstop: nothing to claim"):
        backstop.claim(pool, base, sender=staker)
