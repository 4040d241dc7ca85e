"""Lines to printers in a network, on a serial port, in a file and behind the kernel's own driver.

python-escpos opens them and lets go of them. What it leaves out is done here: none of its writes
is bounded but the network's, it waits a second for one byte on a serial port, it truncates a file,
and it connects by IPv4 alone. Knows no command.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import stat
import struct
import termios
import time
from contextlib import suppress
from typing import Any, Final

from drivers.errors import DeviceGone, DeviceUnavailable
from drivers.printer.library import FOREIGN, File, Network, Serial, translated
from drivers.printer.names import FileName, NetworkName, PrinterName, SerialName
from drivers.printer.printer_port import PrinterPort
from drivers.printer.sending import CHUNK_BYTES, READ_BYTES, WRITE_TIMEOUT_S, chunks
from drivers.printer.usb_port import UsbPort
from drivers.usb import UsbName

# A printer in the same house answers in milliseconds; one that is starting up in a second or two.
_CONNECT_TIMEOUT_S: Final = 3.0
# Printers that hang up when we do so at once; many never do.
_LEAVE_TIMEOUT_S: Final = 1.0
# Between looks at whether bytes are still in the kernel.
_DRAIN_LOOK_S: Final = 0.02


def port_of(name: PrinterName) -> PrinterPort:
    """Return the line to the printer that has this name."""
    match name:
        case UsbName():
            return UsbPort(name)
        case SerialName():
            return _SerialPort(name)
        case NetworkName():
            return _NetworkPort(name)
        case FileName():
            return _FilePort(name)


class _NetworkPort:
    """A printer on TCP. It serves one till at a time, so it is let go of between slips."""

    is_shared: Final = True
    can_answer: Final = True

    def __init__(self, name: NetworkName) -> None:
        self._address = name
        self._library = Network(name.host, name.port, WRITE_TIMEOUT_S)

    @property
    def name(self) -> str:
        return str(self._address)

    def open(self) -> None:
        self.close()
        address = (self._address.host, self._address.port)
        with translated(self.name, DeviceUnavailable):
            line = socket.create_connection(address, _CONNECT_TIMEOUT_S)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._library.device = line

    def send(self, data: bytes) -> None:
        line = self._line()
        with translated(self.name, DeviceGone):
            for chunk in chunks(data):
                # Of the whole chunk, not of a piece: it is Python's own since 3.5.
                line.settimeout(WRITE_TIMEOUT_S)
                line.sendall(chunk)

    def receive(self, timeout_s: float) -> bytes:
        line = self._line()
        with translated(self.name, DeviceGone):
            if not select.select([line], [], [], timeout_s)[0]:
                return b""
            data = line.recv(READ_BYTES)
        if not data:
            raise DeviceGone(self.name, "the printer has hung up")
        return data

    def drain(self, timeout_s: float) -> bool:
        """Return whether the printer's TCP has taken everything; raises DeviceGone if it left."""
        line = self._line()
        with translated(self.name, DeviceGone):
            if not _is_sent_within(line.fileno(), timeout_s):
                return False
            if _has_hung_up(line, 0):
                raise DeviceGone(self.name, "the printer has hung up")
            # One that leaves now has read all of it: one that has not resets the line.
            line.shutdown(socket.SHUT_WR)
            _has_hung_up(line, _LEAVE_TIMEOUT_S)
            return True

    def close(self) -> None:
        with suppress(*FOREIGN):
            self._library.close()

    def _line(self) -> socket.socket:
        # Not the property `device`: it opens a line that is not open.
        line = self._library._device  # noqa: SLF001
        if not isinstance(line, socket.socket):
            raise DeviceGone(self.name, "the line is not open")
        return line


