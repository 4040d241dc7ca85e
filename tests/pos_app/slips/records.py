"""What slips are composed from in tests, and the shop that prints them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from drivers.printer.slip import Slip
from kscoin.codes import short_code
from kscoin.entries import Close, CloseLine, CloseState, EntryKind, Payment, SettledOnline
from kscoin.messages import Message, PaymentKind, Receipt, Refund, Void
from kscoin.signed import seal
from offline_queue.counter import DayReport, Sale
from offline_queue.slip_records import GivenRecord, SoldRecord
from pos_app.slips.day import day_slip
from pos_app.slips.given import given_slip
from pos_app.slips.sale import sale_slip
from pos_app.slips.sheet import Sheet, Shop, copy_of
from pos_app.slips.tables import words_of
from pos_app.slips.trial import trial_slip
from pos_app.till.words import Language
from tests.kscoin.parties import (
    NETWORK,
    NOW_S,
    TERMINAL_ID,
    debit,
    key,
    octets,
    payment_request,
    purse_certificate,
    terminal_certificate,
)


def signed(signer: str, message: Message) -> bytes:
    """A message as it is stored."""
    return seal(message, key(signer), NETWORK).data


SHOP: Final = Shop(
    name=terminal_certificate().merchant_name,
    terminal_id=TERMINAL_ID,
    certificate=signed("terminal authority", terminal_certificate()),
    utc_offset_s=9 * 3600,
    business_number="220-81-62517",
    address="서울특별시 중구 세종대로 110",
    phone="02-120",
    footer="또 오세요. 교환은 7일 안에 해 드립니다.",
)
BARE_SHOP: Final = replace(SHOP, business_number="", address="", phone="", footer="")

PAID: Final = debit().request_hash
REQUEST: Final = signed("terminal", payment_request())
OFFLINE: Final = Payment(
    REQUEST, signed("card", debit()), signed("purse authority", purse_certificate())
)
ONLINE: Final = SettledOnline(
    REQUEST, signed("receipt authority", Receipt(PAID, 12_300, TERMINAL_ID, 1_001, NOW_S + 3))
)
SALE: Final = Sale(
    request_hash=PAID,
    short_code=short_code(PAID),
    sequence=3,
    taken_at_s=NOW_S + 3,
    amount_won=12_300,
    is_online=False,
    state=CloseState.KEPT,
    reason=None,
    refunded_won=0,
    refundable_won=12_300,
    staff_id="",
)


def sold(state: CloseState = CloseState.KEPT, refunded_won: int = 0) -> SoldRecord:
    """An offline payment that stands so."""
    return SoldRecord(
        replace(SALE, state=state, refunded_won=refunded_won), PaymentKind.SALE, OFFLINE
    )


SOLD_ONLINE: Final = SoldRecord(
    replace(SALE, is_online=True, state=CloseState.SETTLED, staff_id="kim"),
    PaymentKind.SALE,
    ONLINE,
)


@cache
def refunded(state: CloseState = CloseState.KEPT) -> GivenRecord:
    """A part of it that goes back."""
    message = Refund(TERMINAL_ID, octets("r", 16), PAID, 2_300, "faulty_goods", NOW_S + 600, "kim")
    return GivenRecord(
        replace(SALE, refunded_won=2_300, refundable_won=10_000),
        EntryKind.REFUND,
        9,
        NOW_S + 600,
        2_300,
        state,
        message.reason,
        message.staff_id,
        signed("terminal", message),
        REQUEST,
    )


@cache
def voided() -> GivenRecord:
    """All of it, taken back before it was sent."""
    message = Void(TERMINAL_ID, octets("v", 16), PAID, "changed_mind", NOW_S + 60, "")
    return GivenRecord(
        replace(SALE, state=CloseState.VOIDED, refundable_won=0),
        EntryKind.VOID,
        7,
        NOW_S + 60,
        12_300,
        CloseState.VOIDED,
        message.reason,
        "",
        signed("terminal", message),
        REQUEST,
    )


def day(is_closed: bool = True) -> DayReport:
    """A busy day with something of everything."""
    lines = (
        CloseLine(EntryKind.PAYMENT, CloseState.SETTLED, "", 41, 512_300),
        CloseLine(EntryKind.PAYMENT, CloseState.KEPT, "", 12, 148_700),
        CloseLine(EntryKind.PAYMENT, CloseState.REFUSED, "", 1, 9_000),
        CloseLine(EntryKind.RECEIPT, CloseState.SETTLED, "", 118, 2_204_500),
        CloseLine(EntryKind.TORN, CloseState.TORN, "", 1, 0),
        CloseLine(EntryKind.REFUND, CloseState.KEPT, "kim", 2, 14_300),
        CloseLine(EntryKind.VOID, CloseState.VOIDED, "kim", 1, 7_000),
    )
    earlier = (
        CloseLine(EntryKind.PAYMENT, CloseState.SETTLED, "", 3, 21_000),
        CloseLine(EntryKind.PAYMENT, CloseState.QUARANTINED, "", 1, 4_500),
    )
    close = Close(12, 400, lines, "kim" if is_closed else "", 380, earlier, NOW_S + 46_800)
    return DayReport(close, 300, is_closed)


def quiet_day() -> DayReport:
    """A day without a sale."""
    return DayReport(Close(1, 1, (), "", 0, (), NOW_S), 1, is_closed=True)


def slips(language: Language, shop: Shop = SHOP) -> dict[str, Slip]:
    """Every kind of slip in a language, by its name."""
    sheet = Sheet(shop, words_of(language))
    words = sheet.words
    kept, z_report = sale_slip(sold(), sheet), day_slip(day(), sheet)
    return {
        "sale-settled": sale_slip(SOLD_ONLINE, sheet),
        "sale-kept": kept,
        "sale-kept-copy": copy_of(kept, words),
        "sale-refused": sale_slip(sold(CloseState.REFUSED), sheet),
        "sale-refunded": sale_slip(sold(CloseState.SETTLED, 2_300), sheet),
        "sale-voided": sale_slip(sold(CloseState.VOIDED), sheet),
        "refund": given_slip(refunded(), sheet),
        "void": given_slip(voided(), sheet),
        "x-report": day_slip(day(is_closed=False), sheet),
        "z-report": z_report,
        "z-report-copy": copy_of(z_report, words),
        "z-report-quiet": day_slip(quiet_day(), sheet),
        "test": trial_slip(NOW_S, sheet),
    }
