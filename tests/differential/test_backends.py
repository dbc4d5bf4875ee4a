"""The backends against each other: the same programs, the same observations; and the same gas, which `evm.Evm` alone does not count."""

import re
from dataclasses import replace

import pytest

import model
from model import OPERATIONS, Operation, Parameters, State
from model.state import Hook, with_pool
from tests.differential import world
from tests.differential.addresses import deploy_code
from tests.differential.artifacts import CompileError, compile_contracts
from tests.differential.codec import HALTED, StateCodec
from tests.differential.engine import UNREADABLE, Backend, Execution, Observation, Step
from tests.differential.engine import allowances_difference, ask_model, compare, difference_at, encode_calls, play_prologue, run_model
from tests.differential.environment import BACKENDS, SetupError, accounts_of_tests, backend
from tests.differential.machine import Budget, Tally, draw_programs, run
from tests.differential.metered import MeteredEvm
from tests.differential.planted import HALTS, SAYS_DEPARTED, plant
from tests.differential.transactions import Transactions

SWEEP = (world.START, Operation("pool.sweep", "pool-1", "outsider", {}))


@pytest.fixture(scope="module")
def devnet():
    with backend("devnet") as chain:
        yield chain


@pytest.fixture(scope="module")
def evm():
    with backend("evm") as chain:
        yield chain


@pytest.fixture(scope="module")
def start(devnet, evm):
    """The model's state after the prologue, which both backends have kept."""
    state = play_prologue(devnet)
    assert play_prologue(evm) == state
    return state


def test_every_call_of_the_prologue_succeeds():
    """One that fails leaves the programs without what it was to bring."""
    assert [step for step in run_model(world.genesis(), world.prologue()) if not step.outcome.ok] == []


def test_the_same_world_stands_at_the_same_addresses(devnet, evm):
    assert devnet.directory.addresses == evm.directory.addresses
    assert devnet.inspector.lower() == evm.inspector.lower()


def test_a_call_that_the_contracts_do_not_know_is_named():
    artifacts = compile_contracts()
    pool = artifacts["Pool"]
    without = replace(pool, abi=[item for item in pool.abi if item.get("name") not in ("exit", "donate")])
    with pytest.raises(CompileError, match=r"^the contracts lack what the model has: pool\.donate, pool\.exit$"):
        deploy_code(artifacts | {"Pool": without}, lambda code: "0x" + bytes(20).hex())


def test_a_devnet_does_not_begin_in_the_past():
    with pytest.raises(SetupError, match="use --backend evm"), backend("devnet", began=world.START - 30 * 365 * world.DAY):
        pass


class Compared:
    """In place of a judge: every backend executes the same program, and all must observe the same."""

    def __init__(self, *backends: Backend, gas: bool = True):
        self.backends = backends
        self.gas = gas
        self.observed: list[Observation] = []

    def judge(self, steps: list[Step]) -> None:
        first, *others = [self._execute(backend, steps) for backend in self.backends]
        for other in others:
            assert other == first
        self.observed += first[0]

    def _execute(self, backend: Backend, steps: list[Step]) -> Execution:
        observations, allowances = backend.execute(encode_calls(steps, backend.directory))
        return observations if self.gas else [replace(seen, gas=0) for seen in observations], allowances

    def draw(self, start: State, *, examples: int, random_seed: int) -> list[Observation]:
        draw_programs(self, start, Tally(list(OPERATIONS)), examples=examples, length=50, random_seed=random_seed)
        return self.observed


def test_the_same_programs_give_the_same_observations(devnet, evm, start):
    assert len(Compared(devnet, evm, gas=False).draw(start, examples=60, random_seed=1)) > 2_000


def test_every_call_costs_the_same_gas_on_the_devnet_and_metered_in_process(devnet, start):
    metered = MeteredEvm(compile_contracts())
    assert play_prologue(metered) == start
    observed = Compared(devnet, metered).draw(start, examples=30, random_seed=2)
    assert any(seen.ok for seen in observed) and not all(seen.ok for seen in observed)


