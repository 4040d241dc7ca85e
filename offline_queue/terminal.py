"""Who this terminal is: its certificate, its key, and how both came to be (KSP/1 section 12).

Keeps no key: the signer is handed in by whoever opened the key store. Sends nothing: the ledger's
answer is handed in by whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import Trust, open_authorised, open_terminal_certificate
from kscoin.errors import KSCoinError, UntrustedKey
from kscoin.keys import PublicKey, Signer
from kscoin.messages import (
    EnrolmentRequest,
    PaymentKind,
    Purpose,
    TerminalCertificate,
)
from kscoin.signed import Signed, claim, seal
from offline_queue.durable_file import read_whole, write_durably
from offline_queue.errors import IdentityInvalid, KindNotAllowed, TerminalExpired
from offline_queue.rulebook import Rules, rules_at_enrolment, write_rules

CERTIFICATE_FILE: Final = "certificate.cbor"


@dataclass(frozen=True, slots=True)
class TerminalIdentity:
    """A terminal that the ledger knows: what it may sign, for whom, and with which key."""

    network: str
    certificate: Signed[TerminalCertificate]
    signer: Signer

    @property
    def terminal_id(self) -> bytes:
        return self.certificate.message.terminal_id

    @property
    def enrolled_at_s(self) -> int:
        """The ledger's time when it certified this terminal: now is not before it."""
        return self.certificate.message.not_before_s

    def may_sell(self, kind: PaymentKind, now_s: int) -> TerminalCertificate:
        """Return the certificate if it allows such a payment now.

        Raises TerminalExpired or KindNotAllowed.
        """
        certificate = self.certificate.message
        if not certificate.not_before_s <= now_s <= certificate.not_after_s:
            raise TerminalExpired("the terminal's certificate is not valid now")
        if not certificate.allows(kind):
            raise KindNotAllowed(f"this terminal may not take a {kind.name.lower()}")
        return certificate


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the ledger answered to an enrolment request, verified from the pinned root down."""

    certificate: Signed[TerminalCertificate]
    rules: Rules


def load_identity(directory: Path, trust: Trust, signer: Signer) -> TerminalIdentity:
    """Return the identity in a terminal's directory, whose key `signer` holds.

    A certificate that has ended still loads: what was taken under it has to be uploaded. Raises
    IdentityInvalid if it is missing, was not issued under `trust`, or certifies another key.
    """
    try:
        data = read_whole(directory / CERTIFICATE_FILE)
        issued_at_s = claim(TerminalCertificate, data).not_before_s
        certificate = open_authorised(
            TerminalCertificate, Purpose.TERMINAL, data, trust, issued_at_s
        )
        _of_key(certificate, signer.public_key)
    except KSCoinError as exc:
        raise IdentityInvalid(f"{CERTIFICATE_FILE} does not hold: {exc}") from exc
    return TerminalIdentity(trust.network, certificate, signer)


def enrolment_request(
    code: str, hardware: str, nonce: bytes, signer: Signer, network: str
) -> Signed[EnrolmentRequest]:
    """Return the request of a new key to be certified, signed by that key.

    `nonce` is 16 random bytes. Keep the request before it is sent: the same bytes get the same
    certificate however often they are sent, others would need another code. Raises Malformed.
    """
    request = EnrolmentRequest(code, signer.public_key.compressed, hardware, nonce)
    return seal(request, signer, network)


def open_enrolment(
    answer: bytes, key: PublicKey, root: PublicKey, network: str, now_s: int
) -> Enrolment:
    """Return what the ledger answered, if the pinned `root` vouches for all of it at `now_s`.

    `key` is the key that asked. Raises UntrustedKey if the certificate is for another key, or
    another VerificationError or EncodingError.
    """
    parts = EnrolmentAnswer.decode(answer)
    rules = rules_at_enrolment(root, network, parts, now_s)
    certificate = open_terminal_certificate(parts.certificate, rules.trust, now_s)
    return Enrolment(_of_key(certificate, key), rules)


def write_enrolment(directory: Path, enrolment: Enrolment) -> None:
    """Write what the ledger answered into a terminal's directory, each file whole or not at all.

    The certificate comes last: where it is, everything is. Raises DiskFull or DiskFailed.
    """
    write_rules(directory, enrolment.rules)
    write_durably(directory / CERTIFICATE_FILE, enrolment.certificate.data)


def _of_key(
    certificate: Signed[TerminalCertificate], key: PublicKey
) -> Signed[TerminalCertificate]:
    if certificate.message.public_key != key.compressed:
        raise UntrustedKey("the certificate is for another key than this terminal's")
    return certificate
