"""Following the chain: each new block is compared, and a reorganisation is undone."""

import pytest

from audit.chain import NoAnswer, Reorganised
from model import Operation, apply
from tests.audit.drawn import Story, auditor
from tests.audit.node import MISSING, Node
from tests.audit.test_replay import START, call, swap
from tests.differential import world
from tests.differential.planted import ROUNDS_DOWN, plant


class Enough(Exception):
    """The test has seen what it wanted to."""


def follow(audits, *meanwhile):
    """Follow the chain while one thing after the other happens, each while the audit pauses; what it told."""
    told, left = [], list(meanwhile)

    def sleep(seconds):
        if not left:
            raise Enough
        left.pop(0)()

    audits.chain.sleep = sleep
    try:
        found = audits.follow(told.append, pause=1)
    except Enough:
        return None, told
    return found, told


@pytest.fixture
def story():
    story = Story(Node())
    story.tell_prologue()
    return story


def caught_up(story, folder):
    audits = auditor(story.node, folder)
    last = len(story.node.blocks) - 1
    audits.fetch(last)
    assert audits.compare(last, 0) is None
    return audits


def test_new_blocks_are_compared_one_after_the_other(story, tmp_path):
    audits = caught_up(story, tmp_path)
    calls = audits.replay.tally.calls.total()
    found, told = follow(
        audits,
        lambda: story.happen(START, swap(10**8), swap(10**9)),
        lambda: None,
        lambda: story.happen(START + 12, swap(10**7)),
        lambda: story.happen(START + 24, call("outsider", "USDC", "token.approve", spender="trader", amount=0)),
    )
    assert found is None
    last = len(story.node.blocks) - 1
    assert told == [f"Block {last - 2:,}: 2 calls, 8 events, equal", f"Block {last - 1:,}: 1 calls, 4 events, equal"]
    assert audits.replay.tally.calls.total() == calls + 3
    assert audits.at == last


def test_a_reorganisation_is_undone(story, tmp_path):
    """Two blocks are replaced by three others, in which something else happened."""
    audits = caught_up(story, tmp_path)
    before = len(story.node.blocks) - 1
    evm, state = story.node.backend.evm, story.state
    snapshot = evm.snapshot()

    def reorganise():
        evm.revert(snapshot)
        del story.node.blocks[before + 1 :]
        story.state, story.node.salt = state, 1
        for later in range(3):
            story.happen(START + later, swap(10**9 + later))

    found, told = follow(
        audits,
        lambda: story.happen(START, swap(10**8)),
        lambda: story.happen(START + 12, swap(10**7)),
        reorganise,
        lambda: story.happen(START + 24, swap(10**6)),
    )
    assert found is None
    assert f"The chain was reorganised: back to block {before:,}" in told
    assert audits.at == len(story.node.blocks) - 1 == before + 4
    pool = audits.replay.state.pools["pool-1"]
    assert (pool.reserve_base, pool.reserve_quote) == (story.state.pools["pool-1"].reserve_base, story.state.pools["pool-1"].reserve_quote)
    # Nothing was counted twice.
    fresh = caught_up(story, tmp_path / "fresh")
    assert (audits.replay.tally.events, audits.replay.tally.calls) == (fresh.replay.tally.events, fresh.replay.tally.calls)


def replaced_while_its_state_is_read(story, audits):
    """One block more, which another replaces as soon as its state is first asked for."""
    node, read = story.node, audits.stored.read
    snapshot, blocks, state = node.backend.evm.snapshot(), len(node.blocks), story.state

    def replace_and_read(*arguments):
        if node.salt == 0:
            node.backend.evm.revert(snapshot)
            del node.blocks[blocks:]
            story.state, node.salt = state, 1
            story.happen(START, swap(10**9))
        return read(*arguments)

    story.happen(START, swap(10**8))
    audits.stored.read = replace_and_read


def test_a_block_that_is_replaced_while_its_state_is_read_is_nobody_s_fault(story, tmp_path):
    audits = auditor(story.node, tmp_path)
    replaced_while_its_state_is_read(story, audits)
    last = len(story.node.blocks) - 1
    audits.fetch(last)
    with pytest.raises(Reorganised, match=f"block {last:,} is no longer what it was"):
        audits.compare(last, 0)
    audits.fetch(last)
    assert audits.compare(last, 0) is None
    fresh = caught_up(story, tmp_path / "fresh")
    assert (audits.replay.tally, audits.replay.state) == (fresh.replay.tally, fresh.replay.state)  # nothing was counted twice


def test_a_block_that_is_replaced_while_it_is_compared_is_followed(story, tmp_path):
    audits = caught_up(story, tmp_path)
    last = len(story.node.blocks)
    found, told = follow(audits, lambda: replaced_while_its_state_is_read(story, audits), lambda: None)
    assert found is None
    assert told == [
        f"Trying again: block {last:,} is no longer what it was when it was fetched",
        f"The chain was reorganised: back to block {last - 1:,}",
        f"Block {last:,}: 1 calls, 5 events, equal",
        "Going on",
    ]


