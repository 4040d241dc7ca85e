"""Each thing that pyserial and the system can say becomes one of our errors, at each call."""

from __future__ import annotations

import errno
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from serial.tools import list_ports

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.scanner.serial_port import PortInfo, SerialPort, serial_ports
from drivers.simulated.pty_scanner import PtyScanner

FOREIGN = [
    (serial.SerialException("device reports readiness to read but returned no data"), None),
    (serial.SerialException(errno.ENOENT, "no such file"), DeviceNotFound),
    (serial.SerialTimeoutException("write timeout"), None),
    (serial.PortNotOpenError(), None),
    (OSError(errno.ENXIO, "no such device"), DeviceNotFound),
    (OSError(errno.ENODEV, "no such device"), DeviceNotFound),
    (OSError(errno.EACCES, "permission denied"), DeviceForbidden),
    (OSError(errno.EPERM, "not permitted"), DeviceForbidden),
    (OSError(errno.EBUSY, "busy"), DeviceBusy),
    (OSError(errno.EWOULDBLOCK, "locked"), DeviceBusy),
    (OSError(errno.EIO, "input/output error"), None),
    (termios.error(errno.EIO, "input/output error"), None),
    (ValueError("not a valid baud rate"), None),
]


class Faulty:
    """A pyserial port whose every call fails in one way, beginning with the n-th."""

    def __init__(self, error: Exception, good_calls: int) -> None:
        self._error = error
        self._good_calls = good_calls
        self.timeout: float | None = None

    def _call(self) -> None:
        if self._good_calls == 0:
            raise self._error
        self._good_calls -= 1

    def read(self, size: int) -> bytes:
        self._call()
        return b"1" * size

    @property
    def in_waiting(self) -> int:
        self._call()
        return 3

    def write(self, data: bytes) -> int:
        self._call()
        return len(data)

    def fileno(self) -> int:
        self._call()
        return 0

    def reset_output_buffer(self) -> None:
        raise self._error

    def close(self) -> None:
        raise self._error


Use = Callable[[SerialPort], object]


@pytest.mark.parametrize(("error", "kind"), FOREIGN)
def test_opening(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[DeviceUnavailable] | None
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(serial, "Serial", fail)
    with pytest.raises(kind or DeviceUnavailable) as raised:
        SerialPort("/dev/scanner", 9_600).open()
    assert raised.value.__cause__ is error
    assert raised.value.device == "/dev/scanner"


@pytest.mark.parametrize(("error", "kind"), FOREIGN)
@pytest.mark.parametrize(
    ("use", "good_calls"),
    [
        (lambda port: port.read(0.1), 0),
        (lambda port: port.read(0.1), 1),
        (lambda port: port.read(0.1), 2),
        (lambda port: port.write(b"setup"), 0),
        (lambda port: port.fileno(), 0),
    ],
    ids=["read", "in_waiting", "read the rest", "write", "fileno"],
)
def test_using_and_then_closing(
    monkeypatch: pytest.MonkeyPatch,
    use: Use,
    good_calls: int,
    error: Exception,
    kind: type[DeviceUnavailable] | None,
) -> None:
    monkeypatch.setattr(serial, "Serial", lambda *_, **__: Faulty(error, good_calls))
    port = SerialPort("/dev/scanner", 9_600)
    port.open()

    with pytest.raises(kind or DeviceGone) as raised:
        use(port)
    assert raised.value.__cause__ is error

    port.close()
    port.close()


@pytest.mark.parametrize(("error", "kind"), FOREIGN)
def test_listing(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[DeviceUnavailable] | None
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(list_ports, "comports", fail)
    with pytest.raises(kind or DeviceUnavailable) as raised:
        serial_ports()
    assert raised.value.__cause__ is error


def test_a_port_that_is_not_open_is_gone() -> None:
    with pytest.raises(DeviceGone):
        SerialPort("/dev/scanner", 9_600).read(0)


def test_a_list_of_ports_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    class Listed:
        description, vid, pid, serial_number = "Barcode", 0x0C2E, 1, "A1"

        def __init__(self, device: str) -> None:
            self.device = device

    monkeypatch.setattr(list_ports, "comports", lambda: [Listed("/dev/b"), Listed("/dev/a")])

    assert serial_ports() == (
        PortInfo("/dev/a", "Barcode", 0x0C2E, 1, "A1"),
        PortInfo("/dev/b", "Barcode", 0x0C2E, 1, "A1"),
    )


# From here on the port is real: a pseudo-terminal under pyserial.


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound):
        SerialPort(str(tmp_path / "none"), 9_600).open()


def test_a_file_that_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(DeviceUnavailable):
        SerialPort(str(path), 9_600).open()


def test_a_port_that_another_program_holds(tmp_path: Path) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner:
        ours, theirs = (SerialPort(str(scanner.path), 9_600) for _ in range(2))
        ours.open()
        with pytest.raises(DeviceBusy):
            theirs.open()
        ours.close()
        theirs.open()
        theirs.close()


@pytest.mark.parametrize("baud_rate", [9_600, 115_200])
def test_what_arrives_and_that_nothing_does(tmp_path: Path, baud_rate: int) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner:
        port = SerialPort(str(scanner.path), baud_rate)
        port.open()
        assert port.read(0) == b""
        scanner.send(b"\x00\r\n\xff")
        assert port.read(5) + port.read(0) == b"\x00\r\n\xff"
        port.write(b"setup")
        assert scanner.received() == b"setup"
        port.close()


def test_a_port_that_is_unplugged_while_it_is_read(tmp_path: Path) -> None:
    with PtyScanner(tmp_path / "scanner") as scanner:
        port = SerialPort(str(scanner.path), 9_600)
        port.open()
        scanner.unplug()
        with pytest.raises(DeviceGone):
            port.read(5)
        port.close()
