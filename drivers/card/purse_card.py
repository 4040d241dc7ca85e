"""The purse's commands as calls (KSP/1 section 7). Believes no signature: that is not its part."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from drivers.card.apdu import PURSE_AID, Command, Instruction, Status
from drivers.card.exchange import exchange
from drivers.card.reader import CardConnection
from drivers.errors import (
    CardGarbled,
    CardRefused,
    CertificateRefused,
    CreditExceeded,
    DebitTorn,
    ForeignCard,
    NoPurseOnCard,
    NoSuchDebit,
    NotPersonalised,
    UnknownCardVersion,
)
from kscoin import signed
from kscoin.errors import EncodingError
from kscoin.keys import SIGNATURE_BYTES
from kscoin.messages import Debit, PurseCertificate

KSP_VERSION: Final = b"\x01"
# flag 1, sequence 4, spent_total 8; then the last request's hash if there is one; then the rest is
# the certificate (160 to 186 bytes), so the whole answer stays below the 256 of a short APDU.
STATE_HEAD: Final = struct.Struct(">BIQ")
HASH_BYTES: Final = 32
NO_DEBIT: Final = 0
UNRATIFIED: Final = 1
RATIFIED: Final = 2

_AMOUNT: Final = struct.Struct(">I")
# Status words that KSP/1 names: after any of them but success nothing has moved.
_STATUS_WORDS: Final = frozenset(Status)
_REFUSALS: Final[dict[int, tuple[type[CardRefused], str]]] = {
    Status.NOT_PERSONALISED: (NotPersonalised, "there is no purse in the card's applet"),
    Status.CREDIT_EXCEEDED: (CreditExceeded, "the card has less left than the payment"),
    Status.NO_SUCH_DEBIT: (NoSuchDebit, "the card has no such debit"),
    Status.CERTIFICATE_REFUSED: (CertificateRefused, "the card does not take the certificate"),
}


@dataclass(frozen=True, slots=True)
class CardState:
    """What a purse says of itself; only the certificate is signed, and not verified here.

    `purse_id` is the certificate's claim. `last_request_hash` is None before the first debit;
    `is_ratified` says whether a terminal has confirmed that it stored the last debit.
    """

    purse_id: bytes
    certificate: bytes
    sequence: int
    spent_total_won: int
    last_request_hash: bytes | None
    is_ratified: bool


@dataclass(frozen=True, slots=True)
class SignedDebit:
    """A debit's 73 bytes as the card filled them in, and its signature of 64; unverified."""

    debit: bytes
    signature: bytes


class PurseCard:
    """The purse on the other end of a connection.

    Every call raises CardRemoved, CardMute or a DeviceUnavailable when the line breaks,
    CardRefused (or a branch of it) when the card says no, CardGarbled when it makes no sense;
    `debit` raises DebitTorn instead wherever the card may have paid.
    """

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection

    def select(self) -> None:
        """Start the purse applet; raises ForeignCard, NoPurseOnCard or UnknownCardVersion."""
        answer = exchange(self._connection, Command(Instruction.SELECT, PURSE_AID))
        if answer.status == Status.NOT_SELECTED:
            raise NoPurseOnCard(self._device, "the card has no purse on it")
        if not answer.is_ok:
            raise ForeignCard(self._device, "not a purse card", status=answer.status)
        if answer.data != KSP_VERSION:
            raise UnknownCardVersion(self._device, f"purse of version {answer.data.hex() or '?'}")

    def get_state(self) -> CardState:
        """Return certificate, sequence, total spent, last request and whether it is ratified."""
        return self._state(self._ask(Command(Instruction.GET_STATE)))

    def debit(self, amount_won: int, request_hash: bytes) -> SignedDebit:
        """Let the purse pay `amount_won` for the request, or return its debit for it once more.

        Raises CardRefused if it says no (nothing moved) and DebitTorn for everything else.
        """
        command = Command(Instruction.DEBIT, _AMOUNT.pack(amount_won) + request_hash)
        try:
            return self._signed_debit(self._ask(command))
        except CardRefused as exc:
            if exc.status in _STATUS_WORDS:
                raise
            # A status word that KSP/1 does not name promises nothing about the money.
            raise DebitTorn(self._device, "the card's answer to a payment is unknown") from exc
        except Exception as exc:
            # Even after a mistake of ours the command may have reached the card.
            raise DebitTorn(self._device, "the card's answer to a payment is missing") from exc

    def get_last(self) -> SignedDebit:
        """Return the purse's last debit again; raises NoSuchDebit if it has never paid."""
        return self._signed_debit(self._ask(Command(Instruction.GET_LAST)))

    def confirm(self, request_hash: bytes) -> None:
        """Tell the purse that its debit for this request is stored (it is ratified)."""
        self._ask(Command(Instruction.CONFIRM, request_hash, has_answer=False))

    def load(self, certificate: bytes) -> None:
        """Give the purse its new certificate; raises CertificateRefused."""
        self._ask(Command(Instruction.LOAD, certificate, has_answer=False))

    @property
    def _device(self) -> str:
        return self._connection.reader_name

    def _ask(self, command: Command) -> bytes:
        answer = exchange(self._connection, command)
        if answer.is_ok:
            return answer.data
        kind, message = _REFUSALS.get(answer.status, (CardRefused, "the card refuses"))
        raise kind(self._device, message, answer.status)

    def _state(self, data: bytes) -> CardState:
        if len(data) < STATE_HEAD.size:
            raise CardGarbled(self._device, "the state is cut short")
        flag, sequence, spent_total_won = STATE_HEAD.unpack_from(data)
        if flag > RATIFIED or (flag == NO_DEBIT) != (sequence == 0):
            raise CardGarbled(self._device, f"no state has flag {flag} and sequence {sequence}")
        start = STATE_HEAD.size + (HASH_BYTES if flag != NO_DEBIT else 0)
        certificate = data[start:]
        return CardState(
            purse_id=self._claimed_purse_id(certificate),
            certificate=certificate,
            sequence=sequence,
            spent_total_won=spent_total_won,
            last_request_hash=data[STATE_HEAD.size : start] or None,
            is_ratified=flag == RATIFIED,
        )

    def _claimed_purse_id(self, certificate: bytes) -> bytes:
        try:
            return signed.claim(PurseCertificate, certificate).purse_id
        except EncodingError as exc:
            raise CardGarbled(self._device, "the card's certificate is not one") from exc

    def _signed_debit(self, data: bytes) -> SignedDebit:
        if len(data) != Debit.SIZE + SIGNATURE_BYTES:
            raise CardGarbled(self._device, f"a debit of {len(data)} bytes")
        return SignedDebit(data[: Debit.SIZE], data[Debit.SIZE :])
