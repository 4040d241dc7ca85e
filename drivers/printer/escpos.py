"""Printers over USB, serial, network and file: the only file that imports python-escpos.

The library opens the lines and knows the commands. What it leaves out is done here: none of its
writes is bounded but the network's, it loses what pyusb did not send in time, it waits a second
for one byte on a serial port, it takes any USB printer's first interface and resets it, it
truncates a file, and it connects by IPv4 alone. Knows no slip.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import select
import shutil
import socket
import stat
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.printer.bitmap import Bitmap
from drivers.printer.names import FileName, NetworkName, PrinterName, SerialName
from drivers.printer.printer_port import PrinterPort
from drivers.printer.profiles import Cutter, PrinterProfile
from drivers.printer.slip import Paper
from drivers.usb import CLASS_PRINTER, UsbName

# It keeps Pillow out while it is imported, and python-escpos loads Pillow: one after the other.
from kscoin import qr_picture  # noqa: F401

# Two of the library's own settings, for its database of printers.
_CAPABILITIES: Final = "ESCPOS_CAPABILITIES_FILE"
_PICKLES: Final = "ESCPOS_CAPABILITIES_PICKLE_DIR"


@contextmanager
def _modestly() -> Iterator[None]:
    """Keep an import of python-escpos from changing what is not its own.

    It reads half a second long in a database of printers that is not used here (ours is
    `profiles`), makes a directory that it leaves behind, and sets up logging.
    """
    handlers = logging.root.handlers[:]
    before = os.environ.get(_CAPABILITIES)
    os.environ[_CAPABILITIES] = str(Path(__file__).with_name("capabilities.json"))
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        if before is None:
            del os.environ[_CAPABILITIES]
        else:
            os.environ[_CAPABILITIES] = before
        made = getattr(sys.modules.get("escpos.capabilities"), "pickle_dir", None)
        if made is not None and _PICKLES not in os.environ:
            shutil.rmtree(made, ignore_errors=True)


with _modestly():
    from escpos.constants import GS, RT_STATUS, S_RASTER_N
    from escpos.exceptions import Error as EscposError
    from escpos.printer import Dummy, File, Network, Serial, Usb

# What the library lets through: its own exception; pyusb's and pyserial's are OSErrors; settings
# that a port cannot have, and a missing libusb, raise ValueError; what libusb cannot do on this
# system NotImplementedError; a port that vanishes while it is set up termios.error.
_FOREIGN: Final = (
    EscposError,
    OSError,
    ValueError,
    NotImplementedError,
    AttributeError,
    AssertionError,
    termios.error,
)
_BY_ERRNO: Final[dict[int | None, type[DeviceUnavailable]]] = {
    errno.ENOENT: DeviceNotFound,
    errno.ENODEV: DeviceNotFound,
    errno.ENXIO: DeviceNotFound,
    errno.EHOSTUNREACH: DeviceNotFound,
    errno.ENETUNREACH: DeviceNotFound,
    errno.ECONNREFUSED: DeviceNotFound,
    errno.EACCES: DeviceForbidden,
    errno.EPERM: DeviceForbidden,
    errno.EBUSY: DeviceBusy,
    # What flock says of a port that another program has locked (EWOULDBLOCK).
    errno.EAGAIN: DeviceBusy,
}
# A printer in the same house answers in milliseconds; one that is starting up in a second or two.
_CONNECT_TIMEOUT_S: Final = 3.0
# A printer takes 4 kB in 50 ms, and may stand still for a cut; in this time it does not read.
_WRITE_TIMEOUT_S: Final = 5.0
# What is sent in one go: at 9,600 baud it takes a second, well within the time for a write.
_CHUNK_BYTES: Final = 1_024
# Printers that hang up when we do so at once; many never do.
_LEAVE_TIMEOUT_S: Final = 1.0
# Status bytes come one or four at a time; a USB packet is 64.
_READ_BYTES: Final = 64
# Between looks at whether bytes are still in the kernel.
_DRAIN_LOOK_S: Final = 0.02
_MS: Final = 1_000
# The bits of a USB endpoint's address and attributes (USB 2.0, 9.6.6).
_ENDPOINT_IN: Final = 0x80
_TRANSFER_TYPE: Final = 0x03
_BULK: Final = 0x02

# A band of a picture: 3.5 kB on 80 mm, so that it fits into the smallest receive buffer (4 kB).
BAND_ROWS: Final = 48
# GS v 0 m, and two numbers of two bytes.
_BAND_HEADER_BYTES: Final = 8
# How far paper is fed where it is torn off by hand, in lines of 4.2 mm.
_TEAR_LINES: Final = 4


def question(number: int) -> bytes:
    """Return what asks a printer how it is, to be answered at once: DLE EOT n."""
    return bytes(RT_STATUS) + bytes((number,))


def reset() -> bytes:
    """Return what makes a printer forget what another program set, and say nothing unasked."""
    # ESC @, then GS a 0: an unasked status would be taken for an answer.
    return _written(lambda library: library.hw("INIT")) + bytes(GS) + b"a\0"


def are_you_done() -> bytes:
    """Return what is answered once everything before it has been printed: GS r 1."""
    return bytes(GS) + b"r\1"


def rest_of_a_band() -> bytes:
    """Return what completes a picture that was cut off, and is nothing where none was: zeros."""
    return bytes(_BAND_HEADER_BYTES + BAND_ROWS * Paper.MM80.dots // 8)


def kick(profile: PrinterProfile) -> bytes:
    """Return what opens the cash drawer."""
    return _written(lambda library: library.cashdraw(profile.drawer_pin))


def picture(bitmap: Bitmap) -> Iterator[bytes]:
    """Yield a picture in bands: GS v 0 at its usual density."""
    for band in bitmap.bands(BAND_ROWS):
        size = struct.pack("<HH", band.row_bytes, band.height)
        yield bytes(S_RASTER_N) + size + band.rows


def cut(profile: PrinterProfile) -> bytes:
    """Return what ends a slip: the paper is fed to the knife and cut, or to where it is torn."""
    match profile.cutter:
        case Cutter.PARTIAL:
            # Feeds as far as the knife is above the head, and no further.
            return _written(lambda library: library.cut(feed=False))
        case Cutter.FULL:
            return _written(lambda library: library.cut("FULL"))
        case Cutter.NONE:
            return _written(lambda library: library.print_and_feed(_TEAR_LINES))


def _written(command: Callable[[Any], None]) -> bytes:
    """Return what the library writes for a command."""
    library = Dummy()
    command(library)
    return bytes(library.output)


def port_of(name: PrinterName) -> PrinterPort:
    """Return the line to the printer that has this name."""
    match name:
        case UsbName():
            return _UsbPort(name)
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
        self._library = Network(name.host, name.port, _WRITE_TIMEOUT_S)

    @property
    def name(self) -> str:
        return str(self._address)

    def open(self) -> None:
        self.close()
        address = (self._address.host, self._address.port)
        with _translated(self.name, DeviceUnavailable):
            line = socket.create_connection(address, _CONNECT_TIMEOUT_S)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._library.device = line

    def send(self, data: bytes) -> None:
        line = self._line()
        with _translated(self.name, DeviceGone):
            for chunk in _chunks(data):
                # Of the whole chunk, not of a piece: it is Python's own since 3.5.
                line.settimeout(_WRITE_TIMEOUT_S)
                line.sendall(chunk)

    def receive(self, timeout_s: float) -> bytes:
        line = self._line()
        with _translated(self.name, DeviceGone):
            if not select.select([line], [], [], timeout_s)[0]:
                return b""
            data = line.recv(_READ_BYTES)
        if not data:
            raise DeviceGone(self.name, "the printer has hung up")
        return data

    def drain(self, timeout_s: float) -> bool:
        """Return whether the printer's TCP has taken everything; raises DeviceGone if it left."""
        line = self._line()
        with _translated(self.name, DeviceGone):
            if not _is_sent_within(line.fileno(), timeout_s):
                return False
            if _has_hung_up(line, 0):
                raise DeviceGone(self.name, "the printer has hung up")
            # One that leaves now has read all of it: one that has not resets the line.
            line.shutdown(socket.SHUT_WR)
            _has_hung_up(line, _LEAVE_TIMEOUT_S)
            return True

    def close(self) -> None:
        with suppress(*_FOREIGN):
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
        with _translated(self.name, DeviceUnavailable):
            self._library.open()
            port = self._library.device
            # Taken with the next setting, as pyserial says nowhere.
            port.exclusive = True
            port.write_timeout = _WRITE_TIMEOUT_S
            port.reset_input_buffer()

    def send(self, data: bytes) -> None:
        port = self._port()
        with _translated(self.name, DeviceGone):
            for chunk in _chunks(data):
                port.write(chunk)

    def receive(self, timeout_s: float) -> bytes:
        port = self._port()
        with _translated(self.name, DeviceGone):
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
        with _translated(self.name, DeviceGone):
            return _is_sent_within(port.fileno(), timeout_s)

    def close(self) -> None:
        with suppress(DeviceGone, *_FOREIGN):
            # Else closing waits until a printer that does not read has read all of it.
            self._port().reset_output_buffer()
        with suppress(*_FOREIGN):
            self._library.close()
        self._library.device = False

    def _port(self) -> Any:
        port = self._library._device  # noqa: SLF001
        if not port:
            raise DeviceGone(self.name, "the port is not open")
        return port


