"""A printer's line in a process of its own: what it says, and what becomes of a slip when it hangs.

Pseudo-terminals under pyserial, real processes, and a device whose driver hangs in the kernel.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceHung,
    DeviceNotFound,
    DeviceUnavailable,
    PrinterOffline,
)
from drivers.printer import hosted_port, opening
from drivers.printer.bitmap import Bitmap
from drivers.printer.hosted_port import HostedPrinterPort, Patience
from drivers.printer.names import FileName, NetworkName, PrinterName, SerialName
from drivers.printer.opening import SoughtPrinter
from drivers.printer.port_process import LocalName, Word, arguments_of, name_of, serve
from drivers.printer.printer import Printed, Printer, PrinterSetup
from drivers.printer.profiles import EPSON
from drivers.printer.sending import CHUNK_BYTES
from drivers.printer.slip import Paper, Slip
from drivers.simulated.printed_paper import PrintedPaper
from drivers.simulated.pty_scanner import PtyScanner
from drivers.usb import UsbDevice, UsbName
from tests.drivers.printer.pty_printer import PtyPrinter
from tests.drivers.printer.shop import (
    ANSWER,
    HASTY_S,
    ORIGINAL,
    PATIENT_S,
    ROWS,
    Records,
    Shop,
    drawn,
    told,
)
from tests.stacks.stuck_device import stuck_device

SOON_S: Final = 20.0
"""What takes milliseconds takes no longer on a machine under load."""

IMPATIENT: Final = Patience(open_s=SOON_S, margin_s=2.0)
"""Long enough for a process that is well on a machine under load."""

PLACE: Final = SerialName(Path("/dev/printer"))
NAMES: Final[list[LocalName]] = [
    UsbName(0x04B8),
    UsbName(0x04B8, 0x0E15),
    UsbName(0x04B8, 0x0E15, "J6QY000123"),
    SerialName(Path("/dev/ttyS0"), 9_600),
    FileName(Path("/dev/usb/lp0")),
]


def process_of(port: HostedPrinterPort) -> subprocess.Popen[bytes]:
    assert port._process is not None
    return port._process


@pytest.fixture
def end(tmp_path: Path) -> Iterator[PtyScanner]:
    with PtyScanner(tmp_path / "printer") as end:
        yield end


@pytest.fixture
def port(end: PtyScanner) -> Iterator[HostedPrinterPort]:
    port = HostedPrinterPort(SerialName(end.path), IMPATIENT)
    port.open()
    yield port
    port.close()


# Which lines there are.


@pytest.mark.parametrize("name", NAMES)
def test_a_printer_goes_over_a_command_line(name: LocalName) -> None:
    assert name_of(list(arguments_of(name))) == name


@pytest.mark.parametrize("arguments", [[], ["usb", "printer"], ["tcp", "host"], ["file"]])
def test_a_command_line_that_makes_no_sense(arguments: list[str]) -> None:
    assert name_of(arguments) is None
    command = [sys.executable, "-m", "drivers.printer.port_process", *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "serial PATH BAUD_RATE" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_what_may_hang_in_the_kernel_has_a_process(name: LocalName) -> None:
    assert isinstance(opening.line_to(name), HostedPrinterPort)


@pytest.mark.parametrize("name", [NetworkName("printer.shop"), FileName(Path("/srv/slips.bin"))])
def test_a_network_and_a_plain_file_have_none(name: PrinterName) -> None:
    assert not isinstance(opening.line_to(name), HostedPrinterPort)


def test_a_printer_that_is_not_there_starts_no_process(tmp_path: Path) -> None:
    another = [UsbDevice(0x1504, 0x0006)]
    for port in (
        HostedPrinterPort(SerialName(tmp_path / "none")),
        HostedPrinterPort(FileName(tmp_path / "lp0")),
        HostedPrinterPort(UsbName(0x04B8, 0x0E15), usb=lambda: another),
    ):
        with pytest.raises(DeviceNotFound) as raised:
            port.open()
        assert raised.value.device == port.name
        assert port._process is None


def test_one_that_is_plugged_in_is_looked_for_by_its_process() -> None:
    # The list has it, and libusb, which is asked next, does not.
    there = [UsbDevice(0x04B8, 0x0E15)]
    port = HostedPrinterPort(UsbName(0x04B8, 0x0E15, "none"), usb=lambda: there)
    with pytest.raises(DeviceUnavailable) as raised:
        port.open()
    assert not isinstance(raised.value, DeviceHung | DeviceGone)
    assert process_of(port).poll() is None
    port.close()


# What goes over a line.


def test_a_long_picture_arrives_whole(tmp_path: Path) -> None:
    sent = bytes(range(256)) * 40
    file = tmp_path / "lp0"
    file.touch()
    port = HostedPrinterPort(FileName(file))
    port.open()
    port.send(sent)
    assert port.drain(SOON_S)
    port.close()
    assert file.read_bytes() == sent


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends by itself has the time for it, on a busy machine as well."""
    monkeypatch.setattr("drivers.hosted._LAST_PATIENCE_S", SOON_S)
    monkeypatch.setattr("drivers.printer.hosted_port._LET_GO_TIMEOUT_S", SOON_S)


