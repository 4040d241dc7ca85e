"""Which slips have been begun: what makes an original come out of the printer once, ever.

A job waits, is begun, and is then printed, or doubtful because nobody knows. That it is begun is on
the disk before its first byte is sent; so after a power cut a slip that may be on paper is known,
and whatever is printed of the same thing from then on is a copy. What only waits is in memory:
nothing of it was printed, and after a restart nobody waits for it any more. It must not know what a
slip looks like, nor what a printer is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from threading import Lock
from typing import Final

from offline_queue.durable_file import disk_error
from offline_queue.errors import QueueError
from offline_queue.line_log import LineLog

# Two lines a slip: the last ten thousand, about two megabytes, read in a tenth of a second.
_LINES_MAX: Final = 20_000
# What is kept when the list grows too long; of anything older only copies are printed.
_KEPT_SUBJECTS: Final = 2_000
# The first line of the list: the place in the journal up to which nothing is an original any more.
_FLOOR: Final = "floor"


@dataclass(frozen=True, slots=True)
class PrintSubject:
    """What a slip is of; `name` is the same for every slip of it, and has no space in it.

    `place` is the journal entry that it stands for, None for a mere look (an X report, a test),
    of which each is as good as the other and none is a copy.
    """

    name: str
    place: int | None = None


class Outcome(Enum):
    """How a job ended."""

    PRINTED = "printed"
    DOUBTFUL = "doubtful"
    # Nothing of it was sent.
    CANCELLED = "cancelled"
    FAILED = "failed"


_BEGUN: Final = "begun"


@dataclass(slots=True)
class _Known:
    """What the list says. `begun` are subjects and their places, `open` the jobs without an end."""

    floor: int = 0
    number: int = 0
    begun: dict[str, int] = field(default_factory=dict)
    open: dict[int, str] = field(default_factory=dict)

    def take(self, line: str) -> None:
        what, number, place, name = line.split(" ", 3)
        self.number = max(self.number, int(number))
        if what == _FLOOR:
            self.floor = int(place)
        elif what == _BEGUN:
            self.begun[name] = int(place)
            self.open[int(number)] = name
        else:
            self.open.pop(int(number), None)

    def lines(self) -> Iterator[str]:
        """Yield the lines of a list that says all of this and nothing else."""
        yield _line(_FLOOR, self.number, self.floor, "-")
        for name, place in self.begun.items():
            yield _line(_BEGUN, 0, place, name)
            yield _line(Outcome.PRINTED.value, 0, 0, name)
        for number, name in self.open.items():
            yield _line(_BEGUN, number, self.begun.get(name, 0), name)


class PrintJobs:
    """The print jobs of one terminal. Every method may be called from any thread."""

    def __init__(self, path: Path, tail: int) -> None:
        """Read the list at `path`, or begin one; `tail` is the place of the journal's last entry.

        Of what is in the journal when a list is begun (there was none, or it was damaged) nobody
        knows what was printed: only copies are. Raises DiskFull or DiskFailed.
        """
        self._path = path
        self._lock = Lock()
        self._waiting: dict[int, PrintSubject] = {}
        self._known = _Known()
        self._log: LineLog | None = None
        self._tail = tail
        self._open()
        left = dict(self._known.open)
        self._interrupted = tuple(dict.fromkeys(left.values()))
        for number, name in left.items():
            self._append(_line(Outcome.DOUBTFUL.value, number, 0, name))

    @property
    def interrupted(self) -> tuple[str, ...]:
        """The names of subjects whose slip was under way when the last process ended; told once."""
        return self._interrupted

    def order(self, subject: PrintSubject) -> int:
        """Return the number of a new job that waits."""
        with self._lock:
            self._known.number += 1
            self._waiting[self._known.number] = subject
            return self._known.number

    def is_copy(self, subject: PrintSubject) -> bool:
        """Whether what is printed of it now is a copy."""
        with self._lock:
            return self._is_copy(subject)

    def begin(self, number: int) -> bool:
        """Note durably that a job's first byte is about to be sent; whether it is the original.

        Raises DiskFull or DiskFailed: then nothing may be printed.
        """
        with self._lock:
            subject = self._waiting[number]
            if subject.place is None:
                return True
            is_original = not self._is_copy(subject)
            self._append(_line(_BEGUN, number, subject.place, subject.name))
            return is_original

    def end(self, number: int, outcome: Outcome) -> None:
        """Note how a job ended. If the disk fails it is doubtful after a restart, which is true."""
        with self._lock:
            subject = self._waiting.pop(number, None)
            if subject is None or subject.place is None or number not in self._known.open:
                return
            with suppress(QueueError):
                self._append(_line(outcome.value, number, 0, subject.name))

    def close(self) -> None:
        """Let go of the list."""
        with self._lock:
            self._let_go()

    def _is_copy(self, subject: PrintSubject) -> bool:
        if subject.place is None:
            return False
        return subject.name in self._known.begun or subject.place <= self._known.floor

    def _append(self, line: str) -> None:
        try:
            if self._log is None:
                self._open()
            assert self._log is not None, "it has just been opened"
            self._log.append(line)
        except QueueError:
            # Whether the line is there only the disk can say: it is read again before the next.
            self._let_go()
            raise
        self._known.take(line)

    def _open(self) -> None:
        number = self._known.number
        try:
            self._path.stat()
        except FileNotFoundError:
            self._begin_anew(_Known(self._floor_now()))
        except OSError as exc:
            raise disk_error(exc, f"look for {self._path.name}") from exc
        else:
            self._read()
        self._known.number = max(self._known.number, number)

    def _read(self) -> None:
        log, found = LineLog.open(self._path)
        known = _understood(found.lines)
        if known is None or found.is_damaged:
            log.close()
            self._set_aside()
            self._begin_anew(_Known(self._floor_now()))
        elif len(found.lines) > _LINES_MAX:
            log.close()
            self._begin_anew(_shortened(known))
        else:
            self._take_up(log, known)

    def _floor_now(self) -> int:
        return max(self._tail, self._known.floor, *self._known.begun.values(), 0)

    def _begin_anew(self, known: _Known) -> None:
        """Replace the list by one that says what is known."""
        self._take_up(LineLog.begin(self._path, known.lines()), known)

    def _take_up(self, log: LineLog, known: _Known) -> None:
        # What this process has begun it knows, whatever has become of the file.
        known.begun |= self._known.begun
        self._log, self._known = log, known

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
        except OSError as exc:
            raise disk_error(exc, f"set {self._path.name} aside") from exc

    def _let_go(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None


def _line(what: str, number: int, place: int, name: str) -> str:
    return f"{what} {number} {place} {name}"


def _understood(lines: tuple[str, ...]) -> _Known | None:
    """Return what the lines say, None if they are not those of a list."""
    known = _Known()
    try:
        for line in lines:
            known.take(line)
    except ValueError:
        return None
    return known if lines else None


def _shortened(known: _Known) -> _Known:
    """Return a list without the subjects that are longest ago: of these only copies are printed."""
    by_place = sorted(known.begun.items(), key=lambda each: each[1])
    dropped, kept = by_place[:-_KEPT_SUBJECTS], by_place[-_KEPT_SUBJECTS:]
    floor = max([known.floor, *(place for _, place in dropped)])
    return _Known(floor, known.number, dict(kept), known.open)
