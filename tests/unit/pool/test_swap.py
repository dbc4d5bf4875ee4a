"""R2: swaps."""

import ape
import pytest

from tests.unit.support import ANY_PRICE, DAY, EPOCH, FIRST, MAX, ONE, START, TOTAL, WEALTH, balances, changes, move_market, reason, wait

ROUND = 10_000_000_000
"""A reserve that makes the sums of protocol.md, section 9."""


@pytest.fixture
def round_pool(pool, base, quote):
    move_market(pool, base, quote, ROUND, ROUND)
    return pool


def test_base_for_quote(round_pool, base, quote, trader, keeper, events):
    before = round_pool.state()
    # by slip: 826_446_280.99; by the minimum fee: 909_090_909 less a thousandth
    assert round_pool.swap.call(base, 1_000_000_000, 0, keeper, START, sender=trader) == 826_446_280
    receipt = round_pool.swap(base, 1_000_000_000, 0, keeper, START, sender=trader)
    # fee 909_090_909 - 826_446_280, of which a fifth is cut
    assert events(receipt) == [
        (
            "pool", "Swapped", "trader", "keeper", "base", 1_000_000_000, 826_446_280, 82_644_629, 16_528_925,
            11_000_000_000, 9_157_024_795,
        ),
        ("base", "Transfer", "trader", "pool", 1_000_000_000),
        ("quote", "Transfer", "pool", "keeper", 826_446_280),
    ]  # fmt: skip
    assert changes(before, round_pool.state()) == {"reserve_base": 11_000_000_000, "reserve_quote": 9_157_024_795}
    assert balances(base, trader, round_pool) == (WEALTH - 1_000_000_000, 11_000_000_000)
    # the cut stays in the pool, above the reserve
    assert balances(quote, trader, keeper, round_pool) == (WEALTH, WEALTH + 826_446_280, 9_157_024_795 + 16_528_925)


def test_quote_for_base(round_pool, base, quote, trader, events):
    receipt = round_pool.swap(quote, 1_000_000_000, 0, trader, START, sender=trader)
    assert events(receipt) == [
        (
            "pool", "Swapped", "trader", "trader", "quote", 1_000_000_000, 826_446_280, 82_644_629, 16_528_925,
            9_157_024_795, 11_000_000_000,
        ),
        ("quote", "Transfer", "trader", "pool", 1_000_000_000),
        ("base", "Transfer", "pool", "trader", 826_446_280),
    ]  # fmt: skip
    assert balances(base, trader, round_pool) == (WEALTH + 826_446_280, 9_157_024_795 + 16_528_925)


def test_the_minimum_fee_counts_where_slip_is_small(round_pool, base, trader, events):
    # by slip 999.9998; by the minimum fee of 10 bps 998.9999; the constant product gives 999.9999
    receipt = round_pool.swap(base, 1_000, 0, trader, START, sender=trader)
    assert events(receipt)[0] == ("pool", "Swapped", "trader", "trader", "base", 1_000, 998, 1, 0, ROUND + 1_000, ROUND - 998)


def test_a_swap_touches_the_pool_first(pool, base, trader, events):
    wait(DAY)
    receipt = pool.swap(base, 1_000, 0, trader, START + DAY, sender=trader)
    assert events.own(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        ("pool", "Swapped", "trader", "trader", "base", 1_000, 998, 1, 0, TOTAL + 1_000, TOTAL - 998),
    ]


def test_the_minimum_output_and_the_deadline_are_welcome_themselves(pool, base, trader):
    assert pool.swap.call(base, 1_000, 998, trader, START, sender=trader) == 998
    assert reason(pool.swap, base, 1_000, 999, trader, START, sender=trader) == "pool: output below minimum"
    assert reason(pool.swap, base, 1_000, 998, trader, START - 1, sender=trader) == "pool: deadline passed"


def test_only_an_active_pool_swaps(suspended_pool, pending_pool, base, spare_base, trader):
    assert reason(suspended_pool.swap, base, 1_000, 0, trader, START, sender=trader) == "pool: not active"
    assert reason(pending_pool().swap, spare_base, 1_000, 0, trader, START, sender=trader) == "pool: not active"


def test_only_the_tokens_of_the_pair_are_known(pool, dlq, trader):
    assert reason(pool.swap, dlq, 1_000, 0, trader, START, sender=trader) == "pool: unknown token"


def test_nobody_and_the_pool_itself_are_no_recipients(pool, base, trader):
    for recipient in ("0x" + 40 * "0", pool):
        assert reason(pool.swap, base, 1_000, 0, recipient, START, sender=trader) == "pool: bad recipient"


def test_the_token_in_may_fill_its_reserve_to_the_last(pool, base, quote, trader):
    move_market(pool, base, quote, MAX - 5_000, FIRST)
    assert reason(pool.swap, base, 5_001, 0, trader, START, sender=trader) == "pool: reserve too large"
    # nothing comes of it, but it fits
    assert reason(pool.swap, base, 5_000, 0, trader, START, sender=trader) == "pool: zero output"


def test_a_swap_for_nothing_is_refused(pool, base, trader):
    # 1 in: 0.99 out
    for amount_in in (0, 1):
        assert reason(pool.swap, base, amount_in, 0, trader, START, sender=trader) == "pool: zero output"
    with ape.reverts("pool: zero output"):
        pool.swap(base, 1, 0, trader, START, sender=trader)


def test_the_checks_come_in_order(pool, base, dlq, trader, controller, governor):
    zero = "0x" + 40 * "0"
    assert reason(pool.swap, dlq, MAX, MAX, zero, START - 1, sender=trader) == "pool: deadline passed"
    assert reason(pool.swap, dlq, MAX, MAX, zero, START, sender=trader) == "pool: unknown token"
    assert reason(pool.swap, base, MAX, MAX, zero, START, sender=trader) == "pool: bad recipient"
    assert reason(pool.swap, base, MAX, MAX, trader, START, sender=trader) == "pool: reserve too large"
    assert reason(pool.swap, base, 0, MAX, trader, START, sender=trader) == "pool: zero output"
    assert reason(pool.swap, base, WEALTH + 1, MAX, trader, START, sender=trader) == "pool: output below minimum"
    controller.set_status(pool, 2, *ANY_PRICE, sender=governor)
    assert reason(pool.swap, dlq, MAX, MAX, zero, START - 1, sender=trader) == "pool: deadline passed"
    assert reason(pool.swap, dlq, MAX, MAX, zero, START, sender=trader) == "pool: not active"


def test_the_tokens_have_the_last_word(pool, base, trader, governor):
    assert reason(pool.swap, base, WEALTH + 1, 0, trader, START, sender=trader) == "erc20: transfer amount exceeds balance"
    assert reason(pool.swap, base, 1_000, 0, governor, START, sender=governor) == "erc20: insufficient allowance"
