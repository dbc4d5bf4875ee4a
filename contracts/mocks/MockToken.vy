# pragma version 0.4.3
"""
@title Mock token
@license MIT
@notice A well-behaved ERC-20 of any decimals.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
initializes: erc20[ownable := ownable]

exports: (
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.allowance,
    erc20.transfer,
    erc20.transferFrom,
    erc20.approve,
)


@deploy
def __init__(name: String[25], symbol: String[5], decimals: uint8, supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    ownable.__init__()
    erc20.__init__(name, symbol, decimals, name, "1")
    erc20._mint(msg.sender, supply)
