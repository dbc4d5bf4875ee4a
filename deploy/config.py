"""What is to be deployed, as a YAML file says it: every key named, every amount exact, everything in bounds.

Amounts and prices are decimal numbers of whole tokens, times are seconds or `90s`, `15m`, `24h`, `100d`. No value passes through
binary floats: YAML's scalars are taken as the text they are.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic.json_schema import WithJsonSchema
from yaml import YAMLError

from deploy.problem import Problem
from deploy.record import Address
from model.controller import MAX_POOLS
from model.fixed_point import MAX, Q112
from model.parameters import Parameters, SystemParameters, pool_bounds, system_bounds

DLQ = "DLQ"
DLQ_DECIMALS = 18
MAX_DECIMALS = 24
MAX_DIGITS = 100
MAX_DEPTH = 50  # of a YAML file
SYMBOL = "^[A-Za-z0-9.]{1,5}$"
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
THERE, NEW = "there already", "new"  # the forms of a token


class ConfigError(Problem):
    """The configuration cannot be deployed; the message says why in one line."""


def _whole(text: Any) -> int:
    if not re.fullmatch(r"[0-9][0-9_]*", str(text)):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _seconds(text: Any) -> int:
    match = re.fullmatch(r"([0-9][0-9_]*)([smhd]?)", str(text))
    if match is None:
        raise ValueError(f"{text!r} is not a time: whole seconds, or as in 90s, 15m, 24h, 100d")
    return int(match[1]) * SECONDS[match[2] or "s"]


def exact_decimal(text: Any) -> Decimal:
    try:
        number = Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a decimal number") from error
    if not number.is_finite() or number < 0:
        raise ValueError(f"{text!r} is not a finite number from 0")
    # Beyond any amount or price: nobody's arithmetic is kept busy by the zeros.
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.as_tuple().exponent) > MAX_DIGITS:
        raise ValueError(f"{str(text)[:30]!r} has more than {MAX_DIGITS} digits")
    return number


def _not_nobody(address: str) -> str:
    if int(address, 16) == 0:
        raise ValueError("nobody has this address")
    return address


_NUMBER = WithJsonSchema({"type": ["integer", "number", "string"]})
Whole = Annotated[int, BeforeValidator(_whole), _NUMBER]
Seconds = Annotated[int, BeforeValidator(_seconds), WithJsonSchema({"type": ["integer", "string"], "pattern": "^[0-9_]+[smhd]?$"})]
Price = Annotated[Decimal, BeforeValidator(exact_decimal), _NUMBER]
Amount = Annotated[Price, Field(gt=0)]
Name = Annotated[str, Field(min_length=1, max_length=25)]
Symbol = Annotated[str, Field(pattern=SYMBOL)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThereAlready(_Part):
    """A token that has a contract on this chain."""

    address: Address


class NewDlq(_Part):
    """DLQ, deployed with all of its supply in the deployer's hands."""

    supply: Amount


class TestToken(_Part):
    """An ERC-20 of no worth, for networks of no worth: all of its supply is the deployer's."""

    __test__ = False  # not a class of tests

    name: Name
    decimals: Annotated[Whole, Field(le=MAX_DECIMALS)]
    supply: Amount


def _form(token: Any) -> str:
    """Which of its two forms a token is given in."""
    there = "address" in token if isinstance(token, dict) else isinstance(token, ThereAlready)
    return THERE if there else NEW


Dlq = Annotated[Annotated[ThereAlready, Tag(THERE)] | Annotated[NewDlq, Tag(NEW)], Discriminator(_form)]
Token = Annotated[Annotated[ThereAlready, Tag(THERE)] | Annotated[TestToken, Tag(NEW)], Discriminator(_form)]


class Periods(_Part):
    """The system's parameters (section 6 of docs/protocol.md), fixed for ever."""

    epoch_seconds: Seconds
    unstake_seconds: Seconds
    hold_seconds: Seconds
    unstake_window_seconds: Seconds

    @model_validator(mode="after")
    def in_bounds(self) -> Self:
        return _within(self, system_bounds(self.epoch_seconds))


class PoolParameters(_Part):
    """A pool's parameters (section 6 of docs/protocol.md), fixed for ever."""

    full_protection_seconds: Seconds
    bailout_threshold_bps: Whole
    lockup_seconds: Seconds
    confirmation_seconds: Seconds
    oracle_window_seconds: Seconds
    max_deviation_bps: Whole
    min_fee_bps: Whole
    protocol_fee_bps: Whole
    staker_share_bps: Whole


class Liquidity(_Part):
    """What the deployer adds first; it sets the price."""

    base: Amount
    quote: Amount


class PriceBounds(_Part):
    """The spot prices, quote per base, between which the pool may become ACTIVE (R1)."""

    min_price: Price
    max_price: Price


class NewPool(_Part):
    """One pool. Without `activate` it stays PENDING, without `liquidity` it cannot be activated."""

    base: str
    quote: str
    parameters: PoolParameters
    liquidity: Liquidity | None = None
    activate: PriceBounds | None = None

    @property
    def name(self) -> str:
        return f"{self.base}/{self.quote}"


