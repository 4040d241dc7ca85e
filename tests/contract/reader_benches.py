"""Two readers of one till, each with its worker at work, a hand for each, and who is told.

In this process, and behind a real pcscd.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from queue import SimpleQueue
from threading import Event, current_thread
from typing import Final, TypeAlias, TypeVar

from drivers.card.apdu import Instruction
from drivers.card.pcsc import PcscReader, PcscReaders
from drivers.card.reader import CardReader
from drivers.card.readers import CardReaders, ReaderList
from drivers.card.tap import CardDebited, CardPresented, DebitConfirmed, TapReport, TapWorker
from drivers.card.turns import Seat
from drivers.errors import DeviceHung
from drivers.simulated.faults import Card
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.transports import SlowCard
from drivers.simulated.vpcd import ATR, HeldCard
from drivers.supervisor import HANG_S, DeviceHealth
from drivers.watch import Watch
from tests.drivers.purses import AMOUNT_WON, request_hash
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

TIMEOUT_S: Final = 10.0
"""pcscd looks for a card in vpcd every 0.4 s; a loaded machine gets plenty."""

NAMES: Final = tuple(f"{READER_NAME} 00 {slot:02}" for slot in range(2))

R = TypeVar("R", bound=TapReport)
Ear: TypeAlias = Callable[[], Callable[[TapReport], None]]


class WatchedClock:
    """Monotonic seconds, as many more as a test lets pass, and which thread has looked at them."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        self._seen: dict[str, float] = {}

    def __call__(self) -> float:
        self._seen[current_thread().name] = self._passed_s
        return time.monotonic() + self._passed_s

    def let_pass(self, seconds: float, *threads: str) -> None:
        """Let time pass; return when each of these threads has seen it."""
        self._passed_s += seconds
        for name in threads:
            has_seen = partial(self._has_seen, name)
            wait_until(has_seen, TIMEOUT_S, f"{name} looks up")

    def _has_seen(self, thread: str) -> bool:
        return self._seen.get(thread) == self._passed_s


class StuckCard:
    """A card with which a reader hangs, in its answer to one instruction, until it is let go."""

    def __init__(self, card: Card, instruction: Instruction) -> None:
        self.is_stuck, self._let_go = Event(), Event()
        self.card = SlowCard(card, self._wait)
        self._instruction = instruction

    def let_go(self) -> None:
        self._let_go.set()

    def _wait(self, command: bytes) -> None:
        if command[1] == self._instruction:
            self.is_stuck.set()
            self._let_go.wait()


class PluggedIn:
    """Which readers there are, as a test says."""

    name = "readers"

    def __init__(self, *names: str) -> None:
        self.there = names

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def names(self) -> tuple[str, ...]:
        return self.there


class TwoReaders:
    """Two readers at work; `hold` has a hand hold a card to one of them for a `with` block.

    `ear` makes what a reader's worker reports to; without it the bench hears them all.
    """

    def __init__(
        self,
        listing: ReaderList,
        reader: Callable[[Seat], CardReader],
        hold: Callable[[Card, int, bytes], AbstractContextManager[object]],
        ear: Ear | None = None,
    ) -> None:
        self.clock = WatchedClock()
        self.health: SimpleQueue[DeviceHealth] = SimpleQueue()
        self.watch = Watch(clock=self.clock)
        self._reports: SimpleQueue[TapReport] = SimpleQueue()
        self._reader, self._hold, self._numbers = reader, hold, count(1)
        self._ear = ear or (lambda: self._reports.put)
        self.readers = CardReaders(listing, self._worker, self.health.put, self.watch, self.clock)
        self.list_thread = listing.name
        self.watch.supervise(self.readers, self.readers.heard)

    def _worker(self, seat: Seat) -> TapWorker:
        return TapWorker(self._reader(seat), self._ear(), numbers=self._numbers)

    def hold(self, card: Card, slot: int, atr: bytes = ATR) -> AbstractContextManager[object]:
        return self._hold(card, slot, atr)

    def next(self, kind: type[R]) -> R:
        """Return the next report of this kind, whatever comes before it."""
        while not isinstance(report := self._reports.get(timeout=TIMEOUT_S), kind):
            pass
        return report

    def told(self) -> DeviceHealth:
        """Return how the readers are, the next time that this is told."""
        return self.health.get(timeout=TIMEOUT_S)

    def until_well(self) -> None:
        while self.told().error is not None:
            pass

    def until_hung(self, well: int) -> DeviceHealth:
        """Let time pass until one reader is told of as hanging; the one at `well` goes on."""
        for _ in range(3):
            self.clock.let_pass(HANG_S / 2, NAMES[well], self.list_thread)
        told = self.told()
        assert isinstance(told.error, DeviceHung)
        return told

    def sell(self, card: Card, slot: int, number: int) -> CardDebited:
        """Have a card pay the request of this number, from beginning to end."""
        for _ in range(2):
            # It has obeyed what it was told before: a person is never quicker than that.
            self.clock.let_pass(0.001, NAMES[slot])
        self.readers.listen()
        with self.hold(card, slot):
            presented = self.next(CardPresented)
            self.readers.debit(presented.session, AMOUNT_WON, request_hash(number))
            debited = self.next(CardDebited)
            assert debited.session == presented.session
            self.readers.rest()
            self.readers.confirm(presented.session, request_hash(number))
            self.next(DebitConfirmed)
            self.readers.release(presented.session)
        return debited


@contextmanager
def simulated_readers() -> Iterator[TwoReaders]:
    readers = {name: SimulatedReader(name) for name in NAMES}

    def seated(seat: Seat) -> SimulatedReader:
        readers[seat.reader] = SimulatedReader(seat.reader, seat)
        return readers[seat.reader]

    @contextmanager
    def hold(card: Card, slot: int, atr: bytes) -> Iterator[None]:
        readers[NAMES[slot]].insert(card)
        yield
        readers[NAMES[slot]].remove()

    yield from _at_work(TwoReaders(PluggedIn(*NAMES), seated, hold))


@contextmanager
def pcsc_readers(daemon: PcscDaemon, ear: Ear | None = None) -> Iterator[TwoReaders]:
    eyes = [PcscReader(name) for name in NAMES]
    for each in eyes:
        each.open()

    @contextmanager
    def hold(card: Card, slot: int, atr: bytes) -> Iterator[None]:
        with HeldCard(card, (LOOPBACK, daemon.port + slot), atr):
            seen = partial(eyes[slot].wait_for_removal, 0)
            wait_until(lambda: not seen(), TIMEOUT_S, "the card is seen")
            yield
        wait_until(seen, TIMEOUT_S, "the card has left")

    def reader(seat: Seat) -> PcscReader:
        return PcscReader(seat.reader, seat)

    yield from _at_work(TwoReaders(PcscReaders(READER_NAME), reader, hold, ear))
    for each in eyes:
        each.close()


def _at_work(readers: TwoReaders) -> Iterator[TwoReaders]:
    readers.watch.start()
    readers.until_well()
    for name in NAMES:
        readers.clock.let_pass(0, name)
    try:
        yield readers
    finally:
        readers.watch.stop()
