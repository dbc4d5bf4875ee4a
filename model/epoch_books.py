"""The regime that an epoch's books decide for the next one: R13."""

from model.fixed_point import BPS
from model.state import Books


def net_withdrawals(requested: int, exited: int, added: int) -> int:
    """Units that left or asked to leave in an epoch, less those that came (R13).

        net = max(0, requested + exited - added)

    Parameters
    ----------
    requested, exited, added
        Units, in one epoch.

    Returns
    -------
    int
        Units; 0 and up. Nothing is rounded.
    """
    return max(0, requested + exited - added)


def opens_in_bailout(requested: int, exited: int, added: int, total_units: int, threshold_bps: int) -> bool:
    """Whether the epoch after these books is a bailout (R13).

        net > 0 and net*BPS >= bailout_threshold_bps*U

    Parameters
    ----------
    requested, exited, added
        Units, in the epoch that closes.
    total_units
        All units at its close.
    threshold_bps
        In hundredths of a percent of all units.

    Returns
    -------
    bool
        True for bailout, False for calm. Nothing is rounded.
    """
    net = net_withdrawals(requested, exited, added)
    return net > 0 and net * BPS >= threshold_bps * total_units


def empty_books(epoch: int, bailout: bool, opening_units: int) -> Books:
    """The books of an epoch in which nothing has happened yet (R13)."""
    return Books(epoch, bailout, requested=0, exited=0, added=0, struck=0, opening_units=opening_units)


def epoch_before(books: Books, epoch: int) -> Books:
    """The books of the epoch before a later one than the books' own (R13).

    Parameters
    ----------
    books
        The last books in which anything happened.
    epoch
        A later epoch.

    Returns
    -------
    Books
        The books themselves if theirs is the epoch before; empty ones else, for nothing happened in between.
    """
    if books.epoch == epoch - 1:
        return books
    return empty_books(epoch - 1, bailout=False, opening_units=0)


def turn(books: Books, epoch: int, total_units: int, threshold_bps: int) -> Books:
    """The books as they stand in an epoch (R13).

    Parameters
    ----------
    books
        The last books in which anything happened.
    epoch
        The present epoch, not before the books' own.
    total_units
        All units: unchanged since those books, because every change turns the epoch first.
    threshold_bps
        In hundredths of a percent of all units.

    Returns
    -------
    Books
        The same object within its epoch; else new, empty ones with the regime that the epoch before decided.
    """
    if books.epoch == epoch:
        return books
    closed = epoch_before(books, epoch)
    bailout = opens_in_bailout(closed.requested, closed.exited, closed.added, total_units, threshold_bps)
    return empty_books(epoch, bailout, opening_units=total_units)
