# pragma version 0.4.3
"""
@title Token that calls back
@license MIT
@notice An ERC-20 that makes one call of the test's choice in the middle of its next transfer.
"""

decimals: public(constant(uint8)) = 18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# The call to make, and whether it is still to be made.
armed: public(bool)
target: public(address)
payload: public(Bytes[1024])


@deploy
def __init__(supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


@external
def arm(target: address, payload: Bytes[1024]):
    """
    @notice Choose the call that the next transfer makes. It is made once, a view as well as any other; its failure is
            the transfer's.
    """
    self.armed = True
    self.target = target
    self.payload = payload


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(recipient: address, amount: uint256) -> bool:
    self._move(msg.sender, recipient, amount)
    return True


@external
def transferFrom(sender: address, recipient: address, amount: uint256) -> bool:
    assert self.allowance[sender][msg.sender] >= amount, "erc20: insufficient allowance"
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, recipient, amount)
    return True


@internal
def _move(sender: address, recipient: address, amount: uint256):
    assert self.balanceOf[sender] >= amount, "erc20: transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[recipient] += amount
    if self.armed:
        self.armed = False
        raw_call(self.target, self.payload)
