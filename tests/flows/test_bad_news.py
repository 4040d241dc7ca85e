"""The ways in which a sale does not go as hoped: each tells the truth about the money."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kscoin.codes import short_code
from pos_app.till.display_views import DisplayIdle
from pos_app.till.effects import (
    Accept,
    AdmitPurse,
    CloseRequest,
    ConfirmCard,
    Effect,
    ReadLastDebit,
    RecordTorn,
    ReleaseCard,
    Restart,
    StopListening,
    WakeSync,
)
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    CardRefused,
    CardUnusable,
    EvidenceRefused,
    JournalFailed,
    PaymentStored,
    Pressed,
    PurseAdmitted,
    PurseDeclined,
    ReceiptArrived,
    RequestOpened,
    RequestRefused,
    SaleInterrupted,
    ScanBroken,
    Scanned,
    StartFailed,
    TapTorn,
    Ticked,
    WorkerDied,
)
from pos_app.till.presses import Press
from pos_app.till.show import Face, show
from pos_app.till.show_customer import show_customer
from pos_app.till.sounds import heard
from pos_app.till.states import (
    HOLD_AGAIN_MS,
    OFFER_MS,
    READER_PATIENCE_MS,
    RESULT_MS,
    Admitting,
    Approved,
    Browsing,
    Card,
    Debiting,
    Fault,
    HoldingAgain,
    Keeping,
    Line,
    NotKept,
    Opening,
    Part,
    Paying,
    Phase,
    Problem,
    Refused,
    Selling,
    Stored,
    Till,
    Witnessing,
)
from pos_app.till.status import Connection
from pos_app.till.views import RefusedView, ResultView
from pos_app.till.words import Language, Moved
from tests.flows.parts import (
    CARD,
    NOW_MS,
    OTHER_CARD,
    OTHER_REQUEST,
    READY,
    REQUEST,
    STARTED,
    WALL_S,
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

CODE = short_code(REQUEST.hash)
TORN = HoldingAgain(REQUEST, CARD, NOW_MS + HOLD_AGAIN_MS)
TORN_RECORD = RecordTorn(REQUEST.hash, CARD.purse_id, CARD.sequence)
PAYING = in_phase(Paying(REQUEST))


def paying(code: str, moved: Moved | None = Moved.NO) -> Paying:
    return Paying(REQUEST, Problem(code, moved))


def refused(code: str, moved: Moved | None = Moved.PERHAPS) -> Refused:
    return Refused(REQUEST.amount_won, Problem(code, moved), REQUEST.hash, CODE)


def late(code: str, moved: Moved) -> Refused:
    return replace(refused(code, moved), can_pay_again=False, is_late=True)


def test_a_purse_that_is_declined_is_let_go_and_the_request_stays_open() -> None:
    walk(
        in_phase(Admitting(REQUEST, CARD)),
        [(PurseDeclined(CARD, "purse_denied"), paying("purse_denied"), (ReleaseCard(CARD),))],
    )


def test_a_card_that_refuses_has_moved_nothing() -> None:
    walk(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        [
            (
                CardRefused(CARD, "card_credit_exceeded"),
                paying("card_credit_exceeded"),
                (ReleaseCard(CARD),),
            )
        ],
    )


def test_a_foreign_card_is_told_where_it_was_shown() -> None:
    walk(PAYING, [(CardUnusable("foreign_card"), paying("foreign_card"), ())])
    walk(
        in_phase(TORN),
        [
            (
                CardUnusable("foreign_card"),
                replace(TORN, problem=Problem("foreign_card", Moved.NO)),
                (),
            )
        ],
    )


def test_another_card_is_refused_after_a_torn_tap() -> None:
    walk(
        in_phase(TORN),
        [
            (
                CardPresented(OTHER_CARD),
                replace(TORN, problem=Problem("another_card", Moved.NO)),
                (ReleaseCard(OTHER_CARD),),
            )
        ],
    )


def test_a_card_that_paid_elsewhere_since_is_not_debited_again() -> None:
    moved_on = again(CARD, sequence=CARD.sequence + 2, last_request_hash=OTHER_REQUEST.hash)
    till, effects = run(in_phase(TORN), CardPresented(moved_on))
    assert till.phase == replace(TORN, problem=Problem("card_paid_elsewhere", Moved.PERHAPS))
    assert effects == (ReleaseCard(moved_on),)


def test_a_torn_tap_without_its_card_ends_on_record_and_without_goods() -> None:
    walk(
        in_phase(TORN),
        [
            (Ticked(TORN.deadline_ms - 1, WALL_S), TORN, ()),
            (
                Ticked(TORN.deadline_ms, WALL_S),
                refused("debit_torn"),
                (TORN_RECORD, StopListening(), WakeSync()),
            ),
        ],
    )


def test_hold_again_never_outlives_the_request() -> None:
    late = replace(READY, phase=Debiting(REQUEST, CARD, 0), now_ms=REQUEST.valid_until_ms - 5_000)
    till, _ = run(late, TapTorn(CARD, REQUEST.hash))
    assert till.phase == HoldingAgain(REQUEST, CARD, REQUEST.valid_until_ms)


def test_a_second_tear_asks_for_the_same_card_again() -> None:
    held = again(CARD)
    till, effects = run(
        in_phase(TORN),
        CardPresented(held),
        Ticked(NOW_MS + 3_000, WALL_S),
        TapTorn(held, REQUEST.hash),
    )
    assert till.phase == HoldingAgain(REQUEST, held, NOW_MS + 3_000 + HOLD_AGAIN_MS)
    assert TORN_RECORD not in effects


@pytest.mark.parametrize("held", [again(CARD), after_debit(CARD)], ids=["unpaid", "paid"])
def test_a_torn_card_that_leaves_again_is_still_waited_for(held: Card) -> None:
    till, _ = run(in_phase(TORN), CardPresented(held), CardLost(held, "card_removed"))
    assert till.phase == replace(TORN, problem=Problem("card_removed"))


def test_a_refusal_of_the_second_debit_means_that_the_first_moved_nothing() -> None:
    held = again(CARD)
    till, _ = run(in_phase(TORN), CardPresented(held), CardRefused(held, "card_refused"))
    assert till.phase == paying("card_refused")


def test_an_answer_that_is_no_debit_is_as_good_as_torn() -> None:
    walk(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        [(CardDebited(CARD, b"\x00" * 73, b"\x01" * 64), TORN, (ReleaseCard(CARD),))],
    )


def test_a_witness_that_is_no_debit_sends_the_card_away() -> None:
    card = after_debit(CARD, OTHER_REQUEST)
    walk(
        in_phase(Witnessing(REQUEST, card, NOW_MS)),
        [(CardDebited(card, b"", b""), paying("malformed"), (ReleaseCard(card),))],
    )


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Debiting(REQUEST, CARD, NOW_MS), HoldingAgain(REQUEST, CARD, NOW_MS + 55_000)),
        (Witnessing(REQUEST, CARD, NOW_MS), paying("reader_silent")),
    ],
)
def test_a_reader_that_hangs_does_not_hold_the_sale(phase: Phase, expected: Phase) -> None:
    walk(
        in_phase(phase),
        [
            (Ticked(NOW_MS + READER_PATIENCE_MS - 1, WALL_S), phase, ()),
            (Ticked(NOW_MS + READER_PATIENCE_MS, WALL_S), expected, ()),
        ],
    )


@pytest.mark.parametrize(
    ("connection", "code", "moved"),
    [
        (Connection.ONLINE, "request_timed_out", Moved.NO),
        (Connection.OFFLINE, "timed_out_offline", Moved.PERHAPS),
    ],
)
def test_a_request_that_nobody_paid_is_closed(
    connection: Connection, code: str, moved: Moved
) -> None:
    walk(
        replace(PAYING, line=Line(connection)),
        [
            (Ticked(NOW_MS + OFFER_MS - 1, WALL_S), Paying(REQUEST), ()),
            (
                Ticked(NOW_MS + OFFER_MS, WALL_S),
                Refused(REQUEST.amount_won, Problem(code, moved), REQUEST.hash),
                (CloseRequest(REQUEST.hash, "timed_out"), StopListening()),
            ),
        ],
    )


def test_a_receipt_shown_after_the_time_was_up_is_still_taken() -> None:
    evidence = receipt_evidence()
    till, effects = run(PAYING, Ticked(NOW_MS + OFFER_MS, WALL_S), Scanned(receipt_text()))
    assert effects[-1] == Accept(REQUEST.hash, evidence)
    till, _ = run(till, kept(evidence))
    assert till.phase == Approved(stored(is_settled=True), evidence, None)


@pytest.mark.parametrize("code", ["disk_full", "kind_not_allowed", "journal_locked"])
def test_a_request_that_cannot_be_journalled_is_not_shown(code: str) -> None:
    walk(
        in_phase(Opening(500)),
        [(RequestRefused(code), Refused(500, Problem(code, Moved.NO)), ())],
    )


def test_a_debit_that_cannot_be_written_is_held_until_it_can() -> None:
    evidence = debit_evidence(CARD)
    held = NotKept(REQUEST, evidence, Paying(REQUEST), Problem("disk_full", Moved.PERHAPS))
    walk(
        in_phase(Keeping(REQUEST, evidence, Paying(REQUEST))),
        [
            (
                EvidenceRefused(REQUEST.hash, evidence, "disk_full", is_retryable=True),
                held,
                (),
            ),
            (
                Ticked(NOW_MS + OFFER_MS, WALL_S),
                held,
                (),
            ),
            (
                Pressed(Press.RETRY),
                Keeping(REQUEST, evidence, Paying(REQUEST)),
                (Accept(REQUEST.hash, evidence),),
            ),
        ],
    )


def test_a_card_debit_that_is_refused_is_recorded_as_torn() -> None:
    evidence = debit_evidence(CARD)
    walk(
        in_phase(Keeping(REQUEST, evidence, Paying(REQUEST))),
        [
            (
                EvidenceRefused(REQUEST.hash, evidence, "bad_signature", is_retryable=False),
                refused("bad_signature"),
                (TORN_RECORD, StopListening(), WakeSync()),
            )
        ],
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Paying(REQUEST), paying("wrong_request", Moved.PERHAPS)),
        (TORN, replace(TORN, problem=Problem("wrong_request", Moved.PERHAPS))),
    ],
)
def test_a_phone_debit_that_is_refused_leads_back(
    before: Paying | HoldingAgain, after: Phase
) -> None:
    evidence = phone_evidence()
    walk(
        in_phase(Keeping(REQUEST, evidence, before)),
        [(EvidenceRefused(REQUEST.hash, evidence, "wrong_request", False), after, ())],
    )


def test_a_receipt_that_is_refused_leads_back() -> None:
    evidence = receipt_evidence()
    walk(
        in_phase(Keeping(REQUEST, evidence, Paying(REQUEST))),
        [
            (
                EvidenceRefused(REQUEST.hash, evidence, "bad_signature", False),
                paying("bad_signature", None),
                (),
            )
        ],
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8801234567893", "goods_barcode"),
        ("8801234567890", "goods_misread"),
        ("https://pay.example/1", "web_link"),
        ("281006027875779978448005", "other_wallet_code"),
        ("a member's card", "not_kscoin"),
        ("KS1:", "malformed"),
        ("KS1:%%%", "malformed"),
        ("KS1:" + "A" * 5_000, "too_large"),
    ],
)
def test_a_text_that_is_no_payment_leaves_the_request_open(text: str, code: str) -> None:
    walk(PAYING, [(Scanned(text), paying(code, None), ())])


def test_a_scan_that_arrived_broken_is_told() -> None:
    walk(PAYING, [(ScanBroken(), paying("scan_broken"), ())])


def test_the_same_code_read_twice_is_offered_once() -> None:
    _, effects = run(PAYING, Scanned(phone_text()), Scanned(phone_text()))
    assert effects == (Accept(REQUEST.hash, phone_evidence()),)


def test_a_code_still_before_the_scanner_after_the_sale_says_nothing() -> None:
    till, _ = run(PAYING, Scanned(phone_text()), kept(phone_evidence()), Pressed(Press.NEW_SALE))
    walk(till, [(Scanned(phone_text()), Selling(), ())])


def test_a_debit_for_another_request_is_refused_by_name_as_an_answer_to_this_one() -> None:
    _, effects = run(PAYING, Scanned(phone_text(OTHER_REQUEST)))
    assert effects == (Accept(REQUEST.hash, phone_evidence(OTHER_REQUEST)),)


def test_a_receipt_for_an_earlier_request_is_offered_for_that_one() -> None:
    till, effects = run(PAYING, Scanned(receipt_text(OTHER_REQUEST)))
    assert till.phase == Paying(REQUEST)
    assert effects == (Accept(OTHER_REQUEST.hash, receipt_evidence(OTHER_REQUEST)),)


def test_news_of_another_payment_waits_for_the_end_of_this_sale() -> None:
    evidence = receipt_evidence(OTHER_REQUEST)
    till, _ = run(PAYING, kept(evidence, OTHER_REQUEST))
    assert till.phase == Paying(REQUEST)
    till, _ = run(till, Pressed(Press.CANCEL))
    assert till.phase == Approved(stored(OTHER_REQUEST, True), evidence, None, is_earlier=True)


REPEAT = PaymentStored(replace(stored(), is_repeat=True), phone_evidence())


@pytest.mark.parametrize(
    "now", [Selling(5), Paying(OTHER_REQUEST), HoldingAgain(OTHER_REQUEST, CARD, NOW_MS + 9)]
)
def test_a_payment_that_is_shown_again_is_told_to_be_none(
    now: Selling | Paying | HoldingAgain,
) -> None:
    """Two sales and more ago: the till does not remember that it has shown it."""
    problem = Problem("paid_before", Moved.NO)
    till, effects = run(in_phase(now), REPEAT)
    assert till.phase == replace(now, problem=problem)
    assert (till.late, effects) == ((), ())


@pytest.mark.parametrize(
    "now",
    [
        Approved(stored(OTHER_REQUEST), None, NOW_MS + 9),
        Refused(5, Problem("debit_torn")),
        Browsing(Selling()),
        Keeping(OTHER_REQUEST, phone_evidence(OTHER_REQUEST), Paying(OTHER_REQUEST)),
        Opening(5),
    ],
)
def test_a_payment_that_is_shown_again_changes_no_other_screen(now: Phase) -> None:
    till, effects = run(in_phase(now), REPEAT)
    assert (till.phase, till.late, effects) == (now, (), ())


def test_a_card_whose_payment_is_told_again_is_confirmed_and_nobody_hears_of_it() -> None:
    """A reader that hung tells of its debit when the card has paid at the other one."""
    again_told = PaymentStored(replace(stored(), is_repeat=True), debit_evidence(CARD))
    till, effects = run(in_phase(Paying(OTHER_REQUEST)), again_told)
    assert (till.phase, till.late) == (Paying(OTHER_REQUEST), ())
    assert effects == (ConfirmCard(CARD, REQUEST.hash),)


@pytest.mark.parametrize("now", [refused("disk_failed"), Browsing(refused("disk_failed"))])
def test_a_payment_whose_first_answer_was_lost_is_paid_when_it_is_told_again(now: Phase) -> None:
    till, _ = run(in_phase(now), REPEAT)
    assert till.phase == Approved(stored_again(), phone_evidence(), None)


def test_a_payment_of_a_sale_that_came_late_before_is_an_earlier_ones() -> None:
    """The late news stands there, two sales later: its receipt is not the last sale's."""
    evidence = receipt_evidence()
    till, _ = run(in_phase(late("disk_full", Moved.PERHAPS)), kept(evidence))
    assert till.phase == Approved(stored(is_settled=True), evidence, None, is_earlier=True)


