"""For tests of what is done with a failure: one fault, planted once."""

import pytest

from tests.differential.engine import play_prologue
from tests.differential.environment import backend
from tests.differential.planted import TAKES_TOO_LITTLE, plant


@pytest.fixture(scope="session")
def faulty_contracts(tmp_path_factory):
    """Contracts in which step 1 of the waterfall rounds what it takes the wrong way."""
    return plant(tmp_path_factory.mktemp("faulty") / "contracts", TAKES_TOO_LITTLE)


@pytest.fixture(scope="module")
def on_faulty(faulty_contracts):
    """They as a backend in process, and the state after the prologue."""
    with backend("evm", sources=faulty_contracts) as chain:
        yield chain, play_prologue(chain)
