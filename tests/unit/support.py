"""What the unit tests share: the numbers of their world, the clock, and how the devnet's answers are read."""

from dataclasses import astuple, dataclass

from ape import chain
from ape.api import ReceiptAPI
from ape.contracts import ContractInstance
from ape.utils.abi import Struct
from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from model import Parameters
from model.state import ACTIVE, SUSPENDED

DAY = 86_400
EPOCH = 30_000
START = EPOCH * DAY
"""When every test begins: the first second of an epoch."""
FIRST = 10_000_001_000
"""The founder's add, of each token: 10_000_000_000 units for the founder and 1_000 locked."""
LOT = 10_000_000_000
"""The provider's add, of each token: LOT units, and a principal of LOT base and LOT quote, all exactly."""
TOTAL = FIRST + LOT
"""All units of the pool, and its reserves of each token."""
WEALTH = 10**20
UNLIMITED = 2**256 - 1
ANY_PRICE = (0, UNLIMITED)
MAX = 2**112 - 1
ONE = 2**112
"""The price of one quote per base."""
ZERO_ADDRESS = "0x" + 40 * "0"

ERROR_SELECTOR = bytes.fromhex("08c379a0")  # Error(string)
RESERVES, ORACLE, OPENING = 0, 1, 4  # storage slots of a pool, see contracts/modules/pool_store.vy


@dataclass(frozen=True)
class System:
    """The deployed contracts and the accounts, by the names that the tests use for them."""

    contracts: dict[str, ContractInstance]
    roles: dict
    names: dict[str, str]


# -- time: it stands still unless a test moves it -------------------------------------------------------------------


def wait(seconds: int) -> None:
    """Let time pass: calls and transactions from here on happen then."""
    wait_until(chain.blocks.head.timestamp + seconds)


def wait_until(moment: int) -> None:
    chain.mine(timestamp=moment)


# -- what the devnet says -------------------------------------------------------------------------------------------


def ask(function, *arguments, sender) -> dict:
    """The devnet's bare answer to a call that is not sent as a transaction."""
    call = {
        "from": str(sender),
        "to": function.contract.address,
        "data": "0x" + bytes(function.encode_input(*arguments)).hex(),
    }
    return chain.provider.web3.provider.make_request("eth_call", [call, "latest"])


def reason(function, *arguments, sender) -> str:
    """Why the devnet refuses a call; it must. Empty if it gives no reason."""
    answer = ask(function, *arguments, sender=sender)
    assert "error" in answer, f"{function} succeeded"
    data = bytes.fromhex(answer["error"]["data"].removeprefix("0x"))
    if data == b"":
        return ""
    assert data[:4] == ERROR_SELECTOR
    return decode(["string"], data[4:])[0]


def send_in_vain(function, *arguments, sender) -> None:
    """Send a signed transaction that must fail. Ape would look for the line that refused it, for seconds if calls go deep."""
    transaction = function.as_transaction(*arguments, sender=sender, gas=10_000_000)
    signed = sender.sign_transaction(transaction).serialize_transaction()
    receipt = _receipt(chain.provider.web3.eth.send_raw_transaction(signed))
    assert (receipt["status"], receipt["logs"]) == (0, [])


def _receipt(sent):
    return chain.provider.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.001)


class EventReader:
    """Reads the logs of a receipt as (source, name, *arguments), with names for addresses; a stranger is an error."""

    def __init__(self, system: System):
        self.names = system.names
        self.events = {}
        for contract in system.contracts.values():
            for event in contract.contract_type.events:
                self.events[keccak(text=event.selector)] = event

    def __call__(self, receipt: ReceiptAPI) -> list[tuple]:
        return [self._read(log) for log in receipt.logs]

    def own(self, receipt: ReceiptAPI) -> list[tuple]:
        """Without the tokens' own events."""
        return [event for event in self(receipt) if event[1] != "Transfer"]

    def _read(self, log) -> tuple:
        event = self.events[bytes(log["topics"][0])]
        indexed = [item for item in event.inputs if item.indexed]
        plain = [item for item in event.inputs if not item.indexed]
        values = {item.name: decode([item.type], bytes(topic))[0] for item, topic in zip(indexed, log["topics"][1:], strict=True)}
        values |= dict(zip([item.name for item in plain], decode([item.type for item in plain], bytes(log["data"])), strict=True))
        return (self._name(log["address"]), event.name, *[self._name(values[item.name]) for item in event.inputs])

    def _name(self, value):
        return self.names[to_checksum_address(value)] if isinstance(value, str) else value


