"""The daily commands on a deployed system: what they show is what the contracts do."""

import json

import pytest
from ape import accounts
from click.testing import CliRunner
from web3 import HTTPProvider

from deploy.deployer import deploy
from deploy.node import NoAnswer, NodeError
from deploy.wallet import Wallet
from operate.snapshot import take
from operate.status import _logs
from operate.system import open_system
from scripts.act import cli as act_command
from scripts.position import cli as position_command
from scripts.status import cli as status_command

DAY = 86_400
PROVIDER, TRADER, STAKER = ("TEST::1", "TEST::2", "TEST::3")


@pytest.fixture(scope="module")
def folder(node, wallet, config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployments")
    # A second a block, and no other time: what is previewed for the next block happens in it.
    node.request("anvil_setBlockTimestampInterval", 1)
    deploy(config, wallet, folder)
    return folder


@pytest.fixture(scope="module")
def run(node, folder):
    """Run a command of a script in this process: its output, or what it says when something is in the way."""

    def run(command, *arguments, status=0, as_json=True):
        place = ["--network", f"ethereum:local:{node.url}", "--deployments", str(folder)]
        done = CliRunner(mix_stderr=False).invoke(command, [*map(str, arguments), *place, *(["--json"] if as_json else [])])
        assert done.exit_code == status, done.stdout + done.stderr + str(done.exception)
        if status:
            assert done.stdout == ""
            return " ".join(done.stderr.split())
        return json.loads(done.stdout) if as_json else done.stdout

    return run


@pytest.fixture(scope="module")
def act(run):
    def act(name, *arguments, account=PROVIDER, **options):
        return run(act_command, name, *arguments, "--account", account, "--yes", **options)

    return act


def address(alias: str) -> str:
    return accounts.test_accounts[int(alias[-1])].address


@pytest.fixture(scope="module")
def system(node, folder):
    return open_system(node, folder)


def send(system, alias: str, token: str, name: str, *arguments) -> None:
    """A call of a token's by itself."""
    wallet = Wallet(accounts.test_accounts[int(alias[-1])], system.node)
    data = system.compiled["DLQ"].calldata(name, *arguments)
    signed = wallet.sign(system.tokens[token].address, data, system.node.nonce(wallet.address))
    wallet.send(signed)
    assert wallet.wait([signed])["status"] == "0x1"


def wait_until(node, seconds: int) -> None:
    node.request("evm_setNextBlockTimestamp", hex(seconds))
    node.request("evm_mine")


def next_epoch(node, system) -> None:
    epoch = system.deployment.periods["epoch_seconds"]
    wait_until(node, (node.block()[1] // epoch + 1) * epoch)


@pytest.fixture(scope="module")
def story(node, act, system):
    """Fifty days of it: two providers, a stake, a Reserve that can pay a part, and a price of DLQ that has fallen. The provider's own
    pool of gems is pending."""
    for alias in (PROVIDER, TRADER, STAKER):
        for token, amount in (("DLQ", 10**24), ("USD", 10**12), ("GEM", 10**12)):
            send(system, "TEST::0", token, "transfer", address(alias), amount)
    act("protect", "--pool", "DLQ/USD", account="TEST::0")
    next_epoch(node, system)  # in the first, the deployer has struck all that may be struck (R6)
    act("add", "--pool", "DLQ/USD", "--base", "20_000", "--quote", "10,000")
    act("add", "--pool", "GEM/USD", "--base", "100", "--quote", "5000")
    act("stake", "--pool", "DLQ/USD", "--amount", "3000.5", account=STAKER)
    send(system, "TEST::0", "USD", "transfer", system.address["reserve"], 2_000 * 10**6)
    act("absorb", "--token", "USD", account=STAKER)
    wait_until(node, node.block()[1] + 50 * DAY)
    for _ in range(12):
        act("swap", "--pool", "DLQ/USD", "--token", "DLQ", "--amount", "15000", account=TRADER)
        wait_until(node, node.block()[1] + 3_600)


@pytest.fixture(autouse=True)
def _taken_back(story, fresh):
    """Every test begins where the story ends."""


def units(amount: dict) -> int:
    return int(amount["base_units"])


def event(done: dict, name: str, events: str = "events") -> dict:
    (found,) = [each["fields"] for each in done[events] if each["name"] == name]
    return found


def test_status_shows_pools_prices_regimes_reserve_stake_and_who_could_pay(run, system, node):
    found = run(status_command)
    pool, pending = found["pools"]
    view = system.node.contract(system.pairs["DLQ/USD"].address, system.compiled["Pool"].abi)
    assert (pool["name"], pool["status"], pool["regime"], pool["next_regime"]) == ("DLQ/USD", "active", "calm", "calm")
    assert pool["spot"]["stored"] == str(node.view(view, "spot_price"))
    assert pool["oracle"]["stored"] == str(node.view(view, "oracle_price", block="pending"))
    assert 0.1 < float(pool["spot"]["price"]) < 0.2 and pool["prices_dlq"] and pool["stake"]["amount"] == "3000.5"
    assert (pending["name"], pending["status"], pending["depth_quote"]["amount"]) == ("GEM/USD", "pending", "5000")
    assert {amount["token"]: amount["amount"] for amount in found["reserve"]} == {"DLQ": "0", "USD": "2000", "GEM": "0"}
    cover, none = found["cover"]
    assert cover["providers"] == 2 and none["providers"] == 1 and units(none["owed"]) == 0
    parts = [units(cover[name]) for name in ("in_kind_covers", "in_quote", "stake_covers", "shortfall")]
    assert units(cover["owed"]) == sum(parts) and min(parts[0], parts[2], parts[3]) > 0
    # In bailout the last one out may draw all of a source: what was absorbed, what step 0 sweeps in, and all of the stake.
    swept = units(pool["surplus_quote"]) - units(pool["surplus_quote"]) * 2_500 // 10_000
    assert units(cover["in_kind_quote"]) == 2_000 * 10**6 + swept and cover["from_stake"]["amount"] == "3000.5"
    assert found["epoch"] == found["time"] // 3_600 and found["governor"] == system.deployment.deployer


def test_a_node_that_takes_no_batches_is_asked_one_by_one(run, monkeypatch):
    found = run(status_command)
    refused = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32_600, "message": "batches are for those who pay"}}
    monkeypatch.setattr(HTTPProvider, "make_batch_request", lambda self, requests: refused)
    assert run(status_command) | {"time": 0} == found | {"time": 0}


@pytest.mark.parametrize("error", [NodeError, NoAnswer])
def test_logs_are_asked_for_in_spans_that_the_node_takes(error, system, monkeypatch):
    asked, most = [], 100

    def answer(method, wanted):
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        asked.append(last - first + 1)
        if last - first >= most:
            raise error("too many blocks")
        return list(range(first, last + 1))

    with monkeypatch.context() as patch:
        patch.setattr(system.node, "request", answer)
        assert _logs(system, [], 7, 10_006) == list(range(7, 10_007))
        # Halved seven times, and then most spans are as large as the node takes them, give or take a fifth.
        assert asked[:8] == [10_000, 5_000, 2_500, 1_250, 625, 312, 156, 78] and len(asked) < 8 + 200
        most = 0
        with pytest.raises(error, match="too many blocks"):
            _logs(system, [], 7, 10_006)


def test_status_asks_for_no_allowances(run, system, monkeypatch):
    asked = []
    ask = type(system).ask
    monkeypatch.setattr(type(system), "ask", lambda self, questions, block: asked.extend(questions) or ask(self, questions, block))
    run(status_command)
    assert {"position", "balanceOf"} <= {question.name for question in asked} and "allowance" not in {question.name for question in asked}


def test_status_for_people(run):
    text = run(status_command, as_json=False)
    assert "DLQ/USD, 2 providers:" in text and "3000.5 DLQ" in text.replace(",", "") and "0.1" in text and "1. Reserve, in kind" in text


def test_a_position_shows_what_a_withdrawal_then_pays(run, act, node, system):
    requested = act("request", "--pool", "DLQ/USD", "--units", "50%")
    next_epoch(node, system)
    (holding, gems) = run(position_command, address(PROVIDER))["holdings"]
    assert holding["request"]["stands"] == "executable" and 4_950 < holding["level_bps"] < 5_100 and holding["regime"] == "calm"
    assert gems["principal_base"]["amount"] == "0" and gems["level_bps"] == 0
    shown = holding["withdrawal"]
    assert shown["units"] == event(requested, "WithdrawalRequested")["units"] == str(int(holding["units"]) // 2)
    before = take(system, [address(PROVIDER)]).state.tokens
    done = act("withdraw", "--pool", "DLQ/USD", "--slippage", 0)
    after = take(system, [address(PROVIDER)]).state.tokens
    assert done["as_previewed"]
    compensated = event(done, "Compensated")
    assert (compensated["paid"], compensated["taken"], compensated["shortfall"]) == (shown["in_kind"], shown["taken"], shown["shortfall"])
    assert (compensated["owed"], compensated["coverage"]) == (shown["owed"], shown["coverage"])
    received = {token: after[token].balances[address(PROVIDER)] - before[token].balances[address(PROVIDER)] for token in ("DLQ", "USD")}
    assert received == {"DLQ": units(shown["received_base"]) + units(shown["from_stake"]), "USD": units(shown["received_quote"])}
    assert units(shown["in_kind"]) > 0 and shown["in_kind"]["token"] == "USD"


def test_in_bailout_stake_pays_as_the_position_says(run, act, node, system):
    """Everybody asks to leave: the next epoch is a bailout, as the status foretells."""
    act("request", "--pool", "DLQ/USD", account="TEST::0")
    pool = run(status_command)["pools"][0]
    assert (pool["regime"], pool["next_regime"]) == ("calm", "bailout") and int(pool["net_units"]) > 0
    next_epoch(node, system)
    assert run(status_command)["pools"][0]["regime"] == "bailout"
    shown = run(position_command, address("TEST::0"))["holdings"][0]["withdrawal"]
    done = act("withdraw", "--pool", "DLQ/USD", account="TEST::0")
    compensated = event(done, "Compensated")
    assert done["as_previewed"] and compensated["bailout"] and shown["bailout"]
    assert compensated["slashed"] == shown["from_stake"] and units(shown["from_stake"]) > 0 and units(shown["stake_covers"]) > 0
    assert compensated["shortfall"] == shown["shortfall"] and units(shown["shortfall"]) > 0
    text = run(position_command, address("TEST::0"), as_json=False)
    assert "Nothing in any pool." in text


def test_a_deposit_is_staged_and_confirmed_or_taken_back(run, act, node, system):
    act("stage", "--pool", "DLQ/USD", "--base", "7.25")
    staged = run(position_command, address(PROVIDER))["holdings"][0]["staged"]
    assert staged["base"]["amount"] == "7.25" and staged["quote"]["amount"] == "0"
    says = run(act_command, "confirm", "--pool", "DLQ/USD", "--account", PROVIDER, "--yes", status=2)
    assert says == "act confirm: pool.confirm_deposit would be refused: pool: deposit not confirmable yet"
    wait_until(node, staged["confirmable_from"])
    done = act("confirm", "--pool", "DLQ/USD")
    assert done["as_previewed"] and event(done, "DepositConfirmed")["base"]["amount"] == "7.25" and event(done, "Added")
    act("stage", "--pool", "DLQ/USD", "--quote", "1")
    assert event(act("cancel", "--pool", "DLQ/USD"), "DepositCancelled")["quote"]["amount"] == "1"


def test_stakers_come_and_go_and_are_paid(run, act, node, system):
    act("sweep", account=TRADER)
    (holding,) = run(position_command, address(STAKER))["holdings"]
    staking = holding["staking"]
    assert staking["worth"]["amount"] == "3000.5" and units(staking["claimable"][1]) > 0
    claimed = act("claim", "--pool", "DLQ/USD", "--token", "usd", account=STAKER)
    assert event(claimed, "Claimed")["amount"] == staking["claimable"][1]
    requested = act("request-unstake", "--pool", "DLQ/USD", "--shares", "all", account=STAKER)
    wait_until(node, event(requested, "UnstakeRequested")["ready_at"])
    assert event(act("unstake", "--pool", "DLQ/USD", account=STAKER), "Unstaked")["amount"]["amount"] == "3000.5"
    assert run(position_command, address(STAKER))["holdings"] == []


def test_the_rewards_of_an_ended_generation_are_shown_and_claimed(run, act, node, system):
    """All that was staked is slashed; what it had earned remains due."""
    act("sweep", account=TRADER)
    act("request", "--pool", "DLQ/USD", account="TEST::0")
    act("request", "--pool", "DLQ/USD")
    next_epoch(node, system)
    act("withdraw", "--pool", "DLQ/USD", account="TEST::0")
    act("withdraw", "--pool", "DLQ/USD")
    assert run(status_command)["pools"][0]["stake"]["amount"] == "0"
    (holding,) = run(position_command, address(STAKER))["holdings"]
    assert holding["staking"]["shares"] == "0" and units(holding["staking"]["claimable"][1]) > 0
    claimed = act("claim", "--pool", "DLQ/USD", "--token", "USD", account=STAKER)
    assert claimed["as_previewed"] and event(claimed, "Claimed")["amount"] == holding["staking"]["claimable"][1]


def test_leaving_without_protection_and_the_governors_acts(run, act, node, system):
    price = ("--min-price", "49.9", "--max-price", "50.1")
    says = run(act_command, "activate", "--pool", "GEM/USD", *price, "--account", PROVIDER, "--yes", status=2)
    assert "would be refused: ownable: caller is not the owner" in says
    says = run(
        act_command, "activate", "--pool", "GEM/USD", "--min-price", 51, "--max-price", 60, "--account", "TEST::0", "--yes", status=2
    )  # fmt: skip
    assert "would be refused: pool: price out of bounds" in says
    assert event(act("activate", "--pool", "GEM/USD", *price, account="TEST::0"), "StatusSet")["oracle"]["price"] == "50"
    act("protect", "--pool", "GEM/USD")
    act("donate", "--pool", "GEM/USD", "--quote", "0.000001", account=TRADER)
    act("suspend", "--pool", "GEM/USD", account="TEST::0")
    assert run(status_command)["pools"][1]["status"] == "suspended"
    left = act("exit", "--pool", "GEM/USD", "--units", "100%")
    assert left["as_previewed"] and event(left, "Exited")["units"] == left["arguments"]["units"]
    act("name-dlq-pool", "--quote", "USD", account="TEST::0")
    assert not run(status_command)["pools"][0]["prices_dlq"]
    act("name-dlq-pool", "--quote", "USD", "--pool", "DLQ/USD", account="TEST::0")
    act("offer-ownership", "--to", address(STAKER), account="TEST::0")
    assert run(status_command)["offered_to"] == address(STAKER)
    act("accept-ownership", account=STAKER)
    assert run(status_command)["governor"] == address(STAKER)


def test_slippage_bounds_what_is_accepted(act, node, system):
    done = act("swap", "--pool", "DLQ/USD", "--token", "DLQ", "--amount", "10", "--slippage", 100, "--to", address(STAKER), account=TRADER)
    swapped = event(done, "Swapped")
    assert int(done["arguments"]["min_amount_out"]) == units(swapped["amount_out"]) * 99 // 100
    assert swapped["recipient"] == done["arguments"]["recipient"] == address(STAKER)
    assert int(done["arguments"]["deadline"]) == node.block()[1] + 1_200 - len(done["transactions"]) + 1


def test_only_what_is_needed_is_approved(act, node, system):
    """Exactly, and not where it is approved already."""
    done = act("donate", "--pool", "DLQ/USD", "--base", "5", account=TRADER)
    assert len(done["transactions"]) == 2
    state = take(system, [address(TRADER)]).state
    assert state.tokens["DLQ"].allowances[address(TRADER), "DLQ/USD"] == 0
    send(system, TRADER, "DLQ", "approve", system.pairs["DLQ/USD"].address, 10**24)
    assert len(act("donate", "--pool", "DLQ/USD", "--base", "5", account=TRADER)["transactions"]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["add", "--pool", "GOLD/USD", "--base", "1"], "act add: there is no pool GOLD/USD: there are DLQ/USD, GEM/USD"),
        (["add", "--pool", "DLQ/USD", "--base", "1e3"], "act add: '1e3' is not an amount: a decimal number of DLQ, or all"),
        (["add", "--pool", "DLQ/USD", "--quote", "0.0000001"], "act add: USD: 1E-7 has more than the token's 6 decimals"),
        (["add", "--pool", "DLQ/USD"], "act add: pool.add would be refused: pool: zero amount"),
        (["swap", "--pool", "DLQ/USD", "--token", "GEM", "--amount", "1"], "act swap: DLQ/USD does not trade GEM"),
        (["swap", "--pool", "DLQ/USD", "--token", "XAU", "--amount", "1"], "act swap: there is no token XAU: there are DLQ, USD, GEM"),
        (["swap", "--pool", "DLQ/USD", "--token", "DLQ", "--amount", "0"], "act swap: nothing is not an amount of DLQ here"),
        (["stake", "--pool", "DLQ/USD", "--amount", "2_000_000"], "act stake: backstop.stake would be refused: erc20: transfer amount"),
        (["exit", "--pool", "DLQ/USD", "--units", "half"], "act exit: 'half' is not a number of units: a count, a percentage, or all"),
        (["withdraw", "--pool", "DLQ/USD"], "act withdraw: pool.withdraw would be refused: pool: no executable request"),
        (["claim", "--pool", "DLQ/USD", "--token", "USD"], "act claim: backstop.claim would be refused: backstop: nothing to claim"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line_and_nothing_is_sent(arguments, says, run, node):
    before = node.block()[0]
    assert run(act_command, *arguments, "--account", PROVIDER, "--yes", status=2).startswith(says)
    assert node.block()[0] == before


def test_nothing_is_sent_to_the_systems_own_contracts_or_nobody(run, node, system):
    """The model knows them by their names, and refuses before anything is approved."""
    before = node.block()[0]
    for receiver in (system.pairs["DLQ/USD"].address, "0x" + "0" * 40):
        swap = ["swap", "--pool", "DLQ/USD", "--token", "DLQ", "--amount", "1", "--to", receiver]
        assert "would be refused: pool: bad recipient" in run(act_command, *swap, "--account", TRADER, "--yes", status=2)
    assert node.block()[0] == before


def test_an_act_is_not_sent_beside_one_that_is_pending(run, node, system):
    arguments = ["donate", "--pool", "DLQ/USD", "--base", "5", "--account", TRADER, "--yes"]
    wallet = Wallet(accounts.test_accounts[2], node)
    node.request("evm_setAutomine", False)
    try:
        wallet.send(wallet.sign(wallet.address, b"", node.nonce(wallet.address)))
        assert "1 transaction of TEST::2 not mined yet: wait until none is pending" in run(act_command, *arguments, status=2)
        assert node.nonce(wallet.address) == node.nonce(wallet.address, "latest") + 1
    finally:
        node.request("evm_setAutomine", True)
        node.request("evm_mine")
    assert run(act_command, *arguments)["as_previewed"]


@pytest.mark.parametrize("symbol", ["backstop", "Dlq", "usd", "zero", "A/B", "$", "", "0x00000000000000000000000000000000DeaDBeef"])
def test_a_token_that_takes_a_name_is_called_by_its_address(symbol, system, monkeypatch):
    monkeypatch.setattr(system, "ask", lambda questions, block: [6 if questions[0].name == "decimals" else symbol])
    somewhere = "0x" + "12" * 20
    assert system._introduce(somewhere).symbol == somewhere
    symbol = "wBTC"
    assert system._introduce(somewhere).symbol == symbol


def test_a_price_bound_of_a_billion_digits_is_refused(run):
    arguments = ["activate", "--pool", "DLQ/USD", "--min-price", "1e-999999999", "--max-price", "1", "--account", PROVIDER]
    assert "'1e-999999999' has more than 100 digits" in run(act_command, *arguments, status=2)


def test_nobody_is_asked_where_nobody_is(run):
    says = run(act_command, "sweep", "--account", PROVIDER, status=2)
    assert says.endswith("act sweep: nobody is there to ask: say --yes") and "The model says:" in says


def test_an_address_that_is_none(run):
    assert run(position_command, "0x12", status=2) == "position: 0x12 is not an address"


def test_what_nobody_could_withdraw_is_said(run, node, system):
    """A token takes from the pool what it holds."""
    pool = system.pairs["DLQ/USD"].address
    node.request("anvil_impersonateAccount", pool)
    node.request("anvil_setBalance", pool, hex(10**18))
    data = system.compiled["DLQ"].calldata("transfer", address(TRADER), 30_000 * 10**6)
    node.request("eth_sendTransaction", {"from": pool, "to": system.tokens["USD"].address, "data": "0x" + data.hex()})
    says = f"DLQ/USD: a withdrawal by {address('TEST::0')} would be refused: erc20: transfer amount exceeds balance"
    assert run(status_command)["cover"][0]["refused"] == says and says in run(status_command, as_json=False)
    holding = run(position_command, address("TEST::0"))["holdings"][0]
    assert holding["withdrawal"] is None and holding["refused"] == says


@pytest.mark.parametrize("bailout", [False, True], ids=["calm", "bailout"])
def test_the_lens_on_the_chain_says_of_a_withdrawal_what_the_position_says(bailout, run, act, node, system):
    """R24: the same, previewed by a contract."""
    if bailout:
        act("request", "--pool", "DLQ/USD", account="TEST::0")
        next_epoch(node, system)
    lens = system.compiled["Lens"]
    for alias in ("TEST::0", PROVIDER):
        found = run(position_command, address(alias))
        for holding in found["holdings"]:
            shown, base = holding["withdrawal"], holding["pool"].split("/")[0]
            data = lens.calldata("preview_entitlement", system.pairs[holding["pool"]].address, address(alias), int(shown["units"]))
            call = {"from": address(TRADER), "to": system.address["lens"], "data": "0x" + data.hex()}
            answer = node.request("eth_call", call, "latest", {}, {"time": hex(found["time"])})
            told = lens.answer("preview_entitlement", bytes.fromhex(answer[2:]))
            names = {"base": "received_base", "quote": "received_quote", "paid": "in_kind", "paid_quote": "in_quote", "slashed": "from_stake"}
            for name in ("base", "quote", "coverage", "owed", "deficit", "paid", "taken", "paid_quote", "slashed", "shortfall"):
                assert told[name] == units(shown[names.get(name, name)]), name
            due = told["deficit"] > 0 or told["owed"] > 0
            assert due == (base == "DLQ") and (not due or (told["bailout"], told["age"]) == (bailout, shown["age_seconds"]))
            assert not due or system.name(told["deficit_token"]) == shown["deficit"]["token"]
