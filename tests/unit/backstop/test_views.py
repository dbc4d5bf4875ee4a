"""What the Backstop tells about itself."""

from tests.unit.support import DAY, ONE, START, fields, reward


def test_the_constants(backstop, controller, reserve, dlq):
    assert (backstop.controller(), backstop.reserve(), backstop.dlq()) == (controller, reserve, dlq)
    assert backstop.unstake_seconds() == 7 * DAY
    assert backstop.hold_seconds() == 7 * DAY
    assert backstop.unstake_window_seconds() == 2 * DAY


def test_it_starts_empty(backstop, pool, dlq, outsider):
    assert backstop.booked(dlq) == 0
    assert fields(backstop.pool_stake(pool)) == (0, 0, 0, 0, 0)
    assert fields(backstop.account(pool, outsider)) == (0, 0, 0, 0, 0, 0, 0, 0)


def test_it_has_no_function_but_those_of_the_rules(project):
    functions = {method.name for method in project.Backstop.contract_type.methods}
    changing = {"stake", "request_unstake", "unstake", "claim", "reward", "slash", "sweep"}
    constants = {"controller", "reserve", "dlq", "unstake_seconds", "hold_seconds", "unstake_window_seconds"}
    assert functions == changing | constants | {"booked", "pool_stake", "account", "settled"}


def test_an_account_as_of_now(backstop, pool, base, staker, provider, governor, pool_account):
    backstop.stake(pool, 256, sender=staker)
    backstop.request_unstake(pool, 56, sender=staker)
    reward(backstop, base, 64, governor, pool_account)
    # a quarter of a base a share
    ready_at = START + 7 * DAY
    assert fields(backstop.account(pool, staker)) == (0, 256, 0, 0, 0, 0, 56, ready_at)
    assert fields(backstop.settled(pool, staker)) == (0, 256, ONE // 4, 0, 64, 0, 56, ready_at)
    # the generation ends: its rewards remain, shares and request do not
    backstop.slash(provider, 256, sender=pool_account)
    assert fields(backstop.settled(pool, staker)) == (1, 0, 0, 0, 64, 0, 0, 0)
