"""All readers of a till as one device: they come and go, are asked and are told of together."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from drivers.card.readers import CardReaders
from drivers.card.turns import Seat
from drivers.errors import DeviceGone, DeviceHung, DeviceNotFound, DriverError, ServiceDown
from drivers.supervisor import HANG_S, Device, DeviceHealth, Supervisor
from drivers.watch import Watch
from tests.contract.reader_benches import PluggedIn
from tests.pos_app.ports import Calls

HUNG = DeviceHung("left", "no sign of life")
DOWN = ServiceDown("readers", "not running")


class Worker(Calls):
    """A reader's worker that remembers what it was told."""

    def __init__(self, seat: Seat) -> None:
        super().__init__()
        self.name = seat.reader
        self.seat = seat


class IdleWatch(Watch):
    """A watch that starts nobody: a test says how the devices are."""

    def __init__(self) -> None:
        super().__init__()
        self.tells: dict[str, Callable[[DeviceHealth], None]] = {}
        self.gone: list[Supervisor] = []

    def supervise(
        self,
        device: Device,
        report: Callable[[DeviceHealth], None],
        hang_s: float = HANG_S,
        stopping: Event | None = None,
    ) -> Supervisor:
        self.tells[device.name] = report
        return Supervisor(device, report)

    def let_go(self, device: Supervisor) -> None:
        self.gone.append(device)


class Bench:
    """Two readers without their threads."""

    def __init__(self) -> None:
        self.listing, self.watch = PluggedIn("left", "right"), IdleWatch()
        self.workers: dict[str, Worker] = {}
        self.told: list[tuple[str | None, bool]] = []
        self.readers = CardReaders(self.listing, self._worker, self._hear, self.watch)
        self.readers.open()

    def _worker(self, seat: Seat) -> Any:
        self.workers[seat.reader] = Worker(seat)
        return self.workers[seat.reader]

    def _hear(self, health: DeviceHealth) -> None:
        assert health.device == self.listing.name
        self.told.append((health.error.code if health.error else None, health.others_work))

    def plugged_in(self, *names: str) -> None:
        """Have these readers be there, and the list be looked at."""
        self.listing.there = names
        self.readers.open()

    def say(self, name: str, error: DriverError | None = None) -> None:
        """Have a reader's supervisor tell how it is."""
        self.watch.tells[name](DeviceHealth(name, error))


def test_orders_go_to_every_reader() -> None:
    bench = Bench()
    bench.readers.listen()
    bench.readers.debit(1, 1_000, b"hash")
    bench.readers.get_last(1)
    bench.readers.confirm(1, b"hash")
    bench.readers.load(1, b"certificate")
    bench.readers.release(1)
    bench.readers.rest()

    for worker in bench.workers.values():
        assert worker.made == [
            ("listen",),
            ("debit", 1, 1_000, b"hash"),
            ("get_last", 1),
            ("confirm", 1, b"hash"),
            ("load", 1, b"certificate"),
            ("release", 1),
            ("rest",),
        ]


def test_a_reader_that_is_plugged_in_takes_cards_for_the_request_that_is_open() -> None:
    bench = Bench()
    bench.readers.listen()
    bench.plugged_in("left", "right", "third")
    assert bench.workers["third"].made == [("listen",)]

    bench.readers.rest()
    bench.plugged_in("left", "right", "third", "fourth")
    assert bench.workers["fourth"].made == []


def test_a_reader_under_another_number_is_begun_anew_and_the_old_one_let_go() -> None:
    bench = Bench()
    old = bench.workers["right"]
    bench.plugged_in("left", "right again")

    assert [each._device.name for each in bench.watch.gone] == ["right"]
    assert bench.workers["left"].seat.others() == ("right again",)
    bench.readers.listen()
    assert old.made == []
    assert bench.workers["right again"].made == [("listen",)]
    # It may come back from a call now: its card is not met any more.
    assert not old.seat.take(0)


def test_no_reader_at_all_is_told_and_one_that_comes_is_begun() -> None:
    bench = Bench()
    with pytest.raises(DeviceNotFound):
        bench.plugged_in()
    assert len(bench.watch.gone) == 2
    bench.plugged_in("left")
    assert len(bench.watch.gone) == 2
    assert bench.workers["left"].seat.take(0)


def test_the_list_is_looked_at_until_it_is_to_stop() -> None:
    bench = Bench()

    class TwoLooks(Event):
        looks = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.looks += 1
            bench.listing.there = ("left", "right", f"at look {self.looks}")
            return self.looks > 2

    bench.readers.serve(TwoLooks())
    bench.readers.close()
    assert list(bench.workers) == ["left", "right", "at look 1", "at look 2"]


def test_one_that_is_not_well_is_told_once_and_whether_another_works() -> None:
    bench = Bench()
    for name in ("left", "right"):
        bench.say(name)
    bench.say("left", HUNG)
    bench.say("left", HUNG)
    bench.say("right", HUNG)
    bench.say("left")
    bench.say("right")

    assert bench.told == [
        (None, False),
        ("device_hung", True),
        ("device_hung", False),
        ("device_hung", True),
        (None, False),
    ]


def test_the_list_itself_comes_first_and_readers_may_work_without_it() -> None:
    bench = Bench()
    bench.say("left")
    bench.readers.heard(DeviceHealth("readers", DOWN))
    bench.say("left", HUNG)
    bench.readers.heard(DeviceHealth("readers"))
    bench.say("left")

    assert bench.told == [
        (None, False),
        ("service_down", True),
        ("service_down", False),
        ("device_hung", False),
        (None, False),
    ]


def test_a_reader_that_was_unplugged_is_no_trouble_any_more() -> None:
    bench = Bench()
    bench.say("right")
    bench.say("left", DeviceGone("left", "unplugged"))
    bench.plugged_in("right")
    bench.say("left", HUNG)

    assert bench.told == [(None, False), ("device_gone", True), (None, False)]


def test_one_that_hangs_is_left_out_until_it_is_well() -> None:
    bench = Bench()
    left, right = (bench.workers[name].seat for name in ("left", "right"))
    assert left.take(0)
    assert not right.take(0)

    bench.say("left", HUNG)
    assert right.others() == ()
    assert right.take(0)
    assert not left.take(0)

    bench.say("left")
    assert right.others() == ("left",)
    # What hung gives back a turn that is another's by now.
    left.give_back()
    assert not left.take(0)
    right.give_back()
    assert left.take(0)