def test_transactions_give_the_same_observations_and_cost_the_same(devnet, evm, start):
    """What transactions see is the devnet's, gas included; and the devnet's is, gas aside, that of the embedded backend."""
    transactions = Transactions(devnet, dict(zip(world.ACTORS, accounts_of_tests())))
    observed = Compared(transactions, devnet).draw(start, examples=5, random_seed=3)
    assert any(seen.ok for seen in observed) and not all(seen.ok for seen in observed)
    assert Compared(evm, devnet, gas=False).draw(start, examples=5, random_seed=3) == [replace(seen, gas=0) for seen in observed]


def test_the_digest_stands_for_all_that_is_read(devnet, evm, start):
    codec = StateCodec(devnet.directory)
    calls = encode_calls(run_model(start, [SWEEP]), devnet.directory)
    for chain in (devnet, evm):
        ((in_short,), _), ((in_full,), _) = chain.execute(calls), chain.execute(calls, in_full=True)
        state = run_model(start, [SWEEP])[-1].state
        assert (in_short.stored, in_full.stored) == (codec.digest(state), codec.encode(state))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda state: with_pool(state, "pool-1", total_shortfall=1), "pools[pool-1].state.total_shortfall = 1"),
        (lambda state: with_pool(state, "pool-1", total_shortfall=-1), "pools[pool-1].state.total_shortfall = no number of the EVM's"),
        (lambda state: with_pool(state, "pool-1", reserve_base=2**256), "pools[pool-1].state.reserve_base = no number of the EVM's"),
        (lambda state: with_position(state, units=0.5), "pools[pool-2].positions[provider-3].units = no number of the EVM's"),
        (lambda state: with_position(state, units=None), "pools[pool-2].positions[provider-3].units = no number of the EVM's"),
        (lambda state: with_position(state, clock=5), "pools[pool-2].positions[provider-3].clock = 5"),
        (lambda state: replace(state, reserve=replace(state.reserve, held={})), "tokens[ABC].held = 0"),
        (lambda state: with_token(state, behaviour=2), "tokens[USDC].report.behaviour = 2"),
        (lambda state: with_token(state, hook=Hook(SWEEP[1], True, False)), "tokens[USDC].report.hook_target = pool-1"),
        (lambda state: replace(state, controller=replace(state.controller, swept_epoch=7)), "controller.swept_epoch = 7"),
    ],
)
def test_a_state_that_differs_is_told_field_by_field(evm, start, change, field):
    """The model's state is changed behind the engine's back: nothing but the stored state tells the two sides apart."""
    (step,) = run_model(start, [SWEEP])
    difference = compare([replace(step, state=change(step.state))], evm)
    assert (difference.index, difference.what) == (0, "state")
    path, value = field.split(" = ")
    (row,) = [row for row in difference.rows if row.path == path]
    assert str(row.model) == value != str(row.observed)


def test_an_allowance_that_differs_is_found(evm, start):
    first, step = run_model(start, [SWEEP, SWEEP])
    difference = compare([first, replace(step, state=with_token(step.state, allowances={}))], evm)
    assert (difference.index, difference.what) == (1, "allowances")
    assert difference.differing[0].path == "tokens[USDC].allowances[governor][pool-0]"
    assert (difference.differing[0].model, difference.differing[0].observed) == (0, world.UNLIMITED)


def with_token(state, **changes):
    return replace(state, tokens=state.tokens | {"USDC": replace(state.tokens["USDC"], **changes)})


def test_a_view_that_differs_is_found(evm, start):
    """What a view says and the stored state does not."""
    (step,) = run_model(start, [SWEEP])
    parameters = replace(step.state.pools["pool-1"].parameters, min_fee_bps=7)
    difference = compare([replace(step, state=with_pool(step.state, "pool-1", parameters=parameters))], evm)
    assert (difference.index, difference.what) == (0, "allowances")
    assert [(row.path, row.model) for row in difference.differing] == [("pools[pool-1].min_fee_bps", 7)]


