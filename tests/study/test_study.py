"""The study's figures against what can be worked out without it. About 15 s, nearly all of it the tables."""

import re

import pytest

from tests.study import paths, payout, pictures, runs, tables
from tests.study.market import DAY, DLQ, EVE_PRICE, QUOTE, RICH
from tests.study.rules import AS_THEY_ARE, FIRST_COME_FIRST_SERVED, changed_model

MINIMUM_UNITS = 1_000
BOTH = pytest.mark.parametrize("rules", (AS_THEY_ARE, FIRST_COME_FIRST_SERVED), ids=("R16", "first come"))
SETTINGS = {
    "crash": runs.Setting(tables.CRASH),
    "rise, mixed people": runs.Setting(tables.RISE, tuple(runs.MIXED), "drawn", "three a day"),
    "no backing": runs.Setting(tables.CRASH, reserve_share=0, stake_share=0),
}


def all_leave(rules):
    """Ten with a tenth each, the price at 40 % and standing; all ask, and leave in the same second. What there is to draw, and who left."""
    market = payout.settled(rules, (10,) * 10).fork()
    assert runs.backing(market) == runs.Backing(base=125 * DLQ, quote=250_000 * QUOTE, stake=20_000 * DLQ)
    first = payout.leave(market, 0.4, dict.fromkeys(market.providers))
    quote = 250_000 * QUOTE + runs.with_sweeps(runs.Backing(0, 0, 0), market).quote
    departures = [first, *(market.withdraw(provider) for provider in market.providers[1:])]
    assert all(departure.bailout for departure in departures)
    assert sum(departure.reserve_quote for departure in departures) == quote
    assert sum(departure.slashed for departure in departures) == 20_000 * DLQ
    return quote, departures


def test_with_rationing_everybody_draws_the_same_share():
    quote, departures = all_leave(AS_THEY_ARE)
    withdrawable = sum(departure.units for departure in departures)
    assert departures[0].units_before == withdrawable + MINIMUM_UNITS
    for place, departure in enumerate(departures):
        assert departure.shortfall > 0
        # Each rounds down, in favour of who comes later: a base unit at most for each that has gone before.
        assert 0 <= departure.reserve_quote - quote * departure.units // withdrawable <= place
        assert 0 <= departure.slashed - 20_000 * DLQ * departure.units // withdrawable <= place


def test_without_it_the_first_take_all():
    _, departures = all_leave(FIRST_COME_FIRST_SERVED)
    parts = [departure.made_whole for departure in departures]
    # Each deposited 500_000 quote, of which 500_000*(1 - 0.4**0.5) = 183_772 are missing now: the Reserve has that for one and a third.
    # Each is owed 67_544 quote in all, and the stake is worth 20_000*10*0.4**0.5 = 126_491: the rest of the second, the third, and
    # a quarter of the fourth.
    assert parts[:3] == [1, 1, 1]
    assert 0 < parts[3] < 1
    assert parts[4:] == [0] * 6


@BOTH
@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_what_providers_received_is_what_reserve_and_stakers_lost(rules, setting):
    result = runs.run(rules, setting)
    assert len(result.departures) == 20
    assert result.before.base + result.swept.base - sum(one.reserve_base for one in result.departures) == result.after.base
    assert result.before.quote + result.swept.quote - sum(one.reserve_quote for one in result.departures) == result.after.quote
    assert result.before.stake - sum(one.slashed for one in result.departures) == result.after.stake
    for departure in result.departures:
        assert departure.owed <= departure.coverage
        assert 0 <= departure.shortfall <= departure.owed


@BOTH
def test_the_same_seed_gives_the_same_run(rules):
    setting = SETTINGS["rise, mixed people"]
    once = runs.run(rules, setting)
    runs.eve.cache_clear()
    assert runs.run(rules, setting) == once
    assert paths.crash(1) == paths.crash(1) != paths.crash(2)


def test_in_calm_both_sets_of_rules_are_one():
    departures = []
    for rules in (AS_THEY_ARE, FIRST_COME_FIRST_SERVED):
        departures.append(payout.leave(payout.settled(rules, (90, 10)).fork(), 0.4, {"provider-1": None}))
    assert not departures[0].bailout
    assert departures[0] == departures[1]
    # All of the loss, by the Reserve alone.
    assert departures[0].shortfall == departures[0].stake == 0


def test_a_rule_that_stands_elsewhere_now_is_not_replaced_in_silence():
    with pytest.raises(AssertionError, match="waterfall.py does not hold this passage once"):
        changed_model("model_unchanged", "waterfall.py", "no such line", "")


@pytest.mark.parametrize("price", (0.002, 0.4, 0.999, 1.001, 3.0))
def test_the_arbitrageur_leaves_what_the_least_fee_makes_not_worth_it(price):
    market = payout.settled(AS_THEY_ARE, (90, 10)).fork()
    market.now += DAY
    market.follow(price)
    spot = market.pool.reserve_quote * DLQ / market.pool.reserve_base
    assert abs(spot / (EVE_PRICE * price) - 1) < 0.0011  # the least fee is 10 of 10_000
    at_rest = market.state
    market.arbitrage()
    assert market.state is at_rest
    assert sum(market.state.tokens["quote"].balances.values()) == (2 + 4) * RICH


def test_age_and_price_make_the_payout():
    by_age, by_price = payout.payouts(AS_THEY_ARE)
    for one in (*by_age, *by_price):
        after_revenue = one.loss - one.revenue
        level = min(one.age / 100, 1)
        # R15 takes the lower of two prices, and the outside one lies within the least fee of both.
        assert one.protection == pytest.approx(level * after_revenue, abs=0.001)


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_page_holds_what_the_model_gives_now(name):
    page = tables.PAGE.read_text()
    assert tables.places(page).count(name) == 1
    now = tables.page_with_tables(page, {name: tables.TABLES[name]()})
    assert now == page, "write docs/runs.md anew with `make study`, and read it again"


def test_the_page_shows_every_picture_and_none_is_large():
    shown = re.findall(r"\]\(pictures/(.+?)\.png\)", tables.PAGE.read_text())
    assert sorted(shown) == sorted(pictures.PICTURES)
    for name in shown:
        assert (pictures.FOLDER / f"{name}.png").stat().st_size < 120_000


def test_a_picture_is_drawn(tmp_path):
    path = pictures.draw("backing", tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [path] == list(tmp_path.iterdir())
