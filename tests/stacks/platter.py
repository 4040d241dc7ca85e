"""What a disk holds after its power was cut: a model of one that forgets what was not synced.

Pure: steps go in, files come out. It knows no journal and no mount; `forgetful_disk` records steps
of programs that run on a real file system.

What is not promised by fsync may be lost, in any order and in parts: a write survives sector by
sector, a name (made, moved, removed) survives when its directory was synced, and otherwise by
chance. That is what POSIX allows and what a cheap card does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from random import Random
from typing import Final

SECTOR_BYTES: Final = 512
"""What a disk writes whole or not at all."""


class Do(StrEnum):
    """What was asked of the disk."""

    MAKE = "make"
    MAKE_DIRECTORY = "make directory"
    WRITE = "write"
    TRUNCATE = "truncate"
    RENAME = "rename"
    REMOVE = "remove"
    SYNC = "sync"
    SYNC_DIRECTORY = "sync directory"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Step:
    """One request: `file` is a number that a file keeps under any name.

    `at` is a write's offset or a truncation's size; `path` a file's name, `other` its new name or
    the text of a mark.
    """

    do: Do
    file: int = 0
    path: str = ""
    other: str = ""
    at: int = 0
    data: bytes = b""


CHANGES_NAMES: Final = frozenset({Do.MAKE, Do.MAKE_DIRECTORY, Do.RENAME, Do.REMOVE})
CHANGES_DATA: Final = frozenset({Do.WRITE, Do.TRUNCATE})
DIRECTORY: Final = -1
"""What stands in the place of a file's number for a directory."""


@dataclass
class _File:
    kept: bytearray = field(default_factory=bytearray)
    pending: list[Step] = field(default_factory=list)


class Platter:
    """A disk as its magnetism or its flash would have it, with all that is still on the way."""

    def __init__(self, *, is_honest: bool = True) -> None:
        """Start with an empty disk; one that is not honest does nothing when it is told to sync."""
        self._is_honest = is_honest
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}
        self._pending: list[Step] = []

    def do(self, step: Step) -> None:
        """Take the next request."""
        if step.do in CHANGES_NAMES:
            self._pending.append(step)
        elif step.do in CHANGES_DATA:
            self._file(step.file).pending.append(step)
        elif step.do is Do.SYNC and self._is_honest:
            self._sync(step.file)
        elif step.do is Do.SYNC_DIRECTORY and self._is_honest:
            self._sync_directory(step.path)

    def settle(self) -> None:
        """Let everything reach the disk, as it does when nothing is asked for a while."""
        for number in self._files:
            self._sync(number)
        self._names = _renamed(self._names, self._pending)
        self._pending = []

    def after_cut(self, chance: Random) -> dict[str, bytes | None]:
        """Return a possible content of the disk if the power is cut now: None for a directory."""
        odds = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        names = _renamed(self._names, list(_surviving(self._pending, odds, chance)))
        return {
            path: None if number == DIRECTORY else self._content(number, odds, chance)
            for path, number in sorted(names.items())
            if _has_parents(path, names)
        }

    def _file(self, number: int) -> _File:
        return self._files.setdefault(number, _File())

    def _content(self, number: int, odds: float, chance: Random) -> bytes:
        file = self._file(number)
        content = bytearray(file.kept)
        for piece in _pieces(file.pending):
            if chance.random() < odds:
                _change(content, piece)
        return bytes(content)

    def _sync(self, number: int) -> None:
        file = self._file(number)
        for step in file.pending:
            _change(file.kept, step)
        file.pending.clear()

    def _sync_directory(self, path: str) -> None:
        inside = [step for step in self._pending if _parent(step.path) == path]
        self._names = _renamed(self._names, inside)
        self._pending = [step for step in self._pending if step not in inside]


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _surviving(steps: list[Step], odds: float, chance: Random) -> Iterator[Step]:
    """Yield the changes of names that survive: the first few, or any of them."""
    if chance.random() < 0.5:
        yield from steps[: chance.randint(0, len(steps))]
    else:
        yield from (step for step in steps if chance.random() < odds)


def _renamed(names: dict[str, int], steps: list[Step]) -> dict[str, int]:
    """Return the names after these changes; one that makes no sense without a lost one is
    lost with it.
    """
    names = dict(names)
    for step in steps:
        match step.do:
            case Do.MAKE:
                names[step.path] = step.file
            case Do.MAKE_DIRECTORY:
                names[step.path] = DIRECTORY
            case Do.REMOVE:
                names.pop(step.path, None)
            case Do.RENAME if step.path in names:
                names[step.other] = names.pop(step.path)
    return names


def _has_parents(path: str, names: dict[str, int]) -> bool:
    parent = _parent(path)
    return parent == "/" or (parent in names and _has_parents(parent, names))


def _pieces(steps: list[Step]) -> Iterator[Step]:
    """Yield changes of a file cut into what reaches the disk whole."""
    for step in steps:
        if step.do is Do.TRUNCATE:
            yield step
            continue
        start, end = step.at, step.at + len(step.data)
        while start < end:
            stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
            yield Step(Do.WRITE, at=start, data=step.data[start - step.at : stop - step.at])
            start = stop


def _change(content: bytearray, step: Step) -> None:
    if step.do is Do.TRUNCATE:
        del content[step.at :]
        content.extend(bytes(step.at - len(content)))
        return
    end = step.at + len(step.data)
    content.extend(bytes(max(0, end - len(content))))
    content[step.at : end] = step.data
