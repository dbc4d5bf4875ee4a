"""R15, R16: protected withdrawals.

The price goes from 1 to 4 without revenue: LOT units that are protected at LOT base and LOT quote redeem for LOT/2 base and
2*LOT quote. Holding would be worth 4*LOT + LOT, redeeming is worth 2*LOT + 2*LOT: the whole loss is LOT quote, the deficit
LOT/2 base, the surplus LOT quote. A quarter of the provider's units is an eighth of the pool's: calm. All of them: bailout.
"""

import ape
import pytest

from tests.unit.support import (
    ANY_PRICE,
    DAY,
    EPOCH,
    FIRST,
    LOT,
    ONE,
    START,
    TOTAL,
    UNLIMITED,
    WEALTH,
    ZERO_ADDRESS,
    balances,
    changes,
    fields,
    fill_reserve,
    move_market,
    quadruple_price,
    reason,
    send_in_vain,
    set_oracle,
    suspend,
    wait,
    wait_until,
)

QUARTER = LOT // 4
EVERYTHING = (0, 0, UNLIMITED)


def request_for_day(pool, provider, day, units):
    """Ask on the day before; it is that day now."""
    wait_until(START + (day - 1) * DAY)
    pool.request_withdrawal(units, sender=provider)
    wait(DAY)


@pytest.fixture
def lossy_pool(pool, base, quote):
    quadruple_price(pool, base, quote)
    return pool


@pytest.fixture
def backed_pool(lossy_pool, backstop, dlq_pool, staker):
    """4_000_000_000 DLQ, at 2 quote each, stand by."""
    backstop.stake(lossy_pool, 4_000_000_000, sender=staker)
    return lossy_pool


# R12: the request.


def test_a_request_is_executable_in_the_next_epoch_only(pool, provider):
    assert reason(pool.withdraw, *EVERYTHING, sender=provider) == "pool: no executable request"
    wait(DAY)
    pool.request_withdrawal(10, sender=provider)
    assert reason(pool.withdraw, *EVERYTHING, sender=provider) == "pool: no executable request"
    wait(DAY)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (10, 10, 0, 0)
    wait(DAY)
    assert reason(pool.withdraw, *EVERYTHING, sender=provider) == "pool: no executable request"


def test_a_request_is_executed_once(pool, provider):
    request_for_day(pool, provider, 2, 10)
    pool.withdraw(*EVERYTHING, sender=provider)
    with ape.reverts("pool: no executable request"):
        pool.withdraw(*EVERYTHING, sender=provider)


def test_a_cancelled_request_is_not_executed(pool, provider):
    request_for_day(pool, provider, 2, 10)
    pool.request_withdrawal(0, sender=provider)
    assert reason(pool.withdraw, *EVERYTHING, sender=provider) == "pool: no executable request"


def test_nobody_executes_the_request_of_another(pool, provider, outsider):
    request_for_day(pool, provider, 2, 10)
    assert reason(pool.withdraw, *EVERYTHING, sender=outsider) == "pool: no executable request"


def test_units_that_are_locked_up_cannot_leave(provided_pool, provider):
    pool = provided_pool(lockup_seconds=2 * DAY)
    pool.request_withdrawal(10, sender=provider)
    wait(2 * DAY - 1)
    assert reason(pool.withdraw, WEALTH, WEALTH, 0, sender=provider) == "pool: locked up"
    pool.request_withdrawal(10, sender=provider)
    wait(1)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (10, 10, 0, 0)


def test_an_add_locks_up_what_was_requested_before(pool, provider):
    request_for_day(pool, provider, 2, 10)
    pool.add(2, 2, 0, UNLIMITED, sender=provider)
    assert reason(pool.withdraw, *EVERYTHING, sender=provider) == "pool: locked up"


# Without a loss.


