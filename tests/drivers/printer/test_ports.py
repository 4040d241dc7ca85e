"""The lines to printers: what python-escpos, pyusb, pyserial and the system say becomes ours."""

from __future__ import annotations

import errno
import logging
import os
import socket
import subprocess
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import serial
import usb.backend.libusb1
import usb.core

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.printer import commands, ports
from drivers.printer.bitmap import Bitmap
from drivers.printer.hosted_port import HostedPrinterPort
from drivers.printer.names import FileName, NetworkName, SerialName
from drivers.printer.printer_port import PrinterPort
from drivers.printer.profiles import EPSON, GENERIC_TEAR_OFF, Cutter, PrinterProfile
from drivers.simulated.printed_paper import PrintedPaper
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.socket_printer import SocketPrinter
from drivers.usb import CLASS_HID, UsbName
from tests.drivers.printer.usb_bus import (
    IN,
    OUT,
    PRINTER_INTERFACE,
    PRODUCT,
    SERIAL,
    VENDOR,
    UsbBus,
)
from tests.house.sources import ROOT
from tests.stacks.ports import LOOPBACK, free_port

WELL = b"\x12"
TIMEOUT_S = 20.0
SERIAL_NAME = SerialName(Path("/dev/printer"))

FOREIGN = [
    (OSError(errno.ENOENT, "no such file"), DeviceNotFound),
    (OSError(errno.ENODEV, "no such device"), DeviceNotFound),
    (OSError(errno.ENXIO, "no such device or address"), DeviceNotFound),
    (OSError(errno.EACCES, "permission denied"), DeviceForbidden),
    (OSError(errno.EPERM, "not permitted"), DeviceForbidden),
    (OSError(errno.EBUSY, "busy"), DeviceBusy),
    (OSError(errno.EWOULDBLOCK, "locked"), DeviceBusy),
    (OSError(errno.EIO, "input/output error"), None),
    (ValueError("not a valid setting"), None),
    (NotImplementedError("not on this system"), None),
]
NETWORK = [
    *FOREIGN,
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), DeviceNotFound),
    (OSError(errno.EHOSTUNREACH, "no route to host"), DeviceNotFound),
    (ConnectionResetError(errno.ECONNRESET, "reset"), None),
    (BrokenPipeError(errno.EPIPE, "broken pipe"), None),
    (TimeoutError("timed out"), None),
    (socket.gaierror(socket.EAI_NONAME, "name or service not known"), None),
]
USB = [
    *FOREIGN,
    (usb.core.USBError("access denied", -3, errno.EACCES), DeviceForbidden),
    (usb.core.USBError("no device", -4, errno.ENODEV), DeviceNotFound),
    (usb.core.USBError("busy", -6, errno.EBUSY), DeviceBusy),
    (usb.core.USBError("pipe", -9, errno.EPIPE), None),
    (usb.core.USBError("other", -99, None), None),
]
SERIAL_ERRORS = [
    *FOREIGN,
    (serial.SerialException("device reports readiness to read but returned no data"), None),
    (serial.SerialException(errno.ENOENT, "no such file"), DeviceNotFound),
    (serial.SerialException(errno.EBUSY, "busy"), DeviceBusy),
    (serial.SerialTimeoutException("write timeout"), None),
    (termios.error(errno.EIO, "input/output error"), None),
]


# What is said to a printer.


def test_the_commands_are_those_of_the_manuals() -> None:
    assert commands.question(4) == b"\x10\x04\x04"
    assert commands.reset() == b"\x1b@\x1da\x00"
    assert commands.are_you_done() == b"\x1dr\x01"
    assert commands.kick(EPSON) == b"\x1bp\x00\x32\x32"
    assert commands.kick(PrinterProfile("pin 5", drawer_pin=5)) == b"\x1bp\x01\x32\x32"


