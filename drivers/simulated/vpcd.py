"""A simulated card on a socket, in vsmartcard's vpcd framing. Knows no purse and no till.

The same card connects to the real pcscd (vpcd listens on TCP 35963) or to a `SocketReader` in
another process. To connect is to enter the field, to hang up is to leave it.

Framing, as in vsmartcard's vpcd.c: a big-endian length of two bytes, then that many bytes. One
byte is a control (power off, power on, reset, ask for the ATR), more are an APDU; only the ATR and
APDUs are answered.
"""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from enum import IntEnum
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self, TypeAlias

from drivers.errors import DeviceNotFound
from drivers.simulated.faults import Card, Torn

# Where vpcd listens unless pcscd's configuration says otherwise (VPCDPORT in vpcd.h).
VPCD_PORT: Final = 35_963
# The ATR that PC/SC part 3 section 3.1.3.2.3 gives a contactless card without historical bytes.
ATR: Final = bytes.fromhex("3B80800101")
# A contact card that knows T=0 only: no interface bytes, so the protocol is T=0 (ISO 7816-3
# section 8.2.3); no historical bytes.
T0_ATR: Final = bytes.fromhex("3B00")
_LENGTH_BYTES: Final = 2
_CONNECT_TIMEOUT_S: Final = 5.0

Address: TypeAlias = tuple[str, int] | Path


class Control(IntEnum):
    """Messages of one byte, from the reader."""

    POWER_OFF = 0
    POWER_ON = 1
    RESET = 2
    GET_ATR = 4


class HeldCard:
    """A card that is held to a reader behind a socket, until it is taken away or torn."""

    def __init__(self, card: Card, address: Address, atr: bytes = ATR) -> None:
        """Enter the field of the reader at `address`; raises DeviceNotFound if there is none."""
        self._card = card
        self._atr = atr
        self._line = connected(address)
        self._thread = Thread(target=self._serve, name="simulated card", daemon=True)
        self._thread.start()

    @property
    def is_in_field(self) -> bool:
        return self._thread.is_alive()

    def take_away(self) -> None:
        """Leave the field; safe to call twice."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def wait_until_gone(self, timeout_s: float) -> bool:
        """Return True as soon as the card has left (torn, or its reader has gone)."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.take_away()

    def _serve(self) -> None:
        with closing(self._line), suppress(OSError):
            while (message := receive(self._line)) is not None:
                self._answer(message)

    def _answer(self, message: bytes) -> None:
        if len(message) > 1:
            self._process(message)
        elif message == bytes([Control.GET_ATR]):
            send(self._line, self._atr)
        else:
            # Power off, power on and reset all leave a card that has just started.
            self._card.reset()

    def _process(self, command: bytes) -> None:
        try:
            send(self._line, self._card.process(command))
        except Torn as torn:
            # The length of an answer that will not all come, as a reader hears a frame break off.
            self._line.sendall(b"\xff\xff" + torn.partial if torn.partial else b"")
            self._line.shutdown(socket.SHUT_RDWR)


def connected(address: Address) -> socket.socket:
    """Return a line to the reader at a TCP address or a Unix socket; raises DeviceNotFound."""
    try:
        if isinstance(address, Path):
            return _unix_line(address)
        line = socket.create_connection(address, _CONNECT_TIMEOUT_S)
    except OSError as exc:
        raise DeviceNotFound(str(address), "no reader listens there") from exc
    line.settimeout(None)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def send(line: socket.socket, message: bytes) -> None:
    """Send one message; raises OSError if the line is gone."""
    line.sendall(len(message).to_bytes(_LENGTH_BYTES, "big") + message)


def receive(line: socket.socket) -> bytes | None:
    """Return the next message, or None at the end of the line; raises OSError."""
    length = _received(line, _LENGTH_BYTES)
    return None if length is None else _received(line, int.from_bytes(length, "big"))


def _received(line: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        _acknowledge_at_once(line)
        more = line.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def _acknowledge_at_once(line: socket.socket) -> None:
    # Without it vpcd's two writes a message wait for our delayed ACK: 48 ms an APDU, not 0.1. The
    # kernel forgets the setting, so it is made before every read.
    if line.family == socket.AF_INET:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _unix_line(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line
