"""What a swap pays and costs: R2."""

from model.fixed_point import BPS, mul_div


def swap_output(dx: int, x: int, y: int, min_fee_bps: int) -> int:
    """What the trader receives (R2).

        dy = min( floor(dx*X*Y / (dx+X)**2), floor(dx*Y*(BPS-min_fee_bps) / ((dx+X)*BPS)) )

    The first term charges a fee that grows with the swap's share of the pool; the second keeps that fee from
    falling below `min_fee_bps`.

    Parameters
    ----------
    dx
        Amount put in, in base units of the token in.
    x, y
        Reserves before, of the token in and of the token out; `dx + x` is positive.
    min_fee_bps
        The lowest fee, in hundredths of a percent of the output.

    Returns
    -------
    int
        Base units of the token out; 0 to y.

    Rounding
    --------
    Down by less than 1 base unit, in favour of the pool.
    """
    reserve_after = dx + x
    output_by_slip = mul_div(dx * x, y, reserve_after * reserve_after)
    output_by_min_fee = mul_div(dx * y, BPS - min_fee_bps, reserve_after * BPS)
    return min(output_by_slip, output_by_min_fee)


def swap_fee(dx: int, x: int, y: int, dy: int) -> int:
    """The fee inside a swap: what the trader would have received without one, less what is received (R2).

        fee = floor(dx*Y / (dx+X)) - dy

    Parameters
    ----------
    dx
        Amount put in, in base units of the token in.
    x, y
        Reserves before, of the token in and of the token out; `dx + x` is positive.
    dy
        Amount received, in base units of the token out: `swap_output` of the same swap.

    Returns
    -------
    int
        Base units of the token out; 0 to y.

    Rounding
    --------
    Down by less than 1 base unit; what is lost stays in the pool.
    """
    output_without_fee = mul_div(dx, y, dx + x)
    return output_without_fee - dy


def protocol_cut(fee: int, protocol_fee_bps: int) -> int:
    """The part of a fee that leaves the reserves and becomes surplus (R2, R14).

        cut = floor(fee*protocol_fee_bps / BPS)

    Parameters
    ----------
    fee
        Base units of the token out.
    protocol_fee_bps
        The protocol's part, in hundredths of a percent of the fee.

    Returns
    -------
    int
        Base units of the token out; 0 to fee.

    Rounding
    --------
    Down by less than 1 base unit, in favour of the pool's providers.
    """
    return mul_div(fee, protocol_fee_bps, BPS)
