"""Honest and dishonest people around a ledger: shops that journal, purses that sign.

They speak KSP/1 through kscoin only, so they prove nothing about the till's own code, and the
ledger is tested against the protocol rather than against another room.
"""

from __future__ import annotations

import itertools
import sqlite3
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from kscoin import codec
from kscoin.bundle import EnrolmentAnswer, OnlineOrder
from kscoin.certificates import Trust, open_terminal_certificate, pin_trust
from kscoin.entries import (
    EntryKind,
    JournalEntry,
    Payment,
    Torn,
    Witness,
    entry_hash,
    genesis_hash,
)
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import (
    Acknowledgement,
    Assurance,
    Batch,
    ClockQuality,
    Debit,
    EnrolmentRequest,
    EntryVerdict,
    OnlinePayment,
    PaymentKind,
    PaymentRequest,
    PurseCertificate,
    Refund,
    TerminalCertificate,
    Verdict,
    Void,
    debit_link,
)
from kscoin.signed import Signed, claim, seal
from ledger.book import FUND_ID
from ledger.embedded import IN_MEMORY
from ledger.issuer import Authorities
from ledger.key_files import new_authorities
from ledger.merchants import ALL_KINDS
from ledger.service import Ledger, set_up
from ledger.store.engine import Store, open_store

NETWORK = "seoul-test"
START_S = 1_800_000_000
_scalars = itertools.count(1_000)


def new_key() -> SoftwareSigner:
    """Return a key that no other test has; cheap, because it is not secret."""
    return SoftwareSigner(next(_scalars))


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    now_s: int = START_S

    def __call__(self) -> int:
        return self.now_s


@dataclass
class Card:
    """A purse that signs what it is asked, as a card does; `clone` makes a dishonest copy."""

    key: SoftwareSigner
    certificate: Signed[PurseCertificate]
    holder_id: bytes
    sequence: int = 0
    spent_won: int = 0
    last: bytes | None = None

    @property
    def purse_id(self) -> bytes:
        return self.certificate.message.purse_id

    def debit(
        self, request: Signed[PaymentRequest], amount_won: int | None = None
    ) -> Signed[Debit]:
        amount_won = request.message.amount_won if amount_won is None else amount_won
        self.sequence += 1
        self.spent_won += amount_won
        debit = Debit(
            self.purse_id,
            self.sequence,
            amount_won,
            self.spent_won,
            request.id,
            debit_link(self.last),
        )
        self.last = debit.to_payload()
        return seal(debit, self.key, NETWORK)

    def clone(self) -> Card:
        return replace(self)


