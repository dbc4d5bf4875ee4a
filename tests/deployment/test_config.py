"""What a configuration may say, and how it is told what it may not."""

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml

from deploy.config import ConfigError, base_units, read_config, schema, stored_price
from tests.deployment.conftest import CONFIG

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.yaml")), ids=lambda path: path.name)
def test_every_configuration_here_is_valid_in_the_schema_that_editors_use(path):
    read_config(path)
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads((DEPLOY / "schema.json").read_text()))


def test_the_schema_is_the_one_that_is_checked():
    assert json.loads((DEPLOY / "schema.json").read_text()) == schema()


def test_what_the_file_says_is_what_is_read(config):
    pool = config.pools[0]
    assert (config.chain_id, config.periods.epoch_seconds, config.periods.unstake_seconds) == (31_337, 3_600, 7_200)
    assert pool.parameters.full_protection_seconds == 8_640_000 and pool.parameters.bailout_threshold_bps == 2_000
    assert pool.liquidity.base == 200_000 and pool.activate.max_price == Decimal("0.51")
    assert config.pools[1].parameters.min_fee_bps == 5 and config.pools[1].liquidity is None


@pytest.mark.parametrize(
    ("text", "instead", "says"),
    [
        ("chain_id: 31337", "", "chain_id: missing"),
        ("chain_id: 31337", "chain_id: 31337\nchain_id: 1", "the key chain_id is there twice"),
        ("chain_id: 31337", "chain_id: 0", "chain_id: Input should be greater than 0"),
        ("confirmations: 0", "confirmations: 1.5", "confirmations: '1.5' is not a whole number"),
        ("confirmations: 0", "confirm: 0", "confirm: unknown key"),
        ("confirmations: 0", "governor: 0x7E5f4552091A69125d5DfCb7b8C2659029395Bdf", "governor: not an address with its checksum"),
        ("confirmations: 0", f"governor: 0x{0:040}", "governor: nobody has this address"),
        ("{supply: 100_000_000}", "{suply: 100_000_000}", "dlq.supply: missing (and 1 more)"),
        ("{supply: 100_000_000}", "{supply: 0}", "dlq.supply: Input should be greater than 0"),
        ("{supply: 100_000_000}", "{supply: 1e16}", "the supply of DLQ: 1E+16 is more than 2**112 - 1 base units"),
        ("{supply: 100_000_000}", "{supply: 1e80}", "the supply of DLQ: 1E+80 is more than 2**112 - 1 base units"),
        ("{supply: 100_000_000}", "{supply: 1e999999999}", "dlq.supply: '1e999999999' has more than 100 digits"),
        ("{supply: 100_000_000}", "{supply: 1e-9999999999}", "dlq.supply: '1e-9999999999' has more than 100 digits"),
        ("max_price: 0.51", "max_price: 1e999999999", "pools.0.activate.max_price: '1e999999999' has more than 100 digits"),
        ("{supply: 100_000_000}", "{address: DLQ}", "dlq.address: not an address with its checksum"),
        ("decimals: 6", "decimals: 25", "tokens.USD.decimals: Input should be less than or equal to 24"),
        ("supply: 1_000_000}", "supply: 0.000000001}", "the supply of GEM: 1E-9 has more than the token's 8 decimals"),
        ("supply: 1_000_000}", "supply: NaN}", "tokens.GEM.supply: 'NaN' is not a finite number from 0"),
        ("supply: 1_000_000}", "supply: many}", "tokens.GEM.supply: 'many' is not a decimal number"),
        ("GEM: {", "DLQ: {", "tokens.DLQ: DLQ has a key of its own, dlq"),
        ("GEM: {", "GEMSTONE: {", "tokens.GEMSTONE"),
        ("epoch_seconds: 1h", "epoch_seconds: 59m", "periods: epoch_seconds: 3540 is not from 3600 to 2592000"),
        ("epoch_seconds: 1h", "epoch_seconds: 1 hour", "periods.epoch_seconds: '1 hour' is not a time"),
        ("unstake_seconds: 2h", "unstake_seconds: 7199", "periods: unstake_seconds: 7199 is not from 7200 to 31536000"),
        ("hold_seconds: 1h", "hold_seconds: 366d", "periods: hold_seconds: 31622400 is not from 0 to 31536000"),
        ("unstake_window_seconds: 1h", "unstake_window_seconds: 1s", "periods: unstake_window_seconds: 1 is not from 3600"),
        ("full_protection_seconds: 100d", "full_protection_seconds: 3651d", "pools.0.parameters: full_protection_seconds: 315446400"),
        ("bailout_threshold_bps: 2_000", "bailout_threshold_bps: 0", "pools.0.parameters: bailout_threshold_bps: 0 is not from 1"),
        ("lockup_seconds: 1h", "lockup_seconds: 3599", "pools.0.parameters: lockup_seconds: 3599 is not from 3600"),
        ("confirmation_seconds: 60", "confirmation_seconds: 8d", "pools.0.parameters: confirmation_seconds: 691200 is not"),
        ("oracle_window_seconds: 30m", "oracle_window_seconds: 59", "pools.0.parameters: oracle_window_seconds: 59 is not from 60"),
        ("max_deviation_bps: 100", "max_deviation_bps: 1001", "pools.0.parameters: max_deviation_bps: 1001 is not from 1 to 1000"),
        ("min_fee_bps: 10", "min_fee_bps: 1001", "pools.0.parameters: min_fee_bps: 1001 is not from 0 to 1000"),
        ("min_fee_bps: 5", "min_fee_bps: 1001", "pools.1.parameters: min_fee_bps: 1001 is not from 0 to 1000"),
        ("protocol_fee_bps: 2_000", "protocol_fee_bps: 5001", "pools.0.parameters: protocol_fee_bps: 5001 is not from 0 to 5000"),
        ("staker_share_bps: 2_500", "staker_share_bps: 10001", "pools.0.parameters: staker_share_bps: 10001 is not from 0 to 10000"),
        ("staker_share_bps: 2_500", "", "pools.0.parameters.staker_share_bps: missing (and 1 more)"),
        ("min_fee_bps: 5", "max_fee_bps: 5", "pools.1.parameters.max_fee_bps: unknown key"),
        ("base: GEM", "base: GOLD", "pools.1: there is no token GOLD"),
        ("base: GEM", "base: USD", "pools.1: base and quote are the same token"),
        ("base: GEM", "base: DLQ", "pools.1: there is a pool of DLQ and USD already"),
        ("liquidity: {base: 200_000, quote: 100_000}", "", "pools.0: a pool needs liquidity before it can be activated"),
        ("{base: 200_000, quote: 100_000}", "{base: 200_000}", "pools.0.liquidity.quote: missing"),
        ("min_price: 0.49", "min_price: 0.52", "pools.0.activate: min_price is above max_price"),
        ("dlq_pools: [DLQ/USD]", "dlq_pools: [DLQ/GEM]", "dlq_pools: there is no pool DLQ/GEM"),
        ("dlq_pools: [DLQ/USD]", "dlq_pools: [GEM/USD]", "dlq_pools: the base of GEM/USD is not DLQ"),
        ("dlq_pools: [DLQ/USD]", "dlq_pools: [DLQ/USD, DLQ/USD]", "dlq_pools: one pool for each quote token"),
        ("pools:", "pools", "no YAML"),
        ("chain_id: 31337", "chain_id: !!int foo", "no YAML: a value is not what its tag says: invalid literal"),
        ("chain_id: 31337", "chain_id: !!float foo", "no YAML: a value is not what its tag says: could not convert"),
        ("chain_id: 31337", "chain_id: !!bool foo", "no YAML: a value is not what its tag says: 'foo'"),
        ("chain_id: 31337", "chain_id: !!timestamp foo", "no YAML: a value is not what its tag says: 'NoneType'"),
        pytest.param("chain_id: 31337", "chain_id: " + 20_000 * "[" + 20_000 * "]", "no YAML: it is nested too deeply", id="deep"),
    ],
)
def test_what_is_wrong_is_named(text, instead, says, tmp_path):
    path = tmp_path / "system.yaml"
    original = CONFIG.read_text()
    assert text in original
    path.write_text(original.replace(text, instead, 1))
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    message = str(raised.value)
    assert says in message and message.startswith(str(path)) and "\n" not in message


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere.yaml: No such file or directory"):
        read_config(tmp_path / "nowhere.yaml")


def test_amounts_are_exact():
    assert base_units(Decimal("1234567890.123456789012345678901234"), 24, "x") == 1234567890123456789012345678901234
    assert base_units(Decimal("1e6"), 18, "x") == 10**24
    assert base_units(Decimal("0.000001"), 6, "x") == 1


def test_price_bounds_round_outwards():
    third = Decimal(1) / 3
    below, above = (stored_price(third, 18, 6, up=up) for up in (False, True))
    assert above == below + 1 and below * 10**12 <= third * 2**112 <= above * 10**12
    assert stored_price(Decimal("0.5"), 18, 6, up=False) == 2**111 // 10**12