@pytest.mark.usefixtures("patient")
def test_its_process_is_kept_from_one_opening_to_the_next_and_ends_with_it(end: PtyScanner) -> None:
    port = HostedPrinterPort(SerialName(end.path), IMPATIENT)
    port.open()
    process = process_of(port)
    port.send(b"x" * CHUNK_BYTES)
    for _ in range(2):
        port.close()
        port.close()
        # The line is let go of: another program may have it meanwhile.
        assert can_be_taken(end.path)
        port.open()
        assert process_of(port) is process
        assert port.drain(SOON_S)

    del port
    assert process.returncode == 0


def can_be_taken(path: Path) -> bool:
    """Whether nobody has a serial port for itself."""
    number = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(number)
    return True


@pytest.mark.usefixtures("patient")
def test_a_printer_that_says_nothing_is_asked_again_and_again_by_one_process(
    end: PtyScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ANSWER, HASTY_S)
    name = SerialName(end.path)
    line = HostedPrinterPort(name, IMPATIENT)
    setup = PrinterSetup(Paper.MM80, drawn, Records().begin, lambda report: None)
    printer = Printer(SoughtPrinter(name, EPSON, list, lambda _: line), setup)
    processes = set()
    for _ in range(3):
        with pytest.raises(PrinterOffline):
            printer.open()
        printer.close()
        processes.add(process_of(line).pid)
    assert len(processes) == 1


@pytest.mark.usefixtures("patient")
def test_one_that_was_unplugged_has_no_process(end: PtyScanner) -> None:
    port = HostedPrinterPort(SerialName(end.path), IMPATIENT)
    port.open()
    process = process_of(port)
    port.close()
    end.path.unlink()
    with pytest.raises(DeviceNotFound):
        port.open()
    assert process.returncode == 0


@pytest.mark.usefixtures("patient")
def test_a_line_that_broke_has_another_process_next_time(
    end: PtyScanner, port: HostedPrinterPort
) -> None:
    first = process_of(port)
    end.unplug()
    with pytest.raises(DeviceGone):
        port.receive(SOON_S)
    port.close()
    assert first.returncode == 0
    end.plug_in()
    port.open()
    assert process_of(port) is not first


class FailingPort:
    """A line on which every call fails."""

    name = str(PLACE)
    is_shared = False
    can_answer = True

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self) -> None:
        raise self._error

    def send(self, data: bytes) -> None:
        raise self._error

    def receive(self, timeout_s: float) -> bytes:
        raise self._error

    def drain(self, timeout_s: float) -> bool:
        raise self._error

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "kind", [DeviceBusy, DeviceForbidden, DeviceGone, DeviceNotFound, DeviceUnavailable]
)
def test_what_fails_in_the_process_is_the_same_error_here(kind: type[DeviceUnavailable]) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    failing = FailingPort(kind(str(PLACE), "why not"))
    with theirs:
        process = Thread(target=serve, args=(theirs, failing))
        process.start()
        port = HostedPrinterPort(PLACE)
        port._line = ours
        calls: list[Callable[[], object]] = [
            lambda: port._order(Word.OPEN, b"", SOON_S),
            lambda: port.send(b"data"),
            lambda: port.receive(0),
            lambda: port.drain(0),
        ]
        for call in calls:
            with pytest.raises(DeviceUnavailable) as raised:
                call()
            assert type(raised.value) is kind
            assert str(raised.value) == f"{PLACE}: why not"
        port.close()
        process.join()


