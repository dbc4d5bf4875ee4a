"""Fetching: in ranges as long as a provider allows, again where it fails, on from an earlier audit, and anew where the chain is another."""

import json
from itertools import pairwise

import pytest
from requests import HTTPError, ReadTimeout, Response

from audit import history
from audit.chain import PATIENCE, Chain, ChainError, Refused, TurnedAway
from model import Operation
from model.state import CONTROLLER
from tests.audit.drawn import Story, auditor
from tests.audit.node import Node
from tests.differential import world


@pytest.fixture(scope="module")
def story():
    story = Story(Node())
    story.tell_prologue()
    return story


@pytest.fixture
def node(story):
    """As any provider, until a test makes it difficult."""
    node = story.node
    node.most_blocks, node.fails_each, node.most_batch, node.requests = 10**9, 10**9, 10**9, 0
    node.refuse = node._say_how_many
    return node


def lines(audits):
    return list(audits.history.lines(audits.history.first - 1, audits.history.end))


def last_block(node):
    return len(node.blocks) - 1


def test_ranges_adapt_to_what_the_provider_allows(node, tmp_path):
    generous = auditor(node, tmp_path / "generous")
    generous.fetch(last_block(node))
    node.most_blocks = 100
    strict = auditor(node, tmp_path / "strict")
    strict.fetch(last_block(node))
    assert [entry.number for entry in lines(strict) if isinstance(entry, history.Block)] == [
        entry.number for entry in lines(generous) if isinstance(entry, history.Block)
    ]
    stretches = [after.block - before.block for before, after in pairwise(strict.history.marks)]
    assert 50 < max(stretches) <= 100  # halved until it was allowed, and no further
    assert stretches[-1] == 1  # near the end, where the chain may change, they are short
    assert strict.compare(last_block(node), 0) is None and generous.compare(last_block(node), 0) is None
    assert strict.replay.state == generous.replay.state


def http_error(status):
    response = Response()
    response.status_code = status
    return HTTPError(response=response)


def raising(error):
    def refuse():
        raise error

    return refuse


def earlier(audits, before):
    found = audits.history._earlier_transfers(audits.history.tokens[-1], before)
    return sorted((log["blockNumber"], log["logIndex"], log["data"]) for log in found)


@pytest.mark.parametrize(
    "refuse",
    [
        lambda: {"error": {"code": -32000, "message": "query timeout exceeded: reduce the block range"}},
        lambda: {"error": {"code": 429, "message": "compute units"}},
        raising(http_error(413)), raising(http_error(504)), raising(ReadTimeout()), raising(ConnectionResetError()),
    ],
    ids=["a timeout told", "busy", "HTTP 413", "HTTP 504", "a timeout", "a line cut"],
)  # fmt: skip
def test_ranges_adapt_however_the_provider_refuses(refuse, node, tmp_path):
    """Of the logs of the system, and of those of a token before a pool traded it."""
    audits = auditor(node, tmp_path)
    pauses = []
    audits.chain.sleep = pauses.append
    node.refuse, node.most_blocks = refuse, 3
    audits.fetch(last_block(node))
    assert audits.compare(last_block(node), 0) is None
    assert max(after.block - before.block for before, after in pairwise(audits.history.marks)) == 3
    assert set(pauses) <= {0.5}  # asked for less at once, rather than again and again
    audits.history.stretch.blocks = 1_000
    few = earlier(audits, last_block(node))
    node.most_blocks = 10**9
    assert few and few == earlier(audits, last_block(node))


def test_ranges_grow_again(node, tmp_path):
    stretch = history.Stretch()
    stretch.refused(800)
    assert stretch.blocks == 400
    for _ in range(history.WELL):
        stretch.given(400)
        assert stretch.blocks == 400  # not at once: every other request would be refused
    stretch.given(400)
    assert stretch.blocks == 800
    stretch.given(400)  # near the chain's end, less is asked for
    assert stretch.blocks == 800
    stretch.given(800)
    assert stretch.blocks == 1_600


def test_a_provider_that_refuses_even_one_block_is_not_asked_for_ever(node, tmp_path):
    node.most_blocks = 0
    with pytest.raises(Refused, match="exceeds max block range"):
        auditor(node, tmp_path).fetch(last_block(node))


