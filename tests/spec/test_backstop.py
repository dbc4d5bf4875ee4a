"""R18 to R20: the Backstop."""

import pytest

from model.state import EMPTY_STAKE_ACCOUNT, PoolStake, StakeAccount

from .world import DAY, LOT, START, WEALTH, active_world, provided_world

ONE = 2**112


def slash(world, amount, recipient="provider"):
    world.call("backstop.slash", "backstop", "pool-0", recipient=recipient, amount=amount)


def reward(world, token, amount):
    """As a pool's sweep does it: send, then tell."""
    world.call("token.transfer", token, "outsider", to="backstop", amount=amount)
    world.call("backstop.reward", "backstop", "pool-0", token=token, amount=amount)


def request(world, shares, staker="staker"):
    world.call("backstop.request_unstake", "backstop", staker, pool="pool-0", shares=shares)


def unstake(world, staker="staker"):
    return world.call("backstop.unstake", "backstop", staker, pool="pool-0")


def unstake_reason(world, pool="pool-0"):
    return world.reason("backstop.unstake", "backstop", "staker", pool=pool)


def claim(world, token, staker="staker"):
    return world.call("backstop.claim", "backstop", staker, pool="pool-0", token=token)


def test_stake():
    world = active_world()
    assert world.stake(500) == 500
    assert world.events == [
        ("backstop", "Staked", "pool-0", "staker", 500, 500, 500, 500),
        ("dlq", "Transfer", "staker", "backstop", 500),
    ]
    assert world.state.backstop.booked["dlq"] == 500


def test_stake_after_a_slash():
    world = active_world()
    world.stake(500)
    slash(world, 300)
    # 100 * 500/200 = 250
    assert world.stake(100, "second_staker") == 250
    assert world.pool_stake() == PoolStake(0, 300, 750, 0, 0)


def test_stake_reasons():
    world = active_world()

    def reason(pool, amount):
        return world.reason("backstop.stake", "backstop", "staker", pool=pool, amount=amount)

    for pool in ("pool-7", "zero", "keeper"):
        assert reason(pool, 0) == "backstop: unknown pool"
    assert reason("pool-0", 0) == "backstop: zero stake"
    assert reason("pool-0", 2**112) == "backstop: stake too large"
    assert reason("pool-0", 2**256 - 1) == "backstop: stake too large"
    # the most there may be, of stake and of shares
    assert reason("pool-0", 2**112 - 1) == "erc20: transfer amount exceeds balance"
    assert reason("pool-0", WEALTH + 1) == "erc20: transfer amount exceeds balance"


def test_shares_too_large():
    world = active_world()
    world.stake(10**10)
    slash(world, 10**10 - 10**4)
    # 10**6 shares a base unit: 2**111 more of them
    assert world.reason("backstop.stake", "backstop", "staker", pool="pool-0", amount=2**111) == (
        "backstop: shares too large"
    )


def test_request_unstake():
    world = active_world()
    world.stake(500)
    request(world, 200)
    assert world.events == [("backstop", "UnstakeRequested", "pool-0", "staker", 200, START + 7 * DAY)]
    world.wait(DAY)
    request(world, 500)
    assert world.events == [("backstop", "UnstakeRequested", "pool-0", "staker", 500, START + 8 * DAY)]
    request(world, 0)
    assert world.events == [("backstop", "UnstakeRequested", "pool-0", "staker", 0, 0)]
    assert world.account() == StakeAccount(0, 500, 0, 0, 0, 0, 0, 0)


def test_request_unstake_reasons():
    world = active_world()
    world.stake(500)

    def reason(pool, shares):
        return world.reason("backstop.request_unstake", "backstop", "staker", pool=pool, shares=shares)

    assert reason("zero", 501) == "backstop: unknown pool"
    assert reason("pool-0", 501) == "backstop: not enough shares"
    assert reason("pool-0", 0) == "backstop: no request to cancel"


def test_unstake():
    world = active_world()
    world.stake(500)
    request(world, 200)
    world.wait(7 * DAY)
    assert unstake(world) == 200
    assert world.events == [
        ("backstop", "Unstaked", "pool-0", "staker", 200, 200, 300, 300),
        ("dlq", "Transfer", "backstop", "staker", 200),
    ]
    assert world.account() == StakeAccount(0, 300, 0, 0, 0, 0, 0, 0)
    assert world.state.backstop.booked["dlq"] == 300