def test_a_retry_after_a_doubtful_commit_is_the_payment_of_its_sale() -> None:
    keeping = Keeping(REQUEST, phone_evidence(), Paying(REQUEST))
    till, _ = run(in_phase(keeping), REPEAT)
    assert till.phase == Approved(stored_again(), phone_evidence(), NOW_MS + RESULT_MS)


def stored_again() -> Stored:
    return replace(stored(), is_repeat=True)


def test_a_payment_of_an_earlier_sale_looks_and_sounds_like_no_other() -> None:
    till, _ = run(READY, kept(receipt_evidence()))
    assert till.phase == Approved(stored(is_settled=True), receipt_evidence(), None, True)
    view = show(till, Face("shop", 0))
    assert isinstance(view, ResultView)
    assert view.is_earlier
    assert isinstance(show_customer(till, Face("shop", 0)), DisplayIdle)
    assert heard(READY, till) is None


def test_paying_twice_is_told_and_stays_until_it_is_dismissed() -> None:
    twice = Refused(
        REQUEST.amount_won,
        Problem("paid_twice", Moved.YES),
        REQUEST.hash,
        CODE,
        can_pay_again=False,
    )
    second = PaymentStored(stored(is_second=True), receipt_evidence())
    till, _ = run(PAYING, Scanned(phone_text()), kept(phone_evidence()), second)
    assert till.phase == twice
    walk(
        till,
        [
            (Ticked(NOW_MS + 3_600_000, WALL_S), twice, ()),
            (Pressed(Press.PAY_AGAIN), twice, ()),
            (Pressed(Press.DISMISS), Selling(), ()),
        ],
    )


