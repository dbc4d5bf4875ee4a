"""L2: `B*Q/U**2` never falls, by any call in any order: what a unit is a share of, whatever the price, never shrinks."""

import pytest

from tests.laws.histories import Moment, hold_over_histories, see_law_break_in_histories
from tests.laws.sides import planted
from tests.laws.support import LawBroken, holds


def law(moment: Moment) -> None:
    for name, before in moment.before.pools.items():
        after = moment.after.pools[name]
        if after is not before and before.total_units:
            share_before = before.reserve_base * before.reserve_quote * after.total_units**2
            share_after = after.reserve_base * after.reserve_quote * before.total_units**2
            holds(f"a unit of {name} is a share of no less", share_after >= share_before)


def test_on_the_model():
    assert hold_over_histories(law) > 10_000


@pytest.mark.parametrize(
    "fault",
    [
        # Units that leave are rounded up.
        ("liquidity_math.py", "return portion(reserve, units, total_units)", "return -(-reserve * units // total_units)"),
        # Units that come are rounded up.
        ("liquidity_math.py", "return mul_div(units, added, whole)", "return mul_div(units, added, whole) + 1"),
        # A swap charges no fee, and rounds up.
        ("swap_math.py", "return min(output_by_slip, output_by_min_fee)", "return mul_div(dx, y, dx + x) + 1"),
    ],
)
def test_it_can_fail(fault):
    with planted(*fault) as package, pytest.raises(LawBroken):
        see_law_break_in_histories(law, package)
