"""What can be read off a display, as a phone's camera reads it."""

from __future__ import annotations

from tests.integration.till import WAIT_S
from tests.stacks.display import VirtualDisplay
from tests.stacks.qr_codes import qr_codes_in
from tests.stacks.waiting import wait_until


def read_off(display: VirtualDisplay) -> str:
    """The one QR code on the display, as soon as a frame with it has been drawn."""
    codes: list[str] = []

    def is_read() -> bool:
        codes[:] = qr_codes_in(display.screenshot())
        return bool(codes)

    wait_until(is_read, WAIT_S, "a QR code is on the screen")
    [text] = codes
    return text
