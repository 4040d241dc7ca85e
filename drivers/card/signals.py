"""What readers show and sound at a yes, a no, and "again": families of readers as data. Pure.

A reader of no family here shows what it shows by itself. The commands are from the vendor's own
manuals, which docs/hardware.md names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Signal(Enum):
    """What the person with the card is told without words."""

    YES = "yes"
    NO = "no"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class SignalFamily:
    """Readers that obey the same escape commands; `name_part` is in the name that PC/SC gives."""

    name_part: str
    commands: Mapping[Signal, tuple[bytes, ...]]


def _bicolour(state: int, first_100_ms: int, second_100_ms: int, times: int) -> bytes:
    """ACS's bi-color LED and buzzer control: blink, and sound in the first time of each blink."""
    return bytes([0xFF, 0x00, 0x40, state, 0x04, first_100_ms, second_100_ms, times, 0x01])


def _led(lights: int) -> bytes:
    return bytes([0xE0, 0x00, 0x00, 0x29, 0x01, lights])


def _buzzer(for_10_ms: int) -> bytes:
    return bytes([0xE0, 0x00, 0x00, 0x28, 0x01, for_10_ms])


# P2 of the bi-color control: the final state in the low half, the blinking one in the high half,
# each with red, green and then their masks. Both blink greens end as the reader rests: green off.
_GREEN_BLINK: Final = 0b1010_1100
_RED_BLINK: Final = 0b0101_1100
_BOTH_BLINK: Final = 0b1111_1100
# A yes is short, a no is long, and "again" is two short ones: heard without a look.
_BICOLOUR: Final = {
    Signal.YES: (_bicolour(_GREEN_BLINK, 1, 1, 1),),
    Signal.NO: (_bicolour(_RED_BLINK, 5, 1, 1),),
    Signal.AGAIN: (_bicolour(_BOTH_BLINK, 1, 1, 2),),
}
# LED bits of these: 0 red, 1 green. The reader takes its lights back at the next card.
_RED, _GREEN, _BOTH = 0b01, 0b10, 0b11
_LED_AND_BUZZER: Final = {
    Signal.YES: (_led(_GREEN), _buzzer(10)),
    Signal.NO: (_led(_RED), _buzzer(50)),
    Signal.AGAIN: (_led(_BOTH), _buzzer(25)),
}
# Which of its lights is which is told otherwise in each edition: only the buzzer is used.
_BUZZER: Final = {
    Signal.YES: (_buzzer(10),),
    Signal.NO: (_buzzer(50),),
    Signal.AGAIN: (_buzzer(25),),
}
FAMILIES: Final = (
    SignalFamily("ACR122", _BICOLOUR),
    SignalFamily("ACR1252", _LED_AND_BUZZER),
    SignalFamily("ACM1252", _LED_AND_BUZZER),
    SignalFamily("ACR1281", _BUZZER),
    SignalFamily("ACR1283", _BUZZER),
    SignalFamily("ACR1255", _BUZZER),
)


def commands_for(reader_name: str, signal: Signal) -> tuple[bytes, ...]:
    """Return the escape commands of this reader for a signal; none if we know none."""
    for family in FAMILIES:
        if family.name_part in reader_name:
            return family.commands[signal]
    return ()
