"""What costs do as the system grows: with positions and stakers nothing, with pools in proportion."""

from fractions import Fraction

from tests.differential.world import DAY, UNLIMITED
from tests.gas.chains import DEPLOYER, Call, Contract
from tests.gas.operations import KEEPER, Costs, add, claim, exit_in_parts, measure, stake, swap, sweep, unstake, withdraw_in_bailout, withdraw_in_calm
from tests.gas.stage import WHOLE, Stage

POOLS = (1, 8, 32)
LITTLE = 10**6  # base units: what the others bring hardly changes the size of any number
STORIES = (swap, add, exit_in_parts, withdraw_in_calm, withdraw_in_bailout, sweep, stake, unstake, claim)


def crowd(stage: Stage, others: int) -> None:
    """So many more accounts provide to the pool and stake to it."""
    calls: list[tuple[str, Call]] = []
    for number in range(others):
        account = "0x" + (2**159 + number).to_bytes(20, "big").hex()
        calls += [(DEPLOYER, token("transfer", account, LITTLE)) for token in (stage.base, stage.quote, stage.dlq)]
        calls += [(account, token("approve", stage.pool, UNLIMITED)) for token in (stage.base, stage.quote)]
        calls.append((account, stage.dlq("approve", stage.backstop, UNLIMITED)))
        calls.append((account, stage.pool("add", LITTLE, LITTLE, 0, UNLIMITED)))
        calls.append((account, stage.backstop("stake", stage.pool, LITTLE)))
    stage.chain.run(calls)


def among(stage: Stage, others: int) -> Costs:
    """What the calls cost that have to do with positions and stakes, if there are so many more of both."""
    with stage.chain.what_if():
        crowd(stage, others)
        return measure(stage, STORIES)


def system_sweeps(stage: Stage) -> dict[int, int]:
    """What a system sweep costs by the number of pools, each of tokens of its own, with stakers and a surplus of both tokens."""
    costs = {}
    with stage.chain.what_if():
        stage.chain.gas(KEEPER, stage.controller("sweep"))  # the very first costs more
        pools = [(stage.pool, stage.base, stage.quote)]
        for number in POOLS:
            while len(pools) < number:
                pools.append(_another_pool(stage))
            for pool in pools:
                stage.chain.run(_surplus(*pool))
            stage.chain.wait(DAY)
            costs[number] = stage.chain.gas(KEEPER, stage.controller("sweep"))
    return costs


def _another_pool(stage: Stage) -> tuple[Contract, Contract, Contract]:
    """A pool that has been swept before, and its tokens."""
    base, quote = stage.new_token(), stage.new_token()
    pool = stage.new_pool(base, quote)
    stage.chain.run([(DEPLOYER, stage.backstop("stake", pool, WHOLE)), *_surplus(pool, base, quote), (DEPLOYER, pool("sweep"))])
    return pool, base, quote


def _surplus(pool: Contract, base: Contract, quote: Contract) -> list[tuple[str, Call]]:
    return [(DEPLOYER, token("transfer", pool, WHOLE)) for token in (base, quote)]


def line(costs: dict[int, int]) -> tuple[Fraction, Fraction, Fraction]:
    """The straight line through the first and the last cost by number, exactly: what is fixed, what each adds, and the greatest distance from it."""
    (first, least), *_, (last, most) = costs.items()
    slope = Fraction(most - least, last - first)
    fixed = least - slope * first
    return fixed, slope, max(abs(fixed + slope * number - cost) for number, cost in costs.items())
