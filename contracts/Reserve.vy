# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Reserve
@license MIT
@notice The protocol's own assets, one for all pools and tokens: it receives surpluses and what withdrawals give up in
        exchange, and pays what withdrawals are due first (R14, R16). No one can take anything out but a registered
        pool (R21).
"""

from ethereum.ercs import IERC20

from .interfaces import IController
from .interfaces import IReserve
from .modules import token_moves

implements: IReserve


CONTROLLER: immutable(address)

# What is booked, by token. What arrives is booked by `absorb`.
held: public(HashMap[address, uint256])


@deploy
def __init__(controller: address):
    """
    @notice An empty Reserve.
    @param controller The registry that says who is a pool.
    """
    CONTROLLER = controller


@external
def absorb(token: address) -> uint256:
    """
    @notice Book what has reached the Reserve. Anybody may call.
    @param token The token.
    @return What was not booked before, in base units.
    @custom:reverts `reserve: nothing to absorb`
    """
    booked: uint256 = self.held[token]
    balance: uint256 = staticcall IERC20(token).balanceOf(self)
    assert balance > booked, "reserve: nothing to absorb"

    self.held[token] = balance
    log IReserve.Absorbed(token=token, amount=balance - booked, held=balance)
    return balance - booked


@external
def draw(token: address, recipient: address, amount: uint256):
    """
    @notice Pay what a withdrawal is due, on behalf of the pool that calls.
    @param token The token.
    @param recipient The provider.
    @param amount Base units.
    @custom:reverts `reserve: caller is not a pool`, `reserve: not enough held`
    """
    assert staticcall IController(CONTROLLER).is_pool(msg.sender), "reserve: caller is not a pool"
    booked: uint256 = self.held[token]
    assert amount <= booked, "reserve: not enough held"

    self.held[token] = booked - amount
    log IReserve.Drawn(
        pool=msg.sender, token=token, recipient=recipient, amount=amount, held=booked - amount
    )
    token_moves._push(token, recipient, amount)


@external
@view
@reentrant
def controller() -> address:
    """
    @notice The registry that says who is a pool.
    @return The Controller.
    """
    return CONTROLLER
