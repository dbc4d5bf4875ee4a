"""R24: previews of withdrawals, exits and sweeps. The numbers are those of tests/unit/pool/test_withdraw.py, and worked there."""

import pytest
from ape import chain

from tests.unit.support import (
    DAY,
    LOT,
    ONE,
    START,
    TOTAL,
    UNLIMITED,
    ZERO_ADDRESS,
    add,
    arrange,
    fields,
    fill_reserve,
    move_market,
    quadruple_price,
    reason,
    set_oracle,
    suspend,
    wait,
    wait_until,
)

QUARTER = LOT // 4
NOTHING_DUE = (False, 0, 0, 0, ZERO_ADDRESS, 0, 0, 0, 0, 0, 0)


def request_for_day(pool, provider, day, units):
    """Ask on the day before; it is that day now."""
    wait_until(START + (day - 1) * DAY)
    arrange(pool.request_withdrawal, units, sender=provider)
    wait(DAY)


def paid(pool, provider) -> tuple[int, ...]:
    """What the call itself returns."""
    return tuple(pool.withdraw.call(0, 0, UNLIMITED, sender=provider))


def received(withdrawal) -> tuple[int, ...]:
    return withdrawal.base, withdrawal.quote, withdrawal.slashed, withdrawal.shortfall


@pytest.fixture
def lossy_pool(pool, base, quote):
    quadruple_price(pool, base, quote)
    return pool


@pytest.fixture
def backed_pool(lossy_pool, backstop, dlq_pool, staker):
    """4_000_000_000 DLQ, at 2 quote each, stand by."""
    arrange(backstop.stake, lossy_pool, 4_000_000_000, sender=staker)
    return lossy_pool


def test_without_a_request_there_is_no_withdrawal(lens, pool, provider, outsider):
    assert reason(lens.preview_withdraw, pool, provider, sender=outsider) == "pool: no executable request"
    request_for_day(pool, provider, 2, 10)
    assert fields(lens.preview_withdraw(pool, provider)) == (10, 10, 10, *NOTHING_DUE)
    wait(DAY)
    assert reason(lens.preview_withdraw, pool, provider, sender=outsider) == "pool: no executable request"


def test_a_lock_up_holds_a_withdrawal_back_but_not_the_entitlement(lens, pool, provider, outsider):
    request_for_day(pool, provider, 2, 10)
    add(pool, 2, 2, provider)
    assert reason(lens.preview_withdraw, pool, provider, sender=outsider) == "pool: locked up"
    assert fields(lens.preview_entitlement(pool, provider, 10)) == (10, 10, 10, *NOTHING_DUE)


def test_calm_in_kind_and_in_quote(lens, backed_pool, base, quote, reserve, provider, governor):
    for token in (base, quote):
        fill_reserve(reserve, token, 250_000_000, governor)
    request_for_day(backed_pool, provider, 100, QUARTER)
    withdrawal = lens.preview_withdraw(backed_pool, provider)
    assert fields(withdrawal) == (
        QUARTER, 1_500_000_000, 4_750_000_000,
        False, 100 * DAY, QUARTER, QUARTER, base, 1_250_000_000, 250_000_000, 500_000_000, 250_000_000, 0, 1_750_000_000,
    )  # fmt: skip
    assert received(withdrawal) == paid(backed_pool, provider)
    assert lens.preview_entitlement(backed_pool, provider, QUARTER) == withdrawal


