"""What the queue's readiness is judged by beside the queue itself: its disk and its second copy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from offline_queue.counter import MirrorState, Surroundings
from offline_queue.errors import MirrorMissing

if TYPE_CHECKING:
    # For the type only: importing it imports SQLite's library.
    from offline_queue.mirror import Mirror


def surroundings(journal: Path, mirror: Mirror | None) -> Surroundings:
    """Return how much room the journal's disk has, and how its second copy is."""
    return Surroundings(_free_bytes(journal.parent), _state_of(mirror))


def _free_bytes(directory: Path) -> int | None:
    try:
        disk = os.statvfs(directory)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def _state_of(mirror: Mirror | None) -> MirrorState:
    if mirror is None:
        return MirrorState.NONE
    if mirror.error_code is None:
        return MirrorState.WELL
    is_missing = mirror.error_code == MirrorMissing.code
    return MirrorState.MISSING if is_missing else MirrorState.UNFIT
