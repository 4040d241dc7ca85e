"""What slips say of the shop, read from a terminal's certificate and settings. Composes no slip."""

from __future__ import annotations

import logging

from drivers.errors import PrinterFontMissing
from drivers.printer.fonts import on_paper
from kscoin.errors import KSCoinError
from kscoin.messages import TerminalCertificate
from kscoin.signed import claim
from offline_queue.durable_file import read_whole
from offline_queue.errors import IdentityInvalid
from offline_queue.terminal import CERTIFICATE_FILE
from pos_app.settings import NONE, Settings
from pos_app.slips.sheet import Shop

_log = logging.getLogger(__name__)


def shop_on_slips(settings: Settings) -> Shop:
    """Return who slips are from; raises IdentityInvalid without a certificate.

    Its word is verified when the till starts.
    """
    try:
        data = read_whole(settings.directory / CERTIFICATE_FILE)
        certificate = claim(TerminalCertificate, data)
    except KSCoinError as exc:
        raise IdentityInvalid(f"{CERTIFICATE_FILE} does not hold: {exc}") from exc
    facts = settings.shop
    if settings.printer != NONE:
        # A shop that prints nothing reads no fonts for it.
        for text in (certificate.merchant_name, facts.address, facts.footer):
            _tell_of_lost(text)
    return Shop(
        name=certificate.merchant_name,
        terminal_id=certificate.terminal_id,
        certificate=data,
        utc_offset_s=settings.utc_offset_s,
        business_number=facts.business_number,
        address=facts.address,
        phone=facts.phone,
        footer=facts.footer,
        logo=_logo(settings),
        is_taxed=facts.is_taxed,
        is_demo=settings.is_demo,
    )


def _tell_of_lost(text: str) -> None:
    """Log which letters of a text slips cannot show, and what they show instead."""
    try:
        on = on_paper(text)
    except PrinterFontMissing:
        # Whoever prints is told so.
        return
    if on.lost:
        lacking = " ".join(on.lost)
        _log.warning("slips show %s as %s: the fonts here lack %s", text, on.shown, lacking)


def _logo(settings: Settings) -> bytes | None:
    """Return the logo's file; a shop whose picture is gone prints without it, and goes on."""
    if settings.shop.logo is None:
        return None
    try:
        return read_whole(settings.shop.logo)
    except KSCoinError as error:
        _log.warning("slips have no logo: %s", error)
        return None
