"""What a scan costs: from the last byte on a real serial line to the message, taken apart.

A pseudo-terminal is the line, so that no cable's rate is in it; pyserial, the scanner's thread and
the framer are the product's. Beside it stands a thread that only waits for the same byte.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final

from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.profiles import GENERIC
from drivers.scanner.scanner import Scanner
from drivers.scanner.serial_port import SerialPort
from drivers.simulated.pty_scanner import PtyScanner
from kscoin.qr import DebitShown, to_text
from pos_app.till.evidence import claimed_request, of_text
from tests.bench.figures import AtMost, Measured, figure, median_of
from tests.kscoin.parties import sample

SCANS: Final = 50
TIMEOUT_S: Final = 10.0
"""What a thread gets to report a scan; it takes a millisecond."""

AWAY_S: Final = GENERIC.repeat_s
"""How long a phone is away between two scans, by the scanner's clock: the next is a new one."""

READ_BYTES: Final = 4_096
"""More than a code has: what is there is read at once, as pyserial does."""

MS_PER_S: Final = 1_000


@figure(unit="ms", aim=AtMost(5))
def parse_ms() -> Measured:
    """From the terminator's write to the debit taken apart and known to be for which request."""
    text = _debit_text()
    with TemporaryDirectory() as name, PtyScanner(Path(name, "scanner")) as scanner:
        with _at_work(scanner) as parsed:
            ours = [_scan_ms(scanner, text, parsed) for _ in range(SCANS + 1)][1:]
        with _waiting(scanner) as woken:
            bare = [_scan_ms(scanner, text, woken) for _ in range(SCANS + 1)][1:]
    beside = f"a thread that waits for the byte in {median_of(bare):.2f} ms"
    return Measured(median_of(ours), (min(ours), max(ours)), beside)


def _debit_text() -> str:
    debit = sample("debit, the first of its purse").sealed().data
    return to_text(DebitShown(debit, sample("purse certificate").sealed().data))


def _scan_ms(scanner: PtyScanner, text: str, done: Callable[[], float]) -> float:
    scanner.send(text.encode())
    began_s = time.perf_counter()
    scanner.send(b"\r")
    return (done() - began_s) * MS_PER_S


@contextmanager
def _at_work(scanner: PtyScanner) -> Iterator[Callable[[], float]]:
    """The product's own scanner at work; yields what waits for the next message."""
    parsed: SimpleQueue[float] = SimpleQueue()

    def report(scan: ScanReport) -> None:
        assert isinstance(scan, Scanned), scan
        claimed_request(of_text(scan.text))
        parsed.put(time.perf_counter())

    stopping = Event()
    port = SerialPort(str(scanner.path), GENERIC.baud_rate)
    device = Scanner(port, GENERIC, report, _slow_clock())
    device.open()
    worker = Thread(target=device.serve, args=(stopping,))
    worker.start()
    try:
        yield lambda: parsed.get(timeout=TIMEOUT_S)
    finally:
        stopping.set()
        worker.join()
        device.close()


@contextmanager
def _waiting(scanner: PtyScanner) -> Iterator[Callable[[], float]]:
    """A thread that reads the same line and looks for nothing but the terminator."""
    woken: SimpleQueue[float] = SimpleQueue()

    def wait() -> None:
        for _ in range(SCANS + 1):
            while b"\r" not in os.read(line, READ_BYTES):
                pass
            woken.put(time.perf_counter())

    line = os.open(scanner.path, os.O_RDONLY | os.O_NOCTTY)
    worker = Thread(target=wait)
    worker.start()
    try:
        yield lambda: woken.get(timeout=TIMEOUT_S)
    finally:
        worker.join()
        os.close(line)


def _slow_clock() -> Callable[[], float]:
    """Return a clock by which each look is a phone's absence after the last."""
    looks = iter(range(1_000_000))
    return lambda: next(looks) * AWAY_S * 2
