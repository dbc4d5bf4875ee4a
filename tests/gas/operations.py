"""What every call costs: each story plays on the stage as it was set, and notes the gas of some of its calls.

A call goes by its contract's and its function's name and, where it can go more than one way, by the way it goes.
"""

from collections import defaultdict
from collections.abc import Callable

from eth_account import Account
from eth_account.messages import encode_typed_data

from model import Parameters
from model.state import ACTIVE, SUSPENDED
from tests.differential.codec import fields_of
from tests.differential.world import DAY, UNLIMITED
from tests.gas.chains import BLOCK_SECONDS, CHAIN_ID, DEPLOYER, Call, Contract, Refused
from tests.gas.stage import ACCOUNTS, ANY_PRICE, WHOLE, Stage

Costs = dict[str, dict[str, int]]  # of a call, by the column
COLD, WARM, OPENING = COLUMNS = ("cold", "warm", "opening")

NEWCOMER, TRADER, STAKER, KEEPER = (ACCOUNTS[name] for name in ("provider-1", "trader", "staker-1", "outsider"))
AMOUNT = 1_000 * WHOLE
SHARE = 100_000 * WHOLE  # of each token: what a position of some size is made of
NO_MINIMUM = (0, 0)
FREELY = (0, 0, UNLIMITED)  # no minimum, any shortfall
PERMIT = {
    "Permit": [
        {"name": name, "type": kind}
        for name, kind in (("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"), ("deadline", "uint256"))
    ]
}


class Meter:
    """Sends calls on a stage and notes what they cost."""

    def __init__(self, stage: Stage):
        self.stage = stage
        self.chain = stage.chain
        self.costs: Costs = defaultdict(dict)

    def note(self, name: str, column: str, sender: str, call: Call, seconds: int = BLOCK_SECONDS) -> None:
        try:
            self.costs[name][column] = self.chain.gas(sender, call, seconds)
        except Refused as refused:
            raise Refused(f"{name}, {column}: {refused}") from refused

    def twice(self, name: str, sender: str, call: Call) -> None:
        self.note(name, COLD, sender, call)
        self.note(name, WARM, sender, call)

    def do(self, sender: str, *calls: Call) -> None:
        """Calls that are needed, but not noted."""
        for call in calls:
            self.chain.gas(sender, call)

    # What several stories need.

    def next_epoch(self, column: str = WARM) -> None:
        """A day later. The trader has opened the epoch, unless the call that follows is to do so."""
        self.chain.wait(DAY)
        if column != OPENING:
            self.do(TRADER, self.sale(WHOLE))

    def sale(self, amount: int) -> Call:
        """Of base by the trader, in the pool."""
        return self.stage.pool("swap", self.stage.base, amount, 0, TRADER, UNLIMITED)

    def give_away(self, account: str, *tokens: Contract) -> None:
        """All that the account has of some tokens."""
        for token in tokens:
            (balance,) = self.chain.read(token("balanceOf", account))
            self.do(account, token("transfer", DEPLOYER, balance))

    def provide(self) -> int:
        """The newcomer has a position of some age, and none of the pool's tokens beside it; its units."""
        self.next_epoch()
        self.do(NEWCOMER, self.stage.pool("add", SHARE, SHARE, 0, UNLIMITED))
        self.give_away(NEWCOMER, self.stage.base, self.stage.quote)
        self.next_epoch()
        return self.chain.read(self.stage.pool("position", NEWCOMER))[0][0]


# -- the calls that Uniswap v2 has as well ---------------------------------------------------------------------------


def swap(meter: Meter) -> None:
    call = meter.stage.pool("swap", meter.stage.base, AMOUNT, 0, NEWCOMER, UNLIMITED)
    meter.next_epoch()
    meter.give_away(NEWCOMER, meter.stage.quote)
    meter.twice("Pool.swap", NEWCOMER, call)
    meter.next_epoch(OPENING)
    meter.note("Pool.swap", OPENING, NEWCOMER, call)


