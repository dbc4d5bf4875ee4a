"""The world in which both sides are compared: who there is, what they hold, and what happened before the first drawn call.

Everything is named by the model's ids; `Directory` (codec.py) knows the addresses behind them. `prologue` is an ordinary
program: it is run, compared and then kept on whatever backend the examples start from.
"""

from model import Operation, Parameters, State, SystemParameters, deploy
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE, Token

DAY = 86_400
START = 2_000_000_000  # when the first drawn call may happen: half past three in an epoch of a day
BEGINNING = START - 200 * DAY  # when the contracts are deployed
UNLIMITED = 2**256 - 1
SUPPLY = 2**112 - 1

GOVERNOR = "governor"
CALLER = "USDC"  # a token that has tokens, units and stake of its own: what it calls in the middle of a transfer, it can pay for
PROVIDERS = ("provider-1", "provider-2", "provider-3", CALLER)
STAKERS = ("staker-1", "staker-2", "provider-1", CALLER)
ACTORS = (GOVERNOR, "provider-1", "provider-2", "provider-3", "staker-1", "staker-2", "trader", "outsider")

DLQ = "DLQ"
DECIMALS = {DLQ: 18, "ABC": 24, "PQR": 8, "AVAX": 18, "USDC": 6, "NIL": 0, "CENT": 2}
TOKENS = tuple(DECIMALS)
AWKWARD = TOKENS[1:]  # what can be made to misbehave: all but the protocol's own
MAX_POOLS = 11  # what the Inspector has room for
MAX_ACCOUNTS = 4
MAX_HOLDERS = 23
POOLS = tuple(f"pool-{number}" for number in range(MAX_POOLS))
HOLDERS = (*ACTORS, CONTROLLER, RESERVE, BACKSTOP, CALLER)
OWNERS = (*ACTORS, *AWKWARD)  # who may have approved somebody
SPENDERS = (*POOLS, BACKSTOP, *ACTORS)

SYSTEM = SystemParameters()

Program = list[tuple[int, Operation]]


def genesis() -> State:
    """The model's state right after deployment: the governor holds all of every token."""
    tokens = {
        name: Token(decimals=decimals, balances={GOVERNOR: SUPPLY}, allowances={}) for name, decimals in DECIMALS.items()
    }
    return deploy(GOVERNOR, DLQ, tokens, SYSTEM)


