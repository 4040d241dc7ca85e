"""All devices together: whoever hangs is seen, and nobody's end waits for another's."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event

import pytest

from drivers.errors import DeviceHung
from drivers.supervisor import HANG_S, DeviceHealth, Supervisor
from drivers.watch import Watch

TOLD_TIMEOUT_S = 20.0
"""The watch looks once a second."""


class Serving:
    """A device that works until it is stopped; one that hangs works until the test lets it go."""

    def __init__(self, name: str, let_go: Event | None = None) -> None:
        self.name = name
        self._let_go = let_go
        self.entered, self.closed = Event(), Event()

    def open(self) -> None:
        pass

    def serve(self, stopping: Event) -> None:
        self.entered.set()
        (stopping if self._let_go is None else self._let_go).wait()

    def close(self) -> None:
        self.closed.set()


def test_a_worker_that_hangs_is_told_of_by_the_watch() -> None:
    told: SimpleQueue[DeviceHealth] = SimpleQueue()
    device, let_go, passed_s = Serving("printer", Event()), Event(), [0.0]
    device._let_go = let_go
    watch = Watch([Supervisor(device, told.put, clock=lambda: passed_s[0])])
    watch.start()
    assert told.get(timeout=TOLD_TIMEOUT_S).error is None
    assert device.entered.wait(TOLD_TIMEOUT_S)

    passed_s[0] = HANG_S

    error = told.get(timeout=TOLD_TIMEOUT_S).error
    assert isinstance(error, DeviceHung)
    assert error.device == "printer"
    let_go.set()
    watch.stop()


def test_many_that_hang_delay_the_end_no_longer_than_one(caplog: pytest.LogCaptureFixture) -> None:
    let_go, patience_s = Event(), list[float]()
    hanging = [Serving(f"device {number}", let_go) for number in range(8)]
    well = Serving("well")

    class Counted(Supervisor):
        def stop(self, timeout_s: float = 0) -> None:
            patience_s.append(timeout_s)
            now_s[0] += timeout_s
            super().stop(0 if timeout_s < 1 else TOLD_TIMEOUT_S)

    now_s = [100.0]
    devices = [Supervisor(well, lambda health: None)]
    devices += [Counted(device, lambda health: None) for device in hanging]
    watch = Watch(devices, clock=lambda: now_s[0])
    watch.start()
    for device in hanging:
        assert device.entered.wait(TOLD_TIMEOUT_S)

    watch.stop(timeout_s=0.5)

    assert patience_s == [0.5, *[0.0] * 7]
    assert well.closed.wait(TOLD_TIMEOUT_S)
    assert caplog.text.count("is left behind") == 8
    let_go.set()
    for device in hanging:
        assert device.closed.wait(TOLD_TIMEOUT_S)


def test_a_device_that_comes_later_is_begun_watched_and_stopped_with_the_others() -> None:
    told: SimpleQueue[DeviceHealth] = SimpleQueue()
    before, after = Serving("before"), Serving("after")
    watch = Watch()
    watch.supervise(before, told.put)
    assert not before.entered.is_set()
    watch.start()
    watch.supervise(after, told.put)
    for device in (before, after):
        assert device.entered.wait(TOLD_TIMEOUT_S)

    watch.stop()

    assert before.closed.is_set()
    assert after.closed.is_set()


def test_one_that_is_let_go_ends_by_itself_and_nobody_waits_for_it() -> None:
    let_go, passed_s = Event(), [0.0]
    told: SimpleQueue[DeviceHealth] = SimpleQueue()
    hanging, well = Serving("hanging", let_go), Serving("well")
    watch = Watch(clock=lambda: passed_s[0])
    gone = watch.supervise(hanging, told.put)
    watch.supervise(well, lambda health: None)
    watch.start()
    assert hanging.entered.wait(TOLD_TIMEOUT_S)
    assert told.get(timeout=TOLD_TIMEOUT_S).error is None

    watch.let_go(gone)
    watch.stop()

    assert well.closed.is_set()
    assert told.empty()
    let_go.set()
    assert hanging.closed.wait(TOLD_TIMEOUT_S)


def test_nothing_is_begun_once_all_have_stopped() -> None:
    watch, late = Watch(), Serving("late")
    watch.start()
    watch.stop()

    watch.supervise(late, lambda health: None)

    watch.stop()
    assert not late.entered.is_set()


def test_a_device_may_hear_of_the_end_in_the_middle_of_its_opening() -> None:
    stopping, is_opening = Event(), Event()

    class Opening(Serving):
        def open(self) -> None:
            is_opening.set()
            stopping.wait()

    watch, device = Watch(), Opening("display")
    watch.supervise(device, lambda health: None, stopping=stopping)
    watch.start()
    assert is_opening.wait(TOLD_TIMEOUT_S)

    watch.stop()

    assert device.closed.is_set()