class _SerialPort:
    """A printer on a serial port, 8N1, ours alone while it is open.

    Nothing holds us back: half of the cables have no wire for it, and a printer is faster than its
    line (115,200 baud are 20 mm of paper a second, and printers do 100 and more).
    """

    is_shared: Final = False
    can_answer: Final = True

    def __init__(self, name: SerialName) -> None:
        self._library = Serial(str(name.path), name.baud_rate, timeout=0, dsrdtr=False)

    @property
    def name(self) -> str:
        return str(self._library.devfile)

    def open(self) -> None:
        self.close()
        with translated(self.name, DeviceUnavailable):
            self._library.open()
            port = self._library.device
            # Taken with the next setting, as pyserial says nowhere.
            port.exclusive = True
            port.write_timeout = WRITE_TIMEOUT_S
            port.reset_input_buffer()

    def send(self, data: bytes) -> None:
        port = self._port()
        with translated(self.name, DeviceGone):
            for chunk in chunks(data):
                port.write(chunk)

    def receive(self, timeout_s: float) -> bytes:
        port = self._port()
        with translated(self.name, DeviceGone):
            if not select.select([port.fileno()], [], [], timeout_s)[0]:
                return b""
            # The library's own read waits for sixteen bytes, or a second.
            data = bytes(port.read(max(1, port.in_waiting)))
        if not data:
            raise DeviceGone(self.name, "the port has gone")
        return data

    def drain(self, timeout_s: float) -> bool:
        """Return whether everything has left the kernel."""
        port = self._port()
        with translated(self.name, DeviceGone):
            return _is_sent_within(port.fileno(), timeout_s)

    def close(self) -> None:
        with suppress(DeviceGone, *FOREIGN):
            # Else closing waits until a printer that does not read has read all of it.
            self._port().reset_output_buffer()
        with suppress(*FOREIGN):
            self._library.close()
        self._library.device = False

    def _port(self) -> Any:
        port = self._library._device  # noqa: SLF001
        if not port:
            raise DeviceGone(self.name, "the port is not open")
        return port


class _FilePort:
    """A file, which is appended to, or a printer behind the kernel's own driver (usblp)."""

    is_shared: Final = False

    def __init__(self, name: FileName) -> None:
        self._is_printer = name.is_kernel_printer
        self._library = File(str(name.path))

    @property
    def name(self) -> str:
        return str(self._library.devfile)

    @property
    def can_answer(self) -> bool:
        return self._is_printer

    def open(self) -> None:
        self.close()
        way = os.O_RDWR if self._is_printer else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with translated(self.name, DeviceUnavailable):
            # The library's own opening empties a file, and may wait for ever.
            number = os.open(self.name, way | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            self._library.device = os.fdopen(number, "r+b" if self._is_printer else "ab", 0)

    def send(self, data: bytes) -> None:
        number = self._number()
        with translated(self.name, DeviceGone):
            while data:
                if not select.select([], [number], [], WRITE_TIMEOUT_S)[1]:
                    raise DeviceGone(self.name, "the printer does not read")
                data = data[os.write(number, data[:CHUNK_BYTES]) :]

    def receive(self, timeout_s: float) -> bytes:
        number = self._number()
        with translated(self.name, DeviceGone):
            if not self._is_printer or not select.select([number], [], [], timeout_s)[0]:
                return b""
            return os.read(number, READ_BYTES)

    def drain(self, timeout_s: float) -> bool:
        """What is in a file is on the disk: the plug may be pulled."""
        number = self._number()
        with translated(self.name, DeviceGone):
            if not self._is_printer and stat.S_ISREG(os.fstat(number).st_mode):
                os.fsync(number)
        return True

    def close(self) -> None:
        with suppress(*FOREIGN):
            self._library.close()
        self._library.device = False

    def _number(self) -> int:
        line = self._library._device  # noqa: SLF001
        if not line:
            raise DeviceGone(self.name, "it is not open")
        return int(line.fileno())


def _is_sent_within(number: int, timeout_s: float) -> bool:
    """Whether the kernel has nothing left to send, now or in time."""
    ends_s = time.monotonic() + timeout_s
    while _unsent(number):
        if time.monotonic() > ends_s:
            return False
        # There is nothing to wait on: the kernel wakes nobody when a queue becomes empty.
        select.select([], [], [], _DRAIN_LOOK_S)
    return True


def _unsent(number: int) -> int:
    # Of a socket what its other end has not acknowledged (SIOCOUTQ is the same number).
    (count,) = struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4)))
    return int(count)


def _has_hung_up(line: socket.socket, timeout_s: float) -> bool:
    """Whether the other end has closed; raises OSError if it did so with bytes unread."""
    ends_s = time.monotonic() + timeout_s
    while select.select([line], [], [], max(0, ends_s - time.monotonic()))[0]:
        if not line.recv(READ_BYTES):
            return True
    return False
