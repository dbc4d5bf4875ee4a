"""DLQ and the mock tokens are one ERC-20: what the protocol relies on of it."""

import ape

from tests.unit.support import UNLIMITED, WEALTH, ZERO_ADDRESS, balances, reason


def test_a_transfer_moves_tokens(dlq, staker, outsider, events):
    assert events(dlq.transfer(outsider, 5, sender=staker)) == [("dlq", "Transfer", "staker", "outsider", 5)]
    assert balances(dlq, staker, outsider) == (WEALTH - 5, WEALTH + 5)


def test_an_unlimited_allowance_is_not_used_up(dlq, staker, keeper, outsider, events):
    dlq.approve(keeper, UNLIMITED, sender=staker)
    assert events(dlq.transferFrom(staker, outsider, 5, sender=keeper)) == [("dlq", "Transfer", "staker", "outsider", 5)]
    assert dlq.allowance(staker, keeper) == UNLIMITED


def test_a_limited_one_is(dlq, staker, keeper, outsider, events):
    assert events(dlq.approve(keeper, 7, sender=staker)) == [("dlq", "Approval", "staker", "keeper", 7)]
    dlq.transferFrom(staker, outsider, 5, sender=keeper)
    assert dlq.allowance(staker, keeper) == 2
    assert reason(dlq.transferFrom, staker, outsider, 3, sender=keeper) == "erc20: insufficient allowance"


def test_the_allowance_is_checked_before_the_balance(dlq, staker, keeper):
    dlq.approve(keeper, WEALTH + 1, sender=staker)
    assert reason(dlq.transferFrom, staker, keeper, WEALTH + 2, sender=keeper) == "erc20: insufficient allowance"
    assert reason(dlq.transferFrom, staker, keeper, WEALTH + 1, sender=keeper) == "erc20: transfer amount exceeds balance"
    with ape.reverts("erc20: transfer amount exceeds balance"):
        dlq.transfer(keeper, WEALTH + 1, sender=staker)


def test_nobody_is_no_recipient(dlq, staker):
    assert reason(dlq.transfer, ZERO_ADDRESS, 1, sender=staker) == "erc20: transfer to the zero address"
