"""R9: taking a staged deposit back."""

import ape
import pytest

from tests.unit.support import DAY, WEALTH, balances, changes, fields, reason, suspend, wait


def test_all_that_is_staged_comes_back(pool, base, quote, keeper, provider, events):
    pool.stage_deposit(1, 2, sender=provider)
    before = pool.state()
    pool.stage_deposit(30, 40, sender=keeper)
    assert tuple(pool.cancel_deposit.call(sender=keeper)) == (30, 40)
    receipt = pool.cancel_deposit(sender=keeper)
    assert events(receipt) == [
        ("pool", "DepositCancelled", "keeper", 30, 40),
        ("base", "Transfer", "pool", "keeper", 30),
        ("quote", "Transfer", "pool", "keeper", 40),
    ]
    assert changes(before, pool.state()) == {}
    assert fields(pool.deposit(keeper)) == (0, 0, 0)
    assert balances(base, keeper) == balances(quote, keeper) == (WEALTH,)


def test_nothing_of_the_other_token_is_sent(pool, keeper, events):
    pool.stage_deposit(0, 40, sender=keeper)
    assert events(pool.cancel_deposit(sender=keeper)) == [
        ("pool", "DepositCancelled", "keeper", 0, 40),
        ("quote", "Transfer", "pool", "keeper", 40),
    ]


def test_it_comes_back_when_the_pool_is_suspended_and_untouched(pool, keeper, controller, governor, events):
    pool.stage_deposit(30, 40, sender=keeper)
    suspend(controller, pool, governor)
    wait(3 * DAY)
    assert events.own(pool.cancel_deposit(sender=keeper)) == [("pool", "DepositCancelled", "keeper", 30, 40)]


def test_it_comes_back_from_a_pending_pool(new_pool, keeper):
    pool = new_pool()
    pool.stage_deposit(30, 40, sender=keeper)
    assert tuple(pool.cancel_deposit.call(sender=keeper)) == (30, 40)


@pytest.mark.parametrize("who", ["provider", "outsider"])
def test_there_must_be_something_staged_by_the_caller(pool, keeper, system, who):
    pool.stage_deposit(30, 40, sender=keeper)
    assert reason(pool.cancel_deposit, sender=system.roles[who]) == "pool: nothing staged"


def test_it_comes_back_once(pool, keeper):
    pool.stage_deposit(30, 40, sender=keeper)
    pool.cancel_deposit(sender=keeper)
    with ape.reverts("pool: nothing staged"):
        pool.cancel_deposit(sender=keeper)
