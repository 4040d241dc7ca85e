"""What each trouble with a device is told as, what to do about it, and when the device is back.

Real pseudo-terminals, a real process behind each port and a real pcscd; the time between two
attempts is counted and not waited for. A trouble ends when the pauses have grown to the longest.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from drivers.card.pcsc import PcscConnection, PcscReader
from drivers.card.tap import TapWorker
from drivers.errors import DeviceForbidden, NextStep
from drivers.scanner.discovery import scanners_among
from drivers.scanner.framer import Scanned, ScanReport
from drivers.scanner.hosted_port import HostedPort, Patience
from drivers.scanner.profiles import ZEBRA
from drivers.scanner.scanner import ByteLine
from drivers.scanner.serial_port import PortInfo
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.vpcd import HeldCard
from drivers.supervisor import Device, DeviceHealth, Supervisor
from pos_app.sought_scanner import SoughtScanner
from tests.drivers.purses import purse
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

BACK_WITHIN_S: Final = 5.0
"""A device is back within five seconds of its cause going away."""

TAKEN_TIMEOUT_S: Final = 20.0

ENDS_AT_PAUSE: Final = 7
"""By then a pause is the longest there is: no cause could go away at a worse moment."""


LOOK_S: Final = 0.2
"""How often a device looks whether it is to stop."""


class Counted(Event):
    """A stop signal whose waits take no time but are counted, and what happens at one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.pauses = 0
        self.at_pause: dict[int, Callable[[], None]] = {}

    def is_set(self) -> bool:
        self.now_s += LOOK_S
        return super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.pauses += 1
        # At the very beginning of a pause: the device is looked for again at its end.
        self.at_pause.get(self.pauses, lambda: None)()
        self.now_s += timeout
        return super().is_set()


class Refusing:
    """A line that the system does not let us open."""

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self) -> None:
        raise DeviceForbidden(self.name, "permission denied")

    def read(self, timeout_s: float) -> bytes:
        raise AssertionError("it was never open")

    def write(self, data: bytes) -> None:
        raise AssertionError("it was never open")

    def close(self) -> None:
        pass