def test_without_a_loss_the_share_is_all(pool, base, quote, provider, events):
    request_for_day(pool, provider, 2, QUARTER)
    before = pool.state()
    receipt = pool.withdraw(QUARTER, QUARTER, 0, sender=provider)
    left = TOTAL - QUARTER
    assert events(receipt) == [
        ("pool", "OracleUpdated", ONE),
        ("pool", "EpochOpened", EPOCH + 2, False, QUARTER, TOTAL),
        ("pool", "Withdrawn", "provider", QUARTER, QUARTER, QUARTER, left, left, left),
        ("base", "Transfer", "pool", "provider", QUARTER),
        ("quote", "Transfer", "pool", "provider", QUARTER),
    ]
    # the clock has not changed, and an executed request does not count again
    assert fields(pool.position(provider)) == (LOT - QUARTER, LOT - QUARTER, LOT - QUARTER, START, START)
    assert fields(pool.request(provider)) == (0, 0)
    assert changes(before, pool.state()) == {
        "reserve_base": left, "reserve_quote": left, "total_units": left, "oracle_updated_at": START + 2 * DAY,
        "epoch": EPOCH + 2, "requested": 0,
    }  # fmt: skip
    assert balances(base, provider, pool) == balances(quote, provider, pool) == (WEALTH - LOT + QUARTER, left)


def test_the_last_unit_clears_the_position(pool, provider):
    request_for_day(pool, provider, 2, LOT)
    pool.withdraw(*EVERYTHING, sender=provider)
    assert fields(pool.position(provider)) == (0, 0, 0, 0, 0)


