"""A devnet for each module, and what there is to deploy on it."""

import pytest

from deploy.config import Config, read_config
from deploy.node import Node
from deploy.wallet import Wallet, open_wallet
from tests.differential.artifacts import ROOT
from tests.differential.environment import devnet

CONFIG = ROOT / "deploy" / "local.yaml"


@pytest.fixture(scope="module")
def node():
    with devnet() as provider:
        yield Node(provider)


@pytest.fixture(scope="module")
def wallet(node) -> Wallet:
    return open_wallet("TEST::0", node)


@pytest.fixture(scope="session")
def config() -> Config:
    return read_config(CONFIG)


@pytest.fixture
def fresh(node):
    """The devnet as it was, after the test."""
    before = node.request("evm_snapshot")
    yield node
    node.request("evm_revert", before)
