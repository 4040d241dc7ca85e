"""The three tones: yes, no and again, told apart by rhythm, pitch and colour. Plays nothing.

Where they lie: a small speaker gives little below 800 Hz, and a shop's noise (voices, fans, a
street) is strongest there; the ear is sharpest at 2 to 4 kHz, and older ears lose what is above. So
each has most of its energy between 1 and 3 kHz. What they differ in does not need a good ear:

- yes: two notes that rise, the second longer, one into the other;
- no: two long low buzzes with a gap. It is heard low, at 370 Hz, but its energy is in the third to
  seventh harmonic, from which an ear makes up the missing low note;
- again: three short high beeps.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import pi, sin
from typing import Final, TypeAlias

from drivers.sound.wav import PEAK, RATE_HZ, Samples

# A note that begins or ends at once clicks.
_ATTACK_S: Final = 0.006
_RELEASE_S: Final = 0.03


@dataclass(frozen=True, slots=True)
class Note:
    """A note: its pitch, how long it is, and how strong each harmonic is, the first included.

    A pitch of 0 is a pause.
    """

    pitch_hz: float
    length_s: float
    harmonics: tuple[float, ...] = (1.0,)


Tune: TypeAlias = tuple[Note, ...]

# A little of the octave above: a bare sine is hard to place in a room.
_CLEAR: Final = (1.0, 0.25)
_BUZZ: Final = (0.25, 0.35, 0.9, 1.0, 0.9, 0.7, 0.5)

# E6 and B6, a fifth: the interval that rises most plainly.
YES: Final[Tune] = (Note(1_318.5, 0.13, _CLEAR), Note(1_975.5, 0.32, _CLEAR))
NO: Final[Tune] = (Note(370.0, 0.38, _BUZZ), Note(0, 0.13), Note(370.0, 0.38, _BUZZ))
AGAIN: Final[Tune] = (
    *(Note(2_637.0, 0.07), Note(0, 0.08)),
    *(Note(2_637.0, 0.07), Note(0, 0.08)),
    Note(2_637.0, 0.07),
)


def sounded(tune: Tune) -> Samples:
    """Return the samples of a tune at full volume."""
    data = array("h")
    for note in tune:
        data.extend(_note(note))
    return Samples(data)


def _note(note: Note) -> array[int]:
    count = round(note.length_s * RATE_HZ)
    if not note.pitch_hz:
        return array("h", bytes(2 * count))
    whole = sum(note.harmonics)
    turn = 2 * pi * note.pitch_hz / RATE_HZ
    strengths = [(turn * number, part / whole) for number, part in enumerate(note.harmonics, 1)]
    return array(
        "h",
        (
            round(PEAK * _swell(at, count) * sum(part * sin(step * at) for step, part in strengths))
            for at in range(count)
        ),
    )


def _swell(at: int, count: int) -> float:
    """Return how much of a note is heard at a sample: it comes and goes softly."""
    rises, falls = at / (_ATTACK_S * RATE_HZ), (count - at) / (_RELEASE_S * RATE_HZ)
    return min(rises, falls, 1.0)
