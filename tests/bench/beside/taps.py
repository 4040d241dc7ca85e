"""Taps at a whole till behind a real pcscd, each with its bytes and where its time went.

A purse that has paid before is tapped: its state is the longest. What is measured ends with the
approval that a window would draw.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

from drivers.card.apdu import Instruction
from drivers.card.pcsc import PcscReader
from drivers.simulated.faults import Card
from drivers.simulated.vpcd import HeldCard
from drivers.supervisor import Supervisor
from pos_app.till.presses import Press
from pos_app.till.views import PayView, ResultView, SellView, View
from tests.bench.figures import RUNS_MIN
from tests.integration.counter_parts import CounterParts, purse_card
from tests.stacks.pcsc import READER_NAME, PcscDaemon, pcsc_daemon, point_pcsclite_at
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

TAPS: Final = 2 * RUNS_MIN
"""Each waits for pcscd to see an empty field, which it looks for every 0.4 s."""

AMOUNT: Final = (Press.DIGIT_1, Press.DIGITS_000, Press.PAY)
TIMEOUT_S: Final = 20.0
MS_PER_S: Final = 1_000

BYTE_US: Final = 9 * 128 / 13.56
"""At 106 kbit/s a bit takes 128 periods of 13.56 MHz, and a byte nine bits with its parity
(ISO/IEC 14443-2 type A): 85 us."""

FRAME_BYTES: Final = 3
"""Around each APDU and answer: a control byte and a CRC of two (ISO/IEC 14443-4 section 7.1)."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap: the bytes of each command with its answer, and where the time went."""

    sizes: tuple[int, ...]
    whole_ms: float
    card_ms: float

    @property
    def said_bytes(self) -> int:
        return sum(self.sizes)

    @property
    def radio_ms(self) -> float:
        return (self.said_bytes + 2 * FRAME_BYTES * len(self.sizes)) * BYTE_US / MS_PER_S


class TimedCard:
    """Passes everything on; knows when it was powered, and how long it computed."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._powered_s: float | None = None
        # Of each command: bytes said, when it came, how long it took.
        self._said: list[tuple[int, float, float]] = []
        self.is_confirmed = Event()

    def reset(self) -> None:
        if self._powered_s is None:
            self._powered_s = time.perf_counter()
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        start_s = time.perf_counter()
        answer = self._card.process(command)
        self._said.append((len(command) + len(answer), start_s, time.perf_counter() - start_s))
        if command[1] == Instruction.CONFIRM:
            self.is_confirmed.set()
        return answer

    def tap(self, approved_s: float) -> Tap:
        """What the tap came to that was approved then; CONFIRM comes after it."""
        assert self._powered_s is not None
        card_s = sum(took_s for _, start_s, took_s in self._said if start_s < approved_s)
        sizes = tuple(size for size, _, _ in self._said)
        return Tap(sizes, (approved_s - self._powered_s) * MS_PER_S, card_s * MS_PER_S)


class _Bench:
    """A counter behind pcscd, with a person who presses, holds cards and looks at the screen."""

    def __init__(self, parts: CounterParts, daemon: PcscDaemon) -> None:
        self._parts = parts
        self._port = daemon.port
        self._field = PcscReader(READER_NAME)
        self._views: SimpleQueue[tuple[View, float]] = SimpleQueue()
        parts.runtime.watch(lambda view: self._views.put((view, time.perf_counter())))

    def open(self) -> None:
        self._shown(SellView)
        self._field.open()

    def close(self) -> None:
        self._field.close()

    def tap(self, holder: str) -> Tap:
        """Return a customer's second tap: now the state names a request, as that of most does."""
        purse = purse_card(holder)
        self._pay(TimedCard(purse))
        return self._pay(TimedCard(purse))

    def _pay(self, card: TimedCard) -> Tap:
        for press in AMOUNT:
            self._parts.runtime.press(press)
        self._shown(PayView)
        with HeldCard(card, (LOOPBACK, self._port)):
            approved_s = self._shown(ResultView)
            assert card.is_confirmed.wait(TIMEOUT_S)
        wait_until(lambda: self._field.wait_for_removal(0), TIMEOUT_S, "pcscd sees no card")
        self._parts.runtime.press(Press.NEW_SALE)
        self._shown(SellView)
        return card.tap(approved_s)

    def _shown(self, kind: type[View]) -> float:
        """Return when a view of this kind was first shown, from here on."""
        while True:
            view, shown_s = self._views.get(timeout=TIMEOUT_S)
            if isinstance(view, kind):
                return shown_s


@cache
def taken_taps() -> tuple[Tap, ...]:
    """Take the taps once for all figures; the first, which warms everything up, is not kept."""
    with TemporaryDirectory() as name, _counter(Path(name)) as bench:
        return tuple(bench.tap(f"customer {number}") for number in range(TAPS + 1))[1:]


@contextmanager
def _counter(directory: Path) -> Iterator[_Bench]:
    point_pcsclite_at(directory)
    reader = PcscReader(READER_NAME)
    with (
        pcsc_daemon(directory) as daemon,
        closing(CounterParts(directory / "terminal", reader)) as parts,
        closing(_Bench(parts, daemon)) as bench,
    ):
        at_work = Supervisor(parts.worker, lambda health: None)
        parts.performer.start()
        parts.runtime.start(parts.performer.perform)
        at_work.start()
        bench.open()
        try:
            yield bench
        finally:
            at_work.stop()
            parts.runtime.stop()
