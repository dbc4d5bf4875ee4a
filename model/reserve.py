"""The Reserve: protocol-controlled assets, one for all pools and tokens (R14, R16, R21)."""

from dataclasses import replace

from model.lock import locked
from model.state import Call, State, emit, is_registered, require
from model.token import balance_of, push


@locked
def absorb(state: State, call: Call, token: str) -> tuple[State, int]:
    """Book what has reached the Reserve (R14).

        amount = balance - held

    Parameters
    ----------
    token
        The token to book.

    Returns
    -------
    tuple
        The state after, and the amount booked in base units of the token; at least 1.

    Raises
    ------
    Revert
        `reserve: nothing to absorb` if nothing has come since the last time.
    """
    balance = balance_of(state, token, call.target)
    amount = balance - state.reserve.held.get(token, 0)
    require(amount > 0, "reserve: nothing to absorb")
    state = _with_held(state, token, balance)
    state = emit(state, call.target, "Absorbed", token=token, amount=amount, held=balance)
    return state, amount


@locked
def draw(state: State, call: Call, token: str, recipient: str, amount: int) -> tuple[State, None]:
    """Pay a provider of the pool that calls (R16, R21).

    Parameters
    ----------
    token
        The token to pay in.
    recipient
        The provider.
    amount
        Base units of the token.

    Returns
    -------
    tuple
        The state after, and None.

    Raises
    ------
    Revert
        `reserve: caller is not a pool`; `reserve: not enough held`; then the token's own.
    """
    require(is_registered(state, call.sender), "reserve: caller is not a pool")
    held_before = state.reserve.held.get(token, 0)
    require(amount <= held_before, "reserve: not enough held")
    held = held_before - amount
    state = _with_held(state, token, held)
    state = emit(
        state, call.target, "Drawn", pool=call.sender, token=token, recipient=recipient, amount=amount, held=held
    )
    return push(state, call, token, recipient, amount), None


def _with_held(state: State, token: str, amount: int) -> State:
    held = state.reserve.held | {token: amount}
    return replace(state, reserve=replace(state.reserve, held=held))
