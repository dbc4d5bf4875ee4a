"""The Founder of the tests: it founds systems and takes them back, to ask what a Controller accepts (section 6, R14)."""

from model import controller
from model.parameters import Parameters, SystemParameters
from model.state import CONTROLLER, Call, State, Token, require

MOST_POOLS = 40


def found(
    state: State,
    call: Call,
    epoch_seconds: int,
    unstake_seconds: int,
    hold_seconds: int,
    unstake_window_seconds: int,
    pools: int,
) -> tuple[State, None]:
    """Found a system of these periods, have it create so many pools, and take it back.

    Parameters
    ----------
    epoch_seconds, unstake_seconds, hold_seconds, unstake_window_seconds
        As in `SystemParameters`.
    pools
        How many pools it is to have, each of another pair.

    Returns
    -------
    tuple
        The state as it was, and None.

    Raises
    ------
    Revert
        `founder: too many pools to found`; those of `controller.deploy` and of `controller.create_pool`.
    """
    require(pools <= MOST_POOLS, "founder: too many pools to found")
    periods = SystemParameters(epoch_seconds, unstake_seconds, hold_seconds, unstake_window_seconds)
    tokens = [f"token-{number}" for number in range(pools + 1)]
    founded = controller.deploy(call.target, tokens[0], dict.fromkeys(tokens, Token(18, {}, {})), periods)
    governor = Call(CONTROLLER, call.target, call.now)
    for number in range(pools):
        parameters = Parameters(lockup_seconds=epoch_seconds)
        founded, _ = controller.create_pool(founded, governor, tokens[number], tokens[number + 1], parameters)
    return state, None
