"""What becomes of a request: paid, paid twice, torn, closed, forgotten; and after a restart."""

import hashlib
from dataclasses import replace

import pytest

from kscoin import cose
from kscoin.entries import EntryKind, Note, NoteKind, Payment, SettledOnline, Start, Torn, Witness
from kscoin.errors import BadSignature, ExceedsCredit, InvalidAmount, UntrustedKey
from kscoin.messages import PaymentKind, PaymentRequest
from kscoin.qr import RequestShown, from_text
from kscoin.signed import open_signed
from offline_queue.errors import (
    AlreadyPaid,
    AlreadyTaken,
    DiskFull,
    KindNotAllowed,
    NoSuchRequest,
    OverTerminalLimit,
    RequestClosed,
    RequestExpired,
    TerminalExpired,
    WrongAmount,
    WrongPurse,
    WrongRequest,
)
from offline_queue.values import OpenRequest, PurseState, Recovery
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, octets
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, Shown, receipt_for


def test_a_request_is_signed_and_durable_before_anyone_sees_it(shop: Shop, desk: Desk) -> None:
    head = desk.journal()[-1].encode()
    opened = desk.teller.open_request(12_300, reference_hash=octets("bill", 32))

    request = open_signed(
        PaymentRequest, opened.signed.data, key("terminal").public_key, NETWORK
    ).message
    assert (request.amount_won, request.kind, request.valid_s) == (12_300, PaymentKind.SALE, 180)
    assert (request.terminal_id, request.policy_version) == (TERMINAL_ID, 1)
    assert request.journal_head == hashlib.sha256(head).digest()[:16]
    assert request.reference_hash == octets("bill", 32)
    assert desk.bodies(EntryKind.ATTEMPT) == [opened.signed.data]
    certificate = shop.terminal().certificate.data
    assert from_text(opened.offer_text) == RequestShown(opened.signed.data, certificate)
    assert opened.valid_until_monotonic_ms == shop.clock.monotonic_ms() + 180_000


def test_no_two_requests_are_the_same(desk: Desk) -> None:
    hashes = {desk.teller.open_request(1_000).request_hash for _ in range(3)}

    assert len(hashes) == 3


def test_what_a_terminal_may_not_sell_it_does_not_ask_for(shop: Shop, desk: Desk) -> None:
    with pytest.raises(KindNotAllowed):
        desk.teller.open_request(1_000, PaymentKind.LOCAL_TAX)
    for no_amount in (0, -1, 2**32):
        with pytest.raises(InvalidAmount):
            desk.teller.open_request(no_amount)
    shop.clock.pass_s(366 * 86_400)
    with pytest.raises(TerminalExpired):
        desk.teller.open_request(1_000)
    assert desk.kinds() == [EntryKind.START]


def test_a_payment_is_kept_byte_for_byte(desk: Desk) -> None:
    purse = Purse()
    request = desk.teller.open_request(1_000)
    shown = purse.pay(request)

    stored = desk.accept(request, shown)

    assert desk.bodies(EntryKind.PAYMENT) == [
        Payment(request.signed.data, shown.debit, shown.certificate).encode()
    ]
    assert (stored.request_hash, stored.purse_id) == (request.request_hash, purse.purse_id)
    assert (stored.amount_won, stored.is_settled, stored.is_second) == (1_000, False, False)
    assert stored.sequence == len(desk.journal())


def test_the_same_debit_again_is_the_same_payment(desk: Desk) -> None:
    purse = Purse()
    request = desk.teller.open_request(1_000)
    shown = purse.pay(request)
    first = desk.accept(request, shown)
    desk.teller.open_request(2_000)

    assert desk.accept(request, shown) == replace(first, is_repeat=True)
    assert desk.kinds().count(EntryKind.PAYMENT) == 1


