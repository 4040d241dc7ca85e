"""What all slips are built from: the shop at their head, times, states. Knows no kind of slip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from drivers.printer.slip import Align, Banner, Block, Logo, Pair, Rule, Size, Slip, Space, Text
from pos_app.slips.words import SlipWords, StateWords
from pos_app.till.texts import demo_mark


@dataclass(frozen=True, slots=True)
class Shop:
    """Who a slip is from. `certificate` is the terminal's, signed, as it goes into QR codes.

    What the certificate does not say comes from the settings, and is empty if they do not; `logo`
    is the bytes of a PNG file. What a demo prints (`is_demo`) says so in every language.
    """

    name: str
    terminal_id: bytes
    certificate: bytes
    utc_offset_s: int
    business_number: str = ""
    address: str = ""
    phone: str = ""
    footer: str = ""
    logo: bytes | None = None
    is_taxed: bool = True
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One slip's shop and language: makes the blocks that all slips share."""

    shop: Shop
    words: SlipWords

    def head(self) -> Iterator[Block]:
        """Yield who the slip is from."""
        shop, words = self.shop, self.words
        if shop.is_demo:
            yield Banner(demo_mark())
        if shop.logo is not None:
            yield Logo(shop.logo)
        yield Text(shop.name, Size.LARGE, Align.CENTRE, is_bold=True)
        if shop.business_number:
            yield small(words.business_number.format(number=shop.business_number))
        if shop.address:
            yield small(shop.address)
        if shop.phone:
            yield small(words.phone.format(number=shop.phone))
        yield Rule(is_double=True)

    def facts(self, time_name: str, at_s: int, staff_id: str) -> Iterator[Block]:
        """Yield when it was, at which terminal, and by whom if that is known."""
        yield Pair(time_name, self.time(at_s))
        yield Pair(self.words.terminal, self.shop.terminal_id.hex())
        if staff_id:
            yield Pair(self.words.staff, staff_id)

    def foot(self) -> Iterator[Block]:
        """Yield what the shop wants to say at the end."""
        if self.shop.footer:
            yield Space()
            yield Text(self.shop.footer, align=Align.CENTRE)

    def time(self, at_s: int) -> str:
        """Return the shop's time, to the second."""
        zone = timezone(timedelta(seconds=self.shop.utc_offset_s))
        return datetime.fromtimestamp(at_s, zone).strftime("%Y-%m-%d %H:%M:%S")

    def reason(self, reason: str) -> str:
        """Return why money was given back, in words if it is one of the till's reasons."""
        return str(getattr(self.words.texts, f"reason_{reason}", reason))


def small(text: str) -> Text:
    """Return small print in the middle."""
    return Text(text, Size.SMALL, Align.CENTRE)


def told(state: StateWords, *, is_void: bool = False) -> Iterator[Block]:
    """Yield how the money stands, where nobody overlooks it; louder if it did not come to stay."""
    if is_void:
        yield Space()
        yield Banner(state.headline)
    else:
        yield Rule()
        yield Text(state.headline, Size.LARGE, Align.CENTRE, is_bold=True)
    yield Text(state.meaning, align=Align.CENTRE)
    yield Rule()


def copy_of(slip: Slip, words: SlipWords) -> Slip:
    """Return the same slip with the word that says that it is not the first."""
    return Slip((Banner(words.copy), *slip.blocks))
