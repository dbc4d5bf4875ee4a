"""A month on the stand-in: several people provide, trade and stake; a crash, a run, and what it is paid from."""

from pathlib import Path
from typing import Any

from vyper.compiler import compile_code
from web3.contract import Contract

from deploy.record import Deployment
from tests.differential.artifacts import Artifacts
from tests.testnet.stand_in import Testnet

DAY = 86_400
UNLIMITED = 2**256 - 1
ETH, USD, DLQ = 10**18, 10**6, 10**18
ACTIVE, SUSPENDED = 1, 2


class System:
    """A deployment's contracts, and calls of them."""

    def __init__(self, testnet: Testnet, deployment: Deployment, artifacts: Artifacts):
        self.testnet = testnet
        self.contracts: dict[str, Contract] = {}
        for role, kind in (("controller", "Controller"), ("reserve", "Reserve"), ("backstop", "Backstop")):
            self.contracts[role] = self._at(deployment.address(role), artifacts[kind].abi)
        self.contracts |= {token.symbol: self._at(token.address, artifacts["DLQ"].abi) for token in deployment.tokens}
        self.contracts["DLQ"] = self._at(deployment.address("dlq"), artifacts["DLQ"].abi)
        for pool in deployment.pools:
            self.contracts[pool.name] = self._at(pool.address, artifacts["Pool"].abi)
        self.artifacts = artifacts

    def _at(self, address: str, abi: list) -> Contract:
        return self.testnet.web3.eth.contract(address=address, abi=abi)

    def address(self, name: str) -> str:
        """Of a contract, or of somebody's account."""
        if name == "zero":
            return "0x" + "00" * 20
        return self.contracts[name].address if name in self.contracts else self.testnet.accounts[name].address

    def call(self, target: str, function: str, *arguments: Any) -> tuple[str, str]:
        """What to send where; names among the arguments stand for addresses."""
        contract = self.contracts[target]
        plain = [self.address(one) if isinstance(one, str) else one for one in arguments]
        return contract.address, contract.encode_abi(function, args=plain)

    def send(self, *calls: tuple, fails: bool = False) -> list[dict]:
        """Send at once; each is (account, target, function, arguments ...). Checks that all succeed, or that all fail."""
        receipts = self.testnet.send(*[(name, *self.call(*call)) for name, *call in calls])
        for call, receipt in zip(calls, receipts):
            assert receipt["status"] == (not fails), f"{call}: {'succeeds' if fails else 'fails'}"
        return receipts

    def through_router(self, name: str, *calls: tuple, all_succeed: bool = True) -> dict:
        """Have the router make calls in one transaction."""
        (receipt,) = self.send((name, "router", "make", [self.call(*call) for call in calls], all_succeed))
        return receipt

    def deploy_router(self) -> None:
        source = Path(__file__).with_name("Router.vy").read_text()
        output = compile_code(source, output_formats=["abi", "bytecode"])
        (receipt,) = self.testnet.send(("trader", None, output["bytecode"]))
        self.contracts["router"] = self._at(receipt["contractAddress"], output["abi"])


def swap(pool: str, token: str, amount: int, recipient: str, least: int = 0) -> tuple:
    return pool, "swap", token, amount, least, recipient, UNLIMITED


def begin(system: System) -> None:
    """Everybody gets tokens and lets the contracts have them; positions, stake, and a Reserve."""
    system.deploy_router()
    pools = ("tETH/tUSD", "DLQ/tUSD")
    means = {"provider1": pools, "provider2": pools, "trader": pools, "staker": ("backstop",), "router": (), "keeper": ()}
    transfers, consents = [], []
    for name, spenders in means.items():
        amounts = {"tETH": 5_000 * ETH, "tUSD": 5_000_000 * USD, "DLQ": 1_000_000 * DLQ}
        transfers += [("deployer", token, "transfer", name, amount) for token, amount in amounts.items()]
        consents += [(name, token, "approve", spender, UNLIMITED) for spender in spenders for token in amounts]
    system.send(*transfers, *consents)
    system.through_router("trader", *[(token, "approve", "tETH/tUSD", UNLIMITED) for token in ("tETH", "tUSD")])
    system.send(
        ("provider1", "tETH/tUSD", "add", 400 * ETH, 1_200_000 * USD, 0, UNLIMITED),
        ("provider2", "tETH/tUSD", "add", 200 * ETH, 610_000 * USD, 0, UNLIMITED),
        ("staker", "backstop", "stake", "tETH/tUSD", 60_000 * DLQ),
        # Nobody has asked for these: they reach the Reserve and a pool by plain transfers.
        ("keeper", "tETH", "transfer", "reserve", 20 * ETH),
        ("keeper", "tUSD", "transfer", "reserve", 20_000 * USD),
        ("keeper", "tUSD", "transfer", "tETH/tUSD", 77 * USD),
        ("keeper", "reserve", "absorb", "tETH"),
        ("keeper", "reserve", "absorb", "tUSD"),
    )
    system.through_router(
        "trader",
        ("tETH/tUSD", "add", 0, 3_000 * USD, 0, UNLIMITED), swap("tETH/tUSD", "tUSD", 500 * USD, "trader"),
        ("tETH/tUSD", "stage_deposit", 1 * ETH, 3_000 * USD),
    )  # fmt: skip


