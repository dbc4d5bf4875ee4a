"""Which call a preview is of (R24), and what it says of it.

Model and chain are compared on the preview and on the call. The model's preview is the call itself, on a copy of the state in which
tokens behave and the caller can pay: so where they do and it can, what is previewed on a chain is what the call then pays there.
"""

from dataclasses import dataclass
from typing import Any

from model import Operation, Outcome
from model.previews import COMPENSATION, NOTHING_DUE
from model.state import BACKSTOP, LENS
from tests.differential import world

UNLIMITED = world.UNLIMITED


@dataclass(frozen=True, slots=True)
class Previewed:
    """A call, who makes it where that matters, those of its arguments that a preview is told, and the others' values."""

    call: str
    account: str | None
    told: tuple[str, ...]
    others: dict[str, Any]


PREVIEWED = {
    "lens.preview_swap": Previewed("pool.swap", None, ("token_in", "amount_in"), {"min_amount_out": 0, "deadline": UNLIMITED}),
    "lens.preview_add": Previewed("pool.add", "provider", ("base", "quote"), {"min_units": 0, "deadline": UNLIMITED}),
    "lens.preview_confirm_deposit": Previewed("pool.confirm_deposit", "provider", (), {"min_units": 0}),
    "lens.preview_begin_protection": Previewed("pool.begin_protection", "provider", (), {}),
    "lens.preview_withdraw": Previewed("pool.withdraw", "provider", (), {"min_base": 0, "min_quote": 0, "max_shortfall": UNLIMITED}),
    "lens.preview_exit": Previewed("pool.exit", "provider", ("units",), {"min_base": 0, "min_quote": 0}),
    "lens.preview_sweep": Previewed("pool.sweep", None, (), {}),
    "lens.preview_stake": Previewed("backstop.stake", None, ("pool", "amount"), {}),
    "lens.preview_unstake": Previewed("backstop.unstake", "staker", ("pool",), {}),
    "lens.preview_claim": Previewed("backstop.claim", "staker", ("pool", "token"), {}),
}


def preview_of(name: str, call: Operation, asker: str) -> Operation:
    """The preview of this name, of a call."""
    previewed = PREVIEWED[name]
    arguments = {"pool": call.target} | {told: call.arguments[told] for told in previewed.told}
    if previewed.account:
        arguments[previewed.account] = call.sender
    return Operation(name, LENS, asker, arguments)


def call_of(preview: Operation) -> Operation | None:
    """The call that a preview is of, made by who asks where it does not matter who; None where there is none."""
    previewed = PREVIEWED.get(preview.name)
    if previewed is None:
        return None
    asked = preview.arguments
    sender = asked[previewed.account] if previewed.account else preview.sender
    arguments = previewed.others | {told: asked[told] for told in previewed.told}
    if previewed.call == "pool.swap":
        arguments["recipient"] = sender
    target = BACKSTOP if "pool" in previewed.told else asked["pool"]
    return Operation(previewed.call, target, sender, arguments)


def shown(preview: Operation, outcome: Outcome) -> Any:
    """What a call that succeeded has returned and emitted, as its preview tells it."""
    events = {event.name: event.arguments for event in outcome.events if event.source == preview.arguments["pool"]}
    if preview.name == "lens.preview_begin_protection":
        return events["ProtectionBegun"]["principal_base"], events["ProtectionBegun"]["principal_quote"]
    if preview.name == "lens.preview_withdraw":
        base, quote, _, _ = outcome.value
        compensated = events.get("Compensated")
        return events["Withdrawn"]["units"], base, quote, *([compensated[name] for name in COMPENSATION] if compensated else NOTHING_DUE)
    if preview.name == "lens.preview_sweep":
        swept = events.get("Swept", {"base_to_stakers": 0, "quote_to_stakers": 0})
        return *outcome.value, swept["base_to_stakers"], swept["quote_to_stakers"]
    return outcome.value
