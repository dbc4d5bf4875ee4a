"""R1 to R17: the calls of a pool, their checks in order, their events and moves."""

from dataclasses import replace

import pytest

from model.state import EMPTY_DEPOSIT, EMPTY_POSITION, EMPTY_REQUEST, Books, Deposit, Position, Request

from .world import (
    ANY_PRICE,
    UNLIMITED,
    DAY,
    FIRST,
    LOT,
    START,
    WEALTH,
    active_world,
    new_world,
    pending_world,
    provided_world,
    quadruple_price,
    suspended_world,
    swap_arguments,
)

ONE = 2**112
MAX = 2**112 - 1


def fail(world, name, sender="provider", **arguments):
    return world.reason(f"pool.{name}", "pool-0", sender, **arguments)


def shake_price(world):
    """Spot twice the oracle: the guard refuses."""
    world.change_pool(oracle=ONE // 2, oracle_updated_at=world.now)


# Touch: R4 and R13.


def test_touch_moves_the_oracle_then_the_epoch():
    world = provided_world()
    world.move_market(10_000_000_500, 40_000_002_000)
    world.change_pool(oracle=3 * ONE)
    # 600 of 1_800 seconds from 3 to 4: 3 1/3
    world.wait(600)
    world.request(10)
    assert world.events == [
        ("pool-0", "OracleUpdated", (3 * ONE * 1_200 + 4 * ONE * 600) // 1_800),
        ("pool-0", "WithdrawalRequested", "provider", 1_000, 10),
    ]
    world.wait(DAY)
    world.request(20)
    # the founder's and the provider's adds outweigh the 10 requested
    assert world.events == [
        ("pool-0", "OracleUpdated", 4 * ONE),
        ("pool-0", "EpochOpened", 1_001, False, 0, 20_000_001_000),
        ("pool-0", "WithdrawalRequested", "provider", 1_001, 20),
    ]


def test_touch_twice_in_a_block_does_nothing():
    world = provided_world()
    world.wait(60)
    world.request(10)
    world.request(20)
    assert world.events == [("pool-0", "WithdrawalRequested", "provider", 1_000, 20)]


def test_the_epoch_opens_in_bailout_after_a_run():
    world = provided_world()
    world.wait(DAY)
    world.request(LOT)
    world.wait(DAY)
    world.request(0)
    assert ("pool-0", "EpochOpened", 1_002, True, LOT, 20_000_001_000) in world.events
    # an idle epoch in between has empty books
    world.wait(2 * DAY)
    world.request(LOT)
    assert ("pool-0", "EpochOpened", 1_004, False, 0, 20_000_001_000) in world.events


# Status: R1.


def test_the_first_activation_starts_the_oracle():
    world = pending_world()
    world.wait(5)
    world.activate()
    assert world.events == [("pool-0", "StatusSet", 1, ONE)]
    assert (world.pool.oracle, world.pool.oracle_updated_at) == (ONE, START + 5)


def test_suspension_freezes_the_oracle_and_the_time_in_between_does_not_count():
    world = suspended_world()
    assert world.events == [("pool-0", "StatusSet", 2, ONE)]
    world.change_pool(oracle=2 * ONE)
    world.wait(3_600)
    world.activate()
    assert world.events == [("pool-0", "StatusSet", 1, 2 * ONE)]
    world.wait(900)
    world.request(10)
    assert world.events[0] == ("pool-0", "OracleUpdated", 3 * ONE // 2)


def test_set_status_reasons():
    world = new_world()

    def reason(sender, status):
        return fail(world, "set_status", sender, status=status, **ANY_PRICE)

    assert reason("governor", 7) == "pool: caller is not the controller"
    for status in (0, 2, 3):
        assert reason("controller", status) == "pool: bad status change"
    assert reason("controller", 1) == "pool: no units"


@pytest.mark.parametrize(("builder", "statuses"), [(active_world, (0, 1, 7)), (suspended_world, (0, 2, 7))])
def test_status_never_goes_back_to_pending(builder, statuses):
    world = builder()
    for status in statuses:
        assert fail(world, "set_status", "controller", status=status, **ANY_PRICE) == "pool: bad status change"


# Swap: R2.


def big_pool(**parameters):
    """Reserves of 10_000_000_000 each."""
    world = active_world(**parameters)
    world.move_market(10_000_000_000, 10_000_000_000)
    return world


def test_swap_base_for_quote():
    world = big_pool(min_fee_bps=0)
    world.wait(60)
    arguments = swap_arguments(world, amount_in=1_000_000_000, recipient="keeper")
    assert world.call("pool.swap", "pool-0", "trader", **arguments) == 826_446_280
    # fee 82_644_629, of which 20 % leave: quote 10**10 - 826_446_280 - 16_528_925
    assert world.events == [
        ("pool-0", "OracleUpdated", ONE),
        (
            "pool-0",
            "Swapped",
            "trader",
            "keeper",
            "base",
            1_000_000_000,
            826_446_280,
            82_644_629,
            16_528_925,
            11_000_000_000,
            9_157_024_795,
        ),
        ("base", "Transfer", "trader", "pool-0", 1_000_000_000),
        ("quote", "Transfer", "pool-0", "keeper", 826_446_280),
    ]
    assert (world.pool.reserve_base, world.pool.reserve_quote) == (11_000_000_000, 9_157_024_795)
    assert world.balance("quote", "pool-0") == 9_157_024_795 + 16_528_925


def test_swap_quote_for_base():
    world = big_pool(min_fee_bps=0)
    assert world.swap("quote", 1_000_000_000) == 826_446_280
    assert (world.pool.reserve_base, world.pool.reserve_quote) == (9_157_024_795, 11_000_000_000)


def test_swap_reasons_in_order():
    world = pending_world()

    def reason(**changes):
        return fail(world, "swap", "trader", **swap_arguments(world, **changes))

    wrong = {"token_in": "dlq", "amount_in": MAX, "recipient": "zero", "min_amount_out": 10**18}
    assert reason(**wrong, deadline=START - 1) == "pool: deadline passed"
    assert reason(**wrong) == "pool: not active"
    world.activate()
    assert reason(**wrong) == "pool: unknown token"
    assert reason(**wrong | {"token_in": "base"}) == "pool: bad recipient"
    assert reason(**wrong | {"token_in": "base", "recipient": "pool-0"}) == "pool: bad recipient"
    assert reason(amount_in=MAX, min_amount_out=1) == "pool: reserve too large"
    assert reason(amount_in=0, min_amount_out=1) == "pool: zero output"
    assert reason(amount_in=1, min_amount_out=1) == "pool: zero output"
    # 1_000 in: by slip 999.9998, by the minimum fee 998.9999
    assert reason(amount_in=1_000, min_amount_out=999) == "pool: output below minimum"
    assert world.call("pool.swap", "pool-0", "trader", **swap_arguments(world, min_amount_out=998)) == 998
    world.call("token.approve", "base", "trader", spender="pool-0", amount=0)
    assert reason() == "erc20: insufficient allowance"


def test_a_suspended_pool_does_not_swap():
    world = suspended_world()
    assert fail(world, "swap", "trader", **swap_arguments(world)) == "pool: not active"


def test_the_token_in_may_fill_its_reserve_to_the_last():
    world = active_world()
    world.move_market(MAX - 5_000, FIRST)
    assert fail(world, "swap", "trader", **swap_arguments(world, amount_in=5_001)) == "pool: reserve too large"
    assert fail(world, "swap", "trader", **swap_arguments(world, amount_in=5_000)) == "pool: zero output"


# Donate: R3.


def test_donate():
    world = pending_world()
    world.call("pool.donate", "pool-0", "keeper", base=7, quote=0)
    assert world.events == [
        ("pool-0", "Donated", "keeper", 7, 0, FIRST + 7, FIRST),
        ("base", "Transfer", "keeper", "pool-0", 7),
    ]
    assert world.pool.total_units == FIRST


def test_donate_reasons_in_order():
    world = suspended_world()
    assert fail(world, "donate", base=0, quote=0) == "pool: suspended"
    world = new_world()
    assert fail(world, "donate", base=0, quote=0) == "pool: no units"
    world = active_world()
    assert fail(world, "donate", base=0, quote=0) == "pool: zero amount"
    assert fail(world, "donate", base=MAX, quote=0) == "pool: reserve too large"
    assert fail(world, "donate", base=0, quote=2**256 - 1) == "pool: reserve too large"
    assert fail(world, "donate", base=WEALTH + 1, quote=0) == "erc20: transfer amount exceeds balance"


# Add: R5 to R8, R10.


def add_reason(world, sender="provider", **changes):
    arguments = {"base": 1_000_000, "quote": 1_000_000, "min_units": 0, "deadline": world.now}
    return fail(world, "add", sender, **(arguments | changes))


def test_the_first_add():
    world = new_world()
    # isqrt(2_000 * 8_000) = 4_000, of which 1_000 are locked
    assert world.add("founder", 2_000, 8_000) == 3_000
    assert world.events == [
        ("pool-0", "Added", "founder", 2_000, 8_000, 3_000, 0, 0, 2_000, 8_000, 4_000),
        ("base", "Transfer", "founder", "pool-0", 2_000),
        ("quote", "Transfer", "founder", "pool-0", 8_000),
    ]
    assert world.position("founder") == Position(3_000, 0, 0, 0, START)
    assert world.pool.books == Books(1_000, False, 0, 0, 3_000, 0, 0)


def test_the_first_add_must_exceed_the_locked_units():
    world = new_world()
    # isqrt(1_000 * 1_001) = 1_000; isqrt(1_001 * 1_001) = 1_001
    assert add_reason(world, base=1_000, quote=1_001) == "pool: first add too small"
    assert world.add("founder", 1_001, 1_001) == 1


def test_an_add_to_an_active_pool_strikes_a_principal():
    world = active_world()
    world.wait(600)
    assert world.add("provider", LOT, LOT) == LOT
    total = FIRST + LOT
    assert world.own_events[1:] == [("pool-0", "Added", "provider", LOT, LOT, LOT, LOT, LOT, total, total, total)]
    assert world.position() == Position(LOT, LOT, LOT, START + 600, START + 600)


def test_a_one_sided_add_is_protected_as_if_it_were_symmetrical():
    world = active_world(max_deviation_bps=1_000)
    # U = B = Q = F = 10_000_001_000 and q = F: F * F*F / 3*F*F = 3_333_333_666.67
    units = world.add("provider", 0, FIRST)
    assert units == 3_333_333_666
    # of F + units: bs = 3_333_333_666*F/13_333_334_666 = 2_500_000_249.62, qs twice F = 5_000_000_499.25
    # isqrt(2_500_000_249 * 5_000_000_499): 3_535_534_258**2 <= 12_500_002_492_500_124_251 < 3_535_534_259**2
    assert 3_535_534_258**2 <= 2_500_000_249 * 5_000_000_499 < 3_535_534_259**2
    position = world.position()
    assert (position.principal_base, position.principal_quote) == (3_535_534_258, 3_535_534_258)


def test_add_reasons_in_order():
    world = suspended_world()
    assert add_reason(world, base=0, quote=0, deadline=START - 1) == "pool: deadline passed"
    assert add_reason(world, base=0, quote=0) == "pool: suspended"
    world = new_world()
    assert add_reason(world, base=0, quote=0) == "pool: zero amount"
    assert add_reason(world, base=2**112, quote=0) == "pool: reserve too large"
    assert add_reason(world, base=0, quote=2**112) == "pool: reserve too large"
    assert add_reason(world, base=10**9, quote=0) == "pool: first add needs both tokens"
    assert add_reason(world, base=0, quote=10**9) == "pool: first add needs both tokens"
    assert add_reason(world, base=1_001, quote=1_001, min_units=2) == "pool: units below minimum"
    world = active_world()
    # 1 * U*Q / (Q + 2*Q*B) = 0.5
    assert add_reason(world, base=1, quote=0, min_units=9) == "pool: zero units"
    assert add_reason(world, min_units=1_000_001) == "pool: units below minimum"
    # twice the reserves are more units than the pool opened with
    assert add_reason(world, base=2 * FIRST, quote=2 * FIRST) == "pool: struck too much this epoch"
    assert fail(world, "add", "stranger", base=1_000, quote=1_000, min_units=0, deadline=START) == "erc20: insufficient allowance"
    shake_price(world)
    assert add_reason(world, base=MAX) == "pool: reserve too large"
    assert add_reason(world, base=1, quote=0) == "pool: price unstable"


def test_principal_too_large():
    world = provided_world()
    world.wait(DAY)
    for name in ("principal_base", "principal_quote"):
        full = replace(world.position(), **{name: MAX - 999_999})
        world.change_pool(positions={"provider": full})
        assert add_reason(world) == "pool: principal too large"
        assert add_reason(world, min_units=1_000_001) == "pool: units below minimum"


def test_the_largest_principal():
    world = provided_world()
    world.wait(DAY)
    most = MAX - 1_000_000
    world.change_pool(positions={"provider": replace(world.position(), principal_base=most, principal_quote=most)})
    world.add("provider", 1_000_000, 1_000_000)
    assert (world.position().principal_base, world.position().principal_quote) == (MAX, MAX)


def test_an_extreme_price_overflows():
    world = active_world()
    world.move_market(1, MAX)
    # the share: nearly 2**111 base, nearly 2**112 quote; times Q/B that is more than 256 bits
    assert add_reason(world, base=2**111, quote=0) == "math: mul_div overflow"


# Staged deposits: R9.


def stage(world, base, quote):
    world.call("pool.stage_deposit", "pool-0", "provider", base=base, quote=quote)


def test_stage_and_cancel():
    world = pending_world()
    stage(world, 30, 40)
    assert world.events == [
        ("pool-0", "DepositStaged", "provider", 30, 40, 30, 40),
        ("base", "Transfer", "provider", "pool-0", 30),
        ("quote", "Transfer", "provider", "pool-0", 40),
    ]
    world.wait(10)
    stage(world, 5, 0)
    assert world.own_events == [("pool-0", "DepositStaged", "provider", 5, 0, 35, 40)]
    assert world.pool.deposits["provider"] == Deposit(35, 40, START + 10)
    assert (world.pool.staged_base, world.pool.staged_quote) == (35, 40)
    assert world.call("pool.cancel_deposit", "pool-0", "provider") == (35, 40)
    assert world.events == [
        ("pool-0", "DepositCancelled", "provider", 35, 40),
        ("base", "Transfer", "pool-0", "provider", 35),
        ("quote", "Transfer", "pool-0", "provider", 40),
    ]
    assert world.pool.deposits["provider"] == EMPTY_DEPOSIT
    assert world.balance("base", "provider") == WEALTH
    assert fail(world, "cancel_deposit") == "pool: nothing staged"


def test_cancel_is_possible_when_suspended():
    world = provided_world()
    stage(world, 30, 40)
    world.call("controller.set_status", "controller", "governor", pool="pool-0", status=2, **ANY_PRICE)
    assert fail(world, "confirm_deposit", min_units=0) == "pool: suspended"
    assert world.call("pool.cancel_deposit", "pool-0", "provider") == (30, 40)


def test_staging_does_not_touch_the_pool():
    world = active_world()
    world.wait(5 * DAY)
    stage(world, 30, 40)
    assert world.own_events == [("pool-0", "DepositStaged", "provider", 30, 40, 30, 40)]
    assert world.pool.books.epoch == 1_000


def test_stage_reasons_in_order():
    world = suspended_world()
    assert fail(world, "stage_deposit", base=0, quote=0) == "pool: suspended"
    world = active_world()
    assert fail(world, "stage_deposit", base=0, quote=0) == "pool: zero amount"
    assert fail(world, "stage_deposit", base=2**112, quote=0) == "pool: staged too large"
    for most in ({"base": MAX, "quote": 0}, {"base": 0, "quote": MAX}):
        assert fail(world, "stage_deposit", **most) == "erc20: transfer amount exceeds balance"
    stage(world, 0, 1)
    assert fail(world, "stage_deposit", base=0, quote=MAX) == "pool: staged too large"
    assert fail(world, "stage_deposit", base=WEALTH + 1, quote=0) == "erc20: transfer amount exceeds balance"


def test_confirm():
    world = active_world()
    stage(world, LOT, LOT)
    world.wait(60)
    assert world.call("pool.confirm_deposit", "pool-0", "provider", min_units=LOT) == LOT
    total = FIRST + LOT
    assert world.events == [
        ("pool-0", "OracleUpdated", ONE),
        ("pool-0", "DepositConfirmed", "provider", LOT, LOT),
        ("pool-0", "Added", "provider", LOT, LOT, LOT, LOT, LOT, total, total, total),
    ]
    assert world.position() == Position(LOT, LOT, LOT, START + 60, START + 60)
    assert (world.pool.staged_base, world.pool.staged_quote) == (0, 0)
    assert world.pool.deposits["provider"] == EMPTY_DEPOSIT


def test_confirm_reasons_in_order():
    world = active_world()
    assert fail(world, "confirm_deposit", min_units=0) == "pool: nothing staged"
    stage(world, 10, 10)
    world.wait(59)
    assert fail(world, "confirm_deposit", min_units=99) == "pool: deposit not confirmable yet"
    # staging more starts the wait again
    stage(world, 10, 10)
    world.wait(59)
    assert fail(world, "confirm_deposit", min_units=99) == "pool: deposit not confirmable yet"
    world.wait(1)
    assert fail(world, "confirm_deposit", min_units=99) == "pool: units below minimum"
    shake_price(world)
    assert fail(world, "confirm_deposit", min_units=99) == "pool: price unstable"


# Protection of a position from before: R10.


def test_begin_protection():
    world = active_world()
    world.wait(30)
    world.call("pool.begin_protection", "pool-0", "founder")
    assert world.own_events[-1] == ("pool-0", "ProtectionBegun", "founder", LOT, LOT, LOT)
    # the lock-up still runs from the add
    assert world.position("founder") == Position(LOT, LOT, LOT, START + 30, START)


def test_begin_protection_reasons_in_order():
    world = pending_world()
    assert fail(world, "begin_protection", "outsider") == "pool: not active"
    world.activate()
    assert fail(world, "begin_protection", "outsider") == "pool: no position"
    shake_price(world)
    assert fail(world, "begin_protection", "founder") == "pool: price unstable"
    world = provided_world()
    shake_price(world)
    assert fail(world, "begin_protection") == "pool: already protected"


def test_an_add_protects_the_units_from_before_as_well():
    world = active_world()
    world.wait(30)
    world.add("founder", 1_000, 1_000)
    grown = LOT + 1_000
    assert world.position("founder") == Position(grown, grown, grown, START + 30, START + 30)
    # all LOT + 1_000 units that the pool had at its activation
    assert (world.pool.books.struck, world.pool.books.opening_units) == (grown, grown)


def test_one_epoch_strikes_no_more_units_than_it_opened_with():
    world = active_world()
    world.wait(30)
    add = {"min_units": 0, "deadline": UNLIMITED}
    world.call("pool.add", "pool-0", "provider", base=FIRST - 1, quote=FIRST - 1, **add)
    assert world.pool.books.struck == FIRST - 1
    assert fail(world, "add", "provider", base=2, quote=2, **add) == "pool: struck too much this epoch"
    assert fail(world, "begin_protection", "founder") == "pool: struck too much this epoch"
    world.call("pool.add", "pool-0", "provider", base=1, quote=1, **add)
    assert fail(world, "add", "provider", base=1, quote=1, **add) == "pool: struck too much this epoch"
    # the next epoch opens with twice the units
    world.wait(DAY)
    world.call("pool.begin_protection", "pool-0", "founder")
    assert (world.pool.books.struck, world.pool.books.opening_units) == (LOT, 2 * FIRST)


def test_activation_at_a_price_within_bounds_only():
    world = pending_world()
    for bounds in ((ONE + 1, UNLIMITED), (0, ONE - 1), (ONE + 1, ONE - 1)):
        arguments = {"status": 1, "min_price": bounds[0], "max_price": bounds[1]}
        assert fail(world, "set_status", "controller", **arguments) == "pool: price out of bounds"
    world.call("pool.set_status", "pool-0", "controller", status=1, min_price=ONE, max_price=ONE)
    assert world.pool.status == 1


# Requests: R12, R13.


def test_a_request_replaces_the_one_before_in_the_books_too():
    world = provided_world()
    world.request(300)
    world.request(200)
    assert world.pool.requests["provider"] == Request(1_000, 200)
    assert world.pool.books.requested == 200
    world.request(0)
    assert world.events == [("pool-0", "WithdrawalRequested", "provider", 1_000, 0)]
    assert world.pool.requests["provider"] == EMPTY_REQUEST
    assert world.pool.books.requested == 0


def test_a_request_of_the_epoch_before_counted_there():
    world = provided_world()
    world.request(300)
    world.wait(DAY)
    world.request(0)
    assert world.pool.books.requested == 0
    world.request(50)
    assert world.pool.books.requested == 50


def test_request_reasons_in_order():
    world = pending_world()
    assert fail(world, "request_withdrawal", units=1) == "pool: pending"
    world = suspended_world()
    assert fail(world, "request_withdrawal", units=LOT + 1) == "pool: not enough units"
    assert fail(world, "request_withdrawal", units=0) == "pool: no request to cancel"
    world.request(10)
    world.wait(2 * DAY)
    # lapsed, but still stored
    assert fail(world, "request_withdrawal", units=0) == "pool: no request to cancel"
    assert world.pool.requests["provider"] == Request(1_000, 10)


# Withdraw: R15, R16. The whole waterfall is in test_stories.py.


def withdraw_reason(world, **changes):
    arguments = {"min_base": 0, "min_quote": 0, "max_shortfall": 0}
    return fail(world, "withdraw", **(arguments | changes))


def test_a_request_is_executable_in_the_next_epoch_only():
    world = provided_world()
    assert withdraw_reason(world) == "pool: no executable request"
    world.wait(DAY)
    world.request(10)
    assert withdraw_reason(world) == "pool: no executable request"
    world.wait(2 * DAY)
    assert withdraw_reason(world) == "pool: no executable request"
    world.wait(-DAY)
    assert world.withdraw() == (10, 10, 0, 0)
    assert withdraw_reason(world) == "pool: no executable request"


def test_a_withdrawal_without_loss():
    world = provided_world()
    world.request(LOT // 4)
    world.wait(DAY)
    assert world.withdraw() == (LOT // 4, LOT // 4, 0, 0)
    left = FIRST + LOT - LOT // 4
    assert world.events == [
        ("pool-0", "OracleUpdated", ONE),
        ("pool-0", "EpochOpened", 1_001, False, 0, FIRST + LOT),
        ("pool-0", "Withdrawn", "provider", LOT // 4, LOT // 4, LOT // 4, left, left, left),
        ("base", "Transfer", "pool-0", "provider", LOT // 4),
        ("quote", "Transfer", "pool-0", "provider", LOT // 4),
    ]
    assert world.position() == Position(LOT - LOT // 4, LOT - LOT // 4, LOT - LOT // 4, START, START)
    assert world.pool.requests["provider"] == EMPTY_REQUEST
    assert world.pool.books == Books(1_001, False, 0, 0, 0, 0, FIRST + LOT)


def test_withdraw_reasons_in_order():
    world = provided_world(lockup_seconds=2 * DAY, bailout_threshold_bps=10_000)
    quadruple_price(world)
    world.request(LOT)
    world.wait(DAY)
    assert withdraw_reason(world, min_base=10**18) == "pool: locked up"
    world.request(LOT)
    world.wait(DAY)
    # one fiftieth of the protection: 200_000_000 quote owed, and the Reserve is empty
    assert withdraw_reason(world, min_base=LOT // 2 + 1, min_quote=10**18) == "pool: base below minimum"
    assert withdraw_reason(world, min_base=LOT // 2, min_quote=2 * LOT + 1) == "pool: quote below minimum"
    assert withdraw_reason(world, max_shortfall=199_999_999) == "pool: shortfall above maximum"
    accepted = {"min_base": LOT // 2, "min_quote": 2 * LOT, "max_shortfall": 200_000_000}
    received = world.call("pool.withdraw", "pool-0", "provider", **accepted)
    assert received == (LOT // 2, 2 * LOT, 0, 200_000_000)


def test_a_withdrawal_when_suspended_is_protected():
    world = provided_world(bailout_threshold_bps=10_000)
    quadruple_price(world)
    world.fill_reserve("base", LOT)
    world.call("controller.set_status", "controller", "governor", pool="pool-0", status=2, **ANY_PRICE)
    world.wait(99 * DAY)
    world.request(LOT)
    world.wait(DAY)
    assert world.withdraw() == (LOT, LOT, 0, 0)


# Exit: R17.


def test_exit():
    world = provided_world()
    world.wait(DAY)
    assert world.exit(LOT // 2) == (LOT // 2, LOT // 2)
    left = FIRST + LOT // 2
    assert world.own_events[-1] == ("pool-0", "Exited", "provider", LOT // 2, LOT // 2, LOT // 2, left, left, left)
    assert world.position() == Position(LOT // 2, LOT // 2, LOT // 2, START, START)
    assert world.pool.books == Books(1_001, False, 0, LOT // 2, 0, 0, FIRST + LOT)


def test_the_last_exit_clears_the_position():
    world = provided_world()
    world.wait(DAY)
    world.exit(LOT)
    assert world.position() == EMPTY_POSITION


def test_what_stays_of_the_principal_rounds_down():
    world = active_world()
    world.add("provider", 10, 10)
    world.change_pool(positions={"provider": replace(world.position(), principal_base=9)})
    world.wait(DAY)
    world.exit(5)
    # 9 * 5/10 = 4.5
    assert world.position().principal_base == 4


def test_exit_caps_a_request_of_this_epoch_and_the_books():
    world = provided_world()
    world.wait(DAY)
    world.request(LOT)
    world.exit(LOT // 4)
    assert world.pool.requests["provider"] == Request(1_001, LOT - LOT // 4)
    assert world.pool.books == Books(1_001, False, LOT - LOT // 4, LOT // 4, 0, 0, FIRST + LOT)
    world.exit(LOT - LOT // 4)
    assert world.pool.requests["provider"] == EMPTY_REQUEST
    assert world.pool.books == Books(1_001, False, 0, LOT, 0, 0, FIRST + LOT)


def test_exit_caps_a_request_of_the_epoch_before_and_leaves_the_books():
    world = provided_world()
    world.request(LOT)
    world.wait(DAY)
    world.exit(LOT // 4)
    assert world.pool.requests["provider"] == Request(1_000, LOT - LOT // 4)
    assert world.pool.books == Books(1_001, False, 0, LOT // 4, 0, 0, FIRST + LOT)


def test_exit_leaves_smaller_and_lapsed_requests_alone():
    world = provided_world()
    world.request(100)
    world.wait(DAY)
    world.exit(LOT // 2)
    assert world.pool.requests["provider"] == Request(1_000, 100)
    world.wait(DAY)
    world.exit(LOT // 2)
    assert world.pool.requests["provider"] == Request(1_000, 100)


def test_exit_reasons_in_order():
    world = provided_world()

    def reason(units, min_base=0, min_quote=0):
        return fail(world, "exit", units=units, min_base=min_base, min_quote=min_quote)

    assert reason(0) == "pool: zero units to exit"
    assert reason(LOT + 1) == "pool: not enough units"
    world.wait(DAY - 1)
    assert reason(LOT, LOT + 1) == "pool: locked up"
    world.wait(1)
    assert reason(LOT, LOT + 1, LOT + 1) == "pool: base below minimum"
    assert reason(LOT, LOT, LOT + 1) == "pool: quote below minimum"


@pytest.mark.parametrize("builder", [pending_world, active_world])
def test_exit_in_any_status(builder):
    world = builder()
    world.wait(DAY)
    assert world.exit(LOT, "founder") == (LOT, LOT)
    # the locked units keep the pool from being empty
    assert (world.pool.total_units, world.pool.reserve_base, world.pool.reserve_quote) == (1_000, 1_000, 1_000)


# Sweep: R14.


def test_sweep_without_stakers():
    world = provided_world()
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=41)
    assert world.call("pool.sweep", "pool-0", "keeper") == (41, 0)
    assert world.events == [
        ("pool-0", "Swept", 0, 41, 0, 0),
        ("base", "Transfer", "pool-0", "reserve", 41),
        ("reserve", "Absorbed", "base", 41, 41),
    ]


def test_sweep_with_stakers():
    world = provided_world()
    world.stake(10)
    world.call("token.transfer", "base", "outsider", to="pool-0", amount=41)
    world.call("token.transfer", "quote", "outsider", to="pool-0", amount=3)
    assert world.call("pool.sweep", "pool-0", "keeper") == (41, 3)
    # 41/4 = 10.25; 3/4 = 0.75
    assert world.events == [
        ("pool-0", "Swept", 10, 31, 0, 3),
        ("base", "Transfer", "pool-0", "backstop", 10),
        ("backstop", "Rewarded", "pool-0", "base", 10),
        ("base", "Transfer", "pool-0", "reserve", 31),
        ("reserve", "Absorbed", "base", 31, 31),
        ("quote", "Transfer", "pool-0", "reserve", 3),
        ("reserve", "Absorbed", "quote", 3, 3),
    ]


def test_staged_deposits_are_no_surplus():
    world = suspended_world()
    world.activate()
    stage(world, 30, 40)
    assert world.call("pool.sweep", "pool-0", "keeper") == (0, 0)
    assert world.events == []


def test_everything_to_the_stakers():
    world = provided_world(staker_share_bps=10_000)
    world.stake(10)
    world.call("token.transfer", "quote", "outsider", to="pool-0", amount=41)
    world.call("pool.sweep", "pool-0", "keeper")
    assert world.events == [
        ("pool-0", "Swept", 0, 0, 41, 0),
        ("quote", "Transfer", "pool-0", "backstop", 41),
        ("backstop", "Rewarded", "pool-0", "quote", 41),
    ]
