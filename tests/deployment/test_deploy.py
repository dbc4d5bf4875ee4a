"""What is deployed is what was configured, and is recorded; whatever broke off is gone on with; what was tampered with is found."""

import json
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from ape import accounts
from click.testing import CliRunner
from vyper.cli.vyper_json import compile_json
from web3 import HTTPProvider, Web3

from deploy import journal as journals
from deploy.compiled import FILES, compile_all
from deploy.config import Config, ConfigError
from deploy.deployer import DeployError, _take, carry_out, check_funds, deploy, prepare
from deploy.journal import Journal, JournalError, alone
from deploy.node import NoAnswer
from deploy.outcome import system_of
from deploy.plan import drive, first_units, plan
from deploy.problem import Problem
from deploy.readback import ReadBack
from deploy.record import RecordError, load, path_of
from deploy.wallet import Wallet, WalletError
from model.state import SUSPENDED
from scripts.act import cli as act_command
from tests.differential.artifacts import LIBRARIES

TRANSACTIONS = 15
SOMEBODY = "0x00000000000000000000000000000000DeaDBeef"


@pytest.fixture(autouse=True)
def _taken_back(fresh):
    """Every test finds the devnet as it was."""


def changed(config: Config, **changes) -> Config:
    return config.model_validate(config.plain() | changes)


def test_a_deployment_is_read_back_and_recorded(node, wallet, config, tmp_path):
    told = []
    deployment = deploy(config, wallet, tmp_path, lambda number, step, done: told.append(step.key))
    assert load(path_of(config.chain_id, tmp_path)) == deployment
    assert [transaction.what for transaction in deployment.transactions] == told
    assert node.nonce(wallet.address) == len(told) == TRANSACTIONS
    assert (deployment.first_block, deployment.last_block) == (node.block()[0] - TRANSACTIONS + 1, node.block()[0])
    # The constructor's arguments are those that the code was created with.
    compiled = compile_all()
    for role, contract in deployment.contracts.items():
        sent = node.request("eth_getTransactionByHash", contract.transaction)["input"]
        if role not in ("reserve", "backstop"):
            code = compiled[contract.contract].initcode
            assert sent.endswith(code + contract.arguments[2:])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{config.chain_id}.json", f"{config.chain_id}.verification"]


def test_a_block_explorer_compiles_the_very_same_code(node, wallet, config, tmp_path):
    deployment = deploy(config, wallet, tmp_path)
    used = {contract.contract for contract in deployment.contracts.values()} | {token.contract for token in deployment.tokens}
    folder = path_of(config.chain_id, tmp_path).with_suffix(".verification")
    assert {path.stem for path in folder.iterdir()} == used
    # One with immutables and libraries stands for all: they are written by the same lines.
    name, contract = "Controller", deployment.contracts["controller"]
    standard_json = json.loads((folder / f"{name}.json").read_text())
    assert {Path(path).parts[0] for path in standard_json["sources"]} == {"contracts", "snekmate"}
    (output,) = compile_json(standard_json)["contracts"][FILES[name]].values()
    sent = node.request("eth_getTransactionByHash", contract.transaction)["input"]
    assert sent == output["evm"]["bytecode"]["object"] + contract.arguments[2:]


def test_a_dry_run_sends_nothing_and_knows_what_it_will_cost(node, wallet, config, tmp_path):
    prepared = prepare(config, wallet, tmp_path)
    assert node.nonce(wallet.address) == 0 and list(tmp_path.iterdir()) == []
    deployment = carry_out(prepared)
    foreseen = [(each.step.key, each.gas) for each in prepared.ahead]
    assert foreseen == [(transaction.what, transaction.gas_used) for transaction in deployment.transactions]


