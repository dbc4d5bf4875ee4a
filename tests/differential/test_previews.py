"""R24 on a chain: what a preview tells is what the call then returns, or why it is refused."""

from collections import Counter
from itertools import pairwise

from model.previews import with_good_tokens
from tests.differential import strategies
from tests.differential.engine import encode_calls, play_prologue
from tests.differential.environment import backend
from tests.differential.machine import Tally, draw_programs
from tests.differential.previewed import PREVIEWED, call_of, shown

BEHAVING = ("token.transfer", "token.approve")


def test_a_call_pays_what_its_preview_has_told(monkeypatch):
    well_behaved = [name for name in strategies.LOTTERY if name in BEHAVING or not name.startswith("token.")]
    monkeypatch.setattr(strategies, "LOTTERY", well_behaved + [name for name in PREVIEWED for _ in range(10)])
    kept, broken = Counter(), []

    class Follow:
        def judge(self, steps):
            observations, _ = chain.execute(encode_calls(steps, chain.directory))
            outcomes = [
                chain.directory.read_outcome(step.operation, seen.ok, seen.data, seen.logs) for step, seen in zip(steps, observations)
            ]
            for (preview, call), (told, paid) in zip(pairwise(steps), pairwise(outcomes)):
                follows = call_of(preview.operation) == call.operation and preview.now == call.now
                of_a_pool = follows and preview.operation.arguments["pool"] in preview.state.pools
                if not of_a_pool or with_good_tokens(preview.state).tokens != preview.state.tokens:
                    continue
                # Whether the caller has what it brings, a preview does not ask.
                if told.ok and (paid.reason or "").startswith("erc20: "):
                    continue
                agrees = told.value == shown(preview.operation, paid) if told.ok and paid.ok else told.reason == paid.reason
                if agrees:
                    kept[preview.operation.name, told.ok] += 1
                else:
                    broken.append((preview.operation, told, paid))

    with backend("evm") as chain:
        draw_programs(Follow(), play_prologue(chain), Tally(), examples=120, length=30, random_seed=2)
    assert broken == []
    assert {name for name, ok in kept if ok} == set(PREVIEWED)
    assert {name for name, ok in kept if not ok} == set(PREVIEWED) - {"lens.preview_sweep"}
