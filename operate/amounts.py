"""Numbers as people read them and as machines do: amounts with their tokens, prices of whole tokens, times."""

from dataclasses import dataclass, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Any

from model.fixed_point import Q112
from operate.system import Token

COUNTS = ("units", "all_units", "net_units", "shares", "requested_shares")  # of no token, and large
SHOWN = 6  # decimals; finer ones are cut off, but where nothing else is left


@dataclass(frozen=True, slots=True)
class Amount:
    """Base units of a token."""

    units: int
    token: Token

    def exact(self) -> str:
        whole, part = divmod(self.units, 10**self.token.decimals)
        digits = f"{part:0{self.token.decimals}d}".rstrip("0") if part else ""
        return f"{whole}.{digits}" if digits else str(whole)

    def __str__(self) -> str:
        whole, _, digits = self.exact().partition(".")
        shown = digits[:SHOWN] if int(whole) or digits[:SHOWN].strip("0") else digits
        shown = shown.rstrip("0")
        return f"{int(whole):,}{'.' + shown if shown else ''} {self.token.symbol}"


@dataclass(frozen=True, slots=True)
class Price:
    """As the contracts store it: quote base units per base base unit, times 2**112."""

    stored: int
    base: Token
    quote: Token

    def value(self, digits: int = 12) -> Decimal:
        scale = Decimal(10) ** (self.base.decimals - self.quote.decimals)
        return Context(prec=60).multiply(Context(prec=60).divide(Decimal(self.stored), Decimal(Q112)), scale).normalize(
            Context(prec=digits)
        )

    def __str__(self) -> str:
        return f"{self.value(7):,f} {self.quote.symbol}"


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds since 1970; none at 0."""

    seconds: int

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if self.seconds else "never"


def duration(seconds: int) -> str:
    """As in `2 days 3:04:05`."""
    days, rest = divmod(seconds, 86_400)
    said = [f"{days} day{'s' if days > 1 else ''}"] if days else []
    return " ".join([*said, str(timedelta(seconds=rest))] if rest or not days else said)


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "0 %"


def plain(value: Any) -> Any:
    """For machines: amounts and counts are text, so that no reader rounds them."""
    if isinstance(value, Amount):
        return {"token": value.token.symbol, "base_units": str(value.units), "amount": value.exact()}
    if isinstance(value, Price):
        return {"stored": str(value.stored), "price": f"{value.value(18):f}", "quote": value.quote.symbol}
    if isinstance(value, Moment):
        return value.seconds
    if is_dataclass(value):
        return {name: str(each) if name in COUNTS else plain(each) for name in value.__slots__ for each in [getattr(value, name)]}
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