def test_deployed_once_it_is_checked_again(node, wallet, config, tmp_path):
    deployment = deploy(config, wallet, tmp_path)
    assert deploy(config, wallet, tmp_path) == deployment
    assert node.nonce(wallet.address) == TRANSACTIONS
    with pytest.raises(DeployError, match="is of another configuration"):
        deploy(changed(config, confirmations=5), wallet, tmp_path)
    library = "snekmate/auth/ownable_2step.vy"
    assert deployment.sources[library] == sha256((LIBRARIES / library).read_bytes()).hexdigest()
    other = deployment.model_copy(update={"sources": deployment.sources | {library: "0" * 64}})
    other.save(path_of(config.chain_id, tmp_path))
    with pytest.raises(DeployError, match=f"was made of other sources or by another compiler: {library}"):
        deploy(config, wallet, tmp_path)
    deployment.save(path_of(config.chain_id, tmp_path))
    node.request("anvil_setCode", deployment.address("controller"), "0x")
    with pytest.raises(DeployError, match="is of a chain that is gone"):
        deploy(config, wallet, tmp_path)
    record = path_of(config.chain_id, tmp_path)
    for bad, says in ((record.read_bytes() + b"\xff", "it is no text"), (record.read_bytes().replace(b'"reserve"', b'"rest"'), "no reserve")):
        (tmp_path / "bad.json").write_bytes(bad)
        with pytest.raises(RecordError, match=f"bad.json is no record of a deployment: .*{says}"):
            load(tmp_path / "bad.json")
    record.write_text(record.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(RecordError, match="is no record of a deployment: version"):
        deploy(config, wallet, tmp_path)


def test_tokens_that_are_there_are_taken(node, wallet, config, tmp_path):
    before = deploy(config, wallet, tmp_path / "before")
    tokens = {token.symbol: {"address": token.address} for token in before.tokens}
    governor = accounts.test_accounts[1].address
    second = changed(config, dlq=tokens.pop("DLQ"), tokens=tokens, governor=governor)
    deployment = deploy(second, wallet, tmp_path / "second")
    assert [token.address for token in deployment.tokens] == [token.address for token in before.tokens]
    assert all(token.contract is None and token.transaction is None for token in deployment.tokens)
    assert deployment.contracts["dlq"].transaction is None
    controller = node.contract(deployment.address("controller"), compile_all()["Controller"].abi)
    assert (node.view(controller, "owner"), node.view(controller, "pending_owner")) == (wallet.address, governor)


# Before the first transaction


def test_a_configuration_for_another_chain_is_refused(node, wallet, config, tmp_path):
    refused(changed(config, chain_id=1), wallet, tmp_path, "chain_id: the configuration is for 1, and ethereum:local is 31337")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("0x", "tokens.USD: there is no contract at 0x"),
        ("0x5f5ffd", "does not say its decimals"),
        ("0x00", "does not say its decimals"),
        ("0x60195f5260205ff3", "has 25 decimals, more than 24"),
    ],
)
def test_a_token_that_no_pool_can_hold_is_refused(code, says, node, wallet, config, tmp_path):
    node.request("anvil_setCode", SOMEBODY, code)
    taken = {**config.plain()["tokens"], "USD": {"address": SOMEBODY}}
    refused(changed(config, tokens=taken), wallet, tmp_path, says)


def test_a_dlq_of_other_decimals_is_refused(node, wallet, config, tmp_path):
    node.request("anvil_setCode", SOMEBODY, "0x60065f5260205ff3")
    refused(changed(config, dlq={"address": SOMEBODY}), wallet, tmp_path, "has 6 decimals, and DLQ has 18")


def test_liquidity_that_the_deployer_does_not_have_is_refused(node, wallet, config, tmp_path):
    pools = config.plain()["pools"]
    pools[0]["liquidity"]["base"] = "100_000_001"
    pools[0]["activate"]["min_price"] = "0"
    refused(changed(config, pools=pools), wallet, tmp_path, "liquidity: takes 100,000,001.000000 DLQ in all")


def test_liquidity_at_a_price_out_of_its_bounds_is_refused(node, wallet, config, tmp_path):
    pools = config.plain()["pools"]
    pools[0]["liquidity"]["quote"] = "102_000.000001"
    refused(changed(config, pools=pools), wallet, tmp_path, "DLQ/USD: the price of its liquidity is not from min_price to max_price")


def test_a_node_that_fails_a_rehearsal_is_told_without_its_address(node, wallet, config, tmp_path, monkeypatch):
    monkeypatch.setattr(node, "url", "http://127.0.0.1:9/key")
    with pytest.raises(NoAnswer, match="^deploy DLQ: cannot be rehearsed: the node does not answer$"):
        prepare(config, wallet, tmp_path)


