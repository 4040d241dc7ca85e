"""The verdicts as pure arithmetic: a table of findings, and their independence of order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.keys import SoftwareSigner
from kscoin.messages import (
    Assurance,
    ClockQuality,
    Debit,
    PaymentKind,
    PaymentRequest,
    PurseCertificate,
    Verdict,
)
from kscoin.policy import start_policy
from kscoin.purse import Interval
from kscoin.signed import Signed, seal
from ledger.settlement import (
    CertifiedDebit,
    Claim,
    Earlier,
    Finding,
    Piece,
    Purse,
    Surroundings,
    breach_of_policy,
    judge,
    judge_witness,
    uncovered,
)

KEY = SoftwareSigner(7)
NETWORK = "seoul-test"
POLICY = start_policy(1, 0)
CREDIT_WON = 1_000
TAKEN_AT_S = 1_000_000
CERTIFICATE = PurseCertificate(
    b"purse-01",
    KEY.public_key.compressed,
    CREDIT_WON,
    TAKEN_AT_S + 100,
    50_000,
    Assurance.CARD_SECURE_ELEMENT,
    1,
    0,
)
PURSE = Purse(b"purse-01", b"holder-1", KEY.public_key.compressed, CREDIT_WON, CREDIT_WON, 0, None)


def request(amount_won: int, nonce: int = 0) -> Signed[PaymentRequest]:
    return seal(
        PaymentRequest(
            b"terminal",
            nonce.to_bytes(16, "big"),
            amount_won,
            PaymentKind.SALE,
            TAKEN_AT_S,
            ClockQuality.SYNCHRONISED,
            180,
            bytes(16),
            1,
        ),
        KEY,
        NETWORK,
    )


def claim(
    start_won: int, end_won: int, nonce: int = 0, certified: PurseCertificate = CERTIFICATE
) -> Claim:
    asked = request(end_won - start_won, nonce)
    debit = seal(
        Debit(b"purse-01", 1, end_won - start_won, end_won, asked.id, bytes(16)), KEY, NETWORK
    )
    certificate = seal(certified, KEY, NETWORK)
    verified = CertifiedDebit.of(
        debit.message, debit.id, debit.data, certificate.data, KEY.public_key.compressed
    )
    return Claim(verified, int(asked.message.kind), TAKEN_AT_S, asked.message.policy_version)


def piece(start_won: int, end_won: int, debit_hash: bytes = b"other") -> Piece:
    return Piece(Interval(start_won, end_won), debit_hash, b"", 1)


def around(
    *pieces: Piece,
    purse: Purse = PURSE,
    earlier: tuple[Earlier, ...] = (),
    breach: str | None = None,
    fund_won: int = 0,
) -> Surroundings:
    return Surroundings(purse, pieces, earlier, breach, fund_won)


PAID = Earlier(b"another means", Verdict.SETTLED, None, 5)
MINE = claim(100, 300)


@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        (around(), Finding(Verdict.SETTLED, stretches=(Interval(100, 300),))),
        (
            around(piece(0, 100), piece(300, 400)),
            Finding(Verdict.SETTLED, stretches=(Interval(100, 300),)),
        ),
        (
            around(earlier=(Earlier(MINE.debit.id, Verdict.SETTLED, None, 9),)),
            Finding(Verdict.DUPLICATE, number=9),
        ),
        (
            around(earlier=(Earlier(MINE.debit.id, Verdict.GUARANTEED, "double_spend", 9),)),
            Finding(Verdict.DUPLICATE, "double_spend", 9),
        ),
        (
            around(earlier=(Earlier(MINE.debit.id, Verdict.REFUSED, "double_spend", None),)),
            Finding(Verdict.REFUSED, "double_spend"),
        ),
        (
            around(earlier=(PAID,)),
            Finding(Verdict.RETURNED, "already_paid", stretches=(Interval(100, 300),)),
        ),
        (
            around(piece(100, 300, MINE.debit.id)),
            Finding(Verdict.REFUSED, "returned_to_payer"),
        ),
        (
            around(purse=PURSE._replace(credit_total_won=299)),
            Finding(Verdict.REFUSED, "exceeds_credit", denies_purse=True),
        ),
        (
            around(purse=PURSE._replace(balance_won=199)),
            Finding(Verdict.REFUSED, "reserve_released"),
        ),
        (
            around(piece(50, 150), breach="over_payment_limit", fund_won=1_000),
            Finding(Verdict.REFUSED, "double_spend", clash=piece(50, 150), denies_purse=True),
        ),
        (
            around(piece(50, 150), earlier=(PAID,), fund_won=1_000),
            Finding(Verdict.REFUSED, "double_spend", clash=piece(50, 150), denies_purse=True),
        ),
        (
            around(piece(50, 150), fund_won=50),
            Finding(
                Verdict.GUARANTEED,
                "double_spend",
                stretches=(Interval(150, 300),),
                fund_won=50,
                clash=piece(50, 150),
                denies_purse=True,
            ),
        ),
        (
            around(piece(0, 1_000), fund_won=200),
            Finding(
                Verdict.GUARANTEED,
                "double_spend",
                fund_won=200,
                clash=piece(0, 1_000),
                denies_purse=True,
            ),
        ),
        (
            around(piece(50, 150), fund_won=49),
            Finding(
                Verdict.REFUSED, "guarantee_exhausted", clash=piece(50, 150), denies_purse=True
            ),
        ),
        (
            around(piece(50, 150), purse=PURSE._replace(balance_won=149), fund_won=1_000),
            Finding(Verdict.REFUSED, "double_spend", clash=piece(50, 150), denies_purse=True),
        ),
    ],
    ids=[
        "alone",
        "between neighbours that touch",
        "seen, settled",
        "seen, guaranteed",
        "seen, refused",
        "request paid another way",
        "returned to the payer before",
        "above the credit",
        "reserve released",
        "double spend, policy broken",
        "double spend of a request that is paid",
        "double spend in part, guaranteed",
        "double spend in full, guaranteed",
        "double spend, fund one won short",
        "double spend, reserve one won short",
    ],
)
def test_the_finding(surroundings: Surroundings, expected: Finding) -> None:
    assert judge(MINE, surroundings) == expected


@pytest.mark.parametrize(
    ("surroundings", "is_torn", "expected"),
    [
        (around(), True, Finding(Verdict.RETURNED, stretches=(Interval(100, 300),))),
        (around(), False, Finding(Verdict.RECORDED)),
        (around(piece(100, 300, MINE.debit.id)), True, Finding(Verdict.RECORDED)),
        (
            around(purse=PURSE._replace(credit_total_won=299)),
            True,
            Finding(Verdict.RECORDED, "exceeds_credit", denies_purse=True),
        ),
        (
            around(piece(0, 101)),
            False,
            Finding(Verdict.RECORDED, "double_spend", clash=piece(0, 101), denies_purse=True),
        ),
        (
            around(purse=PURSE._replace(balance_won=199)),
            True,
            Finding(Verdict.RECORDED, "reserve_released"),
        ),
    ],
    ids=["torn", "not torn", "settled after all", "above the credit", "double spend", "released"],
)
def test_the_finding_on_a_witness(
    surroundings: Surroundings, is_torn: bool, expected: Finding
) -> None:
    assert judge_witness(MINE.debit, surroundings, is_torn=is_torn) == expected


@pytest.mark.parametrize(
    ("certificate", "denied_at_s", "revoked_at_s", "expected"),
    [
        (CERTIFICATE, None, None, None),
        (replace(CERTIFICATE, credit_total_won=299), None, None, "exceeds_credit"),
        (replace(CERTIFICATE, not_after_s=TAKEN_AT_S - 1), None, None, "certificate_expired"),
        (replace(CERTIFICATE, payment_limit_offline_won=199), None, None, "over_payment_limit"),
        (CERTIFICATE, TAKEN_AT_S - POLICY.denylist_stops_after_s, None, "purse_denied"),
        (CERTIFICATE, TAKEN_AT_S - POLICY.denylist_stops_after_s + 1, None, None),
        (CERTIFICATE, None, TAKEN_AT_S, "terminal_revoked"),
        (CERTIFICATE, None, TAKEN_AT_S + 1, None),
    ],
)
def test_how_a_terminal_breaks_policy(
    certificate: PurseCertificate,
    denied_at_s: int | None,
    revoked_at_s: int | None,
    expected: str | None,
) -> None:
    shown = claim(100, 300, certified=certificate)
    assert breach_of_policy(shown, POLICY, denied_at_s, revoked_at_s) == expected


def test_a_software_purse_has_the_lower_limit() -> None:
    certificate = replace(CERTIFICATE, assurance=Assurance.SOFTWARE, credit_total_won=20_000)
    shown = claim(0, 10_001, certified=certificate)
    assert breach_of_policy(shown, POLICY, None, None) == "over_payment_limit"


intervals = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(
    lambda at: Interval(at[0], at[0] + at[1])
)


@given(intervals, st.lists(intervals, max_size=6))
def test_what_is_uncovered_and_what_covers_it_make_the_whole(
    interval: Interval, others: list[Interval]
) -> None:
    covered = {won for other in others for won in range(other.start_won, other.end_won)}
    pieces = [piece(won, won + 1) for won in sorted(covered)]
    left = [won for part in uncovered(interval, pieces) for won in range(*_edges(part))]
    assert left == [won for won in range(*_edges(interval)) if won not in covered]


@dataclass(frozen=True)
class Sums:
    """What a purse's debits have moved in the end."""

    reserve_won: int
    fund_won: int
    paid: frozenset[tuple[int, int, int]]


