"""The disk's self-test: what cannot be true is said, and a pulled plug proves a liar."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path

import pytest

from offline_queue.disk_test import (
    PLUG_FILE,
    UNKNOWN,
    DiskLook,
    Suspicion,
    after_cut,
    look,
    write_until_cut,
)
from offline_queue.errors import DiskFailed


def mounted(tmp_path: Path, kind: str) -> Path:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/root / ext4 rw 0 0\n/dev/sda1 {tmp_path} {kind} rw 0 0\n")
    return mounts


@pytest.mark.parametrize(
    ("kind", "step_s", "suspicion"),
    [
        ("ext4", 0.004, None),
        ("ext4", 0.00001, Suspicion.TOO_FAST),
        ("tmpfs", 0.004, Suspicion.IN_MEMORY),
    ],
)
def test_what_cannot_be_true_is_said(
    tmp_path: Path, kind: str, step_s: float, suspicion: Suspicion | None
) -> None:
    ticks = count()
    found = look(tmp_path, lambda: next(ticks) * step_s, mounted(tmp_path, kind))

    assert found.sync_s == pytest.approx(step_s)
    assert found == DiskLook(kind, found.sync_s, suspicion)
    assert [each.name for each in tmp_path.iterdir()] == ["mounts"]


def test_the_real_file_system_is_found(tmp_path: Path) -> None:
    assert look(tmp_path).sync_s > 0


def test_a_mount_point_with_a_space_is_found(tmp_path: Path) -> None:
    place = tmp_path / "my stick"
    place.mkdir()
    mounts = tmp_path / "mounts"
    escaped = str(place).replace(" ", "\\040")
    mounts.write_text(f"/dev/root / ext4 rw 0 0\n/dev/sdb1 {escaped} vfat rw 0 0\n")

    assert look(place, mounts=mounts).file_system == "vfat"


def test_an_honest_disk_has_at_least_what_its_witness_saw(tmp_path: Path) -> None:
    disk, stick = tmp_path / "disk", tmp_path / "stick"
    disk.mkdir()
    stick.mkdir()
    assert list(islice(write_until_cut(disk, stick), 5)) == [1, 2, 3, 4, 5]

    found = after_cut(disk, stick)
    assert (found.kept, found.witnessed, found.is_proven_liar) == (5, 5, False)


@pytest.mark.parametrize("damage", [4 * 4096, 4 * 4096 + 512, 3 * 4096 - 1])
def test_a_disk_with_less_than_its_witness_saw_has_lied(tmp_path: Path, damage: int) -> None:
    seen = max(islice(write_until_cut(tmp_path), 9))
    data = (tmp_path / PLUG_FILE).read_bytes()
    (tmp_path / PLUG_FILE).write_bytes(data[:damage] + bytes(len(data) - damage))

    found = after_cut(tmp_path, seen)
    assert (found.kept, found.witnessed, found.is_proven_liar) == (damage // 4096, 9, True)


def test_no_test_is_no_finding(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed):
        after_cut(tmp_path, tmp_path / "stick")


def test_a_disk_without_a_name_is_looked_at_all_the_same(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("proc /proc proc rw 0 0\n")

    seen = look(tmp_path, mounts=mounts)

    assert seen.file_system == UNKNOWN
    assert seen.sync_s > 0
