"""Who pays what is due, and in what order: the arithmetic of R16."""

from dataclasses import dataclass

from model.fixed_point import Q112, mul_div, mul_div_up
from model.liquidity_math import MINIMUM_UNITS, portion
from model.protection_math import Entitlement


@dataclass(frozen=True, slots=True)
class Allowances:
    """The most that one withdrawal draws of each source, fixed before the first step.

    `dlq_price` is in quote base units per DLQ base unit, times Q112; 0 where the Backstop is not called.
    """

    in_kind: int
    quote: int
    dlq: int
    dlq_price: int


@dataclass(frozen=True, slots=True)
class Payment:
    """What each step moves: `paid` of the deficit token, `taken` of the other, `slashed` of DLQ, the rest in quote."""

    paid: int
    taken: int
    paid_quote: int
    slashed: int
    shortfall: int


def allowance(held: int, units: int, total_units: int, bailout: bool) -> int:
    """The most that a withdrawal may draw of one source (R16).

        calm:     held
        bailout:  floor(held*u / (U - MINIMUM_UNITS))

    Parameters
    ----------
    held
        What the source holds, in base units of its token.
    units, total_units
        The units that leave, and all units before; the locked ones are in `total_units` only.
    bailout
        The regime.

    Returns
    -------
    int
        Base units of the token; 0 to held.

    Rounding
    --------
    Down by less than 1 base unit, in favour of those who leave later.
    """
    if not bailout:
        return held
    return portion(held, units, total_units - MINIMUM_UNITS)


def in_kind(deficit: int, surplus: int, owed: int, short: int, allowance: int) -> tuple[int, int, int]:
    """Step 1: the Reserve exchanges what the provider has too much of for what is missing (R16.1).

        paid  = min(deficit, allowance)
        taken = ceil(surplus*paid / deficit)
        owed  = floor((owed - short)*(deficit - paid) / deficit) + short

    Parameters
    ----------
    deficit, surplus
        Of R15.4, in base units of the deficit and of the surplus token.
    owed, short
        Base units of quote; 0 <= short <= owed.
    allowance
        Of the deficit token, in its base units.

    Returns
    -------
    tuple of int
        (paid, taken, owed_left); 0 to deficit, surplus and owed.

    Rounding
    --------
    `taken` up and `owed` down, each by less than 1 base unit, in favour of the Reserve.
    """
    if deficit == 0:
        return 0, 0, owed
    paid = min(deficit, allowance)
    taken = mul_div_up(surplus, paid, deficit)
    owed_left = mul_div(owed - short, deficit - paid, deficit) + short
    return paid, taken, owed_left


def backstop(owed: int, price: int, allowance: int) -> tuple[int, int]:
    """Step 3: the pool's stakers pay in DLQ (R16.3).

        needed  = floor(owed*Q112 / price)
        slashed = min(needed, allowance)
        covered = owed                                    if slashed = needed > 0
                  floor(slashed*price / Q112)             else

    Parameters
    ----------
    owed
        Base units of quote.
    price
        Of DLQ: quote base units per DLQ base unit, times Q112; positive.
    allowance
        Base units of DLQ.

    Returns
    -------
    tuple of int
        (slashed, owed_left); 0 to allowance, and 0 to owed.

    Rounding
    --------
    `needed` down by less than 1, in favour of the stakers, who are spared less than one base unit of DLQ; `covered` down. So what
    is left differs from the exact remainder by less than a base unit of DLQ is worth, or than 1, whichever is more.
    """
    needed = owed * Q112 // price
    slashed = min(needed, allowance)
    covered = owed if slashed == needed > 0 else mul_div(slashed, price, Q112)
    return slashed, owed - covered


def pay(due: Entitlement, allowances: Allowances) -> Payment:
    """All steps after the surpluses, each for what the one before left (R16).

    Parameters
    ----------
    due
        What R15 owes.
    allowances
        What each source may give.

    Returns
    -------
    Payment
        With `shortfall`, in quote, what no source paid.

    Rounding
    --------
    As in the steps: in quote, `paid_quote` is down by less than 1 and `shortfall` off by less than 1 and the worth of a base unit
    of DLQ; `slashed` is down by less than 1 and what 1 quote buys of DLQ.
    """
    paid, taken, owed = in_kind(due.deficit, due.surplus, due.owed, due.short, allowances.in_kind)
    # A quote deficit has been paid in quote already: the Reserve has given what it may of that token.
    paid_quote = min(owed, allowances.quote) if due.base_in_deficit else 0
    owed -= paid_quote
    slashed = 0
    if allowances.dlq_price > 0:
        slashed, owed = backstop(owed, allowances.dlq_price, allowances.dlq)
    return Payment(paid, taken, paid_quote, slashed, shortfall=owed)