@pytest.mark.parametrize(
    ("profile", "command"),
    [
        (EPSON, b"\x1dVB\x00"),
        (PrinterProfile("full", cutter=Cutter.FULL), b"\x1bd\x06\x1dV\x00"),
        (GENERIC_TEAR_OFF, b"\x1bd\x04"),
    ],
)
def test_how_a_slip_ends(profile: PrinterProfile, command: bytes) -> None:
    assert commands.cut(profile) == command


def test_a_picture_is_sent_in_bands_that_fit_into_a_small_buffer() -> None:
    bitmap = Bitmap(576, bytes(range(72)) * 100)
    bands = list(commands.picture(bitmap))

    assert [band[:8] for band in bands] == [
        b"\x1dv0\x00\x48\x00\x30\x00",
        b"\x1dv0\x00\x48\x00\x30\x00",
        b"\x1dv0\x00\x48\x00\x04\x00",
    ]
    assert max(map(len, bands)) <= 4_096
    assert b"".join(band[8:] for band in bands) == bitmap.rows
    assert len(commands.rest_of_a_band()) == max(map(len, bands))


def test_importing_leaves_nothing_behind(tmp_path: Path) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import logging, os; import drivers.printer.ports;"
            "print(logging.root.handlers, [name for name in os.environ if 'ESCPOS' in name])",
        ],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "[] []\n"
    assert list(tmp_path.iterdir()) == []


# On a network.


