"""EIP-170: no contract, blueprints included, is longer than 24,576 bytes."""

import pytest
from ape import chain

LIMIT = 24_576


@pytest.mark.parametrize("name", ["pool", "reserve", "backstop", "controller", "dlq", "lens"])
def test_a_contract_fits(system, name):
    assert 0 < len(chain.provider.get_code(system.contracts[name].address)) < LIMIT


@pytest.mark.parametrize("name", ["Pool", "Reserve", "Backstop"])
def test_a_blueprint_fits(project, name):
    # 0xFE7100, then the initcode: what a declaration leaves on the chain
    assert 3 + len(getattr(project, name).contract_type.get_deployment_bytecode()) < LIMIT


def test_the_pools_blueprint_on_the_chain_is_the_pools(controller, project):
    code = bytes(chain.provider.get_code(controller.pool_blueprint()))
    assert code == bytes.fromhex("fe7100") + bytes(project.Pool.contract_type.get_deployment_bytecode())
