"""The seam to card hardware: bytes in, bytes out. Knows neither a library nor a purse."""

from __future__ import annotations

from typing import Protocol

from drivers.card.apdu import Transmission
from drivers.card.signals import Signal


class CardConnection(Protocol):
    """The way to one card in the field; it ends when the card leaves or `close` is called."""

    @property
    def reader_name(self) -> str: ...

    @property
    def transmission(self) -> Transmission:
        """The protocol that APDUs have to be put into."""
        ...

    def takes_extended(self) -> bool:
        """Return whether card and reader both say that they take extended APDUs; never raises.

        It may cost calls to the reader, so it is asked only for what a short APDU cannot hold.
        """
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Return the card's whole answer (data and two status bytes) to one command APDU.

        Raises CardRemoved, CardMute or a DeviceUnavailable; after any of them the command may or
        may not have reached the card.
        """
        ...

    def close(self) -> None:
        """Let go of the card; safe to call twice and after the card or the reader has gone."""
        ...


class CardReader(Protocol):
    """One reader, used by one thread.

    Nothing in it waits longer than the timeout given, but for a card that computes.
    """

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Make the reader ready; raises a DeviceUnavailable."""
        ...

    def close(self) -> None:
        """Let go of the reader; safe to call twice and after it has gone."""
        ...

    def wait_for_card(self, timeout_s: float) -> CardConnection | None:
        """Return the way to a card in the field, or None if there is none within `timeout_s`.

        None, too, while a card at another reader is being served. Raises CardMute or ForeignCard
        for a card that does not start up, SeveralCards if there is one at another reader as well,
        or a DeviceUnavailable.
        """
        ...

    def wait_for_removal(self, timeout_s: float) -> bool:
        """Return True as soon as the field is empty, False if a card stays for `timeout_s`.

        Raises a DeviceUnavailable.
        """
        ...

    def may_go_on(self) -> bool:
        """Return whether the card that was met is still the one to serve; never waits.

        False once another reader's card is being served, because this reader hung meanwhile.
        """
        ...

    def signal(self, signal: Signal) -> None:
        """Show and sound it if the reader can and we know how; never raises, never matters."""
        ...
