"""R14: the Reserve books what has reached it."""

import ape

from tests.unit.support import balances, reason


def test_what_has_come_is_booked(reserve, base, keeper, governor, events):
    base.transfer(reserve, 70, sender=governor)
    assert reserve.held(base) == 0
    assert reserve.absorb.call(base, sender=keeper) == 70
    assert events(reserve.absorb(base, sender=keeper)) == [("reserve", "Absorbed", "base", 70, 70)]
    base.transfer(reserve, 5, sender=governor)
    assert reserve.absorb.call(base, sender=keeper) == 5
    assert events(reserve.absorb(base, sender=keeper)) == [("reserve", "Absorbed", "base", 5, 75)]
    assert (reserve.held(base), *balances(base, reserve)) == (75, 75)


def test_tokens_are_booked_one_by_one(reserve, base, quote, keeper, governor):
    base.transfer(reserve, 70, sender=governor)
    quote.transfer(reserve, 5, sender=governor)
    reserve.absorb(quote, sender=keeper)
    assert (reserve.held(base), reserve.held(quote)) == (0, 5)


def test_a_token_of_no_pool_is_booked_as_well(reserve, spare_base, keeper, governor, events):
    spare_base.transfer(reserve, 3, sender=governor)
    assert events(reserve.absorb(spare_base, sender=keeper)) == [("reserve", "Absorbed", "spare_base", 3, 3)]


def test_there_must_be_something_new(reserve, base, keeper, governor):
    assert reason(reserve.absorb, base, sender=keeper) == "reserve: nothing to absorb"
    base.transfer(reserve, 70, sender=governor)
    reserve.absorb(base, sender=keeper)
    with ape.reverts("reserve: nothing to absorb"):
        reserve.absorb(base, sender=keeper)


def test_it_pulls_nothing_from_the_caller(reserve, base, keeper, governor):
    base.approve(reserve, 100, sender=keeper)
    base.transfer(reserve, 1, sender=governor)
    before = balances(base, keeper)
    reserve.absorb(base, sender=keeper)
    assert balances(base, keeper) == before
