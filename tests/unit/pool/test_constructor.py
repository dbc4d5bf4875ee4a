"""Section 6 of the protocol: a pool's parameters and tokens, checked when the Controller creates it."""

import ape
import pytest

from tests.unit.support import DAY, MAX, ZERO_ADDRESS, fields, parameters, reason

BOUNDS = {
    "full_protection_seconds": (0, 315_360_000),
    "bailout_threshold_bps": (1, 10_000),
    "lockup_seconds": (DAY, 31_536_000),
    "confirmation_seconds": (0, 604_800),
    "oracle_window_seconds": (60, 604_800),
    "max_deviation_bps": (1, 1_000),
    "min_fee_bps": (0, 1_000),
    "protocol_fee_bps": (0, 5_000),
    "staker_share_bps": (0, 10_000),
}


def create_reason(controller, governor, base, quote, **changed):
    return reason(controller.create_pool, base, quote, parameters(**changed), sender=governor)


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_are_accepted(new_pool, create_pool, base, spare_base, name):
    lowest, highest = BOUNDS[name]
    assert new_pool(**{name: lowest}).parameters()[name] == lowest
    assert create_pool(base, spare_base, **{name: highest}).parameters()[name] == highest


@pytest.mark.parametrize("name", BOUNDS)
def test_beyond_them_is_refused(controller, governor, spare_base, spare_quote, name):
    lowest, highest = BOUNDS[name]
    for value in (*([lowest - 1] if lowest else []), highest + 1, 2**256 - 1):
        refusal = create_reason(controller, governor, spare_base, spare_quote, **{name: value})
        assert refusal == f"pool: {name} out of bounds"


def test_the_parameters_are_checked_in_the_order_of_the_table(controller, governor, outsider, spare_quote):
    wrong = {name: 2**256 - 1 for name in BOUNDS}
    for name, (lowest, _) in BOUNDS.items():
        refusal = create_reason(controller, governor, outsider, spare_quote, **wrong)
        assert refusal == f"pool: {name} out of bounds"
        wrong[name] = lowest
    assert create_reason(controller, governor, outsider, spare_quote, **wrong) == "pool: not a token"


def test_a_refused_pool_does_not_exist(controller, governor, spare_base, spare_quote):
    with ape.reverts("pool: min_fee_bps out of bounds"):
        controller.create_pool(spare_base, spare_quote, parameters(min_fee_bps=1_001), sender=governor)
    assert controller.pool_count() == 1
    assert controller.pool_of(spare_base, spare_quote) == ZERO_ADDRESS


def test_the_parameters_are_kept(new_pool):
    changed = {name: highest for name, (_, highest) in BOUNDS.items()}
    assert fields(new_pool(**changed).parameters()) == tuple(changed.values())


@pytest.mark.parametrize("stranger", ["an account", "nobody", "a contract without decimals"])
def test_what_has_no_decimals_is_no_token(controller, governor, outsider, reserve, spare_base, stranger):
    address = {"an account": outsider, "nobody": ZERO_ADDRESS, "a contract without decimals": reserve}[stranger]
    assert create_reason(controller, governor, address, spare_base) == "pool: not a token"
    assert create_reason(controller, governor, spare_base, address) == "pool: not a token"


def test_an_answer_that_is_no_word_is_not_decimals(controller, governor, outsider, spare_base):
    # 0x00: answers anything with nothing; 0x60ff60005260016000f3 answers with a single byte
    for code in ("0x00", "0x60ff60005260016000f3"):
        ape.chain.provider.set_code(outsider.address, code)
        assert create_reason(controller, governor, outsider, spare_base) == "pool: not a token"


@pytest.mark.parametrize("decimals", [0, 24])
def test_up_to_24_decimals_are_accepted(create_pool, governor, project, spare_base, decimals):
    token = governor.deploy(project.MockToken, "token", "TOKEN", decimals, MAX)
    assert create_pool(token, spare_base).base() == token
    assert create_pool(governor.deploy(project.MockToken, "token", "TOKEN", 6, MAX), token).quote() == token


@pytest.mark.parametrize("decimals", [25, 255])
def test_more_are_refused(controller, governor, project, spare_base, decimals):
    token = governor.deploy(project.MockToken, "token", "TOKEN", decimals, MAX)
    assert create_reason(controller, governor, token, spare_base) == "pool: too many decimals"
    assert create_reason(controller, governor, spare_base, token) == "pool: too many decimals"


def test_base_is_looked_at_first_and_wholly(controller, governor, project, outsider):
    token = governor.deploy(project.MockToken, "token", "TOKEN", 25, MAX)
    assert create_reason(controller, governor, token, outsider) == "pool: too many decimals"
    assert create_reason(controller, governor, outsider, token) == "pool: not a token"


def test_decimals_too_large_for_a_byte_are_too_many(controller, governor, outsider, spare_base):
    # PUSH32 2**256-1, MSTORE at 0, RETURN 32 bytes
    ape.chain.provider.set_code(outsider.address, "0x7f" + "ff" * 32 + "60005260206000f3")
    assert create_reason(controller, governor, outsider, spare_base) == "pool: too many decimals"
