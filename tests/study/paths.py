"""Prices of the base token, hour by hour: shapes made by hand, and shapes drawn from a seeded process.

A path begins at 1, the price on the eve; the eve itself is hour 0. Everything is rounded to six digits, so that the last bits
of a machine's logarithm change nothing.
"""

import math
import random

DAYS = 12
HOURS = 24 * DAYS
CALM_SIGMA = 0.015
"""Standard deviation of a day's change in ordinary times."""
CRASH_SIGMA = 0.06
"""And from the first day of a crash on."""
CRASH_DEPTH = (0.35, 0.75)
"""What a drawn crash takes, drawn evenly."""
CRASH_HOURS = (12, 60)
"""How long it takes, from the morning of day 2."""
RECOVERY_PART = (0.6, 1.0)
"""How much of the way back a drawn recovery makes, in logarithms, by RECOVERED_ON."""
RECOVERED_ON = 9

BY_HAND = {
    "crash by hand": (1, 0.98, 0.93, 0.70, 0.46, 0.42, 0.44, 0.41, 0.40, 0.41, 0.40, 0.39, 0.40),
    "crash and recovery by hand": (1, 0.99, 0.94, 0.66, 0.45, 0.48, 0.57, 0.66, 0.74, 0.83, 0.88, 0.92, 0.95),
    "one bad day, half regained (as in March 2020)": (1, 1.01, 0.98, 0.52, 0.57, 0.53, 0.55, 0.60, 0.58, 0.61, 0.66, 0.67, 0.68),
    "a coin that collapses (as in May 2022)": (1, 0.97, 0.80, 0.42, 0.05, 0.004, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002),
    "a peg lost and regained (as in March 2023)": (1, 1, 0.99, 0.91, 0.89, 0.96, 0.99, 1, 1, 1, 1, 1, 1),
    "a rise to three times the price": (1, 1.04, 1.2, 1.7, 2.4, 2.6, 2.8, 3.1, 3.0, 2.9, 3.0, 3.1, 3.0),
}
"""The price at the end of each day. The dates say what a shape is after; the numbers are rough, and nobody's data."""


def by_hand(name: str) -> list[float]:
    """A shape, hour by hour: straight lines in logarithms between the ends of its days."""
    ends = [math.log(price) for price in BY_HAND[name]]
    days = [divmod(hour, 24) for hour in range(HOURS)]
    return _rounded([ends[day] + (ends[day + 1] - ends[day]) * hour / 24 for day, hour in days] + [ends[DAYS]])


def calm(seed: int) -> list[float]:
    """A random walk with the changes of ordinary times."""
    return _rounded(_walk(random.Random(f"calm {seed}"), [CALM_SIGMA] * HOURS))


def crash(seed: int) -> list[float]:
    """Ordinary times for a day; then a fall of drawn depth and speed, and a rougher walk from there."""
    return _rounded(_crash(random.Random(f"crash {seed}"))[0])


def crash_and_recovery(seed: int) -> list[float]:
    """A drawn crash, and from its end a way back of drawn length."""
    drawn = random.Random(f"recovery {seed}")
    path, fall, ended = _crash(drawn)
    part = drawn.uniform(*RECOVERY_PART)
    return _rounded([log - fall * part * _progress(hour, ended, 24 * RECOVERED_ON) for hour, log in enumerate(path)])


def ordinary_times(seed: int, steps: int, steps_per_day: int) -> list[float]:
    """A calm walk that ends where it began, for the days in which the providers join."""
    drawn = random.Random(f"ordinary {seed}")
    walk = [0.0]
    for _ in range(steps):
        walk.append(walk[-1] + drawn.gauss(0, CALM_SIGMA / math.sqrt(steps_per_day)))
    return _rounded([log - walk[-1] * step / steps for step, log in enumerate(walk)])


DRAWN = {"calm, drawn": calm, "crash, drawn": crash, "crash and recovery, drawn": crash_and_recovery}


def _walk(drawn: random.Random, sigmas: list[float]) -> list[float]:
    logs = [0.0]
    for sigma in sigmas:
        logs.append(logs[-1] + drawn.gauss(0, sigma / math.sqrt(24)))
    return logs


def _crash(drawn: random.Random) -> tuple[list[float], float, int]:
    """The logarithms, the fall in them, and the hour at which it is over."""
    fall = math.log(1 - drawn.uniform(*CRASH_DEPTH))
    begins = 24
    ends = begins + drawn.randint(*CRASH_HOURS)
    walk = _walk(drawn, [CALM_SIGMA if hour < begins else CRASH_SIGMA for hour in range(HOURS)])
    return [log + fall * _progress(hour, begins, ends) for hour, log in enumerate(walk)], fall, ends


def _progress(hour: int, begins: int, ends: int) -> float:
    return min(1.0, max(0.0, (hour - begins) / (ends - begins)))


def _rounded(logs: list[float]) -> list[float]:
    return [round(math.exp(log), 6) for log in logs]
