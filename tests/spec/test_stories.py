"""Whole stories, by hand.

The price goes from 1 to 4 without revenue: the provider's LOT base and LOT quote redeem for LOT/2 base and 2*LOT quote.
Holding would be worth 4*LOT + LOT = 5*LOT, redeeming is worth 2*LOT + 2*LOT = 4*LOT: the whole loss is LOT quote, the
deficit LOT/2 base, the surplus LOT quote.
"""

from model.state import EMPTY_POSITION, PoolStake, Position

from .world import (
    ANY_PRICE,
    DAY,
    FIRST,
    LOT,
    START,
    UNLIMITED,
    WEALTH,
    active_world,
    add_dlq_pool,
    provided_world,
    quadruple_price,
    swap_arguments,
)

ONE = 2**112
TOTAL = FIRST + LOT
CALM = {"bailout_threshold_bps": 10_000}


def calm_loss():
    world = provided_world(**CALM)
    quadruple_price(world)
    return world


def withdraw_on_day(world, day, units=LOT):
    """Ask on the day before, and leave."""
    world.wait(START + (day - 1) * DAY - world.now)
    world.request(units)
    world.wait(DAY)
    return world.withdraw()


def test_after_49_days_49_percent_of_the_loss_is_made_good():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    # 5*10**9 + 0.49*5*10**9 base; 2*10**10 - 0.49*10**10 quote
    assert withdraw_on_day(world, 49) == (7_450_000_000, 15_100_000_000, 0, 0)
    # at price 4: 29.8 + 15.1 = 44.9, which is 40 and 0.49*10 thousand millions
    assert 4 * 7_450_000_000 + 15_100_000_000 == 4 * LOT + 49 * LOT // 100