def test_paying_twice_is_told_after_the_sale_that_it_came_in() -> None:
    till, _ = run(
        PAYING,
        Scanned(phone_text()),
        kept(phone_evidence()),
        Pressed(Press.NEW_SALE),
        Pressed(Press.DIGIT_5),
        Pressed(Press.PAY),
        RequestOpened(OTHER_REQUEST),
        PaymentStored(stored(is_second=True), receipt_evidence()),
    )
    assert till.phase == Paying(OTHER_REQUEST)
    till, _ = run(till, Pressed(Press.CANCEL))
    assert isinstance(till.phase, Refused)
    assert till.phase.problem == Problem("paid_twice", Moved.YES)


def test_a_payment_stored_before_a_restart_is_shown_at_the_next_start() -> None:
    till, _ = run(Till(), kept(None), STARTED)
    assert till.phase == Approved(stored(), None, None, is_earlier=True)


def test_a_sale_that_a_power_cut_interrupted_is_told_at_the_next_start() -> None:
    till, _ = run(Till(), SaleInterrupted(REQUEST.hash, CODE, REQUEST.amount_won), STARTED)
    assert till.phase == refused("sale_interrupted")


def test_bad_news_offers_the_same_amount_again() -> None:
    till, effects = run(in_phase(refused("debit_torn")), Pressed(Press.PAY_AGAIN))
    assert till.phase == Opening(REQUEST.amount_won)
    assert len(effects) == 1


