"""R24: previews of stakes and of what they earn."""

from tests.unit.support import DAY, LOT, MAX, arrange, reason, reward, wait


def test_a_stake(lens, backstop, pool, staker, provider, outsider, pool_account):
    assert lens.preview_stake(pool, 300) == 300
    arrange(backstop.stake, pool, 300, sender=staker)
    arrange(backstop.slash, provider, 200, sender=pool_account)
    # three shares to one DLQ
    assert lens.preview_stake(pool, 7) == backstop.stake.call(pool, 7, sender=staker) == 21
    for amount, refusal in (
        (0, "backstop: zero stake"),
        (MAX - 99, "backstop: stake too large"),
        (MAX // 3 - 99, "backstop: shares too large"),
    ):
        assert reason(lens.preview_stake, pool, amount, sender=outsider) == refusal


def test_an_unstake(lens, backstop, pool, staker, provider, outsider, pool_account):
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: no request"
    arrange(backstop.stake, pool, 300, sender=staker)
    arrange(backstop.request_unstake, pool, 100, sender=staker)
    arrange(backstop.slash, provider, 200, sender=pool_account)
    wait(7 * DAY - 1)
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: not ready"
    wait(1)
    assert lens.preview_unstake(pool, staker) == backstop.unstake.call(pool, sender=staker) == 33
    arrange(pool.request_withdrawal, LOT, sender=provider)
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: pool in bailout"
    wait(7 * DAY)
    arrange(pool.request_withdrawal, LOT, sender=provider)
    assert lens.preview_unstake(pool, staker) == backstop.unstake.call(pool, sender=staker) == 33
    wait(2 * DAY)
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: window closed"


def test_shares_that_are_worth_nothing(lens, backstop, pool, staker, provider, outsider, pool_account):
    arrange(backstop.stake, pool, 300, sender=staker)
    arrange(backstop.request_unstake, pool, 2, sender=staker)
    arrange(backstop.slash, provider, 200, sender=pool_account)
    wait(7 * DAY)
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: shares worth nothing"
    # and of a generation that has ended there are none
    arrange(backstop.slash, provider, 100, sender=pool_account)
    assert reason(lens.preview_unstake, pool, staker, sender=outsider) == "backstop: no request"


def test_a_claim(lens, backstop, pool, base, quote, dlq, staker, provider, outsider, governor, pool_account):
    arrange(backstop.stake, pool, 256, sender=staker)
    reward(backstop, base, 64, governor, pool_account)
    reward(backstop, quote, 32, governor, pool_account)
    assert lens.preview_claim(pool, staker, base) == backstop.claim.call(pool, base, sender=staker) == 64
    assert lens.preview_claim(pool, staker, quote) == 32
    for account, token in ((staker, dlq), (outsider, base)):
        assert reason(lens.preview_claim, pool, account, token, sender=outsider) == "backstop: nothing to claim"
    # a generation that has ended keeps what it has earned
    arrange(backstop.slash, provider, 256, sender=pool_account)
    assert lens.preview_claim(pool, staker, base) == 64
