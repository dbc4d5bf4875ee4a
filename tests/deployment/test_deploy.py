"""What is deployed is what was configured, and is recorded; whatever broke off is gone on with; what was tampered with is found."""

import json


from deploy.compiled import compile_all
from deploy.deployer import deploy
from deploy.record import load, path_of


def test_a_deployment_is_read_back_and_recorded(fresh, wallet, config, tmp_path):
    told = []
    deployment = deploy(config, wallet, tmp_path, lambda number, step, done: told.append(step.key))
    assert load(path_of(config.chain_id, tmp_path)) == deployment
    assert [transaction.what for transaction in deployment.transactions] == told
    assert fresh.nonce(wallet.address) == len(told) == 14
    compiled = compile_all()
    for role, contract in deployment.contracts.items():
        assert len(fresh.code(contract.address)) > 0, role
        name = contract.contract
        assert json.loads((tmp_path / f"{config.chain_id}.verification" / f"{name}.json").read_text()) == compiled[name].standard_json
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{config.chain_id}.json", f"{config.chain_id}.verification"]
