"""Who appears in the tests of the coin's language: keys, the trust list, one of every message.

All of it is the same on every run and every machine: keys come from their names, signatures are
deterministic (RFC 6979), and time stands still.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from kscoin.certificates import Trust, pin_trust, seal_trust_list
from kscoin.courier import Parcel
from kscoin.keys import P256_ORDER, SoftwareSigner
from kscoin.messages import (
    Acknowledgement,
    Assurance,
    Authority,
    Batch,
    ClockQuality,
    Debit,
    DenylistUpdate,
    EnrolmentRequest,
    EntryVerdict,
    Message,
    OnlinePayment,
    PaymentKind,
    PaymentRequest,
    Purpose,
    PurseCertificate,
    Receipt,
    Refund,
    RenewalQuery,
    TaxBill,
    TerminalCertificate,
    TrustList,
    Verdict,
    Void,
    debit_link,
)
from kscoin.networks import TEST
from kscoin.policy import list_hash, start_policy
from kscoin.signed import Signed, seal
from kscoin.wallets import (
    AccountLine,
    AccountOpening,
    AccountPurse,
    AccountStatement,
    PurseOrder,
    PurseOrderKind,
    StatementQuery,
    SupplyStatement,
)

NETWORK: Final = TEST
# 2026-03-02 09:00:00 in Seoul.
NOW_S: Final = 1_772_409_600
DAY_S: Final = 86_400
PURSE_ID: Final = b"purse-01"
TERMINAL_ID: Final = b"term-001"
MERCHANT_ID: Final = b"shop-001"


@cache
def key(name: str) -> SoftwareSigner:
    """Return the key of that name; its scalar is a hash of the name."""
    digest = hashlib.sha256(b"KSP/1 test key: " + name.encode()).digest()
    return SoftwareSigner(1 + int.from_bytes(digest, "big") % (P256_ORDER - 1))


def octets(name: str, length: int) -> bytes:
    """Return bytes that look random and are always the same."""
    return hashlib.sha256(name.encode()).digest()[:length]


def authority(purpose: Purpose, ends_s: int = NOW_S + 400 * DAY_S) -> Authority:
    """Return the listing of the purpose's authority."""
    compressed = key(f"{purpose.name.lower()} authority").public_key.compressed
    return Authority(purpose, compressed, NOW_S - DAY_S, ends_s)


def trust_list(version: int = 1, roots: tuple[str, ...] = ("root", "second root")) -> TrustList:
    """Return a list of all authorities with the named roots."""
    return TrustList(
        version=version,
        issued_at_s=NOW_S,
        authorities=tuple(authority(purpose) for purpose in Purpose),
        roots=tuple(key(root).public_key.compressed for root in roots),
    )


@cache
def trust() -> Trust:
    """Return the trust list in force, pinned by the root."""
    data = seal_trust_list(trust_list(), [key("root"), key("second root")], NETWORK)
    return pin_trust(data, key("root").public_key, NETWORK)


def purse_certificate(
    holder: str = "card", credit_total_won: int = 100_000, epoch: int = 1
) -> PurseCertificate:
    """Return a card's certificate, issued yesterday, good for a year."""
    return PurseCertificate(
        purse_id=PURSE_ID,
        public_key=key(holder).public_key.compressed,
        credit_total_won=credit_total_won,
        not_after_s=NOW_S + 365 * DAY_S,
        payment_limit_offline_won=50_000,
        assurance=Assurance.CARD_SECURE_ELEMENT,
        epoch=epoch,
        issued_at_s=NOW_S - DAY_S + 60,
    )


def terminal_certificate(kinds: int = 1) -> TerminalCertificate:
    """Return the certificate of a shop's terminal."""
    return TerminalCertificate(
        terminal_id=TERMINAL_ID,
        public_key=key("terminal").public_key.compressed,
        merchant_id=MERCHANT_ID,
        merchant_name="한강 커피 Hangang Coffee",
        kinds=kinds,
        not_before_s=NOW_S - DAY_S,
        not_after_s=NOW_S + 365 * DAY_S,
        limit_class=1,
    )


