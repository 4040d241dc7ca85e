"""Terminals that one-time codes bring in (KSP/1 section 12), until they are revoked."""

from __future__ import annotations

import secrets
from typing import Final

from kscoin.bundle import EnrolmentAnswer
from kscoin.entries import genesis_hash
from kscoin.keys import PublicKey
from kscoin.messages import EnrolmentRequest, TerminalCertificate
from kscoin.signed import Signed, claim, open_signed
from ledger.book import Account, AccountKind
from ledger.denylist import DenylistDesk
from ledger.errors import Conflict, NotFound, StoreUnusable, Unpayable
from ledger.known import known_merchant, known_terminal
from ledger.merchants import add_code, code_hash, new_code_text
from ledger.office import Office
from ledger.store import accounts, published, terminals
from ledger.store.engine import Tx
from ledger.store.terminals import CodeRow, TerminalRow

ID_BYTES: Final = 8


class TerminalDesk:
    """Enrols terminals and looks after them."""

    def __init__(self, office: Office, denylist: DenylistDesk) -> None:
        self._office = office
        self._denylist = denylist

    def enrol(self, data: bytes) -> bytes:
        """Return the encoded EnrolmentAnswer to a signed EnrolmentRequest.

        The terminal's certificate, the trust list, the policy and the denylist from version 0. The
        same request gets the same certificate again, as often as it asks. Raises NotFound for an
        unknown code, Conflict if another request has used it, Unpayable if it has expired,
        BadSignature if the key that asks has not signed.
        """
        office = self._office
        key = PublicKey(claim(EnrolmentRequest, data).public_key)
        request = open_signed(EnrolmentRequest, data, key, office.issuer.network)
        certificate = office.store.write(lambda tx: _terminal_of(tx, office, request).certificate)
        policy = office.store.read(published.policy)
        whole_list = self._denylist.update(from_version=0)
        if policy is None or whole_list is None:
            raise StoreUnusable("the ledger was never set up")
        answer = EnrolmentAnswer(certificate, office.issuer.trust.data, policy.data, whole_list)
        return answer.encode()

    def get(self, terminal_id: bytes) -> TerminalRow:
        """Return a terminal as it stands; raises NotFound."""
        return self._office.store.read(lambda tx: known_terminal(tx, terminal_id))

    def of(self, merchant_id: bytes) -> tuple[TerminalRow, ...]:
        """Return a merchant's terminals."""
        return self._office.store.read(lambda tx: terminals.terminals_of(tx, merchant_id))

    def revoke(self, terminal_id: bytes) -> None:
        """Stop a terminal from selling; what it has taken is still settled. Raises NotFound."""
        self._office.store.write(lambda tx: self._revoke(tx, terminal_id))

    def replace(self, terminal_id: bytes) -> str:
        """Revoke a terminal; return a one-time code for another that may take the same.

        Both or neither are done. Raises NotFound.
        """
        code = new_code_text()

        def work(tx: Tx) -> str:
            old = self._revoke(tx, terminal_id)
            limit_class = claim(TerminalCertificate, old.certificate).limit_class
            add_code(tx, self._office, code, old.merchant_id, old.kinds, limit_class)
            return code

        return self._office.store.write(work)

    def _revoke(self, tx: Tx, terminal_id: bytes) -> TerminalRow:
        self._office.note(tx, "terminal.revoke", terminal_id)
        row = known_terminal(tx, terminal_id, locked=True)
        terminals.revoke_terminal(tx, terminal_id, self._office.clock())
        return row


def _terminal_of(tx: Tx, office: Office, request: Signed[EnrolmentRequest]) -> TerminalRow:
    code = terminals.locked_code(tx, code_hash(request.message.code))
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
    merchant = known_merchant(tx, code.merchant_id)
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
    office.note(tx, "terminal.enrol", terminal_id)
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