def test_the_queue_screen_leads_back_to_the_news_that_it_covered() -> None:
    news = refused("debit_torn")
    till, _ = run(in_phase(news), Pressed(Press.QUEUE))
    assert till.phase == Browsing(news)
    till, _ = run(till, Pressed(Press.BACK))
    assert till.phase == news


def test_a_payment_stored_while_the_queue_is_looked_at_is_shown_at_once() -> None:
    till, _ = run(in_phase(Browsing(Selling())), kept(receipt_evidence()))
    assert isinstance(till.phase, Approved)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (WorkerDied(Part.QUEUE), Fault(Part.QUEUE, "worker_died")),
        (
            StartFailed(Part.QUEUE, "journal_damaged", False),
            Fault(Part.QUEUE, "journal_damaged", False),
        ),
        (JournalFailed("disk_failed"), Fault(Part.QUEUE, "disk_failed")),
    ],
)
def test_a_part_that_sales_need_covers_all_but_a_result(
    event: WorkerDied | StartFailed | JournalFailed, fault: Fault
) -> None:
    till, _ = run(PAYING, event)
    assert till.fault_in_sight == fault
    shown, _ = run(till, kept(receipt_evidence()))
    assert isinstance(shown.phase, Approved)
    assert shown.fault_in_sight is None