def trade(system: System, day: int) -> None:
    """One day: trades both ways, some that fail, and now and then something else."""
    eth = (5 + day % 7) * ETH
    pool = "tETH/tUSD"
    system.send(
        ("trader", *swap(pool, "tETH", eth, "trader")),
        ("trader", *swap(pool, "tUSD", eth * 3_000 * USD // ETH, "keeper")),
        ("provider1", pool, "donate", 0, 50 * USD),
    )
    system.send(("trader", *swap(pool, "tETH", eth, "trader", least=UNLIMITED)), ("keeper", "reserve", "absorb", "tETH"), fails=True)
    if day == 2:
        system.through_router("trader", (pool, "confirm_deposit", 0), (pool, "request_withdrawal", 10**12))
        system.send(("provider2", pool, "stage_deposit", 2 * ETH, 0), ("provider1", pool, "request_withdrawal", 10**12))
    if day == 3:
        system.send(("provider2", pool, "cancel_deposit"), ("provider1", pool, "request_withdrawal", 0), ("keeper", "controller", "sweep"))
        # One of these fails, and leaves the others as they are.
        calls = (pool, "withdraw", 0, 0, UNLIMITED), (pool, "begin_protection"), swap(pool, "tETH", ETH, "reserve")
        system.through_router("trader", *calls, all_succeed=False)
    if day == 4:
        system.send(("keeper", pool, "sweep"), ("staker", "backstop", "claim", pool, "tUSD"), ("staker", "backstop", "claim", pool, "tETH"))
        system.send(("staker", "backstop", "request_unstake", pool, 10_000 * DLQ), ("keeper", "tUSD", "transfer", "backstop", 5))
    if day == 6:
        system.send(("staker", "backstop", "unstake", pool), ("keeper", "backstop", "sweep", "tUSD"))
        system.through_router("trader", (pool, "exit", 10**12, 0, 0), ("DLQ/tUSD", "sweep"), ("controller", "sweep"))


def crash(system: System) -> None:
    """tETH falls by half, in slices: the fee of one large trade would pay for the loss."""
    for _ in range(3):
        system.send(*[("trader", *swap("tETH/tUSD", "tETH", 50 * ETH, "trader")) for _ in range(5)])
        system.testnet.skip(3_600)


def units_of(system: System, name: str) -> int:
    return system.contracts["tETH/tUSD"].functions.position(system.address(name)).call()[0]


def run(system: System) -> list[dict]:
    """Both providers ask for everything, and get it in the bailout the day after; the receipts of the two withdrawals."""
    pool = "tETH/tUSD"
    system.send(*[(name, pool, "request_withdrawal", units_of(system, name)) for name in ("provider1", "provider2")])
    system.testnet.skip(DAY)
    return system.send(*[(name, pool, "withdraw", 0, 0, UNLIMITED) for name in ("provider1", "provider2")])


def afterwards(system: System, parameters: tuple) -> None:
    """What governance does, and a staker who leaves with what is left."""
    pool = "tETH/tUSD"
    system.send(
        ("deployer", "controller", "set_status", pool, SUSPENDED, 0, UNLIMITED),
        ("deployer", "controller", "create_pool", "DLQ", "tETH", parameters),
        ("deployer", "controller", "transfer_ownership", "keeper"),
        ("staker", "backstop", "request_unstake", pool, 50_000 * DLQ),
    )
    system.send(
        ("keeper", "controller", "accept_ownership"),
        ("keeper", "controller", "set_status", pool, ACTIVE, 0, UNLIMITED),
        ("keeper", "controller", "name_dlq_pool", "tUSD", "zero"),
    )
    system.testnet.skip(4 * DAY)
    system.send(("staker", "backstop", "unstake", pool), ("trader", *swap(pool, "tUSD", 1_000 * USD, "trader")))


def month(system: System, days: int) -> list[dict]:
    """All of it; `days` are those on which something happens. The receipts of the two protected withdrawals."""
    begin(system)
    for day in range(1, days + 1):
        system.testnet.skip(DAY)
        trade(system, day)
    system.testnet.skip((28 - days) * DAY)
    crash(system)
    return run(system)
