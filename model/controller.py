"""The Controller: registry of pools and governance (R21)."""

from dataclasses import replace

# The Controller sweeps pools, and a pool asks the Controller to: the two modules know each other.
from model import pool as pool_contract
from model.lock import locked, require_free
from model.parameters import Parameters, SystemParameters, first_out_of_bounds, system_bounds
from model.state import (
    ACTIVE,
    CONTROLLER,
    ZERO,
    Backstop,
    Call,
    Controller,
    Reserve,
    State,
    Token,
    emit,
    is_registered,
    require,
)

MAX_POOLS = 32


def deploy(governor: str, dlq: str, tokens: dict[str, Token], parameters: SystemParameters) -> State:
    """Create the Controller, and with it the Reserve and the Backstop.

    Parameters
    ----------
    governor
        The first owner.
    dlq
        The token to stake: one of `tokens`.
    tokens
        All tokens there are, by id.
    parameters
        Of the system, fixed for ever.

    Returns
    -------
    State
        Without pools.

    Raises
    ------
    Revert
        `controller: NAME out of bounds`, for the first parameter in the order of the table.
    """
    name = first_out_of_bounds(parameters, system_bounds(parameters.epoch_seconds))
    require(name is None, f"controller: {name} out of bounds")
    return State(
        tokens=tokens,
        pools={},
        reserve=Reserve(held={}),
        backstop=Backstop(dlq, booked={}, stakes={}, accounts={}, ended={}, parameters=parameters),
        controller=Controller(
            owner=governor,
            pending_owner=ZERO,
            pools=(),
            dlq_pools={},
            swept_epoch=0,
            parameters=parameters,
            dlq=dlq,
        ),
        log=(),
    )


@locked
def create_pool(state: State, call: Call, base: str, quote: str, parameters: Parameters) -> tuple[State, str]:
    """Create a pool, PENDING (R1).

    Parameters
    ----------
    base, quote
        Its tokens.
    parameters
        Its own, fixed for ever.

    Returns
    -------
    tuple
        The state after, and the pool's id.

    Raises
    ------
    Revert
        `ownable: caller is not the owner`; `controller: too many pools`; `controller: identical tokens`;
        `controller: pool exists`; then the new pool's own.
    """
    _require_owner(state, call)
    pools = state.controller.pools
    require(len(pools) < MAX_POOLS, "controller: too many pools")
    require(base != quote, "controller: identical tokens")
    pairs = [{pool.base, pool.quote} for pool in state.pools.values()]
    require({base, quote} not in pairs, "controller: pool exists")
    created = pool_contract.create(state, call.now, base, quote, parameters)
    pool = f"pool-{len(pools)}"
    state = replace(state, pools=state.pools | {pool: created})
    state = _with(state, pools=(*pools, pool))
    return emit(state, CONTROLLER, "PoolCreated", pool=pool, base=base, quote=quote), pool


@locked
def set_status(
    state: State, call: Call, pool: str, status: int, min_price: int, max_price: int
) -> tuple[State, None]:
    """Activate, suspend or resume a pool (R1).

    Parameters
    ----------
    pool
        The pool.
    status
        1 (ACTIVE) or 2 (SUSPENDED).
    min_price, max_price
        Bounds of the spot price at which to become ACTIVE: quote base units per base base unit, times Q112.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `ownable: caller is not the owner`; `controller: unknown pool`; then the pool's own.
    """
    _require_owner(state, call)
    require(is_registered(state, pool), "controller: unknown pool")
    return pool_contract.set_status(state, call.onward(pool), status, min_price, max_price)


@locked
def name_dlq_pool(state: State, call: Call, quote: str, pool: str) -> tuple[State, None]:
    """Name the pool whose oracle prices DLQ in a quote token (R16.3).

    Parameters
    ----------
    quote
        The quote token.
    pool
        The pool DLQ/quote; zero: none.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `ownable: caller is not the owner`; `controller: unknown pool`; `controller: not a DLQ pool`.
    """
    _require_owner(state, call)
    if pool != ZERO:
        require(is_registered(state, pool), "controller: unknown pool")
        pair = (state.pools[pool].base, state.pools[pool].quote)
        require(pair == (state.controller.dlq, quote), "controller: not a DLQ pool")
    state = _with(state, dlq_pools=state.controller.dlq_pools | {quote: pool})
    return emit(state, CONTROLLER, "DlqPoolNamed", quote=quote, pool=pool), None


@locked
def sweep(state: State, call: Call) -> tuple[State, None]:
    """Sweep every ACTIVE pool, in order of creation (R14).

    Returns
    -------
    tuple
        The state after, and None.
    """
    return _sweep_all_but(state, call, ZERO), None


@locked
def draw_surpluses(state: State, call: Call) -> tuple[State, None]:
    """Sweep every ACTIVE pool but the one that calls: step 0 of the waterfall (R16.0).

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `controller: caller is not a pool`.
    """
    require(is_registered(state, call.sender), "controller: caller is not a pool")
    return _sweep_all_but(state, call, call.sender), None


def transfer_ownership(state: State, call: Call, new_owner: str) -> tuple[State, None]:
    """Offer ownership to somebody (R21).

    Parameters
    ----------
    new_owner
        Who may accept it.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `ownable: caller is not the owner`.
    """
    _require_owner(state, call)
    state = _with(state, pending_owner=new_owner)
    state = emit(state, CONTROLLER, "OwnershipTransferStarted", previous_owner=call.sender, new_owner=new_owner)
    return state, None


def accept_ownership(state: State, call: Call) -> tuple[State, None]:
    """Take over ownership that was offered (R21).

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `ownable_2step: caller is not the new owner`.
    """
    previous_owner = state.controller.owner
    require(call.sender == state.controller.pending_owner, "ownable_2step: caller is not the new owner")
    state = _with(state, owner=call.sender, pending_owner=ZERO)
    state = emit(state, CONTROLLER, "OwnershipTransferred", previous_owner=previous_owner, new_owner=call.sender)
    return state, None


def _sweep_all_but(state: State, call: Call, spared: str) -> State:
    epoch = call.now // state.controller.parameters.epoch_seconds
    state = _with(state, swept_epoch=epoch)
    state = emit(state, CONTROLLER, "SystemSwept", epoch=epoch)
    for pool in state.controller.pools:
        if pool == spared:
            continue
        require_free(state, pool)
        if state.pools[pool].status == ACTIVE:
            state, _ = pool_contract.sweep(state, call.onward(pool))
    return state


def _require_owner(state: State, call: Call) -> None:
    require(call.sender == state.controller.owner, "ownable: caller is not the owner")


def _with(state: State, **changes: object) -> State:
    return replace(state, controller=replace(state.controller, **changes))
