"""From what stands on the chain to its record, and back; and what a block explorer needs to verify the sources."""

from hashlib import sha256
from typing import Any

from deploy.compiled import COMPILER, LENS, TEST_TOKEN, Compiled, sources
from deploy.config import DLQ, DLQ_DECIMALS, Config, TestToken, ThereAlready, base_units
from deploy.plan import BLUEPRINTS, Done, System, Token, controller_arguments
from deploy.record import CreatedPool, DeployedContract, Deployment, ListedToken, MinedTransaction
from deploy.wallet import Wallet
from model.state import BACKSTOP, CONTROLLER, RESERVE
from tests.differential.codec import fields_of


def recorded(config: Config, compiled: dict[str, Compiled], wallet: Wallet, system: System) -> Deployment:
    """All that there is to know of a deployment that has been read back."""
    done = list(system.done.values())
    return Deployment(
        chain_id=config.chain_id,
        network=":".join(wallet.node.name.split(":")[:2]),
        deployer=wallet.address,
        governor=config.governor or wallet.address,
        first_block=min(each.block for each in done),
        last_block=max(each.block for each in done),
        compiler=COMPILER,
        sources=sources(compiled),
        config=config.plain(),
        periods=config.periods.model_dump(),
        contracts=_contracts(config, compiled, wallet, system),
        tokens=[_token(symbol, token, system) for symbol, token in system.tokens.items()],
        pools=_pools(config, wallet, system),
        transactions=[
            MinedTransaction(hash=each.transaction, block=each.block, what=key, gas_used=each.gas_used) for key, each in system.done.items()
        ],
        left_out=system.left_out,
    )


def _contracts(config: Config, compiled: dict[str, Compiled], wallet: Wallet, system: System) -> dict[str, DeployedContract]:
    at, system_parameters = system.contracts, fields_of(config.system())
    controller, blueprints = system.done["controller"], [f"{name.lower()}_blueprint" for name in BLUEPRINTS]
    rows: dict[str, tuple[str, Done | None, tuple]] = {
        role: (name, system.done[f"blueprint {name}"], ()) for role, name in zip(blueprints, BLUEPRINTS)
    }
    rows |= {
        CONTROLLER: ("Controller", controller, controller_arguments(config, system)),
        # The Controller's constructor has created these two.
        RESERVE: ("Reserve", controller, (at[CONTROLLER],)),
        BACKSTOP: ("Backstop", controller, (at[CONTROLLER], at[RESERVE], at["dlq"], *system_parameters[1:])),
    }
    rows["lens"] = (LENS, system.done["lens"], ())
    supply = None if isinstance(config.dlq, ThereAlready) else base_units(config.dlq.supply, DLQ_DECIMALS, DLQ)
    rows["dlq"] = (DLQ, system.done.get(f"token {DLQ}"), () if supply is None else (supply,))
    contracts = {}
    for role, (name, done, arguments) in rows.items():
        encoded = compiled[name].constructor_arguments(*arguments) if arguments else b""
        contracts[role] = DeployedContract(
            contract=name,
            address=at[role],
            block=done.block if done else None,
            transaction=done.transaction if done else None,
            arguments="0x" + encoded.hex(),
            runtime_sha256=_digest(wallet, at[role]),
        )
    return contracts


def _token(symbol: str, token: Token, system: System) -> ListedToken:
    done = system.done.get(f"token {symbol}")
    return ListedToken(
        address=token.address,
        symbol=symbol,
        decimals=token.decimals,
        contract=None if done is None else DLQ if symbol == DLQ else TEST_TOKEN,
        block=done.block if done else None,
        transaction=done.transaction if done else None,
    )


def _pools(config: Config, wallet: Wallet, system: System) -> list[CreatedPool]:
    return [
        CreatedPool(
            name=pool.name,
            address=system.pools[pool.name],
            base=system.tokens[pool.base].address,
            quote=system.tokens[pool.quote].address,
            block=system.done[f"pool {pool.name}"].block,
            transaction=system.done[f"pool {pool.name}"].transaction,
            parameters=pool.parameters.model_dump(),
            runtime_sha256=_digest(wallet, system.pools[pool.name]),
        )
        for pool in config.pools
    ]


def _digest(wallet: Wallet, address: str) -> str:
    return sha256(wallet.node.code(address)).hexdigest()


def system_of(deployment: Deployment) -> System:
    """What stands, as a record tells it."""
    tokens = {
        token.symbol: Token(token.address, token.symbol, token.decimals, is_new=token.contract is not None) for token in deployment.tokens
    }
    contracts = {role: contract.address for role, contract in deployment.contracts.items()}
    return System(tokens, contracts, {pool.name: pool.address for pool in deployment.pools})


def verification(config: Config, compiled: dict[str, Compiled]) -> dict[str, dict[str, Any]]:
    """By contract, the compiler's standard JSON input of all that was deployed."""
    unused = set() if any(isinstance(token, TestToken) for token in config.tokens.values()) else {TEST_TOKEN}
    unused |= {DLQ} if isinstance(config.dlq, ThereAlready) else set()
    return {name: contract.standard_json for name, contract in compiled.items() if name not in unused}
