"""The lock of every contract against re-entry, and against being read half-way through a call (R22)."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from model.state import NO_REASON, Call, State, require


def require_free(state: State, contract: str) -> None:
    """Check that a contract can be called or read.

    Raises
    ------
    Revert
        Without a reason, if it is inside a call.
    """
    require(contract not in state.entered, NO_REASON)


def locked(function: Callable) -> Callable:
    """Make a contract's function one that is entered once at a time, and keeps its contract from being entered."""

    @wraps(function)
    def enter(state: State, call: Call, *positional, **arguments) -> tuple:
        require_free(state, call.target)
        inside = replace(state, entered=state.entered | {call.target})
        after, value = function(inside, call, *positional, **arguments)
        return replace(after, entered=state.entered), value

    return enter
