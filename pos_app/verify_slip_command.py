"""`ks-pos verify-slip`: what the QR code on a slip proves, with no network and no journal.

Needs a trust list and a root, or a terminal's directory, which holds both. Decides nothing:
`kscoin.printed` does.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import click

from kscoin import printed
from kscoin.certificates import Trust, pin_trust_of_any
from kscoin.codes import short_code
from kscoin.errors import (
    BadSignature,
    EncodingError,
    ExceedsCredit,
    Expired,
    KSCoinError,
    PartsDiffer,
    UntrustedKey,
    WrongNetwork,
)
from kscoin.keys import PublicKey
from kscoin.money import format_won
from kscoin.printed import Attested, Says
from kscoin.qr import MAX_TEXT, PREFIX
from offline_queue.auditing.knowledge import read_trust
from offline_queue.durable_file import read_whole
from offline_queue.rulebook import TRUST_FILE
from pos_app.terminal_option import terminal_option

FAILED: Final = 1
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_STANDARD_INPUT: Final = "-"
# Korea has one time zone, without daylight saving.
_SEOUL: Final = timezone(timedelta(hours=9))

_SAID: Final = {
    Says.SETTLED: "Paid and settled: the ledger has signed it, as transfer {number}.",
    Says.KEPT: "Paid offline: the purse has signed it. Whether it has settled since, the ledger"
    " knows.",
    Says.REFUNDED: "The shop has signed that it gives this sum back.",
    Says.VOIDED: "The shop has signed that it takes the whole payment back.",
}
_REFUSED: Final[tuple[tuple[type[KSCoinError], str], ...]] = (
    (EncodingError, "That is not the code of a slip: {error}."),
    (PartsDiffer, "It was put together from several slips: {error}."),
    (WrongNetwork, "It is of another network (a test, or a demo)."),
    (UntrustedKey, "It is by nobody whom this root vouches for: {error}."),
    (BadSignature, "A signature in it does not hold: it was altered, or made up."),
    (Expired, "It was signed when that was no longer, or not yet, allowed: {error}."),
    (ExceedsCredit, "The purse had not that much: {error}."),
)


class Root(click.ParamType[PublicKey]):
    """A root's public key in hexadecimal, as in a ledger's roots.txt."""

    name = "hex"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> PublicKey:
        try:
            return PublicKey(bytes.fromhex(value))
        except (ValueError, KSCoinError):
            self.fail("a root is 33 bytes in hexadecimal", param, ctx)


@click.command()
@click.argument("text")
@click.option(
    "--root", "roots", type=Root(), multiple=True, help="A root that you trust, from roots.txt."
)
@click.option(
    "--trust",
    "listed",
    type=_FILE,
    help="The ledger's trust list (GET /v1/trust); with --root.",
)
@terminal_option("A terminal's directory, whose trust list and root are taken without --trust.")
@click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")
def verify_slip(
    text: str, roots: tuple[PublicKey, ...], listed: Path | None, directory: Path, is_json: bool
) -> None:
    """Say what the code on a slip proves; exit 0 if it holds, 1 if not.

    TEXT is what the QR code holds (it begins with KS1:), a file with that, or - for the standard
    input. No network is asked, and no journal.
    """
    try:
        code = _code(text)
        trust = _trust(roots, listed, directory)
        proven = printed.verify(printed.from_text(code), trust)
    except KSCoinError as exc:
        sentence = _sentence_on(exc)
        facts = {"is_proven": False, "code": exc.code, "sentence": sentence}
        _say(facts, is_json, f"{sentence} ({exc.code})")
        raise SystemExit(FAILED) from exc
    _say(_facts(proven), is_json, _told(proven))


def _code(text: str) -> str:
    """Return the text itself, or what is in the file or on the standard input that it names."""
    if text.startswith(PREFIX):
        return text
    if text == _STANDARD_INPUT:
        return sys.stdin.read(MAX_TEXT + 1).strip()
    return read_whole(Path(text)).decode(errors="replace").strip()


def _trust(roots: tuple[PublicKey, ...], listed: Path | None, directory: Path) -> Trust:
    """Return the trust list to verify with: a terminal's, or one of which a root is known."""
    if listed is not None:
        if not roots:
            raise click.UsageError("--trust needs a --root that vouches for it")
        return pin_trust_of_any(read_whole(listed), roots)
    trust = read_trust(directory / TRUST_FILE)
    return pin_trust_of_any(trust.data, roots) if roots else trust


def _sentence_on(error: KSCoinError) -> str:
    found = (words for kind, words in _REFUSED if isinstance(error, kind))
    return next(found, "{error}.").format(error=error)


def _facts(proven: Attested) -> dict[str, object]:
    return {
        "is_proven": True,
        "says": proven.says.value,
        "network": proven.network,
        "merchant_name": proven.merchant_name,
        "terminal_id": proven.terminal_id.hex(),
        "code": short_code(proven.request_hash),
        "request_hash": proven.request_hash.hex(),
        "amount_won": proven.amount_won,
        "at_s": proven.at_s,
        "ledger_number": proven.ledger_number,
    }


def _told(proven: Attested) -> str:
    at = datetime.fromtimestamp(proven.at_s, _SEOUL).strftime("%Y-%m-%d %H:%M:%S")
    lines = (
        _SAID[proven.says].format(number=proven.ledger_number),
        f"  shop      {proven.merchant_name}",
        f"  sum       {format_won(proven.amount_won)}",
        f"  time      {at} in Seoul",
        f"  code      {short_code(proven.request_hash)}",
        f"  terminal  {proven.terminal_id.hex()}",
        f"  network   {proven.network}",
    )
    return "\n".join(lines)


def _say(facts: dict[str, object], is_json: bool, text: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if is_json else text)
