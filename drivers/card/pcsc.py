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
from drivers.card.turns import Seat, Turns
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


class PcscReaders:
    """Which readers there are for a till: one look at a time, by one thread.

    `wanted` are parts of names as PC/SC lists them; none takes every reader that is one for cards
    (`reader_names.takeable`).
    """

    def __init__(self, *wanted: str) -> None:
        self._wanted = wanted
        self._context: Any = None
        self._missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " + ".join(self._wanted) or "card readers"

    def open(self) -> None:
        """Reach pcscd; raises ServiceDown or another DeviceUnavailable."""
        self.close()
        self._context = _context(self.name)

    def close(self) -> None:
        """Let go of pcscd."""
        context, self._context = self._context, None
        if context is not None:
            _quietly(scard.SCardReleaseContext, context)

    def names(self) -> tuple[str, ...]:
        """Return the readers' names, each once; raises a DeviceUnavailable."""
        if self._context is None:
            raise DeviceGone(self.name, "the service is not open")
        listed = _listed(self._context)
        self._tell_missing(listed)
        wanted = self._wanted or ("",)
        # Each once, though two parts of names may mean the same reader.
        return tuple(dict.fromkeys(name for part in wanted for name in takeable(listed, part)))

    def _tell_missing(self, listed: tuple[str, ...]) -> None:
        missing = tuple(part for part in self._wanted if not takeable(listed, part))
        if missing != self._missing:
            # The others work: said once, at each change.
            self._missing = missing
            _log.warning("card readers that are not there: %s", ", ".join(missing) or "none")


class PcscReader:
    """One reader behind pcscd, as a `CardReader`.

    `wanted` is a part of its name as PC/SC lists it; empty takes the first that is one for cards
    (`reader_names.takeable`). `seat` is its place among other readers of the same till: with cards
    at two of them at once neither is asked, and while one is being served the others wait.
    """

    def __init__(self, wanted: str = "", seat: Seat | None = None) -> None:
        self._wanted = wanted
        self._seat = seat or Turns().seat(wanted)
        self._reader = ""
        self._context: Any = None
        self._connection: PcscConnection | None = None
        self._shows_signals = True

    @property
    def name(self) -> str:
        return self._reader or self._wanted or "card reader"

    def open(self) -> None:
        """Find the reader; raises ServiceDown, DeviceNotFound or another DeviceUnavailable."""
        self.close()
        self._context = _context(self.name)
        listed = _listed(self._context)
        found = takeable(listed, self._wanted)
        if not found:
            raise DeviceNotFound(self.name, "no such card reader is plugged in", readers=listed)
        self._reader = found[0]

    def close(self) -> None:
        """Let go of the reader and of pcscd."""
        context, self._context = self._context, None
        if context is not None:
            _quietly(scard.SCardReleaseContext, context)

    def wait_for_card(self, timeout_s: float) -> PcscConnection | None:
        """Return the way to the card, ours alone, or None if none comes within `timeout_s`.

        None, too, while a card at another reader is being served. Raises SeveralCards, too, if
        there is a card at another reader.
        """
        if not self._is_occupied_after(timeout_s, is_awaited=True):
            return None
        if not self._seat.take(timeout_s):
            return None
        connection = None
        try:
            self._check_is_only_one()
            connection = self._connected()
        except CardRemoved:
            return None
        finally:
            if connection is None:
                self._seat.give_back()
        self._connection = connection
        return connection

    def wait_for_removal(self, timeout_s: float) -> bool:
        """Return True as soon as there is no card, False if one stays for `timeout_s`."""
        return not self._is_occupied_after(timeout_s, is_awaited=False)

    def may_go_on(self) -> bool:
        """Return whether its card is still the one to serve, though the reader may have hung."""
        return self._seat.keep()

    def signal(self, signal: Signal) -> None:
        """Show it, if this reader can; never raises."""
        commands = commands_for(self.name, signal)
        if not commands or not self._shows_signals:
            return
        try:
            self._escape(commands)
        except CardError as exc:
            _log.debug("%s: no signal once the card has gone: %s", self.name, exc)
        except DriverError as exc:
            # The sale does not depend on it: told once, and done without from here on.
            self._shows_signals = False
            _log.warning("%s shows no signals: %s", self.name, exc)

    def _check_is_only_one(self) -> None:
        others = [reader for reader in self._seat.others() if self._has_card(reader)]
        if others:
            readers = [self._reader, *others]
            raise SeveralCards(self.name, "cards are at several readers at once", readers=readers)

    def _has_card(self, reader: str) -> bool:
        try:
            return _is_occupied(self._state_after(reader, scard.SCARD_STATE_UNAWARE, 0))
        except DeviceGone:
            # It is another worker's, which tells of it.
            return False

    def _connected(self) -> PcscConnection:
        # Exclusive: no other program comes between a payment and its answer.
        card, protocol = _called(
            self._reader,
            scard.SCardConnect,
            self._opened(),
            self._reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            _ANY_PROTOCOL,
        )
        return PcscConnection(self._reader, card, protocol, self._seat.give_back)

    def _escape(self, commands: tuple[bytes, ...]) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.escape(commands)
            return
        # Without a card there is only the way to the reader itself.
        handle, _ = _called(
            self._reader,
            scard.SCardConnect,
            self._opened(),
            self._reader,
            scard.SCARD_SHARE_DIRECT,
            scard.SCARD_PROTOCOL_UNDEFINED,
        )
        reader = PcscConnection(self._reader, handle, scard.SCARD_PROTOCOL_UNDEFINED)
        try:
            reader.escape(commands)
        finally:
            reader.close()

    def _is_occupied_after(self, timeout_s: float, *, is_awaited: bool) -> bool:
        """Return whether a card is there, as soon as that is as awaited or when time is up."""
        state = self._state_after(self._reader, scard.SCARD_STATE_UNAWARE, 0)
        if _is_occupied(state) is not is_awaited:
            state = self._state_after(self._reader, state, timeout_s)
        return _is_occupied(state)

    def _state_after(self, reader: str, known: int, timeout_s: float) -> int:
        """Return the reader's state as soon as it is not `known`, or that after `timeout_s`."""
        timeout_ms, question = int(timeout_s * _MS), [(reader, known)]
        try:
            (answers,) = _called(
                reader, scard.SCardGetStatusChange, self._opened(), timeout_ms, question
            )
        except CardMute as exc:
            if exc.context["result"] == scard.SCARD_E_TIMEOUT:
                return known
            raise
        ((_, state, *_),) = answers
        if state & _READER_GONE:
            raise DeviceGone(reader, "the reader was unplugged")
        return int(state & ~scard.SCARD_STATE_CHANGED)

    def _opened(self) -> Any:
        if self._context is None:
            raise DeviceGone(self.name, "the reader is closed")
        return self._context


class PcscConnection:
    """The way to one card behind pcscd; `on_close` is called once, when it has ended."""

    def __init__(
        self,
        reader_name: str,
        card: Any,
        protocol: int,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader_name = reader_name
        self._card = card
        self._protocol = protocol
        self._on_close = on_close

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
            self._on_close()

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


def _is_occupied(state: int) -> bool:
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
