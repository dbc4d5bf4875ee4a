"""R3: donations."""

import ape

from tests.unit.support import MAX, TOTAL, UNLIMITED, WEALTH, balances, changes, reason


def test_a_donation_adds_to_the_reserves_and_mints_nothing(pool, base, quote, keeper, events):
    before = pool.state()
    receipt = pool.donate(7, 9, sender=keeper)
    assert events(receipt) == [
        ("pool", "Donated", "keeper", 7, 9, TOTAL + 7, TOTAL + 9),
        ("base", "Transfer", "keeper", "pool", 7),
        ("quote", "Transfer", "keeper", "pool", 9),
    ]
    assert changes(before, pool.state()) == {"reserve_base": TOTAL + 7, "reserve_quote": TOTAL + 9}
    assert balances(base, keeper, pool) == (WEALTH - 7, TOTAL + 7)
    assert balances(quote, keeper, pool) == (WEALTH - 9, TOTAL + 9)


def test_one_token_is_enough(pool, keeper, events):
    assert events(pool.donate(0, 9, sender=keeper)) == [
        ("pool", "Donated", "keeper", 0, 9, TOTAL, TOTAL + 9),
        ("quote", "Transfer", "keeper", "pool", 9),
    ]


def test_a_pending_pool_with_units_takes_donations(pending_pool, keeper):
    pool = pending_pool()
    before = pool.state()
    pool.donate(5, 0, sender=keeper)
    assert changes(before, pool.state()) == {"reserve_base": before.reserve_base + 5}


def test_a_suspended_pool_takes_none(suspended_pool, keeper):
    assert reason(suspended_pool.donate, 0, 0, sender=keeper) == "pool: suspended"


def test_a_pool_without_units_takes_none(new_pool, keeper):
    assert reason(new_pool().donate, 0, 0, sender=keeper) == "pool: no units"


def test_nothing_is_no_donation(pool, keeper):
    assert reason(pool.donate, 0, 0, sender=keeper) == "pool: zero amount"
    with ape.reverts("pool: zero amount"):
        pool.donate(0, 0, sender=keeper)


def test_reserves_have_a_limit(pool, keeper):
    for amounts in ((MAX - TOTAL + 1, 0), (0, MAX - TOTAL + 1), (UNLIMITED, UNLIMITED), (0, UNLIMITED)):
        assert reason(pool.donate, *amounts, sender=keeper) == "pool: reserve too large"
    for amounts in ((MAX - TOTAL, 0), (0, MAX - TOTAL)):
        assert reason(pool.donate, *amounts, sender=keeper) == "erc20: transfer amount exceeds balance"


def test_the_donor_must_have_approved_the_pool(pool, governor):
    assert reason(pool.donate, 1, 0, sender=governor) == "erc20: insufficient allowance"
