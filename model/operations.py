"""The one entry into the model: every external call by its name."""

from collections.abc import Callable
from dataclasses import replace

from model import backstop, controller, founder, pool, previews, reserve, token
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
    "lens.preview_swap": previews.preview_swap,
    "lens.preview_add": previews.preview_add,
    "lens.preview_confirm_deposit": previews.preview_confirm_deposit,
    "lens.preview_begin_protection": previews.preview_begin_protection,
    "lens.preview_withdraw": previews.preview_withdraw,
    "lens.preview_entitlement": previews.preview_entitlement,
    "lens.preview_exit": previews.preview_exit,
    "lens.preview_sweep": previews.preview_sweep,
    "lens.preview_stake": previews.preview_stake,
    "lens.preview_unstake": previews.preview_unstake,
    "lens.preview_claim": previews.preview_claim,
    "token.transfer": token.transfer,
    "token.transferFrom": token.transfer_from,
    "token.approve": token.approve,
    "token.set_behaviour": token.set_behaviour,
    "token.take": token.take,
    "token.arm": token.arm,
    "founder.found": founder.found,
}


def _told(state: State, call: Call, **_arguments: object) -> tuple[State, None]:
    """A view that can be read at any time (R22): a constant, the registry of pools, a name, a token's own books."""
    return state, None


def _told_unless_entered(state: State, call: Call, **_arguments: object) -> tuple[State, None]:
    """A view of what changes: not read half-way through a call of its contract (R22)."""
    require_free(state, call.target)
    return state, None


def _told_by_dlq(state: State, call: Call, **_arguments: object) -> tuple[State, None]:
    """A view that no other token has."""
    require(call.target == state.controller.dlq, NO_REASON)
    return state, None


def _pools(state: State, call: Call, arg0: int) -> tuple[State, None]:
    require_free(state, call.target)
    require(arg0 < len(state.controller.pools), NO_REASON)
    return state, None


def _decimals(state: State, call: Call) -> tuple[State, None]:
    require(token.decimals_of(state, call.target) is not None, NO_REASON)
    return state, None


def _permit(state: State, call: Call, deadline: int, **_arguments: object) -> tuple[State, None]:
    """Consent by a signature: here nobody signs anything, so that none is valid."""
    require(call.target == state.controller.dlq, NO_REASON)
    require(call.now <= deadline, "erc20: expired deadline")
    raise Revert("ecdsa: invalid signature")


def _of(contract: str, answer: Callable, names: str) -> dict[str, Callable]:
    return {f"{contract}.{name}": answer for name in names.split()}


# What else a token may call in the middle of a transfer, beside the operations: whether it is answered, not what.
VIEWS: dict[str, Callable] = {
    **_of("pool", _told, "base quote controller reserve backstop epoch_seconds parameters"),
    **_of("pool", _told_unless_entered, "state position request deposit"),
    **_of("pool", _told_unless_entered, "status spot_price oracle_price in_bailout stake_locked"),
    **_of("reserve", _told, "controller"),
    **_of("reserve", _told_unless_entered, "held"),
    **_of("backstop", _told, "controller reserve dlq unstake_seconds hold_seconds unstake_window_seconds"),
    **_of("backstop", _told_unless_entered, "booked pool_stake account settled"),
    **_of("controller", _told, "dlq reserve backstop pool_blueprint epoch_seconds is_pool owner pending_owner"),
    **_of("controller", _told_unless_entered, "pool_count pool_of dlq_pools swept_epoch"),
    "controller.pools": _pools,
    **_of("token", _told, "name symbol totalSupply balanceOf allowance"),
    **_of("token", _told_by_dlq, "nonces DOMAIN_SEPARATOR eip712Domain"),
    "token.decimals": _decimals,
    "token.permit": _permit,
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