def changes(before: Struct, after: Struct) -> dict:
    """The fields of a stored struct that are not as before, and what they are now."""
    return {name: value for name, value in after.items() if value != before[name]}


def fields(struct: Struct) -> tuple:
    """A stored struct as a bare tuple, in the order of its declaration."""
    return tuple(value for _, value in struct.items())


def balances(token: ContractInstance, *holders) -> tuple[int, ...]:
    return tuple(token.balanceOf(holder) for holder in holders)


# -- putting the system where a test begins ---------------------------------------------------------------------------


def arrange(function, *arguments, sender) -> None:
    """Send a transaction that is not what a test is about: the devnet signs for its own accounts, twenty times as fast as Ape."""
    call = {
        "from": str(sender),
        "to": function.contract.address,
        "data": "0x" + bytes(function.encode_input(*arguments)).hex(),
        "gas": hex(10_000_000),
    }
    sent = chain.provider.make_request("eth_sendTransaction", [call])
    assert _receipt(sent)["status"] == 1, f"{function} was refused"


def parameters(**changed: int) -> tuple[int, ...]:
    """A pool's parameters: the defaults of the specification (the model's), with changes."""
    return astuple(Parameters(**changed))


def add(pool: ContractInstance, base: int, quote: int, sender) -> None:
    arrange(pool.add, base, quote, 0, UNLIMITED, sender=sender)


def activate(controller: ContractInstance, pool: ContractInstance, governor) -> None:
    arrange(controller.set_status, pool, ACTIVE, *ANY_PRICE, sender=governor)


def suspend(controller: ContractInstance, pool: ContractInstance, governor) -> None:
    arrange(controller.set_status, pool, SUSPENDED, *ANY_PRICE, sender=governor)


def fill_reserve(reserve: ContractInstance, token: ContractInstance, amount: int, sender) -> None:
    arrange(token.transfer, reserve, amount, sender=sender)
    arrange(reserve.absorb, token, sender=sender)


def reward(backstop: ContractInstance, token: ContractInstance, amount: int, governor, pool_account) -> None:
    """As a pool's sweep does it: send, then tell."""
    arrange(token.transfer, backstop, amount, sender=governor)
    arrange(backstop.reward, token, amount, sender=pool_account)


def set_oracle(pool: ContractInstance, price: int) -> None:
    """Put the stored oracle where trades at another price would have brought it."""
    _store(pool, ORACLE, _load(pool, ORACLE) >> 224 << 224 | price)
    assert pool.state().oracle == price


def open_books(pool: ContractInstance, units: int) -> None:
    """Put the books where the epoch has opened with these units and struck nothing yet."""
    _store(pool, OPENING, units | units + pool.state().added << 112)
    books = pool.state()
    assert (books.struck, books.opening_units) == (0, units)


def move_market(
    pool: ContractInstance, base: ContractInstance, quote: ContractInstance, reserve_base: int, reserve_quote: int
) -> None:
    """Put the pool where trades without slip or fee would: new reserves, and an oracle that has caught up."""
    state = pool.state()
    for token, before, after in ((base, state.reserve_base, reserve_base), (quote, state.reserve_quote, reserve_quote)):
        balance = hex(token.balanceOf(pool) + after - before)
        chain.provider.make_request("anvil_dealERC20", [pool.address, token.address, balance])
    _store(pool, RESERVES, _load(pool, RESERVES) >> 224 << 224 | reserve_quote << 112 | reserve_base)
    moved = pool.state()
    assert (moved.reserve_base, moved.reserve_quote) == (reserve_base, reserve_quote)
    set_oracle(pool, reserve_quote * ONE // reserve_base)


def quadruple_price(pool: ContractInstance, base: ContractInstance, quote: ContractInstance) -> None:
    """From price 1 to price 4 without revenue: half the base and twice the quote."""
    move_market(pool, base, quote, TOTAL // 2, 2 * TOTAL)


def _load(contract: ContractInstance, slot: int) -> int:
    return int.from_bytes(chain.provider.get_storage(contract.address, slot), "big")


def _store(contract: ContractInstance, slot: int, value: int) -> None:
    chain.provider.set_storage(contract.address, slot, value.to_bytes(32, "big"))