@dataclass
class Shop:
    """A terminal with its journal, enrolled."""

    key: SoftwareSigner
    certificate: Signed[TerminalCertificate]
    trust: Trust
    clock: HandClock
    journal: list[bytes] = field(default_factory=list)
    acknowledged: int = 0
    batch_number: int = 0
    _nonces: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def terminal_id(self) -> bytes:
        return self.certificate.message.terminal_id

    def head(self, length: int | None = None) -> bytes:
        entries = self.journal[:length]
        return entry_hash(entries[-1]) if entries else genesis_hash(self.terminal_id)

    def request(
        self,
        amount_won: int,
        kind: PaymentKind = PaymentKind.SALE,
        *,
        is_clock_exact: bool = True,
    ) -> Signed[PaymentRequest]:
        request = PaymentRequest(
            terminal_id=self.terminal_id,
            nonce=self._nonce(),
            amount_won=amount_won,
            kind=kind,
            created_at_s=self.clock(),
            clock_quality=(ClockQuality.SYNCHRONISED if is_clock_exact else ClockQuality.SUSPECT),
            valid_s=180,
            journal_head=self.head()[:16],
            policy_version=1,
        )
        return seal(request, self.key, NETWORK)

    def _nonce(self) -> bytes:
        return next(self._nonces).to_bytes(16, "big")

    def signed_as(self, request: PaymentRequest) -> bytes:
        """Sign what another terminal has asked."""
        return seal(request, self.key, NETWORK).data

    def write(self, kind: EntryKind, body: bytes) -> bytes:
        """Put an entry at the end of the journal; return it."""
        entry = JournalEntry(
            len(self.journal) + 1, self.head(), kind, body, bytes(16), 0, self.clock()
        )
        self.journal.append(entry.encode())
        return self.journal[-1]

    def take(self, card: Card, amount_won: int) -> Payment:
        """Sell offline: the attempt and the payment go into the journal."""
        request = self.request(amount_won)
        self.write(EntryKind.ATTEMPT, request.data)
        return self.take_debit(request, card.debit(request), card.certificate)

    def take_debit(
        self,
        request: Signed[PaymentRequest],
        debit: Signed[Debit],
        certificate: Signed[PurseCertificate],
    ) -> Payment:
        payment = Payment(request.data, debit.data, certificate.data)
        self.write(EntryKind.PAYMENT, payment.encode())
        return payment

    def last_payment(self) -> Payment:
        """Return the payment that stands last in the journal."""
        return Payment.decode(JournalEntry.decode(self.journal[-1]).body)

    def tear(self, request: Signed[PaymentRequest], card: Card | None = None) -> None:
        """Lose the answer to a DEBIT."""
        purse_id = None if card is None else card.purse_id
        self.write(EntryKind.ATTEMPT, request.data)
        self.write(EntryKind.TORN, Torn(request.id, purse_id).encode())

    def meet(self, debit: Signed[Debit], card: Card) -> None:
        """Find another terminal's debit on a card."""
        self.write(EntryKind.WITNESS, Witness(debit.data, card.certificate.data).encode())

    def refund(self, request_hash: bytes, amount_won: int) -> Signed[Refund]:
        """Give back part or all of a payment."""
        refund = Refund(
            self.terminal_id, self._nonce(), request_hash, amount_won, "", self.clock(), "kim"
        )
        signed = seal(refund, self.key, NETWORK)
        self.write(EntryKind.REFUND, signed.data)
        return signed

    def void(self, request_hash: bytes) -> Signed[Void]:
        """Take a payment back as if it had never been."""
        void = Void(self.terminal_id, self._nonce(), request_hash, "", self.clock(), "kim")
        signed = seal(void, self.key, NETWORK)
        self.write(EntryKind.VOID, signed.data)
        return signed

    def batch(self, length: int | None = None) -> bytes:
        """Return the next batch, signed: all of the journal that has not been acknowledged."""
        end = len(self.journal) if length is None else self.acknowledged + length
        batch = Batch(
            self.terminal_id,
            self.batch_number + 1,
            self.head(self.acknowledged),
            self.head(end),
            tuple(self.journal[self.acknowledged : end]),
        )
        return seal(batch, self.key, NETWORK).data

    def acknowledge(self, answer: bytes) -> tuple[EntryVerdict, ...]:
        acknowledgement = claim(Acknowledgement, answer, codec.MAX_BATCH_BYTES)
        self.batch_number = acknowledgement.batch_number
        # It may judge entries of earlier batches too, which had been quarantined.
        judged = (each.sequence for each in acknowledgement.verdicts)
        self.acknowledged = max(judged, default=self.acknowledged)
        return acknowledgement.verdicts

    def sync(self, ledger: Ledger) -> tuple[EntryVerdict, ...]:
        """Upload what is new and take the answer; return the verdicts."""
        return self.acknowledge(ledger.batches.settle(self.batch()))


@dataclass
class Wallet:
    """An account with a key that pays through the ledger."""

    key: SoftwareSigner
    account_id: bytes
    _nonces: itertools.count[int] = field(default_factory=itertools.count)

    def pays(self, request: Signed[PaymentRequest], amount_won: int | None = None) -> bytes:
        """Return the body of an online payment."""
        payment = OnlinePayment(
            self.account_id,
            request.id,
            request.message.amount_won if amount_won is None else amount_won,
            next(self._nonces).to_bytes(16, "big"),
        )
        return OnlineOrder(request.data, seal(payment, self.key, NETWORK).data).encode()


