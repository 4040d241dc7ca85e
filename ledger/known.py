"""Looks up what an order names, or refuses it: accounts, merchants, terminals and purses."""

from __future__ import annotations

from kscoin.keys import PublicKey
from ledger.book import Account, AccountKind
from ledger.errors import NotAllowed, NotFound, Unpayable
from ledger.store import accounts, purses, terminals
from ledger.store.engine import Tx
from ledger.store.purses import PurseRow
from ledger.store.terminals import MerchantRow, TerminalRow


def known_account(tx: Tx, account_id: bytes, *, locked: bool = False) -> Account:
    """Return an account; `locked`, its balance does not change meanwhile. Raises NotFound."""
    found = accounts.account(tx, account_id, locked=locked)
    if found is None:
        raise NotFound("unknown_account", "no account of ours has this id")
    return found


def spendable_account(tx: Tx, account_id: bytes) -> Account:
    """Return a holder's account, locked; raises NotFound, NotAllowed if it is frozen."""
    found = known_account(tx, account_id, locked=True)
    if found.kind is not AccountKind.HOLDER:
        raise NotFound("unknown_account", "no holder's account has this id")
    if found.is_frozen:
        raise NotAllowed("account_frozen", "the account is frozen: the operator knows why")
    return found


def wallet_key(account: Account) -> PublicKey:
    """Return the key of an account; raises NotAllowed if it has none."""
    if account.public_key is None:
        raise NotAllowed("no_wallet", "the account has no key that could sign for it")
    return PublicKey(account.public_key)


def enough(account: Account, amount_won: int) -> Account:
    """Return the account if it holds that many won; raises Unpayable."""
    if account.balance_won < amount_won:
        raise Unpayable("not_enough_won", "the account does not hold that many won")
    return account


def known_purse(tx: Tx, purse_id: bytes) -> PurseRow:
    """Return a purse; raises NotFound. To change it, lock its account first."""
    found = purses.purse(tx, purse_id)
    if found is None:
        raise NotFound("unknown_purse", "no purse of ours has this id")
    return found


def known_merchant(tx: Tx, merchant_id: bytes) -> MerchantRow:
    """Return a merchant; raises NotFound."""
    found = terminals.merchant(tx, merchant_id)
    if found is None:
        raise NotFound("unknown_merchant", "no merchant of ours has this id")
    return found


def known_terminal(tx: Tx, terminal_id: bytes, *, locked: bool = False) -> TerminalRow:
    """Return a terminal that has been enrolled; raises NotFound."""
    found = terminals.terminal(tx, terminal_id, locked=locked)
    if found is None:
        raise NotFound("unknown_terminal", "no terminal of ours has this id")
    return found
