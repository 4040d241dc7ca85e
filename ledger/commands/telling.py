"""What a command is given and says: ids in hexadecimal, `--json`, tables for people, errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey
from ledger.errors import Refusal

FAILED: Final = 1
# What shops and banks call a day; Korea has had no summer time since 1988.
KST: Final = timezone(timedelta(hours=9), "KST")
# Where there is no terminal to ask, a table is as wide as its longest row needs.
_WIDE: Final = 200

# Facts that are points in time; others that end in seconds are lengths of it.
_TIMES: Final = ("_at_s", "_after_s")

as_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
# An order that is given again with the same reference is not obeyed twice.
with_reference = click.option(
    "--reference", help="Your name for this order: given again, it is not obeyed again."
)
dry_run = click.option("--dry-run", "is_dry_run", is_flag=True, help="Only say what would be.")


class Octets(click.ParamType[bytes]):
    """Octets in hexadecimal, for example an id; of one length if it is given."""

    name = "hex"

    def __init__(self, length: int | None = None) -> None:
        self.length = length

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            octets = bytes.fromhex(value)
        except ValueError:
            self.fail("hexadecimal is expected", param, ctx)
        if self.length not in (None, len(octets)):
            self.fail(f"{self.length} bytes in hexadecimal are expected", param, ctx)
        return octets


class Key(click.ParamType[PublicKey]):
    """A public P-256 key: 33 bytes in hexadecimal."""

    name = "key"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> PublicKey:
        if isinstance(value, PublicKey):
            return value
        try:
            return PublicKey(HEX.convert(value, param, ctx))
        except KSCoinError as exc:
            self.fail(str(exc), param, ctx)


HEX: Final = Octets()
# An account, merchant, terminal or purse.
ID: Final = Octets(8)
KEY: Final = Key()


def say(facts: dict[str, Any], is_json: bool, text: str) -> None:
    """Print the facts for a script or the text for a person."""
    click.echo(json.dumps(facts, ensure_ascii=False) if is_json else text)


def say_rows(
    name: str, rows: Sequence[dict[str, Any]], is_json: bool, if_none: str, **more: Any
) -> None:
    """Print rows: for a script as `{name: [...], **more}`, for a person as a table.

    The columns are the keys of the first row; `if_none` is said instead of an empty table.
    """
    if is_json:
        click.echo(json.dumps({name: list(rows), **more}, ensure_ascii=False))
    elif rows:
        click.echo(table(rows), nl=False)
    else:
        click.echo(if_none)


def say_facts(facts: dict[str, Any], is_json: bool, *sentences: str) -> None:
    """Print one thing's facts, one a line for a person, and below them what a person is told."""
    width = max(len(title(name)) for name in facts)
    lines = (f"{title(name):<{width}}  {cell(name, value)}" for name, value in facts.items())
    say(facts, is_json, "\n".join((*lines, *sentences)))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as a person reads them; won and counts stand to the right."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name, value in rows[0].items():
        is_number = isinstance(value, int) and not name.endswith(_TIMES)
        drawn.add_column(title(name), justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(cell(name, value)) for name, value in row.items()))
    console = Console(width=_WIDE)
    with console.capture() as capture:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def title(name: str) -> str:
    """Return a fact's name for a person: "booked_at_s" is "booked (KST)"."""
    if name.endswith(_TIMES):
        return f"{name.removesuffix('_s').removesuffix('_at')} (KST)".replace("_", " ")
    return name.removesuffix("_won").replace("_", " ")


def cell(name: str, value: Any) -> str:
    """Return a fact for a person: won with commas, times in Korea, nothing as "-"."""
    if value is None:
        return "-"
    if name.endswith(_TIMES):
        return datetime.fromtimestamp(value, KST).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value)) or "-"
    return str(value)


def roots_in_words(roots: Iterable[str]) -> str:
    """Return the roots as a technician types them into `ks-field enrol --root`."""
    return "\n".join(f"root  {root}" for root in roots)


def sentence(exc: KSCoinError) -> str:
    """Return what a person is told of an error, with its stable code."""
    code = exc.reason if isinstance(exc, Refusal) else exc.code
    return f"ks-ledger: {exc} ({code})"
