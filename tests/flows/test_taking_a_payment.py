"""The ways in which a sale ends well, step by step."""

from __future__ import annotations

import pytest

from pos_app.till.effects import (
    Accept,
    AdmitPurse,
    CloseRequest,
    ConfirmCard,
    DebitCard,
    Effect,
    OpenRequest,
    ReadLastDebit,
    ReadRisk,
    RecordTorn,
    RecordWitness,
    ReleaseCard,
    StartListening,
    StopListening,
    WakeSync,
)
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    PaymentsSettled,
    Pressed,
    PurseAdmitted,
    ReceiptArrived,
    RequestOpened,
    Scanned,
    TapTorn,
    Ticked,
)
from pos_app.till.presses import Press
from pos_app.till.states import (
    HOLD_AGAIN_MS,
    RESULT_MS,
    Admitting,
    Approved,
    Debiting,
    Evidence,
    HoldingAgain,
    Keeping,
    Opening,
    Paying,
    Phase,
    Problem,
    Selling,
    Till,
    Witnessing,
)
from pos_app.till.words import Moved
from tests.flows.parts import (
    CARD,
    NOW_MS,
    OTHER_CARD,
    OTHER_REQUEST,
    READY,
    REQUEST,
    STARTED,
    WALL_S,
    Row,
    after_debit,
    again,
    debit_evidence,
    in_phase,
    kept,
    phone_evidence,
    phone_text,
    receipt_evidence,
    receipt_text,
    run,
    signed_by,
    stored,
    walk,
)

UNTIL_MS = NOW_MS + RESULT_MS
AFTER_STORING: tuple[Effect, ...] = (ReadRisk(), WakeSync())


def approved(evidence: Evidence, is_settled: bool = False) -> Approved:
    return Approved(stored(is_settled=is_settled), evidence, UNTIL_MS)


def test_from_the_keypad_to_an_open_request() -> None:
    walk(
        Till(now_ms=NOW_MS, wall_s=WALL_S),
        [
            (STARTED, Selling(), (ReadRisk(),)),
            (Pressed(Press.DIGIT_1), Selling(1), ()),
            (Pressed(Press.DIGIT_2), Selling(12), ()),
            (Pressed(Press.DIGIT_3), Selling(123), ()),
            (Pressed(Press.DIGITS_00), Selling(12_300), ()),
            (Pressed(Press.PAY), Opening(12_300), (OpenRequest(12_300),)),
            (RequestOpened(REQUEST), Paying(REQUEST), (StartListening(REQUEST),)),
        ],
    )


CARD_PAYS: list[Row] = [
    (CardPresented(CARD), Admitting(REQUEST, CARD), (AdmitPurse(REQUEST, CARD),)),
    (PurseAdmitted(CARD), Debiting(REQUEST, CARD, NOW_MS), (DebitCard(CARD, REQUEST),)),
    (
        CardDebited(CARD, *signed_by(CARD)),
        Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST)),
        (Accept(REQUEST.hash, debit_evidence(CARD)),),
    ),
    (
        kept(debit_evidence(CARD)),
        approved(debit_evidence(CARD)),
        (ConfirmCard(CARD, REQUEST.hash), StopListening(), *AFTER_STORING),
    ),
]


def test_a_card_pays_offline() -> None:
    walk(in_phase(Paying(REQUEST)), CARD_PAYS)


def test_a_phone_pays_offline_by_its_code() -> None:
    evidence = phone_evidence()
    walk(
        in_phase(Paying(REQUEST)),
        [
            (
                Scanned(phone_text()),
                Keeping(REQUEST, evidence, Paying(REQUEST)),
                (Accept(REQUEST.hash, evidence),),
            ),
            (kept(evidence), approved(evidence), (StopListening(), *AFTER_STORING)),
        ],
    )