def payment_request(name: str = "request", amount_won: int = 12_300) -> PaymentRequest:
    """Return a request of the terminal; another name makes another nonce."""
    return PaymentRequest(
        terminal_id=TERMINAL_ID,
        nonce=octets(name, 16),
        amount_won=amount_won,
        kind=PaymentKind.SALE,
        created_at_s=NOW_S,
        clock_quality=ClockQuality.SYNCHRONISED,
        valid_s=180,
        journal_head=octets("journal head", 16),
        policy_version=1,
    )


def debit(
    amount_won: int = 12_300,
    spent_total_won: int = 12_300,
    sequence: int = 1,
    request: str = "request",
    previous: bytes | None = None,
) -> Debit:
    """Return a debit of the card for the request of that name."""
    return Debit(
        purse_id=PURSE_ID,
        sequence=sequence,
        amount_won=amount_won,
        spent_total_won=spent_total_won,
        request_hash=hashlib.sha256(payment_request(request, amount_won).to_payload()).digest(),
        previous_hash=debit_link(previous),
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of the samples, and who signs it."""

    name: str
    signer: str
    message: Message

    def sealed(self) -> Signed[Message]:
        return seal(self.message, key(self.signer), NETWORK)


@cache
def samples() -> tuple[Sample, ...]:
    """Return at least one message of every type of KSP/1 section 4."""
    return (
        *_certificates(),
        *_payments(),
        *_corrections(),
        *_sync(),
        *_ledger(),
        *_wallets(),
        *_carried(),
    )


def sample(name: str) -> Sample:
    """Return the sample of that name."""
    return next(each for each in samples() if each.name == name)


def _certificates() -> tuple[Sample, ...]:
    return (
        Sample("purse certificate", "purse authority", purse_certificate()),
        Sample("terminal certificate", "terminal authority", terminal_certificate()),
    )


def _payments() -> tuple[Sample, ...]:
    request = payment_request()
    request_hash = hashlib.sha256(request.to_payload()).digest()
    tax = PaymentRequest(
        terminal_id=TERMINAL_ID,
        nonce=octets("tax request", 16),
        amount_won=2**32 - 1,
        kind=PaymentKind.LOCAL_TAX,
        created_at_s=NOW_S,
        clock_quality=ClockQuality.SUSPECT,
        valid_s=1,
        journal_head=bytes(16),
        policy_version=0,
        reference_hash=octets("tax bill", 32),
    )
    first = debit()
    second = debit(sequence=2, amount_won=700, spent_total_won=13_000, previous=first.to_payload())
    return (
        Sample("payment request", "terminal", request),
        Sample("payment request with a reference", "terminal", tax),
        Sample("debit, the first of its purse", "card", first),
        Sample("debit, the second of its purse", "card", second),
        Sample(
            "receipt",
            "receipt authority",
            Receipt(request_hash, 12_300, TERMINAL_ID, 1_001, NOW_S + 3),
        ),
        Sample(
            "online payment",
            "wallet",
            OnlinePayment(b"acct-001", request_hash, 12_300, octets("online nonce", 16)),
        ),
    )


def _corrections() -> tuple[Sample, ...]:
    paid = debit().request_hash
    return (
        Sample(
            "refund",
            "terminal",
            Refund(
                TERMINAL_ID, octets("refund", 16), paid, 2_300, "goods returned", NOW_S, "staff-1"
            ),
        ),
        Sample(
            "void",
            "terminal",
            Void(TERMINAL_ID, octets("void", 16), paid, "typed wrong", NOW_S, "staff-1"),
        ),
    )


def _sync() -> tuple[Sample, ...]:
    old_head, new_head = octets("old head", 32), octets("new head", 32)
    verdicts = tuple(
        EntryVerdict(
            sequence=40 + verdict,
            verdict=verdict,
            reason="overlap" if verdict is Verdict.REFUSED else None,
            ledger_number=2_000 + verdict if verdict <= Verdict.GUARANTEED else None,
        )
        for verdict in Verdict
    )
    return (
        Sample(
            "batch",
            "terminal",
            Batch(TERMINAL_ID, 7, old_head, new_head, (b"first entry", b"second entry")),
        ),
        Sample("batch of nothing", "terminal", Batch(TERMINAL_ID, 8, new_head, new_head, ())),
        Sample(
            "acknowledgement",
            "receipt authority",
            Acknowledgement(TERMINAL_ID, 7, new_head, verdicts, NOW_S + 9, 1, 3),
        ),
        Sample(
            "acknowledgement to a revoked terminal",
            "receipt authority",
            Acknowledgement(TERMINAL_ID, 8, new_head, (), NOW_S + 9, 1, 3, NOW_S + 5),
        ),
    )


def _carried() -> tuple[Sample, ...]:
    # Sealing is different every time; what is sealed is no matter of this vector.
    sealed = octets("enc", 32) + octets("ct", 32) + octets("tag", 16)
    return (
        Sample("parcel", "terminal", Parcel(TERMINAL_ID, 7, 1, 3, sealed)),
        Sample(
            "renewal query",
            "terminal",
            RenewalQuery(TERMINAL_ID, PURSE_ID, 100_000, NOW_S + DAY_S, NOW_S),
        ),
    )


def _ledger() -> tuple[Sample, ...]:
    denied = (b"purse-07", b"purse-09")
    return (
        Sample(
            "denylist, the whole",
            "policy authority",
            DenylistUpdate(0, 3, denied, (), (4,), NOW_S, list_hash(b"".join(denied), (4,))),
        ),
        Sample("policy", "policy authority", start_policy(1, NOW_S)),
        Sample(
            "enrolment request",
            "terminal",
            EnrolmentRequest(
                "7Q2F9KXM",
                key("terminal").public_key.compressed,
                "Raspberry Pi 5, ACR1252U",
                octets("enrolment", 16),
            ),
        ),
        Sample("trust list", "root", trust_list()),
        Sample(
            "tax bill",
            "policy authority",
            TaxBill(
                "1234567890123456789", "서울특별시", "재산세", 61_000, 62_830, NOW_S, NOW_S + DAY_S
            ),
        ),
    )


def _wallets() -> tuple[Sample, ...]:
    account_id, own = b"acct-001", key("wallet").public_key.compressed
    lines = (
        AccountLine(1_001, 7, 0, 12_300, NOW_S + 3, debit().request_hash),
        AccountLine(1_000, 1, 50_000, 0, NOW_S - 60),
    )
    purses = (AccountPurse(PURSE_ID, 87_700), AccountPurse(b"purse-02", 0, NOW_S - 9))
    nonce = octets("purse order", 16)
    return (
        Sample("supply", "receipt authority", SupplyStatement(1_050_000, 1_050_000, NOW_S)),
        Sample("account opening", "wallet", AccountOpening(own)),
        Sample(
            "purse order, to load",
            "wallet",
            PurseOrder(account_id, PURSE_ID, PurseOrderKind.LOAD, 30_000, nonce, NOW_S),
        ),
        Sample(
            "purse order, to defund",
            "wallet",
            PurseOrder(account_id, PURSE_ID, PurseOrderKind.DEFUND, 0, nonce, NOW_S),
        ),
        Sample("statement query", "wallet", StatementQuery(account_id, NOW_S, 2)),
        Sample("statement query, further back", "wallet", StatementQuery(account_id, NOW_S, 2, 9)),
        Sample(
            "account statement",
            "receipt authority",
            AccountStatement(account_id, own, 37_700, 0, NOW_S, purses, lines),
        ),
    )
