"""The lagging price: R4 and the guard of R6."""

from model.fixed_point import BPS, Q112, mul_div


def spot_price(reserve_base: int, reserve_quote: int) -> int:
    """The price at which the reserves balance (R4).

        spot = floor(Q*Q112 / B)

    Parameters
    ----------
    reserve_base, reserve_quote
        The reserves in base units of each token, both positive.

    Returns
    -------
    int
        Quote base units per base base unit, times Q112; 1 to 2**224.

    Rounding
    --------
    Down, by less than 1: a Q112th of a quote base unit per base base unit.
    """
    return mul_div(reserve_quote, Q112, reserve_base)


def advance(price: int, spot: int, elapsed: int, window: int) -> int:
    """Move the lagging price towards the spot price (R4).

        clipped = max(floor(oracle/2), min(spot, 2*oracle))
        w       = min(elapsed, oracle_window_seconds)
        oracle  = floor((oracle*(oracle_window_seconds-w) + clipped*w) / oracle_window_seconds)

    Parameters
    ----------
    price
        The lagging price before, times Q112; at least 1.
    spot
        The spot price that has stood since then, times Q112; at least 1.
    elapsed
        Seconds since the lagging price was last moved.
    window
        Seconds after which it has gone the whole way; positive.

    Returns
    -------
    int
        The lagging price, times Q112; at least 1, from half to twice the price before.

    Rounding
    --------
    Down, by less than 3/2: 1 for the weighing, 1/2 for half the price before.
    """
    clipped = max(price // 2, min(spot, 2 * price))
    weight = min(elapsed, window)
    weighted_sum = price * (window - weight) + clipped * weight
    return weighted_sum // window


def deviates(price: int, spot: int, max_deviation_bps: int) -> bool:
    """Whether spot and lagging price are too far apart to strike a principal (R6).

        abs(spot - oracle)*BPS > max_deviation_bps*oracle

    Parameters
    ----------
    price, spot
        The lagging and the spot price, times Q112.
    max_deviation_bps
        The greatest distance allowed, in hundredths of a percent of the lagging price.

    Returns
    -------
    bool
        True if the guard refuses. Nothing is rounded.
    """
    return abs(spot - price) * BPS > max_deviation_bps * price