def test_what_anybody_else_has_is_compared_after_the_last_call(evm, start):
    """The Inspector reads after each call what those have who are expected to have something."""
    first, last = run_model(start, [SWEEP, SWEEP])
    positions = last.state.pools["pool-2"].positions
    stranger = with_pool(last.state, "pool-2", positions=positions | {"outsider": positions["provider-3"]})
    assert first.state.pools["pool-2"].positions.get("outsider") is None
    difference = compare([first, replace(last, state=stranger)], evm)
    assert (difference.index, difference.what) == (1, "allowances")
    assert [row.path for row in difference.differing] == ["pools[pool-2].owned[outsider]"]


def with_position(state, **changes):
    positions = state.pools["pool-2"].positions
    changed = replace(positions["provider-3"], **changes)
    return with_pool(state, "pool-2", positions=positions | {"provider-3": changed})


@pytest.mark.parametrize("answer", [b"", HALTED])
def test_what_the_inspector_cannot_read_is_a_difference(answer, evm, start):
    (step,) = run_model(start, [SWEEP])
    of_the_state = difference_at(0, "state", step, Observation(True, b"", (), answer, 0), evm.directory, lambda: answer)
    assert of_the_state.differing == allowances_difference(0, step, answer, evm.directory).differing == [UNREADABLE]


# -- a model that fails ----------------------------------------------------------------------------------------------


def test_a_call_in_which_the_model_fails_is_a_mismatch(evm, start, monkeypatch):
    monkeypatch.setattr(model.pool, "_emit_departure", lambda state, call, *arguments: {}[call.sender])
    mismatch = run(evm, start, Tally(), Budget(examples=100, length=50, seed=1, shrink_seconds=0))
    assert mismatch.difference.what == "result" and len(mismatch.steps) <= 4
    outcome = mismatch.difference.differing[0]
    assert re.fullmatch(r"reverted: the model itself fails: KeyError in \w+ of model/pool\.py", outcome.model)
    assert outcome.observed == "returned"


def test_a_call_that_there_is_not_is_no_fault_of_the_models(start):
    for name, arguments in (("pool.rescue", {}), ("pool.sweep", {"amount": 1})):
        with pytest.raises((KeyError, TypeError)):
            ask_model(start, Operation(name, "pool-1", "keeper", arguments), world.START)


def test_a_prologue_that_both_sides_refuse_is_one_clear_line(monkeypatch):
    asked = {"base": "AVAX", "quote": "USDC", "parameters": Parameters()}
    refused = world.START, Operation("controller.create_pool", "controller", "outsider", asked)
    monkeypatch.setattr(world, "prologue", lambda: [refused, (world.START, SWEEP[1])])
    with pytest.raises(SetupError, match=r"^both sides refuse a call of the prologue.* outsider -> controller\.create_pool\(.*\)$"):
        with backend("evm") as chain:
            play_prologue(chain)


# -- contracts that do what no model says ----------------------------------------------------------------------------

CLAIM = (world.START, Operation("backstop.claim", "backstop", "outsider", {"pool": "pool-1", "token": "USDC"}))
EXIT = (world.START, Operation("pool.exit", "pool-1", "provider-1", {"units": 1, "min_base": 0, "min_quote": 0}))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("planted") / "contracts", HALTS, *SAYS_DEPARTED)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_halt_and_an_event_that_the_model_does_not_know_are_differences(planted, name):
    with backend(name, sources=planted) as chain:
        state = play_prologue(chain)
        halted = compare(run_model(state, [CLAIM]), chain)
        departed = compare(run_model(state, [EXIT]), chain)
    assert (halted.what, [row.model for row in halted.differing]) == ("result", ["reverted: backstop: nothing to claim"])
    assert "halted by the EVM" in halted.differing[0].observed
    assert (departed.what, {row.path.split(".")[1].split("[")[0] for row in departed.differing}) == ("events", {"Exited", "Departed"})
