"""Limits that stand in different files hold against each other."""

from __future__ import annotations

from kscoin import codec, money, qr
from kscoin.base45 import base45_encode
from kscoin.bundle import Bundle, EnrolmentAnswer
from kscoin.certificates import MAX_TRUST_LIST_BYTES, seal_trust_list
from kscoin.entries import (
    MAX_CLOSE_LINES,
    MAX_ENTRY_BYTES,
    Close,
    CloseLine,
    CloseState,
    EntryKind,
    JournalEntry,
)
from kscoin.messages import (
    MAX_AUTHORITIES,
    MAX_BATCH_ENTRIES,
    MAX_DENIED_EPOCHS,
    MAX_DENYLIST_CHANGES,
    MAX_REQUEST_VALID_S,
    MAX_ROOTS,
    Acknowledgement,
    Assurance,
    Authority,
    DenylistUpdate,
    EntryVerdict,
    Message,
    Purpose,
    PurseCertificate,
    TrustList,
    Verdict,
)
from kscoin.signed import seal
from kscoin.wallets import (
    MAX_STATEMENT_BYTES,
    MAX_STATEMENT_LINES,
    MAX_STATEMENT_PURSES,
    AccountLine,
    AccountPurse,
    AccountStatement,
)
from tests.kscoin.parties import NETWORK, TERMINAL_ID, key, samples

LARGE = 2**63 - 1
KEY = key("root").public_key.compressed


def _sealed_bytes(message: Message) -> int:
    return len(seal(message, key("root"), NETWORK).data)


def test_the_largest_acknowledgement_fits_a_journal_entry() -> None:
    verdict = EntryVerdict(LARGE, Verdict.REFUSED, "r" * 64, LARGE)
    verdicts = (verdict,) * MAX_BATCH_ENTRIES
    largest = Acknowledgement(TERMINAL_ID, LARGE, bytes(32), verdicts, LARGE, LARGE, LARGE, LARGE)
    assert _sealed_bytes(largest) <= MAX_ENTRY_BYTES


def test_the_largest_entry_is_read_and_fits_a_batch() -> None:
    body = bytes(MAX_ENTRY_BYTES)
    largest = JournalEntry(LARGE, bytes(32), EntryKind.NOTE, body, bytes(16), LARGE, LARGE)
    assert JournalEntry.decode(largest.encode()) == largest
    assert len(largest.encode()) == MAX_ENTRY_BYTES + 92 < codec.MAX_BATCH_BYTES


def test_the_largest_step_of_the_denylist_is_taken() -> None:
    ids = (bytes(8),) * MAX_DENYLIST_CHANGES
    ended = (LARGE,) * MAX_DENIED_EPOCHS
    largest = DenylistUpdate(LARGE, LARGE, ids, (), ended, LARGE, bytes(32))
    assert _sealed_bytes(largest) <= codec.MAX_BATCH_BYTES


def test_the_largest_trust_list_is_taken() -> None:
    authorities = (Authority(Purpose.POLICY, KEY, LARGE, LARGE),) * MAX_AUTHORITIES
    listing = TrustList(LARGE, LARGE, authorities, (KEY,) * MAX_ROOTS)
    data = seal_trust_list(listing, [key(str(number)) for number in range(MAX_ROOTS)], NETWORK)
    assert len(data) <= MAX_TRUST_LIST_BYTES
    assert EnrolmentAnswer.MAX_BYTES >= MAX_TRUST_LIST_BYTES + codec.MAX_BATCH_BYTES


def test_the_largest_close_fits_an_entry() -> None:
    line = CloseLine(EntryKind.VOID, CloseState.VOIDED, "s" * 32, LARGE, LARGE)
    lines = (line,) * MAX_CLOSE_LINES
    data = Close(LARGE, LARGE, lines, "s" * 32, LARGE, lines, LARGE).encode()
    assert len(data) <= MAX_ENTRY_BYTES
    assert Close.decode(data).earlier == lines


def test_every_message_but_lists_fits_a_qr_code() -> None:
    assert all(len(each.sealed().data) <= codec.MAX_MESSAGE_BYTES for each in samples())
    assert Bundle.MAX_BYTES >= 3 * (codec.MAX_MESSAGE_BYTES + 3) + 1


def test_the_largest_certificate_fits_the_short_apdus_of_a_card() -> None:
    largest = PurseCertificate(
        purse_id=bytes(8),
        public_key=KEY,
        credit_total_won=LARGE,
        not_after_s=LARGE,
        payment_limit_offline_won=LARGE,
        assurance=Assurance.SOFTWARE,
        epoch=LARGE,
        issued_at_s=LARGE,
    )
    # In GET STATE's answer after flag, sequence, total and hash; in LOAD alone (ISO 7816-4).
    assert 1 + 4 + 8 + 32 + _sealed_bytes(largest) <= 256
    assert _sealed_bytes(largest) == 186


def test_the_longest_text_is_that_of_the_largest_message() -> None:
    assert len(qr.PREFIX + base45_encode(bytes(codec.MAX_MESSAGE_BYTES))) == qr.MAX_TEXT
    # What a QR code of version 40 at level M holds in alphanumeric mode (ISO/IEC 18004).
    assert qr.MAX_TEXT <= 3_391


def test_an_amount_fits_the_debit_and_a_request_is_short_lived() -> None:
    assert money.MAX_AMOUNT_WON == 2**32 - 1
    assert MAX_REQUEST_VALID_S == 180


def test_the_largest_statement_is_read() -> None:
    line = AccountLine(LARGE, 255, LARGE, LARGE, LARGE, bytes(32))
    purse = AccountPurse(bytes(8), LARGE, LARGE)
    lines, purses = (line,) * MAX_STATEMENT_LINES, (purse,) * MAX_STATEMENT_PURSES
    largest = AccountStatement(bytes(8), KEY, LARGE, 1, LARGE, purses, lines)
    assert _sealed_bytes(largest) <= MAX_STATEMENT_BYTES
