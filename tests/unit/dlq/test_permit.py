"""DLQ's permit (EIP-2612): consent by signature."""

import ape
import pytest
from eth_account.messages import encode_typed_data

from tests.unit.support import START, WEALTH, reason, wait

TYPES = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


@pytest.fixture
def sign(dlq, chain):
    """The signature (v, r, s) of a permit as its owner, or somebody else, would sign it now."""
    domain = {"name": "Makewhole DLQ", "version": "1", "chainId": chain.chain_id, "verifyingContract": dlq.address}

    def sign(owner, spender, value: int, deadline: int, signer=None) -> tuple:
        nonce = dlq.nonces(owner)
        permit = {"owner": owner.address, "spender": spender.address, "value": value, "nonce": nonce, "deadline": deadline}
        signature = (signer or owner).sign_message(encode_typed_data(domain, TYPES, permit))
        return signature.v, signature.r, signature.s

    return sign


def test_a_signature_is_as_good_as_an_approval(dlq, backstop, pool, staker, keeper, sign, events):
    dlq.approve(backstop, 0, sender=staker)
    signature = sign(staker, backstop, 500, START)
    assert events(dlq.permit(staker, backstop, 500, START, *signature, sender=keeper)) == [
        ("dlq", "Approval", "staker", "backstop", 500)
    ]
    assert (dlq.allowance(staker, backstop), dlq.nonces(staker)) == (500, 1)
    backstop.stake(pool, 500, sender=staker)
    assert dlq.balanceOf(staker) == WEALTH - 500


def test_a_signature_is_used_once(dlq, keeper, staker, sign):
    signature = sign(staker, keeper, 500, START)
    dlq.permit(staker, keeper, 500, START, *signature, sender=keeper)
    with ape.reverts("erc20: invalid signature"):
        dlq.permit(staker, keeper, 500, START, *signature, sender=keeper)


def test_a_signature_has_a_deadline(dlq, keeper, staker, sign):
    signature = sign(staker, keeper, 500, START)
    wait(1)
    assert reason(dlq.permit, staker, keeper, 500, START, *signature, sender=keeper) == "erc20: expired deadline"


def test_only_the_owner_signs(dlq, keeper, staker, sign):
    signature = sign(staker, keeper, 500, START, signer=keeper)
    assert reason(dlq.permit, staker, keeper, 500, START, *signature, sender=keeper) == "erc20: invalid signature"


def test_what_was_signed_is_what_counts(dlq, keeper, staker, outsider, sign):
    signature = sign(staker, keeper, 500, START)
    for owner, spender, value, deadline in (
        (outsider, keeper, 500, START),
        (staker, outsider, 500, START),
        (staker, keeper, 501, START),
        (staker, keeper, 500, START + 1),
    ):
        refusal = reason(dlq.permit, owner, spender, value, deadline, *signature, sender=keeper)
        assert refusal == "erc20: invalid signature"
