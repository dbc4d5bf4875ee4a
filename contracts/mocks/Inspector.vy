# pragma version ~=0.4.3
"""
@title Reads the whole stored state of a system in one call
@license MIT
@notice For tests: what the differential engine compares after every call. All structs are static, so that
        the answer is plain words in the order declared here.
"""

interface IPool:
    def state() -> PoolState: view
    def position(provider: address) -> Position: view
    def request(provider: address) -> Request: view
    def deposit(provider: address) -> Deposit: view
    def base() -> address: view
    def quote() -> address: view
    def controller() -> address: view
    def reserve() -> address: view
    def backstop() -> address: view
    def epoch_seconds() -> uint256: view
    def parameters() -> Parameters: view
    def status() -> uint256: view
    def spot_price() -> uint256: view
    def oracle_price() -> uint256: view
    def in_bailout() -> bool: view
    def stake_locked() -> bool: view

interface IReserve:
    def controller() -> address: view
    def held(token: address) -> uint256: view

interface IBackstop:
    def controller() -> address: view
    def reserve() -> address: view
    def dlq() -> address: view
    def unstake_seconds() -> uint256: view
    def hold_seconds() -> uint256: view
    def unstake_window_seconds() -> uint256: view
    def booked(token: address) -> uint256: view
    def pool_stake(pool: address) -> PoolStake: view
    def account(pool: address, staker: address) -> StakeAccount: view

interface IController:
    def dlq() -> address: view
    def reserve() -> address: view
    def backstop() -> address: view
    def epoch_seconds() -> uint256: view
    def is_pool(pool: address) -> bool: view
    def pool_of(base: address, quote: address) -> address: view
    def owner() -> address: view
    def pending_owner() -> address: view
    def swept_epoch() -> uint256: view
    def pool_count() -> uint256: view
    def pools(index: uint256) -> address: view
    def dlq_pools(quote: address) -> address: view

interface IToken:
    def balanceOf(holder: address) -> uint256: view
    def name() -> String[32]: view
    def symbol() -> String[32]: view
    def decimals() -> uint256: view
    def totalSupply() -> uint256: view
    def eip712Domain() -> (bytes1, String[50], String[20], uint256, address, bytes32, DynArray[uint256, 32]): view
    def report(holders: DynArray[address, MAX_HOLDERS]) -> TokenReport: view
    def allowance(owner: address, spender: address) -> uint256: view
    def allowances(
        owners: DynArray[address, MAX_OWNERS], spenders: DynArray[address, MAX_SPENDERS]
    ) -> DynArray[uint256, MAX_ALLOWANCES]: view


struct Parameters:
    full_protection_seconds: uint256
    bailout_threshold_bps: uint256
    lockup_seconds: uint256
    confirmation_seconds: uint256
    oracle_window_seconds: uint256
    max_deviation_bps: uint256
    min_fee_bps: uint256
    protocol_fee_bps: uint256
    staker_share_bps: uint256

struct PoolState:
    status: uint256
    reserve_base: uint256
    reserve_quote: uint256
    total_units: uint256
    staged_base: uint256
    staged_quote: uint256
    oracle: uint256
    oracle_updated_at: uint256
    epoch: uint256
    bailout: bool
    requested: uint256
    exited: uint256
    added: uint256
    struck: uint256
    opening_units: uint256
    total_shortfall: uint256

struct Position:
    units: uint256
    principal_base: uint256
    principal_quote: uint256
    clock: uint256
    last_added: uint256

struct Request:
    epoch: uint256
    units: uint256

struct Deposit:
    base: uint256
    quote: uint256
    staged_at: uint256

struct PoolStake:
    generation: uint256
    total_stake: uint256
    total_shares: uint256
    index_base: uint256
    index_quote: uint256

struct StakeAccount:
    generation: uint256
    shares: uint256
    index_base_paid: uint256
    index_quote_paid: uint256
    earned_base: uint256
    earned_quote: uint256
    requested_shares: uint256
    ready_at: uint256

struct PoolView:
    pool: address
    state: PoolState
    positions: Position[MAX_ACCOUNTS]
    requests: Request[MAX_ACCOUNTS]
    deposits: Deposit[MAX_ACCOUNTS]

struct StakeView:
    stake: PoolStake
    accounts: StakeAccount[MAX_ACCOUNTS]

struct TokenReport:
    behaviour: uint256
    hook_target: address
    hook_payload: bytes32
    hook_before: bool
    hook_bubbles: bool
    balances: uint256[MAX_HOLDERS]

struct TokenView:
    held: uint256
    booked: uint256
    dlq_pool: address
    report: TokenReport

struct ControllerView:
    owner: address
    pending_owner: address
    swept_epoch: uint256


