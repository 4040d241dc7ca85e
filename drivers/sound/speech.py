"""Sentences as sound, by espeak-ng in a process of its own. Plays nothing.

espeak-ng is a package of Debian's; where it is not installed there is no voice, which is no error
of a sale.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Final

from drivers.errors import SoundUnavailable
from drivers.sound.wav import Samples

PROGRAM: Final = ("espeak-ng",)
# Words a minute. Its own 175 is for ears that are used to it; an announcement is slower.
_SPEED: Final = 140
# A sentence of twenty words takes a PC 10 ms and a Raspberry Pi ten times that.
_TIMEOUT_S: Final = 5.0
_NAME: Final = "voice"


class Voice:
    """What speaks; `program` is espeak-ng."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._program = tuple(program)

    def spoken(self, sentence: str, language: str) -> Samples:
        """Return a sentence as sound; `language` is its ISO 639-1 code.

        Raises SoundUnavailable.
        """
        command = (*self._program, "-v", language, "-s", str(_SPEED), "--stdin", "--stdout")
        done = _done(command, sentence.encode())
        if done.returncode != 0 or not done.stdout:
            said = done.stderr.decode(errors="replace").strip() or "it says nothing"
            raise SoundUnavailable(_NAME, said.splitlines()[-1])
        return Samples.from_wav(done.stdout)

    def languages(self) -> frozenset[str]:
        """Return the languages that it speaks; raises SoundUnavailable if there is no voice."""
        done = _done((*self._program, "--voices"), b"")
        rows = done.stdout.decode(errors="replace").splitlines()[1:]
        # The second column: "ko", "en-us", "en-gb".
        codes = (row.split()[1] for row in rows if len(row.split()) > 1)
        return frozenset(code.partition("-")[0] for code in codes)


def _done(command: tuple[str, ...], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command, input=given, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except FileNotFoundError as exc:
        raise SoundUnavailable(_NAME, f"{command[0]} is not installed") from exc
    except subprocess.TimeoutExpired as exc:
        raise SoundUnavailable(_NAME, f"{command[0]} does not end") from exc
    except OSError as exc:
        raise SoundUnavailable(_NAME, f"{command[0]} cannot be started") from exc
