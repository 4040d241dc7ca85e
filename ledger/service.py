"""The ledger's face: a desk for each thing that terminals, wallets, operators and the demo ask.

Calls block while the database works; the API makes them off its event loop. Safe to use from many
threads. What a desk does is written in its own module.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Self

from kscoin.keys import Signer
from kscoin.policy import start_policy
from ledger.actor import Actor
from ledger.batches import BatchDesk
from ledger.book import FUND_ID, RESERVE_ID, Account, AccountKind
from ledger.courier import CourierDesk
from ledger.denylist import DenylistDesk, start_denylist
from ledger.enrolment import TerminalDesk
from ledger.errors import SetupError, StoreUnusable
from ledger.holders import AccountDesk
from ledger.issuer import Authorities, Issuer, first_trust_list, trust_of
from ledger.merchants import MerchantDesk
from ledger.meter import Meter
from ledger.numbers import Numbers
from ledger.office import Clock, Office
from ledger.online import OnlineDesk
from ledger.payouts import PayoutDesk
from ledger.published import PublicDesk
from ledger.purse_desk import PurseDesk
from ledger.quarantine import QuarantineDesk
from ledger.readers import ReadsBatches
from ledger.reading import Reader
from ledger.release import ReserveDesk
from ledger.renewals import RenewalDesk
from ledger.settings import Settings
from ledger.statements import StatementDesk
from ledger.store import accounts, published
from ledger.store.engine import Store, Tx
from ledger.store.migrations import require_current, upgrade
from ledger.store.published import PublishedRow
from ledger.supply import BooksDesk
from ledger.tokens import TokenDesk
from ledger.trail import TrailDesk
from ledger.treasury import Treasury
from ledger.wallets import WalletDesk

DEFAULTS: Final = Settings()


def set_up(store: Store, authorities: Authorities, roots: tuple[Signer, ...], clock: Clock) -> None:
    """Make an empty database a ledger's: schema, trust list, policy, denylist, its own accounts.

    Raises SetupError if it is one already, StoreUnusable.
    """
    upgrade(store)
    store.write(lambda tx: _start(tx, authorities, roots, clock()))


def require_empty(store: Store) -> None:
    """Return if a ledger can be set up in a database, and give it its tables.

    Raises SetupError if it holds a ledger already, StoreUnusable.
    """
    upgrade(store)
    if store.read(published.trust_list) is not None:
        raise SetupError("the database holds a ledger already")


class Ledger:
    """A ledger on a database that has been set up."""

    def __init__(self, office: Office) -> None:
        self.office = office
        denylist = DenylistDesk(office.store, office.issuer, office.clock)
        # For anyone: status, policy, trust list, denylist.
        self.published = PublicDesk(office, denylist)
        # For terminals: enrolment, batches; for wallets and those who wait for them: payments.
        self.terminals = TerminalDesk(office, denylist)
        self.batches = BatchDesk(office)
        self.courier = CourierDesk(office, self.batches, self.published)
        self.quarantine = QuarantineDesk(office)
        self.renewals = RenewalDesk(office)
        self.online = OnlineDesk(office)
        self.wallets = WalletDesk(office)
        # For operators: who there is, the won that come in and go out, and the books.
        self.merchants = MerchantDesk(office)
        self.accounts = AccountDesk(office)
        self.purses = PurseDesk(office)
        self.reserves = ReserveDesk(office)
        self.treasury = Treasury(office)
        self.payouts = PayoutDesk(office)
        self.statements = StatementDesk(office)
        self.books = BooksDesk(office)
        # For those who watch over the operators: who may do what, and who has.
        self.tokens = TokenDesk(office)
        self.trail = TrailDesk(office)

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
        reader = Reader(trust)
        return cls(Office(store, issuer, reader, reader, clock, Numbers(clock), settings))

    def acting_as(self, actor: Actor) -> Ledger:
        """Return the same ledger, where what is ordered is written down in this actor's name."""
        return Ledger(replace(self.office, actor=actor))

    def metered(self, meter: Meter) -> Ledger:
        """Return the same ledger, where what it does is counted."""
        self.office.store.tell_of_retries(meter.retry)
        return Ledger(replace(self.office, meter=meter))

    def read_by(self, batch_reader: ReadsBatches) -> Ledger:
        """Return the same ledger, where batches are read by somebody else."""
        return Ledger(replace(self.office, batch_reader=batch_reader))

    def close(self) -> None:
        """Close the database."""
        self.office.store.close()


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