def test_a_fallen_price(lens, pool, base, quote, reserve, provider, governor):
    move_market(pool, base, quote, 2 * TOTAL, TOTAL // 2)
    fill_reserve(reserve, quote, LOT, governor)
    request_for_day(pool, provider, 100, QUARTER)
    half, loss = QUARTER // 2, QUARTER // 4
    withdrawal = lens.preview_withdraw(pool, provider)
    assert fields(withdrawal) == (QUARTER, QUARTER, QUARTER, False, 100 * DAY, loss, loss, quote, half, half, QUARTER, 0, 0, 0)
    assert received(withdrawal) == paid(pool, provider)


def test_bailout_counts_the_surpluses_of_all_active_pools(
    lens, backed_pool, base, quote, dlq, reserve, controller, active_pool, provider, keeper, governor
):
    pool, other = backed_pool, active_pool()
    fill_reserve(reserve, base, 600_000_000, governor)
    fill_reserve(reserve, quote, 1_000_000_000, governor)
    arrange(base.transfer, pool, 400_000_000, sender=governor)
    # reaches the Reserve with the 300_000_000 of the surplus; that of a pool of other tokens does not matter
    arrange(base.transfer, reserve, 100_000_000, sender=governor)
    arrange(dlq.transfer, controller.dlq_pools(quote), 9, sender=governor)
    arrange(dlq.transfer, other, 9, sender=governor)
    request_for_day(pool, provider, 100, LOT)
    withdrawal = lens.preview_withdraw(pool, provider)
    assert fields(withdrawal) == (
        LOT, 5_500_000_000, 19_500_000_000, True, 100 * DAY, LOT, LOT, base, LOT // 2,
        500_000_000, 1_000_000_000, 500_000_000, 2_000_000_000, 4_500_000_000,
    )  # fmt: skip
    assert received(withdrawal) == paid(pool, provider)
    # once the epoch has been swept, what comes after it counts no more
    arrange(controller.sweep, sender=keeper)
    arrange(base.transfer, pool, 400_000_000, sender=governor)
    assert lens.preview_withdraw(pool, provider) == withdrawal
    assert received(withdrawal) == paid(pool, provider)


def test_a_surplus_of_another_pool_with_the_tokens_in_other_places(
    lens, backed_pool, create_pool, base, quote, dlq, spare_base, controller, provider, founder, governor
):
    others = [create_pool(spare_base, base), create_pool(quote, spare_base)]
    for other, token in zip(others, (base, quote)):
        for approved in (token, spare_base):
            arrange(approved.approve, other, UNLIMITED, sender=founder)
        add(other, LOT, LOT, founder)
        arrange(controller.set_status, other, 1, 0, UNLIMITED, sender=governor)
    arrange(base.transfer, others[0], 1_000_000_000, sender=governor)
    arrange(quote.transfer, others[1], 1_000_000_000, sender=governor)
    pending = create_pool(dlq, base)
    arrange(base.transfer, pending, 1_000_000_000, sender=governor)
    request_for_day(backed_pool, provider, 100, LOT)
    # as above: 10**9 of each, of which half may be drawn
    withdrawal = lens.preview_withdraw(backed_pool, provider)
    assert (withdrawal.paid, withdrawal.paid_quote, withdrawal.slashed) == (500_000_000, 500_000_000, 2_000_000_000)
    assert received(withdrawal) == paid(backed_pool, provider)


def test_a_suspended_pool_sweeps_itself_too(lens, backed_pool, base, reserve, controller, provider, governor):
    suspend(controller, backed_pool, governor)
    arrange(base.transfer, backed_pool, 400_000_000, sender=governor)
    request_for_day(backed_pool, provider, 100, LOT)
    withdrawal = lens.preview_withdraw(backed_pool, provider)
    assert withdrawal.paid == 150_000_000
    assert received(withdrawal) == paid(backed_pool, provider)


@pytest.mark.parametrize("named", ["none", "suspended", "moved"])
def test_the_price_of_dlq(lens, backed_pool, dlq_pool, dlq, quote, controller, provider, keeper, governor, named):
    request_for_day(backed_pool, provider, 100, LOT)
    if named == "none":
        arrange(controller.name_dlq_pool, quote, ZERO_ADDRESS, sender=governor)
    elif named == "suspended":
        suspend(controller, dlq_pool, governor)
    else:
        arrange(controller.sweep, sender=keeper)
        move_market(dlq_pool, dlq, quote, 1_000_000, 4_000_000)
        set_oracle(dlq_pool, 2 * ONE)
    withdrawal = lens.preview_withdraw(backed_pool, provider)
    assert withdrawal.slashed == (2_000_000_000 if named == "moved" else 0)
    assert received(withdrawal) == paid(backed_pool, provider)


def test_an_entitlement_grows_with_the_age(lens, lossy_pool, base, reserve, provider, outsider, governor):
    fill_reserve(reserve, base, LOT, governor)
    assert fields(lens.preview_entitlement(lossy_pool, provider, QUARTER)) == (QUARTER, QUARTER // 2, 2 * QUARTER, *NOTHING_DUE)
    wait(49 * DAY)
    withdrawal = lens.preview_entitlement(lossy_pool, provider, QUARTER)
    assert (withdrawal.age, withdrawal.coverage, withdrawal.owed) == (49 * DAY, QUARTER, QUARTER * 49 // 100)
    assert received(withdrawal) == (1_862_500_000, 3_775_000_000, 0, 0)
    assert reason(lens.preview_entitlement, lossy_pool, provider, LOT + 1, sender=outsider) == "pool: not enough units"
    assert reason(lens.preview_entitlement, lossy_pool, provider, 0, sender=outsider) == "pool: no executable request"


def test_an_exit(lens, lossy_pool, provider, outsider):
    assert reason(lens.preview_exit, lossy_pool, provider, LOT, sender=outsider) == "pool: locked up"
    wait(DAY)
    assert tuple(lens.preview_exit(lossy_pool, provider, LOT)) == (LOT // 2, 2 * LOT)
    assert tuple(lossy_pool.exit.call(LOT, 0, 0, sender=provider)) == (LOT // 2, 2 * LOT)
    assert reason(lens.preview_exit, lossy_pool, provider, 0, sender=outsider) == "pool: zero units to exit"
    assert reason(lens.preview_exit, lossy_pool, provider, LOT + 1, sender=outsider) == "pool: not enough units"


def test_a_sweep(lens, pool, base, quote, backstop, staker, provider, keeper, governor):
    assert fields(lens.preview_sweep(pool)) == (0, 0, 0, 0)
    arrange(base.transfer, pool, 400, sender=governor)
    assert fields(lens.preview_sweep(pool)) == (400, 0, 0, 0)
    arrange(backstop.stake, pool, 100, sender=staker)
    arrange(quote.transfer, pool, 7, sender=governor)
    # staged deposits are no surplus
    arrange(pool.stage_deposit, 50, 50, sender=provider)
    assert fields(lens.preview_sweep(pool)) == (400, 7, 100, 1)
    assert tuple(pool.sweep.call(sender=keeper)) == (400, 7)


def test_a_reserve_that_has_lost_some_of_what_it_owes(lens, backed_pool, base, reserve, provider, governor):
    fill_reserve(reserve, base, 700_000_000, governor)
    arrange(base.transfer, backed_pool, 400_000_000, sender=governor)
    chain.provider.make_request("anvil_dealERC20", [reserve.address, base.address, hex(1)])
    request_for_day(backed_pool, provider, 100, LOT)
    # as if it had not: half of 10**9
    assert lens.preview_withdraw(backed_pool, provider).paid == 500_000_000
