"""Whole histories for laws that quantify over any sequence of calls: drawn once, played by every such law.

The programs are the differential fuzzer's, but for what a token takes of its own accord: no law binds that. Half of them start from the
state after its prologue; half from a world of dust, where every rounding is a large part of what there is.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from model import OPERATIONS, Operation, Outcome, Parameters, State, apply
from model.state import ACTIVE, BACKSTOP, CONTROLLER, RESERVE
from tests.differential import world
from tests.differential.engine import Step
from tests.differential.machine import Tally, draw_programs
from tests.laws.support import SCALE, LawBroken

PROGRAMS, LENGTH = 800 * SCALE, 25
# What a failure says may be set, to draw the same histories again.
SEED = int(os.environ.get("LAWS_SEED") or Random().getrandbits(32))


@dataclass(frozen=True, slots=True)
class Moment:
    """One call of a history: the states around it."""

    before: State
    now: int
    operation: Operation
    outcome: Outcome
    after: State


@dataclass(frozen=True, slots=True)
class History:
    prologue: Callable[[], world.Program]
    program: world.Program


HistoryLaw = Callable[[Moment], None]


def dust() -> world.Program:
    """Small pools, stakes and Reserve: reserves of some hundred to some ten thousand base units."""
    program: world.Program = []

    def call(sender: str, target: str, name: str, **arguments: Any) -> None:
        program.append((world.START - 2 * world.DAY + len(program), Operation(name, target, sender, arguments)))

    for token in world.TOKENS:
        for actor in world.ACTORS[1:]:
            call(world.GOVERNOR, token, "token.transfer", to=actor, amount=10**6)
        for actor in world.ACTORS:
            for spender in (*world.POOLS, BACKSTOP):
                call(actor, token, "token.approve", spender=spender, amount=world.UNLIMITED)
    pairs = [
        ((world.DLQ, "USDC"), (3_000, 500)),
        (("ABC", "USDC"), (1_500, 900)),
        (("AVAX", "USDC"), (40_000, 60)),
        (("ABC", "AVAX"), (1_100, 1_200)),
    ]
    for number, ((base, quote), (amount_base, amount_quote)) in enumerate(pairs):
        pool = f"pool-{number}"
        parameters = Parameters(full_protection_seconds=world.DAY, min_fee_bps=0, bailout_threshold_bps=500, max_deviation_bps=1_000)
        call(world.GOVERNOR, CONTROLLER, "controller.create_pool", base=base, quote=quote, parameters=parameters)
        call("provider-1", pool, "pool.add", base=amount_base, quote=amount_quote, min_units=0, deadline=world.UNLIMITED)
        call(world.GOVERNOR, CONTROLLER, "controller.set_status", pool=pool, status=ACTIVE, min_price=0, max_price=world.UNLIMITED)
        call("provider-2", pool, "pool.add", base=amount_base // 2, quote=amount_quote // 2, min_units=0, deadline=world.UNLIMITED)
        for staker, amount in (("staker-1", 100), ("staker-2", 37)):
            call(staker, BACKSTOP, "backstop.stake", pool=pool, amount=amount)
    call(world.GOVERNOR, CONTROLLER, "controller.name_dlq_pool", quote="USDC", pool="pool-0")
    for token in world.TOKENS:
        call(world.GOVERNOR, token, "token.transfer", to=RESERVE, amount=50)
        call("outsider", RESERVE, "reserve.absorb", token=token)
    return program


@cache
def start(prologue: Callable[[], world.Program]) -> State:
    state = world.genesis()
    for moment in moments(state, prologue(), apply):
        assert moment.outcome.ok, f"{moment.operation}: {moment.outcome.reason}"
        state = moment.after
    return state


@dataclass(frozen=True, slots=True)
class Keeper:
    """Stands where a judge does, and keeps every program."""

    prologue: Callable[[], world.Program]
    kept: list[History]

    def judge(self, steps: list[Step]) -> None:
        self.kept.append(History(self.prologue, [(step.now, step.operation) for step in steps if not _takes(step.operation)]))


def _takes(operation: Operation) -> bool:
    """Whether it makes a token lose what somebody holds, or has it done later."""
    return operation.name == "token.take" or operation.name == "token.arm" and _takes(operation.arguments["calls"])


@cache
def histories() -> list[History]:
    """Other ones in every run: a failure tells the seed."""
    drawn: list[History] = []
    for prologue in (world.prologue, dust):
        keep = Keeper(prologue, drawn)
        draw_programs(keep, start(prologue), Tally(list(OPERATIONS)), PROGRAMS // 2, LENGTH, random_seed=SEED)
    return drawn


def moments(state: State, program: world.Program, apply: Callable) -> Iterator[Moment]:
    """The program played on a state, call by call."""
    for now, operation in program:
        after, outcome = apply(state, operation, now)
        yield Moment(state, now, operation, outcome, after)
        state = after


def hold_over_histories(law: HistoryLaw) -> int:
    """Try a law on every call of every history; how many calls there were. A history that breaks it is told as short as can be."""
    calls = 0
    for history in histories():
        for moment in moments(start(history.prologue), history.program, apply):
            calls += 1
            try:
                law(moment)
            except LawBroken as broken:
                program = minimise(law, history, apply)
                raise LawBroken(f"{broken}, after {history.prologue.__name__} and {program}, of LAWS_SEED={SEED}") from broken
    return calls


def see_law_break_in_histories(law: HistoryLaw, package: Any) -> None:
    """Play the same histories on a copy of the model with a fault, prologue and all; raises LawBroken where the law finds it."""
    for prologue in (world.prologue, dust):
        *_, last = moments(package.genesis(), prologue(), package.apply)
        for history in histories():
            if history.prologue is prologue:
                for moment in moments(last.after, history.program, package.apply):
                    law(moment)


def minimise(law: HistoryLaw, history: History, apply: Callable) -> world.Program:
    """Leave out every call without which the law still breaks."""

    def breaks(program: world.Program) -> bool:
        try:
            for moment in moments(start(history.prologue), program, apply):
                law(moment)
        except LawBroken:
            return True
        return False

    program = history.program
    for index in reversed(range(len(program))):
        shorter = program[:index] + program[index + 1 :]
        if breaks(shorter):
            program = shorter
    return program
