"""Shares of a pool's stake and what they earn: R18 to R20."""

from model.fixed_point import Q112, mul_div

DILUTION_LIMIT = 1_000_000


def shares_minted(amount: int, total_stake: int, total_shares: int) -> int:
    """The shares that a stake buys (R18).

        floor(amount*shares / total)                          amount, where there are no shares

    Parameters
    ----------
    amount
        Base units of DLQ.
    total_stake, total_shares
        The pool's, before.

    Returns
    -------
    int
        Shares; 0 and up.

    Rounding
    --------
    Down by less than 1 share, in favour of the stakers who are there already.

    Raises
    ------
    Revert
        `math: mul_div overflow` if the shares exceed 2**256 - 1.
    """
    if total_shares == 0:
        return amount
    return mul_div(amount, total_shares, total_stake)


def redeemable(shares: int, total_stake: int, total_shares: int) -> int:
    """What shares are worth (R19).

        floor(shares*total / all shares)

    Parameters
    ----------
    shares
        The shares that leave.
    total_stake, total_shares
        The pool's, before; the latter positive.

    Returns
    -------
    int
        Base units of DLQ; 0 to total_stake.

    Rounding
    --------
    Down by less than 1 base unit, in favour of the stakers who stay.
    """
    return mul_div(shares, total_stake, total_shares)


def index_growth(amount: int, total_shares: int) -> int:
    """What a reward adds to the rewards per share (R20).

        floor(amount*Q112 / shares)

    Parameters
    ----------
    amount
        Base units of the reward's token.
    total_shares
        All shares of the pool; positive.

    Returns
    -------
    int
        Base units per share, times Q112; 0 and up.

    Rounding
    --------
    Down by less than 1: a Q112th of a base unit per share, in favour of the Backstop.
    """
    return mul_div(amount, Q112, total_shares)


def earned(shares: int, index: int, index_paid: int) -> int:
    """What shares have earned since the index was last paid (R20).

        floor(shares*(index - index_paid) / Q112)

    Parameters
    ----------
    shares
        The staker's, unchanged since then.
    index, index_paid
        Rewards per share now and then, times Q112.

    Returns
    -------
    int
        Base units of the reward's token; 0 and up.

    Rounding
    --------
    Down by less than 1 base unit, in favour of the Backstop.
    """
    return mul_div(shares, index - index_paid, Q112)


def ends_generation(total_stake: int, total_shares: int) -> bool:
    """Whether a slash that leaves this much ends the generation (R18).

        total = 0 or total*DILUTION_LIMIT < shares

    Parameters
    ----------
    total_stake
        What the slash left, in base units of DLQ.
    total_shares
        All shares of the pool.

    Returns
    -------
    bool
        True if the pool starts again with no shares. Nothing is rounded.
    """
    return total_stake == 0 or total_stake * DILUTION_LIMIT < total_shares
