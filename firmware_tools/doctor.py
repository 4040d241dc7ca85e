"""Looks a terminal over: each part is well, or there is one thing to do about it.

Changes nothing; the test of the disk writes a file and removes it. It must not know how a finding
is printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from drivers.errors import DeviceBusy
from drivers.printer.fonts import on_paper
from drivers.sound import look as sound_look
from drivers.sound.look import SoundLook
from firmware_tools.devices import (
    Bench,
    Device,
    DeviceKind,
    Finding,
    find_devices,
    printer_named,
)
from firmware_tools.errors import NotATerminal, TillRunning
from firmware_tools.place import Place, alone_with
from firmware_tools.telling import FINDINGS, told
from firmware_tools.terminal import EnrolledTerminal
from firmware_tools.words import Sentence, sentence
from kscoin.errors import KSCoinError
from kscoin.messages import TerminalCertificate
from offline_queue.audit import verify_journal
from offline_queue.books import Books, LastWord
from offline_queue.disk_test import DiskLook, Suspicion, look
from offline_queue.errors import JournalBehind, JournalDamaged, LedgerError, MirrorDiffers
from offline_queue.journal import Journal
from offline_queue.ledger_client import LedgerClient
from offline_queue.readiness import DISK_FULL_BYTES, DISK_LOW_BYTES
from offline_queue.rescue import Rescued, rescue
from offline_queue.rulebook import Rulebook
from offline_queue.trusted_clock import TOLERANCE_S, SystemClock
from offline_queue.values import LedgerStatus
from offline_queue.watermark import Watermark

# Time enough to send somebody with a new code (see `readiness`).
_ENDS_SOON_S: Final = 30 * 86_400
_DAY_S: Final = 86_400
# What works today and will not for long, or not for the till: a scanner that types is seen by
# everybody else. What its finding does not say is what to do.
_SOON: Final = {Finding.TYPES: "", Finding.PAPER_LOW: "Have a new roll at hand."}
# What a line of findings has room for; the rescue names all.
_NAMED_MAX: Final = 5
# The languages of the till.
_SPOKEN: Final = frozenset({"ko", "en"})


class Health(StrEnum):
    """How a part is."""

    WELL = "well"
    # It works today.
    SOON = "soon"
    # It could not be looked at now.
    NOT_SEEN = "not_seen"
    TROUBLE = "trouble"


class Part(StrEnum):
    """What is looked at, in this order."""

    KEY = "key"
    CERTIFICATE = "certificate"
    LEDGER = "ledger"
    CLOCK = "clock"
    JOURNAL = "journal"
    MIRROR = "second copy"
    ROOM = "room"
    DISK = "disk"
    DEVICES = "devices"
    SLIPS = "slips"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one part; `next_step` is empty if there is nothing to do."""

    part: Part
    health: Health
    says: str
    next_step: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Instruments:
    """What a terminal is looked at with; the tests' have no hardware and no network."""

    now_s: Callable[[], int]
    ledger: Callable[[str], LedgerClient] = LedgerClient
    devices: Callable[[], Iterable[Device]] = partial(find_devices, Bench())
    look: Callable[[Path], DiskLook] = look
    sound: Callable[[], SoundLook] = sound_look.look
    printer: Callable[[str, str], Device] = partial(printer_named, Bench())


