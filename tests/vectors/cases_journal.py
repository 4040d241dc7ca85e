"""The journal: an entry of every kind in one chain, and chains that are broken."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from kscoin.entries import (
    ClockSet,
    Close,
    CloseLine,
    CloseState,
    EntryKind,
    JournalEntry,
    Note,
    NoteKind,
    Payment,
    SettledOnline,
    Start,
    Torn,
    Witness,
    entry_hash,
    genesis_hash,
)
from tests.kscoin.parties import NOW_S, PURSE_ID, TERMINAL_ID, octets, sample

_BOOT_ID: Final = octets("boot", 16)


def journal_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.entries`."""
    return {
        "about": "A journal, KSP/1 section 9: an entry of every kind, each naming the one before.",
        "terminal_id": TERMINAL_ID.hex(),
        "genesis": genesis_hash(TERMINAL_ID).hex(),
        "entries": [
            {
                "kind": EntryKind(entry.kind).name.lower(),
                "body": entry.body.hex(),
                "entry": entry.encode().hex(),
                "hash": entry_hash(entry.encode()).hex(),
            }
            for entry in chain()
        ],
        "broken": [*_broken()],
    }


@cache
def bodies() -> tuple[tuple[EntryKind, bytes], ...]:
    """Return one body at least for every kind of entry."""
    request = sample("payment request").sealed()
    debit = sample("debit, the first of its purse").sealed().data
    certificate = sample("purse certificate").sealed().data
    receipt = sample("receipt").sealed().data
    evidence = Witness(debit, certificate).encode()
    return (
        (EntryKind.START, Start("ks-coin-pos 0.1.0", "Raspberry Pi 5").encode()),
        (EntryKind.CLOCK, ClockSet(NOW_S, NOW_S - 2).encode()),
        (EntryKind.ATTEMPT, request.data),
        (EntryKind.PAYMENT, Payment(request.data, debit, certificate).encode()),
        (EntryKind.RECEIPT, SettledOnline(request.data, receipt).encode()),
        (EntryKind.TORN, Torn(request.id, PURSE_ID, 1).encode()),
        (EntryKind.TORN, Torn(request.id).encode()),
        (EntryKind.WITNESS, evidence),
        (EntryKind.REFUND, sample("refund").sealed().data),
        (EntryKind.VOID, sample("void").sealed().data),
        (EntryKind.SYNC, sample("acknowledgement").sealed().data),
        (EntryKind.CLOSE, _close().encode()),
        (EntryKind.NOTE, Note(NoteKind.REQUEST_CLOSED, request.id).encode()),
        (EntryKind.NOTE, Note(NoteKind.OPERATOR, detail=b"drawer opened").encode()),
        (EntryKind.NOTE, Note(NoteKind.DECLINED, request.id, evidence).encode()),
        (EntryKind.NOTE, Note(NoteKind.ON_DUTY, detail=b"staff-1").encode()),
    )


def _close() -> Close:
    line = CloseLine(EntryKind.PAYMENT, CloseState.KEPT, "staff-1", 1, 12_300)
    earlier = CloseLine(EntryKind.REFUND, CloseState.SETTLED, "", 1, 2_300)
    return Close(1, 10, (line,), "staff-1", 8, (earlier,), NOW_S)


def chain() -> Iterator[JournalEntry]:
    """Yield a terminal's first entries."""
    previous_hash = genesis_hash(TERMINAL_ID)
    for sequence, (kind, body) in enumerate(bodies(), 1):
        entry = JournalEntry(
            sequence, previous_hash, kind, body, _BOOT_ID, 1_000 * sequence, NOW_S + sequence
        )
        yield entry
        previous_hash = entry_hash(entry.encode())


def _broken() -> Iterator[dict[str, object]]:
    """Stretches from the journal's start; `at` is the entry that does not follow."""
    whole = [entry.encode() for entry in chain()]
    changed = whole[1].replace(_BOOT_ID, bytes(16))
    for rule, entries, at in (
        ("none is left out", [whole[0], whole[2]], 2),
        ("the first is there", whole[1:2], 1),
        ("none comes twice", [whole[0], whole[0]], 2),
        ("they come in order", [whole[0], whole[2], whole[1]], 2),
        ("none is changed afterwards", [whole[0], changed, whole[2]], 3),
    ):
        yield {"rule": rule, "entries": [each.hex() for each in entries], "at": at}