@dataclass
class World:
    """A ledger and the people around it."""

    ledger: Ledger
    clock: HandClock
    authorities: Authorities

    @property
    def root(self) -> PublicKey:
        return self.authorities.roots[0]

    def merchant(self, name: str = "Mapo Noodles") -> bytes:
        return self.ledger.merchants.add(name).merchant_id

    def enrolment(self, code: str, key: SoftwareSigner) -> bytes:
        request = EnrolmentRequest(code, key.public_key.compressed, "test", bytes(16))
        return seal(request, key, NETWORK).data

    def shop(self, merchant_id: bytes | None = None, kinds: int = ALL_KINDS) -> Shop:
        key = new_key()
        code = self.ledger.merchants.new_code(merchant_id or self.merchant(), kinds)
        answer = EnrolmentAnswer.decode(self.ledger.terminals.enrol(self.enrolment(code, key)))
        trust = pin_trust(answer.trust, self.root, NETWORK)
        certificate = open_terminal_certificate(answer.certificate, trust, self.clock())
        return Shop(key, certificate, trust, self.clock)

    def card(self, load_won: int, assurance: Assurance = Assurance.CARD_SECURE_ELEMENT) -> Card:
        return self.card_of(self.ledger.accounts.open().account_id, load_won, assurance)

    def card_of(
        self,
        holder_id: bytes,
        load_won: int,
        assurance: Assurance = Assurance.CARD_SECURE_ELEMENT,
    ) -> Card:
        key = new_key()
        certificate = self.ledger.purses.open(holder_id, key.public_key, assurance)
        card = Card(key, certificate, holder_id)
        if load_won:
            self.load(card, load_won)
        return card

    def load(self, card: Card, amount_won: int) -> None:
        self.ledger.treasury.issue(card.holder_id, amount_won)
        card.certificate = self.ledger.purses.load(card.purse_id, amount_won)

    def wallet(self, balance_won: int) -> Wallet:
        key = new_key()
        account_id = self.ledger.accounts.open(key.public_key).account_id
        if balance_won:
            self.ledger.treasury.issue(account_id, balance_won)
        return Wallet(key, account_id)

    def fund(self, amount_won: int) -> None:
        self.ledger.treasury.issue(FUND_ID, amount_won)

    def balance(self, account_id: bytes) -> int:
        return self.ledger.accounts.get(account_id).balance_won

    def fund_won(self) -> int:
        return self.balance(FUND_ID)


def new_world(url: str) -> World:
    """Return a new ledger on an empty database."""
    clock = HandClock()
    authorities, roots = new_authorities(NETWORK)
    store = open_store(url)
    set_up(store, authorities, roots, clock)
    return World(Ledger.open(store, authorities, clock), clock, authorities)


@dataclass(frozen=True)
class Mould:
    """A SQLite ledger that has just been set up, to be cast again and again: that is quicker."""

    authorities: Authorities
    image: bytes

    def cast(self) -> World:
        """Return a new ledger in memory."""
        store, clock = open_store(IN_MEMORY), HandClock()
        with store.engine.connect() as connection:
            _sqlite_of(connection).deserialize(self.image)
        return World(Ledger.open(store, self.authorities, clock), clock, self.authorities)


def new_mould() -> Mould:
    """Set up a ledger in memory and keep its image."""
    authorities, roots = new_authorities(NETWORK)
    store = open_store(IN_MEMORY)
    set_up(store, authorities, roots, HandClock())
    image = image_of(store)
    store.close()
    return Mould(authorities, image)


def image_of(store: Store) -> bytes:
    """Return a SQLite database in memory as bytes."""
    with store.engine.connect() as connection:
        return _sqlite_of(connection).serialize()


def _sqlite_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def kinds(verdicts: tuple[EntryVerdict, ...]) -> list[Verdict]:
    """Return the bare verdicts."""
    return [each.verdict for each in verdicts]


def reasons(verdicts: tuple[EntryVerdict, ...]) -> list[str | None]:
    """Return why."""
    return [each.reason for each in verdicts]


def assert_books_right(world: World) -> None:
    """Check all of the books, as an operator's audit does."""
    assert world.ledger.books.audit().findings == ()