class Doctor:
    """One examination of one terminal."""

    def __init__(self, terminal: EnrolledTerminal, instruments: Instruments) -> None:
        """Take the terminal; raises NotATerminal if its directory has no certificate."""
        self._terminal = terminal
        self._with = instruments
        certificate = Place(terminal.directory).enrolled()
        if certificate is None:
            raise NotATerminal(f"{terminal.directory} is no terminal")
        self._certificate: TerminalCertificate = certificate

    def examine(self) -> Iterator[Diagnosis]:
        """Yield what is found of each part, as it is found."""
        for part, check in (
            (Part.KEY, self._key),
            (Part.CERTIFICATE, self._validity),
            (Part.LEDGER, self._ledger),
            (Part.CLOCK, self._clock),
            (Part.JOURNAL, self._journal),
            (Part.MIRROR, self._mirror),
            (Part.ROOM, self._room),
            (Part.DISK, self._disk),
        ):
            try:
                yield check()
            except KSCoinError as exc:
                yield _trouble(part, sentence(exc), exc.code)
        yield from self._devices()
        try:
            yield self._slips()
        except KSCoinError as exc:
            yield _trouble(Part.SLIPS, sentence(exc), exc.code)
        yield self._sound()

    @cached_property
    def _is_running(self) -> bool:
        """Whether the till has its journal now."""
        try:
            with alone_with(self._terminal.journal):
                return False
        except TillRunning:
            return True

    @cached_property
    def _status(self) -> LedgerStatus:
        with self._with.ledger(self._terminal.ledger_url) as ledger:
            return ledger.status()

    def _key(self) -> Diagnosis:
        identity = self._terminal.identity(Rulebook.load(self._terminal.directory))
        name = identity.terminal_id.hex()
        shop = identity.certificate.message.merchant_name
        return Diagnosis(Part.KEY, Health.WELL, f"opens; certified for terminal {name} of {shop}")

    def _validity(self) -> Diagnosis:
        left_s = self._certificate.not_after_s - self._with.now_s()
        if left_s < 0:
            return _trouble(
                Part.CERTIFICATE,
                Sentence(
                    f"The certificate ended {-left_s // _DAY_S} days ago.",
                    "Let it settle, then enrol with a new code and --replace.",
                ),
                "terminal_expired",
            )
        days = f"valid for {left_s // _DAY_S:,} more days"
        if left_s < _ENDS_SOON_S:
            step = "Enrol with a new code and --replace before it ends."
            return Diagnosis(Part.CERTIFICATE, Health.SOON, days, step)
        return Diagnosis(Part.CERTIFICATE, Health.WELL, days)

    def _ledger(self) -> Diagnosis:
        network = Rulebook.load(self._terminal.directory).rules.trust.network
        if self._status.network != network:
            return _trouble(
                Part.LEDGER,
                Sentence(
                    f"The ledger is one of {self._status.network}, not of {network}.",
                    "Put the right ledger_url into settings.toml.",
                ),
                "wrong_network",
            )
        return Diagnosis(Part.LEDGER, Health.WELL, f"answers at {self._terminal.ledger_url}")

    def _clock(self) -> Diagnosis:
        now_s = self._with.now_s()
        try:
            ahead_s = now_s - self._status.ledger_time_s
        except LedgerError:
            ahead_s = min(now_s - self._certificate.not_before_s, 0)
            if abs(ahead_s) <= TOLERANCE_S:
                says = "not held against the ledger's: there is no line"
                return Diagnosis(Part.CLOCK, Health.NOT_SEEN, says)
        if abs(ahead_s) > TOLERANCE_S:
            way = "ahead of" if ahead_s > 0 else "behind"
            what = f"It is {abs(ahead_s):,} s {way} the ledger's."
            step = "Set it: sudo timedatectl set-ntp true, or timedatectl set-time."
            return _trouble(Part.CLOCK, Sentence(what, step), "clock")
        return Diagnosis(Part.CLOCK, Health.WELL, "agrees with the ledger's")

    def _journal(self) -> Diagnosis:
        path, terminal_id = self._terminal.journal, self._certificate.terminal_id
        if not path.exists():
            return self._no_journal()
        try:
            with closing(Journal.read(path, terminal_id)) as journal:
                journal.see_nothing_missing()
            report = verify_journal(path, terminal_id)
        except JournalDamaged as exc:
            return self._damaged(exc)
        says = (
            f"whole: {report.entries:,} entries up to {report.head.hex()[:16]}, "
            f"{report.payments:,} payments of ₩{report.payments_won:,}; {self._waiting()}"
        )
        says += "; the till is running" if self._is_running else ""
        return Diagnosis(Part.JOURNAL, Health.WELL, says)

    def _no_journal(self) -> Diagnosis:
        known = Watermark(self._terminal.journal).read()
        if known is None or not known.sequence:
            return Diagnosis(Part.JOURNAL, Health.WELL, "none yet; the till begins it")
        return _trouble(
            Part.JOURNAL,
            Sentence(
                f"The journal is gone; it had {known.sequence:,} entries.",
                "Rescue it from its second copy: ks-field rescue (docs/field.md).",
            ),
            JournalBehind.code,
        )

    def _waiting(self) -> str:
        # Nothing is opened for writing: the books are only drawn up.
        enrolled = LastWord(0, 0, self._certificate.not_before_s, 0)
        read = partial(Journal.read, self._terminal.journal, self._certificate.terminal_id)
        books = Books(read, SystemClock(), enrolled)
        with books:
            waiting = f"₩{books.waiting_won:,} wait for the ledger"
        books.close()
        return waiting

    def _damaged(self, error: JournalDamaged) -> Diagnosis:
        """Say where the damage is, and what the journal itself still holds."""
        rescued = rescue([self._terminal.journal], self._certificate.terminal_id)
        step = (
            f"Stop the till, leave the file as it is, and see what a rescue would do: "
            f"ks-field rescue --terminal {self._terminal.directory} --dry-run"
        )
        what = f"The journal is damaged: {error}. {in_words(rescued)}"
        return _trouble(Part.JOURNAL, Sentence(what, step), error.code)

    def _mirror(self) -> Diagnosis:
        place = self._terminal.mirror_place(self._certificate.terminal_id)
        if place is None:
            return Diagnosis(Part.MIRROR, Health.WELL, "none is set up")
        place.see_medium()
        if self._is_running:
            return Diagnosis(Part.MIRROR, Health.NOT_SEEN, "the till has it; stop it to look")
        if not place.path.exists():
            return Diagnosis(Part.MIRROR, Health.SOON, "not begun", "Start the till: it begins it.")
        try:
            entries = verify_journal(place.path, place.terminal_id).entries
        except JournalDamaged as exc:
            raise MirrorDiffers(f"the second copy is damaged: {exc}") from exc
        behind = self._entries() - entries
        if behind > 0:
            says, step = f"{behind:,} entries behind", "Start the till: it catches up."
            return Diagnosis(Part.MIRROR, Health.SOON, says, step)
        return Diagnosis(Part.MIRROR, Health.WELL, f"whole: {entries:,} entries")

    def _entries(self) -> int:
        """Return how many entries the journal has, as far as it can be read at all."""
        with (
            suppress(KSCoinError),
            closing(Journal.read(self._terminal.journal, self._certificate.terminal_id)) as journal,
        ):
            return journal.tail.sequence
        return 0

    def _room(self) -> Diagnosis:
        disk = os.statvfs(self._terminal.directory)
        free_bytes = disk.f_bavail * disk.f_frsize
        says = f"{free_bytes // 1_000_000:,} MB are free"
        if free_bytes < DISK_FULL_BYTES:
            what = Sentence(f"Only {says}.", "Make room before it sells on.")
            return _trouble(Part.ROOM, what, "disk_full")
        if free_bytes < DISK_LOW_BYTES:
            return Diagnosis(Part.ROOM, Health.SOON, says, "Make room, or take a larger card.")
        return Diagnosis(Part.ROOM, Health.WELL, says)

    def _disk(self) -> Diagnosis:
        seen = self._with.look(self._terminal.directory)
        says = f"{seen.file_system}, a sync takes {seen.sync_s * 1e3:.2f} ms"
        match seen.suspicion:
            case None:
                return Diagnosis(Part.DISK, Health.WELL, says)
            case Suspicion.IN_MEMORY:
                what = f"This is memory, no disk ({says}): all is gone with the power."
                step = "Put the terminal's directory on a disk."
                return _trouble(Part.DISK, Sentence(what, step), seen.suspicion.value)
            case Suspicion.TOO_FAST:
                says += ": faster than flash can write, so it may lie"
                step = "Unless it has a battery, pull its plug: ks-field plug-test --help"
                return Diagnosis(Part.DISK, Health.SOON, says, step, seen.suspicion.value)

    def _devices(self) -> Iterator[Diagnosis]:
        found = [each for each in self._with.devices() if self._is_wanted(each)]
        if not found and (self._terminal.has_card_reader or self._terminal.has_scanner):
            says, step = "neither scanner nor card reader is plugged in", "Plug one in."
            yield Diagnosis(Part.DEVICES, Health.SOON, says, step)
        for device in found:
            yield self._device(device)
        if self._terminal.has_printer:
            terminal = self._terminal
            yield self._device(self._with.printer(terminal.printer, terminal.printer_family))

    def _slips(self) -> Diagnosis:
        if not self._terminal.has_printer:
            return Diagnosis(Part.SLIPS, Health.WELL, "there is no printer")
        name = self._certificate.merchant_name
        name_on = on_paper(name)
        if not name_on.lost:
            return Diagnosis(Part.SLIPS, Health.WELL, f"show {name} in all its letters")
        # A shop can live with its plain letters; it has to know that they are what it gets.
        says = f"show {name} as {name_on.shown}: the fonts here lack {' '.join(name_on.lost)}"
        step = "If that will not do: a name of other letters, from the ledger's operator."
        return Diagnosis(Part.SLIPS, Health.SOON, says, step)

    def _sound(self) -> Diagnosis:
        if not (self._terminal.has_sound or self._terminal.has_voice):
            return Diagnosis(Part.SOUND, Health.WELL, "none is wanted")
        return _heard(self._with.sound(), self._terminal)

    def _is_wanted(self, device: Device) -> bool:
        if device.finding in (Finding.UNKNOWN, Finding.NOT_FOR_CARDS):
            return False
        if device.kind is DeviceKind.PRINTER:
            # The one that the settings name is asked by that name, and no other.
            return False
        if device.kind is DeviceKind.CARD_READER:
            return self._terminal.has_card_reader
        return self._terminal.has_scanner

    def _device(self, device: Device) -> Diagnosis:
        sentences = told(device)
        if sentences is None or device.error is None:
            says = f"{device.name}: {FINDINGS[device.finding]}"
            health = Health.SOON if device.finding in _SOON else Health.WELL
            return Diagnosis(Part.DEVICES, health, says, _SOON.get(device.finding, ""))
        if self._is_running and isinstance(device.error, DeviceBusy):
            return Diagnosis(Part.DEVICES, Health.NOT_SEEN, f"{device.name}: the till has it")
        named = Sentence(f"{device.name}: {sentences.what}", sentences.next_step)
        health = Health.SOON if device.finding is Finding.OTHER_CARD else Health.TROUBLE
        return Diagnosis(Part.DEVICES, health, *_both(named), device.error.code)


