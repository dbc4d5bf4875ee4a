"""R9: confirming a staged deposit."""

import ape

from tests.unit.support import (
    DAY,
    EPOCH,
    LOT,
    ONE,
    START,
    TOTAL,
    balances,
    changes,
    fields,
    move_market,
    reason,
    set_oracle,
    suspend,
    wait,
)


def test_a_confirmed_deposit_is_an_add_of_that_moment(pool, base, quote, keeper, events):
    pool.stage_deposit(LOT, LOT, sender=keeper)
    held = balances(base, keeper, pool), balances(quote, keeper, pool)
    before = pool.state()
    wait(60)
    assert pool.confirm_deposit.call(LOT, sender=keeper) == LOT
    receipt = pool.confirm_deposit(LOT, sender=keeper)
    total = TOTAL + LOT
    assert events(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "DepositConfirmed", "keeper", LOT, LOT),
        ("pool", "Added", "keeper", LOT, LOT, LOT, LOT, LOT, total, total, total),
    ]
    assert changes(before, pool.state()) == {
        "staged_base": 0, "staged_quote": 0, "reserve_base": total, "reserve_quote": total, "total_units": total,
        "oracle_updated_at": START + 60, "added": 3 * LOT, "struck": LOT,
    }  # fmt: skip
    assert fields(pool.position(keeper)) == (LOT, LOT, LOT, START + 60, START + 60)
    assert fields(pool.deposit(keeper)) == (0, 0, 0)
    assert (balances(base, keeper, pool), balances(quote, keeper, pool)) == held


def test_the_price_of_the_confirmation_counts_not_that_of_the_staging(pool, base, quote, keeper):
    pool.stage_deposit(LOT, 4 * LOT, sender=keeper)
    move_market(pool, base, quote, TOTAL // 2, 2 * TOTAL)
    wait(60)
    # symmetrical at price 4, where a unit is half a base and two quote
    pool.confirm_deposit(2 * LOT, sender=keeper)
    assert fields(pool.position(keeper)) == (2 * LOT, LOT, 4 * LOT, START + 60, START + 60)


def test_a_confirmation_turns_the_epoch(pool, keeper, events):
    pool.stage_deposit(LOT, LOT, sender=keeper)
    wait(DAY)
    assert events(pool.confirm_deposit(0, sender=keeper))[:3] == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "EpochOpened", EPOCH + 1, False, 0, TOTAL),
        ("pool", "DepositConfirmed", "keeper", LOT, LOT),
    ]


def test_a_deposit_can_be_the_first_add(new_pool, founder):
    pool = new_pool()
    pool.stage_deposit(2_000, 8_000, sender=founder)
    wait(60)
    pool.confirm_deposit(3_000, sender=founder)
    assert fields(pool.position(founder)) == (3_000, 0, 0, 0, START + 60)


def test_a_suspended_pool_confirms_nothing(pool, keeper, controller, governor):
    pool.stage_deposit(1, 1, sender=keeper)
    suspend(controller, pool, governor)
    wait(60)
    assert reason(pool.confirm_deposit, 0, sender=keeper) == "pool: suspended"


def test_there_must_be_something_staged_by_the_caller(pool, keeper, outsider):
    pool.stage_deposit(1, 1, sender=keeper)
    wait(60)
    assert reason(pool.confirm_deposit, 0, sender=outsider) == "pool: nothing staged"
    with ape.reverts("pool: nothing staged"):
        pool.confirm_deposit(0, sender=outsider)


def test_the_last_staging_starts_the_wait(pool, keeper):
    pool.stage_deposit(10, 10, sender=keeper)
    wait(59)
    assert reason(pool.confirm_deposit, 0, sender=keeper) == "pool: deposit not confirmable yet"
    pool.stage_deposit(10, 10, sender=keeper)
    wait(59)
    assert reason(pool.confirm_deposit, 0, sender=keeper) == "pool: deposit not confirmable yet"
    wait(1)
    assert pool.confirm_deposit.call(0, sender=keeper) == 20


def test_without_a_wait_a_deposit_is_confirmed_at_once(active_pool, keeper):
    pool = active_pool(confirmation_seconds=0)
    pool.stage_deposit(10, 10, sender=keeper)
    assert pool.confirm_deposit.call(0, sender=keeper) == 10


def test_the_checks_of_adding_come_last(pool, base, quote, keeper):
    pool.stage_deposit(10, 10, sender=keeper)
    assert reason(pool.confirm_deposit, 21, sender=keeper) == "pool: deposit not confirmable yet"
    wait(60)
    assert reason(pool.confirm_deposit, 21, sender=keeper) == "pool: units below minimum"
    move_market(pool, base, quote, TOTAL, 2 * TOTAL)
    set_oracle(pool, ONE)
    assert reason(pool.confirm_deposit, 21, sender=keeper) == "pool: price unstable"


def test_what_is_worth_no_unit_cannot_be_confirmed(pool, keeper):
    pool.stage_deposit(1, 0, sender=keeper)
    wait(60)
    assert reason(pool.confirm_deposit, 0, sender=keeper) == "pool: zero units"


def test_the_first_add_needs_both_tokens_when_staged_too(new_pool, founder):
    pool = new_pool()
    pool.stage_deposit(10**9, 0, sender=founder)
    wait(60)
    assert reason(pool.confirm_deposit, 0, sender=founder) == "pool: first add needs both tokens"
    pool.stage_deposit(0, 1, sender=founder)
    wait(60)
    # isqrt(10**9) = 31_622; what is staged is added as a whole
    assert pool.confirm_deposit.call(0, sender=founder) == 30_622
