"""Who is who on the chain: the contracts of a deployment, its tokens, and everybody else, by the ids that the model gives them.

Contracts have the model's names, a pool the number of its creation. Tokens and accounts are called by their addresses, in lower case.
"""

from eth_utils import to_checksum_address

from deploy.record import Deployment
from model.controller import MAX_POOLS
from model.state import BACKSTOP, CONTROLLER, RESERVE, ZERO
from tests.differential.addresses import FIRST_POOL_NONCE, created_address


class System:
    """The addresses of a deployment; those of all pools that there can ever be are known, since the Controller creates them."""

    def __init__(self, deployment: Deployment):
        self.deployment = deployment
        self.dlq = deployment.address("dlq").lower()
        self.controller = deployment.address(CONTROLLER).lower()
        contracts = {name: deployment.address(name).lower() for name in (CONTROLLER, RESERVE, BACKSTOP)}
        creator = bytes.fromhex(self.controller[2:])
        created = [created_address(creator, FIRST_POOL_NONCE + number) for number in range(MAX_POOLS)]
        self.pools = {f"pool-{number}": "0x" + address.hex() for number, address in enumerate(created)}
        self.addresses = {ZERO: "0x" + "00" * 20, **contracts, **self.pools}
        self.ids = {address: name for name, address in self.addresses.items()}
        self.holders = (*contracts, *self.pools)  # whose tokens the rules are about
        self.holders_set = frozenset(self.holders)
        self.addresses_of_holders = [self.addresses[name] for name in self.holders]
        self._symbols = {token.address.lower(): token.symbol for token in deployment.tokens} | {self.dlq: "DLQ"}
        self._names = {pool.address.lower(): pool.name for pool in deployment.pools}

    def id(self, address: str) -> str:
        """The id of an address in lower case."""
        return self.ids.get(address, address)

    def address(self, identity: str) -> str:
        """The address behind an id."""
        return self.addresses.get(identity, identity)

    def learn_symbol(self, token: str, symbol: str) -> None:
        """How to call a token that was listed since."""
        self._symbols.setdefault(token, symbol)

    def told(self, value: object) -> object:
        """A value for people: symbols for tokens, checksummed addresses for accounts; anything else as it is."""
        if not isinstance(value, str):
            return value
        if value in self._symbols:
            return self._symbols[value]
        if value in self.pools and self.pools[value] in self._names:
            return f"{value} ({self._names[self.pools[value]]})"
        is_address = value.startswith("0x") and len(value) == 42
        return to_checksum_address(value) if is_address else value
