"""How the system stands: pools, prices, regimes, the Reserve, stakes, and what they could cover if everybody left now."""

from dataclasses import dataclass

from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from deploy.node import NodeError
from model.epoch_books import net_withdrawals, opens_in_bailout, turn
from model.fixed_point import BPS
from model.oracle import spot_price
from model.pool import oracle_price
from model.state import ACTIVE, PENDING, RESERVE, SUSPENDED, ZERO, State
from operate.amounts import Amount, Moment, Price
from operate.departure import depart
from operate.snapshot import Snapshot, take
from operate.system import OperateError, System

STATUS = {PENDING: "pending", ACTIVE: "active", SUSPENDED: "suspended"}
ADDED = "0x" + keccak(text="Added(address,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256)").hex()


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """`net_units` is what has left or asked to leave in the present epoch, less what came; it decides the next regime (R13)."""

    name: str
    address: str
    status: str
    depth_base: Amount
    depth_quote: Amount
    staged_base: Amount
    staged_quote: Amount
    surplus_base: Amount
    surplus_quote: Amount
    units: int
    spot: Price
    oracle: Price
    deviation_bps: int
    guarded: bool
    regime: str
    next_regime: str
    net_units: int
    threshold_bps: int
    prices_dlq: bool
    stake: Amount
    total_shortfall: Amount


@dataclass(frozen=True, slots=True)
class Cover:
    """What all positions of a pool would be owed, and who would pay it, in bailout: by the waterfall's steps (R16); `refused` is why
    somebody could not withdraw, if that is so."""

    pool: str
    providers: int
    owed: Amount
    in_kind_base: Amount
    in_kind_quote: Amount
    in_kind_covers: Amount
    in_quote: Amount
    from_stake: Amount
    stake_covers: Amount
    shortfall: Amount
    refused: str | None


@dataclass(frozen=True, slots=True)
class Status:
    chain_id: int
    network: str
    block: int
    time: Moment
    epoch: int
    epoch_ends: Moment
    governor: str
    offered_to: str | None
    pools: list[PoolStatus]
    reserve: list[Amount]
    unbooked: list[Amount]
    cover: list[Cover]


def status(system: System) -> Status:
    """The system by the latest block, at the time that the next one would have."""
    snapshot = take(system, providers(system), allowances=False)
    state, now, tokens = snapshot.state, snapshot.now, system.tokens
    epoch_seconds = state.controller.parameters.epoch_seconds
    epoch = now // epoch_seconds
    held = {symbol: state.reserve.held[symbol] for symbol in tokens}
    pending = state.controller.pending_owner
    return Status(
        chain_id=system.deployment.chain_id,
        network=system.node.name,
        block=snapshot.block,
        time=Moment(now),
        epoch=epoch,
        epoch_ends=Moment((epoch + 1) * epoch_seconds),
        governor=state.controller.owner,
        offered_to=None if pending == ZERO else pending,
        pools=[_pool(system, state, name, now) for name in system.pairs],
        reserve=[Amount(amount, tokens[symbol]) for symbol, amount in held.items()],
        unbooked=[Amount(state.tokens[symbol].balances[RESERVE] - amount, tokens[symbol]) for symbol, amount in held.items()],
        cover=cover(system, snapshot),
    )


