# pragma version 0.4.3
"""
@title Token without return values
@license MIT
@notice An ERC-20 whose transfers return nothing, like the oldest ones.
"""

decimals: public(constant(uint8)) = 18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


@external
def approve(spender: address, amount: uint256):
    self.allowance[msg.sender][spender] = amount


@external
def transfer(recipient: address, amount: uint256):
    self._move(msg.sender, recipient, amount)


@external
def transferFrom(sender: address, recipient: address, amount: uint256):
    assert self.allowance[sender][msg.sender] >= amount, "erc20: insufficient allowance"
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, recipient, amount)


@internal
def _move(sender: address, recipient: address, amount: uint256):
    assert self.balanceOf[sender] >= amount, "erc20: transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
