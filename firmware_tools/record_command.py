"""`ks-field record` and `ks-field replay`: a scanner's session for a bug report, and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Final, TextIO

import click

from drivers.errors import DeviceNotFound, DeviceUnavailable
from drivers.scanner.discovery import FoundScanner, scanners_among, scanners_named
from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.profiles import PROFILES, profile_named
from drivers.scanner.scanner import ByteLine, Scanner
from drivers.scanner.serial_port import PortInfo, SerialPort, serial_ports
from drivers.usb import UsbName
from firmware_tools.command_line import json_option
from firmware_tools.errors import RecordingUnusable
from firmware_tools.recording import (
    Heading,
    Piece,
    RecordedLine,
    ReplayedLine,
    heading_line,
    parse,
    piece_line,
)
from firmware_tools.telling import Telling

_AUTO: Final = "auto"
# A minute is enough to scan the codes that go wrong, three times each.
_SECONDS: Final = 60
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Bench:
    """How scanners are found and opened, and what time it is; tests bring their own."""

    ports: Callable[[], tuple[PortInfo, ...]] = serial_ports
    line: Callable[[str, int], ByteLine] = SerialPort
    clock: Callable[[], float] = time.monotonic


@click.command("record")
@click.argument("device")
@click.argument("file", type=_FILE)
@click.option(
    "--profile",
    "profile_name",
    type=click.Choice([profile.name for profile in PROFILES]),
    help="How it speaks.  [default: as its USB vendor's do]",
)
@click.option("--seconds", type=click.IntRange(1, 3_600), default=_SECONDS, show_default=True)
@click.option("--trigger", is_flag=True, help="Tell it to read once, if the family can be told.")
@click.option("--keep-codes", is_flag=True, help="Do not make what is scanned unreadable.")
@json_option
def record_command(
    device: str,
    file: Path,
    profile_name: str | None,
    seconds: int,
    trigger: bool,
    keep_codes: bool,
    telling: Telling,
) -> None:
    """Record what a scanner sends into FILE, for a bug report; stop the till first.

    DEVICE is a port, or as `ks-field devices` names it, or "auto". Letters and digits of what is
    scanned are replaced, so that FILE can be given to anyone. Ctrl-C ends it early.
    """
    bench = Bench()
    found = sought(device, profile_name, bench.ports)
    telling.say(f"Recording {found.port.path} as {found.profile.name} for {seconds} s: scan now.")
    with _new(file) as out:
        session = Session(bench, found, out, lambda report: telling.say(in_words(report)))
        count = session.run(seconds, is_masked=not keep_codes, is_triggered=trigger)
    telling.answer({"file": str(file), "pieces": count}, f"{count} pieces are in {file}.")


@click.command("replay")
@click.argument("file", type=_FILE)
@json_option
def replay_command(file: Path, telling: Telling) -> None:
    """Let the scanner's driver read a recording again, and say what it makes of it."""
    try:
        recording = parse(file.read_text().splitlines())
    except (OSError, UnicodeDecodeError) as exc:
        raise RecordingUnusable(f"{file} cannot be read") from exc
    profile = profile_named(recording.heading.profile)
    if profile is None:
        raise RecordingUnusable(f"no profile is called {recording.heading.profile!r}")
    ended = Event()
    line = ReplayedLine(recording, ended)
    reports: list[ScanReport] = []
    Scanner(line, profile, reports.append, line.clock).serve(ended)
    told = [in_words(report) for report in reports]
    telling.answer({"reports": told}, "\n".join(told) or "It makes nothing of it.")


class Session:
    """One recording: a scanner at work on this thread, and a file that its line is noted in."""

    def __init__(
        self,
        bench: Bench,
        found: FoundScanner,
        out: TextIO,
        report: Callable[[ScanReport], None],
    ) -> None:
        self._bench = bench
        self._found = found
        self._out = out
        self._report = report
        self._count = 0

    def run(self, seconds: float, *, is_masked: bool, is_triggered: bool) -> int:
        """Record for so long or until Ctrl-C; return how many pieces; raises DeviceUnavailable."""
        self._write(heading_line(_heading(self._found, is_masked=is_masked)))
        port, profile = self._found.port, self._found.profile
        clock = self._bench.clock
        stopping = Deadline(clock, clock() + seconds)
        bare = self._bench.line(port.path, profile.baud_rate)
        line = RecordedLine(bare, self._note, clock, is_masked=is_masked)
        scanner = Scanner(line, profile, self._report, clock)
        try:
            with closing(scanner):
                scanner.open()
                if is_triggered:
                    scanner.trigger()
                scanner.serve(stopping)
        except KeyboardInterrupt:
            # Whoever holds the scanner has seen enough; what there is stays.
            pass
        return self._count

    def _note(self, piece: Piece) -> None:
        self._write(piece_line(piece))
        self._count += 1

    def _write(self, line: str) -> None:
        try:
            print(line, file=self._out, flush=True)
        except OSError as exc:
            raise RecordingUnusable(f"{self._out.name} cannot be written") from exc


class Deadline(Event):
    """Set by itself when its time has come; asked as often as the line is read."""

    def __init__(self, clock: Callable[[], float], ends_s: float) -> None:
        super().__init__()
        self._clock = clock
        self._ends_s = ends_s

    def is_set(self) -> bool:
        """Whether the time is over."""
        return super().is_set() or self._clock() >= self._ends_s


def sought(
    device: str, profile_name: str | None, ports: Callable[[], tuple[PortInfo, ...]]
) -> FoundScanner:
    """Return the scanner that was meant; raises DeviceNotFound."""
    said = profile_named(profile_name or "generic")
    assert said is not None, "the command takes only names that there are"
    name = UsbName.parse(device)
    if name is None and device != _AUTO:
        return FoundScanner(PortInfo(device, ""), said)
    found = scanners_among(ports()) if name is None else scanners_named(ports(), name, said)
    if not found:
        raise DeviceNotFound(device, "no such scanner is plugged in")
    return replace(found[0], profile=said) if profile_name else found[0]


def in_words(report: ScanReport) -> str:
    """Return what came of a scan without what it said."""
    match report:
        case Scanned(text):
            return f"read: {len(text)} characters"
        case broken:
            return f"broken: {broken.fault.value}"


def _heading(found: FoundScanner, *, is_masked: bool) -> Heading:
    port, profile = found.port, found.profile
    # Without its serial number: it is nobody's business whose scanner it is.
    named = (
        port.path if port.usb_vendor is None else str(UsbName(port.usb_vendor, port.usb_product))
    )
    return Heading(named, profile.name, profile.baud_rate, is_masked)


@contextmanager
def _new(file: Path) -> Iterator[TextIO]:
    try:
        out = file.open("x", encoding="utf-8")
    except OSError as exc:
        raise RecordingUnusable(f"{file} cannot be made; another file is not replaced") from exc
    with out:
        try:
            yield out
        except DeviceUnavailable:
            if len(file.read_text().splitlines()) <= 1:
                # Nothing was recorded: the next attempt may have the same name.
                file.unlink()
            raise
