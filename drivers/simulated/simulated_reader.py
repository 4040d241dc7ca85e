"""A card reader in this process, in which simulated cards are put. Knows no purse."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from drivers.card.apdu import Transmission
from drivers.card.signals import Signal
from drivers.card.turns import Seat, Turns
from drivers.errors import CardRemoved, DeviceGone, DeviceNotFound
from drivers.simulated.faults import Card, Torn


class SimulatedReader:
    """A `CardReader` whose field is filled and emptied by calls, from any thread.

    `seat` is its place among other readers of the same till, if there are any.
    """

    def __init__(self, name: str = "simulated reader", seat: Seat | None = None) -> None:
        self._name = name
        self._seat = seat or Turns().seat(name)
        self._changed = Condition()
        self._card: Card | None = None
        self._transmission = Transmission.T1
        self._is_plugged_in = True
        self._is_open = False
        self.shown: list[Signal] = []

    @property
    def name(self) -> str:
        return self._name

    # What a person does.

    def insert(self, card: Card, transmission: Transmission = Transmission.T1) -> None:
        """Hold a card to the reader; whatever was there is taken away."""
        with self._changed:
            self._card = card
            self._transmission = transmission
            self._changed.notify_all()

    def remove(self) -> None:
        """Take the card away."""
        with self._changed:
            self._card = None
            self._changed.notify_all()

    def unplug(self) -> None:
        """Pull the reader's plug, card and all."""
        with self._changed:
            self._is_plugged_in = False
            self._card = None
            self._changed.notify_all()

    def plug_in(self) -> None:
        """Put the plug back."""
        with self._changed:
            self._is_plugged_in = True
            self._changed.notify_all()

    def has_card(self) -> bool:
        """Whether a card is in the field."""
        with self._changed:
            return self._card is not None

    # What a CardReader does.

    def open(self) -> None:
        if not self._is_plugged_in:
            raise DeviceNotFound(self._name, "the reader is not plugged in")
        self._is_open = True

    def close(self) -> None:
        self._is_open = False

    def wait_for_card(self, timeout_s: float) -> SimulatedConnection | None:
        with self._changed:
            self._changed.wait_for(lambda: self._card or not self._is_plugged_in, timeout_s)
            self._check()
            if self._card is None or not self._seat.take(timeout_s):
                return None
            self._card.reset()
            return SimulatedConnection(self, self._card, self._transmission, self._seat.give_back)

    def wait_for_removal(self, timeout_s: float) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: not self._card, timeout_s)
            self._check()
            return self._card is None

    def may_go_on(self) -> bool:
        return self._seat.keep()

    def signal(self, signal: Signal) -> None:
        self.shown.append(signal)

    def exchange(self, card: Card, apdu: bytes) -> bytes:
        """Pass an APDU to the card if it is still there; its connection calls this."""
        with self._changed:
            self._check()
            if self._card is not card:
                raise CardRemoved(self._name, "the card has left")
            try:
                return card.process(apdu)
            except Torn as exc:
                self._card = None
                self._changed.notify_all()
                raise CardRemoved(self._name, "the card left before it had answered") from exc

    def _check(self) -> None:
        if not self._is_plugged_in:
            raise DeviceGone(self._name, "the reader was unplugged")
        if not self._is_open:
            raise DeviceGone(self._name, "the reader is closed")


class SimulatedConnection:
    """The way to a card in a SimulatedReader; ends when the card does."""

    def __init__(
        self,
        reader: SimulatedReader,
        card: Card,
        transmission: Transmission,
        on_close: Callable[[], None],
    ) -> None:
        self.transmission = transmission
        self._reader = reader
        self._card = card
        self._on_close = on_close
        self._is_open = True

    @property
    def reader_name(self) -> str:
        return self._reader.name

    def takes_extended(self) -> bool:
        return self.transmission is Transmission.T1

    def transmit(self, apdu: bytes) -> bytes:
        if not self._is_open:
            raise CardRemoved(self._reader.name, "the connection is closed")
        return self._reader.exchange(self._card, apdu)

    def close(self) -> None:
        self._is_open = False
        self._on_close()
