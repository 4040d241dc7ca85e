"""Plays a WAV file by ALSA's aplay, in a process of its own that can be cut off at any time.

The file is in memory and handed over whole: nothing waits for a sound card that takes no more.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from drivers.errors import SoundUnavailable
from drivers.killing import kill

PROGRAM: Final = ("aplay", "--quiet", "-")
# What ALSA calls the cards that there are.
CARDS: Final = Path("/proc/asound/cards")
_END_TIMEOUT_S: Final = 1.0
_NAME: Final = "speaker"


class Playing:
    """A sound that is being played."""

    def __init__(self, wav: bytes, program: Sequence[str] = PROGRAM) -> None:
        """Begin; raises SoundUnavailable if there is no such program."""
        self._file = _in_memory(wav)
        # What the program says goes to a file: a pipe that nobody empties would stop it.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `stop`)
        try:
            self._process = subprocess.Popen(
                program, stdin=self._file, stdout=subprocess.DEVNULL, stderr=self._said
            )
        except OSError as exc:
            self._let_go()
            why = "is not installed" if isinstance(exc, FileNotFoundError) else "does not start"
            raise SoundUnavailable(_NAME, f"{program[0]} {why}") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait(self, wake: int, timeout_s: float) -> bool:
        """Return whether it has been played; False when `wake` can be read or time is up.

        Raises SoundUnavailable if it could not be played.
        """
        end = os.pidfd_open(self._process.pid)
        try:
            ready, _, _ = select.select([end, wake], [], [], timeout_s)
        finally:
            os.close(end)
        if end not in ready:
            return False
        if self._process.wait(_END_TIMEOUT_S) != 0:
            raise SoundUnavailable(_NAME, self._trouble())
        return True

    def stop(self) -> None:
        """Cut it off, if it is still going on."""
        kill(self._process, _END_TIMEOUT_S)
        self._let_go()

    def _let_go(self) -> None:
        self._file.close()
        self._said.close()

    def _trouble(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it cannot be played"


def cards(path: Path = CARDS) -> tuple[str, ...]:
    """Return the names of the sound cards, as ALSA lists them: " 0 [PCH ]: HDA-Intel - HDA"."""
    try:
        rows = path.read_text(errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(row.partition("]: ")[2] for row in rows if "]: " in row)


def _in_memory(wav: bytes) -> IO[bytes]:
    file = os.fdopen(os.memfd_create("sound", os.MFD_CLOEXEC), "wb+")
    file.write(wav)
    file.flush()
    file.seek(0)
    return file