# What hangs, and what dies.


def test_a_call_that_does_not_come_back(port: HostedPrinterPort) -> None:
    hung = process_of(port)
    hung.send_signal(signal.SIGSTOP)
    with pytest.raises(DeviceHung) as raised:
        port.receive(0)
    assert raised.value.device == port.name

    # What it says when it goes on is no answer to anything else.
    hung.send_signal(signal.SIGCONT)
    with pytest.raises(DeviceHung):
        port.drain(0)

    hung.send_signal(signal.SIGSTOP)
    port.open()
    assert hung.returncode == -signal.SIGKILL
    assert port.drain(SOON_S)


def test_a_process_that_dies(port: HostedPrinterPort) -> None:
    process_of(port).kill()
    for _ in range(2):
        with pytest.raises(DeviceGone):
            port.send(b"data")
    port.open()
    assert port.drain(SOON_S)


def test_a_device_that_hangs_in_the_kernel_hangs_neither_its_caller_nor_the_end(
    tmp_path: Path,
) -> None:
    with stuck_device(tmp_path) as device:
        port = HostedPrinterPort(SerialName(device.path), Patience(open_s=2.0))
        with pytest.raises(DeviceHung) as raised:
            port.open()
        hung = process_of(port)
        assert raised.value.device == str(device.path)

        began_s = time.monotonic()
        port.close()

        assert time.monotonic() - began_s < SOON_S
        # Killed and not gone: that is why no thread of ours made the call.
        assert hung.poll() is None
        device.let_go()
        hung.wait(SOON_S)


class StruckPort(HostedPrinterPort):
    """A line whose process gets a signal just before one of the pieces of a slip is sent."""

    def __init__(self, name: LocalName, blow: signal.Signals) -> None:
        super().__init__(name, IMPATIENT)
        self._blow = blow
        self.left: int | None = None
        self.struck: subprocess.Popen[bytes] | None = None

    def _order(self, word: Word, data: bytes, timeout_s: float) -> bytes:
        if word is Word.SEND and self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.struck, self.left = process_of(self), None
                self.struck.send_signal(self._blow)
        return super()._order(word, data, timeout_s)


@pytest.mark.parametrize("piece", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("blow", "code"), [(signal.SIGSTOP, "device_hung"), (signal.SIGKILL, "device_gone")]
)
def test_a_slip_in_whose_middle_its_process_hangs_or_dies_is_doubtful_and_the_next_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blow: signal.Signals, code: str, piece: int
) -> None:
    monkeypatch.setattr(ANSWER, PATIENT_S)
    monkeypatch.setattr(hosted_port, "WRITE_TIMEOUT_S", 0.2)
    paper = PrintedPaper()
    name = SerialName(tmp_path / "printer")
    line = StruckPort(name, blow)

    def draw(slip: Slip, dots: int) -> Bitmap:
        if line.struck is None:
            line.left = piece
        return drawn(slip, dots)

    printer = SoughtPrinter(name, None, list, lambda _: line)
    with PtyPrinter(name.path, paper), Shop(printer, draw=draw) as shop:
        assert told(shop.print(1)) == ("doubtful", 1, code)
        assert shop.print(2) == Printed(2, is_confirmed=True)

    assert line.struck is not None
    assert line.struck.returncode == -signal.SIGKILL
    # The second is whole, whatever is on the paper of the first.
    assert paper.slips[-1].height == ROWS[ORIGINAL]
    assert not paper.strays
