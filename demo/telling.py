"""The stories as text."""

from rich.console import Console
from rich.table import Table

from demo.departure import Departure

BASE, QUOTE = "AVAX", "USDC"


class Teller:
    """Prints what happens, by the day on which it does."""

    def __init__(self, console: Console, decimals: dict[str, int]):
        self.console = console
        self.decimals = decimals

    def amount(self, token: str, amount: int, sign: bool = False) -> str:
        whole = amount / 10 ** self.decimals[token]
        return f"{whole:+,.2f}" if sign else f"{whole:,.2f}"

    def title(self, text: str) -> None:
        self.console.rule(f"[bold]{text}", align="left")

    def day(self, day: int, text: str, style: str | None = None) -> None:
        self.console.print(f"[bold]day {day:>3}[/]  {text}", style=style, highlight=False, soft_wrap=True)

    def position(self, day: int, price: float, provider: str, level: int, put_in: list[int], redeemed: list[int]) -> None:
        """How a provider stands: what was put in, had it been kept, and what it would redeem for."""
        kept, now = [self.worth(dict(zip((BASE, QUOTE), amounts)), {BASE: price, QUOTE: 1.0}) for amounts in (put_in, redeemed)]
        stands = f"{provider}, {level} % protected, would have {kept:,.0f} and has {now:,.0f} ({now / kept - 1:+.2%})"
        self.day(day, f"AVAX at {price:,.2f} USDC; {stands}", style="dim")

    def stake(self, day: int, before: int, after: int, earned: list[int]) -> None:
        """What a staker has given and got."""
        got = " and ".join(f"{self.amount(token, amount)} {token}" for token, amount in zip((BASE, QUOTE), earned))
        self.day(day, f"the staker has {self.amount('DLQ', after)} of {self.amount('DLQ', before)} DLQ left, and claims {got} of surpluses")

    def worth(self, amounts: dict[str, int], prices: dict[str, float]) -> float:
        return sum(amount / 10 ** self.decimals[token] * prices[token] for token, amount in amounts.items())

    def departure(self, day: int, departure: Departure) -> None:
        """A withdrawal, line by line."""
        regime = ", in a bailout" if departure.bailout else ""
        self.day(day, f"{departure.provider} takes out {departure.part} after {departure.days} days{regime}", style="bold green")
        table = Table("", BASE, QUOTE, "DLQ", f"worth in {QUOTE}", box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for column in table.columns[1:]:
            column.justify = "right"
        rows: list[tuple[str, dict[str, int], bool]] = [
            ("put in", departure.put_in, False),
            ("the pool gave back", departure.of_pool, False),
        ]
        if any(departure.in_kind.values()):
            rows.append(("the Reserve, in kind", departure.in_kind, True))
        if departure.in_quote:
            rows.append((f"the Reserve, in {QUOTE}", {QUOTE: departure.in_quote}, True))
        if departure.of_stakers:
            rows.append(("the pool's stakers", {"DLQ": departure.of_stakers}, True))
        for what, amounts, sign in rows:
            self._row(table, departure, what, amounts, sign)
        self._row(table, departure, "received", departure.received, False, style="bold")
        self.console.print(table)
        told = [f"loss beyond fees {self.amount(QUOTE, departure.coverage)} {QUOTE}, owed {self.amount(QUOTE, departure.owed)}"]
        told += [f"paid by nobody {self.amount(QUOTE, departure.shortfall)}"] if departure.shortfall else []
        if departure.coverage:
            told[0] += f" ({departure.owed / departure.coverage:.0%})"
        self.console.print("         " + "; ".join(told), highlight=False)
        if departure.swept:
            surplus = ", ".join(f"{self.amount(token, amount)} {token}" for token, amount in departure.swept.items())
            self.console.print(f"         first, the surpluses of all pools went to the Reserve: {surplus}", highlight=False)

    def _row(self, table: Table, departure: Departure, what: str, amounts: dict[str, int], sign: bool, style: str | None = None) -> None:
        prices = {BASE: departure.price, QUOTE: 1.0, "DLQ": departure.dlq_price}
        worth = self.worth(amounts, prices)
        cells = [self.amount(token, amounts[token], sign) if amounts.get(token) else "" for token in (BASE, QUOTE, "DLQ")]
        table.add_row(f"         {what}", *cells, f"{worth:+,.2f}" if sign else f"{worth:,.2f}", style=style)