def test_an_error_in_a_state_that_is_gone_comes_of_that(story, tmp_path):
    """Half of what was read is of one chain and half of another, which may be no state at all."""
    audits = auditor(story.node, tmp_path)
    replaced_while_its_state_is_read(story, audits)
    last = len(story.node.blocks) - 1
    audits.fetch(last)
    read = audits.stored.read
    audits.stored.read = lambda *arguments: int(str(read(*arguments)))
    with pytest.raises(Reorganised):
        audits.compare(last, 0)
    with pytest.raises(ValueError, match="invalid literal"):  # of a chain that is still there, it is an error of ours
        audits.fetch(last)
        audits.compare(last, 0)


def test_a_replica_that_lags_is_waited_for(story, tmp_path):
    audits = caught_up(story, tmp_path)
    node, call_of = story.node, story.node.eth_call
    last = len(node.blocks)

    def lag():
        story.happen(START, swap(10**8))
        node.eth_call = lambda call, number: MISSING

    def catch_up():
        node.eth_call = call_of

    found, told = follow(audits, lag, lambda: None, catch_up)
    assert found is None
    assert [line.split(":")[0] for line in told] == ["Trying again", f"Block {last:,}", "Going on"]
    assert audits.agreed.block == audits.at == last


def test_an_outage_is_waited_for(story, tmp_path):
    """Of the whole node, while blocks go on; then while a state is read."""
    audits = caught_up(story, tmp_path)
    last = len(story.node.blocks)
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        rounds = pauses.count(1)
        story.node.fails_each = 1 if rounds in (1, 2) else 10**9
        if seconds == 1 and rounds == 1:
            story.happen(START, swap(10**8))
        if seconds == 1 and rounds == 5:
            raise Enough

    audits.chain.sleep = pause
    told = []
    with pytest.raises(Enough):
        audits.follow(told.append, pause=1)
    assert told == [
        "Trying again: eth_getBlockByNumber: no answer after 6 attempts: ConnectionError",
        f"Block {last:,}: 1 calls, 5 events, equal",
        "Going on",
    ]


@pytest.mark.parametrize("fails_at", ["read", "can_read"])
def test_what_was_not_compared_to_its_end_is_compared_again(fails_at, story, tmp_path):
    audits = caught_up(story, tmp_path)
    whole = getattr(audits.stored, fails_at)
    last = len(story.node.blocks)

    def fail(*arguments):
        setattr(audits.stored, fails_at, whole)
        raise NoAnswer("eth_call: no answer")

    def happen():
        story.happen(START, swap(10**8))
        setattr(audits.stored, fails_at, fail)

    found, told = follow(audits, happen, lambda: None)
    assert found is None
    assert told == ["Trying again: eth_call: no answer", f"Block {last:,}: 1 calls, 5 events, equal", "Going on"]


def test_a_pool_that_is_created_meanwhile_is_followed(tmp_path):
    """Its base was sent to the Reserve when no pool traded it yet."""
    story = Story(Node())
    story.happen(START - 10, call(world.GOVERNOR, "AVAX", "token.transfer", to="reserve", amount=12))
    audits = caught_up(story, tmp_path)
    create = call(world.GOVERNOR, "controller", "controller.create_pool", base="AVAX", quote="USDC", parameters=world.Parameters())
    absorb = call("outsider", "reserve", "reserve.absorb", token="AVAX")
    found, _ = follow(audits, lambda: story.happen(START, create), lambda: story.happen(START + 12, absorb))
    assert found is None
    avax = audits.system.id("0x" + story.node.backend.directory.addresses["AVAX"].hex())
    assert audits.replay.state.reserve.held == {avax: 12}
    assert audits.replay.state.pools.keys() == {"pool-0"}


def test_a_wrong_payout_ends_it(tmp_path):
    story = Story(Node(plant(tmp_path / "contracts", ROUNDS_DOWN)))
    story.tell_prologue()
    audits = caught_up(story, tmp_path)
    steps = []
    for provider in ("provider-1", "provider-2"):
        units = story.state.pools["pool-3"].positions[provider].units
        request = Operation("pool.request_withdrawal", "pool-3", provider, {"units": units})
        withdraw = Operation("pool.withdraw", "pool-3", provider, {"min_base": 0, "min_quote": 0, "max_shortfall": world.UNLIMITED})
        steps += [(START, request), (START + world.DAY, withdraw)]
    steps.sort(key=lambda step: step[0])
    found, told = follow(audits, *[lambda step=step: story.happen(step[0], step[1]) for step in steps])
    assert (found.rule, found.call.name, len(told)) == ("R16.1", "pool.withdraw", 2)
    _, outcome = apply(story.state, found.call, START)
    assert found.first.observed == found.first.model - 1 and not outcome.ok
