"""What the Controller tells about itself."""

import ape

from tests.unit.support import DAY, ZERO_ADDRESS, ask


def test_the_constants(controller, reserve, backstop, dlq):
    assert (controller.reserve(), controller.backstop(), controller.dlq()) == (reserve, backstop, dlq)
    assert controller.epoch_seconds() == DAY


def test_the_blueprint_is_one_by_erc_5202(controller):
    # 0xFE71 and the version, with no data before the initcode
    assert bytes(ape.chain.provider.get_code(controller.pool_blueprint()))[:3] == bytes.fromhex("fe7100")


def test_the_registry(controller, pool, base, quote, outsider):
    assert (controller.pool_count(), controller.pools(0)) == (1, pool)
    assert "error" in ask(controller.pools, 1, sender=outsider)
    assert controller.is_pool(pool)
    for stranger in (outsider, base, ZERO_ADDRESS):
        assert not controller.is_pool(stranger)
    assert controller.pool_of(base, quote) == controller.pool_of(quote, base) == pool
    assert controller.pool_of(base, outsider) == ZERO_ADDRESS


def test_nothing_is_named_and_nothing_swept(controller, quote):
    assert controller.dlq_pools(quote) == ZERO_ADDRESS
    assert controller.swept_epoch() == 0
