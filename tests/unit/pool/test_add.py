"""R5 to R8, R10: adding."""

import ape
import pytest

from tests.unit.support import (
    open_books,
    ANY_PRICE,
    DAY,
    EPOCH,
    FIRST,
    LOT,
    MAX,
    ONE,
    START,
    TOTAL,
    UNLIMITED,
    WEALTH,
    activate,
    add,
    balances,
    changes,
    fields,
    move_market,
    reason,
    set_oracle,
    wait,
)


def test_the_first_add_locks_a_thousand_units_for_ever(new_pool, spare_base, spare_quote, founder, events):
    pool = new_pool()
    before = pool.state()
    # isqrt(2_000 * 8_000) = 4_000
    assert pool.add.call(2_000, 8_000, 3_000, START, sender=founder) == 3_000
    receipt = pool.add(2_000, 8_000, 3_000, START, sender=founder)
    assert events(receipt) == [
        ("second_pool", "Added", "founder", 2_000, 8_000, 3_000, 0, 0, 2_000, 8_000, 4_000),
        ("spare_base", "Transfer", "founder", "second_pool", 2_000),
        ("spare_quote", "Transfer", "founder", "second_pool", 8_000),
    ]
    assert changes(before, pool.state()) == {"reserve_base": 2_000, "reserve_quote": 8_000, "total_units": 4_000, "added": 3_000}
    # no principal and no clock while the pool is pending
    assert fields(pool.position(founder)) == (3_000, 0, 0, 0, START)
    assert balances(spare_base, founder, pool) == (WEALTH - 2_000, 2_000)
    assert balances(spare_quote, founder, pool) == (WEALTH - 8_000, 8_000)


def test_the_first_add_must_exceed_the_locked_units(new_pool, founder):
    pool = new_pool()
    # isqrt(1_000 * 1_001) = 1_000; isqrt(1_001 * 1_001) = 1_001
    assert reason(pool.add, 1_000, 1_001, 0, START, sender=founder) == "pool: first add too small"
    add(pool, 1_001, 1_001, founder)
    assert pool.position(founder).units == 1


def test_an_add_to_an_active_pool_strikes_a_principal_and_starts_the_clock(pool, base, quote, keeper, events):
    wait(600)
    before = pool.state()
    receipt = pool.add(LOT, LOT, LOT, START + 600, sender=keeper)
    total = TOTAL + LOT
    assert events(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "Added", "keeper", LOT, LOT, LOT, LOT, LOT, total, total, total),
        ("base", "Transfer", "keeper", "pool", LOT),
        ("quote", "Transfer", "keeper", "pool", LOT),
    ]
    assert changes(before, pool.state()) == {
        "reserve_base": total, "reserve_quote": total, "total_units": total, "oracle_updated_at": START + 600, "added": 3 * LOT,
        "struck": LOT,
    }  # fmt: skip
    assert fields(pool.position(keeper)) == (LOT, LOT, LOT, START + 600, START + 600)
    assert balances(base, keeper, pool) == balances(quote, keeper, pool) == (WEALTH - LOT, total)


def test_every_add_restarts_the_clock_of_the_whole_position(pool, provider):
    wait(49 * DAY)
    add(pool, 2, 2, provider)
    assert fields(pool.position(provider)) == (LOT + 2, LOT + 2, LOT + 2, START + 49 * DAY, START + 49 * DAY)


def test_an_add_counts_in_the_books_of_its_epoch_only(pool, keeper, events):
    wait(DAY)
    receipt = pool.add(LOT, LOT, 0, UNLIMITED, sender=keeper)
    assert events.own(receipt)[1] == ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL)
    assert pool.state().added == LOT


def test_a_one_sided_add_is_protected_as_if_it_were_symmetrical(pool, quote, keeper, events):
    # U = B = Q = q: a third of the units, so a quarter of the pool: of all B a quarter, of twice Q a half
    receipt = pool.add(0, TOTAL, 0, UNLIMITED, sender=keeper)
    # isqrt(5_000_000_250 * 10_000_000_500)
    assert 7_071_068_165**2 <= 5_000_000_250 * 10_000_000_500 < 7_071_068_166**2
    assert events(receipt) == [
        ("pool", "Added", "keeper", 0, TOTAL, 6_666_667_000, 7_071_068_165, 7_071_068_165, TOTAL, 2 * TOTAL, TOTAL + 6_666_667_000),
        ("quote", "Transfer", "keeper", "pool", TOTAL),
    ]


