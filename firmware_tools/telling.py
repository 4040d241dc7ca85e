"""What the bench prints: sentences and tables for a person, one JSON object for a script.

Decides nothing. Answers go to stdout; errors, and questions, to stderr.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from drivers.errors import DeviceForbidden
from firmware_tools.devices import Device, DeviceKind, Finding
from firmware_tools.enrol import CLOCK_TOLERANCE_S, Enrolled, LedgerMet, Step
from firmware_tools.words import Sentence, access_to, sentence
from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey
from offline_queue.errors import LedgerRefused

_STEPS: Final = {
    Step.KEY_MADE: "The terminal's key is made.",
    Step.REQUEST_FOUND: "An enrolment with this code was cut off; it goes on from there.",
    Step.REQUEST_SENT: "The ledger has certified the key.",
    Step.ANSWER_VERIFIED: "Its answer is verified from the root down.",
    Step.WRITTEN: "Everything is written.",
}
_KINDS: Final = {
    DeviceKind.SCANNER: "scanner",
    DeviceKind.SERIAL_PORT: "serial port",
    DeviceKind.CARD_READER: "card reader",
    DeviceKind.PRINTER: "printer",
}
FINDINGS: Final = {
    Finding.READY: "can be opened",
    Finding.UNKNOWN: "no scanner that we know; left alone",
    Finding.NOT_FOR_CARDS: "a key or a security module, no reader for cards; left alone",
    Finding.TYPES: "types what it reads; set it to USB serial (CDC) by the code in its manual",
    Finding.CAN_PRINT: "answers; it can print",
    Finding.MUTE: "prints what it is sent, and does not say how it is",
    Finding.PAPER_LOW: "answers; its roll is nearly at its end",
    Finding.NO_CARD: "answers; no card on it",
    Finding.PURSE: "answers; a purse is on it",
    Finding.OTHER_CARD: "answers; the card on it is no purse that can be used",
    Finding.TROUBLE: "cannot be used",
}


class Telling:
    """One command's output, in one of the two forms."""

    def __init__(self, is_json: bool) -> None:
        self._is_json = is_json

    def met(self, met: LedgerMet, url: str) -> None:
        """Tell which ledger answers; nobody has said yet that it is the right one."""
        self.say(f"The ledger at {url} answers, for network {met.network}. Its root's fingerprint:")
        self.say(f"    {fingerprint(met.root)}")
        if abs(met.clock_ahead_s) > CLOCK_TOLERANCE_S:
            way = "behind" if met.clock_ahead_s > 0 else "ahead of"
            off_s = abs(met.clock_ahead_s)
            self.say(f"This machine's clock is {off_s:,} s {way} the ledger's: set it.")

    def step(self, step: Step) -> None:
        """Tell how far an enrolment has come."""
        self.say(_STEPS[step])

    def would_enrol(self, met: LedgerMet, directory: Path, replaces: bytes | None) -> None:
        """Tell what a dry run found."""
        self.answer(
            {
                "dry_run": True,
                "network": met.network,
                "root": met.root.compressed.hex(),
                "clock_ahead_s": met.clock_ahead_s,
                "directory": str(directory),
                "replaces": replaces.hex() if replaces else None,
            },
            "Nothing was sent or written.",
        )

    def enrolled(self, done: Enrolled, met: LedgerMet) -> None:
        """Tell who this machine is now, and how to start it."""
        terminal = done.certificate
        facts = {
            "terminal_id": terminal.terminal_id.hex(),
            "merchant_id": terminal.merchant_id.hex(),
            "merchant_name": terminal.merchant_name,
            "network": met.network,
            "root": met.root.compressed.hex(),
            "directory": str(done.directory),
            "kept": str(done.kept) if done.kept else None,
            "policy_version": done.policy_version,
            "denylist_version": done.denylist_version,
        }
        kept = f"\nThe terminal that was here is kept in {done.kept}." if done.kept else ""
        self.answer(
            facts,
            f"This machine is terminal {facts['terminal_id']} of {terminal.merchant_name}.{kept}\n"
            f"Start it with: ks-pos run --terminal {done.directory}",
        )

    def devices(self, found: list[Device]) -> None:
        """Tell what is plugged in."""
        if self._is_json:
            _print_json({"devices": [_device_facts(each) for each in found]})
        elif found:
            Console().print(_device_table(found))
        else:
            self.say("No scanner, no card reader and no printer is plugged in.")

    def failure(self, error: KSCoinError) -> None:
        """Tell what went wrong, what to do, and the details for whoever is asked for help."""
        told = sentence(error)
        code = error.reason if isinstance(error, LedgerRefused) else error.code
        if self._is_json:
            facts = {"code": code, "what": told.what, "next_step": told.next_step}
            _print_json({"error": facts | {"details": str(error)}})
        click.echo(f"{told.what}\n{told.next_step}\nDetails: {error} ({code})", err=True)

    def say(self, text: str) -> None:
        """Tell something on the way, to a person only."""
        if not self._is_json:
            click.echo(text)

    def answer(self, facts: dict[str, Any], text: str) -> None:
        """Tell what came of it: the facts to a script, the text to a person."""
        if self._is_json:
            _print_json(facts)
        else:
            click.echo(text)


def fingerprint(root: PublicKey) -> str:
    """Return a root as people compare it: its 66 hexadecimal digits in groups of six."""
    digits = root.compressed.hex()
    return " ".join(digits[at : at + 6] for at in range(0, len(digits), 6))


def _device_table(found: list[Device]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("", "device", "what it is", "how it is"):
        table.add_column(title, overflow="fold")
    for each in found:
        sentences = told(each)
        lines = (
            FINDINGS[each.finding],
            *((sentences.what, sentences.next_step) if sentences else ()),
            *((f'in settings.toml: "{each.usb}"',) if each.usb and each.usb != each.name else ()),
        )
        table.add_row(_KINDS[each.kind], each.name, each.model, "\n".join(lines))
    return table


def _device_facts(device: Device) -> dict[str, Any]:
    sentences = told(device)
    return {
        "kind": device.kind,
        "name": device.name,
        "model": device.model,
        "usb": device.usb,
        "finding": device.finding,
        "is_well": device.finding not in (Finding.TROUBLE, Finding.TYPES),
        "code": device.error.code if device.error else None,
        "next_step": sentences.next_step if sentences else None,
    }


def told(device: Device) -> Sentence | None:
    """Return what is in a device's way and what to do, None if nothing is."""
    if device.error is None:
        return None
    if isinstance(device.error, DeviceForbidden) and device.kind is DeviceKind.SCANNER:
        return access_to(Path(device.name))
    return sentence(device.error)


def _print_json(facts: dict[str, Any]) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False))
