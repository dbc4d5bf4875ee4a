# pragma version 0.4.3
"""
@title Token that returns false
@license MIT
@notice An ERC-20 that answers false instead of reverting, and moves nothing, when told to fail.
"""

decimals: public(constant(uint8)) = 18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# Whether transfers fail.
failing: public(bool)


@deploy
def __init__(supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


@external
def set_failing(failing: bool):
    """
    @notice Make transfers fail, or work again.
    """
    self.failing = failing


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(recipient: address, amount: uint256) -> bool:
    return self._move(msg.sender, recipient, amount)


@external
def transferFrom(sender: address, recipient: address, amount: uint256) -> bool:
    if self.allowance[sender][msg.sender] < amount:
        return False
    moved: bool = self._move(sender, recipient, amount)
    if moved:
        self.allowance[sender][msg.sender] -= amount
    return moved


@internal
def _move(sender: address, recipient: address, amount: uint256) -> bool:
    if self.failing or self.balanceOf[sender] < amount:
        return False
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
    return True