def test_unstake_in_time():
    world = active_world()
    world.stake(500)
    assert unstake_reason(world, "keeper") == "backstop: unknown pool"
    assert unstake_reason(world) == "backstop: no request"
    request(world, 200)
    world.wait(7 * DAY - 1)
    assert unstake_reason(world) == "backstop: not ready"
    # hold 7 days, window 2 days
    world.wait(1 + 9 * DAY)
    assert unstake_reason(world) == "backstop: window closed"
    world.wait(-1)
    assert unstake(world) == 200


def test_a_request_stays_until_cancelled_after_its_window():
    world = active_world()
    world.stake(500)
    request(world, 200)
    world.wait(100 * DAY)
    request(world, 0)
    assert unstake_reason(world) == "backstop: no request"


def test_no_unstake_while_a_run_is_under_way_or_coming():
    world = provided_world()
    world.stake(500)
    request(world, 500)
    world.wait(7 * DAY)
    # half of all units: the next epoch will be a bailout
    world.request(LOT)
    assert unstake_reason(world) == "backstop: pool in bailout"
    # it is one, though nothing has told the pool yet
    world.wait(DAY)
    assert world.pool.books.epoch == 1_007
    assert unstake_reason(world) == "backstop: pool in bailout"
    world.wait(DAY)
    assert unstake(world) == 500


def test_a_touched_pool_in_bailout_refuses_as_well():
    world = provided_world()
    world.stake(500)
    request(world, 500)
    world.wait(7 * DAY)
    world.request(LOT)
    world.wait(DAY)
    world.withdraw()
    assert world.pool.books.bailout
    assert unstake_reason(world) == "backstop: pool in bailout"


def test_a_run_holds_a_stake_no_longer_than_the_hold():
    world = provided_world()
    world.stake(500)
    request(world, 500)
    world.wait(14 * DAY - 1)
    world.request(LOT)
    assert unstake_reason(world) == "backstop: pool in bailout"
    world.wait(1)
    assert unstake(world) == 500


def test_shares_worth_nothing():
    world = active_world()
    world.stake(1_000)
    slash(world, 900)
    request(world, 9)
    world.wait(7 * DAY)
    # 9 * 100/1_000 = 0.9
    assert unstake_reason(world) == "backstop: shares worth nothing"


def test_rewards_go_by_shares_and_late_stakers_get_nothing_of_the_past():
    world = active_world()
    world.stake(300)
    world.stake(100, "second_staker")
    reward(world, "base", 100)
    assert world.events == [("backstop", "Rewarded", "pool-0", "base", 100)]
    world.stake(400, "keeper")
    reward(world, "quote", 200)
    # base: 100/400 a share; quote: 200/800 a share
    assert (claim(world, "base"), claim(world, "base", "second_staker")) == (75, 25)
    assert (claim(world, "quote"), claim(world, "quote", "keeper")) == (75, 100)
    assert world.events == [
        ("backstop", "Claimed", "pool-0", "keeper", "quote", 100),
        ("quote", "Transfer", "backstop", "keeper", 100),
    ]
    assert world.reason("backstop.claim", "backstop", "keeper", pool="pool-0", token="base") == (
        "backstop: nothing to claim"
    )
    # 200 - 75 - 100
    assert world.state.backstop.booked["quote"] == 25


def test_an_account_is_settled_when_its_shares_change():
    world = active_world()
    world.stake(300)
    reward(world, "base", 60)
    world.stake(100)
    # index 60/300 = ONE/5 rounded down, so that 300 shares earn just less than 60
    index = ONE // 5
    assert world.account() == StakeAccount(0, 400, index, 0, 59, 0, 0, 0)


def test_claim_reasons():
    world = active_world()
    for pool in ("pool-1", "zero"):
        assert world.reason("backstop.claim", "backstop", "staker", pool=pool, token="base") == "backstop: unknown pool"
    for token in ("base", "quote", "dlq", "zero"):
        assert world.reason("backstop.claim", "backstop", "staker", pool="pool-0", token=token) == (
            "backstop: nothing to claim"
        )


def test_reward_reasons():
    world = active_world()

    def reason(sender, amount):
        return world.reason("backstop.reward", "backstop", sender, token="base", amount=amount)

    assert reason("keeper", 5) == "backstop: caller is not a pool"
    assert reason("pool-0", 5) == "backstop: no shares to reward"
    world.stake(300)
    assert reason("pool-0", 5) == "backstop: reward not received"
    reward(world, "base", 5)
    assert reason("pool-0", 1) == "backstop: reward not received"