def _pool(system: System, state: State, name: str, now: int) -> PoolStatus:
    pool, pair = state.pools[name], system.pairs[name]
    base, quote = system.tokens[pool.base], system.tokens[pool.quote]
    threshold_bps = pool.parameters.bailout_threshold_bps
    books = turn(pool.books, now // pool.epoch_seconds, pool.total_units, threshold_bps)
    leaving = books.requested, books.exited, books.added
    spot = spot_price(pool.reserve_base, pool.reserve_quote) if pool.reserve_base else 0
    oracle = oracle_price(pool, now) if pool.status == ACTIVE else pool.oracle
    deviation_bps = abs(spot - oracle) * BPS // oracle if oracle else 0
    balances = {token: state.tokens[token].balances[name] for token in (pool.base, pool.quote)}
    return PoolStatus(
        name=name,
        address=pair.address,
        status=STATUS[pool.status],
        depth_base=Amount(pool.reserve_base, base),
        depth_quote=Amount(pool.reserve_quote, quote),
        staged_base=Amount(pool.staged_base, base),
        staged_quote=Amount(pool.staged_quote, quote),
        surplus_base=Amount(max(0, balances[pool.base] - pool.reserve_base - pool.staged_base), base),
        surplus_quote=Amount(max(0, balances[pool.quote] - pool.reserve_quote - pool.staged_quote), quote),
        units=pool.total_units,
        spot=Price(spot, base, quote),
        oracle=Price(oracle, base, quote),
        deviation_bps=deviation_bps,
        guarded=pool.status == ACTIVE and abs(spot - oracle) * BPS > pool.parameters.max_deviation_bps * oracle,
        regime=regime(books.bailout),
        next_regime=regime(opens_in_bailout(*leaving, pool.total_units, threshold_bps)),
        net_units=net_withdrawals(*leaving),
        threshold_bps=threshold_bps,
        prices_dlq=state.controller.dlq_pools.get(pool.quote) == name,
        stake=Amount(state.backstop.stakes[name].total_stake, system.tokens[state.controller.dlq]),
        total_shortfall=Amount(pool.total_shortfall, quote),
    )


def regime(bailout: bool) -> str:
    return "bailout" if bailout else "calm"


def cover(system: System, snapshot: Snapshot) -> list[Cover]:
    """Everybody leaves now, one after the other, pool after pool, which is a bailout; lock-ups are passed over."""
    state, now = snapshot.state, snapshot.now
    rows = []
    for name, pool in snapshot.state.pools.items():
        base, quote, dlq = (system.tokens[symbol] for symbol in (pool.base, pool.quote, state.controller.dlq))
        departures, refused = [], None
        for account, position in pool.positions.items():
            try:
                state, departure = depart(system, state, name, account, position.units, now, bailout=True)
                departures.append(departure)
            except OperateError as error:
                refused = str(error)

        def total(field: str, token, departures=departures) -> Amount:
            amounts = [getattr(each, field) for each in departures]
            return Amount(sum(amount.units for amount in amounts if amount.token == token), token)

        rows.append(
            Cover(
                pool=name,
                providers=len(pool.positions),
                owed=total("owed", quote),
                in_kind_base=total("in_kind", base),
                in_kind_quote=total("in_kind", quote),
                in_kind_covers=total("in_kind_covers", quote),
                in_quote=total("in_quote", quote),
                from_stake=total("from_stake", dlq),
                stake_covers=total("stake_covers", quote),
                shortfall=total("shortfall", quote),
                refused=refused,
            )
        )
    return rows


def providers(system: System) -> list[str]:
    """Everybody who has ever added to a pool, first come first."""
    pools = [pair.address for pair in system.pairs.values()]
    first, last = system.deployment.first_block, system.node.block()[0]
    if not pools:
        return []
    found = [decode(["address"], bytes.fromhex(log["topics"][1][2:]))[0] for log in _logs(system, pools, first, last)]
    return list(dict.fromkeys(map(to_checksum_address, found)))


def _logs(system: System, pools: list[str], first: int, last: int) -> list[dict]:
    """Of a span of blocks that the node finds too large, or is too slow for, half; and a little more again where that works."""
    logs, blocks = [], last - first + 1
    while first <= last:
        until = min(first + blocks - 1, last)
        wanted = {"address": pools, "topics": [ADDED], "fromBlock": hex(first), "toBlock": hex(until)}
        try:
            logs += system.node.request("eth_getLogs", wanted)
        except NodeError:
            if until == first:
                raise
            blocks = (until - first + 1) // 2
            continue
        first = until + 1
        blocks += blocks // 4
    return logs
