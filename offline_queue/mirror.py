"""A second copy of the journal on another medium, written right after each commit.

The copy is a journal like the first: it opens, verifies and uploads like one. It follows on a
thread of its own and only ever reads the journal's file, so that no medium, however slow or dead,
keeps a customer waiting. Whatever it lacks, for a moment or since a month, it fetches in the same
way. This module must not know why an entry is written, nor decide that a payment is approved: the
journal's own commit does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

from offline_queue.backoff import Backoff
from offline_queue.chain import Link
from offline_queue.errors import (
    DiskFailed,
    DiskFull,
    JournalBehind,
    JournalDamaged,
    JournalLocked,
    JournalTooNew,
    MirrorDiffers,
    MirrorFull,
    MirrorMissing,
    QueueError,
    WrongTerminal,
)
from offline_queue.journal import Journal
from offline_queue.records import Copies

# What a medium gets to show its copy at a start: a spun-down stick wakes within a second or two.
_START_TIMEOUT_S: Final = 3.0
# What the thread gets to end: one commit on a slow stick. A dead one does not hold up a shutdown.
_STOP_TIMEOUT_S: Final = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MirrorPlace:
    """Where a terminal's second copy is: a directory on another medium than the journal's.

    `is_any_medium` lets both be on the same one, which guards against nothing but a lost file.
    """

    directory: Path
    journal: Path
    terminal_id: bytes
    is_any_medium: bool = False

    @property
    def path(self) -> Path:
        """The copy's file: one medium may serve several terminals."""
        return self.directory / f"ks-pos-{self.terminal_id.hex()}.db"

    def open(self) -> Journal:
        """Open the copy, beginning it if there is none. Raises a Mirror error."""
        self.see_medium()
        try:
            return Journal.open(self.path, self.terminal_id, is_alone=True)
        except (WrongTerminal, JournalDamaged, JournalTooNew) as exc:
            raise MirrorDiffers(f"the second copy cannot be continued: {exc}") from exc
        except QueueError as exc:
            raise _as_mirror_error(exc) from exc

    def see_medium(self) -> None:
        """Raise MirrorMissing if the directory is not there, or is only where a medium should be.

        An empty mount point lies on the disk beneath it: a copy there would look like one.
        """
        try:
            medium = self.directory.stat().st_dev
            is_other = medium != self.journal.parent.stat().st_dev
        except OSError as exc:
            raise MirrorMissing(f"the second copy's medium is not there: {exc.strerror}") from exc
        if not (is_other or self.is_any_medium):
            raise MirrorMissing("nothing is mounted where the second copy should be")


