"""Section 7 of the protocol: the fields of every event, in order."""

import pytest

POOL = """
OracleUpdated(price)
EpochOpened(epoch, bailout, net, total_units)
StatusSet(status, oracle)
Swapped(trader idx, recipient idx, token_in idx, amount_in, amount_out, fee, cut, reserve_base, reserve_quote)
Donated(donor idx, base, quote, reserve_base, reserve_quote)
Added(provider idx, base, quote, units, principal_base, principal_quote, reserve_base, reserve_quote, total_units)
DepositStaged(provider idx, base, quote, staged_base, staged_quote)
DepositConfirmed(provider idx, base, quote)
DepositCancelled(provider idx, base, quote)
ProtectionBegun(provider idx, units, principal_base, principal_quote)
WithdrawalRequested(provider idx, epoch, units)
Withdrawn(provider idx, units, base, quote, reserve_base, reserve_quote, total_units)
Compensated(provider idx, bailout, age, coverage, owed, deficit_token, deficit, paid, taken, paid_quote, slashed, shortfall)
Exited(provider idx, units, base, quote, reserve_base, reserve_quote, total_units)
Swept(base_to_stakers, base_to_reserve, quote_to_stakers, quote_to_reserve)
"""
RESERVE = """
Absorbed(token idx, amount, held)
Drawn(pool idx, token idx, recipient idx, amount, held)
"""
BACKSTOP = """
Staked(pool idx, staker idx, amount, shares, total_stake, total_shares)
UnstakeRequested(pool idx, staker idx, shares, ready_at)
Unstaked(pool idx, staker idx, shares, amount, total_stake, total_shares)
Claimed(pool idx, staker idx, token idx, amount)
Rewarded(pool idx, token idx, amount)
Slashed(pool idx, recipient idx, amount, total_stake)
GenerationEnded(pool idx, generation)
StraySwept(token idx, amount)
"""
CONTROLLER = """
PoolCreated(pool idx, base idx, quote idx)
DlqPoolNamed(quote idx, pool idx)
SystemSwept(epoch)
OwnershipTransferStarted(previous_owner idx, new_owner idx)
OwnershipTransferred(previous_owner idx, new_owner idx)
"""


@pytest.mark.parametrize(
    ("contract", "rules"),
    [("Pool", POOL), ("Reserve", RESERVE), ("Backstop", BACKSTOP), ("Controller", CONTROLLER)],
)
def test_a_contracts_events_are_those_of_the_rules(project, contract, rules):
    declared = set()
    for event in getattr(project, contract).contract_type.events:
        fields = ", ".join(field.name + " idx" * field.indexed for field in event.inputs)
        declared.add(f"{event.name}({fields})")
    assert declared == set(rules.split("\n")) - {""}