def test_an_add_protects_the_units_from_the_pending_pool_as_well(pool, founder):
    wait(30)
    add(pool, LOT, LOT, founder)
    assert fields(pool.position(founder)) == (2 * LOT, 2 * LOT, 2 * LOT, START + 30, START + 30)


def test_an_add_to_a_pending_pool_has_no_guard(pending_pool, provider):
    pool = pending_pool()
    # four times the price, and nobody to mind
    add(pool, 1, 4 * LOT, provider)
    assert pool.position(provider).principal_base == pool.position(provider).clock == 0


def test_the_deadline(pool, provider):
    assert pool.add.call(5, 5, 5, START, sender=provider) == 5
    assert reason(pool.add, 5, 5, 5, START - 1, sender=provider) == "pool: deadline passed"
    with ape.reverts("pool: deadline passed"):
        pool.add(5, 5, 5, START - 1, sender=provider)


def test_a_suspended_pool_takes_no_adds(suspended_pool, provider):
    assert reason(suspended_pool.add, 5, 5, 0, START, sender=provider) == "pool: suspended"


def test_nothing_is_no_add(pool, provider):
    assert reason(pool.add, 0, 0, 0, START, sender=provider) == "pool: zero amount"


def test_reserves_have_a_limit(pool, provider):
    for amounts in ((MAX - TOTAL + 1, 0), (0, MAX - TOTAL + 1), (UNLIMITED, 0), (0, UNLIMITED)):
        assert reason(pool.add, *amounts, 0, START, sender=provider) == "pool: reserve too large"


@pytest.mark.parametrize(("spot", "accepted"), [(10_099, True), (10_101, False), (9_901, True), (9_899, False)])
def test_a_principal_is_struck_within_one_percent_of_the_oracle_only(pool, base, quote, provider, spot, accepted):
    move_market(pool, base, quote, 10_000 * 10**6, spot * 10**6)
    set_oracle(pool, ONE)
    if accepted:
        assert pool.add.call(10**6, 10**6, 0, START, sender=provider) > 0
    else:
        assert reason(pool.add, 10**6, 10**6, 0, START, sender=provider) == "pool: price unstable"


def test_the_guard_looks_after_the_touch(pool, base, quote, provider):
    move_market(pool, base, quote, 10**10, 2 * 10**10)
    set_oracle(pool, ONE)
    assert reason(pool.add, 5, 5, 0, UNLIMITED, sender=provider) == "pool: price unstable"
    # the whole window later the oracle has caught up
    wait(1_800)
    assert pool.add.call(10, 20, 0, UNLIMITED, sender=provider) > 0


def test_the_first_add_needs_both_tokens(new_pool, founder):
    pool = new_pool()
    for amounts in ((10**9, 0), (0, 10**9)):
        assert reason(pool.add, *amounts, 0, START, sender=founder) == "pool: first add needs both tokens"


def test_an_add_for_nothing_is_refused(pool, provider):
    # one base unit is worth half a unit
    assert reason(pool.add, 1, 0, 0, START, sender=provider) == "pool: zero units"


def test_the_minimum_of_units_is_without_the_locked_ones(new_pool, pool, founder, provider):
    assert reason(pool.add, 100, 100, 101, START, sender=provider) == "pool: units below minimum"
    assert pool.add.call(100, 100, 100, START, sender=provider) == 100
    pool = new_pool()
    assert reason(pool.add, 1_001, 1_001, 2, START, sender=founder) == "pool: units below minimum"
    assert pool.add.call(1_001, 1_001, 1, START, sender=founder) == 1


