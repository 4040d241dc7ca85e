"""Batches read in processes of their own, so that verifying takes all cores.

Python runs one thread of a process at a time, and hands it on around each signature: where one
process reads batches while it writes others, most of that is waiting. Reading needs no database
(`reading`), so it is done elsewhere, and what comes back are plain values.

    python -m ledger.readers FD

is one reader: it answers on the socket that it was handed down until that is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from queue import LifoQueue
from typing import Any, Final, Protocol, cast

from kscoin import codec
from kscoin.certificates import Trust
from kscoin.errors import BrokenChain
from kscoin.messages import Batch
from kscoin.signed import Signed, claimed
from ledger import logs
from ledger.cycles import look_for_cycles_seldom
from ledger.reading import Reader, Reading, TerminalKey

# Who waits at a counter goes before what an outage has left.
NICENESS: Final = 10
# A shorter batch is read before it could be sent to another process and back.
ENTRIES_MIN: Final = 16


class ReadsBatches(Protocol):
    """What reads whole batches: a `Reader` where it is asked, or others in their processes."""

    def read(self, batch: Signed[Batch], terminal: TerminalKey) -> tuple[Reading, ...]:
        """Return what each entry of a batch comes to; raises BrokenChain."""
        ...


class ReadingPool:
    """Reads long batches in up to `count` processes. Safe to use from many threads.

    One is started when it is first needed. Short batches, and what one had in hand when it died,
    are read by `here`; another takes its place.
    """

    def __init__(self, here: Reader, count: int) -> None:
        self._here = here
        # The last to be put back is the first to be taken, so no more are started than are needed.
        self._places: LifoQueue[_ReaderProcess | None] = LifoQueue()
        self._count = count
        for _ in range(count):
            self._places.put(None)

    def read(self, batch: Signed[Batch], terminal: TerminalKey) -> tuple[Reading, ...]:
        """Return what each entry of a batch comes to; raises BrokenChain."""
        if len(batch.message.entries) < ENTRIES_MIN:
            return self._here.read(batch, terminal)
        place = self._places.get()
        try:
            place = place or _ReaderProcess(self._here.trust)
            return place.read(batch.data, terminal)
        except (EOFError, OSError) as exc:
            logs.event("reader_ended", error=type(exc).__name__)
            if place is not None:
                place.end()
            place = None
        finally:
            self._places.put(place)
        return self._here.read(batch, terminal)

    def close(self) -> None:
        """End the processes, each when it has answered what it was asked."""
        for _ in range(self._count):
            if (reader := self._places.get()) is not None:
                reader.end()


class _ReaderProcess:
    """A process that reads; one batch at a time. Ends with the process that started it."""

    def __init__(self, trust: Trust) -> None:
        """Start it; raises OSError if it cannot be."""
        self._line, theirs = Pipe()
        with theirs:
            words = [sys.executable, "-m", "ledger.readers", str(theirs.fileno())]
            # Out of the terminal's reach: a stop is for the server, which finishes what it has.
            self._process = subprocess.Popen(
                words, pass_fds=(theirs.fileno(),), start_new_session=True
            )
        self._line.send(trust)

    def read(self, data: bytes, terminal: TerminalKey) -> tuple[Reading, ...]:
        """Return what a batch comes to; raises BrokenChain, EOFError or OSError if it has died."""
        self._line.send((data, terminal))
        answer = self._line.recv()
        if isinstance(answer, BrokenChain):
            raise answer
        return cast("tuple[Reading, ...]", answer)

    def end(self) -> None:
        """Close the line, and return when it has ended."""
        self._line.close()
        self._process.wait()


def main(line: Connection[Any, Any]) -> None:
    """Read what comes on a line until it is closed."""
    look_for_cycles_seldom()
    with suppress(OSError):  # a sandbox may forbid it, and then they are equals
        os.nice(NICENESS)
    try:
        reader = Reader(line.recv())
        while True:
            line.send(_answer(reader, *line.recv()))
    except (EOFError, ConnectionError):
        return


def _answer(
    reader: Reader, data: bytes, terminal: TerminalKey
) -> tuple[Reading, ...] | BrokenChain:
    # Its signature has been verified by whoever sent it; to hold a Signed takes that once more.
    batch = reader.batch(claimed(Batch, data, codec.MAX_BATCH_BYTES), terminal.public_key)
    try:
        return reader.read(batch, terminal)
    except BrokenChain as exc:
        return exc


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
