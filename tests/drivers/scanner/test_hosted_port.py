"""A serial port in a process of its own: what it hears, and what becomes of it when it hangs.

Pseudo-terminals under pyserial, real processes, and a device whose driver hangs in the kernel.
"""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from drivers.errors import (
    DeviceBusy,
    DeviceGone,
    DeviceHung,
    DeviceNotFound,
    DeviceUnavailable,
    NextStep,
)
from drivers.scanner.hosted_port import HostedPort, Patience
from drivers.scanner.serial_port import SerialPort
from drivers.simulated.pty_scanner import PtyScanner
from tests.stacks.stuck_device import stuck_device
from tests.stacks.waiting import wait_until

SOON_S: Final = 20.0
"""What takes milliseconds takes no longer on a machine under load."""
PATIENT: Final = Patience(open_s=SOON_S, write_s=SOON_S, silence_s=SOON_S)

IMPATIENT: Final = Patience(open_s=SOON_S, write_s=0.2, silence_s=0.0)
"""A port that hangs when it has not answered at the second look."""


def read_forever(port: HostedPort) -> None:
    while True:
        port.read(0)


def write_forever(port: HostedPort) -> None:
    while True:
        port.write(b"x" * 4_096)


class Opened:
    """A port that is open to a scanner on a pseudo-terminal."""

    def __init__(self, scanner: PtyScanner, patience: Patience = IMPATIENT) -> None:
        self.scanner = scanner
        self.port = HostedPort(str(scanner.path), 115_200, patience)
        self.port.open()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self.port._process is not None
        return self.port._process


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with PtyScanner(tmp_path / "scanner") as scanner:
        opened = Opened(scanner, PATIENT)
        yield opened
        opened.port.close()


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Opened]:
    with PtyScanner(tmp_path / "scanner") as scanner:
        opened = Opened(scanner)
        yield opened
        opened.port.close()


def test_bytes_go_both_ways(opened: Opened) -> None:
    assert opened.port.name == str(opened.scanner.path)
    assert opened.port.read(0) == b""
    opened.scanner.send(b"\x00\r\n\xff")
    assert opened.port.read(SOON_S) == b"\x00\r\n\xff"
    opened.port.write(b"setup")
    assert opened.scanner.received() == b"setup"


def test_what_arrives_while_something_is_sent_is_not_lost(opened: Opened) -> None:
    opened.scanner.send(b"8801234\r")
    opened.port.write(b"setup")
    heard = b""
    while not heard.endswith(b"\r"):
        heard += opened.port.read(SOON_S)
    assert heard == b"8801234\r"


def test_a_scanner_that_is_unplugged(opened: Opened) -> None:
    opened.scanner.unplug()
    with pytest.raises(DeviceGone) as raised:
        opened.port.read(SOON_S)
    assert raised.value.device == str(opened.scanner.path)


def test_a_port_that_is_not_there_starts_no_process(tmp_path: Path) -> None:
    port = HostedPort(str(tmp_path / "none"), 9_600)
    with pytest.raises(DeviceNotFound):
        port.open()
    assert port._process is None


def test_a_file_that_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        closing(HostedPort(str(tmp_path / "file"), 9_600)) as port,
        pytest.raises(DeviceUnavailable) as raised,
    ):
        port.open()
    assert raised.value.device == str(tmp_path / "file")


def test_a_port_that_another_program_holds_and_lets_go(opened: Opened) -> None:
    second = SerialPort(str(opened.scanner.path), 115_200)
    with pytest.raises(DeviceBusy):
        second.open()
    opened.port.close()
    # Its process is gone by now, and its lock with it.
    second.open()
    with pytest.raises(DeviceBusy):
        opened.port.open()
    second.close()
    opened.port.open()


def test_a_process_that_dies(opened: Opened) -> None:
    opened.process.kill()
    with pytest.raises(DeviceGone):
        opened.port.read(SOON_S)
    with pytest.raises(DeviceGone):
        opened.port.write(b"setup")


