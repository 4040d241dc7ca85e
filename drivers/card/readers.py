"""All readers of a till: a worker for each, begun when it is plugged in and ended when it goes.

So a card or a reader that hangs one of them leaves the others taking payments (decision 25). Knows
no library and no purse.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock
from typing import Final, Protocol

from drivers.card.tap import TapWorker
from drivers.card.turns import Seat, Turns
from drivers.errors import DeviceHung, DeviceNotFound, DriverError
from drivers.supervisor import DeviceHealth, Supervisor
from drivers.watch import Watch

# A reader that is plugged in takes cards half a second later.
LOOK_S: Final = 0.5


class ReaderList(Protocol):
    """Which readers there are: `drivers.card.pcsc.PcscReaders`."""

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Reach whoever knows; raises a DeviceUnavailable."""
        ...

    def close(self) -> None:
        """Let go; safe to call twice."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names of those that are there; raises a DeviceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class _Reader:
    """One reader that is there."""

    seat: Seat
    worker: TapWorker
    supervisor: Supervisor


class CardReaders:
    """The device that knows which readers there are, run by a `supervisor.Supervisor`.

    `worker` makes what serves the reader at a seat, and `watch` runs it. Orders go to all of them:
    one for a card names its session, which only one of them has. `report` is called, on any
    thread, at each change of how they are together: unwell if any of them is. `clock` returns
    monotonic seconds.
    """

    def __init__(
        self,
        listing: ReaderList,
        worker: Callable[[Seat], TapWorker],
        report: Callable[[DeviceHealth], None],
        watch: Watch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listing = listing
        self._worker = worker
        self._report = report
        self._watch = watch
        self._turns = Turns(clock)
        self._changing = Lock()
        self._readers: dict[str, _Reader] = {}
        self._is_listening = False
        self._telling = Lock()
        # How the list of readers is, and each reader that has said so.
        self._own: DriverError | None = None
        self._each: dict[Seat, DriverError | None] = {}
        self._told: DeviceHealth | None = None

    @property
    def name(self) -> str:
        return self._listing.name

    # Told by the till, on any thread.

    def listen(self) -> None:
        """As `TapWorker.listen`, also for a reader that is plugged in from now on."""
        with self._changing:
            self._is_listening = True
            for worker in self._workers():
                worker.listen()

    def rest(self) -> None:
        """As `TapWorker.rest`."""
        with self._changing:
            self._is_listening = False
            for worker in self._workers():
                worker.rest()

    def debit(self, session: int, amount_won: int, request_hash: bytes) -> None:
        """As `TapWorker.debit`."""
        for worker in self._workers():
            worker.debit(session, amount_won, request_hash)

    def get_last(self, session: int) -> None:
        """As `TapWorker.get_last`."""
        for worker in self._workers():
            worker.get_last(session)

    def confirm(self, session: int, request_hash: bytes) -> None:
        """As `TapWorker.confirm`."""
        for worker in self._workers():
            worker.confirm(session, request_hash)

    def load(self, session: int, certificate: bytes) -> None:
        """As `TapWorker.load`."""
        for worker in self._workers():
            worker.load(session, certificate)

    def release(self, session: int) -> None:
        """As `TapWorker.release`."""
        for worker in self._workers():
            worker.release(session)

    # Run by the supervisor.

    def open(self) -> None:
        """Find the readers; raises DeviceNotFound or another DeviceUnavailable."""
        self._listing.open()
        self._look()

    def serve(self, stopping: Event) -> None:
        """See readers come and go until `stopping` is set; raises a DeviceUnavailable."""
        while not stopping.wait(LOOK_S):
            self._look()

    def close(self) -> None:
        """Let go of the list; the readers go on by themselves."""
        self._listing.close()

    def heard(self, health: DeviceHealth) -> None:
        """Hear from the supervisor how the list itself is."""
        with self._telling:
            self._own = health.error
            self._tell()

    def _look(self) -> None:
        names = self._listing.names()
        for name in self._readers.keys() - set(names):
            self._let_go(name)
        for name in names:
            if name not in self._readers:
                self._begin(name)
        if not names:
            raise DeviceNotFound(self.name, "no such card reader is plugged in")

    def _begin(self, name: str) -> None:
        seat = self._turns.seat(name)
        worker = self._worker(seat)
        with self._changing:
            supervisor = self._watch.supervise(worker, partial(self._heard_of, seat))
            self._readers = {**self._readers, name: _Reader(seat, worker, supervisor)}
            if self._is_listening:
                worker.listen()

    def _let_go(self, name: str) -> None:
        with self._changing:
            gone = self._readers[name]
            self._readers = {each: self._readers[each] for each in self._readers if each != name}
        self._watch.let_go(gone.supervisor)
        gone.seat.leave()
        with self._telling:
            self._each.pop(gone.seat, None)
            self._tell()

    def _workers(self) -> list[TapWorker]:
        return [reader.worker for reader in self._readers.values()]

    def _heard_of(self, seat: Seat, health: DeviceHealth) -> None:
        if isinstance(health.error, DeviceHung):
            seat.pass_over()
        else:
            seat.readmit()
        with self._telling:
            if not seat.has_left:
                self._each[seat] = health.error
                self._tell()

    def _tell(self) -> None:
        error = next(filter(None, (self._own, *self._each.values())), None)
        others_work = error is not None and None in self._each.values()
        told = DeviceHealth(self.name, error, others_work)
        if self._told is None or not _is_same(told, self._told):
            self._told = told
            self._report(told)


def _is_same(one: DeviceHealth, other: DeviceHealth) -> bool:
    """Whether they say the same: an error that comes again is another object."""
    codes = [each.error.code if each.error else None for each in (one, other)]
    return codes[0] == codes[1] and one.others_work == other.others_work
