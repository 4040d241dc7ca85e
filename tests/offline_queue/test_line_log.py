"""Lines that are appended: after a cut at any byte each is there or is not, and never another."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_queue.errors import DiskFailed, DiskFull
from offline_queue.line_log import LineLog, read_lines

TEXTS = st.lists(st.text(st.characters(blacklist_characters="\n", codec="utf-8")), max_size=5)


def written(path: Path, lines: list[str]) -> bytes:
    log = LineLog.begin(path, lines)
    log.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "lines"


@given(TEXTS)
def test_what_was_appended_is_read_again(place: Path, lines: list[str]) -> None:
    log = LineLog.begin(place, [])
    for line in lines:
        log.append(line)
    log.close()

    log, found = LineLog.open(place)
    log.close()
    assert (found.lines, found.is_damaged) == (tuple(lines), False)


@given(TEXTS, st.data())
def test_a_cut_anywhere_leaves_the_lines_before_it(
    place: Path, lines: list[str], data: st.DataObject
) -> None:
    whole = written(place, lines)
    end = data.draw(st.integers(0, len(whole)))
    place.write_bytes(whole[:end])

    log, found = LineLog.open(place)
    log.append("the next")
    log.close()

    assert found.lines == tuple(lines[: whole[:end].count(b"\n")])
    assert not found.is_damaged
    assert read_lines(place.read_bytes()).lines == (*found.lines, "the next")


@given(TEXTS, st.binary(max_size=40))
def test_whatever_was_left_behind_a_cut_is_no_line(
    place: Path, lines: list[str], rest: bytes
) -> None:
    found = read_lines(written(place, lines) + rest)
    assert found.lines[: len(lines)] == tuple(lines)
    assert found.lines[len(lines) :] == read_lines(rest).lines or found.is_damaged


def test_a_line_that_was_altered_in_the_middle_is_damage(place: Path) -> None:
    data = written(place, ["one", "two", "three"])
    found = read_lines(data.replace(b"two", b"twp"))
    assert (found.lines, found.is_damaged) == (("one",), True)


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EIO, DiskFailed)])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_fails_says_so(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[DiskFailed | DiskFull],
) -> None:
    log = LineLog.begin(place, ["one"])

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(error):
            log.append("two")
    log.close()


def test_what_only_half_fits_is_an_error_and_is_cut_off(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, write = LineLog.begin(place, ["one"]), os.write
    calls = iter([True, False])

    def half(descriptor: int, data: bytes) -> int:
        if not next(calls):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:5])

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(DiskFull):
            log.append("two")
    log.close()
    log, found = LineLog.open(place)
    log.close()
    assert found.lines == ("one",)
    assert read_lines(place.read_bytes()).length == len(place.read_bytes())


def test_no_file_and_no_room_to_mend_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DiskFailed):
        LineLog.open(place.with_name("nothing"))
    place.write_bytes(written(place, ["one"]) + b"half a li")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "ftruncate", fail)
        with pytest.raises(DiskFailed):
            LineLog.open(place)
