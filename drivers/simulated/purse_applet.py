"""The purse applet of KSP/1 section 7 in software, faithful to the byte. Knows no reader.

It commits before it signs: a command changes the card's memory in one write, and the signature is
made afterwards from what was written, so that a card that loses power in between signs the same
debit when it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from drivers.card.apdu import (
    CHAINED,
    EXTENDED,
    INTERINDUSTRY,
    LE_ALL,
    PROPRIETARY,
    PURSE_AID,
    Instruction,
    Status,
)
from drivers.card.purse_card import (
    HASH_BYTES,
    KSP_VERSION,
    NO_DEBIT,
    RATIFIED,
    STATE_HEAD,
    UNRATIFIED,
)
from drivers.simulated.card_memory import CardMemory, PurseImage, VolatileMemory
from kscoin import cose
from kscoin.codec import MAX_MESSAGE_BYTES
from kscoin.errors import KSCoinError, VerificationError
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import Debit, PurseCertificate, debit_link
from kscoin.signed import claim, open_signed

_HEADER_BYTES: Final = 4
_AMOUNT_BYTES: Final = 4
# The template counts debits in four bytes (KSP/1 section 4).
_MAX_SEQUENCE: Final = 2**32 - 1


class Refusal(Exception):
    """Raised inside the card to answer a status word; nothing has been written."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Apdu:
    header: bytes
    data: bytes


class PurseApplet:
    """One purse on one card; `process` is the whole card."""

    def __init__(self, memory: CardMemory) -> None:
        self._memory = memory
        self._is_selected = False
        self._chain = b""

    @classmethod
    def personalised(
        cls,
        key: SoftwareSigner,
        certificate: bytes,
        authority: PublicKey,
        network: str,
        memory: CardMemory | None = None,
    ) -> PurseApplet:
        """Return a new card with this key and certificate, written to `memory`.

        Raises a KSCoinError if the certificate is not the authority's word on this key.
        """
        signed = open_signed(PurseCertificate, certificate, authority, network)
        if signed.message.public_key != key.public_key.compressed:
            raise VerificationError("the certificate is for another key")
        memory = memory or VolatileMemory()
        memory.commit(PurseImage(key.scalar, network, authority.compressed, certificate))
        return cls(memory)

    def clone(self) -> PurseApplet:
        """Return the cheat's card: the same key and the same past, from here on its own."""
        return PurseApplet(VolatileMemory(self._memory.read()))

    @property
    def image(self) -> PurseImage | None:
        """What the card's memory holds, for tests and for the bench; None before personalising."""
        return self._memory.read()

    def reset(self) -> None:
        """Start again as after power on: nothing is selected."""
        self._is_selected = False
        self._chain = b""

    def process(self, command: bytes) -> bytes:
        """Return the answer to one command APDU: data and status word."""
        try:
            apdu = _parsed(command)
            if apdu.header[:2] == bytes([PROPRIETARY | CHAINED, Instruction.LOAD]):
                answer = self._kept(apdu)
            else:
                answer = self._dispatch(self._joined(apdu))
        except Refusal as refusal:
            return refusal.status.to_bytes(2, "big")
        return answer + Status.OK.to_bytes(2, "big")

    def _dispatch(self, apdu: _Apdu) -> bytes:
        if apdu.header[:2] == bytes([INTERINDUSTRY, Instruction.SELECT]):
            return self._select(apdu)
        if apdu.header[0] != PROPRIETARY:
            raise Refusal(Status.UNKNOWN_CLASS)
        if not self._is_selected:
            raise Refusal(Status.NOT_SELECTED)
        handler = self._handlers().get(apdu.header[1])
        if handler is None:
            raise Refusal(Status.UNKNOWN_INSTRUCTION)
        if apdu.header[2:] != b"\x00\x00":
            raise Refusal(Status.WRONG_PARAMETERS)
        image = self._memory.read()
        if image is None:
            raise Refusal(Status.NOT_PERSONALISED)
        return handler(image, apdu.data)

    def _kept(self, apdu: _Apdu) -> bytes:
        """Keep a part of a command's data; the rest follows."""
        self._chain += apdu.data
        if len(self._chain) > MAX_MESSAGE_BYTES:
            self._chain = b""
            raise Refusal(Status.WRONG_LENGTH)
        return b""

    def _joined(self, apdu: _Apdu) -> _Apdu:
        chain, self._chain = self._chain, b""
        return _Apdu(apdu.header, chain + apdu.data)

    def _handlers(self) -> dict[int, Callable[[PurseImage, bytes], bytes]]:
        return {
            Instruction.GET_STATE: self._get_state,
            Instruction.DEBIT: self._debit,
            Instruction.GET_LAST: self._get_last,
            Instruction.CONFIRM: self._confirm,
            Instruction.LOAD: self._load,
        }

    def _select(self, apdu: _Apdu) -> bytes:
        self._is_selected = apdu.data == PURSE_AID and apdu.header[2:] == b"\x04\x00"
        if not self._is_selected:
            raise Refusal(Status.NOT_SELECTED)
        return KSP_VERSION

    def _get_state(self, image: PurseImage, data: bytes) -> bytes:
        _sized(data, 0)
        last = image.last
        if last is None:
            return STATE_HEAD.pack(NO_DEBIT, 0, 0) + image.certificate
        flag = RATIFIED if image.is_ratified else UNRATIFIED
        head = STATE_HEAD.pack(flag, last.sequence, last.spent_total_won)
        return head + last.request_hash + image.certificate

    def _debit(self, image: PurseImage, data: bytes) -> bytes:
        _sized(data, _AMOUNT_BYTES + HASH_BYTES)
        request_hash = data[_AMOUNT_BYTES:]
        if image.last is None or image.last.request_hash != request_hash:
            amount_won = int.from_bytes(data[:_AMOUNT_BYTES], "big")
            debit = _next_debit(image, amount_won, request_hash)
            image = replace(image, last_debit=debit.to_payload(), is_ratified=False)
            self._memory.commit(image)
        return _signed_last(image)

    def _get_last(self, image: PurseImage, data: bytes) -> bytes:
        _sized(data, 0)
        return _signed_last(image)

    def _confirm(self, image: PurseImage, data: bytes) -> bytes:
        _sized(data, HASH_BYTES)
        if image.last is None or image.last.request_hash != data:
            raise Refusal(Status.NO_SUCH_DEBIT)
        self._memory.commit(replace(image, is_ratified=True))
        return b""

    def _load(self, image: PurseImage, data: bytes) -> bytes:
        _check_certificate(image, data)
        self._memory.commit(replace(image, certificate=data))
        return b""


