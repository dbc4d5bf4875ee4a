"""R18 to R20, by hand."""

from model.stake_math import earned, ends_generation, index_growth, redeemable, shares_minted

ONE = 2**112


def test_the_first_stake_mints_its_amount():
    assert shares_minted(500, 0, 0) == 500


def test_after_a_slash_stake_is_cheaper():
    # 500 shares of 200: 100*500/200 = 250; 3*500/200 = 7.5
    assert shares_minted(100, 200, 500) == 250
    assert shares_minted(3, 200, 500) == 7


def test_what_shares_are_worth():
    # 250*300/750 = 100; 1*300/750 = 0.4
    assert redeemable(250, 300, 750) == 100
    assert redeemable(1, 300, 750) == 0
    assert redeemable(750, 300, 750) == 300


def test_rewards_per_share():
    assert index_growth(100, 400) == ONE // 4
    # 2**112 = 1 mod 3
    assert index_growth(1, 3) == (ONE - 1) // 3


def test_what_shares_earn():
    assert earned(100, ONE // 4, 0) == 25
    assert earned(100, ONE // 2, ONE // 4) == 25
    # 3 * floor(ONE/3) is just less than one
    assert earned(3, (ONE - 1) // 3, 0) == 0
    assert earned(0, ONE, 0) == 0


def test_a_generation_ends_when_its_stake_is_gone_or_dust():
    assert ends_generation(0, 10)
    assert not ends_generation(1, 1_000_000)
    assert ends_generation(1, 1_000_001)
    assert not ends_generation(7, 7_000_000)
    assert ends_generation(7, 7_000_001)
