"""Merchants, one-time codes, and the terminals that they bring in (KSP/1 section 12)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from kscoin.bundle import EnrolmentAnswer
from kscoin.codes import base32, grouped, normalised
from kscoin.entries import genesis_hash
from kscoin.errors import Malformed
from kscoin.fields import Text
from kscoin.keys import PublicKey
from kscoin.messages import EnrolmentRequest, PaymentKind, TerminalCertificate, kind_bit
from kscoin.signed import Signed, claim, open_signed
from ledger.book import Account, AccountKind
from ledger.denylist import DenylistDesk
from ledger.errors import Conflict, NotFound, StoreUnusable, Unpayable
from ledger.office import Office, known_terminal
from ledger.store import accounts, published, terminals
from ledger.store.engine import Tx
from ledger.store.terminals import CodeRow, MerchantRow, TerminalRow

# 80 bits: a guess a nanosecond would take a million years, and it still fits on a slip.
CODE_BYTES: Final = 10
ID_BYTES: Final = 8
# Certified names reach slips and screens: what a TerminalCertificate can hold.
_NAME: Final = Text(max_bytes=48)
ALL_KINDS: Final = sum(kind_bit(kind) for kind in PaymentKind)


def add_merchant(office: Office, name: str) -> MerchantRow:
    """Return a new merchant with an empty account; raises Malformed if the name is too long."""
    merchant = MerchantRow(secrets.token_bytes(ID_BYTES), _merchant_name(name), office.clock())

    def work(tx: Tx) -> None:
        terminals.add_merchant(tx, merchant)
        account = Account(merchant.merchant_id, AccountKind.MERCHANT, 0)
        accounts.open_account(tx, account, merchant.added_at_s)

    office.store.write(work)
    return merchant


def new_code(
    office: Office, merchant_id: bytes, kinds: int = ALL_KINDS, limit_class: int = 0
) -> str:
    """Return a new one-time code for a merchant, as a technician types it.

    Only its hash is kept. Raises NotFound for an unknown merchant.
    """
    code = grouped(base32(secrets.token_bytes(CODE_BYTES)))
    expires_at_s = office.clock() + office.settings.code_valid_s

    def work(tx: Tx) -> None:
        if terminals.merchant(tx, merchant_id) is None:
            raise NotFound("unknown_merchant", "no merchant of ours has this id")
        row = CodeRow(_code_hash(code), merchant_id, kinds, limit_class, expires_at_s)
        terminals.add_code(tx, row)

    office.store.write(work)
    return code


def enrol(office: Office, denylist: DenylistDesk, data: bytes) -> bytes:
    """Return the encoded EnrolmentAnswer to a signed EnrolmentRequest.

    The terminal's certificate, the trust list, the policy and the denylist from version 0. The
    same request gets the same certificate again, as often as it asks. Raises NotFound for an
    unknown code, Conflict if another request has used it, Unpayable if it has expired,
    BadSignature if the key that asks has not signed.
    """
    key = PublicKey(claim(EnrolmentRequest, data).public_key)
    request = open_signed(EnrolmentRequest, data, key, office.issuer.network)
    certificate = office.store.write(lambda tx: _terminal_of(tx, office, request).certificate)
    policy = office.store.read(published.policy)
    whole_list = denylist.update(from_version=0)
    if policy is None or whole_list is None:
        raise StoreUnusable("the ledger was never set up")
    answer = EnrolmentAnswer(certificate, office.issuer.trust.data, policy.data, whole_list)
    return answer.encode()


def revoke_terminal(office: Office, terminal_id: bytes) -> None:
    """Stop a terminal from selling; what it has taken is still settled. Raises NotFound."""

    def work(tx: Tx) -> None:
        known_terminal(tx, terminal_id, locked=True)
        terminals.revoke_terminal(tx, terminal_id, office.clock())

    office.store.write(work)


def _terminal_of(tx: Tx, office: Office, request: Signed[EnrolmentRequest]) -> TerminalRow:
    code = terminals.locked_code(tx, _code_hash(request.message.code))
    if code is None:
        raise NotFound("unknown_code", "there is no such code")
    if code.used_by == request.id and code.terminal_id is not None:
        return known_terminal(tx, code.terminal_id)
    if code.used_by is not None:
        raise Conflict("code_used", "another terminal has used this code")
    if office.clock() > code.expires_at_s:
        raise Unpayable("code_expired", "the code has expired")
    return _new_terminal(tx, office, request, code)


def _new_terminal(
    tx: Tx, office: Office, request: Signed[EnrolmentRequest], code: CodeRow
) -> TerminalRow:
    merchant = terminals.merchant(tx, code.merchant_id)
    if merchant is None:
        raise NotFound("unknown_merchant", "the code's merchant is gone")
    now_s, terminal_id = office.clock(), secrets.token_bytes(ID_BYTES)
    certificate = office.issuer.terminal_certificate(
        TerminalCertificate(
            terminal_id=terminal_id,
            public_key=request.message.public_key,
            merchant_id=merchant.merchant_id,
            merchant_name=merchant.name,
            kinds=code.kinds,
            not_before_s=now_s,
            not_after_s=now_s + office.settings.terminal_certificate_valid_s,
            limit_class=code.limit_class,
        )
    )
    row = _row(certificate, request.message.hardware)
    terminals.use_code(tx, code.code_hash, request.id, terminal_id)
    terminals.add_terminal(tx, row)
    till = Account(terminal_id, AccountKind.TILL, 0, owner_id=merchant.merchant_id)
    accounts.open_account(tx, till, now_s)
    return row


def _row(certificate: Signed[TerminalCertificate], hardware: str) -> TerminalRow:
    message = certificate.message
    return TerminalRow(
        terminal_id=message.terminal_id,
        merchant_id=message.merchant_id,
        public_key=message.public_key,
        kinds=message.kinds,
        certificate=certificate.data,
        hardware=hardware,
        enrolled_at_s=message.not_before_s,
        revoked_at_s=None,
        batch_number=0,
        head=genesis_hash(message.terminal_id),
        sequence=0,
        heard_at_s=None,
    )


def _merchant_name(name: str) -> str:
    if not name.strip():
        raise Malformed("a merchant has a name")
    _NAME.check(name)
    return name


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(normalised(code).encode()).digest()
