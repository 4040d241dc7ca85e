"""The slip of a refund or a void: what goes back, of which payment, and whether it has. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.printer.slip import Banner, Block, Pair, QrCode, Rule, Size, Slip
from kscoin import printed
from kscoin.entries import CloseState, EntryKind
from kscoin.money import format_won
from kscoin.printed import PrintedRefund, PrintedVoid
from offline_queue.slip_records import GivenRecord
from pos_app.slips.sheet import Sheet, small, told


def given_slip(record: GivenRecord, sheet: Sheet) -> Slip:
    """Return the slip of a refund or void as it stands now."""
    return Slip(tuple(_blocks(record, sheet)))


def _blocks(record: GivenRecord, sheet: Sheet) -> Iterator[Block]:
    sale, words = record.sale, sheet.words
    is_refund = record.kind is EntryKind.REFUND
    yield from sheet.head()
    yield Banner(words.refund if is_refund else words.void)
    yield from sheet.facts(words.time, record.given_at_s, record.staff_id)
    if record.reason:
        yield Pair(words.reason, sheet.reason(record.reason))
    yield Rule()
    yield Pair(words.original, sale.short_code, Size.LARGE, is_bold=True)
    yield Pair(words.original_time, sheet.time(sale.taken_at_s))
    yield Pair(words.original_sum, format_won(sale.amount_won))
    name = words.refund_sum if is_refund else words.void_sum
    yield Pair(name, format_won(-record.amount_won), Size.HUGE, is_bold=True)
    is_void = record.state is CloseState.REFUSED
    yield from told(words.given_states[record.state], is_void=is_void)
    yield QrCode(_proof(record, sheet.shop.certificate))
    yield small(words.proves_refund if is_refund else words.proves_void)
    yield from sheet.foot()


def _proof(record: GivenRecord, certificate: bytes) -> str:
    if record.kind is EntryKind.REFUND:
        return printed.to_text(PrintedRefund(record.message, certificate))
    return printed.to_text(PrintedVoid(record.message, record.request, certificate))
