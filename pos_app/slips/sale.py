"""A sale's slip: the sum with its tax, how the money stands, and the code that proves it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drivers.printer.slip import Align, Block, Pair, QrCode, Rule, Size, Slip, Text
from kscoin import printed
from kscoin.entries import CloseState, Payment
from kscoin.messages import PaymentKind
from kscoin.money import format_won, vat_split
from kscoin.printed import PrintedPayment, PrintedReceipt
from offline_queue.slip_records import SoldRecord
from pos_app.slips.sheet import Sheet, small, told

# A slip of these must not pass for that of a payment.
_NOT_PAID: Final = frozenset({CloseState.REFUSED, CloseState.RETURNED, CloseState.VOIDED})


def sale_slip(record: SoldRecord, sheet: Sheet) -> Slip:
    """Return the slip of a payment as it stands now."""
    return Slip(tuple(_blocks(record, sheet)))


def proof_text(record: SoldRecord, certificate: bytes) -> str:
    """Return the text of the code that proves a payment; `certificate` is the terminal's."""
    match record.stored:
        case Payment(request, debit, purse):
            return printed.to_text(PrintedPayment(request, debit, purse, certificate))
        case settled:
            return printed.to_text(PrintedReceipt(settled.receipt, certificate))


def _blocks(record: SoldRecord, sheet: Sheet) -> Iterator[Block]:
    sale, words = record.sale, sheet.words
    yield from sheet.head()
    yield Text(words.receipt, align=Align.CENTRE, is_bold=True)
    yield Pair(words.code, sale.short_code, Size.LARGE, is_bold=True)
    yield from sheet.facts(words.time, sale.taken_at_s, sale.staff_id)
    yield Rule()
    yield from _sums(record, sheet)
    yield from told(words.sale_states[sale.state], is_void=sale.state in _NOT_PAID)
    yield QrCode(proof_text(record, sheet.shop.certificate))
    yield small(words.proves_receipt if sale.is_online else words.proves_payment)
    yield from sheet.foot()


def _sums(record: SoldRecord, sheet: Sheet) -> Iterator[Block]:
    sale, words = record.sale, sheet.words
    if record.kind is PaymentKind.LOCAL_TAX:
        yield Text(words.local_tax)
    elif sheet.shop.is_taxed:
        supply_won, vat_won = vat_split(sale.amount_won)
        yield Pair(words.net, format_won(supply_won))
        yield Pair(words.vat, format_won(vat_won))
    yield Pair(words.total, format_won(sale.amount_won), Size.HUGE, is_bold=True)
    yield Pair(words.way, words.paid_online if sale.is_online else words.paid_offline)
    if sale.refunded_won:
        yield Pair(words.given_back, format_won(-sale.refunded_won))
        yield Pair(words.left, format_won(sale.amount_won - sale.refunded_won), is_bold=True)
