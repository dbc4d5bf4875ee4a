# pragma version 0.4.3
"""
@title Stake maths
@license MIT
@notice Shares of the DLQ staked to a pool (R18) and the rewards they earn (R20).
@dev Stakes, shares and rewards are at most `fixed_point.MAX`.
"""

from snekmate.utils import math

from . import fixed_point

# A stake that has fallen below one part in so many of its shares ends its generation (R18).
DILUTION_LIMIT: constant(uint256) = 1_000_000


@internal
@pure
def _shares_minted(amount: uint256, total_stake: uint256, total_shares: uint256) -> uint256:
    """
    @notice Shares for a new stake (R18): `floor(amount * shares / total)`, or the amount if there are none.
    @param amount DLQ staked.
    @param total_stake DLQ staked before.
    @param total_shares Shares before.
    @return New shares, rounded down: in favour of the stakers already there.
    """
    if total_shares == 0:
        return amount
    return amount * total_shares // total_stake


@internal
@pure
def _redeemable(shares: uint256, total_stake: uint256, total_shares: uint256) -> uint256:
    """
    @notice DLQ that shares redeem for: `floor(shares * total / all shares)`.
    @param shares The shares.
    @param total_stake DLQ staked.
    @param total_shares All shares; positive.
    @return DLQ, rounded down: in favour of the stakers who stay.
    """
    return shares * total_stake // total_shares


@internal
@pure
def _index_growth(amount: uint256, total_shares: uint256) -> uint256:
    """
    @notice What a reward adds to the index of rewards per share (R20): `floor(amount * Q112 / shares)`.
    @param amount The reward.
    @param total_shares All shares; positive.
    @return Reward per share, times `Q112`, rounded down: the stakers together never earn more than the reward.
    """
    return amount * fixed_point.Q112 // total_shares


@internal
@pure
def _earned(shares: uint256, index: uint256, index_paid: uint256) -> uint256:
    """
    @notice What shares have earned since the index was last read (R20).
    @param shares The shares held meanwhile.
    @param index The index now.
    @param index_paid The index then.
    @return The reward, rounded down.
    """
    return math._mul_div(shares, index - index_paid, fixed_point.Q112, False)


@internal
@pure
def _ends_generation(total_stake: uint256, total_shares: uint256) -> bool:
    """
    @notice Whether a slash has left too little for the shares to go on (R18).
    @param total_stake DLQ left.
    @param total_shares All shares.
    @return True if nothing is left, or less than one part in `DILUTION_LIMIT` of the shares.
    """
    return total_stake == 0 or total_stake * DILUTION_LIMIT < total_shares
