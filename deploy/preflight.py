"""What must be so before the first transaction: the chain, the tokens, the account's means."""

from collections.abc import Callable
from dataclasses import dataclass

from eth_utils import to_checksum_address
from pyrevm import EVM, BlockEnv

from deploy.compiled import Compiled
from deploy.config import DLQ, DLQ_DECIMALS, MAX_DECIMALS, Config, ConfigError, ThereAlready, base_units
from deploy.node import NoAnswer, Node, Refused, revert_reason
from deploy.plan import Done, Step, Token, drive, liquidity, plan, price_bounds
from deploy.wallet import GAS_CAP, Wallet
from model.oracle import spot_price
from tests.differential.evm import REVERTED
from tests.differential.metered import Stored, floor


@dataclass(frozen=True, slots=True)
class Estimate:
    """A transaction that is still to be sent, and the gas that it will take."""

    step: Step
    gas: int


def check_chain(config: Config, node: Node) -> None:
    chain_id = node.chain_id()
    if chain_id != config.chain_id:
        raise ConfigError(f"chain_id: the configuration is for {config.chain_id}, and {node.name} is {chain_id}")


def tokens_there(config: Config, node: Node, erc20: Compiled) -> dict[str, Token]:
    """The tokens that the configuration takes, as they describe themselves."""
    found = {}
    for symbol, token in {DLQ: config.dlq, **config.tokens}.items():
        if isinstance(token, ThereAlready):
            place = "dlq" if symbol == DLQ else f"tokens.{symbol}"
            found[symbol] = Token(token.address, symbol, _decimals(place, token.address, node, erc20), is_new=False)
    if DLQ in found and found[DLQ].decimals != DLQ_DECIMALS:
        raise ConfigError(f"dlq: {found[DLQ].address} has {found[DLQ].decimals} decimals, and DLQ has {DLQ_DECIMALS}")
    addresses = [token.address for token in found.values()]
    for token in found.values():
        if addresses.count(token.address) > 1:
            raise ConfigError(f"tokens: {token.address} is there twice")
    return found


def _decimals(place: str, address: str, node: Node, erc20: Compiled) -> int:
    if not node.code(address):
        raise ConfigError(f"{place}: there is no contract at {address} on this chain")
    decimals = _word(node, address, erc20.calldata("decimals"))
    if decimals is None:
        raise ConfigError(f"{place}: the contract at {address} does not say its decimals: it is no token that a pool can hold")
    if decimals > MAX_DECIMALS:
        raise ConfigError(f"{place}: the token at {address} has {decimals} decimals, more than {MAX_DECIMALS}")
    return decimals


def check_amounts(config: Config, node: Node, holder: str, taken: dict[str, Token], erc20: Compiled) -> None:
    """First liquidity and price bounds can be written with the tokens' decimals, and the deployer has what is not made here."""
    made = {symbol: token.decimals for symbol, token in config.tokens.items() if not isinstance(token, ThereAlready)}
    decimals = {DLQ: DLQ_DECIMALS} | made | {symbol: token.decimals for symbol, token in taken.items()}
    needed = dict.fromkeys(decimals, 0)
    for pool in config.pools:
        if pool.liquidity:
            for side in ("base", "quote"):
                symbol = getattr(pool, side)
                needed[symbol] += _checked(lambda pool=pool, side=side, symbol=symbol: liquidity(pool, decimals[symbol], side))
        if pool.activate and pool.liquidity:
            base, quote = (Token("", symbol, decimals[symbol], is_new=False) for symbol in (pool.base, pool.quote))
            lowest, highest = price_bounds(pool, base, quote)
            spot = liquidity(pool, base.decimals, "base"), liquidity(pool, quote.decimals, "quote")
            if not lowest <= spot_price(*spot) <= highest:
                raise ConfigError(f"{pool.name}: the price of its liquidity is not from min_price to max_price")
    for symbol, amount in needed.items():
        held = _supply(config, symbol, decimals) if symbol not in taken else _balance(node, taken[symbol].address, holder, erc20)
        if held < amount:
            whole = 10 ** decimals[symbol]
            raise ConfigError(f"liquidity: takes {amount / whole:,.6f} {symbol} in all, and the deployer has {held / whole:,.6f}")


def _checked(amount: Callable[[], int]) -> int:
    try:
        return amount()
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _supply(config: Config, symbol: str, decimals: dict[str, int]) -> int:
    token = config.dlq if symbol == DLQ else config.tokens[symbol]
    return base_units(token.supply, decimals[symbol], symbol)


def _balance(node: Node, token: str, holder: str, erc20: Compiled) -> int:
    return _word(node, token, erc20.calldata("balanceOf", holder)) or 0


def _word(node: Node, address: str, data: bytes) -> int | None:
    """What a contract answers to a call, if that is one word."""
    try:
        answer = bytes.fromhex(node.request("eth_call", {"to": address, "data": "0x" + data.hex()}, "latest")[2:])
    except Refused:
        return None
    return int.from_bytes(answer, "big") if len(answer) == 32 else None


def rehearse(
    config: Config,
    compiled: dict[str, Compiled],
    wallet: Wallet,
    taken: dict[str, Token],
    done: dict[str, Done],
    is_left_out: Callable[[Step], bool],
    number: int,
    now: int,
) -> list[Estimate]:
    """All transactions still to be sent, executed in this process one after the other, on what the network has stored by now.

    Parameters
    ----------
    done : what is done in block `number`, the latest, of time `now`

    Raises
    ------
    ConfigError
        If one of them would fail.
    NoAnswer
        If the node does not tell what is stored.
    """
    if not str(wallet.node.url).startswith("http"):
        raise ConfigError("the transactions are rehearsed on what the network has stored, which takes a provider with an HTTP address")
    ahead: list[Estimate] = []
    written = Stored({}, {})

    def expect(step: Step) -> Done | None:
        nonlocal written
        if step.key in done:
            return done[step.key]
        if is_left_out(step):
            return None
        try:
            # A transaction by itself, which finds nothing warm: an EVM of its own, with what the steps before have written.
            evm = EVM(fork_url=wallet.node.url, fork_block=hex(number), spec_id="PRAGUE")
            evm.set_block_env(BlockEnv(number=number + 1, timestamp=now + 1))
            written.insert(evm)
            if step.to is None:
                created = to_checksum_address(evm.deploy(wallet.address, step.data, gas=GAS_CAP))
            else:
                evm.message_call(wallet.address, step.to, step.data, gas=GAS_CAP)
                created = ""
        except RuntimeError as error:
            if not str(error).startswith(("Revert", "Halt")):
                # Not in its own words: a node's URL may have a key in it.
                raise NoAnswer(f"{step.what}: cannot be rehearsed: the node does not answer") from error
            raise ConfigError(step.would_fail(reason_of(error))) from error
        gas = max(evm.result.gas_used, floor(step.data))
        ahead.append(Estimate(step, gas))
        written |= written.changes(evm)
        return Done(created, number, "", gas)

    drive(plan(config, compiled, wallet.address, taken), expect)
    return ahead


def reason_of(error: RuntimeError) -> str:
    reverted = REVERTED.fullmatch(str(error))
    return revert_reason("0x" + reverted[2]) if reverted else " ".join(str(error).split())[:200]
