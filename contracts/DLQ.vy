# pragma version 0.4.3
"""
@title DLQ
@license MIT
@notice The token that backs the protocol: an ERC-20 with permit (EIP-2612) and a fixed supply. Nobody can mint it and
        nobody owns it.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

initializes: ownable
initializes: erc20[ownable := ownable]

# Neither the minting nor the ownership that the module knows: both stay out of reach for ever.
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
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)


@deploy
def __init__(supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    @param supply Base units, of which 10**18 make one DLQ; a listed token's supply stays below 2**112 (R22).
    """
    ownable.__init__()
    erc20.__init__("Makewhole DLQ", "DLQ", 18, "Makewhole DLQ", "1")
    erc20._mint(msg.sender, supply)