def test_the_checks_come_in_order(pool, provider, controller, governor):
    set_oracle(pool, ONE // 2)
    assert reason(pool.add, MAX, 0, MAX, START, sender=provider) == "pool: reserve too large"
    assert reason(pool.add, 1, 0, MAX, START, sender=provider) == "pool: price unstable"
    set_oracle(pool, ONE)
    assert reason(pool.add, 1, 0, MAX, START, sender=provider) == "pool: zero units"
    assert reason(pool.add, WEALTH + 1, 0, MAX, START, sender=provider) == "pool: units below minimum"
    assert reason(pool.add, WEALTH + 1, 1, 0, START, sender=provider) == "erc20: transfer amount exceeds balance"
    controller.set_status(pool, 2, *ANY_PRICE, sender=governor)
    assert reason(pool.add, 0, 0, MAX, START - 1, sender=provider) == "pool: deadline passed"
    assert reason(pool.add, 0, 0, MAX, START, sender=provider) == "pool: suspended"


def test_the_checks_of_a_first_add_come_in_order(new_pool, founder):
    pool = new_pool()
    assert reason(pool.add, UNLIMITED, 0, 1, START, sender=founder) == "pool: reserve too large"
    assert reason(pool.add, 1, 0, MAX, START, sender=founder) == "pool: first add needs both tokens"
    assert reason(pool.add, 1, 1, MAX, START, sender=founder) == "pool: first add too small"
    assert reason(pool.add, WEALTH + 1, 1, MAX, START, sender=founder) == "pool: units below minimum"


def test_the_tokens_have_the_last_word(pool, provider, governor):
    assert reason(pool.add, WEALTH + 1, 0, 0, START, sender=provider) == "erc20: transfer amount exceeds balance"
    assert reason(pool.add, 0, WEALTH + 1, 0, START, sender=provider) == "erc20: transfer amount exceeds balance"
    assert reason(pool.add, 5, 5, 0, START, sender=governor) == "erc20: insufficient allowance"


def test_one_epoch_strikes_no_more_units_than_it_opened_with(pool, provider, keeper, events):
    # the epoch opened with TOTAL units and has struck none
    too_much = "pool: struck too much this epoch"
    assert reason(pool.add, TOTAL + 1, TOTAL + 1, 0, START, sender=provider) == too_much
    add(pool, TOTAL - 7, TOTAL - 7, provider)
    assert reason(pool.add, 8, 8, 0, START, sender=keeper) == too_much
    add(pool, 7, 7, keeper)
    assert pool.state().struck == pool.state().opening_units == TOTAL
    assert reason(pool.add, 1, 1, 0, START, sender=keeper) == too_much
    # the next epoch opens with all of them
    wait(DAY)
    add(pool, 2 * TOTAL, 2 * TOTAL, keeper)
    assert pool.state().struck == pool.state().opening_units == 2 * TOTAL


@pytest.mark.parametrize("token_in", ["base", "quote"])
def test_a_principal_has_a_limit(active_pool, spare_base, spare_quote, governor, lens, token_in):
    """Half of all tokens at price 1, then the rest of one at a price that the other half has moved."""
    pool = active_pool(min_fee_bps=0, protocol_fee_bps=0, oracle_window_seconds=60)
    for token in (spare_base, spare_quote):
        token.approve(pool, UNLIMITED, sender=governor)
    half = MAX // 2
    open_books(pool, MAX)
    add(pool, half, half, governor)
    coming, going = (spare_base, spare_quote) if token_in == "base" else (spare_quote, spare_base)
    pool.swap(coming, coming.balanceOf(governor), 0, governor, UNLIMITED, sender=governor)
    # a lagging oracle falls by half a window at most
    wait(60)
    pool.request_withdrawal(1, sender=governor)
    wait(60)
    rest = going.balanceOf(governor)
    # three eighths of the reserve bought for a half: price 3/8 of before. The rest buys nearly a third of the pool, which
    # is worth more than half of all tokens of the kind that came in
    amounts = (0, rest) if token_in == "base" else (rest, 0)
    assert reason(pool.add, *amounts, 0, UNLIMITED, sender=governor) == "pool: principal too large"
    assert reason(lens.preview_add, pool, governor, *amounts, sender=governor) == "pool: principal too large"
    # a third of it is well within the limit
    less = (0, rest // 3) if token_in == "base" else (rest // 3, 0)
    assert pool.add.call(*less, 0, UNLIMITED, sender=governor) > 0


def test_an_extreme_price_overflows_with_a_reason(active_pool, spare_base, spare_quote, provider):
    pool = active_pool()
    move_market(pool, spare_base, spare_quote, 1, MAX)
    # the share: nearly 2**111 base, nearly 2**112 quote; times Q/B that is more than 256 bits
    assert reason(pool.add, 2**111, 0, 0, START, sender=provider) == "math: mul_div overflow"


def test_a_pool_that_has_become_active_guards_its_price(pending_pool, controller, governor, provider, spare_quote, trader):
    pool = pending_pool(min_fee_bps=0)
    activate(controller, pool, governor)
    pool.swap(spare_quote, FIRST // 10, 0, trader, START, sender=trader)
    assert reason(pool.add, 5, 5, 0, START, sender=provider) == "pool: price unstable"
