"""Every pure function of the contracts' modules against the model's function of the same name.

The compiled `MathTwin` runs in process, so that each function meets thousands of arguments from all of the domain that its
module documents. What it answers, a revert's reason included, must be the very bytes that the model's answer encodes to.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyrevm import EVM, AccountInfo
from vyper.cli.vyper_compile import compile_files

from model import Revert, epoch_books, fixed_point, liquidity_math, oracle, protection_math, stake_math, swap_math, waterfall
from model.fixed_point import BPS, MAX, OVERFLOW, Q112, UINT256_MAX
from model.liquidity_math import MINIMUM_UNITS
from model.state import NO_REASON
from tests.differential.codec import revert_data

ROOT = Path(__file__).parents[2]
TWIN = ROOT / "contracts" / "mocks" / "MathTwin.vy"
# Modules without maths that the model has too: what they do is compared in programs.
OTHERS = ("token_moves", "pool_store", "backstop_store", "pool_parameters")
PRICE_MAX = 2**225 - 1
TEN_YEARS = 315_360_000
WEEK = 604_800
LATEST = 2**32 - 1

# Complete in itself: nothing is taken over from a profile that an environment variable may choose.
EXHAUSTIVE = settings(
    max_examples=500,
    derandomize=False,
    deadline=None,
    database=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


# -- the compiled side -----------------------------------------------------------------------------------------------


class Twin:
    """The contract's functions, by `module__function`."""

    CALLER = "0x" + "11" * 20
    ADDRESS = "0x" + "22" * 20

    def __init__(self):
        # Compiled here and now: a cache might not know that a module has changed.
        (compiled,) = compile_files([str(TWIN)], ["bytecode_runtime", "abi"], paths=[str(ROOT)]).values()
        self.evm = EVM(spec_id="PRAGUE")
        self.evm.insert_account_info(self.ADDRESS, AccountInfo(code=bytes.fromhex(compiled["bytecode_runtime"][2:])))
        self.selectors = {}
        for function in compiled["abi"]:
            types = ",".join(parameter["type"] for parameter in function["inputs"])
            self.selectors[function["name"]] = keccak(text=f"{function['name']}({types})")[:4]

    def answer(self, name: str, arguments: tuple[int, ...]) -> bytes:
        """Return data, or revert data."""
        data = self.selectors[name] + b"".join([argument.to_bytes(32, "big") for argument in arguments])
        try:
            return self.evm.message_call(self.CALLER, self.ADDRESS, data)
        except RuntimeError as error:
            reverted = re.fullmatch(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}", str(error))
            assert reverted, error
            return bytes.fromhex(reverted[1])


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin()


# -- arguments -------------------------------------------------------------------------------------------------------


def up_to(highest: int, lowest: int = 0) -> st.SearchStrategy[int]:
    """All sizes between two bounds alike, and the numbers that things break at."""
    powers = [2**bits + beside for bits in (8, 32, 64, 104, 111, 112, 128, 144, 224, 225, 255) for beside in (-1, 0, 1)]
    numbers = (lowest, lowest + 1, 2, 999, 1_000, 1_001, *powers, highest - 1, highest)
    edges = sorted({number for number in numbers if lowest <= number <= highest})
    cuts = st.integers(0, highest.bit_length() - 1)
    sized = st.builds(lambda number, cut: max(lowest, number >> cut), st.integers(0, highest), cuts)
    return st.one_of(st.sampled_from(edges), sized, sized)


AMOUNT = up_to(MAX)
POSITIVE = up_to(MAX, 1)
PRICE = up_to(PRICE_MAX, 1)
RATIO = st.one_of(st.sampled_from((0, 1, 9_999, BPS)), st.integers(0, BPS))
SECONDS = up_to(TEN_YEARS, 1)
WINDOW = up_to(WEEK, 1)
TIME = up_to(2**64)
BESIDE = up_to(LATEST)
VALUE = up_to(PRICE_MAX)
WITHDRAWABLE = up_to(MAX - MINIMUM_UNITS, 1)
WORD = up_to(UINT256_MAX)
DIVISOR = up_to(UINT256_MAX, 1)


