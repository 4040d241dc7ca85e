"""What a tap costs: APDUs, bytes, their time on the air, and our own time through a real pcscd.

All figures are of the same taps (`beside/taps.py`): the whole till is at work but its window. The
card is one in software behind vsmartcard's reader, so that its own time can be taken off and the
radio's is modelled.
"""

from __future__ import annotations

from statistics import median

from tests.bench.beside.taps import BYTE_US, FRAME_BYTES, taken_taps
from tests.bench.figures import AtMost, Measured, count, figure


@figure(unit="APDUs", aim=AtMost(4))
def apdus() -> Measured:
    """SELECT, GET STATE, DEBIT, CONFIRM."""
    return count(
        [len(tap.sizes) for tap in taken_taps()], beside="SELECT, GET STATE, DEBIT, CONFIRM"
    )


@figure(unit="bytes", aim=AtMost(600), name="bytes")
def said_bytes() -> Measured:
    """All bytes of all commands and answers."""
    beside = "a debit, its signature and one certificate: 73 + 64 + 160 to 186"
    return count([tap.said_bytes for tap in taken_taps()], beside)


@figure(unit="ms", aim=AtMost(54))
def radio_ms() -> Measured:
    """What these bytes take between a card and a contactless reader; 600 of them take 53 ms."""
    beside = f"{BYTE_US:.0f} us a byte at 106 kbit/s, {FRAME_BYTES} bytes around each frame"
    return count([tap.radio_ms for tap in taken_taps()], beside)


@figure(unit="ms", aim=AtMost(15))
def own_ms() -> Measured:
    """From pcscd's powering the card to the approval that is shown, without the card's own time."""
    taps = taken_taps()
    card_ms = median(tap.card_ms for tap in taps)
    beside = f"the card's own {card_ms:.1f} ms; the journal's commit is in ours"
    return count([tap.whole_ms - tap.card_ms for tap in taps], beside)
