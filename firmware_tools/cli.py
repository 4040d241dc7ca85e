"""ks-field: the technician's commands. How they end is `command_line`'s."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from drivers.errors import NoTokenUri
from drivers.keystore.token_uri import TokenUri
from firmware_tools.command_line import Commands, json_option
from firmware_tools.devices import Bench, find_devices
from firmware_tools.doctor_command import doctor_command, plug_test
from firmware_tools.enrol import Order, enrol, meet
from firmware_tools.errors import NotConfirmed
from firmware_tools.machine import hardware
from firmware_tools.place import PASS_PHRASE_FILE, Place
from firmware_tools.printer_command import printer_command
from firmware_tools.record_command import record_command, replay_command
from firmware_tools.rescue_command import rescue_command
from firmware_tools.telling import Telling
from kscoin.codes import ALPHABET, normalised
from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey
from kscoin.messages import TerminalCertificate
from offline_queue.ledger_client import LedgerClient

# What an EnrolmentRequest takes (KSP/1 section 4, code).
_CODE_MAX: Final = 32
_YES: Final = frozenset({"y", "yes"})


def _code(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> str:
    bare = normalised(typed)
    if not bare or len(bare) > _CODE_MAX or not set(bare) <= set(ALPHABET):
        raise click.BadParameter("a code is letters and digits, for example 7Q2F-9KXM-0B4T-ZQ1H")
    return bare


def _url(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> str:
    try:
        parts = urlsplit(typed)
        is_url = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not typed.isprintable():
        raise click.BadParameter("a ledger's address starts with https:// or http://")
    return typed.rstrip("/")


def _root(_ctx: click.Context, _parameter: click.Parameter, typed: str | None) -> PublicKey | None:
    if typed is None:
        return None
    try:
        return PublicKey(bytes.fromhex(typed.replace("-", " ")))
    except (ValueError, KSCoinError) as exc:
        raise click.BadParameter("a fingerprint is 66 hexadecimal digits") from exc


def _token(_ctx: click.Context, _parameter: click.Parameter, typed: str | None) -> TokenUri | None:
    if typed is None:
        return None
    try:
        return TokenUri.parse(typed)
    except NoTokenUri as exc:
        raise click.BadParameter(str(exc)) from exc


@click.group(cls=Commands)
def main() -> None:
    """The technician's bench: make this machine a terminal, and look at its devices."""


@main.command("enrol")
@click.argument("code", callback=_code)
@click.option("--ledger", "ledger_url", required=True, callback=_url, help="The ledger's address.")
@click.option(
    "--root",
    metavar="FINGERPRINT",
    callback=_root,
    help="The ledger's root, as its operator gave it to you; you are asked if it is not given.",
)
@click.option(
    "--terminal",
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("terminal"),
    show_default=True,
    help="Where the terminal is to be.",
)
@click.option("--name", default="", help="What the operator's list is to call this machine.")
@click.option(
    "--pass-phrase-file",
    "phrase_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What encrypts the key; made if it is not there.  [default: in the terminal's directory]",
)
@click.option(
    "--token",
    metavar="URI",
    callback=_token,
    help="Make the key on a PKCS#11 token: pkcs11:token=LABEL?module-path=FILE, with its PIN in "
    "--pass-phrase-file.",
)
@click.option("--replace", is_flag=True, help="Put a new terminal in the place of the one there.")
@click.option("--dry-run", is_flag=True, help="Look at everything, send no code, write nothing.")
@click.option("-y", "--yes", is_flag=True, help="Believe the root that the ledger shows.")
@json_option
def enrol_command(
    code: str,
    ledger_url: str,
    root: PublicKey | None,
    directory: Path,
    name: str,
    phrase_file: Path | None,
    token: TokenUri | None,
    replace: bool,
    dry_run: bool,
    yes: bool,
    telling: Telling,
) -> None:
    """Make this machine a terminal, with the one-time CODE from the ledger's operator.

    If it is cut off at any point, the same command goes on from there.
    """
    if token is not None and phrase_file is None:
        raise click.UsageError("--token needs --pass-phrase-file: the file with the token's PIN")
    place = Place(directory.absolute())
    there = place.free_or_replaced(may_replace=replace)
    with LedgerClient(ledger_url) as ledger:
        met = meet(ledger, root, _now_s())
        telling.met(met, ledger_url)
        if dry_run:
            telling.would_enrol(met, place.directory, there.terminal_id if there else None)
            return
        _confirm(is_root_known=root is not None or yes, there=there)
        order = Order(
            code=code,
            ledger_url=ledger_url,
            place=place,
            hardware=hardware(name),
            pass_phrase_file=phrase_file.absolute() if phrase_file else Path(PASS_PHRASE_FILE),
            token=token,
        )
        telling.enrolled(enrol(order, met, ledger, _now_s, telling.step), met)


@main.command("devices")
@json_option
def devices_command(telling: Telling) -> None:
    """List scanners, card readers and printers, whether they answer, and what to do if not."""
    telling.devices(list(find_devices(Bench())))


main.add_command(printer_command)
main.add_command(record_command)
main.add_command(replay_command)
main.add_command(doctor_command)
main.add_command(plug_test)
main.add_command(rescue_command)


def _confirm(*, is_root_known: bool, there: TerminalCertificate | None) -> None:
    """Ask what only the technician can know; raises NotConfirmed."""
    if not is_root_known:
        question = "Is this the fingerprint that the operator gave you? [y/N]"
        _ask(question, _YES)
    if there is not None:
        word = there.terminal_id.hex()
        click.echo(
            f"Here is terminal {word} of {there.merchant_name}. It will be kept beside the new\n"
            "one and is not to be started again, but to settle what it has taken.",
            err=True,
        )
        _ask(f"Type {word} to replace it", frozenset({word}))


def _ask(question: str, wanted: frozenset[str]) -> None:
    try:
        answer = click.prompt(question, err=True, default="", show_default=False)
    except click.Abort as exc:
        raise NotConfirmed("nobody answered") from exc
    if answer.strip().lower() not in wanted:
        raise NotConfirmed("the answer was another one")


def _now_s() -> int:
    return int(time.time())


if __name__ == "__main__":
    main()