class _UsbPort:
    """A printer on USB, by libusb: the first interface of the printers' class that answers.

    The kernel's own driver is asked to let go of it.
    """

    is_shared: Final = False
    can_answer: Final = True

    def __init__(self, name: UsbName) -> None:
        self._usb_name = name
        self._library = _PoliteUsb(name)

    @property
    def name(self) -> str:
        return str(self._usb_name)

    def open(self) -> None:
        self.close()
        with _translated(self.name, DeviceUnavailable):
            self._library.open()
        with suppress(*_FOREIGN):
            # What the printer said to whoever was here before.
            while self._received(0):
                pass

    def send(self, data: bytes) -> None:
        device = self._device()
        with _translated(self.name, DeviceGone):
            for chunk in _chunks(data):
                sent = device.write(self._library.out_ep, chunk, _ms(_WRITE_TIMEOUT_S))
                if sent != len(chunk):
                    # Pyusb returns what went out before the time was over; the library drops it.
                    raise DeviceGone(self.name, "the printer does not read")

    def receive(self, timeout_s: float) -> bytes:
        self._device()
        with _translated(self.name, DeviceGone):
            return self._received(timeout_s)

    def drain(self, timeout_s: float) -> bool:
        """Nothing is kept on the way: a write returns when the printer has taken it."""
        self._device()
        return True

    def close(self) -> None:
        with suppress(*_FOREIGN):
            self._library.close()
        self._library.device = False

    def _received(self, timeout_s: float) -> bytes:
        device = self._device()
        if self._library.in_ep is None:
            return b""
        try:
            return bytes(device.read(self._library.in_ep, _READ_BYTES, max(1, _ms(timeout_s))))
        except OSError as exc:
            if exc.errno == errno.ETIMEDOUT:
                return b""
            raise

    def _device(self) -> Any:
        device = self._library._device  # noqa: SLF001
        if not device:
            raise DeviceGone(self.name, "the printer is not open")
        return device