def test_after_100_days_the_provider_holds_what_was_deposited():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    assert withdraw_on_day(world, 100) == (LOT, LOT, 0, 0)
    assert world.events == [
        ("pool-0", "OracleUpdated", 4 * ONE),
        ("pool-0", "EpochOpened", 1_100, False, LOT, TOTAL),
        ("pool-0", "Withdrawn", "provider", LOT, LOT // 2, 2 * LOT, FIRST // 2, 2 * FIRST, FIRST),
        (
            "pool-0",
            "Compensated",
            "provider",
            False,
            100 * DAY,
            LOT,
            LOT,
            "base",
            LOT // 2,
            LOT // 2,
            LOT,
            0,
            0,
            0,
        ),
        ("base", "Transfer", "pool-0", "provider", LOT // 2),
        ("quote", "Transfer", "pool-0", "provider", LOT),
        ("reserve", "Drawn", "pool-0", "base", "provider", LOT // 2, LOT // 2),
        ("base", "Transfer", "reserve", "provider", LOT // 2),
        ("quote", "Transfer", "pool-0", "reserve", LOT),
        ("reserve", "Absorbed", "quote", LOT, LOT),
    ]
    assert world.position() == EMPTY_POSITION
    assert world.balance("base", "provider") == world.balance("quote", "provider") == WEALTH


def test_after_more_than_100_days_it_is_no_more():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    assert withdraw_on_day(world, 400) == (LOT, LOT, 0, 0)


def test_the_price_fell_and_quote_is_missing():
    world = provided_world(**CALM)
    world.move_market(2 * TOTAL, TOTAL // 2)
    world.fill_reserve("quote", LOT)
    # price 1/4: holding 1.25*LOT, redeeming LOT/2 + LOT/2; deficit LOT/2 quote, surplus LOT base
    assert withdraw_on_day(world, 100) == (LOT, LOT, 0, 0)
    assert world.state.reserve.held == {"quote": LOT // 2, "base": LOT}


def test_a_pool_without_protection():
    world = provided_world(**CALM, full_protection_seconds=0)
    quadruple_price(world)
    world.fill_reserve("base", LOT)
    assert withdraw_on_day(world, 100) == (LOT // 2, 2 * LOT, 0, 0)
    assert [name for _, name, *_ in world.own_events] == ["OracleUpdated", "EpochOpened", "Withdrawn"]


def test_the_lower_of_two_coverages_counts():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    world.call("controller.set_status", "controller", "governor", pool="pool-0", status=2, **ANY_PRICE)
    # the frozen oracle says 1: holding 2*LOT, redeeming 2.5*LOT
    world.change_pool(oracle=ONE)
    assert withdraw_on_day(world, 100) == (LOT // 2, 2 * LOT, 0, 0)


def test_a_poor_reserve_pays_in_kind_then_in_quote_and_the_rest_is_a_shortfall():
    world = calm_loss()
    world.stake(LOT)
    world.fill_reserve("base", 1_000_000_000)
    world.fill_reserve("quote", 1_000_000_000)
    # in kind: a fifth of the deficit, so 2*10**9 quote taken, 8*10**9 owed; in quote: 10**9; calm: no DLQ
    assert withdraw_on_day(world, 100) == (6_000_000_000, 19_000_000_000, 0, 7_000_000_000)
    assert world.pool.total_shortfall == 7_000_000_000
    # the quote taken in the first step did not pay the second
    assert world.state.reserve.held == {"base": 0, "quote": 2_000_000_000}


def test_a_top_up_starts_the_clock_again():
    world = provided_world(**CALM)
    world.fill_reserve("base", LOT)
    world.wait(49 * DAY)
    world.add("provider", 2, 2)
    # a unit redeems for one of each, so that two of each buy two units
    assert world.position() == Position(LOT + 2, LOT + 2, LOT + 2, START + 49 * DAY, START + 49 * DAY)
    world.move_market((TOTAL + 2) // 2, 2 * (TOTAL + 2))
    # one day old: 1 % of the loss of LOT + 2 is 100_000_000.02
    units = LOT + 2
    withdraw_on_day(world, 50, units)
    compensated = next(event for event in world.events if event[1] == "Compensated")
    assert compensated[4:7] == (DAY, LOT + 2, 100_000_000)


def test_a_partial_withdrawal_leaves_the_clock():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    # a quarter after 49 days: a quarter of 7.45 and of 15.1 thousand millions
    assert withdraw_on_day(world, 49, LOT // 4) == (1_862_500_000, 3_775_000_000, 0, 0)
    left = LOT - LOT // 4
    assert world.position() == Position(left, left, left, START, START)
    # the rest after 100 days: all of what is left of the principal
    assert withdraw_on_day(world, 100, left) == (left, left, 0, 0)


def test_a_pending_deposit_bears_no_loss_and_has_no_protection():
    world = active_world(**CALM)
    world.call("pool.stage_deposit", "pool-0", "provider", base=LOT // 2, quote=2 * LOT)
    assert "provider" not in world.pool.positions
    # the price goes from 1 to 4 while the deposit is on its way
    world.move_market(FIRST // 2, 2 * FIRST)
    world.wait(30 * DAY)
    # B = F/2, Q = 2*F, U = F: LOT/2 base and 2*LOT quote are symmetrical now, and buy LOT units
    assert world.call("pool.confirm_deposit", "pool-0", "provider", min_units=LOT) == LOT
    assert world.position() == Position(LOT, LOT // 2, 2 * LOT, START + 30 * DAY, START + 30 * DAY)
    # nothing was lost since: nothing is due
    assert withdraw_on_day(world, 130, LOT) == (LOT // 2, 2 * LOT, 0, 0)
    assert "Compensated" not in [name for _, name, *_ in world.events]


def test_a_position_from_a_pending_pool_is_protected_from_when_its_owner_says_so():
    world = active_world(**CALM)
    # activated at price 1; by the time protection begins the price is 4, and that loss is not protected
    world.move_market(FIRST // 2, 2 * FIRST)
    world.wait(50 * DAY)
    world.call("pool.begin_protection", "pool-0", "founder")
    assert world.position("founder") == Position(LOT, LOT // 2, 2 * LOT, START + 50 * DAY, START)
    # from 4 to 16: LOT/4 base and 4*LOT quote; holding 8*LOT + 2*LOT, redeeming 8*LOT, loss 2*LOT
    world.move_market(FIRST // 4, 4 * FIRST)
    world.fill_reserve("base", LOT)
    world.wait(99 * DAY)
    world.request(LOT, "founder")
    world.wait(DAY)
    assert world.withdraw("founder") == (LOT // 2, 2 * LOT, 0, 0)


def test_an_unprotected_position_from_a_pending_pool_gets_its_share():
    world = active_world(**CALM)
    world.move_market(FIRST // 2, 2 * FIRST)
    world.fill_reserve("base", LOT)
    world.wait(200 * DAY)
    world.request(LOT, "founder")
    world.wait(DAY)
    assert world.withdraw("founder") == (LOT // 2, 2 * LOT, 0, 0)


def run_on_the_pool():
    """Half of the units ask to leave at level 1; 4_000_000_000 DLQ stand by, at 2 quote each."""
    world = provided_world()
    add_dlq_pool(world)
    world.stake(4_000_000_000)
    quadruple_price(world)
    world.wait(100 * DAY)
    return world


def test_a_bailout_pays_a_share_of_every_source_in_order():
    world = run_on_the_pool()
    world.fill_reserve("base", 700_000_000)
    world.fill_reserve("quote", 1_000_000_000)
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400_000_000)
    world.call("token.transfer", "dlq", "outsider", to="pool-1", amount=9)
    world.request(LOT)
    world.wait(DAY)
    # step 0: a quarter of 400_000_000 base to the stakers, 300_000_000 to the Reserve, which then has 10**9 of each
    # the provider leaves with half of the units that can leave: 5*10**8 base, 5*10**8 quote, 2*10**9 DLQ
    # in kind a tenth of the deficit: 10**9 quote taken, 9*10**9 owed; in quote 5*10**8; DLQ worth 4*10**9
    assert world.withdraw() == (5_500_000_000, 19_500_000_000, 2_000_000_000, 4_500_000_000)
    assert world.own_events == [
        ("pool-0", "OracleUpdated", 4 * ONE),
        ("pool-0", "EpochOpened", 1_101, True, LOT, TOTAL),
        ("pool-0", "Swept", 100_000_000, 300_000_000, 0, 0),
        ("backstop", "Rewarded", "pool-0", "base", 100_000_000),
        ("reserve", "Absorbed", "base", 300_000_000, 1_000_000_000),
        ("controller", "SystemSwept", 1_101),
        ("pool-1", "Swept", 0, 9, 0, 0),
        ("reserve", "Absorbed", "dlq", 9, 9),
        ("pool-0", "Withdrawn", "provider", LOT, LOT // 2, 2 * LOT, FIRST // 2, 2 * FIRST, FIRST),
        (
            "pool-0",
            "Compensated",
            "provider",
            True,
            100 * DAY,
            LOT,
            LOT,
            "base",
            LOT // 2,
            500_000_000,
            1_000_000_000,
            500_000_000,
            2_000_000_000,
            4_500_000_000,
        ),
        ("reserve", "Drawn", "pool-0", "base", "provider", 500_000_000, 500_000_000),
        ("reserve", "Absorbed", "quote", 1_000_000_000, 2_000_000_000),
        ("reserve", "Drawn", "pool-0", "quote", "provider", 500_000_000, 1_500_000_000),
        ("backstop", "Slashed", "pool-0", "provider", 2_000_000_000, 2_000_000_000),
    ]
    assert world.pool.total_shortfall == 4_500_000_000
    assert world.balance("dlq", "provider") == WEALTH + 2_000_000_000


def test_surpluses_are_drawn_once_per_epoch():
    world = run_on_the_pool()
    world.request(LOT)
    world.wait(DAY)
    world.call("controller.sweep", "controller", "keeper")
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400)
    world.withdraw()
    assert not {"Swept", "SystemSwept"} & {name for _, name, *_ in world.events}


def test_surpluses_are_drawn_only_if_something_is_due():
    world = provided_world()
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=400)
    world.wait(100 * DAY)
    world.request(LOT)
    world.wait(DAY)
    # a bailout, but without a loss
    assert world.withdraw() == (LOT, LOT, 0, 0)
    assert [name for _, name, *_ in world.own_events] == ["OracleUpdated", "EpochOpened", "Withdrawn"]
    assert world.pool.books.bailout


def test_without_a_named_dlq_pool_the_stakers_are_not_slashed():
    world = run_on_the_pool()
    world.call("controller.name_dlq_pool", "controller", "governor", quote="quote", pool="zero")
    world.request(LOT)
    world.wait(DAY)
    assert world.withdraw() == (LOT // 2, 2 * LOT, 0, LOT)


def test_a_suspended_dlq_pool_is_skipped():
    world = run_on_the_pool()
    world.call("controller.set_status", "controller", "governor", pool="pool-1", status=2, **ANY_PRICE)
    world.request(LOT)
    world.wait(DAY)
    assert world.withdraw() == (LOT // 2, 2 * LOT, 0, LOT)


def test_the_price_of_dlq_is_as_of_now_and_its_pool_stays_as_it_is():
    world = run_on_the_pool()
    world.request(LOT)
    world.wait(DAY)
    # the market of DLQ went from 2 to 4 and its oracle, last moved long ago, catches up by now
    world.move_market(1_000_000, 4_000_000, pool="pool-1")
    world.change_pool("pool-1", oracle=2 * ONE)
    # 2*10**9 DLQ at 4 are worth 8*10**9 of the 10**10 owed
    assert world.withdraw() == (LOT // 2, 2 * LOT, 2_000_000_000, 2_000_000_000)
    assert world.state.pools["pool-1"].oracle == 2 * ONE


def test_running_first_gains_nothing():
    world = run_on_the_pool()
    world.call("pool.begin_protection", "pool-0", "founder")
    world.fill_reserve("base", 1_000_000_000)
    world.wait(100 * DAY)
    world.request(LOT, "founder")
    world.request(LOT)
    world.wait(DAY)
    # the founder's principal was struck at 4: no loss, nothing drawn, whoever is first
    assert world.withdraw("founder") == (LOT // 2, 2 * LOT, 0, 0)
    # the last one out may draw all: in kind 10**9 of 5*10**9, so 2*10**9 taken and 8*10**9 owed
    # and no quote but the taken; 4*10**9 DLQ at 2 pay all of it
    assert world.withdraw() == (6_000_000_000, 18_000_000_000, 4_000_000_000, 0)


def test_a_slash_that_ends_a_generation_leaves_its_rewards():
    world = provided_world(staker_share_bps=10_000)
    add_dlq_pool(world)
    world.stake(2_000_000_000)
    quadruple_price(world)
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=4_000)
    world.call("pool.sweep", "pool-0", "keeper")
    world.wait(100 * DAY)
    world.exit(LOT, "founder")
    world.wait(DAY)
    # half of all units left yesterday, so this is a bailout, and the provider's own request makes the next one too
    world.request(LOT)
    world.wait(DAY)
    # the last one out: all 2*10**9 DLQ at 2 for 10**10 owed
    assert world.withdraw() == (LOT // 2, 2 * LOT, 2_000_000_000, 6_000_000_000)
    assert world.own_events[-2:] == [
        ("backstop", "Slashed", "pool-0", "provider", 2_000_000_000, 0),
        ("backstop", "GenerationEnded", "pool-0", 0),
    ]
    assert world.pool_stake() == PoolStake(1, 0, 0, 0, 0)
    # 4_000 over 2*10**9 shares, less what the index rounds off
    assert world.call("backstop.claim", "backstop", "staker", pool="pool-0", token="base") == 3_999
    assert world.stake(5, "second_staker") == 5


def test_a_run_by_exit_alone_is_a_run():
    world = provided_world()
    world.wait(DAY)
    world.exit(LOT, "founder")
    world.wait(DAY)
    world.request(1)
    assert ("pool-0", "EpochOpened", 1_002, True, LOT, LOT + 1_000) in world.events


def test_fees_pay_for_the_loss_first():
    world = calm_loss()
    world.fill_reserve("base", LOT)
    # the whole pool earns TOTAL/2 base and nothing in quote: the provider's LOT redeem for LOT base again
    world.call("pool.donate", "pool-0", "keeper", base=TOTAL // 2, quote=0)
    assert withdraw_on_day(world, 100) == (LOT, 2 * LOT, 0, 0)
    assert "Compensated" not in [name for _, name, *_ in world.events]


def test_a_price_held_in_a_pool_that_nobody_trades_is_good_for_its_depth_only():
    world = active_world()
    # somebody multiplies the quote by more than three and waits until the oracle has followed, a factor of 2 a window
    world.call("pool.swap", "pool-0", "trader", **swap_arguments(world, token_in="quote", amount_in=22 * FIRST // 10))
    for _ in range(8):
        world.wait(1_800)
        world.call("pool.donate", "pool-0", "trader", base=1, quote=1)
    price = world.pool.reserve_quote * 2**112 // world.pool.reserve_base
    assert price > 4 * 2**112 and abs(world.pool.oracle - price) * 100 < price
    # the guard lets an add pass at the false price, but of no more units than the epoch opened with
    base, quote = 1_000 * world.pool.reserve_base, 1_000 * world.pool.reserve_quote
    reason = world.reason("pool.add", "pool-0", "provider", base=base, quote=quote, min_units=0, deadline=UNLIMITED)
    assert reason == "pool: struck too much this epoch"
    reserves = world.pool.reserve_base, world.pool.reserve_quote
    world.add("provider", reserves[0] - 10, reserves[1] - 10)
    assert world.pool.books.struck <= world.pool.books.opening_units == FIRST
