"""Which rule of docs/protocol.md speaks of what differs."""

import re

# Of an event's field; "" is for all others of the event.
OF_EVENTS = {
    "OracleUpdated": {"": "R4"},
    "EpochOpened": {"": "R13"},
    "StatusSet": {"": "R1", "oracle": "R4"},
    "Swapped": {"": "R2"},
    "Donated": {"": "R3"},
    "Added": {"": "R5", "principal_base": "R7", "principal_quote": "R7"},
    "DepositStaged": {"": "R9"},
    "DepositConfirmed": {"": "R9"},
    "DepositCancelled": {"": "R9"},
    "ProtectionBegun": {"": "R10", "principal_base": "R7", "principal_quote": "R7"},
    "WithdrawalRequested": {"": "R12"},
    "Withdrawn": {"": "R15.1"},
    "Compensated": {
        "": "R15.4", "bailout": "R13", "age": "R15.3", "coverage": "R15.2", "paid": "R16.1", "taken": "R16.1", "paid_quote": "R16.2",
        "slashed": "R16.3", "shortfall": "R16.4",
    },
    "Exited": {"": "R17"},
    "Swept": {"": "R14"},
    "Absorbed": {"": "R14"},
    "Drawn": {"": "R16"},
    "Staked": {"": "R18"},
    "UnstakeRequested": {"": "R19"},
    "Unstaked": {"": "R19", "amount": "R18"},
    "Claimed": {"": "R20"},
    "Rewarded": {"": "R20"},
    "Slashed": {"": "R18"},
    "GenerationEnded": {"": "R18"},
    "StraySwept": {"": "R14"},
    "PoolCreated": {"": "R21"},
    "DlqPoolNamed": {"": "R16.3"},
    "SystemSwept": {"": "R14"},
    "OwnershipTransferStarted": {"": "R21"},
    "OwnershipTransferred": {"": "R21"},
    "Transfer": {"": "R22"},
}  # fmt: skip

# Of a refusal, by what its reason begins with.
OF_REASONS = {
    "pool: deadline passed": "R2", "pool: zero output": "R2", "pool: output below minimum": "R2", "pool: unknown token": "R2",
    "pool: bad recipient": "R2", "pool: not active": "R1", "pool: suspended": "R1", "pool: pending": "R1", "pool: bad status change": "R1",
    "pool: price out of bounds": "R1", "pool: no units": "R3", "pool: price unstable": "R6", "pool: struck too much this epoch": "R6",
    "pool: locked up": "R11", "pool: no executable request": "R12", "pool: no request to cancel": "R12",
    "pool: base below minimum": "R16.4", "pool: quote below minimum": "R16.4", "pool: shortfall above maximum": "R16.4",
    "pool: nothing staged": "R9", "pool: deposit not confirmable yet": "R9", "pool: staged too large": "R9", "pool: no position": "R10",
    "pool: already protected": "R10", "pool: not enough units": "R17", "pool: zero units to exit": "R17", "pool: principal too large": "R7",
    "pool: caller is not the controller": "R21", "pool: not a token": "R22", "pool: too many decimals": "R22", "pool: ": "R5",
    "reserve: nothing to absorb": "R14", "reserve: ": "R21", "backstop: caller is not a pool": "R21", "backstop: nothing to sweep": "R14",
    "backstop: nothing to claim": "R20", "backstop: no shares to reward": "R20", "backstop: reward not received": "R20",
    "backstop: not enough stake": "R18", "backstop: zero stake": "R18", "backstop: stake too large": "R18",
    "backstop: shares too large": "R18", "backstop: unknown pool": "R21", "backstop: ": "R19", "controller: ": "R21", "ownable": "R21",
    "token_moves: ": "R22", "erc20: ": "R22", "math: ": "R15",
}  # fmt: skip

# Of a field of the stored state: the first pattern that its path matches.
OF_STATE = (
    (r"tokens\[", "R22"),
    (r"reserve\.held", "R14"),
    (r"backstop\.booked", "R14"),
    (r"backstop\..*\.(index|earned)_", "R20"),
    (r"backstop\..*\.(requested_shares|ready_at)", "R19"),
    (r"backstop\.", "R18"),
    (r"controller\.swept_epoch", "R16.0"),
    (r"controller\.dlq_pools", "R16.3"),
    (r"controller\.", "R21"),
    (r".*\.parameters", "R21"),
    (r".*\.oracle", "R4"),
    (r".*\.books\.(struck|opening_units)", "R6"),
    (r".*\.books", "R13"),
    (r".*\.total_shortfall", "R16.4"),
    (r".*\.positions.*\.principal", "R7"),
    (r".*\.positions.*\.(clock|units)", "R8"),
    (r".*\.positions", "R11"),
    (r".*\.requests", "R12"),
    (r".*\.(deposits|staged)", "R9"),
    (r".*\.reserve_", "R2"),
    (r".*\.total_units", "R5"),
    (r"", "R1"),
)


def of_event(name: str, field: str = "") -> str:
    """The rule of a field of an event; of one that no contract of ours has, R23."""
    fields = OF_EVENTS.get(name, {"": "R23"})
    return fields.get(field, fields[""])


def of_reason(reason: str) -> str:
    """The rule that refuses a call for a reason; without one, it is the lock's (R22)."""
    return next((rule for beginning, rule in OF_REASONS.items() if reason.startswith(beginning)), "R22")


def of_state(path: str) -> str:
    """The rule of a field of the stored state."""
    return next(rule for pattern, rule in OF_STATE if re.match(pattern, path))
