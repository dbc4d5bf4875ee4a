"""R16, R21: pools, and nobody else, draw from the Reserve."""

import ape
import pytest

from tests.unit.support import DAY, WEALTH, ZERO_ADDRESS, balances, fill_reserve, parameters, reason


@pytest.fixture
def filled_reserve(reserve, base, governor):
    fill_reserve(reserve, base, 70, governor)
    return reserve


def test_a_pool_draws(filled_reserve, base, pool_account, provider, events):
    receipt = filled_reserve.draw(base, provider, 60, sender=pool_account)
    assert events(receipt) == [
        ("reserve", "Drawn", "pool", "base", "provider", 60, 10),
        ("base", "Transfer", "reserve", "provider", 60),
    ]
    assert filled_reserve.held(base) == 10
    assert balances(base, filled_reserve) == (10,)


def test_a_pool_draws_tokens_that_are_not_its_own(reserve, spare_quote, governor, pool_account, outsider):
    fill_reserve(reserve, spare_quote, 70, governor)
    reserve.draw(spare_quote, outsider, 70, sender=pool_account)
    assert balances(spare_quote, outsider, reserve) == (WEALTH + 70, 0)


def test_a_pool_that_is_not_active_draws_as_well(filled_reserve, base, new_pool, become, outsider, events):
    receipt = filled_reserve.draw(base, outsider, 70, sender=become(new_pool()))
    assert events(receipt)[0] == ("reserve", "Drawn", "second_pool", "base", "outsider", 70, 0)


@pytest.mark.parametrize("role", ["governor", "keeper", "provider", "outsider"])
def test_no_account_draws(filled_reserve, base, system, role):
    caller = system.roles[role]
    assert reason(filled_reserve.draw, base, caller, 1, sender=caller) == "reserve: caller is not a pool"


@pytest.mark.parametrize("name", ["controller", "backstop", "reserve", "base"])
def test_no_other_contract_draws(filled_reserve, base, system, outsider, name):
    caller = system.contracts[name].address
    assert reason(filled_reserve.draw, base, outsider, 1, sender=caller) == "reserve: caller is not a pool"


def test_a_pool_that_is_not_registered_draws_nothing(filled_reserve, base, quote, backstop, project, governor, outsider):
    stranger = governor.deploy(project.Pool, governor, filled_reserve, backstop, base, quote, DAY, parameters())
    refusal = reason(filled_reserve.draw, base, outsider, 1, sender=stranger.address)
    assert refusal == "reserve: caller is not a pool"


def test_no_more_than_is_booked(filled_reserve, base, pool_account, outsider, governor):
    base.transfer(filled_reserve, 1, sender=governor)
    assert reason(filled_reserve.draw, base, outsider, 71, sender=pool_account) == "reserve: not enough held"


def test_the_caller_is_checked_first(filled_reserve, base, outsider):
    assert reason(filled_reserve.draw, base, outsider, 71, sender=outsider) == "reserve: caller is not a pool"
    with ape.reverts("reserve: caller is not a pool"):
        filled_reserve.draw(base, outsider, 71, sender=outsider)


def test_the_token_has_the_last_word(filled_reserve, base, pool_account):
    refusal = reason(filled_reserve.draw, base, ZERO_ADDRESS, 70, sender=pool_account)
    assert refusal == "erc20: transfer to the zero address"


def test_nothing_is_drawn_without_a_transfer(filled_reserve, base, pool_account, outsider, events):
    receipt = filled_reserve.draw(base, outsider, 0, sender=pool_account)
    assert events(receipt) == [("reserve", "Drawn", "pool", "base", "outsider", 0, 70)]
