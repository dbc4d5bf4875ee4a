"""The model's state, as the contracts' views tell it at one block: what the specification says of it is what the chain will do.

Positions, stakes and balances are those of the accounts asked for; of everybody else only the sums are known, which is all that
a call of one of these accounts depends on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from eth_utils import to_checksum_address

from deploy.node import Refused
from model import Parameters, State, SystemParameters, Token
from model.state import (
    BACKSTOP,
    CONTROLLER,
    RESERVE,
    ZERO,
    Backstop,
    Books,
    Controller,
    Deposit,
    Pool,
    PoolStake,
    Position,
    Request,
    Reserve,
    StakeAccount,
)
from operate.system import ERC20, Question, System

DLQ_ROLE = "dlq"
BOOKS = Books.__slots__


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after a block, and the time that the next one would have by now."""

    block: int
    now: int
    state: State


def take(system: System, accounts: Iterable[str] = (), *, allowances: bool = True) -> Snapshot:
    """Read the state of the latest block.

    Parameters
    ----------
    accounts : the accounts whose positions, stakes and balances are wanted
    allowances : whether theirs are, too: whoever only looks needs none
    """
    block, now = system.node.block()
    # Views answer as of now: of a chain that has been quiet for long, the next block's time is what counts.
    now = max(now, system.node.block("pending")[1])
    reading = _Reading(system, block, allowances)
    return Snapshot(block, now, reading.state(list(dict.fromkeys(accounts))))


