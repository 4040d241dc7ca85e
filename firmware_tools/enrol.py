"""A machine becomes a terminal: key, request, answer, directory (KSP/1 section 12).

Asks nobody anything: what the technician decides is handed in. Every step may be the last before
the power goes, and the same call again goes on from there: the key and the request are on the disk
before the code is used, and the same request gets the same certificate.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from drivers.errors import KeyStoreError
from drivers.keystore.opening import create_key, open_key
from drivers.keystore.token_uri import TokenUri
from firmware_tools import settings_file
from firmware_tools.errors import EnrolmentDamaged, RootNotListed
from firmware_tools.place import KEY_FILE, REQUEST_FILE, SETTINGS_FILE, Place
from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import MAX_TRUST_LIST_BYTES, pin_trust
from kscoin.codec import decode_strings
from kscoin.codes import normalised
from kscoin.errors import EncodingError, Malformed, UntrustedKey, VerificationError
from kscoin.keys import PublicKey, Signer
from kscoin.messages import EnrolmentRequest, TerminalCertificate, TrustList
from kscoin.signed import claim, open_signed
from offline_queue.durable_file import read_whole, write_durably
from offline_queue.errors import LedgerRefused
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import (
    Enrolment,
    enrolment_request,
    load_identity,
    open_enrolment,
    write_enrolment,
)
from offline_queue.values import LedgerStatus

_NONCE_BYTES: Final = 16
# Clocks that were set by hand or by NTP are within this of the ledger's. One that is further behind
# is set right first: the till's limits lean on it.
CLOCK_TOLERANCE_S: Final = 600
# After these the ledger has certainly not certified the key that asked.
_NEVER_CERTIFIED: Final = frozenset({"unknown_code", "code_used", "code_expired"})


class Step(StrEnum):
    """How far an enrolment has come."""

    LEDGER_MET = "ledger_met"
    KEY_MADE = "key_made"
    # An earlier run was cut off after its request was written.
    REQUEST_FOUND = "request_found"
    REQUEST_SENT = "request_sent"
    ANSWER_VERIFIED = "answer_verified"
    WRITTEN = "written"


class EnrolmentLedger(Protocol):
    """What is asked of a ledger: `offline_queue.ledger_client.LedgerClient`."""

    def status(self) -> LedgerStatus: ...

    def trust(self) -> bytes: ...

    def enrol(self, request: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class LedgerMet:
    """A ledger that answers, and the root that vouches for it.

    Whether that root is the right one, the technician knows and nobody else.
    """

    network: str
    root: PublicKey
    clock_ahead_s: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be enrolled: `pass_phrase_file` is relative to the terminal's directory.

    With a `token` the key is made on that token, and the pass phrase is its PIN.
    """

    code: str
    ledger_url: str
    place: Place
    hardware: str
    pass_phrase_file: Path
    token: TokenUri | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A terminal that is ready to sell; `kept` is where the one before it is now."""

    directory: Path
    certificate: TerminalCertificate
    policy_version: int
    denylist_version: int
    kept: Path | None


def meet(ledger: EnrolmentLedger, root: PublicKey | None, now_s: int) -> LedgerMet:
    """Return which ledger answers, before anything is told to it.

    With `root`, that root must have signed its trust list (RootNotListed); without, the first
    root that the list names. Raises a LedgerError, VerificationError or EncodingError.
    """
    status, data = ledger.status(), ledger.trust()
    if not status.network.isprintable():
        # It is shown before anyone has said that this ledger can be believed.
        raise Malformed("the network's name is not printable")
    named = root or _first_named(data)
    try:
        trust = pin_trust(data, named, status.network)
    except UntrustedKey as exc:
        raise RootNotListed("the root has not signed the ledger's trust list") from exc
    return LedgerMet(status.network, trust.root, status.ledger_time_s - now_s)


def enrol(
    order: Order,
    met: LedgerMet,
    ledger: EnrolmentLedger,
    now_s: Callable[[], int],
    tell: Callable[[Step], None],
) -> Enrolled:
    """Make the place a terminal, or go on where an earlier run was cut off.

    Raises a LedgerError, VerificationError, EncodingError, KeyStoreError, FieldError, DiskFull or
    DiskFailed; the place is then as it was before.
    """
    draft = order.place.draft(met.network, order.code)
    key, request = _begun(order, met, draft, tell)
    answer = _ask(order.place, draft, request, ledger)
    tell(Step.REQUEST_SENT)
    enrolment = _verified(answer, key.public_key, met, now_s())
    tell(Step.ANSWER_VERIFIED)
    _write(draft, order, enrolment, key)
    kept = order.place.put(draft)
    tell(Step.WRITTEN)
    return _enrolled(order.place, enrolment, kept)


def _first_named(trust: bytes) -> PublicKey:
    """Return the first root that an unverified trust list names; raises an EncodingError."""
    for listing in decode_strings(trust, MAX_TRUST_LIST_BYTES):
        for root in claim(TrustList, listing, MAX_TRUST_LIST_BYTES).roots:
            return PublicKey(root)
    raise Malformed("the trust list names no root")


def _begun(
    order: Order, met: LedgerMet, draft: Path, tell: Callable[[Step], None]
) -> tuple[Signer, bytes]:
    """Return the key that asks and its signed request, both where they stay."""
    is_pin = order.token is not None
    phrase = settings_file.pass_phrase(draft, order.pass_phrase_file, is_pin=is_pin)
    if (draft / REQUEST_FILE).exists():
        tell(Step.REQUEST_FOUND)
        return _begun_before(draft, phrase, met.network)
    key = _unused(draft, order, phrase)
    tell(Step.KEY_MADE)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    request = enrolment_request(normalised(order.code), order.hardware, nonce, key, met.network)
    write_durably(draft / REQUEST_FILE, request.data)
    return key, request.data


def _unused(draft: Path, order: Order, phrase: str) -> Signer:
    """Return a key that nothing has been signed with: that of a run that was cut off, or a new one.

    A token has room for few keys, so one that was made there is used.
    """
    try:
        return open_key(draft / KEY_FILE, phrase)
    except KeyStoreError:
        order.place.without(draft / KEY_FILE)
    return create_key(draft / KEY_FILE, phrase, order.token)


def _begun_before(draft: Path, phrase: str, network: str) -> tuple[Signer, bytes]:
    key = open_key(draft / KEY_FILE, phrase)
    data = read_whole(draft / REQUEST_FILE)
    try:
        return key, open_signed(EnrolmentRequest, data, key.public_key, network).data
    except (EncodingError, VerificationError) as exc:
        raise EnrolmentDamaged(f"key and request in {draft} do not fit together") from exc


def _ask(place: Place, draft: Path, request: bytes, ledger: EnrolmentLedger) -> bytes:
    try:
        return ledger.enrol(request)
    except LedgerRefused as exc:
        if exc.reason in _NEVER_CERTIFIED:
            place.discard(draft)
        raise


def _verified(answer: bytes, key: PublicKey, met: LedgerMet, now_s: int) -> Enrolment:
    certificate = EnrolmentAnswer.decode(answer).certificate
    issued_at_s = claim(TerminalCertificate, certificate).not_before_s
    # A clock that is a little behind must not make a certificate of just now "not valid yet".
    if 0 < issued_at_s - now_s <= CLOCK_TOLERANCE_S:
        now_s = issued_at_s
    return open_enrolment(answer, key, met.root, met.network, now_s)


def _write(draft: Path, order: Order, enrolment: Enrolment, key: Signer) -> None:
    write_enrolment(draft, enrolment)
    settings = settings_file.text(order.ledger_url, KEY_FILE, order.pass_phrase_file)
    write_durably(draft / SETTINGS_FILE, settings.encode())
    # Read back as the till will read it, while there is still a draft to mend.
    load_identity(draft, Rulebook.load(draft).rules.trust, key)


def _enrolled(place: Place, enrolment: Enrolment, kept: Path | None) -> Enrolled:
    versions = enrolment.rules.versions
    return Enrolled(
        directory=place.directory,
        certificate=enrolment.certificate.message,
        policy_version=versions.policy,
        denylist_version=versions.denylist,
        kept=kept,
    )
