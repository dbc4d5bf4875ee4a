"""R22: a contract's own balance must change by exactly what was asked; what a recipient outside gets is the token's affair."""

import ape
import pytest

from tests.unit.support import DAY, LOT, MAX, START, UNLIMITED, WEALTH, balances, fill_reserve, reason, reward, wait

CHANGED = "token_moves: amount changed"
FEE = 100  # 1 %


@pytest.fixture
def token(governor, project):
    """Listed without a fee; the tests charge one later."""
    return governor.deploy(project.FeeToken, MAX, 0)


@pytest.fixture
def odd_pool(list_token, token):
    return list_token(token)


def test_a_fee_out_of_the_amount_is_refused_on_the_way_in(odd_pool, token, trader, keeper, governor):
    token.set_fee(FEE, False, sender=governor)
    assert reason(odd_pool.swap, token, 1_000, 0, trader, START, sender=trader) == CHANGED
    assert reason(odd_pool.donate, 100, 5, sender=keeper) == CHANGED
    assert reason(odd_pool.add, 100, 100, 0, START, sender=keeper) == CHANGED
    assert reason(odd_pool.stage_deposit, 100, 5, sender=keeper) == CHANGED
    with ape.reverts(CHANGED):
        odd_pool.donate(100, 5, sender=keeper)


def test_a_fee_on_top_is_the_senders_affair_on_the_way_in(odd_pool, token, keeper, governor):
    token.set_fee(FEE, True, sender=governor)
    before = odd_pool.state().reserve_base
    odd_pool.donate(100, 0, sender=keeper)
    assert balances(token, keeper, odd_pool) == (WEALTH - 101, before + 100)


def test_a_fee_on_top_is_refused_on_the_way_out(odd_pool, token, quote, trader, provider, keeper, governor):
    odd_pool.stage_deposit(100, 5, sender=keeper)
    odd_pool.request_withdrawal(100, sender=provider)
    token.transfer(odd_pool, 300, sender=governor)
    wait(DAY)
    token.set_fee(FEE, True, sender=governor)
    assert reason(odd_pool.swap, quote, 1_000, 0, trader, UNLIMITED, sender=trader) == CHANGED
    assert reason(odd_pool.cancel_deposit, sender=keeper) == CHANGED
    assert reason(odd_pool.withdraw, 0, 0, 0, sender=provider) == CHANGED
    assert reason(odd_pool.exit, LOT // 2, 0, 0, sender=provider) == CHANGED
    assert reason(odd_pool.sweep, sender=keeper) == CHANGED


def test_a_token_that_starts_to_charge_its_recipients_locks_nobody_in(odd_pool, token, provider, governor):
    wait(DAY)
    token.set_fee(FEE, False, sender=governor)
    odd_pool.exit(LOT, 0, 0, sender=provider)
    assert balances(token, provider) == (WEALTH - LOT // 100,)


def test_out_of_the_reserve(odd_pool, token, reserve, governor, outsider, become):
    fill_reserve(reserve, token, 1_000, governor)
    token.set_fee(FEE, True, sender=governor)
    assert reason(reserve.draw, token, outsider, 500, sender=become(odd_pool)) == CHANGED
    token.set_fee(FEE, False, sender=governor)
    reserve.draw(token, outsider, 500, sender=become(odd_pool))
    assert (reserve.held(token), *balances(token, reserve, outsider)) == (500, 500, 495)


def test_out_of_the_backstop(odd_pool, token, backstop, staker, keeper, governor, become):
    backstop.stake(odd_pool, 256, sender=staker)
    reward(backstop, token, 512, governor, become(odd_pool))
    token.transfer(backstop, 300, sender=governor)
    token.set_fee(FEE, True, sender=governor)
    assert reason(backstop.claim, odd_pool, token, sender=staker) == CHANGED
    assert reason(backstop.sweep, token, sender=keeper) == CHANGED


def test_a_sweep_sends_what_there_is_and_the_reserve_books_what_has_come(odd_pool, token, reserve, keeper, governor, events):
    token.transfer(odd_pool, 300, sender=governor)
    token.set_fee(FEE, False, sender=governor)
    assert events(odd_pool.sweep(sender=keeper)) == [
        ("second_pool", "Swept", 0, 300, 0, 0),
        ("reserve", "Absorbed", "token", 297, 297),
    ]


def test_stakers_are_not_rewarded_with_what_has_not_come(odd_pool, token, backstop, staker, keeper, governor):
    backstop.stake(odd_pool, 256, sender=staker)
    token.transfer(odd_pool, 800, sender=governor)
    token.set_fee(FEE, False, sender=governor)
    assert reason(odd_pool.sweep, sender=keeper) == "backstop: reward not received"
