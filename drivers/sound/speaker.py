"""The speaker as a supervised device: the newest sound only, and nobody ever waits for it.

Where there is no player, no card or no voice it is silent: that is logged once and is no error of a
sale. Knows no sale.
"""

from __future__ import annotations

import logging
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Event, Lock
from typing import Final

from drivers.errors import SoundUnavailable
from drivers.sound.player import Playing
from drivers.sound.speech import Voice
from drivers.sound.tones import AGAIN, NO, YES, Tune, sounded
from drivers.sound.wav import Samples

# A supervised device looks whether it is to stop five times a second.
_LOOK_S: Final = 0.2
# What a sound may take beyond its own length: opening a card that was asleep.
_GRACE_S: Final = 3.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A tone, a sentence, or one after the other; `language` is the sentence's ISO 639-1 code."""

    tune: Tune | None = None
    sentence: str | None = None
    language: str = ""


class Speaker:
    """Plays utterances on its supervisor's thread.

    `begin` starts a WAV file; without a `voice` sentences are not said. `volume` is 0 to 100.
    """

    def __init__(
        self, volume: int, voice: Voice | None, begin: Callable[[bytes], Playing] = Playing
    ) -> None:
        self._volume = volume
        self._voice = voice
        self._begin = begin
        self._lock = Lock()
        self._newest: Utterance | None = None
        self._wake: int | None = None
        self._told: str | None = None

    @property
    def name(self) -> str:
        return "speaker"

    def play(self, utterance: Utterance) -> None:
        """Play this instead of whatever is being played; from any thread."""
        with self._lock:
            self._newest = utterance
            if self._wake is not None:
                os.eventfd_write(self._wake, 1)

    # The device's thread.

    def open(self) -> None:
        """Make ready to be called; whether there is a card shows when something is played."""
        with self._lock:
            self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def serve(self, stopping: Event) -> None:
        """Play what is asked for until `stopping` is set."""
        for tune in (YES, NO, AGAIN):
            # A small machine takes a tenth of a second to make one: not when it is to be heard.
            _tone(tune)
        while not stopping.is_set():
            utterance = self._taken()
            if utterance is not None:
                self._try(utterance, stopping)
            elif self._wake is not None:
                select.select([self._wake], [], [], _LOOK_S)

    def close(self) -> None:
        """Play nothing more; safe to call twice."""
        with self._lock:
            wake, self._wake = self._wake, None
        if wake is not None:
            os.close(wake)

    def _taken(self) -> Utterance | None:
        with self._lock:
            utterance, self._newest = self._newest, None
            if self._wake is not None:
                with suppress(BlockingIOError):
                    os.eventfd_read(self._wake)
        return utterance

    def utter(self, utterance: Utterance, stopping: Event) -> bool:
        """Play one utterance here and now; False if it was cut off, as by the next.

        Raises SoundUnavailable.
        """
        is_through = utterance.tune is None or self._played(_tone(utterance.tune), stopping)
        if is_through and utterance.sentence is not None and self._voice is not None:
            spoken = self._voice.spoken(utterance.sentence, utterance.language)
            is_through = self._played(spoken, stopping)
        return is_through

    def _try(self, utterance: Utterance, stopping: Event) -> None:
        try:
            is_through = self.utter(utterance, stopping)
        except SoundUnavailable as exc:
            self._tell(exc)
        else:
            # What was cut off at once says nothing of the card.
            if is_through:
                self._tell(None)

    def _played(self, samples: Samples, stopping: Event) -> bool:
        """Play; False if it was cut off. Raises SoundUnavailable."""
        if not self._volume:
            return True
        ends_s = time.monotonic() + samples.length_s + _GRACE_S
        with self._begin(samples.at_volume(self._volume).to_wav()) as playing:
            while self._wake is not None and not stopping.is_set():
                if playing.wait(self._wake, _LOOK_S):
                    return True
                if self._is_overtaken:
                    return False
                if time.monotonic() >= ends_s:
                    raise SoundUnavailable(self.name, "the sound card does not take the sound")
        return False

    @property
    def _is_overtaken(self) -> bool:
        with self._lock:
            return self._newest is not None

    def _tell(self, error: SoundUnavailable | None) -> None:
        """Log a change, once: a till without a speaker is no news at every sale."""
        state = "well" if error is None else str(error)
        if state != self._told:
            self._told = state
            if error is None:
                _log.info("%s: sounds are played", self.name)
            else:
                _log.warning("%s", error)


@cache
def _tone(tune: Tune) -> Samples:
    return sounded(tune)
