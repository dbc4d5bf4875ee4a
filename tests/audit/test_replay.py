"""What the audit says of a history: nothing where the contracts keep the rules, and else the first call that does not."""

from random import Random

import pytest

from model import Operation, Parameters, apply
from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.audit.drawn import Story, auditor
from tests.audit.node import A_CONTRACT, Node
from tests.differential import world
from tests.differential.planted import MISTOLD_EXIT, ROUNDS_DOWN, plant

DAY = world.DAY
START = world.START
IS_POOL = 'assert staticcall IController(CONTROLLER).is_pool(msg.sender), "reserve: caller is not a pool"'
FAULTS = (
    ("Pool.vy", 'assert amount_out >= min_amount_out, "pool: output below minimum"', "pass"),
    ("Pool.vy", "position.units)\n    self._check_lockup(position)", "position.units)"),
    # No event tells of it.
    ("Pool.vy", "    position.last_added = block.timestamp\n", "    position.last_added = max(position.last_added, 1)\n"),
    ("Reserve.vy", IS_POOL, "pass"),
    MISTOLD_EXIT,
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Contracts with several faults, none of which hides another."""
    return plant(tmp_path_factory.mktemp("faulty") / "contracts", *FAULTS)


def call(sender, target, name, **arguments):
    return Operation(name, target, sender, arguments)


def swap(amount, least=0, recipient="trader"):
    arguments = {"token_in": "USDC", "amount_in": amount, "min_amount_out": least, "recipient": recipient}
    return call("trader", "pool-1", "pool.swap", **arguments, deadline=world.UNLIMITED)


def after_prologue(sources=None):
    story = Story(Node(sources) if sources else Node())
    story.tell_prologue()
    return story


def finding(story, folder):
    """What an audit of everything finds, and the auditor."""
    audits = auditor(story.node, folder)
    last = len(story.node.blocks) - 1
    audits.fetch(last)
    return audits.compare(last, checkpoints=0), audits


@pytest.mark.parametrize("together", [False, True], ids=["transactions", "calls of a contract"])
def test_a_history_of_drawn_calls_is_equal(together, tmp_path):
    story = after_prologue()
    story.draw(Random(7), blocks=120, together=together)
    found, audits = finding(story, tmp_path)
    assert found is None
    assert audits.checkpoints == 1  # the whole state at the end
    assert audits.rate >= 2_000
    assert len(audits.replay.tally.calls) > 12 and audits.replay.tally.stray > 10
    # Beyond what was compared already: each side's balances are the story's.
    contracts = (CONTROLLER, RESERVE, BACKSTOP)
    for name, token in story.state.tokens.items():
        address = audits.system.id("0x" + story.node.backend.directory.addresses[name].hex())
        held = {holder: token.balances[holder] for holder in (*story.state.pools, *contracts) if token.balances.get(holder)}
        if address in audits.replay.followed:
            assert {holder: amount for holder, amount in audits.replay.state.tokens[address].balances.items() if amount} == held


def leaving(story, pool):
    return [(name, position) for name, position in story.state.pools[pool].positions.items() if name != world.CALLER]


def withdrawals(story):
    """Everybody asks for all of every position, and takes it the day after."""
    for pool in story.state.pools:
        for provider, position in leaving(story, pool):
            story.happen(story.now + 60, call(provider, pool, "pool.request_withdrawal", units=position.units))
    story.now += DAY
    for pool in story.state.pools:
        for provider, _ in leaving(story, pool):
            arguments = {"min_base": 0, "min_quote": 0, "max_shortfall": world.UNLIMITED}
            story.happen(story.now + 12, call(provider, pool, "pool.withdraw", **arguments))


def test_a_run_on_all_pools_is_equal(tmp_path):
    story = after_prologue()
    story.now = START
    withdrawals(story)
    found, audits = finding(story, tmp_path)
    assert found is None
    paid = audits.replay.tally.paid
    assert {payer for payer, _ in paid} == {"pools", "reserve", "backstop"}


def test_the_first_wrong_payout_is_told(tmp_path):
    """Step 1 of the waterfall rounds down what the Reserve takes: seen first in the first withdrawal where that is another number."""
    story = after_prologue(plant(tmp_path / "contracts", ROUNDS_DOWN))
    story.now = START
    withdrawals(story)
    found, audits = finding(story, tmp_path)
    assert (found.what, found.rule, found.call.name) == ("the events differ", "R16.1", "pool.withdraw")
    assert found.first.kind == "events.Compensated.taken"
    assert found.first.observed == found.first.model - 1
    block = story.node.blocks[found.block]
    assert found.transaction in [one["hash"] for one in block["transactions"]]
    # Every withdrawal before it was right: it is the first.
    assert audits.replay.tally.calls["pool.withdraw"] == sum(
        log["topics"][0] == audits.stored.topic("pool", "Withdrawn")
        for earlier in story.node.blocks[: found.block]
        for one in earlier["transactions"]
        for log in one["logs"]
    )


def test_a_mistold_event_of_a_call_by_a_contract_is_found(faulty, tmp_path):
    story = after_prologue(faulty)
    story.happen(START, swap(10**9), call("provider-1", "pool-1", "pool.exit", units=10**12, min_base=0, min_quote=0), through=A_CONTRACT)
    found, _ = finding(story, tmp_path)
    assert (found.rule, found.call.name, found.first.kind) == ("R17", "pool.exit", "events.Exited.quote")


@pytest.mark.parametrize(
    ("operation", "rule", "says"),
    [
        (swap(10**6, least=world.UNLIMITED), "R2", "reverted: pool: output below minimum"),
        (
            call("outsider", RESERVE, "reserve.draw", token="USDC", recipient="outsider", amount=5),
            "R21", "reverted: reserve: caller is not a pool",
        ),
        (call("provider-3", "pool-6", "pool.exit", units=1_000, min_base=0, min_quote=0), "R11", "reverted: pool: locked up"),
    ],
    ids=["a minimum", "a power", "the lock-up"],
)  # fmt: skip
def test_a_call_that_was_to_be_refused_is_found(operation, rule, says, faulty, tmp_path):
    story = after_prologue(faulty)
    lot = {"base": 10**8, "quote": 10**18, "min_units": 0, "deadline": world.UNLIMITED}
    story.happen(START + 60, call("provider-3", "pool-6", "pool.add", **lot))
    assert story.happen(START + 90, operation) == [True]
    found, _ = finding(story, tmp_path)
    assert (found.what, found.rule, found.first.model) == ("the call was to be refused", rule, says)
    assert found.call.name == operation.name


def test_a_power_used_by_a_contract_is_told_as_no_call_s(faulty, tmp_path):
    story = after_prologue(faulty)
    story.happen(START, call("outsider", RESERVE, "reserve.draw", token="USDC", recipient="outsider", amount=5), through=A_CONTRACT)
    found, _ = finding(story, tmp_path)
    assert (found.what, found.rule) == ("an event that no call explains", "R16")
    assert found.first.kind == "events.Drawn"


def test_a_state_that_no_event_tells_of_is_found_with_its_transaction(faulty, tmp_path):
    """By halving, where old states can be read: the first add, of nine calls."""
    story = Story(Node(faulty))
    story.node.keeps_states = True
    whole = {"base": 10**24, "quote": 10**9, "min_units": 0, "deadline": world.UNLIMITED}
    create = call(world.GOVERNOR, CONTROLLER, "controller.create_pool", base="ABC", quote="USDC", parameters=Parameters())
    approvals = [call(world.GOVERNOR, token, "token.approve", spender="pool-0", amount=world.UNLIMITED) for token in ("ABC", "USDC")]
    gifts = [call(world.GOVERNOR, token, "token.transfer", to="pool-0", amount=7) for token in ("ABC", "USDC")]
    for number, operation in enumerate([create, *approvals, *gifts]):
        story.happen(START + number, operation)
    adds = [story.happen(START + 100 + number, call(world.GOVERNOR, "pool-0", "pool.add", **whole)) for number in range(4)]
    assert adds == [[True]] * 4
    found, audits = finding(story, tmp_path)
    first_add = story.node.blocks[6]
    assert (found.what, found.rule, found.block) == ("the stored state differs", "R11", 6)
    assert (found.transaction, found.call.name) == (first_add["transactions"][0]["hash"], "pool.add")
    assert (found.first.model, found.first.observed) == (START + 100, 1)
    assert audits.checkpoints == 0
    # From a later block on, where there is a position already, it is the second.
    audits = auditor(story.node, tmp_path, begin=7)
    audits.fetch(len(story.node.blocks) - 1)
    found = audits.compare(len(story.node.blocks) - 1, 0)
    assert (found.block, found.first.model, found.first.observed) == (7, START + 101, 1)


def test_an_earlier_state_is_the_first_difference_where_events_differ_by_it(faulty, tmp_path):
    """The wrong exit is told by what was wrong before, in the first add that did not restart the lock-up."""
    story = after_prologue(faulty)
    story.node.keeps_states = True
    last = len(story.node.blocks) - 1
    story.happen(START, call("provider-1", "pool-1", "pool.exit", units=10**12, min_base=0, min_quote=0))
    audits = auditor(story.node, tmp_path, begin=last)  # all that was before is taken as read
    audits.fetch(last + 1)
    found = audits.compare(last + 1, 0)
    assert (found.what, found.rule, found.block) == ("the events differ", "R17", last + 1)
    found, _ = finding(story, tmp_path)
    assert found.what == "the stored state differs" and found.block < last


def test_from_a_later_block_on_what_was_before_is_read(tmp_path):
    """Positions, requests, stakes, and rewards of generations that a slash has ended."""
    story = after_prologue()
    story.now = START
    withdrawals(story)
    begin = len(story.node.blocks)
    story.node.keeps_states = True
    ended = [pair for pair, account in story.state.backstop.accounts.items() if (pair[0], account.generation) in story.state.backstop.ended]
    assert ended
    for pool, staker in ended:
        if staker == world.CALLER:
            continue
        for token in (story.state.pools[pool].base, story.state.pools[pool].quote):
            story.happen(story.now + 12, call(staker, BACKSTOP, "backstop.claim", pool=pool, token=token))
    for provider in ("provider-2", "provider-3"):
        lot = {"base": 10**8, "quote": 10**18, "min_units": 0, "deadline": world.UNLIMITED}
        story.happen(story.now + world.DAY, call(provider, "pool-6", "pool.add", **lot))
    story.happen(story.now + 12, swap(10**8))
    audits = auditor(story.node, tmp_path, begin)
    audits.fetch(len(story.node.blocks) - 1)
    assert audits.compare(len(story.node.blocks) - 1, 0) is None
    assert audits.replay.tally.calls["backstop.claim"] > 0 and audits.replay.tally.calls["pool.swap"] == 1
    # A claim of what nobody has earned would be another than the chain's: the indices that were read are those of the model.
    for (pool, generation), stake in audits.replay.state.backstop.ended.items():
        known = story.state.backstop.ended[pool, generation]
        assert (stake.index_base, stake.index_quote) == (known.index_base, known.index_quote)
    assert audits.replay.state.backstop.ended


def test_a_state_that_no_event_tells_of_is_found_at_the_end(faulty, tmp_path):
    found, _ = finding(after_prologue(faulty), tmp_path)
    # This node keeps no old states, so that the block cannot be told.
    assert (found.what, found.rule, found.transaction) == ("the stored state differs", "R11", None)
    assert ".positions[" in found.first.path and found.first.path.endswith(".last_added") and found.first.observed == 1


def test_transfers_that_no_call_made_are_followed(tmp_path):
    """Into a pool, the Reserve and the Backstop; a swap's output among them. All are swept and booked later."""
    story = after_prologue()
    token = {"to": RESERVE, "amount": 77}
    story.happen(START, call("trader", "ABC", "token.transfer", **token), swap(10**8, recipient=RESERVE), swap(10**8, recipient=BACKSTOP))
    story.happen(START, call("trader", "ABC", "token.transfer", to="pool-1", amount=5), call("trader", "PQR", "token.transfer", **token))
    story.happen(
        START + 12,
        call("outsider", BACKSTOP, "backstop.sweep", token="ABC"), call("outsider", "pool-1", "pool.sweep"),
        call("outsider", RESERVE, "reserve.absorb", token="PQR"),
        through=A_CONTRACT,
    )  # fmt: skip
    found, audits = finding(story, tmp_path)
    assert found is None
    assert audits.replay.tally.calls["backstop.sweep"] == 1


def test_a_transfer_that_no_call_explains_is_found(tmp_path):
    """The token takes from the pool beside what it was told to send."""
    story = after_prologue()
    behave = call(world.GOVERNOR, "USDC", "token.set_behaviour", behaviour=4)
    story.happen(START, behave, call("provider-1", "pool-1", "pool.exit", units=10**12, min_base=0, min_quote=0))
    found, _ = finding(story, tmp_path)
    assert (found.rule, found.call.name, found.first.kind) == ("R22", "pool.exit", "events.Transfer.value")
    assert found.first.observed == found.first.model - found.first.model // 100


@pytest.mark.parametrize("through", [None, A_CONTRACT])
def test_a_balance_that_grew_without_a_word_is_the_token_s(through, tmp_path):
    """What is swept has come by no transfer: told at the sweep, or, where old states can be read, as the balance that it is."""
    story = after_prologue()
    story.happen(START, call("trader", "USDC", "token.transfer", to="pool-1", amount=5))
    story.node.blocks[-1]["transactions"][0]["logs"].clear()
    story.happen(START + 12, call("trader", "ABC", "token.approve", spender="trader", amount=0))
    story.happen(START + 24, call("outsider", "pool-1", "pool.sweep"), through=through)
    found, _ = finding(story, tmp_path / "told")
    assert (found.what, found.rule, found.call.name) == ("the events differ", "R14", "pool.sweep")
    story.node.keeps_states = True
    found, audits = finding(story, tmp_path / "seen")
    usdc = "0x" + story.node.backend.directory.addresses["USDC"].hex()
    assert (found.what, found.rule, found.transaction) == ("the stored state differs", "R22", None)
    assert found.first.path == f"tokens[{usdc}].balances[pool-1]" and found.first.observed == found.first.model + 5


def test_a_token_that_no_pool_trades_is_nobody_s_concern(tmp_path):
    """AVAX and NIL trade in no pool here: what is booked of them is taken as told, even where the token lies."""
    story = Story(Node())
    for name, arguments in (("transfer", {"to": RESERVE, "amount": 9}), ("transfer", {"to": BACKSTOP, "amount": 5})):
        story.happen(START, call(world.GOVERNOR, "AVAX", f"token.{name}", **arguments))
    story.happen(START + 1, call("outsider", RESERVE, "reserve.absorb", token="AVAX"))
    story.happen(START + 2, call("outsider", BACKSTOP, "backstop.sweep", token="AVAX"))
    story.happen(START + 3, call("outsider", BACKSTOP, "backstop.sweep", token="NIL"))
    found, audits = finding(story, tmp_path)
    assert found is None
    avax = "0x" + story.node.backend.directory.addresses["AVAX"].hex()
    assert audits.replay.state.reserve.held == {avax: 14} and audits.replay.followed == {audits.system.dlq}


def test_failed_transactions_leave_nothing(tmp_path):
    story = after_prologue()
    assert story.happen(START, swap(10**6, least=world.UNLIMITED), swap(10**6)) == [False, True]
    found, audits = finding(story, tmp_path)
    before, _ = finding(after_prologue(), tmp_path / "before")
    assert found is None and before is None
    _, swapped = apply(story.state, swap(10**6, least=world.UNLIMITED), START)
    assert swapped.reason == "pool: output below minimum"
    assert audits.replay.tally.calls["pool.swap"] == sum(operation.name == "pool.swap" for _, operation in world.prologue()) + 1
