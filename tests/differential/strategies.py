"""What happens next, and when: a proposal, the next call of a scene, or the call that has just been previewed."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from model import Operation
from model.state import BACKSTOP
from tests.differential import world
from tests.differential.previewed import PREVIEWED, call_of, preview_of
from tests.differential.proposals import PROPOSALS, Hand, make_behave, misbehaving, spoiled, when
from tests.differential.scenes import SCENES

LOTTERY = tuple(name for name, (weight, _) in PROPOSALS.items() for _ in range(weight))
TURN_BACK = 15  # percent
BEGIN = 6  # percent: so many steps begin a scene
PREVIEW = 40  # percent: so many calls of a scene are previewed
FOLLOW_UP = 70  # percent: so many previews are followed by their call
SPOIL = 5  # percent: so many proposals are spoiled


@st.composite
def steps(draw: Callable) -> tuple[int, Operation]:
    """One call and its time, for the machine that runs it (`tests.differential.machine.Machine`)."""
    machine = draw(st.runner())
    hand = Hand(draw, machine.state, machine.now)
    previewed = call_of(machine.steps[-1].operation) if machine.steps else None
    can_be_made = previewed and previewed.target in (BACKSTOP, *machine.state.pools) and previewed.sender in world.ACTORS
    if can_be_made and (machine.scene or hand.chance(FOLLOW_UP)):
        return machine.now, previewed
    of_scene = _of_scene(machine, hand)
    if of_scene is not None:
        at, operation = of_scene
        return max(hand.now, at), _or_its_preview(hand, operation)
    if misbehaving(machine.state) and hand.chance(TURN_BACK):
        return when(hand), make_behave(hand)
    _, propose = PROPOSALS[hand.pick(LOTTERY)]
    operation = propose(hand)
    return when(hand), spoiled(hand, operation) if hand.chance(SPOIL) else operation


def _or_its_preview(hand: Hand, call: Operation) -> Operation:
    """A call of a scene, or at times its preview, where the call itself comes next."""
    for name, previewed in PREVIEWED.items():
        if previewed.call == call.name:
            preview = preview_of(name, call, call.sender)
            return preview if call_of(preview) == call and hand.chance(PREVIEW) else call
    return call


def _of_scene(machine: Any, hand: Hand) -> tuple[int, Operation] | None:
    """The next step of the scene under way, or the first of one that begins; None where there is none."""
    if machine.scene is not None:
        try:
            return machine.scene.send(hand)
        except StopIteration:
            machine.scene = None
    if hand.chance(BEGIN):
        machine.scene = hand.pick(SCENES)(hand)
        return next(machine.scene, None)
    return None
