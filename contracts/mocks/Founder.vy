# pragma version 0.4.3
"""
@title Founder
@license MIT
@notice Founds a system of any periods and any number of pools, and takes it back at once: all that is left is whether
        it came to be, and if not, why. So what a Controller accepts can be drawn like any other argument.
"""

from ..interfaces import IController
from ..interfaces import IPool


# What tells that everything came to be, when it is taken back.
FOUNDED: constant(Bytes[4]) = b"done"
MOST_POOLS: constant(uint256) = 40

DLQ: immutable(address)
CONTROLLER_BLUEPRINT: immutable(address)
POOL_BLUEPRINT: immutable(address)
RESERVE_BLUEPRINT: immutable(address)
BACKSTOP_BLUEPRINT: immutable(address)


@deploy
def __init__(
    dlq: address,
    controller_blueprint: address,
    pool_blueprint: address,
    reserve_blueprint: address,
    backstop_blueprint: address,
):
    """
    @notice The blueprints are a system's own, but that of its pools, which are hollow ones.
    """
    DLQ = dlq
    CONTROLLER_BLUEPRINT = controller_blueprint
    POOL_BLUEPRINT = pool_blueprint
    RESERVE_BLUEPRINT = reserve_blueprint
    BACKSTOP_BLUEPRINT = backstop_blueprint


@external
def found(
    epoch_seconds: uint256,
    unstake_seconds: uint256,
    hold_seconds: uint256,
    unstake_window_seconds: uint256,
    pools: uint256,
):
    """
    @notice Found a system and take it back.
    @custom:reverts `founder: too many pools to found`, and those of the Controller
    """
    assert pools <= MOST_POOLS, "founder: too many pools to found"
    payload: Bytes[164] = abi_encode(
        epoch_seconds,
        unstake_seconds,
        hold_seconds,
        unstake_window_seconds,
        pools,
        method_id=method_id("found_until_reverted(uint256,uint256,uint256,uint256,uint256)"),
    )
    answer: Bytes[256] = raw_call(self, payload, max_outsize=256, revert_on_failure=False)[1]
    if answer != FOUNDED:
        raw_revert(answer)


@external
def found_until_reverted(
    epoch_seconds: uint256,
    unstake_seconds: uint256,
    hold_seconds: uint256,
    unstake_window_seconds: uint256,
    pools: uint256,
):
    """
    @notice Found a system. Always reverts: with what went wrong, or with `FOUNDED`.
    """
    controller: IController = IController(
        create_from_blueprint(
            CONTROLLER_BLUEPRINT,
            DLQ,
            epoch_seconds,
            unstake_seconds,
            hold_seconds,
            unstake_window_seconds,
            POOL_BLUEPRINT,
            RESERVE_BLUEPRINT,
            BACKSTOP_BLUEPRINT,
        )
    )
    parameters: IPool.Parameters = empty(IPool.Parameters)
    parameters.bailout_threshold_bps = 1
    parameters.lockup_seconds = epoch_seconds
    parameters.oracle_window_seconds = 60
    parameters.max_deviation_bps = 1
    base: address = DLQ
    for number: uint256 in range(pools, bound=MOST_POOLS):
        base = extcall controller.create_pool(base, self, parameters)
    raw_revert(FOUNDED)


@external
@view
def decimals() -> uint256:
    """
    @notice Every pool's quote is this contract.
    """
    return 18
