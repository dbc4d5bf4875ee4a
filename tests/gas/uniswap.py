"""Uniswap v2 as its authors have published it: the code in the npm packages, without a change."""

import json
from pathlib import Path

from eth_abi import encode

from tests.differential.environment import SetupError
from tests.gas.chains import DEPLOYER, Chain, Contract

PACKAGES = Path(__file__).parents[2] / "node_modules" / "@uniswap"


def build(package: str, name: str) -> tuple[list[dict], bytes]:
    """The interface and the deployment code of a contract of a package."""
    path = PACKAGES / package / "build" / f"{name}.json"
    if not path.is_file():
        raise SetupError(f"@uniswap/{package} is not installed: run `make setup`")
    built = json.loads(path.read_text())
    return built["abi"], bytes.fromhex(built["bytecode"].removeprefix("0x"))


def deploy(chain: Chain, base: Contract, quote: Contract) -> tuple[Contract, Contract]:
    """The router and the pair of two tokens. (Nothing here goes through the wrapped coin: any address stands for it.)"""
    abi, code = build("v2-core", "UniswapV2Factory")
    factory = Contract(chain.deploy(code + encode(["address"], [DEPLOYER])), abi)
    abi, code = build("v2-periphery", "UniswapV2Router02")
    router = Contract(chain.deploy(code + encode(["address", "address"], [factory.address, base.address])), abi)
    chain.run([(DEPLOYER, factory("createPair", base, quote))])
    (pair,) = chain.read(factory("getPair", base, quote))
    return router, Contract(pair, build("v2-core", "UniswapV2Pair")[0])