def test_a_line_that_fails_is_tried_again(node, tmp_path):
    node.fails_each = 7
    audits = auditor(node, tmp_path)
    pauses = []
    audits.chain.sleep = pauses.append
    audits.chain.batch_size = 4
    audits.fetch(last_block(node))
    assert pauses and set(pauses) == {0.5}  # the next attempt succeeds
    node.fails_each = 1
    with pytest.raises(ChainError, match=f"no answer after {PATIENCE} attempts: ConnectionError$"):
        audits.compare(last_block(node), 0)


def test_a_provider_that_is_busy_is_asked_again(node):
    answers = [{"error": {"code": 429, "message": "too many requests"}}, {"result": "0x1"}]

    class Busy:
        def make_request(self, method, parameters):
            return answers.pop(0)

    pauses = []
    assert Chain(Busy(), sleep=pauses.append).ask("eth_chainId") == "0x1"
    assert pauses == [0.5]


def test_an_error_that_is_null_is_none():
    class Wordy:
        def make_request(self, method, parameters):
            return {"result": "0x1", "error": None}

    assert Chain(Wordy()).ask("eth_chainId") == "0x1"


def test_a_batch_that_is_too_long_for_http_is_divided():
    class Narrow:
        def make_request(self, method, parameters):
            return {"result": parameters[0]}

        def make_batch_request(self, requests):
            if len(requests) > 5:
                raise http_error(413)
            return [self.make_request(*request) for request in requests]

    chain = Chain(Narrow(), sleep=lambda seconds: pytest.fail("asked again for as much"))
    assert chain.ask_all([("echo", [number]) for number in range(60)]) == list(range(60))


def test_who_is_turned_away_is_told_so_at_once():
    class Closed:
        make_request = staticmethod(lambda method, parameters: raising(http_error(401))())

    with pytest.raises(TurnedAway, match="^eth_chainId: HTTP 401$"):
        Chain(Closed(), sleep=lambda seconds: pytest.fail("asked again")).ask("eth_chainId")


def test_batches_become_as_small_as_the_provider_wants(node, tmp_path):
    node.most_batch = 5
    audits = auditor(node, tmp_path)
    audits.fetch(last_block(node))
    assert audits.chain.batch_size == 3  # 50, 12, 3
    assert audits.compare(last_block(node), 0) is None


def test_the_next_audit_goes_on_from_there(node, tmp_path):
    first = auditor(node, tmp_path)
    middle = last_block(node) // 2
    first.fetch(middle)
    (file,) = tmp_path.glob("*.jsonl")
    # It was stopped in the middle of a line.
    with file.open("a") as half:
        half.write('{"number":')
    with pytest.raises(ChainError, match="another audit keeps its history in"):
        auditor(node, tmp_path)
    first.history.close()
    node.requests = 0
    second = auditor(node, tmp_path)
    assert second.history.end == middle
    second.fetch(middle)
    assert node.requests == 1  # whether it is still the same chain
    second.fetch(last_block(node))
    assert second.compare(last_block(node), 0) is None
    assert sum(isinstance(json.loads(line).get("before"), int) for line in file.open()) >= 1


@pytest.mark.parametrize("line", [0, -1], ids=["of a block", "the last of a stretch"])
def test_a_damaged_history_is_told(line, node, tmp_path):
    first = auditor(node, tmp_path)
    first.fetch(last_block(node))
    first.history.close()
    (file,) = tmp_path.glob("*.jsonl")
    damaged = file.read_bytes().splitlines(keepends=True)
    damaged[line] = damaged[line][:20] + b"\xff" + damaged[line][21:]
    file.write_bytes(b"".join(damaged))
    with pytest.raises(ChainError, match=r"\.jsonl is damaged: delete it, and what it held is fetched again$"):
        auditor(node, tmp_path).compare(last_block(node), 0)


def test_what_another_chain_left_behind_is_forgotten(node, tmp_path):
    one = auditor(node, tmp_path)
    one.fetch(last_block(node))
    one.history.close()
    other = Story(Node())
    other.node.salt = 1
    other.node.blocks = [other.node._block(0, world.START, "", [])]
    other.happen(world.START + 1, Operation("controller.sweep", CONTROLLER, "outsider", {}))
    audits = auditor(other.node, tmp_path)
    audits.fetch(1)
    assert audits.history.end == 1
    assert audits.compare(1, 0) is None
    assert dict(audits.replay.tally.calls) == {"controller.sweep": 1}
