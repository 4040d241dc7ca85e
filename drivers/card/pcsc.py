"""PC/SC readers: the only file that imports pyscard. Knows APDUs as bytes, and no purse.

Uses pyscard's plain PC/SC calls: each result is looked at here, and nothing of pyscard's own
threads and singletons (CardMonitor, a context for the whole process that outlives a dead pcscd)
is in the way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from smartcard import scard

from drivers.card.reader_names import takeable
from drivers.errors import (
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
_READER_GONE: Final = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE
_SERVICE: Final = "PC/SC service"
_MS: Final = 1_000


class PcscReader:
    """A `CardReader` behind pcscd.

    `wanted` is any part of the reader's name as PC/SC lists it; empty takes the best that is there
    (`reader_names.takeable`). After it was unplugged the same one is sought first.
    """

    def __init__(self, wanted: str = "") -> None:
        self._wanted = wanted
        self._reader = ""
        self._context: Any = None

    @property
    def name(self) -> str:
        return self._reader or self._wanted or "card reader"

    def open(self) -> None:
        """Find the reader; raises ServiceDown, DeviceNotFound or another DeviceUnavailable."""
        self.close()
        self._context = _context(self.name)
        self._reader = self._ours_among(_listed(self._context))

    def close(self) -> None:
        """Let go of the reader and of pcscd."""
        context, self._context = self._context, None
        if context is not None:
            _quietly(scard.SCardReleaseContext, context)

    def wait_for_card(self, timeout_s: float) -> PcscConnection | None:
        """Return the way to the card, ours alone, or None if none comes within `timeout_s`."""
        state = self._state_after(scard.SCARD_STATE_UNAWARE, 0)
        if not state & scard.SCARD_STATE_PRESENT:
            state = self._state_after(state, timeout_s)
        if not state & scard.SCARD_STATE_PRESENT:
            return None
        try:
            return self._connect()
        except CardRemoved:
            return None

    def wait_for_removal(self, timeout_s: float) -> bool:
        state = self._state_after(scard.SCARD_STATE_UNAWARE, 0)
        if state & scard.SCARD_STATE_PRESENT:
            state = self._state_after(state, timeout_s)
        return not state & scard.SCARD_STATE_PRESENT

    def _connect(self) -> PcscConnection:
        # Exclusive: no other program comes between a payment and its answer.
        card, protocol = _called(
            self.name,
            scard.SCardConnect,
            self._opened(),
            self._reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            _ANY_PROTOCOL,
        )
        return PcscConnection(self.name, card, _REQUESTS[protocol])

    def _state_after(self, known: int, timeout_s: float) -> int:
        """Return the reader's state as soon as it is not `known`, or `known` after `timeout_s`."""
        timeout_ms = int(timeout_s * _MS)
        question = [(self._reader, known)]
        try:
            (answers,) = _called(
                self.name, scard.SCardGetStatusChange, self._opened(), timeout_ms, question
            )
        except CardMute as exc:
            if exc.context["result"] == scard.SCARD_E_TIMEOUT:
                return known
            raise
        state: int = answers[0][1] & ~scard.SCARD_STATE_CHANGED
        if state & _READER_GONE:
            raise DeviceGone(self.name, "the reader was unplugged")
        return state

    def _opened(self) -> Any:
        if self._context is None:
            raise DeviceGone(self.name, "the reader is closed")
        return self._context

    def _ours_among(self, names: tuple[str, ...]) -> str:
        for name in takeable(names, self._wanted, self._reader):
            return name
        raise DeviceNotFound(self.name, "no such card reader is plugged in", readers=names)


class PcscConnection:
    """The way to one card behind pcscd."""

    def __init__(self, reader_name: str, card: Any, request: int) -> None:
        self._reader_name = reader_name
        self._card = card
        self._request = request

    @property
    def reader_name(self) -> str:
        return self._reader_name

    def transmit(self, apdu: bytes) -> bytes:
        if self._card is None:
            raise CardRemoved(self._reader_name, "the connection is closed")
        (answer,) = _called(
            self._reader_name, scard.SCardTransmit, self._card, self._request, list(apdu)
        )
        return bytes(answer)

    def close(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            # A reset would look like another card to a contactless reader: leave it as it is.
            _quietly(scard.SCardDisconnect, card, scard.SCARD_LEAVE_CARD)


def reader_names() -> tuple[str, ...]:
    """Return the names of all readers that pcscd knows; raises ServiceDown."""
    context = _context(_SERVICE)
    try:
        return _listed(context)
    finally:
        _quietly(scard.SCardReleaseContext, context)


def _context(device: str) -> Any:
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