def test_the_library_says_nothing_in_the_log_of_the_till(
    network: tuple[PrinterPort, SocketPrinter], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for port in (network[0], ports.port_of(FileName(tmp_path / "lp0"))):
        port.open()
        port.close()
    with pytest.raises(DeviceNotFound):
        ports.port_of(FileName(tmp_path / "nowhere" / "lp0")).open()
    # It speaks on the root logger; others in this process may have words of their own.
    libraries = [each for each in caplog.records if each.name.split(".")[0] in ("root", "escpos")]
    assert libraries == []


@pytest.fixture
def network() -> Iterator[tuple[PrinterPort, SocketPrinter]]:
    with SocketPrinter() as printer:
        port = ports.port_of(NetworkName(LOOPBACK, printer.port))
        yield port, printer
        port.close()


def test_what_goes_to_a_network_printer_and_comes_back(
    network: tuple[PrinterPort, SocketPrinter],
) -> None:
    port, printer = network
    port.open()
    port.send(commands.question(1))
    assert port.receive(TIMEOUT_S) == WELL
    assert port.receive(0) == b""
    port.send(commands.kick(EPSON))
    port.drain(TIMEOUT_S)
    assert printer.wait_for(lambda paper: paper.drawer_openings == 1, TIMEOUT_S)
    assert port.is_shared
    assert port.can_answer


def test_a_network_printer_can_be_opened_again(
    network: tuple[PrinterPort, SocketPrinter],
) -> None:
    port, printer = network
    for _ in range(2):
        port.open()
        port.send(commands.question(1))
        assert port.receive(TIMEOUT_S) == WELL
    port.close()
    port.close()
    assert printer.connections == 2


def test_a_network_printer_that_hangs_up_is_gone(
    network: tuple[PrinterPort, SocketPrinter],
) -> None:
    port, printer = network
    printer.hang_up_after(3)
    port.open()
    port.send(b"\0" * 3)
    with pytest.raises(DeviceGone):
        port.receive(TIMEOUT_S)


def test_bytes_that_a_printer_left_unread_are_not_taken_for_printed(
    network: tuple[PrinterPort, SocketPrinter],
) -> None:
    port, printer = network
    printer.hang_up_after(3)
    port.open()
    with pytest.raises(DeviceGone):
        send_all_of(port, bytes(10_000))


def test_a_network_printer_that_does_not_read_does_not_hang_the_till(
    network: tuple[PrinterPort, SocketPrinter], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, printer = network
    printer.read(is_reading=False)
    monkeypatch.setattr(ports, "WRITE_TIMEOUT_S", 0.1)
    port.open()
    with pytest.raises(DeviceGone):
        # More than the buffers of both ends hold.
        port.send(bytes(64_000_000))


def test_a_printer_that_is_slow_to_take_what_is_on_the_way(
    network: tuple[PrinterPort, SocketPrinter],
) -> None:
    port, printer = network
    printer.read(is_reading=False)
    port.open()
    port.send(bytes(300_000))
    assert not port.drain(0.1)
    printer.read(is_reading=True)
    assert port.drain(TIMEOUT_S)


def test_nobody_listens() -> None:
    number = free_port()
    with pytest.raises(DeviceNotFound) as raised:
        ports.port_of(NetworkName(LOOPBACK, number)).open()
    assert raised.value.device == f"tcp:{LOOPBACK}:{number}"


@pytest.mark.parametrize(("error", "kind"), NETWORK)
def test_connecting_fails(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[DeviceUnavailable] | None
) -> None:
    monkeypatch.setattr(socket, "create_connection", failing(error))
    with pytest.raises(kind or DeviceUnavailable) as raised:
        ports.port_of(NetworkName("printer.shop")).open()
    assert raised.value.__cause__ is error
    assert raised.value.device == "tcp:printer.shop:9100"


Use = Callable[[PrinterPort], object]


@pytest.mark.parametrize(("error", "kind"), NETWORK)
@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("settimeout", lambda port: port.send(b"data")),
        ("sendall", lambda port: port.send(b"data")),
        ("recv", lambda port: port.receive(0)),
        ("recv", lambda port: port.drain(0)),
        ("shutdown", lambda port: port.drain(0)),
    ],
)
def test_each_call_of_a_socket_fails(
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    use: Use,
    error: Exception,
    kind: type[DeviceUnavailable] | None,
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        line = FaultyLine(ours, {call: error})
        if call == "recv":
            theirs.send(WELL)
        monkeypatch.setattr(socket, "create_connection", lambda *_: line)
        port = ports.port_of(NetworkName("printer.shop"))
        port.open()
        with pytest.raises(kind or DeviceGone) as raised:
            use(port)
        assert raised.value.__cause__ is error
        port.close()
        port.close()


@pytest.mark.parametrize(
    "use", [lambda p: p.send(b"x"), lambda p: p.receive(0), lambda p: p.drain(0)]
)
@pytest.mark.parametrize(
    "port",
    [
        ports.port_of(NetworkName("printer.shop")),
        ports.port_of(SERIAL_NAME),
        ports.port_of(UsbName(VENDOR)),
        ports.port_of(FileName(Path("/dev/usb/lp0"))),
        HostedPrinterPort(SERIAL_NAME),
    ],
)
def test_a_line_that_is_not_open_is_gone(port: PrinterPort, use: Use) -> None:
    with pytest.raises(DeviceGone):
        use(port)


# On a serial port, in this process and behind one.

Line = Callable[[SerialName], PrinterPort]
on_both_lines = pytest.mark.parametrize("line", [ports.port_of, HostedPrinterPort])


@on_both_lines
def test_a_serial_printer_answers(tmp_path: Path, line: Line) -> None:
    with PtyScanner(tmp_path / "printer") as end:
        port = line(SerialName(end.path))
        assert port.name == str(end.path)
        assert (port.is_shared, port.can_answer) == (False, True)
        port.open()
        port.send(commands.question(1))
        assert end.received() == commands.question(1)
        assert port.receive(0) == b""
        end.send(WELL)
        assert port.receive(TIMEOUT_S) == WELL
        assert port.drain(TIMEOUT_S)
        port.close()
        port.close()


@on_both_lines
def test_a_serial_port_is_ours_alone(tmp_path: Path, line: Line) -> None:
    with PtyScanner(tmp_path / "printer") as end:
        ours, theirs = (line(SerialName(end.path)) for _ in range(2))
        ours.open()
        with pytest.raises(DeviceBusy):
            theirs.open()
        ours.close()
        theirs.open()
        theirs.close()


def test_a_serial_printer_that_does_not_read_does_not_hang_the_till(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "WRITE_TIMEOUT_S", 0.1)
    with PtyScanner(tmp_path / "printer") as end:
        port = ports.port_of(SerialName(end.path))
        port.open()
        with pytest.raises(DeviceGone):
            port.send(bytes(1_000_000))
        # Neither does letting go of it.
        port.close()


@on_both_lines
def test_a_serial_printer_that_is_unplugged(tmp_path: Path, line: Line) -> None:
    with PtyScanner(tmp_path / "printer") as end:
        port = line(SerialName(end.path))
        port.open()
        end.unplug()
        with pytest.raises(DeviceGone):
            port.receive(TIMEOUT_S)
        port.close()


@on_both_lines
def test_a_serial_port_that_is_not_there_or_is_none(tmp_path: Path, line: Line) -> None:
    with pytest.raises(DeviceNotFound):
        line(SerialName(tmp_path / "none")).open()
    (tmp_path / "file").write_bytes(b"")
    with closing(line(SerialName(tmp_path / "file"))) as port, pytest.raises(DeviceUnavailable):
        port.open()


@pytest.mark.parametrize(("error", "kind"), SERIAL_ERRORS)
def test_opening_a_serial_port_fails(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: type[DeviceUnavailable] | None
) -> None:
    monkeypatch.setattr(serial, "Serial", failing(error))
    with pytest.raises(kind or DeviceUnavailable) as raised:
        ports.port_of(SERIAL_NAME).open()
    assert error in (raised.value.__cause__, getattr(raised.value.__cause__, "__context__", None))
    assert raised.value.device == "/dev/printer"


@pytest.mark.parametrize(("error", "kind"), SERIAL_ERRORS)
@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("write", lambda port: port.send(b"data")),
        ("in_waiting", lambda port: port.receive(0)),
        ("read", lambda port: port.receive(0)),
    ],
)
def test_each_call_of_a_serial_port_fails(
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    use: Use,
    error: Exception,
    kind: type[DeviceUnavailable] | None,
) -> None:
    ours, theirs = socket.socketpair()
    with theirs, ours:
        theirs.send(WELL)
        monkeypatch.setattr(serial, "Serial", lambda **_: FaultySerial(ours, {call: error}))
        port = ports.port_of(SERIAL_NAME)
        port.open()
        with pytest.raises(kind or DeviceGone) as raised:
            use(port)
        assert raised.value.__cause__ is error
        port.close()
        port.close()


