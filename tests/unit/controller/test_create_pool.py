"""R21: the governor creates pools. What a pool's own constructor checks is in unit/pool/test_constructor.py."""

import ape
import pytest

from tests.unit.support import MAX, arrange, parameters, reason


def test_a_pool_is_created_pending_and_registered(controller, governor, spare_base, spare_quote, project, events):
    address = controller.create_pool.call(spare_base, spare_quote, parameters(), sender=governor)
    receipt = controller.create_pool(spare_base, spare_quote, parameters(), sender=governor)
    assert events(receipt) == [("controller", "PoolCreated", "second_pool", "spare_base", "spare_quote")]
    assert controller.pool_count() == 2
    assert controller.pools(1) == address
    assert controller.is_pool(address)
    assert controller.pool_of(spare_base, spare_quote) == controller.pool_of(spare_quote, spare_base) == address
    assert ape.Contract(address, contract_type=project.Pool.contract_type).status() == 0


def test_a_pool_has_the_whole_code_of_its_blueprint(pool, project):
    runtime = bytes(project.Pool.contract_type.get_runtime_bytecode())
    assert bytes(ape.chain.provider.get_code(pool.address)).startswith(runtime)


def test_a_token_may_be_in_several_pools(create_pool, base, spare_base, controller):
    pool = create_pool(base, spare_base)
    assert controller.pools(1) == pool
    assert (pool.base(), pool.quote()) == (base, spare_base)


@pytest.mark.parametrize("role", ["provider", "keeper", "outsider"])
def test_only_the_governor_creates(controller, spare_base, system, role):
    # neither the pair nor the parameters are looked at
    refusal = reason(controller.create_pool, spare_base, spare_base, parameters(min_fee_bps=9_999), sender=system.roles[role])
    assert refusal == "ownable: caller is not the owner"


def test_a_refused_creation_is_no_transaction(controller, outsider, spare_base, spare_quote):
    with ape.reverts("ownable: caller is not the owner"):
        controller.create_pool(spare_base, spare_quote, parameters(), sender=outsider)
    assert controller.pool_count() == 1


def test_a_pair_has_two_tokens(controller, governor, spare_base):
    refusal = reason(controller.create_pool, spare_base, spare_base, parameters(), sender=governor)
    assert refusal == "controller: identical tokens"


def test_a_pair_has_one_pool_either_way_round(controller, governor, base, quote):
    for pair in ((base, quote), (quote, base)):
        assert reason(controller.create_pool, *pair, parameters(), sender=governor) == "controller: pool exists"


def test_the_checks_come_in_order(controller, governor, base, quote, outsider):
    wrong = parameters(min_fee_bps=1_001)
    assert reason(controller.create_pool, outsider, outsider, wrong, sender=governor) == "controller: identical tokens"
    assert reason(controller.create_pool, quote, base, wrong, sender=governor) == "controller: pool exists"
    assert reason(controller.create_pool, quote, outsider, wrong, sender=governor) == "pool: min_fee_bps out of bounds"


def test_there_are_no_more_than_32_pools(controller, governor, project, base, quote):
    tokens = [governor.deploy(project.MockToken, "token", "TOKEN", 18, MAX) for _ in range(9)]
    pairs = [(tokens[one], tokens[other]) for one in range(9) for other in range(one)]
    for pair in pairs[:31]:
        arrange(controller.create_pool, *pair, parameters(), sender=governor)
    assert controller.pool_count() == 32
    assert reason(controller.create_pool, *pairs[31], parameters(), sender=governor) == "controller: too many pools"
    # before anything else of the pair
    assert reason(controller.create_pool, base, base, parameters(), sender=governor) == "controller: too many pools"
    assert reason(controller.create_pool, base, quote, parameters(), sender=governor) == "controller: too many pools"
