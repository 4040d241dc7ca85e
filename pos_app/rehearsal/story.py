"""A drill told to a person, on a terminal; or to nobody, where only its figures are wanted."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from kscoin.money import format_won
from pos_app.rehearsal.counter import End, Told
from pos_app.rehearsal.plan import Sale, Way
from pos_app.rehearsal.report import Report

_REFUSED: Final = "refused at the counter"
_MARKS: Final = {End.APPROVED: "[green]✔[/]", End.REFUSED: "[red]✘[/]", End.TORN: "[yellow]?[/]"}
_WAYS: Final = {
    Way.CARD: "card",
    Way.PHONE: "phone's code",
    Way.RECEIPT: "paid online, receipt shown",
    Way.TORN_PAID: "card torn away after paying, held again",
    Way.TORN_UNPAID: "card torn away before paying, held again",
    Way.ABANDONED: "card torn away after paying, its holder walks off",
    Way.KILLED_UNANSWERED: "the till is killed when the card has paid",
    Way.KILLED_STORED: "the till is killed when the payment is stored",
}


class RichStory:
    """Tells everything, a line a sale."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str) -> None:
        self._console.rule(f"[bold]{title}", align="left")

    def line(self, text: str) -> None:
        self._console.print(f"  {text}")

    def sold(self, sale: Sale, told: Told) -> None:
        outcome = told.short_code or told.code or ""
        text = f"{format_won(sale.amount_won):>8}  {_WAYS[sale.way]}"
        self._console.print(f"  {_MARKS[told.end]} {text:58} {outcome}", soft_wrap=True)

    def end(self, report: Report) -> None:
        """Show the figures and the verdict."""
        self._console.print(_table(report))
        if report.is_good:
            self._console.print("[bold green]Nothing was lost, nothing was taken twice.")
        else:
            self._console.print("[bold red]Something does not add up: see the figures.")


class SilentStory:
    """Tells nothing."""

    def chapter(self, title: str) -> None:
        pass

    def line(self, text: str) -> None:
        pass

    def sold(self, sale: Sale, told: Told) -> None:
        pass


def _table(report: Report) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(justify="right")
    rows = (
        ("payments offered", report.payments_offered, None),
        ("approved while offline", report.approved_offline, report.won_approved),
        (_REFUSED, report.refused, None),
        ("torn, no goods", report.torn, None),
        ("settled by the ledger", report.settled, report.won_settled),
        ("paid by the guarantee fund", report.guaranteed, report.won_guaranteed),
        ("refused by the ledger", report.refused_by_ledger, None),
        ("given back to payers", report.returned, report.won_returned),
        ("double spends proven", report.double_spends_proven, None),
        ("tills killed", report.tills_killed, None),
        ("lost", report.lost, None),
        ("duplicated", report.duplicated, None),
    )
    for name, count, won in rows:
        table.add_row(name, f"{count:,}", "" if won is None else format_won(won))
        if name == _REFUSED:
            for code, times in report.refused_for.items():
                table.add_row(f"  {code}", f"{times:,}", "")
    table.add_row("journals verified", _yes_or_no(report.journal_verified), "")
    table.add_row("books balance", _yes_or_no(report.books_balance), "")
    return table


def _yes_or_no(is_so: bool) -> str:
    return "[green]yes[/]" if is_so else "[red]no[/]"