def test_a_call_that_hangs_while_nothing_is_scanned(impatient: Opened) -> None:
    while impatient.port._asked_s is None:
        impatient.port.read(0)
    impatient.process.send_signal(signal.SIGSTOP)
    with pytest.raises(DeviceHung) as raised:
        read_forever(impatient.port)
    assert raised.value.device == str(impatient.scanner.path)


def test_a_process_that_is_asked_and_answers_does_not_hang(opened: Opened) -> None:
    opened.port._heard_s -= PATIENT.silence_s
    assert opened.port.read(0) == b""
    assert opened.port._asked_s is not None
    while opened.port._asked_s is not None:
        assert opened.port.read(SOON_S) == b""


def test_a_call_that_hangs_while_something_is_sent(impatient: Opened) -> None:
    impatient.process.send_signal(signal.SIGSTOP)
    with pytest.raises(DeviceHung):
        impatient.port.write(b"setup")


def test_one_that_hung_is_killed_and_the_port_opens_again(opened: Opened) -> None:
    hung = opened.process
    hung.send_signal(signal.SIGSTOP)
    opened.port.open()

    assert hung.poll() == -signal.SIGKILL
    opened.port.write(b"setup")
    assert opened.scanner.received() == b"setup"


def test_a_scanner_that_takes_no_bytes_is_told_of_and_let_go_of_at_once(opened: Opened) -> None:
    with pytest.raises(DeviceGone):
        write_forever(opened.port)
    began_s = time.monotonic()
    opened.port.close()
    assert time.monotonic() - began_s < SOON_S


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EAGAIN, errno.EACCES])
@pytest.mark.parametrize("call", ["socket.socketpair", "subprocess.Popen", "pathlib.Path.stat"])
def test_each_error_of_what_starts_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    error = OSError(number, "failed")

    def fail(*arguments: object, **options: object) -> None:
        raise error

    with (
        PtyScanner(tmp_path / "scanner") as scanner,
        closing(HostedPort(str(scanner.path), 9_600)) as port,
        monkeypatch.context() as patched,
    ):
        patched.setattr(call, fail)
        with pytest.raises(DeviceUnavailable) as raised:
            port.open()
    assert raised.value.__cause__ is error
    assert raised.value.device == str(scanner.path)
    assert not raised.value.money_may_have_moved
    assert raised.value.next_step in NextStep


@pytest.mark.parametrize("kind", [DeviceBusy, DeviceGone, DeviceNotFound, DeviceUnavailable])
def test_what_fails_in_the_process_is_the_same_error_here(
    opened: Opened, kind: type[DeviceUnavailable]
) -> None:
    with pytest.raises(kind) as raised:
        raise opened.port._failure(f"{kind.code} {kind(opened.port.name, 'why')}")
    assert type(raised.value) is kind
    assert str(raised.value) == f"{opened.port.name}: why"


def test_a_port_that_is_closed(opened: Opened) -> None:
    opened.port.close()
    opened.port.close()
    with pytest.raises(DeviceGone):
        opened.port.read(0)
    with pytest.raises(DeviceGone):
        opened.port.write(b"setup")


def test_no_process_outlives_a_till_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from drivers.scanner.hosted_port import HostedPort\n"
        "port = HostedPort(sys.argv[1], 9600)\n"
        "port.open()\n"
        "print(port._process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with PtyScanner(tmp_path / "scanner") as scanner:
        till = subprocess.Popen(
            [sys.executable, "-c", program, str(scanner.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with till:
            assert till.stdout is not None
            process = int(till.stdout.readline())
            till.kill()
        wait_until(lambda: not _lives(process), SOON_S, "the port's process has ended")


def test_a_device_that_hangs_in_the_kernel_hangs_neither_its_caller_nor_the_end(
    tmp_path: Path,
) -> None:
    with stuck_device(tmp_path) as device:
        port = HostedPort(str(device.path), 9_600, Patience(open_s=1.0))
        with pytest.raises(DeviceHung) as raised:
            port.open()
        hung = port._process
        assert hung is not None
        assert raised.value.device == str(device.path)

        port.close()

        # Killed and not gone: that is why no thread of ours made the call.
        assert hung.poll() is None
        device.let_go()
        hung.wait(SOON_S)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    # One whose parent has died is nobody's: whatever adopts it may not have looked yet.
    return state != "Z"