@dataclass
class Bench:
    """One scanner, whatever befalls it, and what the till hears."""

    directory: Path
    reports: list[ScanReport] = field(default_factory=list)
    is_forbidden: bool = False

    def __post_init__(self) -> None:
        self.scanner = PtyScanner(self.directory / "ttyACM0")
        self.line: HostedPort | None = None
        self.holder: HostedPort | None = None
        self.device: Device = SoughtScanner(
            scanners_among, self.ports, self._line, self.reports.append
        )

    def ports(self) -> list[PortInfo]:
        path = self.scanner.path
        (vendor,) = ZEBRA.usb_vendors
        is_there = path.is_symlink()
        return [PortInfo(str(path), "Zebra", vendor, 0x1701, "A1")] if is_there else []

    def _line(self, path: str, baud_rate: int) -> ByteLine:
        if self.is_forbidden:
            return Refusing(path)
        self.line = HostedPort(path, baud_rate)
        return self.line

    def unplug(self) -> None:
        self.scanner.unplug()

    def plug_in(self) -> None:
        self.scanner.plug_in()

    def plug_in_elsewhere(self) -> None:
        self.scanner.path = self.directory / "ttyACM3"
        self.scanner.plug_in()

    def replug(self) -> None:
        self.unplug()
        self.plug_in()

    def forbid(self) -> None:
        self.is_forbidden = True
        self.replug()

    def allow(self) -> None:
        self.is_forbidden = False

    def let_another_have_it(self) -> None:
        self.replug()
        self.holder = HostedPort(str(self.scanner.path), 115_200)
        self.holder.open()

    def have_the_other_let_go(self) -> None:
        assert self.holder is not None
        self.holder.close()

    def hang(self) -> None:
        assert self.line is not None
        # One that is well is not taken for one that hangs, however busy the machine is.
        self.line._patience = Patience(silence_s=0.05)
        self._signal(signal.SIGSTOP)

    def crash(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        assert self.line is not None
        assert self.line._process is not None
        self.line._process.send_signal(number)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.plug_in()
    yield bench
    bench.unplug()
    bench.device.close()
    if bench.holder is not None:
        bench.holder.close()


@dataclass
class Told:
    """What was told of a device from well to well again."""

    codes: list[str] = field(default_factory=list)
    next_steps: list[NextStep] = field(default_factory=list)
    back_after_s: float = 0.0


def lived_through(
    device: Device, begin: Callable[[], None], end: Callable[[], None] | None = None
) -> Told:
    """Let a trouble begin when the device is well and end at the worst moment; return at its end.

    Without an `end` the device has to help itself at once.
    """
    stopping, told = Counted(), Told()
    ended_s = [0.0]

    def over() -> None:
        ended_s[0] = stopping.now_s
        if end is not None:
            end()

    stopping.at_pause[1 if end is None else ENDS_AT_PAUSE] = over

    def report(health: DeviceHealth) -> None:
        if health.error is not None:
            assert not health.error.money_may_have_moved
            told.codes.append(health.error.code)
            told.next_steps.append(health.error.next_step)
        elif not told.codes:
            begin()
        else:
            told.back_after_s = stopping.now_s - ended_s[0]
            stopping.set()

    Supervisor(device, report, stopping, lambda: stopping.now_s).run()
    return told


@pytest.mark.parametrize(
    ("begin", "end", "codes", "next_step"),
    [
        (Bench.unplug, Bench.plug_in, ["device_gone", "device_not_found"], NextStep.PLUG_IN),
        (
            Bench.unplug,
            Bench.plug_in_elsewhere,
            ["device_gone", "device_not_found"],
            NextStep.PLUG_IN,
        ),
        (Bench.replug, None, ["device_gone"], NextStep.PLUG_IN),
        (
            Bench.let_another_have_it,
            Bench.have_the_other_let_go,
            ["device_gone", "device_busy"],
            NextStep.CLOSE_OTHER_PROGRAM,
        ),
        (
            Bench.forbid,
            Bench.allow,
            ["device_gone", "device_forbidden"],
            NextStep.ALLOW_ACCESS,
        ),
        (Bench.hang, None, ["device_hung"], NextStep.PLUG_IN_AGAIN),
        (Bench.crash, None, ["device_gone"], NextStep.PLUG_IN),
    ],
    ids=["unplugged", "moved", "replugged", "held", "forbidden", "hung", "crashed"],
)
def test_a_scanner(
    bench: Bench,
    begin: Callable[[Bench], None],
    end: Callable[[Bench], None] | None,
    codes: list[str],
    next_step: NextStep,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = lived_through(bench.device, partial(begin, bench), end and partial(end, bench))

    assert told.codes == codes
    assert told.next_steps[-1] is next_step
    assert told.back_after_s <= BACK_WITHIN_S
    # Once a change, however often it was tried.
    warned = [each for each in caplog.records if each.name == "drivers.supervisor"]
    assert len([each for each in warned if each.levelname == "WARNING"]) == len(codes)


def test_garbage_is_no_trouble_of_the_device(bench: Bench) -> None:
    told, stopping = list[str](), Event()

    def report(health: DeviceHealth) -> None:
        told.append("well" if health.error is None else health.error.code)
        bench.scanner.send(bytes(range(256)) * 40 + b"\r8801062636471\r")

    def heard(scan: ScanReport) -> None:
        if scan == Scanned("8801062636471"):
            stopping.set()

    bench.device = SoughtScanner(scanners_among, bench.ports, bench._line, heard)
    Supervisor(bench.device, report, stopping).run()

    assert told == ["well"]


@pytest.mark.parametrize("is_crash", [True, False])
def test_a_card_reader_whose_service_ends_and_starts(
    virtual_pcscd: PcscDaemon, is_crash: bool, caplog: pytest.LogCaptureFixture
) -> None:
    worker = TapWorker(PcscReader(READER_NAME), lambda report: None)
    worker.listen()

    told = lived_through(
        worker, virtual_pcscd.kill if is_crash else virtual_pcscd.stop, virtual_pcscd.start
    )

    assert told.codes == ["service_down"]
    assert told.next_steps == [NextStep.START_SERVICE]
    assert told.back_after_s <= BACK_WITHIN_S
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


class OtherProgram:
    """Another program that has the card on our reader for itself."""

    def __init__(self) -> None:
        self._reader = PcscReader(READER_NAME)
        self._connection: PcscConnection | None = None

    def take(self) -> None:
        self._reader.open()
        wait_until(self._has_taken, TAKEN_TIMEOUT_S, "the other program has the card")

    def _has_taken(self) -> bool:
        self._connection = self._reader.wait_for_card(BACK_WITHIN_S)
        return self._connection is not None

    def let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._reader.close()


def test_a_card_that_another_program_has_is_told_of_once(
    virtual_pcscd: PcscDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    worker = TapWorker(PcscReader(READER_NAME), lambda report: None)
    other = OtherProgram()
    with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
        other.take()
        worker.listen()
        told = lived_through(worker, lambda: None, other.let_go)

    assert told.codes == ["device_busy"]
    assert told.next_steps == [NextStep.CLOSE_OTHER_PROGRAM]
    assert told.back_after_s <= BACK_WITHIN_S
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1
