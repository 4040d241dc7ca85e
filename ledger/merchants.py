"""Merchants, their balances, and the one-time codes with which technicians enrol terminals."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from kscoin.codes import base32, grouped, normalised
from kscoin.errors import Malformed
from kscoin.fields import Text
from kscoin.messages import PaymentKind, kind_bit
from ledger.book import Account, AccountKind
from ledger.known import known_account, known_merchant
from ledger.office import Office
from ledger.store import accounts, terminals
from ledger.store.engine import Tx
from ledger.store.terminals import CodeRow, MerchantRow

# 80 bits: a guess a nanosecond would take a million years, and it still fits on a slip.
CODE_BYTES: Final = 10
ID_BYTES: Final = 8
# Certified names reach slips and screens: what a TerminalCertificate can hold.
_NAME: Final = Text(max_bytes=48)
ALL_KINDS: Final = sum(kind_bit(kind) for kind in PaymentKind)


class MerchantDesk:
    """Takes in merchants and hands out their codes."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def add(self, name: str) -> MerchantRow:
        """Return a new merchant with an empty account; raises Malformed for a name too long."""
        office = self._office
        row = MerchantRow(secrets.token_bytes(ID_BYTES), _merchant_name(name), office.clock())

        def work(tx: Tx) -> None:
            office.note(tx, "merchant.add", row.merchant_id)
            terminals.add_merchant(tx, row)
            account = Account(row.merchant_id, AccountKind.MERCHANT, 0)
            accounts.open_account(tx, account, row.added_at_s)

        office.store.write(work)
        return row

    def all(self) -> tuple[MerchantRow, ...]:
        """Return every merchant, by name."""
        return self._office.store.read(terminals.all_merchants)

    def get(self, merchant_id: bytes) -> MerchantRow:
        """Return a merchant; raises NotFound."""
        return self._office.store.read(lambda tx: known_merchant(tx, merchant_id))

    def balance_won(self, merchant_id: bytes) -> int:
        """Return the won that a merchant has taken and not been paid out, over all its tills."""
        return self._office.store.read(lambda tx: _merchant_won(tx, merchant_id))

    def new_code(self, merchant_id: bytes, kinds: int = ALL_KINDS, limit_class: int = 0) -> str:
        """Return a new one-time enrolment code for a merchant, as a technician types it.

        Only its hash is kept. Raises NotFound for an unknown merchant.
        """
        code, office = new_code_text(), self._office
        office.store.write(lambda tx: add_code(tx, office, code, merchant_id, kinds, limit_class))
        return code


def new_code_text() -> str:
    """Return a code that nobody has ever had, as a technician types it."""
    return grouped(base32(secrets.token_bytes(CODE_BYTES)))


def add_code(
    tx: Tx, office: Office, code: str, merchant_id: bytes, kinds: int, limit_class: int
) -> None:
    """Keep a new code of a merchant's by its hash; raises NotFound for an unknown merchant."""
    office.note(tx, "code.new", merchant_id)
    known_merchant(tx, merchant_id)
    expires_at_s = office.clock() + office.settings.code_valid_s
    row = CodeRow(code_hash(code), merchant_id, kinds, limit_class, expires_at_s)
    terminals.add_code(tx, row)


def code_hash(code: str) -> bytes:
    """Return the SHA-256 by which a code is kept, however it was typed."""
    return hashlib.sha256(normalised(code).encode()).digest()


def _merchant_won(tx: Tx, merchant_id: bytes) -> int:
    own = known_account(tx, merchant_id)
    return own.balance_won + sum(t.balance_won for t in accounts.accounts_of(tx, merchant_id))


def _merchant_name(name: str) -> str:
    if not name.strip():
        raise Malformed("a merchant has a name")
    _NAME.check(name)
    return name
