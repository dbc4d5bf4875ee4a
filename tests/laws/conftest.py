"""The two sides, in the state right after deployment; every example goes back to it."""

import pytest

from tests.differential.artifacts import compile_contracts
from tests.laws.sides import Chain, Model


@pytest.fixture(scope="session")
def on_model() -> Model:
    return Model()


@pytest.fixture(scope="session")
def on_chain() -> Chain:
    return Chain(compile_contracts())
