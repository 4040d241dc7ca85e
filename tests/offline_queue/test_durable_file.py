"""Small files are whole: the old content or the new, whatever happens in between."""

import errno
import os
from pathlib import Path

import pytest

from offline_queue.durable_file import disk_error, read_whole, write_durably
from offline_queue.errors import DiskFailed, DiskFull


def test_what_was_written_is_read_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "policy.cbor"
    for content in (b"first", b"", b"second"):
        write_durably(path, content)
        assert read_whole(path) == content
    assert [each.name for each in tmp_path.iterdir()] == ["policy.cbor"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("step", ["fsync", "open", "write"])
def test_a_failure_at_any_step_keeps_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "policy.cbor"
    write_durably(path, b"old")

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, {"write": "fdopen"}.get(step, step), fail)
    with pytest.raises(DiskFull):
        write_durably(path, b"new")
    monkeypatch.undo()

    assert read_whole(path) == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["policy.cbor"]


def test_a_power_cut_before_the_renaming_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "policy.cbor"
    write_durably(path, b"old")
    path.with_name("policy.cbor.new").write_bytes(b"half of the n")

    assert read_whole(path) == b"old"
    write_durably(path, b"new")
    assert read_whole(path) == b"new"


def test_a_file_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DiskFailed, match=r"read policy\.cbor"):
        read_whole(tmp_path / "policy.cbor")


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, DiskFailed)],
)
def test_what_an_operating_system_s_error_means(number: int, error: type[Exception]) -> None:
    assert type(disk_error(OSError(number, "whatever"), "write")) is error