# On USB.


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> UsbBus:
    bus = UsbBus()
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: bus)
    return bus


def test_a_usb_printer_is_used_as_it_is(bus: UsbBus) -> None:
    # Its own interface and endpoints, taken from the kernel's driver, and without a reset.
    bus.said += b"\x16old"
    port = ports.port_of(UsbName(VENDOR, PRODUCT, SERIAL))
    port.open()
    port.send(commands.question(1) + commands.kick(EPSON))
    assert port.receive(TIMEOUT_S) == WELL
    assert port.receive(0) == b""
    port.drain(TIMEOUT_S)

    assert bus.paper.drawer_openings == 1
    assert bus.claimed == {PRINTER_INTERFACE}
    assert not bus.has_kernel_driver
    port.close()
    port.close()
    assert (bus.claimed, bus.open_handles) == (set(), 0)


@pytest.mark.parametrize(
    "name", [UsbName(0x1504), UsbName(VENDOR, 0x0202), UsbName(VENDOR, PRODUCT, "another")]
)
def test_a_usb_printer_of_another_name_is_not_found(bus: UsbBus, name: UsbName) -> None:
    with pytest.raises(DeviceUnavailable) as raised:
        ports.port_of(name).open()
    assert isinstance(raised.value, DeviceNotFound)
    assert bus.claimed == set()


def test_a_usb_device_that_is_no_printer(bus: UsbBus) -> None:
    bus.interface_class = CLASS_HID
    with pytest.raises(DeviceNotFound):
        ports.port_of(UsbName(VENDOR)).open()