def swap_in_uniswap(meter: Meter) -> None:
    meter.give_away(NEWCOMER, meter.stage.quote)
    meter.twice("Uniswap.swap", NEWCOMER, meter.stage.sale_in_uniswap(AMOUNT, NEWCOMER))


def add(meter: Meter) -> None:
    call = meter.stage.pool("add", AMOUNT, AMOUNT, 0, UNLIMITED)
    meter.next_epoch()
    meter.twice("Pool.add", NEWCOMER, call)
    meter.next_epoch(OPENING)
    meter.note("Pool.add", OPENING, NEWCOMER, call)


def add_in_uniswap(meter: Meter) -> None:
    meter.twice("Uniswap.add", NEWCOMER, meter.stage.provision_in_uniswap(AMOUNT, NEWCOMER))


def exit_in_parts(meter: Meter) -> None:
    call = meter.stage.pool("exit", meter.provide() // 5, *NO_MINIMUM)
    meter.next_epoch()
    meter.twice("Pool.exit, a part", NEWCOMER, call)
    meter.next_epoch(OPENING)
    meter.note("Pool.exit, a part", OPENING, NEWCOMER, call)


def exit_at_once(meter: Meter) -> None:
    units = meter.provide()
    part = units // 5
    meter.next_epoch()
    with meter.chain.what_if():
        meter.note("Pool.exit, all", COLD, NEWCOMER, meter.stage.pool("exit", units, *NO_MINIMUM))
    meter.do(NEWCOMER, meter.stage.pool("exit", part, *NO_MINIMUM))
    rest = meter.stage.pool("exit", units - part, *NO_MINIMUM)
    with meter.chain.what_if():
        meter.note("Pool.exit, all", WARM, NEWCOMER, rest)
    meter.next_epoch(OPENING)
    meter.note("Pool.exit, all", OPENING, NEWCOMER, rest)


def remove_in_uniswap(meter: Meter) -> None:
    stage = meter.stage

    def remove(units: int) -> Call:
        return stage.router("removeLiquidity", stage.base, stage.quote, units, *NO_MINIMUM, NEWCOMER, UNLIMITED)

    meter.do(NEWCOMER, stage.provision_in_uniswap(SHARE, NEWCOMER))
    meter.give_away(NEWCOMER, stage.base, stage.quote)
    (units,) = meter.chain.read(stage.pair("balanceOf", NEWCOMER))
    part = units // 5
    with meter.chain.what_if():
        meter.note("Uniswap.remove, all", COLD, NEWCOMER, remove(units))
    meter.twice("Uniswap.remove, a part", NEWCOMER, remove(part))
    meter.note("Uniswap.remove, all", WARM, NEWCOMER, remove(units - 2 * part))


def after_a_swap(meter: Meter) -> None:
    """What is spared when somebody has traded before in the same block."""
    pool = meter.stage.pool
    meter.next_epoch()
    with meter.chain.what_if():
        meter.give_away(NEWCOMER, meter.stage.quote)
        _after(meter, meter.sale(AMOUNT), "Pool.swap", pool("swap", meter.stage.base, AMOUNT, 0, NEWCOMER, UNLIMITED))
    _after(meter, meter.sale(AMOUNT), "Pool.add", pool("add", AMOUNT, AMOUNT, 0, UNLIMITED))


def after_a_swap_in_uniswap(meter: Meter) -> None:
    sale = meter.stage.sale_in_uniswap(AMOUNT, TRADER)
    with meter.chain.what_if():
        meter.give_away(NEWCOMER, meter.stage.quote)
        _after(meter, sale, "Uniswap.swap", meter.stage.sale_in_uniswap(AMOUNT, NEWCOMER))
    _after(meter, sale, "Uniswap.add", meter.stage.provision_in_uniswap(AMOUNT, NEWCOMER))


def _after(meter: Meter, sale: Call, name: str, call: Call) -> None:
    for column in (COLD, WARM):
        meter.do(TRADER, sale)
        meter.note(f"{name}, after a swap in the block", column, NEWCOMER, call, seconds=0)


# -- the pool's others -----------------------------------------------------------------------------------------------


def donate(meter: Meter) -> None:
    call = meter.stage.pool("donate", AMOUNT, AMOUNT)
    meter.next_epoch()
    meter.note("Pool.donate", WARM, TRADER, call)
    meter.next_epoch(OPENING)
    meter.note("Pool.donate", OPENING, TRADER, call)


def deposit(meter: Meter) -> None:
    pool = meter.stage.pool
    stage, confirm, cancel = pool("stage_deposit", AMOUNT, AMOUNT), pool("confirm_deposit", 0), pool("cancel_deposit")
    meter.next_epoch()
    meter.do(TRADER, stage)  # somebody else has a deposit staged
    with meter.chain.what_if():
        meter.twice("Pool.stage_deposit", NEWCOMER, stage)
        meter.give_away(NEWCOMER, meter.stage.base, meter.stage.quote)
        meter.note("Pool.cancel_deposit", COLD, NEWCOMER, cancel)
    meter.do(NEWCOMER, stage)
    meter.note("Pool.cancel_deposit", WARM, NEWCOMER, cancel)
    for column in COLUMNS:
        meter.do(NEWCOMER, stage)
        if column == OPENING:
            meter.next_epoch(OPENING)
        meter.chain.wait(60)
        meter.note("Pool.confirm_deposit", column, NEWCOMER, confirm)


def withdraw_without_loss(meter: Meter) -> None:
    """Nothing is due: units redeem for more than what is protected."""
    part = meter.provide() // 5
    request, withdraw = meter.stage.pool("request_withdrawal", part), meter.stage.pool("withdraw", *FREELY)
    meter.next_epoch()
    meter.twice("Pool.request_withdrawal", NEWCOMER, request)
    for column in COLUMNS:
        meter.next_epoch(column)
        meter.note("Pool.withdraw, nothing due", column, NEWCOMER, withdraw)
        meter.do(NEWCOMER, request)
    meter.next_epoch(OPENING)
    meter.note("Pool.request_withdrawal", OPENING, NEWCOMER, request)


def withdraw_in_calm(meter: Meter) -> None:
    """The Reserve pays in kind: quote, of which too little is left, against base."""
    part = meter.provide() // 5
    _have_a_loss(meter, meter.stage.base, reserve=(SHARE, SHARE))
    for column in COLUMNS:
        _withdraw(meter, "Pool.withdraw, calm, protected in kind", column, part, {"quote"})


def withdraw_in_kind_and_in_value(meter: Meter) -> None:
    """The Reserve has less base than is due, and pays quote for the rest."""
    part = meter.provide() // 5
    _have_a_loss(meter, meter.stage.quote, reserve=(10 * WHOLE, SHARE))
    _withdraw(meter, "Pool.withdraw, calm, protected in kind and in quote", WARM, part, {"base", "quote"})


def withdraw_in_bailout(meter: Meter) -> None:
    """The Reserve pays its share, and the stakers the rest. The first of an epoch has all surpluses drawn before."""
    stage = meter.stage
    part = meter.provide() // 5
    priced = stage.new_pool(stage.dlq, stage.quote)
    meter.do(DEPLOYER, stage.controller("name_dlq_pool", stage.quote, priced))
    _have_a_loss(meter, stage.base, reserve=(WHOLE, WHOLE))
    half = meter.chain.read(stage.pool("position", DEPLOYER))[0][0] // 2
    for column in (WARM, OPENING):
        _withdraw(meter, "Pool.withdraw, bailout, down to the stakers", column, part, {"quote", "stake"}, others=half)


def _withdraw(meter: Meter, name: str, column: str, units: int, drawn: set[str], others: int = 0) -> None:
    """Ask for so many units, while somebody else may ask for others; and note the withdrawal, which is to draw on these."""
    pool = meter.stage.pool
    meter.next_epoch()
    meter.do(NEWCOMER, pool("request_withdrawal", units))
    if others:
        meter.do(DEPLOYER, pool("request_withdrawal", others))
    meter.next_epoch(column)
    if others and column == WARM:
        meter.do(KEEPER, meter.stage.controller("sweep"))
    before = _sources(meter.stage)
    meter.note(name, column, NEWCOMER, pool("withdraw", *FREELY))
    after = _sources(meter.stage)
    assert drawn == {source for source in before if after[source] < before[source]}, f"{name}, {column}: {before} -> {after}"


def _sources(stage: Stage) -> dict[str, int]:
    """What there is to pay with."""
    held = {name: stage.chain.read(stage.reserve("held", token))[0] for name, token in (("base", stage.base), ("quote", stage.quote))}
    return held | {"stake": stage.chain.read(stage.backstop("pool_stake", stage.pool))[0][1]}


def _have_a_loss(meter: Meter, sold: Contract, reserve: tuple[int, int]) -> None:
    """A Reserve with so much of both tokens; one of them falls by a third; and positions are a good half protected."""
    stage = meter.stage
    for token, amount in zip((stage.base, stage.quote), reserve):
        meter.do(DEPLOYER, token("transfer", stage.reserve, amount), stage.reserve("absorb", token))
    for _ in range(22):  # the fee of one large swap would pay for the loss
        meter.do(TRADER, stage.pool("swap", sold, 10_000 * WHOLE, 0, TRADER, UNLIMITED))
    meter.chain.wait(50 * DAY)
    for _ in range(5):  # the oracle follows
        meter.next_epoch()


def sweep(meter: Meter) -> None:
    """Surpluses of both tokens go to the stakers and to the Reserve."""
    stage = meter.stage
    meter.do(KEEPER, stage.controller("sweep"))
    meter.next_epoch()
    meter.do(DEPLOYER, *[token("transfer", stage.pool, AMOUNT) for token in (stage.base, stage.quote)])
    with meter.chain.what_if():
        meter.note("Controller.sweep, one pool", WARM, KEEPER, stage.controller("sweep"))
    meter.note("Pool.sweep", WARM, KEEPER, stage.pool("sweep"))
    meter.note("Pool.sweep, no surplus", WARM, KEEPER, stage.pool("sweep"))


# -- stakers ---------------------------------------------------------------------------------------------------------


def stake(meter: Meter) -> None:
    meter.twice("Backstop.stake", STAKER, meter.stage.backstop("stake", meter.stage.pool, AMOUNT))


def unstake(meter: Meter) -> None:
    stage = meter.stage
    request, call = stage.backstop("request_unstake", stage.pool, AMOUNT), stage.backstop("unstake", stage.pool)
    meter.do(STAKER, stage.backstop("stake", stage.pool, 2 * AMOUNT))
    meter.give_away(STAKER, stage.dlq)
    meter.twice("Backstop.request_unstake", STAKER, request)
    meter.chain.wait(7 * DAY)
    meter.note("Backstop.unstake", COLD, STAKER, call)
    meter.do(STAKER, request)
    meter.chain.wait(7 * DAY)
    meter.note("Backstop.unstake", WARM, STAKER, call)


def claim(meter: Meter) -> None:
    stage = meter.stage
    meter.do(STAKER, stage.backstop("stake", stage.pool, AMOUNT))
    meter.give_away(STAKER, stage.base)
    for column in (COLD, WARM):
        meter.do(DEPLOYER, *[token("transfer", stage.pool, AMOUNT) for token in (stage.base, stage.quote)], stage.pool("sweep"))
        meter.note("Backstop.claim", column, STAKER, stage.backstop("claim", stage.pool, stage.base))


def stray_tokens(meter: Meter) -> None:
    stage = meter.stage
    for column, token in ((COLD, stage.new_token()), (WARM, stage.base)):
        meter.do(DEPLOYER, *[token("transfer", holder, AMOUNT) for holder in (stage.backstop, stage.reserve)])
        with meter.chain.what_if():
            meter.note("Reserve.absorb", column, KEEPER, stage.reserve("absorb", token))
        meter.note("Backstop.sweep", column, KEEPER, stage.backstop("sweep", token))


# -- the governor ----------------------------------------------------------------------------------------------------


def a_pools_life(meter: Meter) -> None:
    stage, chain, govern = meter.stage, meter.chain, meter.stage.controller
    base, quote = stage.new_token(), stage.new_token()
    meter.note("Controller.create_pool", COLD, DEPLOYER, govern("create_pool", base, quote, fields_of(Parameters())))
    pool = stage.contract("Pool", *chain.read(govern("pool_of", base, quote)))
    for token in (base, quote):
        meter.do(DEPLOYER, token("approve", pool, UNLIMITED), token("transfer", NEWCOMER, SHARE))
        meter.do(NEWCOMER, token("approve", pool, UNLIMITED))
    meter.note("Pool.add, the first", COLD, DEPLOYER, pool("add", SHARE, SHARE, 0, UNLIMITED))
    meter.twice("Pool.add, to a pending pool", NEWCOMER, pool("add", AMOUNT, AMOUNT, 0, UNLIMITED))
    meter.note("Controller.set_status, activated", COLD, DEPLOYER, govern("set_status", pool, ACTIVE, *ANY_PRICE))
    meter.note("Pool.begin_protection", COLD, NEWCOMER, pool("begin_protection"))
    meter.note("Controller.set_status, suspended", WARM, DEPLOYER, govern("set_status", pool, SUSPENDED, 0, 0))
    meter.note("Controller.set_status, resumed", WARM, DEPLOYER, govern("set_status", pool, ACTIVE, *ANY_PRICE))


def names(meter: Meter) -> None:
    stage = meter.stage
    priced = stage.new_pool(stage.dlq, stage.quote)
    meter.twice("Controller.name_dlq_pool", DEPLOYER, stage.controller("name_dlq_pool", stage.quote, priced))


def ownership(meter: Meter) -> None:
    transfer, accept = meter.stage.controller("transfer_ownership", KEEPER), meter.stage.controller("accept_ownership")
    meter.twice("Controller.transfer_ownership", DEPLOYER, transfer)
    meter.note("Controller.accept_ownership", WARM, KEEPER, accept)


# -- DLQ -------------------------------------------------------------------------------------------------------------


def token(meter: Meter) -> None:
    dlq = meter.stage.dlq
    meter.give_away(KEEPER, dlq)
    meter.twice("DLQ.transfer", STAKER, dlq("transfer", KEEPER, AMOUNT))
    meter.twice("DLQ.approve", STAKER, dlq("approve", TRADER, 3 * AMOUNT))
    meter.give_away(KEEPER, dlq)
    meter.twice("DLQ.transferFrom", TRADER, dlq("transferFrom", STAKER, KEEPER, AMOUNT))


def permit(meter: Meter) -> None:
    dlq, owner = meter.stage.dlq, Account.from_key(32 * b"\x01")
    domain = {"name": "Makewhole DLQ", "version": "1", "chainId": CHAIN_ID, "verifyingContract": dlq.address}
    for nonce, column in enumerate((COLD, WARM)):
        message = {"owner": owner.address, "spender": STAKER, "value": AMOUNT, "nonce": nonce, "deadline": UNLIMITED}
        signed = owner.sign_message(encode_typed_data(domain, PERMIT, message))
        parts = signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
        meter.note("DLQ.permit", column, KEEPER, dlq("permit", owner.address, STAKER, AMOUNT, UNLIMITED, *parts))


Story = Callable[[Meter], None]
STORIES: tuple[Story, ...] = (
    swap, swap_in_uniswap, add, add_in_uniswap, exit_in_parts, exit_at_once, remove_in_uniswap, after_a_swap, after_a_swap_in_uniswap,
    donate, deposit, withdraw_without_loss, withdraw_in_calm, withdraw_in_kind_and_in_value, withdraw_in_bailout, sweep,
    stake, unstake, claim, stray_tokens, a_pools_life, names, ownership, token, permit,
)  # fmt: skip


def measure(stage: Stage, stories: tuple[Story, ...] = STORIES) -> Costs:
    """What calls cost on this stage, on which nothing has happened afterwards."""
    meter = Meter(stage)
    for story in stories:
        with stage.chain.what_if():
            story(meter)
    return dict(meter.costs)
