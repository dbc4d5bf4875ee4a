"""R17: an exit asks nobody but the pool's own tokens; no failure of another contract can lock a provider in."""

import pytest
from ape import chain

from tests.unit.support import ANY_PRICE, DAY, FIRST, LOT, START, UNLIMITED, WEALTH, balances, quadruple_price, reason, wait


@pytest.fixture
def broken(system):
    """Reserve, Backstop and Controller refuse everything from now on."""

    def broken() -> None:
        for name in ("reserve", "backstop", "controller"):
            chain.provider.set_code(system.contracts[name].address, "0xfe")

    return broken


def test_a_provider_exits_all_the_same(pool, base, quote, provider, broken, events):
    pool.request_withdrawal(LOT, sender=provider)
    wait(DAY)
    broken()
    receipt = pool.exit(LOT, LOT, LOT, sender=provider)
    assert events.own(receipt)[-1] == ("pool", "Exited", "provider", LOT, LOT, LOT, FIRST, FIRST, FIRST)
    assert balances(base, provider) == balances(quote, provider) == (WEALTH,)


def test_a_provider_exits_from_a_suspended_pool_in_bailout(pool, base, quote, controller, governor, provider, broken):
    quadruple_price(pool, base, quote)
    wait(DAY)
    pool.request_withdrawal(LOT, sender=provider)
    controller.set_status(pool, 2, *ANY_PRICE, sender=governor)
    wait(DAY)
    broken()
    assert pool.in_bailout()
    pool.exit(LOT, 0, 0, sender=provider)
    assert balances(quote, provider) == (WEALTH + LOT,)


def test_a_depositor_takes_a_staged_deposit_back(pool, base, keeper, broken):
    pool.stage_deposit(30, 40, sender=keeper)
    broken()
    pool.cancel_deposit(sender=keeper)
    assert balances(base, keeper) == (WEALTH,)


def test_traders_and_providers_go_on(pool, base, trader, keeper, broken):
    broken()
    assert pool.swap.call(base, 1_000, 998, trader, START, sender=trader) == 998
    assert pool.add.call(10, 10, 10, START, sender=keeper) == 10


def test_a_withdrawal_to_which_nothing_is_due_needs_nobody_either(pool, provider, broken):
    pool.request_withdrawal(LOT, sender=provider)
    wait(DAY)
    broken()
    assert tuple(pool.withdraw.call(LOT, LOT, 0, sender=provider)) == (LOT, LOT, 0, 0)


def test_a_protected_one_waits_for_the_reserve(pool, base, quote, provider, broken):
    quadruple_price(pool, base, quote)
    pool.request_withdrawal(1_000_000, sender=provider)
    wait(DAY)
    broken()
    assert reason(pool.withdraw, 0, 0, UNLIMITED, sender=provider) == ""
