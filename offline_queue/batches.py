"""Which entries go into one batch: within its caps, and no payment without its void.

KSP/1 sections 2 and 9. Reads only; it must not know how a batch is signed or sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.messages import MAX_BATCH_ENTRIES
from offline_queue.sales import parted

if TYPE_CHECKING:
    from offline_queue.journal import Journal

# The batch's own fields, signature and frame take about 200 bytes, each entry's length up to 5.
_FRAME_BYTES: Final = 1_024
_LENGTH_BYTES: Final = 5
# An entry with the longest reason and staff id that a void may have, signed.
_VOID_BYTES: Final = 512


def last_of_batch(journal: Journal, first: int, entries_max: int) -> int:
    """Return the last sequence of a batch from `first` on.

    It holds at most `entries_max` entries, unless a payment and its void are further apart.
    """
    last = _last_that_fits(journal, first, min(entries_max, MAX_BATCH_ENTRIES))
    cut = last
    while pair := parted(journal, first, cut):
        cut = pair[0] - 1
    return cut if cut >= first else _with_voids(journal, first, last)


def void_fits(journal: Journal, payment: int, first: int) -> bool:
    """Whether a void written now can ride in one batch with the payment of that sequence.

    `first` is the first sequence that is in no stored batch.
    """
    start = payment
    if _count_with(journal, start) > MAX_BATCH_ENTRIES:
        return False
    # No batch can begin between another payment and its void.
    while pair := parted(journal, first, start - 1):
        start = pair[0]
    count = _count_with(journal, start)
    if count > MAX_BATCH_ENTRIES:
        return False
    size = _bytes_from(journal, start) + _VOID_BYTES + count * _LENGTH_BYTES
    return size <= MAX_BATCH_BYTES - _FRAME_BYTES


def _count_with(journal: Journal, first: int) -> int:
    """Return how many entries there are from `first` on, with one more."""
    return journal.tail.sequence + 2 - first


def _bytes_from(journal: Journal, first: int) -> int:
    sql = "SELECT sum(length(data)) FROM entries WHERE sequence >= ?"
    return sum(row[0] for row in journal.select(sql, first))


def _with_voids(journal: Journal, first: int, last: int) -> int:
    while pair := parted(journal, first, last):
        last = pair[1]
    return last


def _last_that_fits(journal: Journal, first: int, entries_max: int) -> int:
    """Return the last sequence of a batch from `first` on that keeps below its caps."""
    last = min(journal.tail.sequence, first + entries_max - 1)
    room = MAX_BATCH_BYTES - _FRAME_BYTES
    for sequence, (data, _) in enumerate(journal.entries(first, last), first):
        room -= len(data) + _LENGTH_BYTES
        if room < 0:
            return sequence - 1
    return last