@pytest.mark.parametrize(("endpoints", "transfer_type"), [((IN,), 2), ((OUT, IN), 3), ((), 2)])
def test_a_usb_printer_that_takes_no_data(
    bus: UsbBus, endpoints: tuple[int, ...], transfer_type: int
) -> None:
    bus.endpoints, bus.transfer_type = endpoints, transfer_type
    with pytest.raises(DeviceNotFound):
        ports.port_of(UsbName(VENDOR)).open()


def test_a_usb_printer_that_chatters_is_opened_nevertheless(bus: UsbBus) -> None:
    bus.said += bytes(100_000)
    port = ports.port_of(UsbName(VENDOR))
    port.open()
    assert len(bus.said) > 90_000


def test_a_usb_printer_that_only_listens(bus: UsbBus) -> None:
    bus.endpoints = (OUT,)
    port = ports.port_of(UsbName(VENDOR))
    port.open()
    port.send(commands.question(1))
    assert port.receive(0) == b""


@pytest.mark.parametrize("takes", [0, 700])
def test_a_usb_printer_that_stops_reading_is_not_taken_for_printed(bus: UsbBus, takes: int) -> None:
    port = ports.port_of(UsbName(VENDOR))
    port.open()
    bus.takes = takes
    with pytest.raises(DeviceGone):
        port.send(bytes(1_024))


@pytest.mark.parametrize(("error", "kind"), USB)
@pytest.mark.parametrize(
    "call", ["enumerate_devices", "open_device", "get_configuration", "detach_kernel_driver"]
)
def test_each_call_of_opening_a_usb_printer_fails(
    bus: UsbBus, call: str, error: Exception, kind: type[DeviceUnavailable] | None
) -> None:
    if call == "detach_kernel_driver" and isinstance(error, NotImplementedError):
        # Where drivers cannot be detached, claiming the interface tells whether one is there.
        return
    bus.failing[call] = error
    with pytest.raises(kind or DeviceUnavailable) as raised:
        ports.port_of(UsbName(VENDOR, PRODUCT)).open()
    assert raised.value.device == "usb:04b8:0e15"


@pytest.mark.parametrize(("error", "kind"), USB)
@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("claim_interface", lambda port: port.send(b"data")),
        ("bulk_write", lambda port: port.send(b"data")),
        ("bulk_read", lambda port: port.receive(0)),
    ],
)
def test_each_call_of_using_a_usb_printer_fails(
    bus: UsbBus,
    call: str,
    use: Use,
    error: Exception,
    kind: type[DeviceUnavailable] | None,
) -> None:
    port = ports.port_of(UsbName(VENDOR))
    bus.failing[call] = error
    port.open()
    with pytest.raises(kind or DeviceGone) as raised:
        use(port)
    assert raised.value.__cause__ is error
    bus.failing["release_interface"] = error
    port.close()


def test_no_libusb_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libusb1", "libusb0", "openusb"):
        module = __import__(f"usb.backend.{name}", fromlist=[name])
        monkeypatch.setattr(module, "get_backend", lambda *_, **__: None)
    with pytest.raises(DeviceUnavailable):
        ports.port_of(UsbName(VENDOR)).open()


# In a file, and behind the kernel's driver.


def test_a_file_is_appended_to_and_never_emptied(tmp_path: Path) -> None:
    path = tmp_path / "slips.bin"
    port = ports.port_of(FileName(path))
    for piece in (b"one", b"two"):
        port.open()
        port.send(piece)
        port.drain(TIMEOUT_S)
        port.close()
        port.close()

    assert path.read_bytes() == b"onetwo"
    assert path.stat().st_mode & 0o077 == 0
    assert not port.can_answer
    assert not port.is_shared


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable):
        ports.port_of(FileName(tmp_path)).open()
    with pytest.raises(DeviceNotFound):
        ports.port_of(FileName(tmp_path / "no" / "file")).open()


def test_a_pipe_that_nobody_reads_is_not_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DeviceNotFound):
        ports.port_of(FileName(tmp_path / "pipe")).open()


