"""What calls cost: no more than docs/gas.md says, less than Uniswap v2's, the same whoever else is there, and the same on a devnet."""

import pytest

from model import OPERATIONS
from tests.differential.artifacts import compile_contracts
from tests.differential.environment import SetupError, devnet
from tests.gas import table, uniswap
from tests.gas.chains import InProcess, OnDevnet, Refused
from tests.gas.growth import among, line, system_sweeps
from tests.gas.operations import KEEPER, measure
from tests.gas.stage import Stage

WITHIN_OTHERS = {"Pool.set_status", "Reserve.draw", "Backstop.reward", "Backstop.slash", "Controller.draw_surpluses"}
OF_AWKWARD_TOKENS = {"DLQ.set_behaviour", "DLQ.take", "DLQ.arm"}


@pytest.fixture(scope="module")
def stage():
    return Stage(InProcess(), compile_contracts())


@pytest.fixture(scope="module")
def costs(stage):
    return measure(stage)


def told(complaints: list[str]) -> str:
    return "\n".join([*complaints, table.UPDATE])


# -- the committed table ---------------------------------------------------------------------------------------------


def test_no_call_costs_more_than_the_table_says(costs):
    complaints = table.risen(table.read()["calls"], costs)
    assert not complaints, told(complaints)


def test_a_system_sweep_is_linear_in_pools_and_costs_no_more_than_the_table_says(stage):
    sweeps = system_sweeps(stage)
    assert line(sweeps)[2] == 0
    committed, now = [
        {"Controller.sweep": {f"{pools} pools": gas for pools, gas in found.items()}}
        for found in (table.read()["system_sweep"], sweeps)
    ]
    complaints = table.risen(committed, now)
    assert not complaints, told(complaints)


def test_every_call_of_the_protocol_is_in_the_table(costs):
    titles = {"token": "DLQ", "pool": "Pool", "reserve": "Reserve", "backstop": "Backstop", "controller": "Controller"}
    named = [name.split(".") for name in OPERATIONS]
    calls = {f"{titles[contract]}.{function}" for contract, function in named if contract in titles}
    measured = {call.split(",")[0] for call in costs if not call.startswith("Uniswap.")}
    assert measured == calls - WITHIN_OTHERS - OF_AWKWARD_TOKENS | {"DLQ.permit"}


def test_the_page_is_of_the_committed_figures():
    assert table.PAGE.read_text() == table.page(table.read()), table.UPDATE


@pytest.mark.parametrize(
    ("now", "complaints"),
    [
        ({"Pool.swap": {"warm": 101_000}}, []),
        ({"Pool.swap": {"warm": 90_000}}, []),
        ({"Pool.swap": {"warm": 101_500}}, ["Pool.swap, warm: 101,500 gas, 1.5% above the table's 100,000"]),
        (
            {"Pool.add": {"cold": 1}},
            ["Pool.add, cold: measured, but not in the table", "Pool.swap, warm: in the table, but not measured"],
        ),
    ],
)  # fmt: skip
def test_what_has_risen_is_told(now, complaints):
    before = {"Pool.swap": {"warm": 100_000}, "Uniswap.swap": {"warm": 1}}
    assert table.risen(before, now | {"Uniswap.swap": {"warm": 2}}) == complaints


# -- the goals -------------------------------------------------------------------------------------------------------


def test_the_goals_beside_uniswap_are_reached(costs):
    assert table.missed(costs) == []


def test_a_goal_that_is_missed_is_told(costs):
    dear = costs | {"Uniswap.swap": {"cold": 1_000_000, "warm": costs["Pool.swap"]["warm"]}}
    assert table.missed(dear) == ["Pool.swap, warm: 1.000 of Uniswap.swap, to be below 1.0"]


def test_the_number_of_positions_and_stakers_does_not_matter(stage, costs):
    crowded = among(stage, 99)
    assert crowded == {call: costs[call] for call in crowded}
    committed = table.read()["among"]
    assert committed["1"] == committed["100"] == committed["10000"]
    assert committed["1"].keys() == crowded.keys()


# -- the measuring ---------------------------------------------------------------------------------------------------


def test_transactions_on_a_devnet_cost_the_same(costs):
    with devnet() as provider:
        assert measure(Stage(OnDevnet(provider), compile_contracts())) == costs


def test_a_call_that_fails_is_not_measured(stage):
    with pytest.raises(Refused, match=stage.pool.address):
        stage.chain.gas(KEEPER, stage.pool("exit", 1, 0, 0))


def test_without_uniswaps_packages_one_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(uniswap, "PACKAGES", tmp_path)
    with pytest.raises(SetupError, match="@uniswap/v2-core is not installed: run `make setup`"):
        uniswap.build("v2-core", "UniswapV2Pair")
