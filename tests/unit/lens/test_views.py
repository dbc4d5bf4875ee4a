"""R24: what the Lens is."""

from tests.unit.support import ZERO_ADDRESS, reason

# What each preview is told beside the pool.
PREVIEWS = {
    "preview_swap": (ZERO_ADDRESS, 1),
    "preview_add": (ZERO_ADDRESS, 1, 1),
    "preview_confirm_deposit": (ZERO_ADDRESS,),
    "preview_begin_protection": (ZERO_ADDRESS,),
    "preview_withdraw": (ZERO_ADDRESS,),
    "preview_entitlement": (ZERO_ADDRESS, 1),
    "preview_exit": (ZERO_ADDRESS, 1),
    "preview_sweep": (),
    "preview_stake": (1,),
    "preview_unstake": (ZERO_ADDRESS,),
    "preview_claim": (ZERO_ADDRESS, ZERO_ADDRESS),
}


def test_it_has_no_function_but_previews(lens):
    assert {method.name for method in lens.contract_type.methods} == PREVIEWS.keys()
    assert not lens.contract_type.mutable_methods


def test_of_what_is_no_pool_there_is_no_preview(lens, controller, reserve, backstop, base, outsider):
    for stranger in (controller, reserve, backstop, base, lens, outsider, ZERO_ADDRESS):
        for name, rest in PREVIEWS.items():
            assert reason(getattr(lens, name), stranger, *rest, sender=outsider) == "", name