def test_the_end_of_a_pipe_that_does_not_read_does_not_hang_the_till(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "WRITE_TIMEOUT_S", 0.1)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    port = ports.port_of(FileName(tmp_path / "pipe"))
    port.open()
    try:
        with pytest.raises(DeviceGone):
            port.send(bytes(1_000_000))
    finally:
        os.close(reader)
    with pytest.raises(DeviceGone):
        port.send(b"more")
    port.close()


@pytest.mark.parametrize(("error", "kind"), FOREIGN)
@pytest.mark.parametrize(
    ("call", "use"),
    [
        ("open", lambda port: port.open()),
        ("write", lambda port: port.send(b"data")),
        ("fsync", lambda port: port.drain(0)),
    ],
)
def test_each_call_of_a_file_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    use: Use,
    error: Exception,
    kind: type[DeviceUnavailable] | None,
) -> None:
    port = ports.port_of(FileName(tmp_path / "slips.bin"))
    port.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(error))
        with pytest.raises(kind or DeviceUnavailable) as raised:
            use(port)
    assert raised.value.__cause__ is error
    port.close()


def test_a_printer_of_the_kernel_is_read_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # A pseudo-terminal in the place of /dev/usb/lp0: opened for both, and without waiting.
    near, far = os.openpty()
    tty.setraw(far)
    real_open = os.open

    def opened(path: object, flags: int, mode: int = 0o777) -> int:
        assert flags & os.O_NONBLOCK
        assert flags & os.O_RDWR
        return real_open(os.ttyname(far), flags, mode)

    port = ports.port_of(FileName(Path("/dev/usb/lp0")))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened)
        port.open()
    port.send(commands.question(1))
    assert os.read(near, 64) == commands.question(1)
    assert port.receive(0) == b""
    os.write(near, WELL)
    assert port.receive(TIMEOUT_S) == WELL
    port.drain(TIMEOUT_S)
    assert port.can_answer
    port.close()
    os.close(near)
    os.close(far)


# The printer in software, as far as it is not held to account by the others.


def test_a_printer_in_software_knows_what_it_is_not_sent() -> None:
    paper = PrintedPaper()
    assert paper.feed(b"\x1bXHangul?\n") == b""
    assert bytes(paper.strays) == b"XHangul?"


def send_all_of(port: PrinterPort, data: bytes) -> None:
    port.send(data)
    port.drain(TIMEOUT_S)


def failing(error: Exception) -> Callable[..., object]:
    def fail(*_arguments: object, **_options: object) -> object:
        raise error

    return fail


class FaultyLine(socket.socket):
    """A socket that fails at one call."""

    def __init__(self, line: socket.socket, failing_calls: dict[str, Exception]) -> None:
        super().__init__(line.family, line.type, fileno=line.detach())
        self._failing_calls = failing_calls

    def __getattribute__(self, name: str) -> object:
        failing_calls = object.__getattribute__(self, "__dict__").get("_failing_calls", {})
        if name in failing_calls:
            return failing(failing_calls[name])
        return super().__getattribute__(name)

    def setsockopt(self, *_arguments: object) -> None:
        """A local socket has no TCP to set."""


class FaultySerial:
    """A pyserial port over a socket that fails at one call, and again when it is closed."""

    is_open = True

    def __init__(self, line: socket.socket, failing_calls: dict[str, Exception]) -> None:
        self._line = line
        self._failing_calls = failing_calls

    def _call(self, name: str) -> None:
        if name in self._failing_calls:
            raise self._failing_calls[name]

    def fileno(self) -> int:
        return self._line.fileno()

    def reset_input_buffer(self) -> None:
        self._call("reset_input_buffer")

    def reset_output_buffer(self) -> None:
        raise termios.error(errno.EIO, "gone")

    @property
    def in_waiting(self) -> int:
        self._call("in_waiting")
        return 1

    def read(self, size: int) -> bytes:
        self._call("read")
        return self._line.recv(size)

    def write(self, data: bytes) -> int:
        self._call("write")
        return len(data)

    def flush(self) -> None:
        raise termios.error(errno.EIO, "gone")

    def close(self) -> None:
        raise OSError(errno.EIO, "gone")