class Copying:
    """Brings a copy up to its journal, as often as it is asked to; for one thread."""

    def __init__(self, place: MirrorPlace) -> None:
        self._place = place
        self._copy: Journal | None = None

    def catch_up(self) -> None:
        """Copy all that is in the journal and not in the copy; durable when this returns.

        Raises a Mirror error, JournalBehind if the copy holds more than the journal, or what
        reading the journal raises. Nothing in either is ever changed or removed.
        """
        if self._copy is None:
            self._copy = self._place.open()
        with closing(Journal.read(self._place.journal, self._place.terminal_id)) as journal:
            _see_same(journal, self._copy)
            _copy(journal, self._copy)

    def beyond(self, tail: Link, batch: int) -> list[Copies]:
        """Return what the copy holds after a journal's tail and the number of its last batch.

        Nothing if it is of another history.
        Raises a Mirror error.
        """
        if not self._place.path.exists():
            return []
        self._copy = self._copy or self._place.open()
        found: list[Copies] = []
        if self._copy.tail.sequence > tail.sequence and self._copy.link(tail.sequence) == tail:
            sequence = tail.sequence
            while (copies := self._copy.copies(sequence, batch)).entries:
                found.append(copies)
                sequence, batch = copies.last_sequence, max(batch, copies.last_batch)
        return found

    def close(self) -> None:
        """Let go of the copy's files."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None


class Mirror:
    """The thread that keeps a copy; `report` hears each change: None, or the code of an error.

    `report` is called on that thread. `chance` returns numbers from 0 up to 1.
    """

    def __init__(
        self,
        place: MirrorPlace,
        report: Callable[[str | None], None],
        chance: Callable[[], float],
    ) -> None:
        self._place = place
        self._copying = Copying(place)
        self._report = report
        self._backoff = Backoff(chance)
        self._code: str | None = None
        self._is_due = Event()
        self._is_stopping = Event()
        self._is_started = False
        self._thread = Thread(target=self._run, name="mirror", daemon=True)

    @property
    def error_code(self) -> str | None:
        """The code of what is wrong with the copy, as last reported; None if it is well."""
        return self._code

    def open_journal(self) -> Journal:
        """Open the journal; from the first time on, the copy follows each of its commits.

        What the journal has lost and the copy still holds is fetched before the copy follows.
        Raises as `Journal.open` and `heal` do.
        """
        journal = Journal.open(
            self._place.journal, self._place.terminal_id, on_commit=self._is_due.set
        )
        try:
            if not self._is_started:
                heal(journal, self._place)
                self._thread.start()
                self._is_started = True
        except BaseException:
            journal.close()
            raise
        self._is_due.set()
        return journal

    def stop(self) -> None:
        """Copy what is left and end; a medium that does not answer is not waited for."""
        self._is_stopping.set()
        self._is_due.set()
        if self._is_started:
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._is_due.wait()
            self._is_due.clear()
            is_last = self._is_stopping.is_set()
            wait_s = self._tried()
            if wait_s is not None and not is_last:
                # A medium that is away is looked for now and then, not at every commit.
                self._is_stopping.wait(wait_s)
                self._is_due.set()
        self._copying.close()

    def _tried(self) -> float | None:
        """Catch up; return how long to wait before another try, None if it went well."""
        try:
            self._copying.catch_up()
        except QueueError as error:
            self._copying.close()
            self._tell(error.code)
            return self._backoff.next_s()
        self._backoff.reset()
        self._tell(None)
        return None

    def _tell(self, code: str | None) -> None:
        if code != self._code:
            self._code = code
            _log.warning("the second copy: %s", code or "well again")
            self._report(code)


def heal(journal: Journal, place: MirrorPlace) -> int:
    """Fetch what the journal has lost and its copy still holds; return how many entries.

    A medium that is missing or does not answer in time heals nothing: that is the mirror's own
    business to report, as is a copy of another history. Raises JournalDamaged if its entries do
    not hold, DiskFull or DiskFailed if they cannot be written.
    """
    lost = _lost(journal.tail, _last_batch(journal), place)
    for copies in lost:
        journal.append_copies(copies)
    count = sum(len(copies.entries) for copies in lost)
    if count:
        _log.warning("the journal had lost %d entries; its second copy held them", count)
    return count


def _lost(tail: Link, batch: int, place: MirrorPlace) -> list[Copies]:
    """Return what the copy holds after a tail and a batch, if it can be read in time."""
    found: list[list[Copies]] = []

    def look() -> None:
        with suppress(QueueError), closing(Copying(place)) as copying:
            found.append(copying.beyond(tail, batch))

    # Reading a dead stick can take the kernel half a minute; nobody waits for that thread.
    looking = Thread(target=look, name="mirror-at-start", daemon=True)
    looking.start()
    looking.join(_START_TIMEOUT_S)
    return found[0] if found else []


def _see_same(journal: Journal, copy: Journal) -> None:
    """Raise MirrorDiffers if the two are not of one history, JournalBehind if the copy has more."""
    common = min(journal.tail.sequence, copy.tail.sequence)
    if journal.link(common).hash != copy.link(common).hash:
        raise MirrorDiffers(f"the second copy has another entry {common} than the journal")
    if copy.tail.sequence > journal.tail.sequence:
        raise JournalBehind(
            f"the journal ends at entry {journal.tail.sequence}, its copy holds more",
            sequence=journal.tail.sequence,
            proven=copy.tail.sequence,
        )


def _copy(journal: Journal, copy: Journal) -> None:
    while not (copies := journal.copies(copy.tail.sequence, _last_batch(copy))).is_empty:
        try:
            copy.append_copies(copies)
        except (DiskFull, DiskFailed, JournalLocked) as exc:
            raise _as_mirror_error(exc) from exc


def _last_batch(journal: Journal) -> int:
    batch = journal.last_batch()
    return batch.number if batch else 0


def _as_mirror_error(error: QueueError) -> QueueError:
    kind = MirrorFull if isinstance(error, DiskFull) else MirrorMissing
    return kind(f"the second copy: {error}")