def test_a_second_purse_for_a_paid_request_is_refused_and_gets_it_back(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.accept(request, Purse("first").pay(request))
    second = Purse("second")
    late = second.pay(request)

    for _ in range(2):
        with pytest.raises(AlreadyPaid):
            desk.accept(request, late)

    assert desk.kinds()[-3:] == [EntryKind.PAYMENT, EntryKind.TORN, EntryKind.WITNESS]
    assert_goes_back(desk, request, second, late)


@pytest.mark.parametrize("end", ["torn", "closed", "paid online"])
def test_an_answer_that_comes_after_the_end_goes_back(shop: Shop, desk: Desk, end: str) -> None:
    """A reader hung with the card, and came back when its sale was over."""
    card = Purse("card")
    request = desk.teller.open_request(1_000)
    shown = card.pay(request)
    if end == "torn":
        desk.teller.record_torn(request.request_hash, card.purse_id, 0)
    elif end == "closed":
        desk.teller.close_request(request.request_hash, "cancelled")
    else:
        desk.teller.accept_receipt(request.request_hash, receipt_for(request))
    desk.close()
    desk = open_desk(shop)
    now = desk.teller.open_request(2_000)

    for asked in (request, request, now):
        with pytest.raises((RequestClosed, AlreadyPaid, WrongRequest)):
            desk.accept(asked, shown)

    assert_goes_back(desk, request, card, shown)
    # The sale at hand goes on, and what went back never pays.
    assert desk.accept(now, Purse("another").pay(now)).amount_won == 2_000
    assert desk.kinds().count(EntryKind.PAYMENT) == 1


def assert_goes_back(desk: Desk, request: OpenRequest, purse: Purse, shown: Shown) -> None:
    """The ledger gets both that it takes to return the won: the debit, and that it was torn."""
    assert desk.bodies(EntryKind.WITNESS) == [Witness(shown.debit, shown.certificate).encode()]
    torn = Torn(request.request_hash, purse.purse_id, purse.sequence - 1)
    assert desk.bodies(EntryKind.TORN) == [torn.encode()]


@pytest.mark.parametrize("end", ["torn", "closed", "power cut", "next request"])
def test_what_was_refused_goes_back_when_its_request_ends_unpaid(
    shop: Shop, desk: Desk, end: str
) -> None:
    purse = Purse("phone")
    request = desk.teller.open_request(1_000)
    shown = purse.pay(request)
    shop.clock.pass_s(181)
    for _ in range(2):
        with pytest.raises(RequestExpired):
            desk.accept(request, shown)
    assert EntryKind.WITNESS not in desk.kinds(), "it may still be paid by it"

    if end == "torn":
        desk.teller.record_torn(request.request_hash, purse.purse_id, 0)
    elif end == "closed":
        desk.teller.close_request(request.request_hash, "cancelled")
    elif end == "next request":
        desk.teller.open_request(2_000)
    else:
        desk.close()
        desk = open_desk(shop)

    assert desk.bodies(EntryKind.WITNESS) == [Witness(shown.debit, shown.certificate).encode()]
    assert [Torn.decode(each).request_hash for each in desk.bodies(EntryKind.TORN)] == [
        request.request_hash
    ]
    assert len(desk.bodies(EntryKind.NOTE)) == 1


def test_what_was_refused_goes_back_when_another_purse_has_paid(desk: Desk) -> None:
    poor, rich = Purse("poor"), Purse("rich")
    request = desk.teller.open_request(1_000)
    shown = poor.signed(replace(poor.debit(request), amount_won=999))
    with pytest.raises(WrongAmount):
        desk.accept(request, shown)

    desk.accept(request, rich.pay(request))

    kinds = [EntryKind.NOTE, EntryKind.PAYMENT, EntryKind.TORN, EntryKind.WITNESS]
    assert desk.kinds()[-4:] == kinds
    assert Torn.decode(desk.bodies(EntryKind.TORN)[0]).purse_id == poor.purse_id


def test_what_was_refused_and_is_taken_after_all_does_not_go_back(
    shop: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    purse = Purse("phone")
    request = desk.teller.open_request(1_000)
    shown = purse.pay(request)
    with monkeypatch.context() as full:
        full.setattr("offline_queue.acceptance.within_budget", _no_room)
        with pytest.raises(OverTerminalLimit):
            desk.accept(request, shown)

    desk.accept(request, shown)

    assert desk.kinds()[-2:] == [EntryKind.NOTE, EntryKind.PAYMENT]


def _no_room(*_: object) -> int:
    raise OverTerminalLimit("too much waits")


def test_a_debit_of_won_that_never_were_is_remembered_and_stops_nothing(
    shop: Shop, desk: Desk
) -> None:
    purse = Purse("garbled")
    request = desk.teller.open_request(1_000)
    shown = purse.signed(replace(purse.debit(request), spent_total_won=999))
    with pytest.raises(ExceedsCredit):
        desk.accept(request, shown)
    desk.close()

    again = open_desk(shop)

    with pytest.raises(RequestClosed):
        again.accept(request, shown)
    assert again.kinds()[-3:] == [EntryKind.NOTE, EntryKind.START, EntryKind.TORN]
    again.teller.open_request(1_000)


def test_what_cannot_be_kept_for_its_holder_is_said_to_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = desk.teller.open_request(1_000)
    desk.teller.close_request(request.request_hash, "cancelled")
    shown = Purse().pay(request)
    with monkeypatch.context() as full:
        full.setattr(desk.books, "append", _full)
        with pytest.raises(DiskFull):
            desk.accept(request, shown)

    with pytest.raises(RequestClosed):
        desk.accept(request, shown)
    assert desk.kinds()[-2:] == [EntryKind.TORN, EntryKind.WITNESS]


def _full(*_: object) -> int:
    raise DiskFull("no room")


def test_a_debit_that_comes_too_late_is_remembered_for_its_holder(shop: Shop, desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    shown = Purse().pay(request)
    shop.clock.pass_s(181)

    with pytest.raises(RequestExpired):
        desk.accept(request, shown)

    assert [Note.decode(body).kind for body in desk.bodies(EntryKind.NOTE)] == [NoteKind.DECLINED]


def test_an_old_code_shown_again_leaves_no_trace(desk: Desk) -> None:
    purse = Purse()
    old = desk.teller.open_request(1_000)
    shown = purse.pay(old)
    desk.accept(old, shown)
    new = desk.teller.open_request(1_000)
    before = desk.kinds()

    with pytest.raises(WrongRequest):
        desk.accept(new, shown)

    assert desk.kinds() == before


def test_a_closed_request_takes_no_debit_but_keeps_the_evidence(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.teller.close_request(request.request_hash, "cancelled")

    with pytest.raises(RequestClosed):
        desk.accept(request, Purse().pay(request))
    with pytest.raises(RequestClosed):
        desk.admit(request, Purse())

    notes = [Note.decode(body) for body in desk.bodies(EntryKind.NOTE)]
    assert [(note.kind, note.detail) for note in notes] == [(NoteKind.REQUEST_CLOSED, b"cancelled")]
    assert desk.kinds()[-2:] == [EntryKind.TORN, EntryKind.WITNESS]


def test_a_purse_is_admitted_without_a_trace(desk: Desk) -> None:
    purse = Purse()
    purse.spent_won, purse.sequence = 500, 3
    request = desk.teller.open_request(1_000)
    before = desk.kinds()

    admitted = desk.teller.admit_purse(
        request.request_hash, PurseState(purse.certified(), purse.sequence, purse.spent_won)
    )

    assert (admitted.purse_id, admitted.sequence_before) == (purse.purse_id, 3)
    assert admitted.certificate_id == cose.parse(purse.certified()).id
    assert desk.kinds() == before


def test_a_receipt_is_settled_money(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    receipt = receipt_for(request)

    stored = desk.teller.accept_receipt(request.request_hash, receipt)
    again = desk.teller.accept_receipt(request.request_hash, receipt)

    assert (stored.is_settled, stored.is_second, stored.purse_id) == (True, False, None)
    assert again == replace(stored, is_repeat=True)
    assert desk.bodies(EntryKind.RECEIPT) == [SettledOnline(request.signed.data, receipt).encode()]
    assert desk.standing.at_risk().unsettled_won == 0
    assert desk.standing.at_risk().waiting_won == 1_000


def test_a_receipt_has_to_fit(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    request_hash = request.request_hash

    with pytest.raises(WrongAmount):
        desk.teller.accept_receipt(request_hash, receipt_for(request, amount_won=999))
    with pytest.raises(WrongRequest):
        desk.teller.accept_receipt(octets("another", 32), receipt_for(request))
    forged = replace(request, signed=replace(request.signed, payload=b"of another shop"))
    with pytest.raises(NoSuchRequest):
        desk.teller.accept_receipt(forged.request_hash, receipt_for(forged))
    with pytest.raises(UntrustedKey):
        desk.teller.accept_receipt(request_hash, Purse().pay(request).certificate)
    assert EntryKind.RECEIPT not in desk.kinds()


@pytest.mark.parametrize("end", ["closed", "torn", "expired"])
def test_a_receipt_counts_whatever_became_of_its_request(shop: Shop, desk: Desk, end: str) -> None:
    request = desk.teller.open_request(1_000)
    if end == "closed":
        desk.teller.close_request(request.request_hash, "cancelled")
    elif end == "torn":
        desk.teller.record_torn(request.request_hash)
    else:
        shop.clock.pass_s(1_000)

    stored = desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    assert not stored.is_second


def test_a_request_that_was_paid_twice_says_so(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.accept(request, Purse().pay(request))

    assert desk.teller.accept_receipt(request.request_hash, receipt_for(request)).is_second
    assert desk.kinds()[-2:] == [EntryKind.PAYMENT, EntryKind.RECEIPT]


def test_a_torn_tap_is_written_once_and_with_its_purse(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)

    desk.teller.record_torn(request.request_hash, b"purse-01", 4)
    desk.teller.record_torn(request.request_hash, b"purse-01", 4)
    desk.teller.close_request(request.request_hash, "too late to close")

    assert [Torn.decode(body) for body in desk.bodies(EntryKind.TORN)] == [
        Torn(request.request_hash, b"purse-01", 4)
    ]
    assert desk.kinds()[-1] is EntryKind.TORN


def test_a_torn_tap_is_on_record_although_the_request_was_paid_in_another_way(desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    desk.teller.record_torn(request.request_hash, b"purse-01", 4)
    desk.teller.record_torn(request.request_hash, b"purse-01", 4)

    assert desk.kinds()[-2:] == [EntryKind.RECEIPT, EntryKind.TORN]


def test_a_purse_whose_payment_is_stored_is_not_torn_afterwards(desk: Desk) -> None:
    purse, request = Purse(), desk.teller.open_request(1_000)
    desk.accept(request, purse.pay(request))

    desk.teller.record_torn(request.request_hash, purse.purse_id, 0)

    assert desk.kinds()[-1] is EntryKind.PAYMENT


def test_what_was_never_asked_for_cannot_be_ended(desk: Desk) -> None:
    with pytest.raises(NoSuchRequest):
        desk.teller.record_torn(octets("unknown", 32))
    with pytest.raises(NoSuchRequest):
        desk.teller.close_request(octets("unknown", 32), "unknown")


def test_a_request_that_is_forgotten_becomes_torn_with_the_purse_that_was_near(desk: Desk) -> None:
    purse = Purse()
    purse.sequence = 9
    forgotten = desk.teller.open_request(1_000)
    desk.admit(forgotten, purse)

    desk.teller.open_request(2_000)

    assert [Torn.decode(body) for body in desk.bodies(EntryKind.TORN)] == [
        Torn(forgotten.request_hash, purse.purse_id, 9)
    ]


def test_a_witness_is_written_once_even_for_a_purse_that_is_denied_or_ended(desk: Desk) -> None:
    purse = Purse("card", not_after_s=NOW_S - 1)
    elsewhere = replace(purse.debit(desk.teller.open_request(1_000)), request_hash=bytes(32))
    shown = purse.signed(elsewhere)

    desk.teller.record_witness(shown.debit, shown.certificate)
    desk.teller.record_witness(shown.debit, shown.certificate)

    assert desk.bodies(EntryKind.WITNESS) == [Witness(shown.debit, shown.certificate).encode()]


def test_what_a_card_still_holds_for_a_sale_that_was_paid_otherwise_goes_back(desk: Desk) -> None:
    """Its answer was lost with the reader, and nothing said yet that it was torn."""
    card, request = Purse("card"), desk.teller.open_request(1_000)
    shown = card.pay(request)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))
    desk.teller.open_request(2_000)

    for _ in range(2):
        desk.teller.record_witness(shown.debit, shown.certificate)

    assert_goes_back(desk, request, card, shown)


def test_a_debit_that_is_a_payment_here_is_no_witness(desk: Desk) -> None:
    purse = Purse("card")
    request = desk.teller.open_request(1_000)
    shown = purse.signed(purse.debit(request))
    desk.teller.accept_debit(request.request_hash, shown.debit, shown.certificate)

    desk.teller.record_witness(shown.debit, shown.certificate)

    assert desk.kinds()[-1] is EntryKind.PAYMENT


def test_a_witness_has_to_be_true(desk: Desk) -> None:
    purse, other = Purse("card"), Purse("card", purse_id=b"another!")
    debit = purse.debit(desk.teller.open_request(1_000))

    with pytest.raises(BadSignature):
        desk.teller.record_witness(*_parts(purse.signed(debit, signer=key("thief"))))
    with pytest.raises(WrongPurse):
        desk.teller.record_witness(purse.signed(debit).debit, other.certified())
    assert EntryKind.WITNESS not in desk.kinds()


def _parts(shown: Shown) -> tuple[bytes, bytes]:
    return shown.debit, shown.certificate


def test_every_start_is_written(shop: Shop, desk: Desk) -> None:
    desk.close()
    again = open_desk(shop)

    assert [Start.decode(body) for body in again.bodies(EntryKind.START)] == [
        Start("ks-pos test", "test bench")
    ] * 2
    assert again.recovery == Recovery()


def test_an_attempt_without_an_outcome_is_torn_after_a_restart(shop: Shop, desk: Desk) -> None:
    request = desk.teller.open_request(7_000)
    desk.admit(request, Purse())
    desk.close()

    again = open_desk(shop)

    interrupted = again.recovery.interrupted
    assert interrupted is not None
    assert (interrupted.request_hash, interrupted.amount_won) == (request.request_hash, 7_000)
    assert [Torn.decode(body) for body in again.bodies(EntryKind.TORN)] == [
        Torn(request.request_hash)
    ]
    again.close()
    assert open_desk(shop).recovery == Recovery()


@pytest.mark.parametrize("end", ["paid", "paid online", "closed", "torn"])
def test_an_attempt_with_an_outcome_is_left_alone(shop: Shop, desk: Desk, end: str) -> None:
    request = desk.teller.open_request(1_000)
    if end == "paid":
        desk.accept(request, Purse().pay(request))
    elif end == "paid online":
        desk.teller.accept_receipt(request.request_hash, receipt_for(request))
    elif end == "closed":
        desk.teller.close_request(request.request_hash, "cancelled")
    else:
        desk.teller.record_torn(request.request_hash)
    before = desk.kinds()
    desk.close()

    again = open_desk(shop)

    assert again.kinds() == [*before, EntryKind.START]
    assert again.recovery == Recovery()


def test_a_declined_debit_is_no_outcome(shop: Shop, desk: Desk) -> None:
    request = desk.teller.open_request(1_000)
    shown = Purse().pay(request)
    shop.clock.pass_s(181)
    with pytest.raises(RequestExpired):
        desk.accept(request, shown)
    desk.close()

    assert open_desk(shop).recovery.interrupted is not None


def test_spending_lines_are_remembered_over_a_restart(shop: Shop, desk: Desk) -> None:
    purse = Purse()
    stored = desk.sell(purse)
    desk.close()
    again = open_desk(shop)
    request = again.teller.open_request(1_000)
    purse.spent_won = 500

    with pytest.raises(AlreadyTaken) as refusal:
        again.accept(request, purse.pay(request))

    assert refusal.value.context["sequence"] == stored.sequence
