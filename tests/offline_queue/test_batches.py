"""Batches of any hoped-for size, voids at any time: no payment is parted from its void."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.entries import EntryKind
from offline_queue.batches import last_of_batch, void_fits
from offline_queue.journal import Journal
from offline_queue.records import Facts
from offline_queue.trusted_clock import Reading
from tests.kscoin.parties import NOW_S, TERMINAL_ID, octets
from tests.offline_queue.shop import BOOT, MEMORY

CAP = 12
READING = Reading(BOOT, 0, NOW_S)
# What happens one after the other: something else, a payment, or a void of an earlier payment.
STEPS = st.lists(st.sampled_from(["other", "payment", "void"]), max_size=40)


@given(steps=STEPS, data=st.data())
def test_no_batch_parts_a_payment_from_its_void(steps: list[str], data: st.DataObject) -> None:
    with TemporaryDirectory(dir=MEMORY) as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr("offline_queue.batches.MAX_BATCH_ENTRIES", CAP)
        with closing(Journal.open(Path(directory) / "journal.db", TERMINAL_ID)) as journal:
            pairs = _written(journal, steps, data)
            batches = _cut(journal, data)

    batch_of = {at: number for number, batch in enumerate(batches) for at in batch}
    assert all(len(batch) <= CAP for batch in batches)
    assert all(batch_of[payment] == batch_of[void] for payment, void in pairs)


def _written(journal: Journal, steps: list[str], data: st.DataObject) -> list[tuple[int, int]]:
    pairs, unpaired = [], list[int]()
    for step in steps:
        if step == "other":
            _append(journal, EntryKind.START, None)
        elif step == "payment":
            unpaired.append(_append(journal, EntryKind.PAYMENT, journal.tail.sequence + 1))
        elif unpaired:
            payment = data.draw(st.sampled_from(unpaired))
            if void_fits(journal, payment, 1):
                unpaired.remove(payment)
                pairs.append((payment, _append(journal, EntryKind.VOID, payment)))
    return pairs


def _append(journal: Journal, kind: EntryKind, payment: int | None) -> int:
    request_hash = None if payment is None else octets(f"request {payment}", 32)
    return journal.append(kind, b"body", Facts(request_hash), READING)


def _cut(journal: Journal, data: st.DataObject) -> list[range]:
    batches: list[range] = []
    first = 1
    while first <= journal.tail.sequence:
        last = last_of_batch(journal, first, data.draw(st.integers(1, CAP + 3)))
        batches.append(range(first, last + 1))
        first = last + 1
    return batches


def test_a_batch_goes_as_far_as_hoped_if_nothing_is_parted(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path / "journal.db", TERMINAL_ID)) as journal:
        for _ in range(5):
            _append(journal, EntryKind.PAYMENT, journal.tail.sequence + 1)
        _append(journal, EntryKind.VOID, 4)

        cuts = [last_of_batch(journal, 1, hoped) for hoped in range(1, 8)]
        from_the_voided = [last_of_batch(journal, 4, hoped) for hoped in range(1, 4)]

    assert cuts == [1, 2, 3, 3, 3, 6, 6]
    assert from_the_voided == [6, 6, 6]
