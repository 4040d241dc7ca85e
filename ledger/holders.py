"""Holders' accounts: people's won that are not reserved for a purse, and their wallets."""

from __future__ import annotations

import secrets
from typing import Final

from kscoin.keys import PublicKey
from ledger.book import Account, AccountKind
from ledger.known import known_account
from ledger.office import Office
from ledger.store import accounts
from ledger.store.engine import Tx

ID_BYTES: Final = 8


class AccountDesk:
    """Opens accounts and shows them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def open(self, public_key: PublicKey | None = None) -> Account:
        """Return a new, empty account; with a key, its wallet can pay online."""
        key = None if public_key is None else public_key.compressed
        account = Account(secrets.token_bytes(ID_BYTES), AccountKind.HOLDER, 0, None, key)

        def work(tx: Tx) -> None:
            self._office.note(tx, "account.open", account.account_id)
            accounts.open_account(tx, account, self._office.clock())

        self._office.store.write(work)
        return account

    def get(self, account_id: bytes) -> Account:
        """Return an account of any kind as it stands; raises NotFound."""
        return self._office.store.read(lambda tx: known_account(tx, account_id))

    def after(self, account_id: bytes, limit: int) -> tuple[Account, ...]:
        """Return the next accounts of any kind by id; the first ones after b""."""
        return self._office.store.read(lambda tx: accounts.accounts_after(tx, account_id, limit))

    def owned_by(self, owner_id: bytes) -> tuple[Account, ...]:
        """Return the accounts of a merchant's tills, or of a holder's purses."""
        return self._office.store.read(lambda tx: accounts.accounts_of(tx, owner_id))
