"""The X and Z report on paper: the day's sums, what they are made of, and what is carried. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from drivers.printer.slip import Align, Banner, Block, Pair, Rule, Size, Slip, Space, Text
from kscoin.entries import CloseLine, EntryKind
from kscoin.money import format_won
from offline_queue.counter import DayReport, Total
from offline_queue.day_export import sums_of
from pos_app.slips.sheet import Sheet

# What is told of a day also while it is nothing.
_ALWAYS = frozenset({"taken", "carried_over"})


def day_slip(report: DayReport, sheet: Sheet) -> Slip:
    """Return the report of an open day (X) or of a closed one (Z)."""
    return Slip(tuple(_blocks(report, sheet)))


def _blocks(report: DayReport, sheet: Sheet) -> Iterator[Block]:
    words, close = sheet.words, report.close
    yield from sheet.head()
    yield Banner(words.z_report if report.is_closed else words.x_report)
    day = words.day.format(number=close.number)
    yield Text(day, Size.LARGE, Align.CENTRE, is_bold=True)
    time_name = words.closed_at if report.is_closed else words.counted_at
    yield from sheet.facts(time_name, close.closed_at_s, close.staff_id)
    yield Rule()
    yield from _sums(report, sheet)
    yield Rule()
    yield Pair(words.texts.net, format_won(report.net_won), Size.HUGE, is_bold=True)
    if won := report.carried_over.won:
        yield Text(words.unsettled.format(won=format_won(won)), align=Align.CENTRE, is_bold=True)
    yield Rule()
    yield from _lines(report, sheet)
    yield Space()
    yield Text(words.z_hint if report.is_closed else words.x_hint, align=Align.CENTRE)


def _sums(report: DayReport, sheet: Sheet) -> Iterator[Block]:
    for name, total in sums_of(report).items():
        if total.count or name in _ALWAYS:
            yield _counted(sheet, sheet.words.texts.word("sum", name), total)


def _lines(report: DayReport, sheet: Sheet) -> Iterator[Block]:
    words, close = sheet.words, report.close
    if not close.lines and not close.earlier:
        yield Text(words.nothing, align=Align.CENTRE)
    yield from _of(close.lines, sheet)
    if close.earlier:
        yield Text(words.earlier, is_bold=True)
        yield from _of(close.earlier, sheet)


def _of(lines: Iterable[CloseLine], sheet: Sheet) -> Iterator[Block]:
    texts = sheet.words.texts
    for line in lines:
        kind = texts.word("kind", EntryKind(line.kind).name.lower())
        name = f"{kind} · {texts.word('state', line.state.name.lower())}"
        if line.staff_id:
            name = f"{name} · {line.staff_id}"
        yield _counted(sheet, name, Total(line.count, line.total_won), Size.SMALL)


def _counted(sheet: Sheet, name: str, total: Total, size: Size = Size.NORMAL) -> Pair:
    count = sheet.words.texts.count.format(count=total.count)
    return Pair(f"{name} {count}", format_won(total.won), size, has_leader=True)
