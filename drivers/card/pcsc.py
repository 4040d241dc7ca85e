"""PC/SC readers: the only file that imports pyscard. Knows APDUs as bytes, and no purse.

Uses pyscard's plain PC/SC calls: each result is looked at here, and nothing of pyscard's own
threads and singletons (CardMonitor, a context for the whole process that outlives a dead pcscd)
is in the way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from smartcard import scard

from drivers.card.apdu import Transmission
from drivers.card.capabilities import (
    FEATURE_PROPERTIES,
    card_takes_extended,
    reader_takes_extended,
    tagged,
)
from drivers.card.reader_names import takeable
from drivers.card.signals import Signal, commands_for
from drivers.errors import (
    CardError,
    CardMute,
    CardRemoved,
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
    DriverError,
    ForeignCard,
    ServiceDown,
    SeveralCards,
)

_RESULTS: Final[dict[int, type[DriverError]]] = {
    scard.SCARD_E_NO_SERVICE: ServiceDown,
    scard.SCARD_E_SERVICE_STOPPED: ServiceDown,
    scard.SCARD_E_SERVER_TOO_BUSY: ServiceDown,
    # A handle that was good is not any more: pcscd was restarted.
    scard.SCARD_E_INVALID_HANDLE: ServiceDown,
    # libpcsclite's word for a broken line to pcscd.
    scard.SCARD_F_COMM_ERROR: ServiceDown,
    scard.SCARD_F_INTERNAL_ERROR: ServiceDown,
    scard.SCARD_E_NO_READERS_AVAILABLE: DeviceNotFound,
    scard.SCARD_E_UNKNOWN_READER: DeviceGone,
    scard.SCARD_E_READER_UNAVAILABLE: DeviceGone,
    scard.SCARD_E_SHARING_VIOLATION: DeviceBusy,
    scard.SCARD_E_NO_ACCESS: DeviceForbidden,
    scard.SCARD_W_SECURITY_VIOLATION: DeviceForbidden,
    scard.SCARD_W_REMOVED_CARD: CardRemoved,
    scard.SCARD_E_NO_SMARTCARD: CardRemoved,
    scard.SCARD_W_RESET_CARD: CardMute,
    scard.SCARD_W_UNRESPONSIVE_CARD: CardMute,
    scard.SCARD_W_UNPOWERED_CARD: CardMute,
    scard.SCARD_E_NOT_TRANSACTED: CardMute,
    scard.SCARD_E_COMM_DATA_LOST: CardMute,
    scard.SCARD_E_TIMEOUT: CardMute,
    scard.SCARD_E_PROTO_MISMATCH: ForeignCard,
    scard.SCARD_W_UNSUPPORTED_CARD: ForeignCard,
    scard.SCARD_E_CARD_UNSUPPORTED: ForeignCard,
}
# Where polkit may refuse us.
_GUARDED: Final = frozenset({"SCardEstablishContext", "SCardConnect"})
# What can go wrong below the PC/SC calls themselves: SWIG could not convert a value.
_FOREIGN: Final = (scard.error, SystemError, TypeError, ValueError, OverflowError)
_ANY_PROTOCOL: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_REQUESTS: Final = {
    scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0,
    scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1,
}
# What libccid takes for the reader itself (IOCTL_SMARTCARD_VENDOR_IFD_EXCHANGE in its README), and
# the question for what a reader can (CM_IOCTL_GET_FEATURE_REQUEST in PC/SC part 10).
_ESCAPE: Final = scard.SCARD_CTL_CODE(1)
_FEATURES: Final = scard.SCARD_CTL_CODE(3400)
_READER_GONE: Final = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE
_SERVICE: Final = "PC/SC service"
_MS: Final = 1_000

_log = logging.getLogger(__name__)


class PcscReader:
    """One or several readers behind pcscd, as one `CardReader`: a card may be held to any of them.

    `wanted` are parts of names as PC/SC lists them; none takes every reader that is one for cards
    (`reader_names.takeable`). Cards at two readers at once are refused.
    """

    def __init__(self, *wanted: str) -> None:
        self._wanted = wanted
        self._readers: tuple[str, ...] = ()
        self._context: Any = None
        self._connection: PcscConnection | None = None
        self._missing: tuple[str, ...] = ()
        # Where the card was that was met last, and which readers show no signals.
        self._last = ""
        self._without_signals: set[str] = set()

    @property
    def name(self) -> str:
        return " + ".join(self._readers or self._wanted) or "card reader"

    def open(self) -> None:
        """Find the readers; raises ServiceDown, DeviceNotFound or another DeviceUnavailable."""
        self.close()
        self._context = _context(self.name)
        self._take(_listed(self._context))

    def close(self) -> None:
        """Let go of the readers and of pcscd."""
        context, self._context = self._context, None
        if context is not None:
            _quietly(scard.SCardReleaseContext, context)

    def wait_for_card(self, timeout_s: float) -> PcscConnection | None:
        """Return the way to the card, ours alone, or None if none comes within `timeout_s`.

        Raises SeveralCards, too, if cards are at two of the readers.
        """
        present = self._present_after(self._readers, timeout_s, is_awaited=True)
        if not present:
            self._look_for_readers()
            return None
        if len(present) > 1:
            raise SeveralCards(self.name, "cards are at several readers at once", readers=present)
        try:
            return self._connect(present[0])
        except CardRemoved:
            return None

    def wait_for_removal(self, timeout_s: float) -> bool:
        """Return True as soon as no card is left: during a session only that card counts."""
        return not self._present_after(self._watched(), timeout_s, is_awaited=False)

    def signal(self, signal: Signal) -> None:
        """Show it on the reader that met the last card, if that can; never raises."""
        commands = commands_for(self._last, signal)
        if not commands or self._last in self._without_signals:
            return
        try:
            self._escape(commands)
        except CardError as exc:
            _log.debug("%s: no signal once the card has gone: %s", self._last, exc)
        except DriverError as exc:
            # The sale does not depend on it: told once, and done without from here on.
            self._without_signals.add(self._last)
            _log.warning("%s shows no signals: %s", self._last, exc)

    def _connect(self, reader: str) -> PcscConnection:
        # Exclusive: no other program comes between a payment and its answer.
        card, protocol = _called(
            reader,
            scard.SCardConnect,
            self._opened(),
            reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            _ANY_PROTOCOL,
        )
        self._last = reader
        self._connection = PcscConnection(reader, card, protocol)
        return self._connection

    def _escape(self, commands: tuple[bytes, ...]) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.escape(commands)
            return
        # Without a card there is only the way to the reader itself.
        handle, _ = _called(
            self._last,
            scard.SCardConnect,
            self._opened(),
            self._last,
            scard.SCARD_SHARE_DIRECT,
            scard.SCARD_PROTOCOL_UNDEFINED,
        )
        reader = PcscConnection(self._last, handle, scard.SCARD_PROTOCOL_UNDEFINED)
        try:
            reader.escape(commands)
        finally:
            reader.close()

    def _watched(self) -> tuple[str, ...]:
        if self._connection is not None and self._connection.is_open:
            return (self._connection.reader_name,)
        return self._readers

    def _present_after(
        self, readers: tuple[str, ...], timeout_s: float, *, is_awaited: bool
    ) -> list[str]:
        """Return the readers with a card, as soon as there are any (or none) or time is up."""
        states = self._states_after(dict.fromkeys(readers, scard.SCARD_STATE_UNAWARE), 0)
        if any(map(_has_card, states.values())) is not is_awaited:
            states = self._states_after(states, timeout_s)
        return [reader for reader, state in states.items() if _has_card(state)]

    def _states_after(self, known: dict[str, int], timeout_s: float) -> dict[str, int]:
        """Return the states as soon as one of them is not `known`, or `known` after `timeout_s`."""
        timeout_ms = int(timeout_s * _MS)
        question = list(known.items())
        try:
            (answers,) = _called(
                self.name, scard.SCardGetStatusChange, self._opened(), timeout_ms, question
            )
        except CardMute as exc:
            if exc.context["result"] == scard.SCARD_E_TIMEOUT:
                return known
            raise
        states = {name: state & ~scard.SCARD_STATE_CHANGED for name, state, *_ in answers}
        for name, state in states.items():
            if state & _READER_GONE:
                raise DeviceGone(name, "the reader was unplugged")
        return states

    def _opened(self) -> Any:
        if self._context is None:
            raise DeviceGone(self.name, "the reader is closed")
        return self._context

    def _look_for_readers(self) -> None:
        """Take a reader that was plugged in meanwhile; one that went is found by its state."""
        names = self._matching(_listed(self._context))
        if not set(names) <= set(self._readers):
            _log.info("card readers: %s", ", ".join(names))
            self._readers = names

    def _take(self, listed: tuple[str, ...]) -> None:
        self._readers = self._matching(listed)
        if not self._readers:
            raise DeviceNotFound(self.name, "no such card reader is plugged in", readers=listed)
        missing = tuple(part for part in self._wanted if not takeable(listed, part))
        if missing != self._missing:
            # The others work: said once, at each change.
            self._missing = missing
            _log.warning("card readers that are not there: %s", ", ".join(missing) or "none")

    def _matching(self, listed: tuple[str, ...]) -> tuple[str, ...]:
        wanted = self._wanted or ("",)
        # Each once, though two parts of names may mean the same reader.
        return tuple(dict.fromkeys(name for part in wanted for name in takeable(listed, part)))


class PcscConnection:
    """The way to one card behind pcscd."""

    def __init__(self, reader_name: str, card: Any, protocol: int) -> None:
        self._reader_name = reader_name
        self._card = card
        self._protocol = protocol

    @property
    def reader_name(self) -> str:
        return self._reader_name

    @property
    def transmission(self) -> Transmission:
        is_t0 = self._protocol == scard.SCARD_PROTOCOL_T0
        return Transmission.T0 if is_t0 else Transmission.T1

    @property
    def is_open(self) -> bool:
        """Whether this is still ours; the card may have left."""
        return self._card is not None

    def takes_extended(self) -> bool:
        try:
            return self._card_takes_extended() and self._reader_takes_extended()
        except DriverError as exc:
            _log.debug("%s does not say what it takes: %s", self._reader_name, exc)
            return False

    def transmit(self, apdu: bytes) -> bytes:
        request = _REQUESTS[self._protocol]
        return bytes(self._asked(scard.SCardTransmit, request, list(apdu))[0])

    def escape(self, commands: tuple[bytes, ...]) -> None:
        """Tell the reader itself something; raises a DriverError where its driver forbids that."""
        for command in commands:
            self._asked(scard.SCardControl, _ESCAPE, list(command))

    def close(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            # A reset would look like another card to a contactless reader: leave it as it is.
            _quietly(scard.SCardDisconnect, card, scard.SCARD_LEAVE_CARD)

    def _card_takes_extended(self) -> bool:
        *_, atr = self._asked(scard.SCardStatus)
        return card_takes_extended(bytes(atr))

    def _reader_takes_extended(self) -> bool:
        (features,) = self._asked(scard.SCardControl, _FEATURES, [])
        for tag, code in tagged(bytes(features)):
            if tag == FEATURE_PROPERTIES:
                number = int.from_bytes(code, "big")
                (properties,) = self._asked(scard.SCardControl, number, [])
                return reader_takes_extended(bytes(properties))
        return False

    def _asked(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        if self._card is None:
            raise CardRemoved(self._reader_name, "the connection is closed")
        return _called(self._reader_name, function, self._card, *arguments)


def reader_names() -> tuple[str, ...]:
    """Return the names of all readers that pcscd knows; raises ServiceDown."""
    context = _context(_SERVICE)
    try:
        return _listed(context)
    finally:
        _quietly(scard.SCardReleaseContext, context)


def _has_card(state: int) -> bool:
    return bool(state & scard.SCARD_STATE_PRESENT)


def _context(device: str) -> Any:
    try:
        return _established(device)
    except DeviceForbidden:
        # pcscd hangs up on whom polkit refuses, which looks as if it had died just now: asked
        # again it is gone, or means it.
        return _established(device)


def _established(device: str) -> Any:
    (context,) = _called(device, scard.SCardEstablishContext, scard.SCARD_SCOPE_USER)
    return context


def _listed(context: Any) -> tuple[str, ...]:
    try:
        (names,) = _called(_SERVICE, scard.SCardListReaders, context, [])
    except DeviceNotFound:
        return ()
    return tuple(names)


def _called(device: str, function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return what a PC/SC call gives back beside its result code; raises our error for the code."""
    try:
        answer = function(*arguments)
    except _FOREIGN as exc:
        raise DeviceUnavailable(device, f"pyscard failed in {function.__name__}") from exc
    result, *values = answer if isinstance(answer, (list, tuple)) else [answer]
    if result != scard.SCARD_S_SUCCESS:
        kind = _kind(function.__name__, result)
        raise kind(device, scard.SCardGetErrorMessage(result).rstrip("."), result=result)
    return values


def _kind(call: str, result: int) -> type[DriverError]:
    if result == scard.SCARD_W_SECURITY_VIOLATION and call not in _GUARDED:
        # libpcsclite takes every hanging up of pcscd for a refusal.
        return ServiceDown
    return _RESULTS.get(result, DeviceUnavailable)


def _quietly(function: Callable[..., Any], *arguments: Any) -> None:
    """Let go of something that may be gone already; there is nothing to be done about it."""
    with suppress(DriverError):
        _called(_SERVICE, function, *arguments)
