"""The one entry into the model: every external call by its name."""

from collections.abc import Callable
from dataclasses import replace

from model import backstop, controller, pool, reserve, token
from model.state import Call, Operation, Outcome, Revert, State

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
}


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
    function = OPERATIONS[operation.name]
    call = Call(operation.target, operation.sender, now)
    try:
        after, value = function(state, call, **operation.arguments)
    except Revert as revert:
        return state, Outcome(value=None, reason=revert.reason, events=())
    return replace(after, log=()), Outcome(value, reason=None, events=after.log)
