"""The card readers that one contract is for, each with a hand that holds cards to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from drivers.card.apdu import Transmission
from drivers.card.pcsc import PcscReader
from drivers.card.reader import CardReader
from drivers.simulated.faults import Card
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.socket_reader import SocketReader
from drivers.simulated.vpcd import ATR, T0_ATR, Address, HeldCard
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK, free_port

CARD_SEEN_TIMEOUT_S: Final = 20.0
"""pcscd looks for a card in vpcd every 0.4 s; a Raspberry Pi under load gets plenty."""


_ATRS: Final = {Transmission.T0: T0_ATR, Transmission.T1: ATR}


class CardBench(Protocol):
    """A reader, and a person in front of it."""

    @property
    def reader(self) -> CardReader: ...

    def hold(self, card: Card, over: Transmission = Transmission.T1) -> None:
        """Hold a card to the reader, instead of any other."""
        ...

    def take_away(self) -> None:
        """Empty the field."""
        ...


class SimulatedBench:
    """The reader in this process."""

    def __init__(self) -> None:
        self.reader = SimulatedReader()

    def hold(self, card: Card, over: Transmission = Transmission.T1) -> None:
        self.reader.remove()
        self.reader.insert(card, over)

    def take_away(self) -> None:
        self.reader.remove()


class LineBench:
    """A reader behind a socket, and cards that connect to it."""

    def __init__(self, reader: CardReader, address: Address) -> None:
        self.reader = reader
        self._address = address
        self._held: HeldCard | None = None

    def hold(self, card: Card, over: Transmission = Transmission.T1) -> None:
        self.take_away()
        self._held = HeldCard(card, self._address, _ATRS[over])

    def take_away(self) -> None:
        if self._held is not None:
            self._held.take_away()
            # pcscd looks every 0.4 s: a person who changes cards is slower than that.
            self.reader.wait_for_removal(CARD_SEEN_TIMEOUT_S)
        self._held = None


@contextmanager
def simulated_bench() -> Iterator[CardBench]:
    yield SimulatedBench()


@contextmanager
def unix_bench(directory: Path) -> Iterator[CardBench]:
    address = directory / "reader"
    yield from _line_bench(SocketReader(address), address)


@contextmanager
def tcp_bench() -> Iterator[CardBench]:
    address = (LOOPBACK, free_port())
    yield from _line_bench(SocketReader(address), address)


@contextmanager
def pcsc_bench(daemon: PcscDaemon) -> Iterator[CardBench]:
    reader = PcscReader(READER_NAME)
    reader.open()
    # pcscd may still list the card of the test before.
    reader.wait_for_removal(CARD_SEEN_TIMEOUT_S)
    yield from _line_bench(reader, (LOOPBACK, daemon.port))


def _line_bench(reader: CardReader, address: Address) -> Iterator[CardBench]:
    bench = LineBench(reader, address)
    try:
        yield bench
    finally:
        # A test may have closed the reader; whoever comes next finds the field empty.
        reader.open()
        bench.take_away()
        reader.close()
