# pragma version 0.4.3
"""
@title Pool parameters
@license MIT
@notice What a pool may be created with: the bounds of its parameters (section 6 of docs/protocol.md) and tokens whose
        amounts fit (R22). Checked by the Controller, which creates every pool.
"""

from ..interfaces import IPool

# More decimals than this make amounts that do not fit (R22).
MAX_DECIMALS: constant(uint256) = 24


@internal
@pure
def _check(parameters: IPool.Parameters, epoch_seconds: uint256):
    """
    @notice Check a pool's parameters, in their order.
    @param parameters The parameters.
    @param epoch_seconds Length of an epoch.
    @custom:reverts `pool: NAME out of bounds`
    """
    assert parameters.full_protection_seconds <= 315_360_000, "pool: full_protection_seconds out of bounds"
    assert (
        1 <= parameters.bailout_threshold_bps and parameters.bailout_threshold_bps <= 10_000
    ), "pool: bailout_threshold_bps out of bounds"
    # Not shorter than an epoch: what counts against a run cannot leave within the same epoch (R11).
    assert (
        epoch_seconds <= parameters.lockup_seconds and parameters.lockup_seconds <= 31_536_000
    ), "pool: lockup_seconds out of bounds"
    assert parameters.confirmation_seconds <= 604_800, "pool: confirmation_seconds out of bounds"
    assert (
        60 <= parameters.oracle_window_seconds and parameters.oracle_window_seconds <= 604_800
    ), "pool: oracle_window_seconds out of bounds"
    assert (
        1 <= parameters.max_deviation_bps and parameters.max_deviation_bps <= 1_000
    ), "pool: max_deviation_bps out of bounds"
    assert parameters.min_fee_bps <= 1_000, "pool: min_fee_bps out of bounds"
    assert parameters.protocol_fee_bps <= 5_000, "pool: protocol_fee_bps out of bounds"
    assert parameters.staker_share_bps <= 10_000, "pool: staker_share_bps out of bounds"


@internal
@view
def _check_token(token: address):
    """
    @notice Check that a pool can hold a token.
    @dev A token without code or without decimals fails with a reason, so nothing is assumed of the answer.
    @param token The token.
    @custom:reverts `pool: not a token`, `pool: too many decimals`
    """
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(
        token, method_id("decimals()"), max_outsize=32, is_static_call=True, revert_on_failure=False
    )
    assert success and len(response) == 32, "pool: not a token"
    assert convert(response, uint256) <= MAX_DECIMALS, "pool: too many decimals"
