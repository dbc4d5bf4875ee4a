# pragma version 0.4.3
"""
@title Token with a fee
@license MIT
@notice An ERC-20 that keeps a part of every transfer from its recipient, or charges the sender on top.
"""

decimals: public(constant(uint8)) = 18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# In basis points of the amount.
fee_bps: public(uint256)
# Whether the sender pays the fee on top of the amount, else the recipient out of it.
sender_pays: public(bool)


@deploy
def __init__(supply: uint256, fee_bps: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply
    self.fee_bps = fee_bps


@external
def set_fee(fee_bps: uint256, sender_pays: bool):
    """
    @notice Change the fee, to list the token first and charge afterwards.
    """
    self.fee_bps = fee_bps
    self.sender_pays = sender_pays


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
    fee: uint256 = amount * self.fee_bps // 10_000
    debit: uint256 = amount + fee if self.sender_pays else amount
    assert self.balanceOf[sender] >= debit, "erc20: transfer amount exceeds balance"
    self.balanceOf[sender] -= debit
    self.balanceOf[recipient] += debit - fee
    self.totalSupply -= fee