def test_a_part_that_a_sale_can_do_without_is_told_after_it() -> None:
    till, _ = run(PAYING, WorkerDied(Part.SYNC))
    assert till.fault_in_sight is None
    till, _ = run(till, Pressed(Press.CANCEL))
    assert till.fault_in_sight == Fault(Part.SYNC, "worker_died")


def test_a_fault_offers_a_new_start_if_that_may_help() -> None:
    till, _ = run(READY, WorkerDied(Part.QUEUE))
    walk(
        till, [(Pressed(Press.PAY), Selling(), ()), (Pressed(Press.RETRY), Selling(), (Restart(),))]
    )
    hopeless, _ = run(READY, StartFailed(Part.QUEUE, "journal_damaged", False))
    walk(hopeless, [(Pressed(Press.RETRY), Selling(), ())])


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Debiting(REQUEST, CARD, NOW_MS), TORN),
        (Admitting(REQUEST, CARD), paying("reader_silent")),
        (Selling(), Selling()),
    ],
)
def test_a_dead_card_reader_leaves_no_debit_unaccounted_for(phase: Phase, expected: Phase) -> None:
    walk(in_phase(phase), [(WorkerDied(Part.CARD_READER), expected, ())])


@pytest.mark.parametrize(
    "phase",
    [Selling(), Opening(5), Paying(REQUEST), refused("debit_torn"), Browsing(Selling())],
)
def test_a_debit_that_nobody_waits_for_goes_to_the_queue_all_the_same(phase: Phase) -> None:
    _, effects = run(in_phase(phase), CardDebited(CARD, *signed_by(CARD)))
    assert effects == (Accept(REQUEST.hash, debit_evidence(CARD)),)


