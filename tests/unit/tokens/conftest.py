"""Pools of awkward tokens."""

import pytest

from tests.unit.support import FIRST, LOT, UNLIMITED, WEALTH, activate, add, arrange


@pytest.fixture
def list_token(system, create_pool, controller, governor, founder, provider, quote):
    """The second pool: ACTIVE, of the token and quote, with the founder's and the provider's units."""

    def list_token(token):
        system.names[token.address] = "token"
        pool = create_pool(token, quote)
        for name in ("founder", "provider", "trader", "keeper"):
            arrange(token.transfer, system.roles[name], WEALTH, sender=governor)
            arrange(token.approve, pool, UNLIMITED, sender=system.roles[name])
        add(pool, FIRST, FIRST, founder)
        activate(controller, pool, governor)
        add(pool, LOT, LOT, provider)
        return pool

    return list_token
