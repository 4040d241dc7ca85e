"""`ks-pos courier`: what waits goes to the ledger in a file or in QR codes, and its answer back.

For a till that is stopped: it opens the journal itself. While a till runs, the queue's own methods
do the same. Imported only when it is asked for.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import click

from kscoin import frames
from kscoin.qr_picture import LIGHT, QrPicture, qr_picture
from offline_queue.queue import OfflineQueue
from offline_queue.trusted_clock import SystemClock
from pos_app.compose import queue_setup
from pos_app.settings import load
from pos_app.terminal_option import terminal_option

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW_FILE: Final = click.Path(path_type=Path, dir_okay=False)
# Slow enough for a camera that refocuses, fast enough that a hundred codes take half a minute.
CODE_S: Final = 0.3
_HOME: Final = "\x1b[H\x1b[2J"
# Two rows of modules in one row of characters: upper and lower, light on the screen's dark.
_HALVES: Final = {
    (True, True): "\u2588",
    (True, False): "\u2580",
    (False, True): "\u2584",
    (False, False): " ",
}

_codes = click.option(
    "--codes", is_flag=True, help="Write the texts of QR codes, one a line, instead of bytes."
)
_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")


@click.group()
def courier() -> None:
    """Settle without a line: anyone carries the file, or films the codes. Stop the till first."""


@courier.command("export")
@click.argument("file", type=_NEW_FILE)
@terminal_option()
@click.option(
    "--after",
    type=click.IntRange(min=0),
    help="From the batch after this one: a ledger that was restored says which.",
)
@_codes
@_json
def export(file: Path, directory: Path, after: int | None, codes: bool, is_json: bool) -> None:
    """Seal all that the ledger has not acknowledged into FILE.

    Only the ledger can read it. Doing it again, or syncing meanwhile, does no harm.
    """
    with _queue(directory) as queue:
        shipment = queue.export_courier(after).result()
    if shipment is None:
        _say({"batches": 0, "entries": 0, "file": None}, is_json, "There is nothing to carry.")
        return
    file.write_bytes(_written(shipment.data, as_codes=codes))
    facts = {
        "batches": shipment.batches,
        "entries": shipment.entries,
        "is_all": shipment.is_all,
        "file": str(file),
    }
    more = "" if shipment.is_all else " More is waiting: export again after this has come back."
    _say(facts, is_json, f"{shipment.entries:,} entries are in {file}.{more}")


@courier.command("import")
@click.argument("file", type=_FILE)
@terminal_option()
@_json
def import_reply(file: Path, directory: Path, is_json: bool) -> None:
    """Take the ledger's answer from FILE: as bytes, or the texts of its codes, one a line."""
    data = frames.carried(file.read_bytes())
    with _queue(directory) as queue:
        news = queue.import_courier(data).result()
        at_risk = queue.at_risk().result()
    facts = {
        "batches": [each.batch_number for each in news.acknowledged],
        "settled": sum(len(each.settled_requests) for each in news.acknowledged),
        "to_heed": sum(len(each.to_heed) for each in news.acknowledged),
        "unsettled_won": at_risk.unsettled_won,
        "unsettled_count": at_risk.unsettled_count,
    }
    text = (
        f"{facts['settled']:,} payments are settled, {facts['to_heed']:,} need a look; "
        f"{at_risk.unsettled_won:,} won still wait."
    )
    _say(facts, is_json, text)


@courier.command("show")
@click.argument("file", type=_FILE)
@click.option("--seconds", "code_s", default=CODE_S, show_default=True, help="For each code.")
@click.option("--once", is_flag=True, help="Show each code once; otherwise until Ctrl-C.")
def show(file: Path, code_s: float, once: bool) -> None:
    """Show FILE, a shipment or an answer, as QR codes one after the other.

    Where the output is no screen, the texts of the codes are printed, one a line.
    """
    texts = frames.to_frames(frames.carried(file.read_bytes()))
    if not sys.stdout.isatty():
        click.echo("\n".join(texts))
        return
    for at, text in enumerate(texts) if once else cycle(enumerate(texts)):
        click.echo(f"{_HOME}{drawn(qr_picture(text))}\n{at + 1} / {len(texts)}   Ctrl-C ends")
        time.sleep(code_s)


def drawn(picture: QrPicture) -> str:
    """Return a QR code in characters, two rows of modules in each line."""
    side, pixels = picture.side, picture.pixels
    rows = [pixels[at : at + side] for at in range(0, len(pixels), side)]
    rows += [bytes(side)] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(map(_half, upper, lower)) for upper, lower in pairs)


def _half(upper: int, lower: int) -> str:
    return _HALVES[upper == LIGHT, lower == LIGHT]


@contextmanager
def _queue(directory: Path) -> Iterator[OfflineQueue]:
    """Open the queue of a terminal whose till is stopped; raises JournalLocked if it runs."""
    setup, mirror = queue_setup(load(directory), SystemClock(), lambda _kind, _code: None)
    queue = OfflineQueue.start(setup)
    try:
        queue.open().result()
        yield queue
    finally:
        queue.stop()
        if mirror is not None:
            mirror.stop()


def _written(data: bytes, *, as_codes: bool) -> bytes:
    return "\n".join(frames.to_frames(data)).encode() if as_codes else data


def _say(facts: dict[str, Any], is_json: bool, text: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if is_json else text)
