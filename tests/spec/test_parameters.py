"""The two tables of section 6."""

from dataclasses import asdict, replace

import pytest

from model.parameters import Parameters, SystemParameters, first_out_of_bounds, pool_bounds, system_bounds

DAY = 86_400
SYSTEM_TABLE = [
    ("epoch_seconds", 86_400, 3_600, 2_592_000),
    ("unstake_seconds", 604_800, 172_800, 31_536_000),
    ("hold_seconds", 604_800, 0, 31_536_000),
    ("unstake_window_seconds", 172_800, 3_600, 31_536_000),
]
POOL_TABLE = [
    ("full_protection_seconds", 8_640_000, 0, 315_360_000),
    ("bailout_threshold_bps", 2_000, 1, 10_000),
    ("lockup_seconds", 86_400, 86_400, 31_536_000),
    ("confirmation_seconds", 60, 0, 604_800),
    ("oracle_window_seconds", 1_800, 60, 604_800),
    ("max_deviation_bps", 100, 1, 1_000),
    ("min_fee_bps", 10, 0, 1_000),
    ("protocol_fee_bps", 2_000, 0, 5_000),
    ("staker_share_bps", 2_500, 0, 10_000),
]


def test_the_defaults_in_the_order_of_the_tables():
    assert list(asdict(SystemParameters()).items()) == [(name, default) for name, default, *_ in SYSTEM_TABLE]
    assert list(asdict(Parameters()).items()) == [(name, default) for name, default, *_ in POOL_TABLE]


@pytest.mark.parametrize(("name", "default", "lowest", "highest"), POOL_TABLE)
def test_the_bounds_of_a_pool(name, default, lowest, highest):
    bounds = pool_bounds(DAY)
    for value, expected in ((lowest - 1, name), (lowest, None), (default, None), (highest, None), (highest + 1, name)):
        assert first_out_of_bounds(replace(Parameters(), **{name: value}), bounds) == expected


@pytest.mark.parametrize(("name", "default", "lowest", "highest"), SYSTEM_TABLE)
def test_the_bounds_of_the_system(name, default, lowest, highest):
    bounds = system_bounds(DAY)
    for value, expected in ((lowest - 1, name), (lowest, None), (default, None), (highest, None), (highest + 1, name)):
        assert first_out_of_bounds(replace(SystemParameters(), **{name: value}), bounds) == expected


def test_unstaking_takes_two_epochs_and_the_lock_up_one():
    assert system_bounds(3_600)["unstake_seconds"][0] == 7_200
    assert pool_bounds(3_600)["lockup_seconds"][0] == 3_600


def test_the_first_in_the_table_is_the_one_named():
    wrong = Parameters(min_fee_bps=1_001, confirmation_seconds=604_801)
    assert first_out_of_bounds(wrong, pool_bounds(DAY)) == "confirmation_seconds"