@pytest.mark.parametrize(
    "how",
    [ReceiptArrived(REQUEST.hash, receipt_evidence().receipt), Scanned(receipt_text())],
    ids=["by the line", "by the phone's screen"],
)
def test_a_wallet_pays_online_and_the_receipt_comes(how: ReceiptArrived | Scanned) -> None:
    evidence = receipt_evidence()
    walk(
        in_phase(Paying(REQUEST)),
        [
            (
                how,
                Keeping(REQUEST, evidence, Paying(REQUEST)),
                (Accept(REQUEST.hash, evidence),),
            ),
            (kept(evidence), approved(evidence, True), (StopListening(), *AFTER_STORING)),
        ],
    )


TORN = HoldingAgain(REQUEST, CARD, NOW_MS + HOLD_AGAIN_MS)


def test_a_torn_tap_that_had_paid_is_read_from_the_same_card() -> None:
    held = after_debit(CARD)
    walk(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        [
            (TapTorn(CARD, REQUEST.hash), TORN, ()),
            (
                CardPresented(held),
                Debiting(REQUEST, held, NOW_MS, is_reading_last=True, torn=TORN),
                (ReadLastDebit(held),),
            ),
            (
                CardDebited(held, *signed_by(CARD)),
                Keeping(REQUEST, evidence := held_evidence(), Paying(REQUEST)),
                (Accept(REQUEST.hash, evidence),),
            ),
            (
                kept(evidence),
                approved(evidence),
                (ConfirmCard(held, REQUEST.hash), StopListening(), *AFTER_STORING),
            ),
        ],
    )


def held_evidence() -> Evidence:
    """The debit that the card made at the first tap, read at the second."""
    first = debit_evidence(CARD)
    return type(first)(first.debit, first.certificate, after_debit(CARD))


def test_a_torn_tap_that_had_not_paid_is_debited_again() -> None:
    held = again(CARD)
    walk(
        in_phase(TORN),
        [
            (
                CardPresented(held),
                Debiting(REQUEST, held, NOW_MS, torn=TORN),
                (DebitCard(held, REQUEST),),
            ),
            (
                CardDebited(held, *signed_by(held)),
                Keeping(REQUEST, debit_evidence(held), Paying(REQUEST)),
                (Accept(REQUEST.hash, debit_evidence(held)),),
            ),
        ],
    )


def test_a_card_that_has_paid_this_request_is_only_read() -> None:
    held = after_debit(CARD)
    walk(
        in_phase(Paying(REQUEST)),
        [
            (
                CardPresented(held),
                Debiting(REQUEST, held, NOW_MS, is_reading_last=True),
                (ReadLastDebit(held),),
            )
        ],
    )


def test_another_terminals_unratified_debit_is_witnessed_before_it_is_replaced() -> None:
    card = after_debit(CARD, OTHER_REQUEST)
    witness = type(debit_evidence(CARD))(
        debit_evidence(CARD, OTHER_REQUEST).debit, CARD.certificate, card
    )
    walk(
        in_phase(Paying(REQUEST)),
        [
            (CardPresented(card), Witnessing(REQUEST, card, NOW_MS), (ReadLastDebit(card),)),
            (
                CardDebited(card, *signed_by(CARD, OTHER_REQUEST)),
                Admitting(REQUEST, card),
                (RecordWitness(witness), AdmitPurse(REQUEST, card)),
            ),
            (PurseAdmitted(card), Debiting(REQUEST, card, NOW_MS), (DebitCard(card, REQUEST),)),
        ],
    )


def test_a_ratified_last_debit_needs_no_witness() -> None:
    card = again(CARD, last_request_hash=OTHER_REQUEST.hash, is_ratified=True)
    _, effects = run(in_phase(Paying(REQUEST)), CardPresented(card))
    assert effects == (AdmitPurse(REQUEST, card),)