class _Reading:
    """Asks everything in two rounds: what there is, then who has it."""

    def __init__(self, system: System, block: int, allowances: bool):
        self.system = system
        self.block = block
        self.allowances = allowances
        self.at = system.address

    def ask(self, questions: dict) -> dict:
        return dict(zip(questions, self.system.ask(list(questions.values()), self.block)))

    def state(self, accounts: list[str]) -> State:
        system, at = self.system, self.at
        pairs, tokens = system.pairs, system.tokens
        questions = {
            (CONTROLLER, name): Question("Controller", at[CONTROLLER], name)
            for name in ("owner", "pending_owner", "swept_epoch", "epoch_seconds")
        }
        for name in ("unstake_seconds", "hold_seconds", "unstake_window_seconds"):
            questions[BACKSTOP, name] = Question("Backstop", at[BACKSTOP], name)
        for name, pair in pairs.items():
            questions[name, "state"] = Question("Pool", pair.address, "state")
            questions[name, "parameters"] = Question("Pool", pair.address, "parameters")
            questions[name, "stake"] = Question("Backstop", at[BACKSTOP], "pool_stake", (pair.address,))
        for symbol, token in tokens.items():
            questions[symbol, "held"] = Question("Reserve", at[RESERVE], "held", (token.address,))
            questions[symbol, "booked"] = Question("Backstop", at[BACKSTOP], "booked", (token.address,))
            questions[symbol, "dlq_pool"] = Question("Controller", at[CONTROLLER], "dlq_pools", (token.address,))
        self.told = self.ask(questions)
        self.of_accounts = self._of_accounts(accounts)

        periods = SystemParameters(
            self.told[CONTROLLER, "epoch_seconds"],
            *[self.told[BACKSTOP, name] for name in ("unstake_seconds", "hold_seconds", "unstake_window_seconds")],
        )
        dlq = system.name(at[DLQ_ROLE])
        dlq_pools = {symbol: system.name(self.told[symbol, "dlq_pool"]) for symbol in tokens}
        return State(
            tokens={symbol: self._token(symbol, accounts) for symbol in tokens},
            pools={name: self._pool(name, accounts, periods.epoch_seconds) for name in pairs},
            reserve=Reserve({symbol: self.told[symbol, "held"] for symbol in tokens}),
            backstop=self._backstop(dlq, accounts, periods),
            controller=Controller(
                owner=self._account(self.told[CONTROLLER, "owner"]),
                pending_owner=self._account(self.told[CONTROLLER, "pending_owner"]),
                pools=tuple(pairs),
                dlq_pools={symbol: pool for symbol, pool in dlq_pools.items() if pool != ZERO},
                swept_epoch=self.told[CONTROLLER, "swept_epoch"],
                parameters=periods,
                dlq=dlq,
            ),
            log=(),
        )

    def _account(self, address: str) -> str:
        return self.system.name(to_checksum_address(address))

    def _of_accounts(self, accounts: list[str]) -> dict:
        """Positions, stakes, balances and allowances."""
        questions = {}
        for name, pair in self.system.pairs.items():
            for account in accounts:
                for view in ("position", "request", "deposit"):
                    questions[name, view, account] = Question("Pool", pair.address, view, (account,))
                questions[name, "account", account] = Question("Backstop", self.at[BACKSTOP], "account", (pair.address, account))
        holders = [RESERVE, BACKSTOP, *accounts]
        for symbol, token in self.system.tokens.items():
            trading = [name for name, pair in self.system.pairs.items() if symbol in (pair.base, pair.quote)]
            for holder in [*holders, *trading]:
                questions[symbol, holder] = Question(ERC20, token.address, "balanceOf", (self.system.address_of(holder),))
            for account in accounts if self.allowances else ():
                for spender in [*trading, BACKSTOP]:
                    arguments = (account, self.system.address_of(spender))
                    questions[symbol, account, spender] = Question(ERC20, token.address, "allowance", arguments)
        return self.ask(questions)

    def _token(self, symbol: str, accounts: list[str]) -> Token:
        told = {key[1:]: value for key, value in self.of_accounts.items() if key[0] == symbol}
        return Token(
            decimals=self.system.tokens[symbol].decimals,
            balances={key[0]: value for key, value in told.items() if len(key) == 1},
            allowances={key: value for key, value in told.items() if len(key) == 2},
        )

    def _pool(self, name: str, accounts: list[str], epoch_seconds: int) -> Pool:
        stored, pair = self.told[name, "state"], self.system.pairs[name]
        # The books are a part of what the contract tells as a whole.
        rest = {field: value for field, value in stored.items() if field not in BOOKS}
        of = {view: {account: self.of_accounts[name, view, account] for account in accounts} for view in ("position", "request", "deposit")}
        return Pool(
            base=pair.base,
            quote=pair.quote,
            parameters=Parameters(**self.told[name, "parameters"]),
            epoch_seconds=epoch_seconds,
            books=Books(**{field: stored[field] for field in BOOKS}),
            positions={account: Position(**values) for account, values in of["position"].items() if values["units"]},
            requests={account: Request(**values) for account, values in of["request"].items() if values["units"]},
            deposits={account: Deposit(**values) for account, values in of["deposit"].items() if values["staged_at"]},
            **rest,
        )

    def _backstop(self, dlq: str, accounts: list[str], periods: SystemParameters) -> Backstop:
        stakes = {name: PoolStake(**self.told[name, "stake"]) for name in self.system.pairs}
        staked = {
            (name, account): StakeAccount(**self.of_accounts[name, "account", account]) for name in self.system.pairs for account in accounts
        }
        ended = {}
        for (name, account), each in staked.items():
            if each.generation != stakes[name].generation:
                staked[name, account] = self._with_final_rewards(name, account, each)
                ended[name, each.generation] = PoolStake(each.generation, 0, 0, each.index_base_paid, each.index_quote_paid)
        booked = {symbol: self.told[symbol, "booked"] for symbol in self.system.tokens}
        return Backstop(dlq, booked, stakes, staked, ended, periods)

    def _with_final_rewards(self, name: str, account: str, own: StakeAccount) -> StakeAccount:
        """No view tells what shares of an ended generation have earned since their staker last called. A claim would pay all of it."""
        pair = self.system.pairs[name]
        base, quote = (self._claimable(pair.address, account, self.system.tokens[symbol].address) for symbol in (pair.base, pair.quote))
        return replace(own, earned_base=base, earned_quote=quote)

    def _claimable(self, pool: str, account: str, token: str) -> int:
        data = self.system.compiled["Backstop"].calldata("claim", pool, token)
        call = {"from": account, "to": self.at[BACKSTOP], "data": "0x" + data.hex()}
        try:
            return int(self.system.node.request("eth_call", call, hex(self.block)), 16)
        except Refused as refused:
            if refused.reason != "backstop: nothing to claim":
                raise
            return 0