def test_a_position_without_a_clock_gets_its_share(lossy_pool, base, reserve, founder, governor, events):
    fill_reserve(reserve, base, LOT, governor)
    request_for_day(lossy_pool, founder, 100, QUARTER)
    receipt = lossy_pool.withdraw(*EVERYTHING, sender=founder)
    assert [name for _, name, *_ in events.own(receipt)] == ["OracleUpdated", "EpochOpened", "Withdrawn"]
    assert balances(base, founder) == (WEALTH - FIRST + QUARTER // 2,)


def test_a_pool_without_protection_pays_the_share(provided_pool, spare_base, spare_quote, reserve, provider, governor):
    pool = provided_pool(full_protection_seconds=0)
    quadruple_price(pool, spare_base, spare_quote)
    fill_reserve(reserve, spare_base, LOT, governor)
    request_for_day(pool, provider, 100, QUARTER)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER // 2, 2 * QUARTER, 0, 0)


def test_fees_and_incentives_pay_for_the_loss_first(lossy_pool, base, reserve, provider, keeper, governor):
    fill_reserve(reserve, base, LOT, governor)
    # as much base again as there is: the quarter redeems for all of its principal in base
    lossy_pool.donate(TOTAL // 2, 0, sender=keeper)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER, 2 * QUARTER, 0, 0)


# Calm: the Reserve alone.


def test_at_the_whole_level_the_provider_holds_what_was_deposited(lossy_pool, base, quote, reserve, provider, governor, events):
    fill_reserve(reserve, base, LOT, governor)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    half, eighth = QUARTER // 2, TOTAL - QUARTER
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER, QUARTER, 0, 0)
    receipt = lossy_pool.withdraw(QUARTER, QUARTER, 0, sender=provider)
    assert events(receipt) == [
        ("pool", "OracleUpdated", 4 * ONE),
        ("pool", "EpochOpened", EPOCH + 100, False, QUARTER, TOTAL),
        ("pool", "Withdrawn", "provider", QUARTER, half, 2 * QUARTER, eighth // 2, 2 * eighth, eighth),
        ("pool", "Compensated", "provider", False, 100 * DAY, QUARTER, QUARTER, "base", half, half, QUARTER, 0, 0, 0),
        ("base", "Transfer", "pool", "provider", half),
        ("quote", "Transfer", "pool", "provider", QUARTER),
        ("reserve", "Drawn", "pool", "base", "provider", half, LOT - half),
        ("base", "Transfer", "reserve", "provider", half),
        ("quote", "Transfer", "pool", "reserve", QUARTER),
        ("reserve", "Absorbed", "quote", QUARTER, QUARTER),
    ]
    assert (reserve.held(base), reserve.held(quote)) == (LOT - half, QUARTER)
    assert balances(base, provider) == balances(quote, provider) == (WEALTH - LOT + QUARTER,)
    assert balances(base, lossy_pool) == (eighth // 2,)
    assert balances(quote, lossy_pool) == (2 * eighth,)
    assert lossy_pool.state().total_shortfall == 0


def test_after_49_days_49_percent_of_the_loss_is_made_good(lossy_pool, base, reserve, provider, governor):
    fill_reserve(reserve, base, LOT, governor)
    request_for_day(lossy_pool, provider, 49, QUARTER)
    # 1_250_000_000 and 49 % of as much base; 5_000_000_000 less 49 % of 2_500_000_000 quote
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (1_862_500_000, 3_775_000_000, 0, 0)


def test_after_more_than_100_days_it_is_no_more(lossy_pool, base, reserve, provider, governor):
    fill_reserve(reserve, base, LOT, governor)
    request_for_day(lossy_pool, provider, 400, QUARTER)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER, QUARTER, 0, 0)


def test_a_partial_withdrawal_leaves_the_level_of_the_rest(lossy_pool, base, reserve, provider, governor):
    fill_reserve(reserve, base, LOT, governor)
    request_for_day(lossy_pool, provider, 49, QUARTER)
    lossy_pool.withdraw(*EVERYTHING, sender=provider)
    request_for_day(lossy_pool, provider, 100, 1_000)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (1_000, 1_000, 0, 0)


def test_a_fallen_price_is_made_good_in_quote(pool, base, quote, reserve, provider, governor, events):
    # price 1/4: holding 1.25, redeeming 0.5 + 0.5 of a quarter; deficit half of it in quote, surplus all of it in base
    move_market(pool, base, quote, 2 * TOTAL, TOTAL // 2)
    fill_reserve(reserve, quote, LOT, governor)
    request_for_day(pool, provider, 100, QUARTER)
    half, eighth, loss = QUARTER // 2, TOTAL - QUARTER, QUARTER // 4
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER, QUARTER, 0, 0)
    assert events(pool.withdraw(*EVERYTHING, sender=provider))[2:] == [
        ("pool", "Withdrawn", "provider", QUARTER, 2 * QUARTER, half, 2 * eighth, eighth // 2, eighth),
        ("pool", "Compensated", "provider", False, 100 * DAY, loss, loss, "quote", half, half, QUARTER, 0, 0, 0),
        ("base", "Transfer", "pool", "provider", QUARTER),
        ("quote", "Transfer", "pool", "provider", half),
        ("reserve", "Drawn", "pool", "quote", "provider", half, LOT - half),
        ("quote", "Transfer", "reserve", "provider", half),
        ("base", "Transfer", "pool", "reserve", QUARTER),
        ("reserve", "Absorbed", "base", QUARTER, QUARTER),
    ]


def test_a_poor_reserve_pays_in_kind_then_in_quote_and_the_rest_is_a_shortfall(
    backed_pool, base, quote, reserve, backstop, provider, governor, events
):
    pool = backed_pool
    fill_reserve(reserve, base, 250_000_000, governor)
    fill_reserve(reserve, quote, 250_000_000, governor)
    request_for_day(pool, provider, 100, QUARTER)
    # in kind a fifth of the deficit: 500_000_000 quote taken, 2_000_000_000 owed; in quote 250_000_000; calm: no DLQ
    received = (1_500_000_000, 4_750_000_000, 0, 1_750_000_000)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == received
    receipt = pool.withdraw(*EVERYTHING, sender=provider)
    assert events(receipt)[3:] == [
        (
            "pool", "Compensated", "provider", False, 100 * DAY, QUARTER, QUARTER, "base", 1_250_000_000,
            250_000_000, 500_000_000, 250_000_000, 0, 1_750_000_000,
        ),
        ("base", "Transfer", "pool", "provider", 1_250_000_000),
        ("quote", "Transfer", "pool", "provider", 4_500_000_000),
        ("reserve", "Drawn", "pool", "base", "provider", 250_000_000, 0),
        ("base", "Transfer", "reserve", "provider", 250_000_000),
        ("quote", "Transfer", "pool", "reserve", 500_000_000),
        ("reserve", "Absorbed", "quote", 500_000_000, 750_000_000),
        ("reserve", "Drawn", "pool", "quote", "provider", 250_000_000, 500_000_000),
        ("quote", "Transfer", "reserve", "provider", 250_000_000),
    ]  # fmt: skip
    assert pool.state().total_shortfall == 1_750_000_000
    assert backstop.pool_stake(pool).total_stake == 4_000_000_000


def test_an_empty_reserve_pays_nothing_and_takes_nothing(lossy_pool, provider, events):
    request_for_day(lossy_pool, provider, 100, QUARTER)
    assert events(lossy_pool.withdraw(*EVERYTHING, sender=provider))[3:] == [
        ("pool", "Compensated", "provider", False, 100 * DAY, QUARTER, QUARTER, "base", QUARTER // 2, 0, 0, 0, 0, QUARTER),
        ("base", "Transfer", "pool", "provider", QUARTER // 2),
        ("quote", "Transfer", "pool", "provider", 2 * QUARTER),
    ]


def test_shortfalls_add_up(lossy_pool, provider):
    for day in (100, 101):
        request_for_day(lossy_pool, provider, day, 1_000)
        lossy_pool.withdraw(*EVERYTHING, sender=provider)
    assert lossy_pool.state().total_shortfall == 2_000


def test_both_tokens_missing_are_paid_in_base_and_in_quote(
    lossy_pool, base, quote, reserve, provider, governor, events
):
    """An add at price 4 to a position from price 1, and the price is back at 2."""
    pool = lossy_pool
    # symmetrical at price 4, where a unit is half a base and two quote: 2*LOT units more
    pool.add(LOT, 4 * LOT, 0, UNLIMITED, sender=provider)
    assert fields(pool.position(provider)) == (3 * LOT, 2 * LOT, 5 * LOT, START, START)
    units = TOTAL + 2 * LOT
    # the reserves at a constant product, with a price of 2.25: two thirds of a base and one and a half quote a unit
    move_market(pool, base, quote, units * 2 // 3, units * 3 // 2)
    for token in (base, quote):
        fill_reserve(reserve, token, LOT, governor)
    # 30 units: a principal of 20 base and 50 quote, redeemed for 19 (of 19.99...) and 45
    request_for_day(pool, provider, 100, 30)
    # held 20*2.25 + 50 = 95; redeemed ceil(19*2.25) + 45 = 88: coverage 7, short 5; deficit 1 base
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (20, 50, 0, 0)
    assert events.own(pool.withdraw(*EVERYTHING, sender=provider))[3:] == [
        ("pool", "Compensated", "provider", False, 100 * DAY, 7, 7, "base", 1, 1, 0, 5, 0, 0),
        ("reserve", "Drawn", "pool", "base", "provider", 1, LOT - 1),
        ("reserve", "Drawn", "pool", "quote", "provider", 5, LOT - 5),
    ]


def test_the_lower_of_two_coverages_counts(lossy_pool, base, reserve, provider, governor, controller):
    fill_reserve(reserve, base, LOT, governor)
    suspend(controller, lossy_pool, governor)
    # a frozen oracle that says 1: holding 2 is less than redeeming 2.5
    set_oracle(lossy_pool, ONE)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER // 2, 2 * QUARTER, 0, 0)
    # one that says 2: holding 3, redeeming 1 + 2
    set_oracle(lossy_pool, 2 * ONE)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER // 2, 2 * QUARTER, 0, 0)


def test_a_suspended_pool_protects(lossy_pool, base, reserve, provider, governor, controller):
    fill_reserve(reserve, base, LOT, governor)
    suspend(controller, lossy_pool, governor)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    assert tuple(lossy_pool.withdraw.call(*EVERYTHING, sender=provider)) == (QUARTER, QUARTER, 0, 0)


def test_the_minimums_and_the_maximum_are_over_everything_received(lossy_pool, base, reserve, provider, governor):
    fill_reserve(reserve, base, 250_000_000, governor)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    # as above, without quote in the Reserve
    received = (1_500_000_000, 4_500_000_000, 0, 2_000_000_000)
    assert tuple(lossy_pool.withdraw.call(1_500_000_000, 4_500_000_000, 2_000_000_000, sender=provider)) == received
    for limits, refusal in (
        ((1_500_000_001, 4_500_000_001, 0), "pool: base below minimum"),
        ((1_500_000_000, 4_500_000_001, 0), "pool: quote below minimum"),
        ((1_500_000_000, 4_500_000_000, 1_999_999_999), "pool: shortfall above maximum"),
    ):
        assert reason(lossy_pool.withdraw, *limits, sender=provider) == refusal


def test_a_refused_withdrawal_has_changed_nothing(backed_pool, provider, reserve, backstop, controller, base, governor):
    base.transfer(backed_pool, 400, sender=governor)
    request_for_day(backed_pool, provider, 100, LOT)

    def stored():
        state = backed_pool.state(), backed_pool.request(provider), backed_pool.position(provider)
        return *state, backstop.pool_stake(backed_pool), reserve.held(base), controller.swept_epoch(), balances(base, backed_pool)

    before = stored()
    assert reason(backed_pool.withdraw, 0, 0, 0, sender=provider) == "pool: shortfall above maximum"
    send_in_vain(backed_pool.withdraw, 0, 0, 0, sender=provider)
    assert stored() == before


# Bailout: a share of every source, and the stakers.


def test_a_bailout_pays_a_share_of_every_source_in_order(
    backed_pool, base, quote, dlq, reserve, backstop, controller, provider, governor, events
):
    pool = backed_pool
    fill_reserve(reserve, base, 700_000_000, governor)
    fill_reserve(reserve, quote, 1_000_000_000, governor)
    base.transfer(pool, 400_000_000, sender=governor)
    dlq.transfer(controller.dlq_pools(quote), 9, sender=governor)
    request_for_day(pool, provider, 100, LOT)
    # step 0: a quarter of 400_000_000 base to the stakers, 300_000_000 to the Reserve, which then has 10**9 of each
    # the provider leaves with half of the units that can leave: 5*10**8 base, 5*10**8 quote, 2*10**9 DLQ
    # in kind a tenth of the deficit: 10**9 quote taken, 9*10**9 owed; in quote 5*10**8; DLQ worth 4*10**9
    received = (5_500_000_000, 19_500_000_000, 2_000_000_000, 4_500_000_000)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == received
    receipt = pool.withdraw(*EVERYTHING, sender=provider)
    assert events(receipt) == [
        ("pool", "OracleUpdated", 4 * ONE),
        ("pool", "EpochOpened", EPOCH + 100, True, LOT, TOTAL),
        ("pool", "Swept", 100_000_000, 300_000_000, 0, 0),
        ("base", "Transfer", "pool", "backstop", 100_000_000),
        ("backstop", "Rewarded", "pool", "base", 100_000_000),
        ("base", "Transfer", "pool", "reserve", 300_000_000),
        ("reserve", "Absorbed", "base", 300_000_000, 1_000_000_000),
        ("controller", "SystemSwept", EPOCH + 100),
        ("second_pool", "Swept", 0, 9, 0, 0),
        ("dlq", "Transfer", "second_pool", "reserve", 9),
        ("reserve", "Absorbed", "dlq", 9, 9),
        ("pool", "Withdrawn", "provider", LOT, LOT // 2, 2 * LOT, FIRST // 2, 2 * FIRST, FIRST),
        (
            "pool", "Compensated", "provider", True, 100 * DAY, LOT, LOT, "base", LOT // 2,
            500_000_000, 1_000_000_000, 500_000_000, 2_000_000_000, 4_500_000_000,
        ),
        ("base", "Transfer", "pool", "provider", LOT // 2),
        ("quote", "Transfer", "pool", "provider", 19_000_000_000),
        ("reserve", "Drawn", "pool", "base", "provider", 500_000_000, 500_000_000),
        ("base", "Transfer", "reserve", "provider", 500_000_000),
        ("quote", "Transfer", "pool", "reserve", 1_000_000_000),
        ("reserve", "Absorbed", "quote", 1_000_000_000, 2_000_000_000),
        ("reserve", "Drawn", "pool", "quote", "provider", 500_000_000, 1_500_000_000),
        ("quote", "Transfer", "reserve", "provider", 500_000_000),
        ("backstop", "Slashed", "pool", "provider", 2_000_000_000, 2_000_000_000),
        ("dlq", "Transfer", "backstop", "provider", 2_000_000_000),
    ]  # fmt: skip
    assert pool.state().total_shortfall == 4_500_000_000
    assert controller.swept_epoch() == EPOCH + 100
    assert backstop.pool_stake(pool).total_stake == 2_000_000_000
    assert balances(base, provider) == (WEALTH - LOT + 5_500_000_000,)
    assert balances(quote, provider) == (WEALTH - LOT + 19_500_000_000,)
    assert balances(dlq, provider) == (WEALTH + 2_000_000_000,)


def test_surpluses_are_drawn_once_per_epoch(backed_pool, base, controller, provider, keeper, governor, events):
    request_for_day(backed_pool, provider, 100, LOT)
    controller.sweep(sender=keeper)
    base.transfer(backed_pool, 400, sender=governor)
    names = [name for _, name, *_ in events.own(backed_pool.withdraw(*EVERYTHING, sender=provider))]
    # another keeper's sweep in this epoch counts: this pool was swept then, and its books were opened by the withdrawal
    assert names == ["OracleUpdated", "EpochOpened", "Withdrawn", "Compensated", "Slashed"]


def test_surpluses_are_drawn_only_if_something_is_due(pool, base, provider, governor, events):
    base.transfer(pool, 400, sender=governor)
    request_for_day(pool, provider, 100, LOT)
    receipt = pool.withdraw(*EVERYTHING, sender=provider)
    assert [name for _, name, *_ in events.own(receipt)] == ["OracleUpdated", "EpochOpened", "Withdrawn"]
    assert pool.state().bailout


def test_surpluses_are_drawn_only_in_bailout(lossy_pool, base, provider, governor, events):
    base.transfer(lossy_pool, 400, sender=governor)
    request_for_day(lossy_pool, provider, 100, QUARTER)
    receipt = lossy_pool.withdraw(*EVERYTHING, sender=provider)
    assert [name for _, name, *_ in events.own(receipt)] == ["OracleUpdated", "EpochOpened", "Withdrawn", "Compensated"]


def test_without_a_named_dlq_pool_the_stakers_are_spared(backed_pool, quote, controller, provider, governor):
    controller.name_dlq_pool(quote, ZERO_ADDRESS, sender=governor)
    request_for_day(backed_pool, provider, 100, LOT)
    assert tuple(backed_pool.withdraw.call(*EVERYTHING, sender=provider)) == (LOT // 2, 2 * LOT, 0, LOT)


def test_a_suspended_dlq_pool_is_skipped(backed_pool, dlq_pool, controller, provider, governor):
    suspend(controller, dlq_pool, governor)
    request_for_day(backed_pool, provider, 100, LOT)
    assert tuple(backed_pool.withdraw.call(*EVERYTHING, sender=provider)) == (LOT // 2, 2 * LOT, 0, LOT)


def test_the_price_of_dlq_is_as_of_now_and_its_pool_stays_as_it_is(backed_pool, dlq_pool, dlq, quote, controller, provider, keeper):
    request_for_day(backed_pool, provider, 100, LOT)
    controller.sweep(sender=keeper)
    # the market of DLQ went from 2 to 4, and its oracle, last moved long ago, catches up by now
    move_market(dlq_pool, dlq, quote, 1_000_000, 4_000_000)
    set_oracle(dlq_pool, 2 * ONE)
    before = dlq_pool.state()
    # 2*10**9 DLQ at 4 are worth 8*10**9 of the 10**10 owed
    assert tuple(backed_pool.withdraw.call(*EVERYTHING, sender=provider)) == (LOT // 2, 2 * LOT, 2_000_000_000, 2_000_000_000)
    backed_pool.withdraw(*EVERYTHING, sender=provider)
    assert dlq_pool.state() == before


def test_enough_stake_pays_all(backed_pool, backstop, staker, provider):
    backstop.stake(backed_pool, 8_000_000_000, sender=staker)
    request_for_day(backed_pool, provider, 100, LOT)
    # half of 12*10**9 DLQ may be drawn, 5*10**9 at 2 are needed
    assert tuple(backed_pool.withdraw.call(*EVERYTHING, sender=provider)) == (LOT // 2, 2 * LOT, 5_000_000_000, 0)


def test_the_last_one_out_may_draw_all(backed_pool, base, reserve, backstop, provider, founder, governor, events):
    fill_reserve(reserve, base, 1_000_000_000, governor)
    wait(98 * DAY)
    backed_pool.exit(LOT, 0, 0, sender=founder)
    # the founder's exit makes a bailout, and the provider's request in it the next one
    request_for_day(backed_pool, provider, 100, LOT)
    # in kind 10**9 of 5*10**9: 2*10**9 taken, 8*10**9 owed; no quote but the taken; 4*10**9 DLQ at 2 pay all of it
    received = (6_000_000_000, 18_000_000_000, 4_000_000_000, 0)
    assert tuple(backed_pool.withdraw.call(*EVERYTHING, sender=provider)) == received
    assert events.own(backed_pool.withdraw(*EVERYTHING, sender=provider))[-2:] == [
        ("backstop", "Slashed", "pool", "provider", 4_000_000_000, 0),
        ("backstop", "GenerationEnded", "pool", 0),
    ]
    assert fields(backstop.pool_stake(backed_pool)) == (1, 0, 0, 0, 0)


@pytest.mark.parametrize("status", ["ACTIVE", "SUSPENDED"])
def test_a_dlq_pool_may_be_the_withdrawing_pool_itself(
    create_pool, dlq, quote, controller, governor, founder, provider, staker, backstop, status
):
    pool = create_pool(dlq, quote)
    pool.add(FIRST, FIRST, 0, UNLIMITED, sender=founder)
    controller.set_status(pool, 1, *ANY_PRICE, sender=governor)
    pool.add(LOT, LOT, 0, UNLIMITED, sender=provider)
    controller.name_dlq_pool(quote, pool, sender=governor)
    backstop.stake(pool, 4_000_000_000, sender=staker)
    quadruple_price(pool, dlq, quote)
    if status == "SUSPENDED":
        suspend(controller, pool, governor)
    request_for_day(pool, provider, 100, LOT)
    # 10**10 owed: half of 4*10**9 DLQ at 4
    slashed, shortfall = (2_000_000_000, 2_000_000_000) if status == "ACTIVE" else (0, LOT)
    assert tuple(pool.withdraw.call(*EVERYTHING, sender=provider)) == (LOT // 2, 2 * LOT, slashed, shortfall)


def test_a_run_by_exit_alone_is_a_run(pool, founder, provider, events):
    wait(DAY)
    pool.exit(LOT, 0, 0, sender=founder)
    wait(DAY)
    receipt = pool.request_withdrawal(1, sender=provider)
    assert events(receipt)[1] == ("pool", "EpochOpened", EPOCH + 2, True, LOT, LOT + 1_000)
