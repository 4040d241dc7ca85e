"""Sound as a WAV file in memory: one channel of 16-bit samples. Plays nothing."""

from __future__ import annotations

import io
import sys
import wave
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from drivers.errors import SoundUnavailable

# What espeak-ng speaks at: one rate for all that is played. Tones end at a sixth of it.
RATE_HZ: Final = 22_050
# Below what a converter can say, so that its filters do not clip.
PEAK: Final = 29_000
VOLUME_MAX: Final = 100
_SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples, each -32,768 to 32,767, `rate_hz` of them a second."""

    data: array[int]
    rate_hz: int = RATE_HZ

    @property
    def length_s(self) -> float:
        return len(self.data) / self.rate_hz

    def at_volume(self, volume: int) -> Samples:
        """Return the same as loud as this volume, 0 to 100, whatever it was before.

        An ear hears loudness in proportions: half the volume is a quarter of the amplitude.
        """
        loudest = max(map(abs, self.data), default=0)
        factor = PEAK * (volume / VOLUME_MAX) ** 2 / loudest if loudest else 0.0
        return Samples(array("h", (round(each * factor) for each in self.data)), self.rate_hz)

    def to_wav(self) -> bytes:
        """Return the file."""
        data = self.data
        if sys.byteorder == "big":
            data = array("h", data)
            data.byteswap()
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(_SAMPLE_BYTES)
            writer.setframerate(self.rate_hz)
            writer.writeframes(data.tobytes())
        return file.getvalue()

    @classmethod
    def from_wav(cls, file: bytes) -> Samples:
        """Return what a file holds; raises SoundUnavailable if it is another kind of file."""
        try:
            with wave.open(io.BytesIO(file)) as reader:
                kind = reader.getnchannels(), reader.getsampwidth()
                rate_hz = reader.getframerate()
                # A program that writes into a pipe does not know the length beforehand.
                data = reader.readframes(len(file) // _SAMPLE_BYTES)
        except (wave.Error, EOFError, RuntimeError, ValueError) as exc:
            # The library's ways of saying that a chunk ends where it should not.
            raise SoundUnavailable("sound", "what was spoken is no WAV file") from exc
        if kind != (1, _SAMPLE_BYTES) or rate_hz <= 0:
            raise SoundUnavailable("sound", "what was spoken is of another kind")
        samples = array("h", data[: len(data) // _SAMPLE_BYTES * _SAMPLE_BYTES])
        if sys.byteorder == "big":
            samples.byteswap()
        return cls(samples, rate_hz)


def joined(parts: Iterable[Samples], pause_s: float) -> Samples:
    """Return the parts one after the other, with a pause between; all of one rate."""
    listed = list(parts)
    rate_hz = listed[0].rate_hz if listed else RATE_HZ
    silence = array("h", bytes(_SAMPLE_BYTES * round(pause_s * rate_hz)))
    whole = array("h")
    for index, part in enumerate(listed):
        if part.rate_hz != rate_hz:
            raise SoundUnavailable("sound", "parts of several rates cannot be joined")
        whole.extend(silence if index else ())
        whole.extend(part.data)
    return Samples(whole, rate_hz)