def prologue() -> Program:
    """Ten pools with positions 100, 49 and 10 days old, prices that have moved since, a thin Reserve, and stakes."""
    program: Program = []

    def call(days: float, sender: str, target: str, name: str, **arguments) -> None:
        # A second apart: kept as transactions, each call is a block of its own.
        program.append((START + round(days * DAY) + len(program), Operation(name, target, sender, arguments)))

    def whole(token: str, amount: float) -> int:
        return int(amount * 10 ** DECIMALS[token])

    def caller_calls(days: float, target: str, name: str, **arguments) -> None:
        """A call by the CALLER: what it is made to call in the middle of its next transfer."""
        made = Operation(name, target, CALLER, arguments)
        call(days, GOVERNOR, CALLER, "token.arm", calls=made, before=False, bubbles=True)
        call(days, GOVERNOR, CALLER, "token.transfer", to="outsider", amount=1)

    # Tokens for everybody, and consent to every pool there may ever be. Of CENT there is all that a contract can count.
    for token in TOKENS:
        for actor in (*ACTORS[1:], CALLER):
            amount = SUPPLY // 10 if token == "CENT" else whole(token, 5_000_000)
            call(-102, GOVERNOR, token, "token.transfer", to=actor, amount=amount)
        for actor in ACTORS:
            for spender in (*POOLS, BACKSTOP):
                call(-102, actor, token, "token.approve", spender=spender, amount=UNLIMITED)

    # Pools: the DLQ pools first, then the seed's tokens; pool-6 stays PENDING, pool-7 and pool-9 are of few large coins and very many small
    # ones, and pool-8 so small that one unit more or less is seen.
    pairs = [
        ((DLQ, "USDC"), (200_000, 100_000), Parameters()),
        (("ABC", "USDC"), (1_000_000, 100_000), Parameters()),
        (("PQR", "USDC"), (20_000, 200_000), Parameters(min_fee_bps=0, protocol_fee_bps=0, bailout_threshold_bps=500)),
        (("AVAX", "USDC"), (5_000, 100_000), Parameters(full_protection_seconds=50 * DAY, protocol_fee_bps=5_000)),
        (("ABC", "AVAX"), (100_000, 500), Parameters(staker_share_bps=10_000, confirmation_seconds=0, max_deviation_bps=1_000)),
        ((DLQ, "AVAX"), (1_000, 25), Parameters(staker_share_bps=0, full_protection_seconds=0)),
        (("PQR", "AVAX"), (1_000, 500), Parameters(oracle_window_seconds=60, lockup_seconds=2 * DAY)),
        (("PQR", "CENT"), (5e-7, SUPPLY // 2_000), Parameters(oracle_window_seconds=60, max_deviation_bps=1_000)),
        ((DLQ, "CENT"), (3e-15, 400), Parameters(bailout_threshold_bps=1, max_deviation_bps=1_000, min_fee_bps=0)),
        (("CENT", "NIL"), (SUPPLY // 2_500, 50), Parameters(oracle_window_seconds=60, max_deviation_bps=1_000)),
    ]
    for number, ((base, quote), (amount_base, amount_quote), parameters) in enumerate(pairs):
        call(-101, GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote=quote, parameters=parameters)
        call(
            -101, "provider-1", f"pool-{number}", "pool.add",
            base=whole(base, amount_base), quote=whole(quote, amount_quote), min_units=0, deadline=UNLIMITED,
        )  # fmt: skip
    for number in (0, 1, 2, 3, 4, 5, 7, 8, 9):
        call(-100, GOVERNOR, CONTROLLER, "controller.set_status", pool=f"pool-{number}", status=ACTIVE, min_price=0, max_price=UNLIMITED)
        call(-100, "provider-1", f"pool-{number}", "pool.begin_protection")
    call(-100, GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="USDC", pool="pool-0")
    call(-100, GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="AVAX", pool="pool-5")
    call(-100, GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="CENT", pool="pool-8")

    # The CALLER's own, when enough can be struck again: units of two pools and stake to them, all there is of it to one, and consent to all
    # that it may want to pay with.
    for number, (tokens, _, _) in enumerate(pairs):
        for token in tokens:
            caller_calls(-98, token, "token.approve", spender=f"pool-{number}", amount=UNLIMITED)
    caller_calls(-98, DLQ, "token.approve", spender=BACKSTOP, amount=UNLIMITED)
    caller_calls(-98, "pool-3", "pool.add", base=whole("AVAX", 500), quote=whole("USDC", 10_000), min_units=0, deadline=UNLIMITED)
    caller_calls(-98, "pool-2", "pool.add", base=whole("PQR", 2_000), quote=whole("USDC", 20_000), min_units=0, deadline=UNLIMITED)
    caller_calls(-98, BACKSTOP, "backstop.stake", pool="pool-3", amount=whole(DLQ, 100))
    caller_calls(-98, BACKSTOP, "backstop.stake", pool="pool-2", amount=whole(DLQ, 100_000))

    def sell(days: float, number: int, token: str, amount: float, slices: int) -> None:
        """In slices: the fee of one large swap would pay for the loss."""
        for _ in range(slices):
            call(
                days, "trader", f"pool-{number}", "pool.swap",
                token_in=token, amount_in=whole(token, amount), min_amount_out=0, recipient="trader", deadline=UNLIMITED,
            )  # fmt: skip

    def provide(days: float, provider: str, base_part: float, quote_part: float) -> None:
        for number in (0, 1, 2, 3, 8):
            (base, quote), (amount_base, amount_quote), _ = pairs[number]
            call(
                days, provider, f"pool-{number}", "pool.add",
                base=whole(base, amount_base * base_part), quote=whole(quote, amount_quote * quote_part),
                min_units=0, deadline=UNLIMITED,
            )  # fmt: skip

    # Younger positions: 49 days symmetrical, 10 days one-sided. pool-4 stays provider-1's alone, so that one withdrawal can take all of it.
    # In between, one of pool-0 is topped up at another price, to be short of both tokens when the price is half-way back.
    provide(-49, "provider-2", 0.5, 0.5)
    sell(-30, 0, "USDC", 10_000, slices=20)
    sell(-28, 0, "USDC", 1, slices=1)
    sell(-26, 0, "USDC", 1, slices=1)
    call(-20, "provider-2", "pool-0", "pool.add", base=whole(DLQ, 50_000), quote=whole("USDC", 90_000), min_units=0, deadline=UNLIMITED)
    provide(-10, "provider-3", 0, 0.25)

    # In these two a lot of the few large coins alone, at the old price: provider-3's principal is all but the most that there
    # can be of the small ones. It takes the oracle eleven touches to follow.
    call(-10, "provider-3", "pool-7", "pool.add", base=80_050, quote=0, min_units=0, deadline=UNLIMITED)
    call(-10, "provider-3", "pool-9", "pool.add", base=0, quote=125_000, min_units=0, deadline=UNLIMITED)
    for touch in range(12):
        call(-9 + touch / 100, "provider-1", "pool-7", "pool.donate", base=0, quote=1)
        call(-9 + touch / 100, "provider-1", "pool-9", "pool.donate", base=1, quote=0)

    # The market moves: half of the pools up, half of them down.
    sell(-2, 0, DLQ, 4_000, slices=20)
    for number, token, amount in ((1, "USDC", 10_000), (2, "PQR", 1_500), (3, "USDC", 9_000), (4, "ABC", 6_000), (8, DLQ, 3e-16)):
        sell(-2, number, token, amount, slices=10)

    # A Reserve that can pay some claims but not all, and stakes that can pay some of the rest.
    for token, amount in (("ABC", 50_000), ("PQR", 300), ("AVAX", 60), ("USDC", 4_000), (DLQ, 7e-18), ("CENT", 0.3)):
        call(-1.5, GOVERNOR, token, "token.transfer", to=RESERVE, amount=whole(token, amount))
        call(-1.5, "outsider", RESERVE, "reserve.absorb", token=token)
    for pool, staker, amount in (
        ("pool-0", "staker-2", 2_000), ("pool-1", "staker-1", 5_000), ("pool-1", "staker-2", 2_500),
        ("pool-3", "staker-2", 300), ("pool-3", "provider-1", 30), ("pool-4", "staker-1", 20), ("pool-4", "staker-2", 5),
        ("pool-7", "staker-1", 2e-18), ("pool-8", "staker-1", 3e-17), ("pool-8", "staker-2", 2e-17),
    ):  # fmt: skip
        call(-1.5, staker, BACKSTOP, "backstop.stake", pool=pool, amount=whole(DLQ, amount))
    return program
