"""`ks-pos slip`: a slip as it would be printed, as a picture or as text, even while the till runs.

Reads only, prints nothing: printing is the running till's, which knows what is a copy. It must not
know how a slip is composed: `pos_app.slips` does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from drivers.printer.raster import png
from drivers.printer.slip import Paper, Slip
from offline_queue.books import Books
from offline_queue.counter import HistoryQuery
from offline_queue.day import Days
from offline_queue.durable_file import disk_error
from offline_queue.errors import NoSuchPayment
from offline_queue.history import History
from offline_queue.slip_records import SlipRecords
from pos_app.settings import load
from pos_app.shop_commands import reading
from pos_app.shop_on_slips import shop_on_slips
from pos_app.slips.day import day_slip
from pos_app.slips.given import given_slip
from pos_app.slips.plain import code_on, plain_lines
from pos_app.slips.sale import sale_slip
from pos_app.slips.sheet import Sheet, copy_of
from pos_app.slips.tables import words_of
from pos_app.slips.trial import trial_slip
from pos_app.terminal_option import terminal_option
from pos_app.till.words import Language

# More sales than one may be meant by a start that is too short to tell them apart.
_LISTED: Final = 5


@click.command()
@click.argument("code", required=False)
@click.option("--given", is_flag=True, help="The sale's last refund, or its void, instead.")
@click.option("--day", "number", type=click.IntRange(1), help="The Z report of a closed day.")
@click.option("--open-day", is_flag=True, help="The X report of the day that is open.")
@click.option("--test", "is_test", is_flag=True, help="A test slip.")
@click.option(
    "--png",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it as a picture, dot for dot as it is printed.",
)
@click.option("--paper", type=click.Choice(["58", "80"]), help="How wide; by default as set.")
@click.option("--copy", "is_copy", is_flag=True, help="As it is printed again.")
@click.option("--language", type=click.Choice([each.value for each in Language]))
@terminal_option()
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
def slip(
    code: str | None,
    given: bool,
    number: int | None,
    open_day: bool,
    is_test: bool,
    picture: Path | None,
    paper: str | None,
    is_copy: bool,
    language: str | None,
    directory: Path,
    is_json: bool,
) -> None:
    """Show the slip of the sale whose code starts so (three letters or more).

    Nothing is printed or written down by it: it may be looked at as often as one likes. The till
    may be running.
    """
    wanted = [code is not None, number is not None, open_day, is_test]
    if wanted.count(True) != 1 or (given and code is None):
        raise click.UsageError("name one of CODE, --day, --open-day and --test")
    settings = load(directory)
    spoken = settings.language if language is None else Language(language)
    sheet = Sheet(shop_on_slips(settings), words_of(spoken))
    with reading(settings) as books:
        composed = _composed(books, sheet, code, number, is_given=given, is_open=open_day)
    if is_copy:
        composed = copy_of(composed, sheet.words)
    if picture is not None:
        width = Paper(settings.paper_mm if paper is None else int(paper))
        _write(picture, png(composed, width))
    _say(composed, is_json, picture)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as exc:
        raise disk_error(exc, f"write {path}") from exc


def _composed(
    books: Books,
    sheet: Sheet,
    code: str | None,
    number: int | None,
    *,
    is_given: bool,
    is_open: bool,
) -> Slip:
    if code is not None:
        request_hash, records = _sale_of(books, code), SlipRecords(books)
        if is_given:
            return given_slip(records.given(request_hash), sheet)
        return sale_slip(records.sold(request_hash), sheet)
    if number is not None or is_open:
        days = Days(books)
        return day_slip(days.x_report() if number is None else days.z_report(number), sheet)
    return trial_slip(books.time().now_s, sheet)


def _sale_of(books: Books, code: str) -> bytes:
    """Return the request hash of the one sale whose code starts so. Raises NoSuchPayment."""
    found = History(books).page(HistoryQuery(code, limit=_LISTED)).sales
    if not found:
        raise NoSuchPayment(f"no sale has a code that starts with {code} (three letters or more)")
    if len(found) > 1:
        codes = ", ".join(sale.short_code for sale in found)
        raise NoSuchPayment(f"more than one sale has such a code: {codes}")
    return found[0].request_hash


def _say(composed: Slip, is_json: bool, picture: Path | None) -> None:
    lines = list(plain_lines(composed))
    if is_json:
        facts = {
            "lines": lines,
            "proof": code_on(composed),
            "png": None if picture is None else str(picture),
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    elif picture is None:
        click.echo("\n".join(lines))
    else:
        click.echo(f"{picture} is the slip.")
