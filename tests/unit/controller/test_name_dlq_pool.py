"""R16, R21: the governor names the pools that price DLQ."""

import ape
import pytest

from tests.unit.support import ZERO_ADDRESS, reason


def test_a_pool_of_dlq_is_named_for_its_quote_token_and_cleared(controller, create_pool, dlq, quote, governor, events):
    pool = create_pool(dlq, quote)
    assert events(controller.name_dlq_pool(quote, pool, sender=governor)) == [
        ("controller", "DlqPoolNamed", "quote", "second_pool")
    ]
    assert controller.dlq_pools(quote) == pool
    assert events(controller.name_dlq_pool(quote, ZERO_ADDRESS, sender=governor)) == [
        ("controller", "DlqPoolNamed", "quote", "zero")
    ]
    assert controller.dlq_pools(quote) == ZERO_ADDRESS


@pytest.mark.parametrize("role", ["staker", "keeper", "outsider"])
def test_only_the_governor_names(controller, dlq_pool, quote, system, role):
    for pool in (dlq_pool, ZERO_ADDRESS, system.roles[role]):
        refusal = reason(controller.name_dlq_pool, quote, pool, sender=system.roles[role])
        assert refusal == "ownable: caller is not the owner"


def test_only_registered_pools_are_named(controller, quote, reserve, governor, outsider):
    for stranger in (reserve, outsider):
        assert reason(controller.name_dlq_pool, quote, stranger, sender=governor) == "controller: unknown pool"
    with ape.reverts("controller: unknown pool"):
        controller.name_dlq_pool(quote, outsider, sender=governor)


def test_its_base_must_be_dlq_and_its_quote_the_token(controller, pool, dlq_pool, create_pool, base, quote, dlq, governor):
    for token, named in ((quote, pool), (base, dlq_pool), (dlq, dlq_pool), (base, create_pool(base, dlq))):
        assert reason(controller.name_dlq_pool, token, named, sender=governor) == "controller: not a DLQ pool"
