# pragma version 0.4.3
"""
@title Awkward token
@license MIT
@notice An ERC-20 of any decimals that behaves, until it is told to misbehave in one of the ways that tokens do (R22), and
        behaves again when it is told to. Beside that, it can be told to take what somebody holds, and its next transfer
        can be made to call any function of any contract.
"""

from ethereum.ercs import IERC20


# What the token calls in the middle of its next transfer.
struct Hook:
    target: address  # zero: nothing
    payload: Bytes[1024]
    before: bool  # before the balances change, else after
    bubbles: bool  # a failure of the call is the transfer's, else it is only reported

struct Report:
    behaviour: uint256
    hook_target: address
    hook_payload: bytes32  # its hash
    hook_before: bool
    hook_bubbles: bool
    balances: uint256[MAX_HOLDERS]


event BehaviourSet:
    behaviour: uint256

event Taken:
    holder: indexed(address)
    amount: uint256

event Armed:
    target: indexed(address)

event CalledBack:
    target: indexed(address)
    function: bytes4
    succeeded: bool


# What transfers do, or `decimals`.
PLAIN: constant(uint256) = 0
NO_RETURN_VALUE: constant(uint256) = 1
RETURNS_FALSE: constant(uint256) = 2  # and moves nothing
REVERTS_ON_ZERO: constant(uint256) = 3
FEE_FROM_RECIPIENT: constant(uint256) = 4
FEE_ON_TOP: constant(uint256) = 5  # from the sender
TOO_MANY_DECIMALS: constant(uint256) = 6
NO_DECIMALS: constant(uint256) = 7

FEE_DIVISOR: constant(uint256) = 100
MAX_HOLDERS: constant(uint256) = 23
MAX_OWNERS: constant(uint256) = 14
MAX_SPENDERS: constant(uint256) = 20
MAX_ALLOWANCES: constant(uint256) = MAX_OWNERS * MAX_SPENDERS

DECIMALS: immutable(uint256)

name: public(String[25])
symbol: public(String[5])
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

behaviour: uint256
hook: Hook


@deploy
def __init__(name: String[25], symbol: String[5], decimals: uint256, supply: uint256):
    """
    @notice All of the supply goes to the deployer.
    """
    self.name = name
    self.symbol = symbol
    DECIMALS = decimals
    self.totalSupply = supply
    self.balanceOf[msg.sender] = supply


# Misbehaviour


@external
def set_behaviour(behaviour: uint256):
    """
    @notice Misbehave from now on, or behave again.
    @custom:reverts `awkward_token: unknown behaviour`
    """
    assert behaviour <= NO_DECIMALS, "awkward_token: unknown behaviour"
    self.behaviour = behaviour
    log BehaviourSet(behaviour=behaviour)


@external
def take(holder: address, amount: uint256):
    """
    @notice Lose a part of what somebody holds, as a token that re-bases does.
    @custom:reverts `awkward_token: not so much to take`
    """
    assert self.balanceOf[holder] >= amount, "awkward_token: not so much to take"
    self.balanceOf[holder] -= amount
    self.totalSupply -= amount
    log Taken(holder=holder, amount=amount)


@external
def arm(target: address, payload: Bytes[1024], before: bool, bubbles: bool):
    """
    @notice Choose the call that the next transfer makes, once. Replaces the one chosen before.
    """
    self.hook = Hook(target=target, payload=payload, before=before, bubbles=bubbles)
    log Armed(target=target)


# ERC-20


@external
def approve(spender: address, amount: uint256) -> bool:
    self._approve(msg.sender, spender, amount)
    return True


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[32]:
    return self._transfer(msg.sender, to, amount)


@external
@raw_return
def transferFrom(owner: address, to: address, amount: uint256) -> Bytes[32]:
    if self.behaviour != RETURNS_FALSE:
        allowed: uint256 = self.allowance[owner][msg.sender]
        if allowed < max_value(uint256):
            assert allowed >= amount, "erc20: insufficient allowance"
            self._approve(owner, msg.sender, allowed - amount)
    return self._transfer(owner, to, amount)


@external
@view
def decimals() -> uint256:
    assert self.behaviour != NO_DECIMALS
    return 25 if self.behaviour == TOO_MANY_DECIMALS else DECIMALS


# For the Inspector


@external
@view
def report(holders: DynArray[address, MAX_HOLDERS]) -> Report:
    """
    @notice How the token behaves, and what each of the holders has.
    """
    found: Report = empty(Report)
    found.behaviour = self.behaviour
    if self.hook.target != empty(address):
        found.hook_target = self.hook.target
        found.hook_payload = keccak256(self.hook.payload)
        found.hook_before = self.hook.before
        found.hook_bubbles = self.hook.bubbles
    i: uint256 = 0
    for holder: address in holders:
        found.balances[i] = self.balanceOf[holder]
        i += 1
    return found


@external
@view
def allowances(
    owners: DynArray[address, MAX_OWNERS], spenders: DynArray[address, MAX_SPENDERS]
) -> DynArray[uint256, MAX_ALLOWANCES]:
    """
    @notice Every owner's allowance to every spender.
    """
    found: DynArray[uint256, MAX_ALLOWANCES] = []
    for owner: address in owners:
        for spender: address in spenders:
            found.append(self.allowance[owner][spender])
    return found


# Internal


@internal
def _transfer(owner: address, to: address, amount: uint256) -> Bytes[32]:
    """
    @return What the transfer answers.
    """
    behaviour: uint256 = self.behaviour
    if behaviour == RETURNS_FALSE:
        return abi_encode(False)
    assert to != empty(address), "erc20: transfer to the zero address"
    assert amount > 0 or behaviour != REVERTS_ON_ZERO, "awkward_token: zero amount"

    self._call_back(True)
    assert self.balanceOf[owner] >= amount, "erc20: transfer amount exceeds balance"
    debit: uint256 = amount
    credit: uint256 = amount
    if behaviour == FEE_FROM_RECIPIENT:
        credit -= amount // FEE_DIVISOR
    elif behaviour == FEE_ON_TOP:
        debit += amount // FEE_DIVISOR
        assert self.balanceOf[owner] >= debit, "erc20: transfer amount exceeds balance"
    self.balanceOf[owner] -= debit
    self.balanceOf[to] += credit
    self.totalSupply -= debit - credit
    log IERC20.Transfer(sender=owner, receiver=to, value=credit)
    self._call_back(False)

    if behaviour == NO_RETURN_VALUE:
        return b""
    return abi_encode(True)


@internal
def _call_back(before: bool):
    """
    @notice Make the call chosen, if this is its place and it has not been made yet.
    """
    if self.hook.target == empty(address) or self.hook.before != before:
        return
    hook: Hook = self.hook
    self.hook = empty(Hook)
    succeeded: bool = True
    if hook.bubbles:
        raw_call(hook.target, hook.payload)
    else:
        succeeded = raw_call(hook.target, hook.payload, revert_on_failure=False)
    log CalledBack(target=hook.target, function=convert(slice(hook.payload, 0, 4), bytes4), succeeded=succeeded)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    assert owner != empty(address), "erc20: approve from the zero address"
    assert spender != empty(address), "erc20: approve to the zero address"
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)
