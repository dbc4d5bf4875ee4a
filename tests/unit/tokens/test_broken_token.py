"""R14: a token that has stopped working, and the governor's means against it."""

import pytest

from tests.unit.support import DAY, EPOCH, LOT, MAX, START, UNLIMITED, activate, quadruple_price, reason, send_in_vain, suspend, wait

REFUSED = "token_moves: transfer refused"


@pytest.fixture
def token(governor, project):
    return governor.deploy(project.FalseReturnToken, MAX)


@pytest.fixture
def broken_pool(list_token, token, governor):
    """The second pool: ACTIVE, with a surplus of a token that has stopped working."""
    pool = list_token(token)
    token.transfer(pool, 5, sender=governor)
    token.set_failing(True, sender=governor)
    return pool


def test_it_blocks_the_system_sweep_until_its_pool_is_suspended(controller, broken_pool, quote, pool, keeper, governor, events):
    quote.transfer(pool, 20, sender=governor)
    assert reason(controller.sweep, sender=keeper) == REFUSED
    send_in_vain(controller.sweep, sender=keeper)
    suspend(controller, broken_pool, governor)
    assert events.own(controller.sweep(sender=keeper)) == [
        ("controller", "SystemSwept", EPOCH),
        ("pool", "Swept", 0, 0, 0, 20),
        ("reserve", "Absorbed", "quote", 20, 20),
    ]
    activate(controller, broken_pool, governor)
    assert reason(controller.sweep, sender=keeper) == REFUSED


def test_it_blocks_other_pools_withdrawals_in_bailout_until_then(controller, broken_pool, base, quote, pool, provider, governor):
    quadruple_price(pool, base, quote)
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    wait(DAY)
    assert reason(pool.withdraw, 0, 0, UNLIMITED, sender=provider) == REFUSED
    suspend(controller, broken_pool, governor)
    # a fiftieth of the loss, which nobody pays
    assert tuple(pool.withdraw.call(0, 0, UNLIMITED, sender=provider)) == (LOT // 2, 2 * LOT, 0, LOT // 50)


@pytest.mark.usefixtures("broken_pool")
def test_it_never_blocks_their_exits_nor_calm_withdrawals(base, quote, pool, provider):
    quadruple_price(pool, base, quote)
    wait(DAY)
    pool.request_withdrawal(10**9, sender=provider)
    wait(DAY)
    assert tuple(pool.exit.call(LOT, 0, 0, sender=provider)) == (LOT // 2, 2 * LOT)
    assert tuple(pool.withdraw.call(0, 0, UNLIMITED, sender=provider))[:2] == (5 * 10**8, 2 * 10**9)


def test_a_pool_without_a_surplus_of_it_blocks_nothing(controller, list_token, token, keeper, governor, events):
    list_token(token)
    token.set_failing(True, sender=governor)
    assert events(controller.sweep(sender=keeper)) == [("controller", "SystemSwept", EPOCH)]


def test_the_other_token_of_its_pool_still_trades_in_nobodys_favour(broken_pool, token, quote, trader):
    assert reason(broken_pool.swap, quote, 1_000, 0, trader, START, sender=trader) == REFUSED
    assert reason(broken_pool.swap, token, 1_000, 0, trader, START, sender=trader) == REFUSED
