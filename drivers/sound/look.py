"""What there is to be heard with: a player, sound cards, a voice. Plays nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from drivers.errors import SoundUnavailable
from drivers.sound.player import PROGRAM, cards
from drivers.sound.speech import Voice


@dataclass(frozen=True, slots=True)
class SoundLook:
    """The player's program if it is installed, the cards, and the languages that are spoken."""

    has_player: bool
    cards: tuple[str, ...]
    languages: frozenset[str]


def look() -> SoundLook:
    """Look at this machine."""
    try:
        languages = Voice().languages()
    except SoundUnavailable:
        languages = frozenset()
    return SoundLook(shutil.which(PROGRAM[0]) is not None, cards(), languages)
