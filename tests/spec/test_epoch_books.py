"""R13, by hand."""

from model.epoch_books import epoch_before, net_withdrawals, opens_in_bailout, turn
from model.state import Books


def test_net_withdrawals():
    assert net_withdrawals(30, 20, 10) == 40
    assert net_withdrawals(30, 20, 50) == 0
    assert net_withdrawals(30, 20, 51) == 0


def test_the_threshold_itself_is_a_bailout():
    # 20 % of 1_000
    assert opens_in_bailout(200, 0, 0, 1_000, 2_000)
    assert opens_in_bailout(150, 60, 10, 1_000, 2_000)
    assert not opens_in_bailout(199, 0, 0, 1_000, 2_000)
    assert not opens_in_bailout(200, 0, 1, 1_000, 2_000)


def test_no_net_withdrawal_is_calm_even_without_units():
    assert not opens_in_bailout(0, 0, 0, 0, 2_000)


def test_within_an_epoch_the_books_stay():
    books = Books(7, True, 1, 2, 3, 4, 5)
    assert turn(books, 7, 1_000, 2_000) is books


def test_the_next_epoch_has_the_regime_that_the_books_decided():
    assert turn(Books(7, False, 200, 0, 0, 40, 900), 8, 1_000, 2_000) == Books(8, True, 0, 0, 0, 0, 1_000)
    assert turn(Books(7, True, 199, 0, 0, 40, 900), 8, 1_000, 2_000) == Books(8, False, 0, 0, 0, 0, 1_000)


def test_an_idle_epoch_has_empty_books():
    assert turn(Books(7, True, 900, 0, 0, 40, 900), 9, 1_000, 2_000) == Books(9, False, 0, 0, 0, 0, 1_000)
    assert epoch_before(Books(7, True, 900, 0, 0, 40, 900), 9) == Books(8, False, 0, 0, 0, 0, 0)