def test_a_late_debit_that_cannot_be_written_is_recorded_and_told() -> None:
    evidence = debit_evidence(CARD)
    till, effects = run(READY, EvidenceRefused(REQUEST.hash, evidence, "disk_full", True))
    assert effects == (TORN_RECORD, WakeSync())
    assert till.phase == late("disk_full", Moved.PERHAPS)
    assert till.fault == Fault(Part.DISK, "disk_full")


def test_a_card_that_paid_what_was_paid_online_is_recorded_and_told() -> None:
    receipt = receipt_evidence()
    till, effects = run(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        ReceiptArrived(REQUEST.hash, receipt.receipt),
        kept(receipt),
        CardDebited(CARD, *signed_by(CARD)),
        EvidenceRefused(REQUEST.hash, debit_evidence(CARD), "already_paid", False),
    )
    assert till.phase == late("already_paid", Moved.YES)
    assert effects[-2:] == (TORN_RECORD, WakeSync())


@pytest.mark.parametrize(
    "debiting",
    [
        Debiting(REQUEST, CARD, NOW_MS),
        Debiting(REQUEST, after_debit(CARD), NOW_MS, is_reading_last=True),
    ],
)
def test_a_card_that_is_asked_while_another_way_pays_is_on_record_at_once(
    debiting: Debiting,
) -> None:
    """Its answer may never come; who else meets the debit on it cannot say that it was not paid."""
    till, effects = run(in_phase(debiting), kept(receipt_evidence()))
    assert isinstance(till.phase, Approved)
    assert effects.index(TORN_RECORD) < effects.index(WakeSync())


