"""A device's thread, on the test's own: what it does at each thing that a device can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from threading import Event

import pytest

from drivers.errors import DeviceBusy, DeviceGone, DeviceNotFound, DriverError, WorkerFault
from drivers.supervisor import (
    FIRST_PAUSE_S,
    HANG_S,
    LONGEST_PAUSE_S,
    DeviceHealth,
    Supervisor,
)

NOT_FOUND = DeviceNotFound("scanner", "nothing there")
GONE = DeviceGone("scanner", "unplugged")
BUSY = DeviceBusy("scanner", "in use")


class Clock(Event):
    """A stop signal whose waits take no time but are counted, and the clock that they move."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.pauses_s: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.pauses_s.append(timeout)
        self.now_s += timeout
        return self.is_set()


class ScriptedDevice:
    """A device that does one thing a life: an error at opening, or seconds of serving and an end.

    After the script it is told to stop, as by a till that closes.
    """

    name = "scanner"

    def __init__(self, clock: Clock, script: Iterable[Exception | tuple[float, Exception]]) -> None:
        self._clock = clock
        self._script: Iterator[Exception | tuple[float, Exception]] = iter(script)
        self._end: tuple[float, Exception] | None = None
        self.calls: list[str] = []

    def open(self) -> None:
        self.calls.append("open")
        match next(self._script, None):
            case Exception() as error:
                raise error
            case end:
                self._end = end

    def serve(self, stopping: Event) -> None:
        self.calls.append("serve")
        if self._end is None:
            # It is well to the end of the day.
            self._clock.now_s += 2 * LONGEST_PAUSE_S
            assert not stopping.is_set()
            stopping.set()
            return
        lasts_s, error = self._end
        self._clock.now_s += lasts_s
        raise error

    def close(self) -> None:
        self.calls.append("close")


def run(
    *script: Exception | tuple[float, Exception],
) -> tuple[list[str], Clock, ScriptedDevice]:
    """Run a device to the end of its script; return what was told of its health, by code."""
    clock = Clock()
    told: list[DeviceHealth] = []
    device = ScriptedDevice(clock, script)
    Supervisor(device, told.append, clock, lambda: clock.now_s).run()
    assert all(each.device == "scanner" for each in told)
    return [each.error.code if each.error else "well" for each in told], clock, device


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([], ["well"]),
        ([NOT_FOUND], ["device_not_found", "well"]),
        ([NOT_FOUND, NOT_FOUND, NOT_FOUND], ["device_not_found", "well"]),
        ([NOT_FOUND, BUSY, NOT_FOUND], ["device_not_found", "device_busy", "device_not_found"]),
        ([(60.0, GONE)], ["well", "device_gone", "well"]),
        ([(60.0, GONE), NOT_FOUND], ["well", "device_gone", "device_not_found", "well"]),
        # What opens and breaks at once is not well in between.
        ([(0.0, GONE), (0.0, GONE)], ["well", "device_gone", "well"]),
        ([(0.0, GONE), (0.0, BUSY), (0.0, BUSY)], ["well", "device_gone", "device_busy", "well"]),
        ([(0.0, GONE), NOT_FOUND], ["well", "device_gone", "device_not_found", "well"]),
        ([KeyError("a mistake")], ["worker_fault", "well"]),
        ([(60.0, KeyError("a mistake"))], ["well", "worker_fault", "well"]),
    ],
)
def test_health_is_told_once_a_change(
    script: list[Exception | tuple[float, Exception]], told: list[str]
) -> None:
    assert run(*script)[0][: len(told)] == told
    assert run(*script)[0][-1] == "well"


def test_every_open_is_closed() -> None:
    _, _, device = run(NOT_FOUND, (1.0, GONE), KeyError("a mistake"))

    assert device.calls == [
        *("open", "close"),
        *("open", "serve", "close"),
        *("open", "close"),
        *("open", "serve", "close"),
    ]


def test_pauses_grow_to_the_longest_and_no_further() -> None:
    _, clock, _ = run(*[NOT_FOUND] * 8)

    assert clock.pauses_s == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
    assert (FIRST_PAUSE_S, LONGEST_PAUSE_S) == (0.1, 2.0)


def test_a_device_that_was_well_for_a_while_is_tried_again_at_once() -> None:
    _, clock, _ = run(*[NOT_FOUND] * 5, (60.0, GONE), NOT_FOUND)

    assert clock.pauses_s[5:] == [0.1, 0.2]


