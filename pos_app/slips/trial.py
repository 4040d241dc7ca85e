"""The test slip: every size of letter, Hangul, the won sign, edges and a code to read. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.printer.slip import Align, Banner, Block, Pair, QrCode, Rule, Size, Slip, Text
from kscoin.money import format_won
from pos_app.slips.sheet import Sheet, small

# A sum with every digit that is easily misread, and as wide as one of a till can be.
_SAMPLE_WON = 96_836_801


def trial_slip(at_s: int, sheet: Sheet) -> Slip:
    """Return a slip that shows at a glance whether a printer is well."""
    return Slip(tuple(_blocks(at_s, sheet)))


def _blocks(at_s: int, sheet: Sheet) -> Iterator[Block]:
    words = sheet.words
    yield from sheet.head()
    yield Banner(words.test)
    yield from sheet.facts(words.time, at_s, "")
    yield Rule()
    for size in Size:
        yield Text(words.letters, size)
    yield Pair(words.total, format_won(_SAMPLE_WON), Size.HUGE, is_bold=True)
    yield Rule(is_double=True)
    yield Text(words.test_hint, align=Align.CENTRE)
    # As dense as the code of a sale that was kept offline.
    yield QrCode("KS1:" + "0123456789ABCDEFGHJKMNPQRSTVWXYZ" * 32)
    yield small(words.test_code)
    yield from sheet.foot()
