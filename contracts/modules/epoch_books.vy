# pragma version 0.4.3
"""
@title Epoch books
@license MIT
@notice What the books of an epoch say about the next one (R13).
@dev Unit counts are at most `fixed_point.MAX`.
"""

from . import fixed_point


@internal
@pure
def _net_withdrawals(requested: uint256, exited: uint256, added: uint256) -> uint256:
    """
    @notice Units on their way out, less the units that came in: `max(0, requested + exited - added)`.
    @param requested Units requested in the epoch, net of changes.
    @param exited Units exited in the epoch.
    @param added Units added in the epoch.
    @return The net, in units.
    """
    leaving: uint256 = requested + exited
    return leaving - added if leaving > added else 0


@internal
@pure
def _opens_in_bailout(
    requested: uint256, exited: uint256, added: uint256, total_units: uint256, threshold_bps: uint256
) -> bool:
    """
    @notice Whether the epoch after these books is a bailout.
    @param requested Units requested in the epoch, net of changes.
    @param exited Units exited in the epoch.
    @param added Units added in the epoch.
    @param total_units All units at the close of the epoch.
    @param threshold_bps The net that makes a bailout, in basis points of all units.
    @return True if there is a net and it reaches the threshold.
    """
    net: uint256 = self._net_withdrawals(requested, exited, added)
    return net > 0 and net * fixed_point.BPS >= threshold_bps * total_units
