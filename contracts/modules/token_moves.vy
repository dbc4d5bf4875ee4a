# pragma version 0.4.3
"""
@title Token moves
@license MIT
@notice Transfers of which this contract measures its own side (R22): a token that returns false, charges a fee or
        moves anything else than the amount asked is refused. A zero amount is not transferred.
"""

from ethereum.ercs import IERC20


@internal
def _pull(token: address, sender: address, amount: uint256):
    """
    @notice Take tokens from somebody who has approved this contract.
    @param token The token.
    @param sender Whose tokens.
    @param amount Base units.
    @custom:reverts `token_moves: transfer refused`, `token_moves: amount changed`, and the token's own reasons.
    """
    if amount == 0:
        return
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    # Tokens that return nothing are accepted.
    assert extcall IERC20(token).transferFrom(
        sender, self, amount, default_return_value=True
    ), "token_moves: transfer refused"
    self._check_rise(before, staticcall IERC20(token).balanceOf(self), amount)


@internal
def _push(token: address, recipient: address, amount: uint256):
    """
    @notice Send tokens. What the recipient gets is the token's affair: one that starts to charge its recipients
            must not lock providers in.
    @param token The token.
    @param recipient Who receives them.
    @param amount Base units.
    @custom:reverts `token_moves: transfer refused`, `token_moves: amount changed`, and the token's own reasons.
    """
    if amount == 0:
        return
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transfer(
        recipient, amount, default_return_value=True
    ), "token_moves: transfer refused"
    self._check_rise(staticcall IERC20(token).balanceOf(self), before, amount)


@internal
@pure
def _check_rise(low: uint256, high: uint256, amount: uint256):
    """
    @dev Compared before it is subtracted, so that a balance that moved the wrong way has a reason too.
    """
    assert high >= low and high - low == amount, "token_moves: amount changed"