def test_a_device_that_opens_and_dies_at_once_is_not_hammered() -> None:
    _, clock, _ = run(*[(0.0, GONE)] * 6)

    assert clock.pauses_s == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0]


def test_a_fault_of_ours_is_told_with_its_cause_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, cause = Clock(), KeyError("a mistake")
    told: list[DeviceHealth] = []
    Supervisor(ScriptedDevice(clock, [cause]), told.append, clock).run()

    fault = told[0].error
    assert isinstance(fault, WorkerFault)
    assert fault.__cause__ is cause
    assert "KeyError: 'a mistake'" in caplog.text


def test_a_fault_that_stays_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    run(*[KeyError("a mistake")] * 8)

    assert caplog.text.count("Traceback") == 1


def test_a_close_that_fails_is_a_fault_and_not_the_end() -> None:
    class Sticky(ScriptedDevice):
        def close(self) -> None:
            if "close" not in self.calls:
                super().close()
                raise RuntimeError("a mistake in close")

    clock = Clock()
    told: list[DeviceHealth] = []
    Supervisor(Sticky(clock, [NOT_FOUND]), told.append, clock).run()

    assert [each.error.code if each.error else "well" for each in told] == ["worker_fault", "well"]


class Hanging:
    """A device that hangs in a call, until the test lets it go."""

    name = "hanging"

    def __init__(self) -> None:
        self.entered, self.let_go = Event(), Event()

    def open(self) -> None:
        pass

    def serve(self, stopping: Event) -> None:
        self.entered.set()
        self.let_go.wait()

    def close(self) -> None:
        pass


def test_a_device_that_hangs_does_not_hang_its_stop(caplog: pytest.LogCaptureFixture) -> None:
    device = Hanging()
    supervisor = Supervisor(device, lambda health: None)
    supervisor.start()
    device.entered.wait()

    supervisor.stop(timeout_s=0.0)

    assert "hangs" in caplog.text
    device.let_go.set()
    supervisor.stop()


def test_stop_ends_the_thread_of_a_device_in_its_pause() -> None:
    told: SimpleQueue[DeviceHealth] = SimpleQueue()

    class Absent(Hanging):
        def open(self) -> None:
            raise DriverError("absent", "never there")

    supervisor = Supervisor(Absent(), told.put)
    supervisor.start()
    assert told.get(timeout=20).error is not None
    supervisor.stop()

    assert not supervisor._thread.is_alive()


def test_a_worker_that_does_not_come_back_is_told_of_once_and_again_when_it_is_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s, told = [0.0], list[str]()

    class Busy(Hanging):
        """Looks up whenever the test lets it, and is where the test says meanwhile."""

        def serve(self, stopping: Event) -> None:
            now_s[0] += HANG_S / 2
            supervisor.look()
            assert not stopping.is_set()
            now_s[0] += HANG_S
            supervisor.look()
            supervisor.look()
            assert not stopping.is_set()
            now_s[0] += HANG_S
            stopping.set()

    def report(health: DeviceHealth) -> None:
        told.append(health.error.code if health.error else "well")

    supervisor = Supervisor(Busy(), report, clock=lambda: now_s[0])
    supervisor.run()
    now_s[0] += HANG_S
    supervisor.look()

    assert told == ["well", "device_hung", "well"]
    assert sum("no sign of life" in record.getMessage() for record in caplog.records) == 1


def test_a_worker_that_hangs_before_its_device_is_open_is_told_of() -> None:
    now_s, told = [0.0], list[str]()

    class Stuck(Hanging):
        def open(self) -> None:
            now_s[0] += HANG_S
            supervisor.look()
            supervisor._stopping.set()
            raise DeviceBusy(self.name, "in use")

    def report(health: DeviceHealth) -> None:
        told.append(health.error.code if health.error else "well")

    supervisor = Supervisor(Stuck(), report, clock=lambda: now_s[0])
    supervisor.look()
    supervisor.run()

    assert told == ["device_hung", "device_busy"]


def test_a_signal_that_a_device_waits_for_is_a_sign_of_life_too() -> None:
    now_s, told = [0.0], list[DeviceHealth]()

    class Waiting(Hanging):
        def serve(self, stopping: Event) -> None:
            for _ in range(20):
                now_s[0] += HANG_S / 2
                assert not stopping.wait(0)
                supervisor.look()
            stopping.set()

    supervisor = Supervisor(Waiting(), told.append, clock=lambda: now_s[0])
    supervisor.run()

    assert [each.error for each in told] == [None]
