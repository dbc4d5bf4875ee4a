"""How a law is tried: on thousands of drawn examples, where it must hold, and on a planted fault, where it must be seen to break.

`pytest --hypothesis-profile thorough` draws twenty times as many.
"""

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.laws.sides import Model, Side, planted

SCALE = max(1, settings().max_examples // 100)  # a profile's examples, against the usual hundred


class LawBroken(AssertionError):
    """What a law says is not so. (Anything else that goes wrong is not a law's finding.)"""


def holds(what: str, is_so: bool) -> None:
    if not is_so:
        raise LawBroken(what)


Law = Callable[[Side, object], bool]


def hold_law(law: Law, side: Side, drawn: st.SearchStrategy, examples: int, speaks_at_least: int = 10) -> None:
    """Try a law on drawn examples.

    Parameters
    ----------
    law : plays an example on a side and says whether the law speaks of it; raises LawBroken where it does not hold
    speaks_at_least : percent of the examples that the law must have spoken of
    """
    examples *= SCALE
    spoken = 0

    @settings(max_examples=examples)
    @given(drawn)
    def property(example: object) -> None:
        nonlocal spoken
        with side.what_if():
            spoken += law(side, example)

    property()
    assert spoken * 100 >= examples * speaks_at_least, f"the law spoke of {spoken} examples of {examples} only"


def see_law_break(law: Law, drawn: st.SearchStrategy, fault: tuple[str, str, str], examples: int = 5_000) -> None:
    """Plant a fault in a copy of the model: the law must find it. (`fault`: see `sides.planted`.)"""
    with planted(*fault) as package:
        side = Model(package)

        @settings(max_examples=examples, phases=[Phase.generate], print_blob=False)
        @given(drawn)
        def property(example: object) -> None:
            with side.what_if():
                law(side, example)

        with pytest.raises(LawBroken):
            property()
