"""R22: a token whose transfers return nothing works like any other."""

import pytest

from tests.unit.support import DAY, LOT, MAX, START, TOTAL, UNLIMITED, WEALTH, balances, fill_reserve, quadruple_price, reward, wait


@pytest.fixture
def token(governor, project):
    return governor.deploy(project.NoReturnToken, MAX)


@pytest.fixture
def odd_pool(list_token, token):
    return list_token(token)


def test_it_comes_in_and_goes_out(odd_pool, token, quote, trader, keeper):
    pool = odd_pool
    assert pool.state().reserve_base == TOTAL
    pool.swap(token, 1_000, 998, trader, START, sender=trader)
    pool.swap(quote, 1_000, 998, trader, START, sender=trader)
    pool.donate(5, 0, sender=keeper)
    pool.stage_deposit(70, 0, sender=keeper)
    pool.cancel_deposit(sender=keeper)
    state = pool.state()
    assert balances(token, pool) == (state.reserve_base,)
    assert balances(token, keeper) == (WEALTH - 5,)


def test_it_leaves_with_its_provider(odd_pool, token, provider):
    wait(DAY)
    odd_pool.exit(LOT, 0, 0, sender=provider)
    assert balances(token, provider) == (WEALTH,)


def test_it_is_swept_and_drawn(odd_pool, token, quote, reserve, provider, keeper, governor):
    token.transfer(odd_pool, 7, sender=governor)
    odd_pool.sweep(sender=keeper)
    assert reserve.held(token) == 7
    quadruple_price(odd_pool, token, quote)
    fill_reserve(reserve, token, LOT, governor)
    wait(99 * DAY)
    odd_pool.request_withdrawal(LOT // 4, sender=provider)
    wait(DAY)
    odd_pool.withdraw(0, 0, UNLIMITED, sender=provider)
    assert balances(token, provider) == (WEALTH - LOT + LOT // 4,)


def test_it_is_rewarded_claimed_and_swept_by_the_backstop(odd_pool, token, backstop, reserve, staker, keeper, governor, become):
    backstop.stake(odd_pool, 256, sender=staker)
    reward(backstop, token, 64, governor, become(odd_pool))
    backstop.claim(odd_pool, token, sender=staker)
    assert balances(token, staker) == (64,)
    token.transfer(backstop, 3, sender=governor)
    backstop.sweep(token, sender=keeper)
    assert reserve.held(token) == 3