THREE = st.integers(0, 2)


@st.composite
def within(draw, highest: int, lowest: int = 0) -> int:
    """As `up_to`, for bounds that are drawn themselves: a strategy of its own for each of them would be slow."""
    sort = draw(THREE)
    return (lowest, highest, lowest + draw(WORD) % (highest - lowest + 1))[sort]


@st.composite
def near(draw, target: int, highest: int, lowest: int = 0) -> int:
    """A number at most one from the target, within bounds: where a comparison turns."""
    return min(highest, max(lowest, target + draw(THREE) - 1))


@st.composite
def part_and_whole(draw, whole: st.SearchStrategy[int] = POSITIVE) -> tuple[int, int]:
    total = draw(whole)
    return draw(within(total)), total


@st.composite
def swaps(draw) -> tuple[int, int, int, int]:
    """dx, x, y, min_fee_bps; often of one size, where the two fees compete."""
    x = draw(POSITIVE)
    dx = draw(st.one_of(AMOUNT, within(x), near(x * draw(RATIO) // BPS, MAX)))
    return dx, x, draw(AMOUNT), draw(RATIO)


@st.composite
def swaps_done(draw) -> tuple[int, int, int, int]:
    dx, x, y, min_fee_bps = draw(swaps())
    return dx, x, y, swap_math.swap_output(dx, x, y, min_fee_bps)


@st.composite
def adds(draw) -> tuple[int, int, int, int, int]:
    reserve_base, reserve_quote = draw(POSITIVE), draw(POSITIVE)
    base = draw(AMOUNT)
    symmetrical = base * reserve_quote // reserve_base
    quote = draw(st.one_of(AMOUNT, near(symmetrical, MAX)))
    return base, quote, reserve_base, reserve_quote, draw(AMOUNT)


@st.composite
def shares_of_pools(draw) -> tuple[int, int, int, int]:
    """share_base, share_quote, reserve_base, reserve_quote: any, of which many overflow, or in the reserves' proportion."""
    reserve_base, reserve_quote = draw(POSITIVE), draw(POSITIVE)
    share_base = draw(AMOUNT)
    share_quote = draw(st.one_of(AMOUNT, near(share_base * reserve_quote // reserve_base, MAX)))
    return share_base, share_quote, reserve_base, reserve_quote


@st.composite
def holdings(draw) -> tuple[int, int, int, int]:
    """principal_base, principal_quote, base, quote: redeemed may be near what is protected, or far from it."""
    principal_base, principal_quote = draw(AMOUNT), draw(AMOUNT)
    base = draw(st.one_of(AMOUNT, near(principal_base, MAX), within(principal_base)))
    quote = draw(st.one_of(AMOUNT, near(principal_quote, MAX), within(principal_quote)))
    return principal_base, principal_quote, base, quote


@st.composite
def holdings_at_spot(draw) -> tuple[int, ...]:
    return *draw(holdings()), draw(POSITIVE), draw(AMOUNT)


@st.composite
def holdings_at_price(draw) -> tuple[int, ...]:
    return *draw(holdings()), draw(PRICE)


@st.composite
def entitlements(draw) -> tuple[int, ...]:
    """Coverage is what a price makes of the holdings, or any where a token is really short; without a loss it is 0."""
    held = draw(holdings())
    principal_base, principal_quote, base, quote = held
    full_protection_seconds = draw(SECONDS)
    age = draw(within(full_protection_seconds))
    coverage = 0
    if base < principal_base or quote < principal_quote:
        coverage = min(PRICE_MAX, protection_math.coverage_at_price(*held, draw(PRICE)))
        coverage = draw(st.one_of(st.just(coverage), VALUE))
    return *held, coverage, age, full_protection_seconds


@st.composite
def allowances(draw) -> tuple[int, int, int, int]:
    bailout = draw(st.booleans())
    units, withdrawable = draw(part_and_whole(WITHDRAWABLE))
    return draw(AMOUNT), units, withdrawable + MINIMUM_UNITS, bailout


@st.composite
def exchanges(draw) -> tuple[int, int, int, int, int]:
    """deficit, surplus, owed, short, allowance."""
    deficit, surplus, owed = draw(AMOUNT), draw(AMOUNT), draw(VALUE)
    short = draw(within(min(owed, MAX)))
    return deficit, surplus, owed, short, draw(st.one_of(AMOUNT, near(deficit, MAX), within(deficit)))


@st.composite
def slashes(draw) -> tuple[int, int, int]:
    """owed, price, allowance: often where what is needed is just allowed, or just passes 256 bits, or is just nothing."""
    price = draw(PRICE)
    owed = draw(st.one_of(VALUE, near(price << 144, PRICE_MAX), near(price >> 112, PRICE_MAX)))
    return owed, price, draw(st.one_of(AMOUNT, near(owed * Q112 // price, MAX)))


@st.composite
def quantities(draw) -> tuple[int, int]:
    """worth, price: often where the result just passes 256 bits."""
    price = draw(st.one_of(PRICE, DIVISOR))
    return draw(st.one_of(WORD, near(price << 144, UINT256_MAX))), price


@st.composite
def prices_in_time(draw) -> tuple[int, int, int, int]:
    """price, spot, elapsed, window: often where clipping begins, and where the window ends."""
    price, window = draw(PRICE), draw(WINDOW)
    spot = draw(st.one_of(PRICE, near(price // 2, PRICE_MAX, 1), near(2 * price, PRICE_MAX, 1)))
    return price, spot, draw(st.one_of(TIME, near(window, UINT256_MAX), within(window))), window


@st.composite
def deviations(draw) -> tuple[int, int, int]:
    """price, spot, max_deviation_bps: often at the very limit, above and below."""
    price, max_deviation_bps = draw(PRICE), draw(RATIO)
    limit = max_deviation_bps * price // BPS
    spot = draw(st.one_of(PRICE, near(price - limit, PRICE_MAX), near(price + limit, PRICE_MAX)))
    return price, spot, max_deviation_bps


@st.composite
def books(draw) -> tuple[int, int, int]:
    """requested, exited, added: often where what came makes up for what left."""
    requested, exited = draw(AMOUNT), draw(AMOUNT)
    return requested, exited, draw(st.one_of(AMOUNT, near(requested + exited, MAX)))


@st.composite
def books_at_the_threshold(draw) -> tuple[int, ...]:
    total_units, threshold_bps = draw(AMOUNT), draw(RATIO)
    limit = -(-threshold_bps * total_units // BPS)
    exited = draw(within(limit))
    at_the_limit = (draw(near(limit - exited, MAX)), exited, 0)
    return *draw(st.one_of(books(), st.just(at_the_limit))), total_units, threshold_bps


@st.composite
def stakes(draw) -> tuple[int, int]:
    """total_stake, total_shares: no shares without a stake."""
    total_shares = draw(AMOUNT)
    return draw(POSITIVE if total_shares else AMOUNT), total_shares


@st.composite
def new_stakes(draw) -> tuple[int, int, int]:
    return draw(AMOUNT), *draw(stakes())


@st.composite
def redemptions(draw) -> tuple[int, int, int]:
    shares, total_shares = draw(part_and_whole())
    return shares, draw(AMOUNT), total_shares


@st.composite
def portions(draw) -> tuple[int, int, int]:
    return draw(AMOUNT), *draw(part_and_whole())


@st.composite
def earnings(draw) -> tuple[int, int, int]:
    index_paid, index = draw(part_and_whole(DIVISOR))
    return draw(AMOUNT), index, index_paid


@st.composite
def diluted_stakes(draw) -> tuple[int, int]:
    """total_stake, total_shares: often at the limit of dilution."""
    total_stake = draw(AMOUNT)
    return total_stake, draw(st.one_of(AMOUNT, near(total_stake * stake_math.DILUTION_LIMIT, MAX)))


@st.composite
def parts_of_a_word(draw) -> tuple[int, int, int]:
    """first, second, beside: all of them fit, or one of them mostly does not."""
    parts = [draw(AMOUNT), draw(AMOUNT), draw(BESIDE)]
    if draw(st.booleans()):
        number = draw(THREE)
        room = MAX if number < 2 else LATEST
        parts[number] = draw(st.one_of(near(room, UINT256_MAX), WORD))
    return tuple(parts)


# -- the model's side ------------------------------------------------------------------------------------------------


def value(amount: int, price: int) -> int:
    return fixed_point.mul_div(amount, price, Q112)


def value_up(amount: int, price: int) -> int:
    return fixed_point.mul_div_up(amount, price, Q112)


def quantity(worth: int, price: int) -> int:
    """R16.3: more than 256 bits are more than any allowance, and so is the greatest number of 256 bits."""
    return min(worth * Q112 // price, UINT256_MAX)


def pack(first: int, second: int, beside: int) -> int:
    """The word that holds all three, each in its place; there is none where one does not fit."""
    if max(first, second) > MAX or beside > LATEST:
        raise Revert(NO_REASON)
    return first + second * 2**112 + beside * 2**224


def unpack(word: int) -> tuple[int, int, int]:
    beside, amounts = divmod(word, 2**224)
    return amounts % 2**112, amounts // 2**112, beside


@dataclass(frozen=True)
class Pair:
    """The model's function and the arguments for which it is defined."""

    function: Callable[..., Any]
    arguments: st.SearchStrategy[tuple[int, ...]]


PAIRS = {
    "swap_math__swap_output": Pair(swap_math.swap_output, swaps()),
    "swap_math__swap_fee": Pair(swap_math.swap_fee, swaps_done()),
    "swap_math__protocol_cut": Pair(swap_math.protocol_cut, st.tuples(AMOUNT, RATIO)),
    "liquidity_math__units_minted": Pair(liquidity_math.units_minted, adds()),
    "liquidity_math__redeemable": Pair(liquidity_math.redeemable, portions()),
    "liquidity_math__principal": Pair(liquidity_math.principal, shares_of_pools()),
    "liquidity_math__portion": Pair(liquidity_math.portion, portions()),
    "protection_math__coverage_at_spot": Pair(protection_math.coverage_at_spot, holdings_at_spot()),
    "protection_math__coverage_at_price": Pair(protection_math.coverage_at_price, holdings_at_price()),
    "protection_math__entitlement": Pair(protection_math.entitlement, entitlements()),
    "waterfall__allowance": Pair(waterfall.allowance, allowances()),
    "waterfall__in_kind": Pair(waterfall.in_kind, exchanges()),
    "waterfall__backstop": Pair(waterfall.backstop, slashes()),
    "oracle__spot_price": Pair(oracle.spot_price, st.tuples(POSITIVE, AMOUNT)),
    "oracle__advance": Pair(oracle.advance, prices_in_time()),
    "oracle__deviates": Pair(oracle.deviates, deviations()),
    "epoch_books__net_withdrawals": Pair(epoch_books.net_withdrawals, books()),
    "epoch_books__opens_in_bailout": Pair(epoch_books.opens_in_bailout, books_at_the_threshold()),
    "stake_math__shares_minted": Pair(stake_math.shares_minted, new_stakes()),
    "stake_math__redeemable": Pair(stake_math.redeemable, redemptions()),
    "stake_math__index_growth": Pair(stake_math.index_growth, st.tuples(AMOUNT, POSITIVE)),
    "stake_math__earned": Pair(stake_math.earned, earnings()),
    "stake_math__ends_generation": Pair(stake_math.ends_generation, diluted_stakes()),
    "fixed_point__value": Pair(value, st.tuples(WORD, WORD)),
    "fixed_point__value_up": Pair(value_up, st.tuples(WORD, WORD)),
    "fixed_point__quantity": Pair(quantity, quantities()),
    "packing__pack": Pair(pack, parts_of_a_word()),
    "packing__unpack": Pair(unpack, st.tuples(WORD)),
}


def words(answer: Any) -> bytes:
    """A number, a truth, or a row of them, as return data."""
    if isinstance(answer, int):
        return encode(["uint256"], [int(answer)])
    if isinstance(answer, protection_math.Entitlement):
        answer = [getattr(answer, name) for name in answer.__slots__]
    return b"".join(map(words, answer))


def expected(name: str, arguments: tuple[int, ...]) -> bytes:
    """What the model answers, as return or revert data."""
    try:
        return words(PAIRS[name].function(*arguments))
    except Revert as revert:
        return revert_data(revert.reason)


# -- the tests -------------------------------------------------------------------------------------------------------


def test_every_pure_function_is_compared(twin):
    written = set()
    for module in (ROOT / "contracts" / "modules").glob("*.vy"):
        if module.stem not in OTHERS:
            written |= {f"{module.stem}__{name}" for name in re.findall(r"^def _(\w+)\(", module.read_text(), re.MULTILINE)}
    assert set(PAIRS) == set(twin.selectors) == written


@pytest.mark.parametrize("name", PAIRS)
def test_contract_equals_model(twin, name):
    @EXHAUSTIVE
    @given(PAIRS[name].arguments)
    def equal(arguments):
        assert twin.answer(name, arguments).hex() == expected(name, arguments).hex()

    equal()


# bs*qs*B/Q is (2**112-1)**3 for base in the first case, for quote in the second; 2**255 * 2**113 / 2**112 is 2**256.
@pytest.mark.parametrize(
    "name, arguments",
    [
        ("liquidity_math__principal", (MAX, MAX, MAX, 1)),
        ("liquidity_math__principal", (MAX, MAX, 1, MAX)),
        ("fixed_point__value", (2**255, 2**113)),
        ("fixed_point__value", (UINT256_MAX, UINT256_MAX)),
        ("fixed_point__value_up", (2**255, 2**113)),
    ],
)
def test_what_does_not_fit_256_bits_reverts_with_its_reason(twin, name, arguments):
    assert twin.answer(name, arguments) == expected(name, arguments) == revert_data(OVERFLOW)


@pytest.mark.parametrize(
    "name, arguments, answer",
    [
        # 2**256 - 1 is the greatest quotient; its ceiling does not fit if anything is left over.
        ("fixed_point__value", (UINT256_MAX, Q112), UINT256_MAX),
        ("fixed_point__value_up", (UINT256_MAX, Q112), UINT256_MAX),
        # worth*2**112/price is 2**256 exactly, and one 2**112th less.
        ("fixed_point__quantity", (5 * 2**144, 5), UINT256_MAX),
        ("fixed_point__quantity", (5 * 2**144 - 1, 5), (5 * 2**144 - 1) * 2**112 // 5),
        # 2**225 * 2**112 / 1 is far more than any allowance: all of it is slashed, worth 7/2**112 of a quote.
        ("waterfall__backstop", (PRICE_MAX, 1, 7), (7, PRICE_MAX)),
    ],
)
def test_what_just_fits_does_not_revert(twin, name, arguments, answer):
    assert twin.answer(name, arguments) == expected(name, arguments) == words(answer)


@pytest.mark.parametrize("parts", [(MAX + 1, 0, 0), (0, MAX + 1, 0), (0, 0, LATEST + 1), (UINT256_MAX,) * 3])
def test_what_does_not_fit_its_place_in_a_word_is_refused(twin, parts):
    assert twin.answer("packing__pack", parts) == expected("packing__pack", parts) == b""


def test_what_just_fits_its_place_in_a_word_comes_out_again(twin):
    assert twin.answer("packing__pack", (MAX, 0, LATEST)) == words(UINT256_MAX - MAX * 2**112)
    for parts in ((MAX, MAX, LATEST), (MAX, 0, 0), (0, MAX, 0), (0, 0, LATEST)):
        word = int.from_bytes(twin.answer("packing__pack", parts), "big")
        assert twin.answer("packing__unpack", (word,)) == words(parts)


def test_isqrt_is_exact(twin):
    @EXHAUSTIVE
    @given(st.one_of(WORD, up_to(2**128 - 1).flatmap(lambda root: near(root * root, UINT256_MAX))))
    def equal(square):
        # The first add of a pool is the root of a product (R5); one of the factors may be 1.
        assert twin.answer("liquidity_math__units_minted", (square, 1, 0, 0, 0)) == words(isqrt(square))

    equal()
