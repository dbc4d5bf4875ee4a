"""The parameters fixed at creation, their defaults and their bounds: the two tables of section 6.

The fields stand in the order of the tables, which is the order in which they are checked.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class SystemParameters:
    epoch_seconds: int = 86_400
    unstake_seconds: int = 604_800
    hold_seconds: int = 604_800
    unstake_window_seconds: int = 172_800


@dataclass(frozen=True, slots=True)
class Parameters:
    full_protection_seconds: int = 8_640_000
    bailout_threshold_bps: int = 2_000
    lockup_seconds: int = 86_400
    confirmation_seconds: int = 60
    oracle_window_seconds: int = 1_800
    max_deviation_bps: int = 100
    min_fee_bps: int = 10
    protocol_fee_bps: int = 2_000
    staker_share_bps: int = 2_500


def system_bounds(epoch_seconds: int) -> dict[str, tuple[int, int]]:
    """The lowest and highest value of each of the system's parameters.

    Parameters
    ----------
    epoch_seconds
        The length of an epoch: unstaking takes at least two of them (R19).

    Returns
    -------
    dict
        Name to (lowest, highest), both allowed.
    """
    return {
        "epoch_seconds": (3_600, 2_592_000),
        "unstake_seconds": (2 * epoch_seconds, 31_536_000),
        "hold_seconds": (0, 31_536_000),
        "unstake_window_seconds": (3_600, 31_536_000),
    }


def pool_bounds(epoch_seconds: int) -> dict[str, tuple[int, int]]:
    """The lowest and highest value of each of a pool's parameters.

    Parameters
    ----------
    epoch_seconds
        The length of an epoch: the lock-up is never shorter (R11).

    Returns
    -------
    dict
        Name to (lowest, highest), both allowed.
    """
    return {
        "full_protection_seconds": (0, 315_360_000),
        "bailout_threshold_bps": (1, 10_000),
        "lockup_seconds": (epoch_seconds, 31_536_000),
        "confirmation_seconds": (0, 604_800),
        "oracle_window_seconds": (60, 604_800),
        "max_deviation_bps": (1, 1_000),
        "min_fee_bps": (0, 1_000),
        "protocol_fee_bps": (0, 5_000),
        "staker_share_bps": (0, 10_000),
    }


def first_out_of_bounds(parameters: Parameters | SystemParameters, bounds: dict[str, tuple[int, int]]) -> str | None:
    """The first parameter, in the order of its table, that lies outside its bounds.

    Returns
    -------
    str or None
        The parameter's name; None if all are in bounds.
    """
    for field in fields(parameters):
        lowest, highest = bounds[field.name]
        if not lowest <= getattr(parameters, field.name) <= highest:
            return field.name
    return None
