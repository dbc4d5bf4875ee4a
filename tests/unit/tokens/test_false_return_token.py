"""R22: a transfer that answers false is refused, wherever it is made."""

import ape
import pytest

from tests.differential.deployment import deploy_controller
from tests.unit.support import DAY, LOT, MAX, START, UNLIMITED, fill_reserve, parameters, reason, reward, wait

REFUSED = "token_moves: transfer refused"


@pytest.fixture
def token(governor, project):
    return governor.deploy(project.FalseReturnToken, MAX)


@pytest.fixture
def odd_pool(list_token, token):
    return list_token(token)


def test_on_the_way_in(odd_pool, token, trader, keeper, governor):
    token.set_failing(True, sender=governor)
    assert reason(odd_pool.swap, token, 1_000, 0, trader, START, sender=trader) == REFUSED
    assert reason(odd_pool.donate, 5, 5, sender=keeper) == REFUSED
    assert reason(odd_pool.add, 5, 5, 0, START, sender=keeper) == REFUSED
    assert reason(odd_pool.stage_deposit, 5, 5, sender=keeper) == REFUSED
    with ape.reverts(REFUSED):
        odd_pool.donate(5, 5, sender=keeper)


def test_on_the_way_out(odd_pool, token, quote, trader, provider, keeper, governor):
    odd_pool.stage_deposit(5, 5, sender=keeper)
    odd_pool.request_withdrawal(10, sender=provider)
    token.transfer(odd_pool, 3, sender=governor)
    wait(DAY)
    token.set_failing(True, sender=governor)
    assert reason(odd_pool.swap, quote, 1_000, 0, trader, UNLIMITED, sender=trader) == REFUSED
    assert reason(odd_pool.cancel_deposit, sender=keeper) == REFUSED
    assert reason(odd_pool.withdraw, 0, 0, 0, sender=provider) == REFUSED
    assert reason(odd_pool.exit, LOT, 0, 0, sender=provider) == REFUSED
    assert reason(odd_pool.sweep, sender=keeper) == REFUSED


def test_out_of_the_reserve(odd_pool, token, reserve, governor, outsider, become):
    fill_reserve(reserve, token, 70, governor)
    token.set_failing(True, sender=governor)
    assert reason(reserve.draw, token, outsider, 70, sender=become(odd_pool)) == REFUSED


def test_out_of_the_backstop(odd_pool, token, backstop, staker, keeper, governor, become):
    backstop.stake(odd_pool, 256, sender=staker)
    reward(backstop, token, 64, governor, become(odd_pool))
    token.transfer(backstop, 3, sender=governor)
    token.set_failing(True, sender=governor)
    assert reason(backstop.claim, odd_pool, token, sender=staker) == REFUSED
    assert reason(backstop.sweep, token, sender=keeper) == REFUSED


def test_a_lack_of_allowance_or_balance_is_refused_the_same_way(odd_pool, token, keeper):
    token.approve(odd_pool, 4, sender=keeper)
    assert reason(odd_pool.donate, 5, 0, sender=keeper) == REFUSED


def test_as_the_token_that_is_staked(token, project, base, quote, governor, staker, outsider):
    controller = deploy_controller(governor, token, project=project)
    controller.create_pool(base, quote, parameters(), sender=governor)
    pool = controller.pools(0)
    backstop = ape.Contract(controller.backstop(), contract_type=project.Backstop.contract_type)
    token.transfer(staker, 500, sender=governor)
    token.approve(backstop, UNLIMITED, sender=staker)
    backstop.stake(pool, 400, sender=staker)
    backstop.request_unstake(pool, 400, sender=staker)
    token.set_failing(True, sender=governor)
    assert reason(backstop.stake, pool, 100, sender=staker) == REFUSED
    assert reason(backstop.slash, outsider, 400, sender=pool) == REFUSED
    wait(7 * DAY)
    assert reason(backstop.unstake, pool, sender=staker) == REFUSED


def test_a_zero_amount_is_never_transferred(odd_pool, token, keeper, governor, events):
    token.set_failing(True, sender=governor)
    assert events(odd_pool.donate(0, 5, sender=keeper))[1:] == [("quote", "Transfer", "keeper", "second_pool", 5)]


def test_it_works_again_when_it_works_again(odd_pool, token, keeper, governor):
    token.set_failing(True, sender=governor)
    assert reason(odd_pool.donate, 5, 5, sender=keeper) == REFUSED
    token.set_failing(False, sender=governor)
    odd_pool.donate(5, 5, sender=keeper)