def test_an_answer_of_a_reader_that_hung_is_told_as_what_is_over_and_goes_back() -> None:
    evidence = debit_evidence(CARD)
    till, _ = run(
        in_phase(Debiting(REQUEST, CARD, NOW_MS)),
        Ticked(NOW_MS + READER_PATIENCE_MS, WALL_S),
        Ticked(NOW_MS + READER_PATIENCE_MS + HOLD_AGAIN_MS, WALL_S),
    )
    assert till.phase == refused("debit_torn")
    till, effects = run(
        till,
        CardDebited(CARD, *signed_by(CARD)),
        EvidenceRefused(REQUEST.hash, evidence, "request_closed", False),
    )
    assert effects == (Accept(REQUEST.hash, evidence), TORN_RECORD, WakeSync())
    assert till.phase == late("request_closed", Moved.YES)
    for language, headline in (
        (Language.KOREAN, "늦은 결제입니다: 판매가 끝났습니다"),
        (Language.ENGLISH, "Too late: that sale is over"),
    ):
        view = show(replace(till, language=language), Face("shop", 0))
        assert isinstance(view, RefusedView)
        assert (view.headline, view.news.moved) == (headline, Moved.YES)


def test_a_late_answer_waits_until_the_sale_at_hand_is_over() -> None:
    evidence = debit_evidence(CARD)
    paying = in_phase(Paying(OTHER_REQUEST))
    till, _ = run(paying, EvidenceRefused(REQUEST.hash, evidence, "request_closed", False))
    assert till.phase == Paying(OTHER_REQUEST)
    till, _ = run(till, kept(receipt_evidence(OTHER_REQUEST), OTHER_REQUEST))
    assert isinstance(till.phase, Approved)
    till, _ = run(till, Pressed(Press.NEW_SALE))
    assert till.phase == late("request_closed", Moved.YES)


def test_a_phone_that_comes_late_is_told_on_the_keypad_and_sent() -> None:
    refusal = EvidenceRefused(REQUEST.hash, phone_evidence(), "request_closed", False)
    till, effects = run(READY, refusal)
    assert till.phase == Selling(problem=Problem("request_closed"))
    assert effects == (WakeSync(),)


@pytest.mark.parametrize(
    ("phase", "effects"),
    [
        (Selling(), (ReleaseCard(CARD),)),
        (Keeping(REQUEST, receipt_evidence(), Paying(REQUEST)), (ReleaseCard(CARD),)),
        (Paying(REQUEST), (AdmitPurse(REQUEST, CARD),)),
    ],
)
def test_a_card_is_only_asked_for_money_while_a_request_is_open(
    phase: Phase, effects: tuple[Effect, ...]
) -> None:
    assert run(in_phase(phase), CardPresented(CARD))[1] == effects


def test_an_admission_of_an_earlier_meeting_debits_nobody() -> None:
    till, effects = run(in_phase(Admitting(REQUEST, again(CARD))), PurseAdmitted(CARD))
    assert till.phase == Admitting(REQUEST, again(CARD))
    assert effects == ()


def test_reading_last_that_the_card_refuses_leaves_the_torn_tap_unclear() -> None:
    held = after_debit(CARD)
    till, effects = run(in_phase(TORN), CardPresented(held), CardRefused(held, "card_no_debit_yet"))
    assert till.phase == replace(TORN, problem=Problem("card_no_debit_yet"))
    assert effects == (ReadLastDebit(held), ReleaseCard(held))
