"""Hands what is heard of the till to the speaker; `till/sounds.py` decides what that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from drivers.sound.speaker import Utterance
from drivers.sound.tones import AGAIN, NO, YES, Tune
from pos_app.till.show import Face
from pos_app.till.sounds import Cue, Sound, heard
from pos_app.till.states import Till

TUNES: Final[Mapping[Cue, Tune]] = MappingProxyType({Cue.YES: YES, Cue.NO: NO, Cue.AGAIN: AGAIN})


def whole_till(till: Till, face: Face) -> Till:
    """Return the till itself: what is heard depends on the step, not on one state."""
    del face
    return till


class SoundDesk:
    """Listens to a runtime, which hands over each new state, and plays what is heard of it.

    `play` never waits.
    """

    def __init__(
        self, play: Callable[[Utterance], None], *, has_tones: bool, has_voice: bool
    ) -> None:
        self._play = play
        self._has_tones = has_tones
        self._has_voice = has_voice
        self._till: Till | None = None

    def hear(self, till: Till) -> None:
        """Take the next state of the till; called on the runtime's thread."""
        before, self._till = self._till, till
        sound = None if before is None else heard(before, till)
        if sound is not None:
            self._utter(sound)

    def _utter(self, sound: Sound) -> None:
        tune = None if sound.cue is None or not self._has_tones else TUNES[sound.cue]
        sentence = sound.sentence if self._has_voice else None
        if tune is not None or sentence is not None:
            self._play(Utterance(tune, sentence, sound.language.value))
