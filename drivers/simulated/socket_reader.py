"""A reader whose cards live in other processes and connect to it as they would to vpcd.

So a card keeps its memory when the till's process is killed. Knows no purse.
"""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from drivers.card.apdu import Transmission
from drivers.card.signals import Signal
from drivers.errors import CardMute, CardRemoved, DeviceGone, DeviceUnavailable
from drivers.simulated.vpcd import Address, Control, receive, send

# A card that computes for longer than this is mute; the slowest real ones sign in half a second.
_ANSWER_TIMEOUT_S: Final = 5.0
# One card is in the field; a second one waits outside until the first has left.
_BACKLOG: Final = 1


class SocketReader:
    """A `CardReader` that listens on a TCP address or a Unix socket."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._listener: socket.socket | None = None
        self._line: socket.socket | None = None

    @property
    def name(self) -> str:
        return f"simulated reader at {_shown(self._address)}"

    @property
    def port(self) -> int:
        """The TCP port that is listened on, also where the address left it open (0)."""
        port: int = self._listening().getsockname()[1]
        return port

    def open(self) -> None:
        self.close()
        try:
            self._listener = _listener(self._address)
        except OSError as exc:
            raise DeviceUnavailable(self.name, exc.strerror or "cannot listen") from exc

    def close(self) -> None:
        self.drop()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def wait_for_card(self, timeout_s: float) -> SocketConnection | None:
        line = self._line if self._line and not self.wait_for_removal(0) else None
        if line is None and not _is_readable(self._listening(), timeout_s):
            return None
        self._line = line = line or self._listening().accept()[0]
        with suppress(OSError):
            # A card that has hung up meanwhile is found out by its first APDU.
            send(line, bytes([Control.POWER_ON]))
        return SocketConnection(self, line)

    def wait_for_removal(self, timeout_s: float) -> bool:
        # A card says nothing unasked: a readable line is one that was hung up.
        if self._line is not None and _is_readable(self._line, timeout_s):
            self.drop()
        return self._line is None

    def may_go_on(self) -> bool:
        return True

    def signal(self, signal: Signal) -> None:
        """Show nothing: there is no such thing on a socket."""

    def drop(self) -> None:
        """Forget the card, which has left; its connection calls this."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def is_in_field(self, line: socket.socket) -> bool:
        """Whether the card at the other end of `line` is still the one in the field."""
        return line is self._line

    def _listening(self) -> socket.socket:
        if self._listener is None:
            raise DeviceGone(self.name, "the reader is closed")
        return self._listener


class SocketConnection:
    """The way to a card behind a socket; ends when either side hangs up."""

    # As a contactless card: the framing carries APDUs as they are.
    transmission = Transmission.T1

    def __init__(self, reader: SocketReader, line: socket.socket) -> None:
        self._reader = reader
        self._line = line
        self._is_open = True

    @property
    def reader_name(self) -> str:
        return self._reader.name

    def takes_extended(self) -> bool:
        return True

    def transmit(self, apdu: bytes) -> bytes:
        if not self._is_open or not self._reader.is_in_field(self._line):
            raise CardRemoved(self.reader_name, "the card has left")
        answer = self._exchanged(apdu)
        if answer is None:
            self._reader.drop()
            raise CardRemoved(self.reader_name, "the card left before it had answered")
        return answer

    def close(self) -> None:
        self._is_open = False

    def _exchanged(self, apdu: bytes) -> bytes | None:
        try:
            self._line.settimeout(_ANSWER_TIMEOUT_S)
            send(self._line, apdu)
            return receive(self._line)
        except TimeoutError as exc:
            self._reader.drop()
            raise CardMute(self.reader_name, "the card does not answer") from exc
        except OSError:
            return None


def _listener(address: Address) -> socket.socket:
    if isinstance(address, Path):
        return _unix_listener(address)
    return socket.create_server(address, backlog=_BACKLOG)


def _unix_listener(path: Path) -> socket.socket:
    # What a killed till left behind.
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_readable(line: socket.socket, timeout_s: float) -> bool:
    return bool(select.select([line], [], [], timeout_s)[0])


def _shown(address: Address) -> str:
    return str(address) if isinstance(address, Path) else ":".join(map(str, address))