def settle_all(spends: list[tuple[int, Interval]]) -> Sums:
    """Judge debits one after another, as a ledger with a full fund and honest terminals does."""
    pieces: list[Piece] = []
    reserve_won = fund_won = 0
    paid = set()
    for nonce, interval in spends:
        made = claim(*_edges(interval), nonce)
        purse = PURSE._replace(balance_won=CREDIT_WON - reserve_won)
        in_order = sorted(pieces, key=lambda each: each.interval)
        finding = judge(made, around(*in_order, purse=purse, fund_won=10**9))
        pieces += [Piece(part, made.debit.id, b"", 1) for part in finding.stretches]
        reserve_won += finding.reserve_won
        fund_won += finding.fund_won
        if finding.verdict in (Verdict.SETTLED, Verdict.GUARANTEED):
            paid.add((nonce, *_edges(interval)))
    return Sums(reserve_won, fund_won, frozenset(paid))


@given(st.lists(intervals, max_size=5), st.randoms(use_true_random=False))
def test_overlapping_debits_move_the_same_won_in_any_order(
    spent: list[Interval], random: Random
) -> None:
    spends = list(enumerate(spent))
    shuffled = list(spends)
    random.shuffle(shuffled)
    sums = settle_all(spends)
    assert settle_all(shuffled) == sums
    covered = {won for interval in spent for won in range(*_edges(interval))}
    assert sums.reserve_won == len(covered)
    assert sums.reserve_won + sums.fund_won == sum(each.amount_won for each in spent)


def _edges(interval: Interval) -> tuple[int, int]:
    return interval.start_won, interval.end_won