def _heard(seen: SoundLook, terminal: EnrolledTerminal) -> Diagnosis:
    """Say with what a till is heard; that none hears it is no trouble of a sale."""
    if not seen.has_player:
        says, step = "aplay is not installed", 'apt install alsa-utils, or set sound = "off".'
        return Diagnosis(Part.SOUND, Health.SOON, says, step)
    if not seen.cards:
        says, step = "there is no sound card", 'Plug a speaker in, or set sound = "off".'
        return Diagnosis(Part.SOUND, Health.SOON, says, step)
    if terminal.has_voice and _SPOKEN - seen.languages:
        says, step = "there is no voice", 'apt install espeak-ng, or set voice = "off".'
        return Diagnosis(Part.SOUND, Health.SOON, says, step)
    spoken = f"; speaks {' and '.join(sorted(_SPOKEN))}" if terminal.has_voice else ""
    return Diagnosis(Part.SOUND, Health.WELL, f"{seen.cards[0]}{spoken}")


def in_words(rescued: Rescued) -> str:
    """Return what a damaged journal still holds, in a sentence or two."""
    losses = rescued.losses
    if not losses:
        mended = ", ".join(map(str, rescued.mended[:_NAMED_MAX]))
        put_right = f" In entry {mended} one bit has to be put right." if mended else ""
        return f"All {len(rescued.entries):,} entries can be had.{put_right}"
    named = ", ".join(str(each.sequence) for each in losses[:_NAMED_MAX])
    more = f" and {len(losses) - _NAMED_MAX:,} more" if len(losses) > _NAMED_MAX else ""
    return f"{len(rescued.entries):,} entries can be had; entry {named}{more} cannot."


def _trouble(part: Part, told_of: Sentence, code: str) -> Diagnosis:
    return Diagnosis(part, Health.TROUBLE, *_both(told_of), code)


def _both(told_of: Sentence) -> tuple[str, str]:
    return told_of.what, told_of.next_step
