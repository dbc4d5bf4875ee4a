"""The demonstration runs, tells what the rules promise, and passes its own audit."""

import re

from tests.differential.commands import ape


def test_both_stories_are_told_and_audited():
    done = ape("demo", "--every", 50)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    half, _, rest = told.partition("provider-1 takes out the other half after 100 days")
    assert "provider-1 takes out half after 49 days" in half
    assert re.search(r"loss beyond fees [1-9][\d,.]+ USDC, owed [\d,.]+ \(49%\)", half)
    assert "provider-2 takes out everything after 65 days" in half and "(65%)" in half  # since the top-up
    # Exactly what was put in.
    assert re.search(r"received +500\.00 +150,000\.00", rest)
    run = rest.partition("A run")[2]
    assert run.count("in a bailout") == 2 and run.count("the pool's stakers") == 2 and run.count("paid by nobody") == 2
    assert "first, the surpluses of all pools went to the Reserve" in run
    assert "Everything that the chain has paid out is what the specification says." in run