def _parsed(command: bytes) -> _Apdu:
    """Take a command APDU apart (ISO 7816-4 section 5.2, cases 1 to 4, short and extended)."""
    header, body = command[:_HEADER_BYTES], command[_HEADER_BYTES:]
    if len(header) < _HEADER_BYTES:
        raise Refusal(Status.WRONG_LENGTH)
    if len(body) <= 1:
        return _Apdu(header, b"")
    is_extended = body[:1] == EXTENDED
    counted, le = (body[1:3], bytes(2)) if is_extended else (body[:1], LE_ALL)
    length, content = int.from_bytes(counted, "big"), body[len(counted) + is_extended :]
    data, rest = content[:length], content[length:]
    if length == 0 or len(data) != length or rest not in (b"", le):
        raise Refusal(Status.WRONG_LENGTH)
    return _Apdu(header, data)


def _sized(data: bytes, size: int) -> None:
    if len(data) != size:
        raise Refusal(Status.WRONG_LENGTH)


def _next_debit(image: PurseImage, amount_won: int, request_hash: bytes) -> Debit:
    sequence, spent_total_won = _spent(image)
    certificate = claim(PurseCertificate, image.certificate)
    if amount_won == 0:
        raise Refusal(Status.MALFORMED)
    if sequence == _MAX_SEQUENCE or spent_total_won + amount_won > certificate.credit_total_won:
        raise Refusal(Status.CREDIT_EXCEEDED)
    return Debit(
        purse_id=certificate.purse_id,
        sequence=sequence + 1,
        amount_won=amount_won,
        spent_total_won=spent_total_won + amount_won,
        request_hash=request_hash,
        previous_hash=debit_link(image.last_debit),
    )


def _spent(image: PurseImage) -> tuple[int, int]:
    return (image.last.sequence, image.last.spent_total_won) if image.last else (0, 0)


def _signed_last(image: PurseImage) -> bytes:
    if image.last_debit is None:
        raise Refusal(Status.NO_SUCH_DEBIT)
    signer = _signer(image.scalar)
    kid = signer.public_key.kid
    return image.last_debit + signer.sign(cose.to_be_signed(image.last_debit, kid, image.network))


def _check_certificate(image: PurseImage, data: bytes) -> None:
    """Take only the authority's word on this purse, and only if it gives more or lasts longer."""
    try:
        authority = PublicKey(image.authority)
        new = open_signed(PurseCertificate, data, authority, image.network).message
    except KSCoinError as exc:
        raise Refusal(Status.CERTIFICATE_REFUSED) from exc
    if not new.renews(claim(PurseCertificate, image.certificate)):
        raise Refusal(Status.CERTIFICATE_REFUSED)


# Making the key anew costs more than signing with it.
@lru_cache(maxsize=64)
def _signer(scalar: int) -> SoftwareSigner:
    return SoftwareSigner(scalar)
