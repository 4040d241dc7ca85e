"""What a technician does with what a rescue has found: a journal in its place, files for a courier.

The damaged journal is kept beside, whole, whatever happens. It must not know how any of it is
printed, nor how a file reaches the ledger.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Self

from firmware_tools.errors import NotATerminal, PlaceUnusable
from firmware_tools.place import Place, alone_with, usable
from firmware_tools.terminal import EnrolledTerminal
from kscoin.courier import MAX_SHIPMENT_BYTES, pack
from kscoin.errors import KSCoinError
from offline_queue.books import Books, LastWord
from offline_queue.chain import Link
from offline_queue.courier import Courier
from offline_queue.dispatch import Dispatch
from offline_queue.durable_file import sync_directory, write_durably
from offline_queue.journal import Journal
from offline_queue.rescue import Rescued, rebuild, stranded_batches, unsigned_batches
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import TerminalIdentity
from offline_queue.trusted_clock import Clock, SystemClock
from offline_queue.values import Shipment, StoredBatch
from offline_queue.watermark import Watermark

# A second copy is named by its terminal (see `mirror`).
_COPY: Final = "ks-pos-"
# What SQLite keeps beside a journal: it would be taken for the new one's.
_LOGS: Final = ("-wal", "-shm")
# Around each byte string of an array, and once around all.
_LENGTH_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Sealing:
    """What seals a terminal's entries for its ledger: who the terminal is, and its rules."""

    rulebook: Rulebook
    identity: TerminalIdentity
    clock: Clock

    @classmethod
    def of(cls, terminal: EnrolledTerminal) -> Self:
        """Open what is in a terminal's directory; raises a KeyStoreError or IdentityInvalid."""
        rulebook = Rulebook.load(terminal.directory)
        return cls(rulebook, terminal.identity(rulebook), SystemClock())

    def shipments(self, rescued: Rescued, journal: Path) -> Iterator[Shipment]:
        """Yield all that the ledger has not answered: first what continues its chain.

        `journal` is the rebuilt one; the batches that are new are stored in it. Raises
        UntrustedKey if the ledger takes no couriers, or a QueueError.
        """
        identity, rulebook = self.identity, self.rulebook
        enrolled = LastWord(0, 0, identity.enrolled_at_s, rulebook.rules.denylist.version)
        open_journal = partial(Journal.open, journal, identity.terminal_id)
        with closing(Books(open_journal, self.clock, enrolled)) as books:
            dispatch = Dispatch(books, rulebook, identity)
            batches = _continuing(rescued, books, dispatch)
            last = batches[-1].number if batches else 0
            batches += stranded_batches(rescued, identity, last)
            yield from Courier(books, rulebook, identity, dispatch).packed(batches)


def _continuing(rescued: Rescued, books: Books, dispatch: Dispatch) -> list[StoredBatch]:
    """Return the batches up to the first loss that the ledger has not answered."""
    batches: list[StoredBatch] = []
    if rescued.last_whole <= rescued.acknowledged_sequence:
        return batches
    with books:
        number = books.last_word.batch_number
    while (batch := dispatch.batch_after(number)) is not None:
        batches.append(batch)
        number = batch.number
    return batches


def sources_of(directory: Path) -> tuple[Path, ...]:
    """Return the journal of a terminal's directory and its second copy, those that are there."""
    with suppress(KSCoinError):
        terminal = EnrolledTerminal.at(directory)
        certificate = Place(directory.absolute()).enrolled()
        place = terminal.mirror_place(certificate.terminal_id) if certificate else None
        both = (terminal.journal, *((place.path,) if place else ()))
        return tuple(each for each in both if each.exists())
    return ()


