"""The disk's room and the second copy's state, as readiness asks for them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from offline_queue.counter import MirrorState
from offline_queue.errors import MirrorDiffers, MirrorFull, MirrorMissing
from pos_app.surroundings import surroundings


def test_a_disk_that_is_there_has_some_room_or_none(tmp_path: Path) -> None:
    free_bytes = surroundings(tmp_path / "journal.db", None).disk_free_bytes
    assert free_bytes is not None
    assert free_bytes >= 0
    assert surroundings(tmp_path / "gone" / "journal.db", None).disk_free_bytes is None


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (None, MirrorState.WELL),
        (MirrorMissing.code, MirrorState.MISSING),
        (MirrorFull.code, MirrorState.UNFIT),
        (MirrorDiffers.code, MirrorState.UNFIT),
    ],
)
def test_a_second_copy_is_as_it_last_reported(
    tmp_path: Path, code: str | None, state: MirrorState
) -> None:
    mirror: Any = SimpleNamespace(error_code=code)
    assert surroundings(tmp_path / "journal.db", mirror).mirror is state


def test_no_second_copy_is_nothing_wrong(tmp_path: Path) -> None:
    assert surroundings(tmp_path / "journal.db", None).mirror is MirrorState.NONE
