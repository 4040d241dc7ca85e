"""Serial ports: the only file that imports pyserial. Knows bytes, not codes."""

from __future__ import annotations

import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import serial
from serial.tools import list_ports

from drivers.errors import DeviceGone, DeviceUnavailable
from drivers.system_errors import unavailable

# What pyserial lets through: its own exception is an OSError; a port that vanishes while it is set
# up raises termios.error; settings that no port can have raise ValueError.
_FOREIGN: Final = (OSError, termios.error, ValueError)
# A set-up command is a few bytes; a port that does not take them in a second hangs.
_WRITE_TIMEOUT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port that the system lists; ids are None where it is not on USB."""

    path: str
    description: str
    usb_vendor: int | None = None
    usb_product: int | None = None
    serial_number: str | None = None


class SerialPort:
    """One port, 8N1, ours alone while it is open."""

    def __init__(self, path: str, baud_rate: int) -> None:
        self._path = path
        self._baud_rate = baud_rate
        self._port: serial.Serial | None = None

    @property
    def name(self) -> str:
        return self._path

    def open(self) -> None:
        """Open and lock the port; raises a DeviceUnavailable."""
        with _translated(self._path, DeviceUnavailable):
            self._port = serial.Serial(
                self._path, self._baud_rate, write_timeout=_WRITE_TIMEOUT_S, exclusive=True
            )

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after `timeout_s`; raises DeviceGone."""
        port = self._opened()
        with _translated(self._path, DeviceGone):
            if port.timeout != timeout_s:
                # pyserial sets the whole port up again at each change.
                port.timeout = timeout_s
            first = port.read(1)
            return first + port.read(port.in_waiting) if first else b""

    def write(self, data: bytes) -> None:
        """Send bytes to the device; raises DeviceGone, also if it does not take them."""
        port = self._opened()
        with _translated(self._path, DeviceGone):
            port.write(data)

    def fileno(self) -> int:
        """Return what `select` waits for; raises DeviceGone."""
        port = self._opened()
        with _translated(self._path, DeviceGone):
            number: int = port.fileno()
        return number

    def close(self) -> None:
        """Close the port; safe to call twice and after the device has gone."""
        port, self._port = self._port, None
        if port is not None:
            # What the device did not take is dropped: Linux waits 30 s for it otherwise.
            with suppress(*_FOREIGN):
                port.reset_output_buffer()
            # A port whose device is gone may complain; there is nothing left to lose.
            with suppress(*_FOREIGN):
                port.close()

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise DeviceGone(self._path, "the port is not open")
        return self._port


def serial_ports() -> tuple[PortInfo, ...]:
    """Return the serial ports of this machine, by path; raises DeviceUnavailable."""
    with _translated("serial ports", DeviceUnavailable):
        listed = list_ports.comports()
    ports = (
        PortInfo(each.device, each.description, each.vid, each.pid, each.serial_number)
        for each in listed
    )
    return tuple(sorted(ports, key=lambda port: port.path))


@contextmanager
def _translated(path: str, otherwise: type[DeviceUnavailable]) -> Iterator[None]:
    try:
        yield
    except _FOREIGN as exc:
        raise unavailable(exc, otherwise)(path, str(exc)) from exc
