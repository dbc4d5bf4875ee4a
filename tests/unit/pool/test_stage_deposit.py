"""R9: staging a deposit."""

import ape

from tests.unit.support import DAY, MAX, START, TOTAL, UNLIMITED, WEALTH, balances, changes, fields, reason, wait


def test_staged_tokens_wait_outside_the_reserves(pool, base, quote, keeper, events):
    before = pool.state()
    receipt = pool.stage_deposit(30, 40, sender=keeper)
    assert events(receipt) == [
        ("pool", "DepositStaged", "keeper", 30, 40, 30, 40),
        ("base", "Transfer", "keeper", "pool", 30),
        ("quote", "Transfer", "keeper", "pool", 40),
    ]
    assert changes(before, pool.state()) == {"staged_base": 30, "staged_quote": 40}
    assert fields(pool.deposit(keeper)) == (30, 40, START)
    assert fields(pool.position(keeper)) == (0, 0, 0, 0, 0)
    assert balances(base, keeper, pool) == (WEALTH - 30, TOTAL + 30)
    assert balances(quote, keeper, pool) == (WEALTH - 40, TOTAL + 40)


def test_staging_more_adds_up_and_starts_the_wait_again(pool, keeper, provider, events):
    pool.stage_deposit(30, 40, sender=keeper)
    pool.stage_deposit(1, 1, sender=provider)
    wait(10)
    assert events(pool.stage_deposit(5, 0, sender=keeper)) == [
        ("pool", "DepositStaged", "keeper", 5, 0, 35, 40),
        ("base", "Transfer", "keeper", "pool", 5),
    ]
    assert fields(pool.deposit(keeper)) == (35, 40, START + 10)
    assert fields(pool.deposit(provider)) == (1, 1, START)
    assert (pool.state().staged_base, pool.state().staged_quote) == (36, 41)


def test_staging_does_not_touch_the_pool_nor_the_position(pool, provider, events):
    wait(5 * DAY)
    position, state = pool.position(provider), pool.state()
    assert events.own(pool.stage_deposit(0, 40, sender=provider)) == [("pool", "DepositStaged", "provider", 0, 40, 0, 40)]
    assert changes(state, pool.state()) == {"staged_quote": 40}
    assert pool.position(provider) == position


def test_a_pending_pool_stages(new_pool, keeper):
    pool = new_pool()
    pool.stage_deposit(3, 0, sender=keeper)
    assert pool.state().staged_base == 3


def test_a_suspended_pool_does_not(suspended_pool, keeper):
    assert reason(suspended_pool.stage_deposit, 0, 0, sender=keeper) == "pool: suspended"


def test_nothing_cannot_be_staged(pool, keeper):
    assert reason(pool.stage_deposit, 0, 0, sender=keeper) == "pool: zero amount"
    with ape.reverts("pool: zero amount"):
        pool.stage_deposit(0, 0, sender=keeper)


def test_all_staged_together_has_a_limit(pool, keeper, provider):
    pool.stage_deposit(1, 1, sender=provider)
    for amounts in ((MAX, 0), (0, MAX), (UNLIMITED, 1), (1, UNLIMITED)):
        assert reason(pool.stage_deposit, *amounts, sender=keeper) == "pool: staged too large"
    for amounts in ((MAX - 1, 0), (0, MAX - 1)):
        assert reason(pool.stage_deposit, *amounts, sender=keeper) == "erc20: transfer amount exceeds balance"


def test_the_depositor_must_have_approved_the_pool(pool, governor):
    assert reason(pool.stage_deposit, 1, 1, sender=governor) == "erc20: insufficient allowance"
