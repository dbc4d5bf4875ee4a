"""R24: previews of swaps and of adds."""

from model.liquidity_math import MINIMUM_UNITS
from tests.unit.support import (
    FIRST,
    LOT,
    MAX,
    ONE,
    TOTAL,
    UNLIMITED,
    WEALTH,
    add,
    arrange,
    fields,
    open_books,
    reason,
    set_oracle,
    suspend,
    wait,
)

NOBODY = "0x" + 20 * "11"


def test_a_swap_either_way(lens, pool, base, quote, trader):
    # of X = Y = 20_000_001_000: floor(dx*X*Y / (dx + X)**2), which is below the output with the minimum fee
    amount_out = 10**9 * TOTAL * TOTAL // (10**9 + TOTAL) ** 2
    for token in (base, quote):
        assert lens.preview_swap(pool, token, 10**9) == amount_out
        assert pool.swap.call(token, 10**9, 0, trader, UNLIMITED, sender=trader) == amount_out


def test_a_swap_is_refused_as_it_would_be(lens, pool, base, dlq, trader, pending_pool):
    for arguments, refusal in (
        ((pending_pool(), base, 1), "pool: not active"),
        ((pool, dlq, 10**9), "pool: unknown token"),
        ((pool, base, MAX - TOTAL + 1), "pool: reserve too large"),
        ((pool, base, UNLIMITED), "pool: reserve too large"),
        ((pool, base, 1), "pool: zero output"),
    ):
        assert reason(lens.preview_swap, *arguments, sender=trader) == refusal


def test_what_one_brings_need_not_be_there(lens, pool, base):
    # more than any trader has, and somebody who has nothing and has approved nobody
    assert lens.preview_swap(pool, base, 2 * WEALTH) == 2
    assert lens.preview_add(pool, NOBODY, LOT, LOT) == LOT


def test_the_first_add(lens, new_pool, provider):
    pool = new_pool()
    assert lens.preview_add(pool, provider, FIRST, FIRST) == FIRST - MINIMUM_UNITS
    for amounts, refusal in (
        ((0, 0), "pool: zero amount"),
        ((MAX + 1, 1), "pool: reserve too large"),
        ((1, MAX + 1), "pool: reserve too large"),
        ((FIRST, 0), "pool: first add needs both tokens"),
        ((0, FIRST), "pool: first add needs both tokens"),
        ((1_000, 1_000), "pool: first add too small"),
    ):
        assert reason(lens.preview_add, pool, provider, *amounts, sender=provider) == refusal


def test_an_add_of_one_token(lens, pool, provider):
    # U = B = Q: floor(U * (q*B) / (q*B + 2*Q*B))
    units = TOTAL * 10**6 // (10**6 + 2 * TOTAL)
    assert lens.preview_add(pool, provider, 0, 10**6) == units
    assert pool.add.call(0, 10**6, 0, UNLIMITED, sender=provider) == units
    assert reason(lens.preview_add, pool, provider, 0, 1, sender=provider) == "pool: zero units"


def test_an_add_at_an_unstable_price(lens, pool, provider, pending_pool):
    set_oracle(pool, ONE // 2)
    assert reason(lens.preview_add, pool, provider, LOT, LOT, sender=provider) == "pool: price unstable"
    # by then the oracle has caught up, as the add would find
    wait(3_600)
    assert lens.preview_add(pool, provider, LOT, LOT) == LOT
    # nothing is struck while the pool is PENDING
    assert lens.preview_add(pending_pool(), provider, LOT, LOT) == LOT


def test_an_add_beyond_the_depth_of_the_epoch(lens, pool, provider, outsider):
    assert lens.preview_add(pool, provider, TOTAL, TOTAL) == TOTAL
    assert reason(lens.preview_add, pool, provider, TOTAL + 1, TOTAL + 1, sender=provider) == "pool: struck too much this epoch"
    add(pool, LOT, LOT, provider)
    assert reason(lens.preview_add, pool, outsider, TOTAL, TOTAL, sender=provider) == "pool: struck too much this epoch"
    # the next epoch opens with all units that there are by then
    wait(86_400)
    assert lens.preview_add(pool, outsider, TOTAL + LOT, TOTAL + LOT) == TOTAL + LOT


def test_an_add_to_units_without_a_clock_strikes_them_too(lens, pool, founder):
    # the founder's units are from before the pool was ACTIVE: all but the locked ones of FIRST
    room = TOTAL - (FIRST - MINIMUM_UNITS)
    assert lens.preview_add(pool, founder, room, room) == room
    assert reason(lens.preview_add, pool, founder, room + 1, room + 1, sender=founder) == "pool: struck too much this epoch"


def test_a_staged_deposit(lens, pool, provider, outsider, controller, governor):
    assert reason(lens.preview_confirm_deposit, pool, outsider, sender=provider) == "pool: nothing staged"
    arrange(pool.stage_deposit, 0, 10**6, sender=provider)
    wait(59)
    assert reason(lens.preview_confirm_deposit, pool, provider, sender=outsider) == "pool: deposit not confirmable yet"
    wait(1)
    units = TOTAL * 10**6 // (10**6 + 2 * TOTAL)
    assert lens.preview_confirm_deposit(pool, provider) == pool.confirm_deposit.call(0, sender=provider) == units
    set_oracle(pool, ONE // 2)
    assert reason(lens.preview_confirm_deposit, pool, provider, sender=outsider) == "pool: price unstable"
    suspend(controller, pool, governor)
    assert reason(lens.preview_confirm_deposit, pool, provider, sender=outsider) == "pool: suspended"
    assert reason(lens.preview_add, pool, provider, 0, 0, sender=outsider) == "pool: suspended"


def test_the_principal_to_be_struck(lens, pool, founder, provider, outsider, pending_pool):
    units = FIRST - MINIMUM_UNITS
    assert tuple(lens.preview_begin_protection(pool, founder)) == (units, units)
    pool.begin_protection(sender=founder)
    assert fields(pool.position(founder))[1:3] == (units, units)
    assert reason(lens.preview_begin_protection, pool, founder, sender=founder) == "pool: already protected"
    assert reason(lens.preview_begin_protection, pool, outsider, sender=founder) == "pool: no position"
    assert reason(lens.preview_begin_protection, pending_pool(), founder, sender=founder) == "pool: not active"


def test_a_principal_that_cannot_be_struck(lens, pool, founder):
    open_books(pool, FIRST - MINIMUM_UNITS - 1)
    assert reason(lens.preview_begin_protection, pool, founder, sender=founder) == "pool: struck too much this epoch"
    set_oracle(pool, ONE // 2)
    assert reason(lens.preview_begin_protection, pool, founder, sender=founder) == "pool: price unstable"
