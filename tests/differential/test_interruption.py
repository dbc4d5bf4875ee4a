"""An interruption is not lost, and does not come where it would do harm."""

import os
import signal
import sys
import time
from unittest.mock import patch

import pytest

from tests.differential import interruption, machine, world
from tests.differential.engine import ask_model, run_model
from tests.differential.interruption import Interrupted, at_once, interruptible, postponed
from tests.differential.machine import Tally, draw_programs


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_is_lost_comes_again(how, monkeypatch):
    """An exception in a finaliser goes nowhere."""
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_type))

    class Finalised:
        def __del__(self):
            os.kill(os.getpid(), how)

    with pytest.raises(Interrupted) as raised, interruptible():
        Finalised()
        time.sleep(5)
    assert lost == [Interrupted]
    assert raised.value.status == 128 + how


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_is_postponed_comes_at_once_where_it_may(how):
    reached = []
    with pytest.raises(Interrupted) as raised, interruptible(), postponed():
        with at_once():
            reached.append("nothing has come yet")
        os.kill(os.getpid(), how)
        time.sleep(1.5)  # it has come again by then
        reached.append("postponed")
        with at_once():
            reached.append("raised too late")
    assert reached == ["nothing has come yet", "postponed"]
    assert raised.value.status == 128 + how


def test_an_interruption_while_a_program_is_drawn_leaves_hypothesis_and_what_is_judged_whole():
    start = run_model(world.genesis(), world.prologue())[-1].state
    drawn, judged = [], []

    def asked(state, operation, now):
        drawn.append(operation)
        if len(drawn) == 45:
            os.kill(os.getpid(), signal.SIGINT)
        return ask_model(state, operation, now)

    class Whole:
        def judge(self, steps):
            judged.append([step.operation for step in steps])

    with patch.object(machine, "ask_model", asked), pytest.raises(Interrupted), interruptible():
        draw_programs(Whole(), start, Tally(), examples=10, length=20, random_seed=1)
    # It comes with the end of the third program, which is neither cut short nor judged.
    assert len(drawn) == 60 and [operation for program in judged for operation in program] == drawn[:40]


def test_a_library_does_not_keep_an_interruption_waiting_for_ever(monkeypatch):
    monkeypatch.setattr(interruption, "PATIENCE", 0.5)
    with pytest.raises(Interrupted), interruptible(), postponed():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
        pytest.fail("it was never raised")


def test_an_interruption_that_nobody_has_raised_comes_with_the_end_of_the_block():
    reached = []
    with pytest.raises(Interrupted), interruptible():
        with postponed():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end")
        reached.append("too far")
    assert reached == ["the end"]