MAX_ACCOUNTS: constant(uint256) = 4
MAX_POOLS: constant(uint256) = 11
MAX_TOKENS: constant(uint256) = 7
MAX_OTHERS: constant(uint256) = 12
MAX_WORDS: constant(uint256) = 2_560  # balances, allowances, views and accounts
MAX_OWNERS: constant(uint256) = 14
MAX_SPENDERS: constant(uint256) = 20
MAX_ALLOWANCES: constant(uint256) = MAX_OWNERS * MAX_SPENDERS
MAX_HOLDERS: constant(uint256) = 23  # others and pools
MAX_PARTS: constant(uint256) = 30  # the controller, pools and stakes, tokens

CONTROLLER: immutable(IController)
RESERVE: immutable(IReserve)
BACKSTOP: immutable(IBackstop)
DLQ: immutable(address)

providers: DynArray[address, MAX_ACCOUNTS]
stakers: DynArray[address, MAX_ACCOUNTS]
tokens: DynArray[address, MAX_TOKENS]
others: DynArray[address, MAX_OTHERS]


@deploy
def __init__(
    controller: address,
    reserve: address,
    backstop: address,
    tokens: DynArray[address, MAX_TOKENS],
    providers: DynArray[address, MAX_ACCOUNTS],
    stakers: DynArray[address, MAX_ACCOUNTS],
    others: DynArray[address, MAX_OTHERS],
):
    CONTROLLER = IController(controller)
    RESERVE = IReserve(reserve)
    BACKSTOP = IBackstop(backstop)
    DLQ = staticcall IController(controller).dlq()
    self.tokens = tokens
    self.providers = providers
    self.stakers = stakers
    self.others = others


@external
@view
def read() -> (
    ControllerView,
    DynArray[PoolView, MAX_POOLS],
    DynArray[StakeView, MAX_POOLS],
    DynArray[TokenView, MAX_TOKENS],
):
    """
    @notice The controller, then pools and their stakes in order of creation, then the tokens.
    """
    holders: DynArray[address, MAX_HOLDERS] = []
    for other: address in self.others:
        holders.append(other)

    pools: DynArray[PoolView, MAX_POOLS] = []
    stakes: DynArray[StakeView, MAX_POOLS] = []
    for i: uint256 in range(staticcall CONTROLLER.pool_count(), bound=MAX_POOLS):
        pool: address = staticcall CONTROLLER.pools(i)
        holders.append(pool)
        pools.append(self._pool(pool))
        stakes.append(self._stake(pool))

    tokens: DynArray[TokenView, MAX_TOKENS] = []
    for token: address in self.tokens:
        tokens.append(self._token(token, holders))

    return self._controller(), pools, stakes, tokens


@external
@view
def digest() -> bytes32:
    """
    @notice A hash of all that `read` returns: of the hashes of the controller, each pool, each stake and each token, in
            that order. Short to send, and a part that has not changed need not be hashed again by who compares.
    """
    holders: DynArray[address, MAX_HOLDERS] = []
    for other: address in self.others:
        holders.append(other)

    parts: DynArray[bytes32, MAX_PARTS] = [keccak256(abi_encode(self._controller()))]
    stakes: DynArray[bytes32, MAX_POOLS] = []
    for i: uint256 in range(staticcall CONTROLLER.pool_count(), bound=MAX_POOLS):
        pool: address = staticcall CONTROLLER.pools(i)
        holders.append(pool)
        parts.append(keccak256(abi_encode(self._pool(pool))))
        stakes.append(keccak256(abi_encode(self._stake(pool))))
    for stake: bytes32 in stakes:
        parts.append(stake)
    for token: address in self.tokens:
        parts.append(keccak256(abi_encode(self._token(token, holders))))
    return keccak256(abi_encode(parts))


@external
@view
def allowances(
    owners: DynArray[address, MAX_OWNERS], spenders: DynArray[address, MAX_SPENDERS]
) -> DynArray[uint256, MAX_WORDS]:
    """
    @notice Every owner's balances, and allowances to every spender, token by token; and after them what the system's views say
            now that is not stored so: the constants, and each pool's prices and regime as of this block, with what each owner
            has there. Longer than `read`, which looks at those alone who are expected to have something.
    """
    found: DynArray[uint256, MAX_WORDS] = []
    for token: address in self.tokens:
        for owner: address in owners:
            found.append(staticcall IToken(token).balanceOf(owner))
        if token != DLQ:
            for amount: uint256 in staticcall IToken(token).allowances(owners, spenders):
                found.append(amount)
            continue
        for owner: address in owners:
            for spender: address in spenders:
                found.append(staticcall IToken(token).allowance(owner, spender))

    found.append(convert(staticcall CONTROLLER.dlq(), uint256))
    found.append(convert(staticcall CONTROLLER.reserve(), uint256))
    found.append(convert(staticcall CONTROLLER.backstop(), uint256))
    found.append(staticcall CONTROLLER.epoch_seconds())
    found.append(convert(staticcall RESERVE.controller(), uint256))
    found.append(convert(staticcall BACKSTOP.controller(), uint256))
    found.append(convert(staticcall BACKSTOP.reserve(), uint256))
    found.append(convert(staticcall BACKSTOP.dlq(), uint256))
    found.append(staticcall BACKSTOP.unstake_seconds())
    found.append(staticcall BACKSTOP.hold_seconds())
    found.append(staticcall BACKSTOP.unstake_window_seconds())
    found.append(staticcall IToken(DLQ).decimals())
    found.append(staticcall IToken(DLQ).totalSupply())
    found.append(self._names_of_dlq())
    for i: uint256 in range(staticcall CONTROLLER.pool_count(), bound=MAX_POOLS):
        pool: address = staticcall CONTROLLER.pools(i)
        views: uint256[20] = self._pool_views(IPool(pool))
        for word: uint256 in views:
            found.append(word)
        base: address = staticcall IPool(pool).base()
        quote: address = staticcall IPool(pool).quote()
        found.append(convert(staticcall CONTROLLER.is_pool(pool), uint256))
        found.append(convert(staticcall CONTROLLER.pool_of(base, quote), uint256))
        found.append(convert(staticcall CONTROLLER.pool_of(quote, base), uint256))
        for owner: address in owners:
            found.append(self._owned(IPool(pool), owner))
    return found