class _PoliteUsb(Usb):  # type: ignore[misc]
    """The library's USB printer, at the endpoints that the printer has, and not reset.

    The library takes interface 0 with endpoints 01 and 82, and resets the printer each time, which
    makes some of them vanish from the bus.
    """

    def __init__(self, name: UsbName) -> None:
        arguments: dict[str, Any] = {"custom_match": lambda device: _is_named(device, name)}
        super().__init__(name.vendor, name.product, arguments)

    def _check_driver(self) -> None:
        """Left to `_configure_usb`, which knows the interface."""

    def _configure_usb(self) -> None:
        device = self._device
        interface = _printer_interface(device)
        number = interface.bInterfaceNumber
        with suppress(NotImplementedError):
            if device.is_kernel_driver_active(number):
                device.detach_kernel_driver(number)
        bulk = [
            endpoint.bEndpointAddress
            for endpoint in interface
            if endpoint.bmAttributes & _TRANSFER_TYPE == _BULK
        ]
        self.out_ep = next(address for address in bulk if not address & _ENDPOINT_IN)
        self.in_ep = next((address for address in bulk if address & _ENDPOINT_IN), None)


def _printer_interface(device: Any) -> Any:
    """Return the interface to print by; raises OSError for what is no printer."""
    for interface in device.get_active_configuration():
        ways = {endpoint.bEndpointAddress & _ENDPOINT_IN for endpoint in interface}
        if interface.bInterfaceClass == CLASS_PRINTER and 0 in ways:
            return interface
    raise OSError(errno.ENODEV, "it has no printer's interface")