def test_a_node_that_answers_with_a_page_is_told_in_one_line(node, monkeypatch):
    class Page(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>Back soon</html>")

        def log_message(self, *arguments):
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever).start()
    try:
        with monkeypatch.context() as patch, pytest.raises(NoAnswer, match="the node does not answer to eth_chainId .JSONDecodeError."):
            patch.setattr(node, "web3", Web3(HTTPProvider(f"http://127.0.0.1:{server.server_port}")))
            node.chain_id()
    finally:
        server.shutdown()
        server.server_close()


def test_no_error_beside_a_result_is_none(node, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(node.web3.provider, "make_request", lambda *asked: {"error": None, "result": "0x1"})
        assert node.chain_id() == 1


def test_an_account_without_funds_is_refused(node, wallet, config, tmp_path):
    node.request("anvil_setBalance", wallet.address, hex(10**15))
    refused(config, wallet, tmp_path, "has 0.001000 of the network's coin, and the deployment takes about 0.0")
    with pytest.raises(DeployError, match="takes about"):
        check_funds(prepare(config, wallet, tmp_path))


def refused(config: Config, wallet: Wallet, folder: Path, says: str) -> None:
    """In one line, and nothing is sent."""
    with pytest.raises(Problem) as raised:
        deploy(config, wallet, folder)
    assert says in str(raised.value) and "\n" not in str(raised.value)
    assert wallet.node.nonce(wallet.address) == 0 and list(folder.iterdir()) == []


# Breaking off


class Killed(BaseException):
    """The process has ended, as far as the code it ran can tell."""


class Dying(Wallet):
    """Dies once at each moment of each transaction: before and after signing, sending and waiting. The journal is written between
    the end of signing and the beginning of sending."""

    def __init__(self, wallet: Wallet):
        super().__init__(wallet.account, wallet.node)
        self.survived: set[tuple] = set()

    def _pass(self, *moment) -> None:
        if moment not in self.survived:
            self.survived.add(moment)
            raise Killed(moment)

    def sign(self, to, data, nonce, *, outbid=None):
        self._pass("before signing", nonce)
        signed = super().sign(to, data, nonce, outbid=outbid)
        self._pass("after signing", nonce)
        return signed

    def send(self, signed):
        self._pass("before sending", signed.hash)
        super().send(signed)
        self._pass("after sending", signed.hash)

    def wait(self, candidates):
        self._pass("before waiting", candidates[0].hash)
        receipt = super().wait(candidates)
        self._pass("after waiting", candidates[0].hash)
        return receipt


def test_killed_at_any_moment_it_goes_on_and_deploys_nothing_twice(node, wallet, config, tmp_path):
    before = node.request("evm_snapshot")
    undisturbed = deploy(config, wallet, tmp_path / "undisturbed")
    node.request("evm_revert", before)
    dying, deaths = Dying(wallet), 0
    while True:
        try:
            deployment = deploy(config, dying, tmp_path / "disturbed")
            break
        except Killed:
            deaths += 1
            assert node.nonce(wallet.address) <= TRANSACTIONS
    # What was sent is mined in a moment here: who died after that need not send, nor in most cases wait, again.
    assert 4 * TRANSACTIONS <= deaths <= 6 * TRANSACTIONS
    assert node.nonce(wallet.address) == TRANSACTIONS
    assert len({transaction.hash for transaction in deployment.transactions}) == TRANSACTIONS
    assert deployment.contracts.keys() == undisturbed.contracts.keys()
    assert {role: each.address for role, each in deployment.contracts.items()} == {
        role: each.address for role, each in undisturbed.contracts.items()
    }


def stop_before(what: str, wallet: Wallet, monkeypatch) -> None:
    """Have the wallet die once, at one of its methods."""

    def die(*arguments, **options):
        monkeypatch.undo()
        raise Killed(what)

    monkeypatch.setattr(wallet, what, die)


def test_what_was_sent_and_is_not_mined_is_waited_for(node, wallet, config, tmp_path, monkeypatch):
    node.request("evm_setAutomine", False)
    try:
        stop_before("wait", wallet, monkeypatch)
        with pytest.raises(Killed):
            deploy(config, wallet, tmp_path)
        assert (node.nonce(wallet.address, "latest"), node.nonce(wallet.address, "pending")) == (0, 1)
        # Not mined now either: the run says so, and has not sent another.
        monkeypatch.setattr(type(node.network), "transaction_acceptance_timeout", 1)
        with pytest.raises(WalletError, match="is not mined yet"):
            deploy(config, wallet, tmp_path)
        assert node.nonce(wallet.address, "pending") == 1
        monkeypatch.undo()
    finally:
        node.request("evm_setAutomine", True)
    node.request("evm_mine")
    deploy(config, wallet, tmp_path)
    assert node.nonce(wallet.address) == TRANSACTIONS


def test_what_the_node_has_forgotten_is_sent_again_byte_for_byte(node, wallet, config, tmp_path, monkeypatch):
    stop_before("send", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    journal = json.loads(journals.path_of(config.chain_id, tmp_path).read_text())
    (entry,) = journal["entries"].values()
    assert node.nonce(wallet.address) == 0 and not node.knows(entry["signed"][0]["hash"])
    deployment = deploy(config, wallet, tmp_path)
    assert deployment.transactions[0].hash == entry["signed"][0]["hash"]


def test_what_pays_too_little_by_now_is_outbid_with_the_same_nonce(node, wallet, config, tmp_path, monkeypatch):
    stop_before("send", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    path = journals.path_of(config.chain_id, tmp_path)
    (entry,) = Journal.model_validate_json(path.read_text()).entries.values()
    node.request("anvil_setNextBlockBaseFeePerGas", hex(entry.signed[0].max_fee * 2))
    node.request("evm_mine")
    stop_before("wait", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    (outbid,) = Journal.model_validate_json(path.read_text()).entries.values()
    assert outbid.nonce == entry.nonce and outbid.signed[0] == entry.signed[0] and len(outbid.signed) == 2
    deployment = deploy(config, wallet, tmp_path)
    assert deployment.transactions[0].hash == outbid.signed[1].hash
    assert node.nonce(wallet.address) == TRANSACTIONS


def test_what_tips_too_little_by_now_is_outbid(node, wallet, config, tmp_path, monkeypatch):
    node.request("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    node.request("evm_mine")
    stop_before("send", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    (entry,) = Journal.model_validate_json(journals.path_of(config.chain_id, tmp_path).read_text()).entries.values()
    monkeypatch.setattr(wallet, "_tip", lambda: entry.signed[0].tip * 2)
    first = deploy(config, wallet, tmp_path).transactions[0]
    assert first.hash != entry.signed[0].hash
    assert int(node.request("eth_getTransactionByHash", first.hash)["maxPriorityFeePerGas"], 16) == 2 * entry.signed[0].tip


def test_a_replica_that_lags_does_not_make_a_nonce_be_used_twice(node, wallet, config, tmp_path, monkeypatch):
    told = node.nonce
    monkeypatch.setattr(node, "nonce", lambda account, which="pending": max(0, told(account, which) - (which == "pending")))
    assert len(deploy(config, wallet, tmp_path).transactions) == TRANSACTIONS


def test_a_nonce_that_was_used_otherwise_stops_the_run(node, wallet, config, tmp_path, monkeypatch):
    stop_before("send", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    send(wallet, SOMEBODY, b"")
    with pytest.raises(DeployError, match="the node does not know 0x.*, but the account has used its nonce 0"):
        deploy(config, wallet, tmp_path)
    assert node.nonce(wallet.address) == 1


def test_a_step_that_failed_on_the_chain_is_done_anew(node, wallet, config, tmp_path):
    """The estimate for the largest contract is too low, once."""

    class Stingy(Wallet):
        failed = False

        def estimate(self, to, data):
            gas = super().estimate(to, data)
            if gas > 3_000_000 and not self.failed:
                self.failed = True
                return gas // 2
            return gas

    stingy = Stingy(wallet.account, node)
    with pytest.raises(DeployError, match="deploy the blueprint of Pool: 0x.* has failed: for want of gas"):
        deploy(config, stingy, tmp_path)
    deploy(config, stingy, tmp_path)
    assert node.nonce(wallet.address) == TRANSACTIONS + 1


def test_a_journal_is_gone_on_with_for_the_same_purpose_alone(node, wallet, config, tmp_path, monkeypatch):
    stop_before("send", wallet, monkeypatch)
    with pytest.raises(Killed):
        deploy(config, wallet, tmp_path)
    other = Wallet(accounts.test_accounts[1], node)
    with pytest.raises(JournalError, match="of another account: finish that one, or move the file away"):
        deploy(config, other, tmp_path)
    with pytest.raises(JournalError, match="of another configuration"):
        deploy(changed(config, dlq_pools=[]), wallet, tmp_path)
    path = journals.path_of(config.chain_id, tmp_path)
    path.write_text(path.read_text()[:-10])
    with pytest.raises(JournalError, match="is no journal of a deployment"):
        deploy(config, wallet, tmp_path)
    with alone(tmp_path), pytest.raises(JournalError, match="another deployment is being written to"):
        deploy(config, wallet, tmp_path)


# Reading back


def test_code_that_was_tampered_with_is_found(node, wallet, config, tmp_path):
    deployment = deploy(config, wallet, tmp_path)
    places = {role: contract.address for role, contract in deployment.contracts.items() if role != "dlq"}
    places |= {pool.name: pool.address for pool in deployment.pools} | {token.symbol: token.address for token in deployment.tokens}
    read_back = ReadBack(config, compile_all(), node, system_of(deployment), wallet.address)
    for role, address in places.items():
        code = node.code(address)
        # One bit in the middle of the code, and one in the last immutable, which blueprints do not have, and tokens answer for.
        has_immutables = role in ("controller", "reserve", "backstop", *[pool.name for pool in deployment.pools])
        for at in (len(code) // 2, len(code) - 1)[: 1 + has_immutables]:
            tampered = code[:at] + bytes([code[at] ^ 1]) + code[at + 1 :]
            node.request("anvil_setCode", address, "0x" + tampered.hex())
            assert read_back.differences(fresh=False)[0] == f"{role}: the code at {address} is not the compiled one"
            node.request("anvil_setCode", address, "0x" + code.hex())
    assert read_back.differences(fresh=True) == []
    node.request("anvil_setCode", deployment.address("reserve"), "0x00")
    with pytest.raises(DeployError, match=f"the deployment of chain {config.chain_id} is not what stands on the chain: reserve: the code at"):
        deploy(config, wallet, tmp_path)


def ahead_of_the_liquidity(node, wallet, base: int, quote: int):
    """Somebody adds to the pool DLQ/USD as soon as it is there."""
    compiled, outsider, created = compile_all(), Wallet(accounts.test_accounts[1], node), {}

    def run_ahead(number, step, done):
        created[step.key] = done.created
        if step.key == "pool DLQ/USD":
            pool = node.view(node.contract(step.to, compiled["Controller"].abi), "pools", 0)
            for token, amount in (("token DLQ", base), ("token USD", quote)):
                send(wallet, created[token], compiled["DLQ"].calldata("transfer", outsider.address, amount))
                send(outsider, created[token], compiled["DLQ"].calldata("approve", pool, amount))
            send(outsider, pool, compiled["Pool"].calldata("add", base, quote, 0, 2**256 - 1))

    return run_ahead


def test_who_adds_ahead_at_another_price_leaves_the_pool_to_be_finished_by_hand(node, wallet, config, tmp_path):
    """A pool's first price is its first provider's: the deployer's liquidity is not added at somebody else's."""
    told = "add first liquidity to DLQ/USD: would fail: pool: units below minimum .*--unfinished DLQ/USD deploys all the rest"
    with pytest.raises(DeployError, match=told):
        deploy(config, wallet, tmp_path, ahead_of_the_liquidity(node, wallet, 10**20, 10**7))
    with pytest.raises(ConfigError, match=told):
        deploy(config, wallet, tmp_path)
    with pytest.raises(ConfigError, match="there is no pool DLQ/GEM to be left unfinished"):
        deploy(config, wallet, tmp_path, unfinished=["DLQ/GEM"])
    deployment = deploy(config, wallet, tmp_path, unfinished=["DLQ/USD"])
    assert deployment.left_out == ["add DLQ/USD", "activate DLQ/USD", "dlq pool DLQ/USD"]
    assert deploy(config, wallet, tmp_path) == load(path_of(config.chain_id, tmp_path)) == deployment
    for act in (
        "donate --quote 40", "add --base 200000 --quote 100000", "activate --min-price 0.49 --max-price 0.51", "name-dlq-pool --quote USD",
    ):  # fmt: skip
        words = [*act.split(), "--pool", "DLQ/USD", "--account", "TEST::0", "--yes"]
        words += ["--network", f"ethereum:local:{node.url}", "--deployments", str(tmp_path)]
        done = CliRunner().invoke(act_command, words)
        assert done.exit_code == 0, done.output


def test_who_adds_ahead_at_the_same_price_leaves_more_units_to_the_deployer(node, wallet, config, tmp_path):
    deployment = deploy(config, wallet, tmp_path, ahead_of_the_liquidity(node, wallet, 2 * 10**22, 10**10))
    pool = node.contract(deployment.pool("DLQ/USD").address, compile_all()["Pool"].abi)
    units, *_ = node.view(pool, "position", wallet.address)
    assert units > first_units(2 * 10**23, 10**11) and deployment.left_out == []


def test_what_others_change_meanwhile_does_not_prevent_the_record(node, wallet, config, tmp_path):
    """The governor accepts at once, suspends a pool and takes its name away; and the deployer's units leave."""
    compiled, governor = compile_all(), Wallet(accounts.test_accounts[1], node)

    def accept(number, step, done):
        if step.key == "governor":
            pool = node.view(node.contract(step.to, compiled["Controller"].abi), "pools", 0)
            quote = node.view(node.contract(pool, compiled["Pool"].abi), "quote")
            node.request("evm_increaseTime", config.pools[0].parameters.lockup_seconds)
            send(wallet, pool, compiled["Pool"].calldata("exit", 10**16, 0, 0))
            send(governor, step.to, compiled["Controller"].calldata("accept_ownership"))
            send(governor, step.to, compiled["Controller"].calldata("set_status", pool, SUSPENDED, 0, 0))
            send(governor, step.to, compiled["Controller"].calldata("name_dlq_pool", quote, "0x" + "0" * 40))

    deployment = deploy(changed(config, governor=governor.address), wallet, tmp_path, accept)
    assert load(path_of(config.chain_id, tmp_path)) == deployment and deployment.governor == governor.address


def test_what_a_step_tells_is_compared(node, wallet, config, tmp_path):
    """A receipt of another liquidity, and of another transaction."""
    prepared = prepare(config, wallet, tmp_path)
    system = drive(plan(config, prepared.compiled, wallet.address, {}), lambda step: _take(step, wallet, prepared.journal, tmp_path / "x"))
    pools = config.plain()["pools"]
    pools[0]["liquidity"]["base"] = "200_001"
    other = ReadBack(changed(config, pools=pools), prepared.compiled, node, system, wallet.address).differences(fresh=True)
    assert len(other) == 1 and other[0].startswith("add DLQ/USD: units is 141421356237308504, and should be at least 1414217097")
    system.done["activate DLQ/USD"] = system.done["add DLQ/USD"]
    (found,) = ReadBack(config, prepared.compiled, node, system, wallet.address).differences(fresh=True)
    assert found.startswith("activate DLQ/USD: 0 events StatusSet in 0x")


def test_what_is_not_as_configured_is_not_recorded(node, wallet, config, tmp_path):
    """While the deployment is under way, the deployer gives the ownership away and the DLQ pool's name."""
    compiled = compile_all()["Controller"]

    def disturb(number, step, done):
        if step.key == f"dlq pool {config.dlq_pools[0]}":
            send(wallet, step.to, compiled.calldata("transfer_ownership", SOMEBODY))
            controllers.append(step.to)

    controllers: list[str] = []
    with pytest.raises(DeployError, match=f"controller: pending_owner is {SOMEBODY}, and should be 0x0000"):
        deploy(config, wallet, tmp_path, disturb)
    assert not path_of(config.chain_id, tmp_path).exists() and journals.path_of(config.chain_id, tmp_path).exists()
    # Put right, it is recorded without a further transaction of the deployment's.
    send(wallet, controllers[0], compiled.calldata("transfer_ownership", "0x" + "0" * 40))
    deploy(config, wallet, tmp_path)
    assert node.nonce(wallet.address) == TRANSACTIONS + 2


def send(wallet: Wallet, to: str, data: bytes) -> None:
    signed = wallet.sign(to, data, wallet.node.nonce(wallet.address))
    wallet.send(signed)
    assert wallet.wait([signed])["status"] == "0x1"
