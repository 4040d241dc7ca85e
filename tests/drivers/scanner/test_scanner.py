"""A scanner as a device: over a scripted line, and over a pseudo-terminal with real pyserial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Final

import pytest

from drivers.errors import DeviceGone
from drivers.scanner.framer import Fault, Scanned, ScanReport, Unreadable
from drivers.scanner.profiles import GENERIC, HONEYWELL, ScannerProfile
from drivers.scanner.scanner import Scanner
from drivers.scanner.serial_port import SerialPort
from drivers.simulated.pty_scanner import PtyScanner
from drivers.supervisor import DeviceHealth, Supervisor

TIMEOUT_S: Final = 20.0
"""What a thread gets to report something; it takes milliseconds on an idle machine."""

RESTART_TIMEOUT_S: Final = 20.0
"""It is back within five seconds, as test_troubles.py counts; a busy machine gets time."""

PAYMENT: Final = "KS1:" + "6BF%TK80$*" * 70


class ScriptedLine:
    """A line that delivers pieces; an empty one is silence, an error breaks it."""

    name = "line"

    def __init__(self, stopping: Event, *pieces: bytes | Exception) -> None:
        self._stopping = stopping
        self._pieces = list(pieces)
        self.written = b""

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.written += data

    def read(self, timeout_s: float) -> bytes:
        piece = self._pieces.pop(0)
        if not self._pieces:
            self._stopping.set()
        if isinstance(piece, Exception):
            raise piece
        return piece


def scans(*pieces: bytes) -> list[ScanReport]:
    stopping = Event()
    reports: list[ScanReport] = []
    Scanner(ScriptedLine(stopping, *pieces), GENERIC, reports.append).serve(stopping)
    return reports


def test_a_terminator_or_silence_ends_a_scan() -> None:
    assert scans(b"12", b"3\r", b"\n45", b"6", b"", b"", b"7\n") == [
        Scanned("123"),
        Scanned("456"),
        Scanned("7"),
    ]


def test_an_unreadable_scan_is_reported_too() -> None:
    assert scans(b"12\x003\r") == [Unreadable(Fault.NOT_TEXT)]


def test_what_was_cut_off_is_not_continued_by_what_comes_after() -> None:
    stopping = Event()
    reports: list[ScanReport] = []
    line = ScriptedLine(stopping, b"12", DeviceGone("line", "unplugged"), b"34\r")
    scanner = Scanner(line, GENERIC, reports.append)
    with pytest.raises(DeviceGone):
        scanner.serve(stopping)
    scanner.serve(stopping)

    assert reports == [Scanned("34")]


def test_setup_is_sent_at_each_opening() -> None:
    line = ScriptedLine(Event())
    scanner = Scanner(line, ScannerProfile("one", setup=b"\x7e\x00"), lambda report: None)
    scanner.open()
    scanner.open()

    assert line.written == b"\x7e\x00" * 2


def test_a_code_that_is_sent_twice_is_one_reading() -> None:
    assert scans(b"123\r", b"123\r", b"45\r") == [Scanned("123"), Scanned("45")]


def test_a_code_is_read_again_once_it_was_away() -> None:
    stopping, clock = Event(), iter([0.0, GENERIC.repeat_s])
    reports: list[ScanReport] = []
    line = ScriptedLine(stopping, b"123\r", b"123\r")
    Scanner(line, GENERIC, reports.append, lambda: next(clock)).serve(stopping)

    assert reports == [Scanned("123")] * 2


def test_one_reading_is_begun_where_the_family_can_be_told_to() -> None:
    for profile in (GENERIC, HONEYWELL):
        line = ScriptedLine(Event())
        Scanner(line, profile, lambda report: None).trigger()
        assert line.written == profile.trigger


class Counter:
    """A scanner at work on its own thread, and what it has told."""

    def __init__(self, path: Path) -> None:
        self.scans: SimpleQueue[ScanReport] = SimpleQueue()
        self.health: SimpleQueue[DeviceHealth] = SimpleQueue()
        port = SerialPort(str(path), GENERIC.baud_rate)
        self.supervisor = Supervisor(Scanner(port, GENERIC, self.scans.put), self.health.put)

    def next_scan(self) -> ScanReport:
        return self.scans.get(timeout=TIMEOUT_S)

    def next_health(self) -> str:
        error = self.health.get(timeout=RESTART_TIMEOUT_S).error
        return error.code if error else "well"


@contextmanager
def at_work(path: Path) -> Iterator[Counter]:
    counter = Counter(path)
    counter.supervisor.start()
    try:
        yield counter
    finally:
        counter.supervisor.stop()


def test_a_phone_is_scanned_over_a_real_port(tmp_path: Path) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner, at_work(scanner.path) as counter:
        assert counter.next_health() == "well"
        scanner.scan(PAYMENT)
        assert counter.next_scan() == Scanned(PAYMENT)


def test_every_piece_of_a_payment_over_a_real_port(tmp_path: Path) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner, at_work(scanner.path) as counter:
        assert counter.next_health() == "well"
        for byte in b"\x00\x00" + PAYMENT.encode() + b"\r\n":
            scanner.send(bytes([byte]))
        assert counter.next_scan() == Scanned(PAYMENT)


def test_a_scanner_that_is_unplugged_comes_back_by_itself(tmp_path: Path) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner, at_work(scanner.path) as counter:
        assert counter.next_health() == "well"
        scanner.send(b"half a co")
        scanner.unplug()
        assert counter.next_health() == "device_gone"
        scanner.plug_in()
        healths = [counter.next_health()]
        while healths[-1] != "well":
            healths.append(counter.next_health())
        scanner.scan("whole again")

        assert healths in (["well"], ["device_not_found", "well"])
        assert counter.next_scan() == Scanned("whole again")


def test_a_scanner_that_is_plugged_in_later(tmp_path: Path) -> None:
    scanner = PtyScanner(tmp_path / "scanner")
    with at_work(scanner.path) as counter:
        assert counter.next_health() == "device_not_found"
        with scanner:
            assert counter.next_health() == "well"
