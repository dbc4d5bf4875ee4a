"""The one entry into the model: every external call by its name."""

from collections.abc import Callable
from dataclasses import replace

from model import backstop, controller, pool, reserve, token
from model.lock import require_free
from model.state import NO_REASON, Call, Operation, Outcome, Revert, State, require

OPERATIONS: dict[str, Callable] = {
    "pool.swap": pool.swap,
    "pool.donate": pool.donate,
    "pool.add": pool.add,
    "pool.stage_deposit": pool.stage_deposit,
    "pool.confirm_deposit": pool.confirm_deposit,
    "pool.cancel_deposit": pool.cancel_deposit,
    "pool.begin_protection": pool.begin_protection,
    "pool.request_withdrawal": pool.request_withdrawal,
    "pool.withdraw": pool.withdraw,
    "pool.exit": pool.exit,
    "pool.sweep": pool.sweep,
    "pool.set_status": pool.set_status,
    "reserve.absorb": reserve.absorb,
    "reserve.draw": reserve.draw,
    "backstop.stake": backstop.stake,
    "backstop.request_unstake": backstop.request_unstake,
    "backstop.unstake": backstop.unstake,
    "backstop.claim": backstop.claim,
    "backstop.reward": backstop.reward,
    "backstop.slash": backstop.slash,
    "backstop.sweep": backstop.sweep,
    "controller.create_pool": controller.create_pool,
    "controller.set_status": controller.set_status,
    "controller.name_dlq_pool": controller.name_dlq_pool,
    "controller.sweep": controller.sweep,
    "controller.draw_surpluses": controller.draw_surpluses,
    "controller.transfer_ownership": controller.transfer_ownership,
    "controller.accept_ownership": controller.accept_ownership,
    "token.transfer": token.transfer,
    "token.transferFrom": token.transfer_from,
    "token.approve": token.approve,
    "token.set_behaviour": token.set_behaviour,
    "token.arm": token.arm,
}


def _read(state: State, call: Call, **_arguments: object) -> tuple[State, None]:
    """A view that is told in the middle of a call too (R22): a constant, a name or a token's own book."""
    return state, None


def _read_unless_entered(state: State, call: Call, **_arguments: object) -> tuple[State, None]:
    """A view of what changes: not told half-way through a call of its contract (R22)."""
    require_free(state, call.target)
    return state, None


def _read_pools(state: State, call: Call, arg0: int) -> tuple[State, None]:
    """A pool by its number: there must be one."""
    require_free(state, call.target)
    require(arg0 < len(state.controller.pools), NO_REASON)
    return state, None


def _read_decimals(state: State, call: Call) -> tuple[State, None]:
    require(token.decimals_of(state, call.target) is not None, NO_REASON)
    return state, None


def _views(contract: str, read: Callable, names: str) -> dict[str, Callable]:
    return {f"{contract}.{name}": read for name in names.split()}


# What a token may ask in the middle of a transfer: whether it is told is the model's, what is told the state's.
VIEWS: dict[str, Callable] = {
    **_views("pool", _read, "base quote controller reserve backstop epoch_seconds parameters"),
    **_views("pool", _read_unless_entered, "state position request deposit"),
    **_views("pool", _read_unless_entered, "status spot_price oracle_price in_bailout stake_locked"),
    **_views("reserve", _read, "controller"),
    **_views("reserve", _read_unless_entered, "held"),
    **_views("backstop", _read, "controller reserve dlq unstake_seconds hold_seconds unstake_window_seconds"),
    **_views("backstop", _read_unless_entered, "booked pool_stake account"),
    **_views("controller", _read, "dlq reserve backstop pool_blueprint epoch_seconds is_pool owner pending_owner"),
    **_views("controller", _read_unless_entered, "pool_count pool_of dlq_pools swept_epoch"),
    "controller.pools": _read_pools,
    **_views("token", _read, "name symbol totalSupply balanceOf allowance"),
    "token.decimals": _read_decimals,
}


def perform(state: State, operation: Operation, now: int) -> tuple[State, object]:
    """Make one call, from outside or from inside another.

    Parameters
    ----------
    state
        The state before; in it, the contracts that are inside a call.
    operation
        One of `OPERATIONS` or `VIEWS`.
    now
        The time of the block, in seconds.

    Returns
    -------
    tuple
        The state after, and what the call returns; None for a view.

    Raises
    ------
    Revert
        As the operation.
    """
    function = OPERATIONS.get(operation.name) or VIEWS[operation.name]
    return function(state, Call(operation.target, operation.sender, now), **operation.arguments)


def apply(state: State, operation: Operation, now: int) -> tuple[State, Outcome]:
    """Execute one call from outside: all of it or nothing.

    Parameters
    ----------
    state
        The state before; it is not changed.
    operation
        The call.
    now
        The time of the block, in seconds; never before an earlier call's.

    Returns
    -------
    tuple
        The state after and the outcome: a value and the events, or the reason of a revert and the very state that
        was given.

    Raises
    ------
    KeyError, TypeError
        If there is no such operation, contract or argument: the caller's mistake, not a rule's.
    """
    try:
        after, value = perform(state, operation, now)
    except Revert as revert:
        return state, Outcome(value=None, reason=revert.reason, events=())
    return replace(after, log=()), Outcome(value, reason=None, events=after.log)
