"""Makewhole's reference model: impermanent-loss protection with a backstop, as `docs/protocol.md` has it.

Exact integers, immutable data, the standard library alone. `deploy` makes a state, `apply` executes one call on it.
"""

# First: its table is of functions, and the modules that these stand in know it.
from model.operations import OPERATIONS, apply
from model.controller import deploy
from model.parameters import Parameters, SystemParameters
from model.state import Event, Operation, Outcome, Revert, State, Token

__all__ = [
    "OPERATIONS",
    "Event",
    "Operation",
    "Outcome",
    "Parameters",
    "Revert",
    "State",
    "SystemParameters",
    "Token",
    "apply",
    "deploy",
]