class Config(_Part):
    """All of it. `tokens` are by the symbols that the pools name; DLQ is one of them."""

    chain_id: Annotated[Whole, Field(gt=0)]
    confirmations: Annotated[Whole, Field(le=1_000)] = 1
    governor: Annotated[Address, AfterValidator(_not_nobody)] | None = None
    dlq: Dlq
    tokens: dict[Symbol, Token]
    periods: Periods
    pools: Annotated[list[NewPool], Field(max_length=MAX_POOLS)]
    dlq_pools: list[str] = []

    @model_validator(mode="after")
    def hangs_together(self) -> Self:
        if DLQ in self.tokens:
            raise ValueError("tokens.DLQ: DLQ has a key of its own, dlq")
        for number, pool in enumerate(self.pools):
            self._check_pool(f"pools.{number}", pool, self.pools[:number])
        quotes = []
        for name in self.dlq_pools:
            found = [pool for pool in self.pools if pool.name == name]
            if not found:
                raise ValueError(f"dlq_pools: there is no pool {name}")
            if found[0].base != DLQ:
                raise ValueError(f"dlq_pools: the base of {name} is not DLQ")
            quotes.append(found[0].quote)
        if len(set(quotes)) < len(quotes):
            raise ValueError("dlq_pools: one pool for each quote token")
        for symbol, token in {DLQ: self.dlq, **self.tokens}.items():
            if isinstance(token, NewDlq | TestToken):
                base_units(token.supply, getattr(token, "decimals", DLQ_DECIMALS), f"the supply of {symbol}")
        return self

    def _check_pool(self, place: str, pool: NewPool, before: list[NewPool]) -> None:
        for symbol in (pool.base, pool.quote):
            if symbol != DLQ and symbol not in self.tokens:
                raise ValueError(f"{place}: there is no token {symbol}")
        if pool.base == pool.quote:
            raise ValueError(f"{place}: base and quote are the same token")
        if {pool.base, pool.quote} in [{other.base, other.quote} for other in before]:
            raise ValueError(f"{place}: there is a pool of {pool.base} and {pool.quote} already")
        try:
            _within(pool.parameters, pool_bounds(self.periods.epoch_seconds))
        except ValueError as error:
            raise ValueError(f"{place}.parameters: {error}") from error
        if pool.activate and not pool.liquidity:
            raise ValueError(f"{place}: a pool needs liquidity before it can be activated")
        if pool.activate and pool.activate.min_price > pool.activate.max_price:
            raise ValueError(f"{place}.activate: min_price is above max_price")

    def system(self) -> SystemParameters:
        return SystemParameters(**self.periods.model_dump())

    def plain(self) -> dict[str, Any]:
        """As JSON has it: what the file says, with its defaults."""
        return self.model_dump(mode="json")


def parameters_of(pool: NewPool) -> Parameters:
    return Parameters(**pool.parameters.model_dump())


def base_units(amount: Decimal, decimals: int, what: str) -> int:
    """Whole tokens as the contracts count them, exactly.

    Raises
    ------
    ValueError
        If the amount is finer than the token's decimals, or more than the contracts can count.
    """
    # Not `amount * 10**decimals`: that rounds to the precision of a context.
    digits, exponent = int("".join(map(str, amount.as_tuple().digits))), amount.as_tuple().exponent + decimals
    if exponent < 0 and digits % 10**-exponent:
        raise ValueError(f"{what}: {amount} has more than the token's {decimals} decimals")
    # Whatever is that large is too large, and need not be written out.
    units = MAX + 1 if digits and exponent > 40 else digits * 10**exponent if exponent >= 0 else digits // 10**-exponent
    if units > MAX:
        raise ValueError(f"{what}: {amount} is more than 2**112 - 1 base units")
    return units


def stored_price(price: Decimal, decimals_base: int, decimals_quote: int, *, up: bool) -> int:
    """A price of whole tokens as the contracts store it: quote base units per base base unit, times 2**112."""
    numerator, denominator = price.as_integer_ratio()
    numerator, denominator = numerator * Q112 * 10**decimals_quote, denominator * 10**decimals_base
    return min(-(-numerator // denominator) if up else numerator // denominator, 2**256 - 1)


def _within(parameters: Any, bounds: dict[str, tuple[int, int]]) -> Any:
    for name, (lowest, highest) in bounds.items():
        value = getattr(parameters, name)
        if not lowest <= value <= highest:
            raise ValueError(f"{name}: {value} is not from {lowest} to {highest}")
    return parameters


class _Text(yaml.SafeLoader):
    """YAML of which every scalar is text, no key is there twice, and nothing is nested without end."""

    yaml_implicit_resolvers = {"<": [("tag:yaml.org,2002:merge", re.compile("^(?:<<)$"))]}

    depth = 0

    def compose_node(self, parent, index):
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, "it is nested too deeply", self.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _loaded(text: str) -> Any:
    try:
        return yaml.load(text, _Text)
    except (ValueError, AttributeError, LookupError, TypeError) as error:
        # PyYAML's own constructors, of scalars that are tagged as something they are not.
        raise YAMLError(f"a value is not what its tag says: {error}") from error


def read_config(path: Path) -> Config:
    """Read and check a configuration.

    Raises
    ------
    ConfigError
        With what is wrong with it first.
    """
    try:
        return Config.model_validate(_loaded(path.read_text()))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not a text") from error
    except YAMLError as error:
        raise ConfigError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    """The first thing wrong, by its place in the file, and how many more there are."""
    found = error.errors()
    first = _told(found[0])
    return first if len(found) == 1 else f"{first} (and {len(found) - 1} more)"


def _told(error: dict[str, Any]) -> str:
    tell: dict[str, Callable[[], str]] = {
        "missing": lambda: "missing",
        "extra_forbidden": lambda: "unknown key",
        "value_error": lambda: str(error["ctx"]["error"]),
    }
    message = tell.get(error["type"], lambda: error["msg"])()
    place = ".".join(str(part) for part in error["loc"] if part not in (THERE, NEW))
    return f"{place}: {message}" if place else message


def schema() -> dict[str, Any]:
    """JSON schema of a configuration, for editors: as in deploy/schema.json."""
    return Config.model_json_schema()
