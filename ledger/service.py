"""The ledger's face: all that terminals, wallets, operators and the demo ask of it.

Methods block while the database works; the API calls them off its event loop. Safe to use from
many threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from kscoin.keys import PublicKey, Signer
from kscoin.messages import Assurance, PaymentRequest, PurseCertificate, Receipt
from kscoin.policy import start_policy
from kscoin.signed import Signed
from ledger import batches, enrolment, online, purse_desk
from ledger import supply as supplies
from ledger.book import FUND_ID, RESERVE_ID, Account, AccountKind
from ledger.denylist import DenylistDesk, start_denylist
from ledger.errors import SetupError, StoreUnusable
from ledger.issuer import Authorities, Issuer, first_trust_list, trust_of
from ledger.numbers import Numbers
from ledger.office import Clock, Office, policy_in_force
from ledger.reading import Reader
from ledger.settings import Settings
from ledger.store import accounts, published, purses, terminals
from ledger.store.engine import Store, Tx
from ledger.store.migrations import require_current, upgrade
from ledger.store.published import PublishedRow
from ledger.store.purses import DoubleSpendRow, PurseRow
from ledger.store.terminals import MerchantRow, QuarantineRow, TerminalRow
from ledger.supply import Audit, Supply

DEFAULTS: Final = Settings()


@dataclass(frozen=True, slots=True)
class Status:
    """What a ledger says of itself to anyone who asks."""

    network: str
    ledger_time_s: int
    policy_version: int
    denylist_version: int
    trust_version: int


def set_up(store: Store, authorities: Authorities, roots: tuple[Signer, ...], clock: Clock) -> None:
    """Make an empty database a ledger's: schema, trust list, policy, denylist, its own accounts.

    Raises SetupError if it is one already, StoreUnusable.
    """
    upgrade(store)
    store.write(lambda tx: _start(tx, authorities, roots, clock()))


class Ledger:
    """A ledger on a database that has been set up."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._store = office.store
        self._denylist = DenylistDesk(office.store, office.issuer, office.clock)

    @classmethod
    def open(
        cls, store: Store, authorities: Authorities, clock: Clock, settings: Settings = DEFAULTS
    ) -> Self:
        """Return the ledger on `store`.

        Raises StoreUnusable if it was never set up, or its schema is another version's.
        """
        row = require_current(store).read(published.trust_list)
        if row is None:
            raise StoreUnusable("the database has no trust list: run ks-ledger init")
        trust = trust_of(authorities, row.data)
        issuer = Issuer(authorities, trust)
        return cls(Office(store, issuer, Reader(trust), clock, Numbers(clock), settings))

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    # --- terminals ------------------------------------------------------------------------

    def enrol(self, request: bytes) -> bytes:
        """Return the answer to a signed EnrolmentRequest: see `enrolment.enrol`."""
        return enrolment.enrol(self._office, self._denylist, request)

    def settle_batch(self, batch: bytes) -> bytes:
        """Return the signed Acknowledgement of a signed Batch: see `batches.settle_batch`."""
        return batches.settle_batch(self._office, batch)

    def verified_request(self, request: bytes) -> Signed[PaymentRequest]:
        """Return a request that one of our terminals signed; raises NotFound and others."""
        return online.verified_request(self._office, request)[0]

    def receipt_for(self, request: Signed[PaymentRequest]) -> bytes | None:
        """Return the signed Receipt of a request, None while it has not been paid online."""
        return online.receipt_for(self._office, request)

    # --- wallets --------------------------------------------------------------------------

    def pay_online(self, payment: bytes) -> Signed[Receipt]:
        """Return the Receipt for an encoded OnlineOrder: see `online.pay_online`."""
        return online.pay_online(self._office, payment)

    # --- what is published ----------------------------------------------------------------

    def status(self) -> Status:
        """Return what the ledger says of itself."""
        return self._store.read(self._status)

    def policy(self) -> bytes:
        """Return the signed Policy in force."""
        row = self._store.read(published.policy)
        if row is None:
            raise StoreUnusable("the ledger has no policy")
        return row.data

    def trust(self) -> bytes:
        """Return the signed trust list in force."""
        return self._office.issuer.trust.data

    def denylist(self, from_version: int) -> bytes | None:
        """Return the signed step from a version to the newest; None if that is the newest."""
        return self._denylist.update(from_version)

    def supply(self) -> Supply:
        """Return the won issued and in reserve."""
        return supplies.supply(self._store)

    # --- operators ------------------------------------------------------------------------

    def add_merchant(self, name: str) -> MerchantRow:
        """Return a new merchant."""
        return enrolment.add_merchant(self._office, name)

    def merchants(self) -> tuple[MerchantRow, ...]:
        """Return every merchant, by name."""
        return self._store.read(terminals.all_merchants)

    def new_code(
        self, merchant_id: bytes, kinds: int = enrolment.ALL_KINDS, limit_class: int = 0
    ) -> str:
        """Return a new one-time enrolment code for a merchant, as it is typed."""
        return enrolment.new_code(self._office, merchant_id, kinds, limit_class)

    def terminals_of(self, merchant_id: bytes) -> tuple[TerminalRow, ...]:
        """Return a merchant's terminals."""
        return self._store.read(lambda tx: terminals.terminals_of(tx, merchant_id))

    def revoke_terminal(self, terminal_id: bytes) -> None:
        """Stop a terminal from selling; its queue is still accepted."""
        enrolment.revoke_terminal(self._office, terminal_id)

    def quarantined(self) -> tuple[QuarantineRow, ...]:
        """Return the batches that wait for an operator."""
        return self._store.read(terminals.quarantined)

    def open_account(self, public_key: PublicKey | None = None) -> Account:
        """Return a new holder's account; with a key it is a wallet that can pay online."""
        return purse_desk.open_account(self._office, public_key)

    def account(self, account_id: bytes) -> Account:
        """Return an account as it stands; raises NotFound."""
        return self._store.read(lambda tx: purse_desk.known_account(tx, account_id))

    def balance_of(self, merchant_id: bytes) -> int:
        """Return the won that a merchant has taken and not been paid out, over all its tills."""
        return self._store.read(lambda tx: _merchant_won(tx, merchant_id))

    def issue(self, account_id: bytes, amount_won: int) -> int:
        """Issue won to an account (or the guarantee fund, FUND_ID); return the ledger number."""
        return purse_desk.issue(self._office, account_id, amount_won)

    def open_purse(
        self, holder_id: bytes, public_key: PublicKey, assurance: Assurance
    ) -> Signed[PurseCertificate]:
        """Return the first certificate of a new purse, which reserves nothing yet."""
        return purse_desk.open_purse(self._office, holder_id, public_key, assurance)

    def load_purse(self, purse_id: bytes, amount_won: int) -> Signed[PurseCertificate]:
        """Reserve won of the holder's account for a purse; return the new certificate."""
        return purse_desk.load_purse(self._office, purse_id, amount_won)

    def purse(self, purse_id: bytes) -> PurseRow:
        """Return a purse as it stands; raises NotFound."""
        return self._store.read(lambda tx: purse_desk.known_purse(tx, purse_id))

    def double_spends_of(self, purse_id: bytes) -> tuple[DoubleSpendRow, ...]:
        """Return a purse's double spends with their proofs."""
        return self._store.read(lambda tx: purses.double_spends_of(tx, purse_id))

    def audit(self) -> Audit:
        """Go through all of the books: see `supply.audit`."""
        return supplies.audit(self._store)

    def _status(self, tx: Tx) -> Status:
        trust = self._office.issuer.trust
        return Status(
            network=trust.network,
            ledger_time_s=self._office.clock(),
            policy_version=policy_in_force(tx).version,
            denylist_version=published.denylist_version(tx),
            trust_version=trust.listing.version,
        )


def _start(tx: Tx, authorities: Authorities, roots: tuple[Signer, ...], now_s: int) -> None:
    if published.trust_list(tx) is not None:
        raise SetupError("the database holds a ledger already")
    trust = trust_of(authorities, first_trust_list(authorities, roots, now_s))
    policy = Issuer(authorities, trust).policy(start_policy(1, now_s))
    published.add_trust_list(tx, PublishedRow(1, trust.data, now_s))
    published.add_policy(tx, PublishedRow(1, policy.data, now_s))
    start_denylist(tx, now_s)
    accounts.open_account(tx, Account(RESERVE_ID, AccountKind.RESERVE, 0), now_s)
    accounts.open_account(tx, Account(FUND_ID, AccountKind.GUARANTEE_FUND, 0), now_s)


def _merchant_won(tx: Tx, merchant_id: bytes) -> int:
    own = purse_desk.known_account(tx, merchant_id)
    return own.balance_won + sum(t.balance_won for t in accounts.accounts_of(tx, merchant_id))
