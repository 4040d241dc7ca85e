"""`ks-pos audit`: a journal verified from outside, and exported; its exit status says how it went.

Imported only when it is asked for. Decides nothing: `offline_queue.auditing` does.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from kscoin.money import format_won
from offline_queue.auditing.auditor import audit
from offline_queue.auditing.export import Format, export
from offline_queue.auditing.knowledge import known_from
from offline_queue.auditing.report import AuditReport, Finding, Severity

FAILED: Final = 1
# The bar moves every so many entries: drawing it costs more than looking at one.
_STRIDE: Final = 500
# The width of the longest name below, and a gap.
_NAMES: Final = 24
_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_FOUND_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("journal", type=_FOUND_FILE)
@click.option("--trust", type=_FOUND_FILE, help="A trust list as a terminal keeps it.")
@click.option(
    "--terminal",
    type=click.Path(path_type=Path, file_okay=False),
    help="The terminal's directory; by default the one that the journal is in.",
)
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--export",
    "exported",
    type=(click.Choice([each.value for each in Format]), click.Path(path_type=Path)),
    metavar="FORMAT FILE",
    help="Also write every entry to FILE, as csv or jsonl; - is the standard output.",
)
def audit_journal(
    journal: Path,
    trust: Path | None,
    terminal: Path | None,
    is_json: bool,
    exported: tuple[str, Path] | None,
) -> None:
    """Verify a JOURNAL from outside: chain, signatures, intervals, limits, gaps, clocks.

    The till may be running; nothing is changed. The exit status is 1 if there is an error.
    """
    knowledge = known_from(trust, terminal or journal.parent)
    with _progress() as moved:
        found = audit(journal, knowledge, moved)
    if is_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        _tell(Console(stderr=_is_to_stdout(exported)), found)
    if exported is not None:
        _export(journal, Format(exported[0]), exported[1])
    if not found.is_good:
        sys.exit(FAILED)


def _export(journal: Path, form: Format, to: Path) -> None:
    if str(to) == "-":
        export(journal, sys.stdout, form)
        return
    try:
        with to.open("w", encoding="utf-8", newline="") as file:
            count = export(journal, file, form)
    except OSError as exc:
        raise click.ClickException(f"could not write {to}: {exc.strerror or exc}") from exc
    click.echo(f"{count:,} entries written to {to}", err=True)


def _is_to_stdout(exported: tuple[str, Path] | None) -> bool:
    return exported is not None and str(exported[1]) == "-"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda *_: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("entries", total=None)

        def moved(sequence: int, last: int) -> None:
            if sequence % _STRIDE == 0:
                bar.update(task, completed=sequence, total=last)

        yield moved


def _as_json(found: AuditReport) -> dict[str, object]:
    return {"is_good": found.is_good, **dataclasses.asdict(found)}


def _tell(console: Console, found: AuditReport) -> None:
    for name, value in _figures(found):
        console.print(f"{name:<{_NAMES}}{value}", soft_wrap=True, highlight=False, markup=False)
    for finding in found.findings:
        console.print(_line(finding), soft_wrap=True, highlight=False)
    for sentence in found.unproven:
        console.print(f"[dim]not proven  {sentence}[/]", soft_wrap=True, highlight=False)
    errors = sum(each.severity is Severity.ERROR for each in found.findings)
    if found.is_good:
        console.print("[bold green]The journal holds.", highlight=False)
    else:
        console.print(f"[bold red]{errors} errors: the journal does not hold.", highlight=False)


def _line(finding: Finding) -> str:
    colour = _COLOURS[finding.severity]
    where = f"entry {finding.sequence}: " if finding.sequence is not None else ""
    text = f"{where}{finding.sentence} ({finding.code})".replace("[", r"\[")
    return f"[{colour}]{finding.severity.value:<10}[/]  {text}"


def _figures(found: AuditReport) -> tuple[tuple[str, str], ...]:
    """Return what the journal holds, a name and a value a line."""
    figures = found.figures
    return (
        ("journal", f"{found.journal}, of terminal {found.terminal_id or 'unknown'}"),
        ("trust list", f"{found.trust_version} of {found.network}"),
        ("entries", f"{figures.entries:,}, the last {figures.last_sequence:,}"),
        ("head", found.head[:16]),
        ("payments", f"{figures.kinds.get('payment', 0):,}, {format_won(figures.payments_won)}"),
        ("of them settled", format_won(figures.settled_won)),
        ("waiting", format_won(figures.waiting_won)),
        ("refused by the ledger", format_won(figures.refused_won)),
        ("returned to payers", format_won(figures.returned_won)),
        ("receipts", f"{figures.kinds.get('receipt', 0):,}, {format_won(figures.receipts_won)}"),
        ("refunds and voids", format_won(figures.given_back_won)),
        ("purses", f"{figures.purses:,}"),
        ("boots", f"{figures.boots:,}"),
        ("acknowledged batches", f"{figures.batches:,}"),
    )