def _is_named(device: Any, name: UsbName) -> bool:
    if name.serial_number is None:
        return True
    with suppress(*_FOREIGN):
        # Reading it takes the right to open the device; one that we may not open is not ours.
        return bool(device.serial_number == name.serial_number)
    return False


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
        with _translated(self.name, DeviceUnavailable):
            # The library's own opening empties a file, and may wait for ever.
            number = os.open(self.name, way | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
            self._library.device = os.fdopen(number, "r+b" if self._is_printer else "ab", 0)

    def send(self, data: bytes) -> None:
        number = self._number()
        with _translated(self.name, DeviceGone):
            while data:
                if not select.select([], [number], [], _WRITE_TIMEOUT_S)[1]:
                    raise DeviceGone(self.name, "the printer does not read")
                data = data[os.write(number, data[:_CHUNK_BYTES]) :]

    def receive(self, timeout_s: float) -> bytes:
        number = self._number()
        with _translated(self.name, DeviceGone):
            if not self._is_printer or not select.select([number], [], [], timeout_s)[0]:
                return b""
            return os.read(number, _READ_BYTES)

    def drain(self, timeout_s: float) -> bool:
        """What is in a file is on the disk: the plug may be pulled."""
        number = self._number()
        with _translated(self.name, DeviceGone):
            if not self._is_printer and stat.S_ISREG(os.fstat(number).st_mode):
                os.fsync(number)
        return True

    def close(self) -> None:
        with suppress(*_FOREIGN):
            self._library.close()
        self._library.device = False

    def _number(self) -> int:
        line = self._library._device  # noqa: SLF001
        if not line:
            raise DeviceGone(self.name, "it is not open")
        return int(line.fileno())


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES))


def _ms(seconds: float) -> int:
    return round(seconds * _MS)


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
        if not line.recv(_READ_BYTES):
            return True
    return False


@contextmanager
def _translated(name: str, otherwise: type[DeviceUnavailable]) -> Iterator[None]:
    try:
        yield
    except _FOREIGN as exc:
        # The library wraps what happened into an error of its own, in words only.
        cause = exc.__context__ if isinstance(exc, EscposError) and exc.__context__ else exc
        if isinstance(cause, AssertionError):
            # So it says that pyusb has found none.
            raise DeviceNotFound(name, "it is not plugged in") from exc
        kind = _BY_ERRNO.get(getattr(cause, "errno", None), otherwise)
        raise kind(name, str(cause) or type(cause).__name__) from exc