def terminal_id_of(directory: Path, sources: Sequence[Path]) -> bytes:
    """Return whose journals these are: by the certificate, or by the name of a second copy.

    Raises NotATerminal if neither says.
    """
    with suppress(KSCoinError):
        if (certificate := Place(directory.absolute()).enrolled()) is not None:
            return certificate.terminal_id
    for source in sources:
        with suppress(ValueError):
            if source.stem.startswith(_COPY):
                return bytes.fromhex(source.stem.removeprefix(_COPY))
    raise NotATerminal(f"{directory} has no certificate, and no file says whose it is")


def put_in_place(rescued: Rescued, journal: Path) -> Path | None:
    """Make what was rescued the journal at that path; return where what was there is kept.

    After a loss the terminal does not sell on it (JournalBehind). Raises TillRunning,
    PlaceUnusable, DiskFull or DiskFailed; what was there is then in its place or kept.
    """
    new = journal.with_name(f"{journal.stem}.rescued.db")
    with usable(journal), alone_with(journal):
        _forget(new)
        rebuild(rescued, new)
        new.with_suffix(".mark").unlink(missing_ok=True)
        kept = _kept(journal) if journal.exists() else None
        _note_what_was_there(rescued, journal)
        new.replace(journal)
        sync_directory(journal.parent)
    return kept


def write_files(shipped: Iterable[Shipment], file: Path) -> dict[Path, Shipment]:
    """Write each shipment into a file: FILE, FILE.2, …; return which is where.

    Raises PlaceUnusable, DiskFull or DiskFailed.
    """
    written: dict[Path, Shipment] = {}
    for number, shipment in enumerate(shipped, 1):
        path = _numbered(file, number)
        write_durably(path, shipment.data)
        written[path] = shipment
    return written


def write_unsigned(rescued: Rescued, file: Path) -> list[Path]:
    """Write what the ledger has not answered, without the terminal's key; return into which files.

    Raises as `write_files`.
    """
    paths: list[Path] = []
    for number, part in enumerate(_fitting(unsigned_batches(rescued)), 1):
        paths.append(_numbered(file, number))
        write_durably(paths[-1], pack(part))
    return paths


def _numbered(file: Path, number: int) -> Path:
    if not file.absolute().parent.is_dir():
        raise PlaceUnusable(f"{file.absolute().parent} is no directory")
    return file if number == 1 else file.with_name(f"{file.name}.{number}")


def _fitting(payloads: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the payloads in portions that the ledger takes at once."""
    part: list[bytes] = []
    room = MAX_SHIPMENT_BYTES
    for payload in payloads:
        need = len(payload) + _LENGTH_BYTES
        if part and need > room:
            yield part
            part, room = [], MAX_SHIPMENT_BYTES
        part.append(payload)
        room -= need
    if part:
        yield part


def _kept(journal: Path) -> Path:
    """Keep a journal and all that belongs to it in a directory of their own; return it.

    The journal's file is there twice until the new one takes its name, so that no cut leaves a
    moment without it: a till that found none would begin another.
    """
    directory = next(
        each
        for number in count(1)
        if not (each := journal.with_name(f"{journal.stem}.damaged-{number}")).exists()
    )
    directory.mkdir(mode=0o700)
    os.link(journal, directory / journal.name)
    mark = journal.with_suffix(".mark")
    if mark.exists():
        shutil.copy2(mark, directory / mark.name)
    for each in (
        *(journal.with_name(journal.name + log) for log in _LOGS),
        journal.with_suffix(".archive"),
    ):
        if each.exists():
            each.rename(directory / each.name)
    sync_directory(directory)
    sync_directory(journal.parent)
    return directory


def _note_what_was_there(rescued: Rescued, journal: Path) -> None:
    last = max(rescued.entries, default=0)
    mark = Watermark(journal)
    if last > rescued.last_whole and mark.read() is None:
        mark.write(Link.of(last, rescued.entries[last]))


def _forget(new: Path) -> None:
    """Remove what a rescue that was cut off had made."""
    for each in (new, *(new.with_name(new.name + log) for log in _LOGS)):
        each.unlink(missing_ok=True)
