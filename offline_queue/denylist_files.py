"""The denylist as it survives a power cut: one whole list, and the signed steps since.

A list of a million purses takes eight megabytes, and a step a few bytes: writing it all for every
step would wear a card out. It must not know which step is to be taken: `rulebook` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from kscoin import codec
from kscoin.errors import KSCoinError, Malformed
from kscoin.messages import DenylistUpdate
from kscoin.policy import Denylist, list_hash
from kscoin.signed import Signed
from offline_queue.durable_file import read_whole, write_durably

DENYLIST_FILE: Final = "denylist.cbor"
# Each costs a look at the whole list at start, about 30 ms for a million purses.
STEPS_KEPT: Final = 8
# Four million purse ids of eight bytes, and the signed update beside them.
_MAX_FILE_BYTES: Final = 40_000_000

Open = Callable[[bytes], Signed[DenylistUpdate]]


def write_denylist(directory: Path, denylist: Denylist, update: bytes) -> None:
    """Keep a whole list, and the signed update that arrived at it; the steps before are over.

    Raises DiskFull or DiskFailed.
    """
    write_durably(directory / DENYLIST_FILE, codec.encode([update, denylist.ids]))
    for path in _step_paths(directory):
        # A step that stays is older than the list, and is not looked at.
        with suppress(OSError):
            path.unlink()


def write_step(directory: Path, denylist: Denylist, update: bytes) -> None:
    """Keep a step that arrived at `denylist`: the step alone, or now and then the whole list.

    Raises DiskFull or DiskFailed.
    """
    if len(list(_step_paths(directory))) < STEPS_KEPT:
        write_durably(directory / f"denylist-{denylist.version:020}.step", update)
    else:
        write_denylist(directory, denylist, update)


def read_denylist(directory: Path, opened: Open) -> tuple[Denylist, bytes]:
    """Return the list that was kept last, and the signed update that arrived at it.

    `opened` verifies an update's signature. What is gone or damaged ends the steps, or leaves the
    empty list of version zero: the ledger sends again what is missing.
    """
    found = Denylist(), b""
    with suppress(KSCoinError):
        found = _whole(directory, opened)
        for path in _step_paths(directory):
            update = opened(read_whole(path))
            if update.message.to_version > found[0].version:
                found = found[0].updated(update.message), update.data
    return found


def _whole(directory: Path, opened: Open) -> tuple[Denylist, bytes]:
    match codec.decode(read_whole(directory / DENYLIST_FILE), _MAX_FILE_BYTES):
        case [bytes(data), bytes(ids)]:
            update = opened(data)
            return _arrived(update.message, ids), update.data
        case _:
            raise Malformed("a denylist file is an array of a signed update and ids")


def _arrived(update: DenylistUpdate, ids: bytes) -> Denylist:
    """Return the stored list if it is the one that the signed update arrived at."""
    epochs = frozenset(update.epochs)
    if list_hash(ids, epochs) != update.list_hash:
        raise Malformed("the stored denylist is not the one that was signed")
    return Denylist(update.to_version, update.issued_at_s, ids, epochs)


def _step_paths(directory: Path) -> Iterator[Path]:
    """Yield the kept steps, the oldest first: their versions are in their names."""
    return iter(sorted(directory.glob("denylist-*.step")))