@internal
@view
def _owned(pool: IPool, owner: address) -> uint256:
    """
    @notice A hash of all that somebody has in a pool, and staked to it.
    """
    position: Position = staticcall pool.position(owner)
    request: Request = staticcall pool.request(owner)
    deposit: Deposit = staticcall pool.deposit(owner)
    account: StakeAccount = staticcall BACKSTOP.account(pool.address, owner)
    return convert(keccak256(abi_encode(position, request, deposit, account)), uint256)


@internal
@view
def _names_of_dlq() -> uint256:
    """
    @notice A hash of what wallets are told: name, symbol, and the name and version that permits are signed for.
    """
    fields: bytes1 = empty(bytes1)
    domain: String[50] = ""
    version: String[20] = ""
    chain_id: uint256 = 0
    verifier: address = empty(address)
    salt: bytes32 = empty(bytes32)
    extensions: DynArray[uint256, 32] = []
    fields, domain, version, chain_id, verifier, salt, extensions = staticcall IToken(DLQ).eip712Domain()
    name: String[32] = staticcall IToken(DLQ).name()
    symbol: String[32] = staticcall IToken(DLQ).symbol()
    return convert(keccak256(abi_encode(name, symbol, domain, version)), uint256)


@internal
@view
def _pool_views(pool: IPool) -> uint256[20]:
    parameters: Parameters = staticcall pool.parameters()
    return [
        convert(staticcall pool.base(), uint256),
        convert(staticcall pool.quote(), uint256),
        convert(staticcall pool.controller(), uint256),
        convert(staticcall pool.reserve(), uint256),
        convert(staticcall pool.backstop(), uint256),
        staticcall pool.epoch_seconds(),
        parameters.full_protection_seconds,
        parameters.bailout_threshold_bps,
        parameters.lockup_seconds,
        parameters.confirmation_seconds,
        parameters.oracle_window_seconds,
        parameters.max_deviation_bps,
        parameters.min_fee_bps,
        parameters.protocol_fee_bps,
        parameters.staker_share_bps,
        staticcall pool.status(),
        staticcall pool.spot_price(),
        staticcall pool.oracle_price(),
        convert(staticcall pool.in_bailout(), uint256),
        convert(staticcall pool.stake_locked(), uint256),
    ]


@internal
@view
def _controller() -> ControllerView:
    return ControllerView(
        owner=staticcall CONTROLLER.owner(),
        pending_owner=staticcall CONTROLLER.pending_owner(),
        swept_epoch=staticcall CONTROLLER.swept_epoch(),
    )


@internal
@view
def _pool(pool: address) -> PoolView:
    found: PoolView = empty(PoolView)
    found.pool = pool
    found.state = staticcall IPool(pool).state()
    i: uint256 = 0
    for provider: address in self.providers:
        found.positions[i] = staticcall IPool(pool).position(provider)
        found.requests[i] = staticcall IPool(pool).request(provider)
        found.deposits[i] = staticcall IPool(pool).deposit(provider)
        i += 1
    return found


@internal
@view
def _stake(pool: address) -> StakeView:
    found: StakeView = empty(StakeView)
    found.stake = staticcall BACKSTOP.pool_stake(pool)
    i: uint256 = 0
    for staker: address in self.stakers:
        found.accounts[i] = staticcall BACKSTOP.account(pool, staker)
        i += 1
    return found


@internal
@view
def _token(token: address, holders: DynArray[address, MAX_HOLDERS]) -> TokenView:
    found: TokenView = empty(TokenView)
    found.held = staticcall RESERVE.held(token)
    found.booked = staticcall BACKSTOP.booked(token)
    found.dlq_pool = staticcall CONTROLLER.dlq_pools(token)
    if token != DLQ:
        found.report = staticcall IToken(token).report(holders)
        return found
    i: uint256 = 0
    for holder: address in holders:
        found.report.balances[i] = staticcall IToken(token).balanceOf(holder)
        i += 1
    return found
