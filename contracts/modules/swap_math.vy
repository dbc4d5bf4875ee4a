# pragma version 0.4.3
"""
@title Swap maths
@license MIT
@notice What a swap pays, keeps as its fee and gives to the protocol (R2). `x` is the reserve of the token that
        comes in, `y` of the one that goes out, both in base units and before the swap.
@dev Arguments are at most `fixed_point.MAX`, ratios at most `fixed_point.BPS`, and `x` is positive.
"""

from snekmate.utils import math

from . import fixed_point


@internal
@pure
def _swap_output(dx: uint256, x: uint256, y: uint256, min_fee_bps: uint256) -> uint256:
    """
    @notice The lower of the output with the slip-based fee and the one with the minimum fee (R2):
            `min(floor(dx*x*y / (dx+x)**2), floor(dx*y*(BPS-min_fee_bps) / ((dx+x)*BPS)))`.
    @param dx Amount in.
    @param x Reserve of the token in.
    @param y Reserve of the token out.
    @param min_fee_bps The least fee, in basis points of what a swap without slip fee would pay.
    @return Amount out, rounded down: in favour of the pool.
    """
    # dx + x < 2**113, so its square fits; dx * x < 2**224, but the third factor needs 512 bits.
    depth: uint256 = dx + x
    after_slip_fee: uint256 = math._mul_div(dx * x, y, depth * depth, False)
    # dx * y < 2**224 and BPS < 2**14.
    after_min_fee: uint256 = dx * y * (fixed_point.BPS - min_fee_bps) // (depth * fixed_point.BPS)
    return min(after_slip_fee, after_min_fee)


@internal
@pure
def _swap_fee(dx: uint256, x: uint256, y: uint256, dy: uint256) -> uint256:
    """
    @notice What the output falls short of the constant product (R2): `floor(dx*y / (dx+x)) - dy`.
    @param dx Amount in.
    @param x Reserve of the token in.
    @param y Reserve of the token out.
    @param dy The swap's output, from `_swap_output`.
    @return The fee, in base units of the token out.
    """
    return dx * y // (dx + x) - dy


@internal
@pure
def _protocol_cut(fee: uint256, protocol_fee_bps: uint256) -> uint256:
    """
    @notice The part of a fee that leaves the reserves and becomes surplus (R2, R14).
    @param fee The fee, in base units.
    @param protocol_fee_bps The part, in basis points.
    @return The cut, rounded down: in favour of the pool's providers.
    """
    return fee * protocol_fee_bps // fixed_point.BPS