@pytest.mark.parametrize(
    ("phase", "effects"),
    [
        (Admitting(REQUEST, CARD), (ReleaseCard(CARD),)),
        (Witnessing(REQUEST, CARD, NOW_MS), (ReleaseCard(CARD),)),
    ],
)
def test_an_online_payment_lets_a_card_go_that_was_not_asked_yet(
    phase: Phase, effects: tuple[Effect, ...]
) -> None:
    evidence = receipt_evidence()
    walk(
        in_phase(phase),
        [
            (
                ReceiptArrived(REQUEST.hash, evidence.receipt),
                Keeping(REQUEST, evidence, Paying(REQUEST)),
                (*effects, Accept(REQUEST.hash, evidence)),
            )
        ],
    )


def test_an_online_payment_after_a_torn_tap_leaves_the_torn_tap_on_record() -> None:
    evidence = receipt_evidence()
    till, effects = run(
        in_phase(TORN), ReceiptArrived(REQUEST.hash, evidence.receipt), kept(evidence)
    )
    assert isinstance(till.phase, Approved)
    assert RecordTorn(REQUEST.hash, CARD.purse_id, CARD.sequence) in effects


def test_a_receipt_during_the_debit_approves_and_a_torn_answer_is_recorded() -> None:
    evidence = receipt_evidence()
    till, _ = run(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        ReceiptArrived(REQUEST.hash, evidence.receipt),
        kept(evidence),
    )
    assert till.phase == approved(evidence, True)

    walk(
        till,
        [
            (
                TapTorn(CARD, REQUEST.hash),
                till.phase,
                (RecordTorn(REQUEST.hash, CARD.purse_id, CARD.sequence),),
            )
        ],
    )


def test_a_result_goes_on_by_itself_and_by_a_touch() -> None:
    shown = in_phase(approved(phone_evidence()))
    walk(shown, [(Pressed(Press.NEW_SALE), Selling(), ())])
    walk(
        shown,
        [
            (Ticked(UNTIL_MS - 1, WALL_S), shown.phase, ()),
            (Ticked(UNTIL_MS, WALL_S), Selling(), ()),
        ],
    )


def test_a_result_says_settled_as_soon_as_the_ledger_does() -> None:
    till, _ = run(
        in_phase(approved(phone_evidence())),
        PaymentsSettled(frozenset({OTHER_REQUEST.hash})),
    )
    assert till.phase == approved(phone_evidence())
    till, _ = run(till, PaymentsSettled(frozenset({REQUEST.hash})))
    assert till.phase == approved(phone_evidence(), is_settled=True)


def test_a_cancel_closes_the_request_and_keeps_the_amount() -> None:
    walk(
        in_phase(Paying(REQUEST)),
        [
            (
                Pressed(Press.CANCEL),
                Selling(REQUEST.amount_won),
                (CloseRequest(REQUEST.hash, "cancelled"), StopListening()),
            )
        ],
    )


def test_a_cancel_before_the_request_is_open_is_remembered() -> None:
    walk(
        in_phase(Opening(12_300)),
        [
            (Pressed(Press.CANCEL), Opening(12_300, is_cancelled=True), ()),
            (RequestOpened(REQUEST), Selling(12_300), (CloseRequest(REQUEST.hash, "cancelled"),)),
        ],
    )


def test_a_card_that_leaves_before_it_is_asked_may_come_back() -> None:
    walk(
        in_phase(Admitting(REQUEST, CARD)),
        [
            (
                CardLost(CARD, "card_removed"),
                Paying(REQUEST, Problem("card_removed", Moved.NO)),
                (),
            ),
            (PurseAdmitted(CARD), Paying(REQUEST, Problem("card_removed", Moved.NO)), ()),
            (
                CardPresented(OTHER_CARD),
                Admitting(REQUEST, OTHER_CARD),
                (AdmitPurse(REQUEST, OTHER_CARD),),
            ),
        ],
    )


def test_two_requests_are_never_open_at_once() -> None:
    close = CloseRequest(OTHER_REQUEST.hash, "cancelled")
    walk(READY, [(RequestOpened(OTHER_REQUEST), Selling(), (close,))])
