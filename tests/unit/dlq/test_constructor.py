"""Section 0 of the protocol: DLQ has a fixed supply and no owner."""

import pytest
from ape import chain
from eth_utils import keccak

from tests.unit.support import MAX, balances


def test_all_of_the_supply_goes_to_the_deployer(project, governor, outsider):
    dlq = governor.deploy(project.DLQ, 1_000)
    assert dlq.totalSupply() == 1_000
    assert balances(dlq, governor, outsider) == (1_000, 0)


def test_what_it_is_called(dlq):
    assert (dlq.name(), dlq.symbol(), dlq.decimals()) == ("Makewhole DLQ", "DLQ", 18)
    assert dlq.totalSupply() == MAX


def test_it_has_no_function_that_mints_burns_or_owns(project):
    functions = {method.name for method in project.DLQ.contract_type.methods}
    erc_20 = {"name", "symbol", "decimals", "totalSupply", "balanceOf", "allowance", "transfer", "transferFrom", "approve"}
    erc_2612 = {"permit", "nonces", "DOMAIN_SEPARATOR", "eip712Domain"}
    assert functions == erc_20 | erc_2612


POWERS = ["mint(address,uint256)", "set_minter(address,bool)", "burn(uint256)", "transfer_ownership(address)", "owner()"]


@pytest.mark.parametrize("name", POWERS)
def test_the_modules_powers_cannot_be_called(dlq, governor, name):
    call = {"from": governor.address, "to": dlq.address, "data": "0x" + keccak(text=name)[:4].hex() + 128 * "0"}
    assert "error" in chain.provider.web3.provider.make_request("eth_call", [call, "latest"])