def test_slash():
    world = active_world()
    world.stake(500)
    slash(world, 200)
    assert world.events == [
        ("backstop", "Slashed", "pool-0", "provider", 200, 300),
        ("dlq", "Transfer", "backstop", "provider", 200),
    ]
    assert world.pool_stake() == PoolStake(0, 300, 500, 0, 0)
    assert world.state.backstop.booked["dlq"] == 300


def test_slash_reasons():
    world = active_world()
    world.stake(500)

    def reason(sender, recipient, amount):
        return world.reason("backstop.slash", "backstop", sender, recipient=recipient, amount=amount)

    assert reason("governor", "zero", 501) == "backstop: caller is not a pool"
    assert reason("pool-0", "zero", 501) == "backstop: not enough stake"
    assert reason("pool-0", "zero", 500) == "erc20: transfer to the zero address"


def test_a_slash_that_takes_all_ends_the_generation():
    world = active_world()
    world.stake(500)
    request(world, 500)
    slash(world, 500)
    assert world.events == [
        ("backstop", "Slashed", "pool-0", "provider", 500, 0),
        ("backstop", "GenerationEnded", "pool-0", 0),
        ("dlq", "Transfer", "backstop", "provider", 500),
    ]
    assert world.pool_stake() == PoolStake(1, 0, 0, 0, 0)
    assert unstake_reason(world) == "backstop: no request"
    assert world.stake(70) == 70
    assert world.account() == StakeAccount(1, 70, 0, 0, 0, 0, 0, 0)


def test_a_slash_that_leaves_dust_ends_the_generation_and_the_dust_is_surplus():
    world = active_world()
    world.stake(7_000_001)
    # 7 * 1_000_000 < 7_000_001
    slash(world, 6_999_994)
    assert world.own_events == [
        ("backstop", "Slashed", "pool-0", "provider", 6_999_994, 7),
        ("backstop", "GenerationEnded", "pool-0", 0),
    ]
    assert world.state.backstop.booked["dlq"] == 0
    assert world.call("backstop.sweep", "backstop", "keeper", token="dlq") == 7
    assert world.events == [
        ("backstop", "StraySwept", "dlq", 7),
        ("dlq", "Transfer", "backstop", "reserve", 7),
        ("reserve", "Absorbed", "dlq", 7, 7),
    ]


def test_a_slash_that_leaves_just_enough_does_not():
    world = active_world()
    world.stake(7_000_000)
    slash(world, 6_999_993)
    assert world.pool_stake() == PoolStake(0, 7, 7_000_000, 0, 0)


def test_rewards_of_an_ended_generation_remain():
    world = active_world()
    world.stake(400)
    reward(world, "base", 100)
    slash(world, 400)
    world.stake(1_000, "second_staker")
    reward(world, "base", 1_000)
    slash(world, 1_000)
    # 400 * 100/400, and nothing of the second generation's
    assert claim(world, "base") == 100
    assert world.account() == StakeAccount(2, 0, 0, 0, 0, 0, 0, 0)
    # 1_000 shares at ONE * 1_000/1_000
    assert claim(world, "base", "second_staker") == 1_000


def test_a_slash_of_one_pool_leaves_the_others_alone():
    world = active_world()
    world.call(
        "controller.create_pool",
        "controller",
        "governor",
        base="dlq",
        quote="quote",
        parameters=world.pool.parameters,
    )
    world.stake(500)
    world.call("backstop.stake", "backstop", "staker", pool="pool-1", amount=80)
    slash(world, 500)
    assert world.state.backstop.stakes["pool-1"] == PoolStake(0, 80, 80, 0, 0)
    assert world.state.backstop.booked["dlq"] == 80


@pytest.mark.parametrize("token", ["base", "dlq"])
def test_nothing_to_sweep(token):
    world = active_world()
    world.stake(500)
    reward(world, "base", 5)
    assert world.reason("backstop.sweep", "backstop", "keeper", token=token) == "backstop: nothing to sweep"


def test_missing_accounts_are_zeros():
    world = active_world()
    assert ("pool-0", "staker") not in world.state.backstop.accounts
    assert EMPTY_STAKE_ACCOUNT == StakeAccount(0, 0, 0, 0, 0, 0, 0, 0)
