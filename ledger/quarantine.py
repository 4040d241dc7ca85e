"""Batches that did not continue their terminal's journal: shown, and judged when a person says so.

They come from a journal that was rolled back (a card restored from an older copy), from a second
copy of one, or from one that is damaged. Releasing them judges each entry as its batch would have
been, so what was settled before is a duplicate and nothing moves twice. If the ledger has heard
nothing else of the terminal since, its journal goes on from there, and the next acknowledgement
tells it the verdicts (KSP/1 section 10).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from kscoin import codec, cose
from kscoin.entries import EntryKind, JournalEntry, Payment
from kscoin.errors import BrokenChain, KSCoinError
from kscoin.fields import ListOf, Row
from kscoin.messages import MAX_BATCH_ENTRIES, Batch, EntryVerdict, PaymentRequest, Refund
from kscoin.signed import Signed, claim, claimed
from ledger.errors import NotFound
from ledger.known import known_terminal
from ledger.office import Office, key_of
from ledger.reading import Reading, TerminalKey, chain_of
from ledger.sitting import Sitting
from ledger.store import terminals
from ledger.store.engine import Tx
from ledger.store.terminals import QuarantineRow
from ledger.unsigned import UNSIGNED, admit, batch_of

# How verdicts are kept, as an acknowledgement holds them (KSP/1 section 4, type 9).
_VERDICTS: Final = ListOf(Row(EntryVerdict), MAX_BATCH_ENTRIES)


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """An entry of a quarantined batch, as far as it can be read.

    `verdict` is None until the batch is released.
    """

    sequence: int
    kind: EntryKind
    request_hash: bytes | None
    amount_won: int | None
    verdict: EntryVerdict | None


@dataclass(frozen=True, slots=True)
class Release:
    """What became of one batch; `goes_on` says that the terminal's journal goes on from it."""

    batch: QuarantineRow
    verdicts: tuple[EntryVerdict, ...]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A quarantined batch, read: `chain` is empty if its entries do not follow one another."""

    row: QuarantineRow
    message: Batch
    chain: tuple[JournalEntry, ...]
    readings: tuple[Reading, ...]


class QuarantineDesk:
    """Shows what waits for an operator, and has it judged."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def held(self, *, is_all: bool = False) -> tuple[QuarantineRow, ...]:
        """Return the batches that wait, or with `is_all` those that were released as well."""
        read = self._office.store.read
        return read(terminals.held) if is_all else read(terminals.quarantined)

    def find(self, beginning: bytes) -> QuarantineRow:
        """Return the one batch whose hash begins so; raises NotFound for none or several."""
        found = [row for row in self.held(is_all=True) if row.batch_hash.startswith(beginning)]
        if len(found) != 1:
            raise NotFound("unknown_batch", f"{len(found)} quarantined batches begin with this")
        return found[0]

    def entries(self, row: QuarantineRow) -> tuple[HeldEntry, ...]:
        """Return the entries of a quarantined batch that can be read, in order."""
        verdicts = {each.sequence: each for each in _verdicts_of(row)}
        return tuple(_held_entry(entry, verdicts) for entry in _readable(batch_of(row)))

    def admit(self, data: bytes) -> tuple[QuarantineRow, ...]:
        """Keep entries that no batch's signature vouches for: see `unsigned.admit`."""
        return admit(self._office, data)

    def release(self, terminal_id: bytes, *, is_dry_run: bool = False) -> tuple[Release, ...]:
        """Judge all that waits of a terminal, in its order; return what became of each batch.

        Each batch is one transaction, so this may be ended and run again. A dry run says what
        would become of them and leaves nothing. Raises NotFound for an unknown terminal.
        """
        store = self._office.store
        key = key_of(store.read(lambda tx: known_terminal(tx, terminal_id)))
        rows = store.read(lambda tx: terminals.quarantined(tx, terminal_id))
        held = sorted((self._read(row, key) for row in rows), key=_in_order)
        if is_dry_run:
            return store.write(partial(self._tried, held=held))
        released = (store.write(partial(self._release, held=each)) for each in held)
        return tuple(each for each in released if each is not None)

    def _tried(self, tx: Tx, held: list[_Held]) -> tuple[Release, ...]:
        # All of it in one transaction, so that each batch sees those before it.
        savepoint = tx.begin_nested()
        released = [self._release(tx, each) for each in held]
        savepoint.rollback()
        return tuple(each for each in released if each is not None)

    def _read(self, row: QuarantineRow, key: TerminalKey) -> _Held:
        reader, batch = self._office.reader, None
        if row.reason != UNSIGNED:
            said = claimed(Batch, row.data, codec.MAX_BATCH_BYTES)
            batch = reader.batch(said, key.public_key)
        message = batch_of(row)
        try:
            chain = chain_of(message)
            return _Held(row, message, chain, reader.entries(batch, chain, key))
        except BrokenChain:
            return _Held(row, message, (), tuple(self._one_by_one(message, batch, key)))

    def _one_by_one(
        self, message: Batch, batch: Signed[Batch] | None, key: TerminalKey
    ) -> Iterator[Reading]:
        # The entries may repeat a sequence, so that none can be read by what stands around it.
        for entry in _readable(message):
            yield from self._office.reader.entries(batch, (entry,), key)

    def _release(self, tx: Tx, held: _Held) -> Release | None:
        """Judge one batch; return None if somebody else has meanwhile."""
        office, terminal_id = self._office, held.row.terminal_id
        terminal = known_terminal(tx, terminal_id, locked=True)
        row = terminals.held_batch(tx, terminal_id, held.row.batch_hash)
        if row is None or row.released_at_s is not None:
            return None
        office.note(tx, "quarantine.release", terminal_id)
        sitting = Sitting(tx, office, terminal, held.readings)
        verdicts = sitting.judge()
        sitting.write()
        is_next = terminal.head in (row.known_head, held.message.previous_head)
        goes_on = bool(held.chain) and is_next and row.reason != UNSIGNED
        if goes_on:
            number, head = held.message.batch_number, held.message.new_head
            terminals.go_on_from(tx, terminal_id, number, head, held.chain[-1].sequence)
        row = row._replace(
            released_at_s=office.clock(),
            verdicts=_encoded(verdicts),
            told=0 if goes_on else len(verdicts),
        )
        terminals.release(tx, row)
        return Release(row, verdicts, goes_on)


def late_verdicts(
    tx: Tx, terminal_id: bytes, before_sequence: int, room: int
) -> tuple[EntryVerdict, ...]:
    """Return up to `room` verdicts that a terminal was not told, and count them as told.

    They are on entries before `before_sequence`, each named once, in order.
    """
    late: dict[int, EntryVerdict] = {}
    is_all = True
    for row in terminals.released(tx, terminal_id):
        verdicts = _verdicts_of(row)
        now = verdicts[row.told : row.told + max(room - len(late), 0)]
        late |= {each.sequence: each for each in now if 0 < each.sequence < before_sequence}
        told = row.told + len(now)
        is_all = is_all and told == len(verdicts)
        if now:
            terminals.release(tx, row._replace(told=told))
    if is_all:
        terminals.all_told(tx, terminal_id)
    return tuple(late[sequence] for sequence in sorted(late))


def _in_order(held: _Held) -> tuple[int, int, int]:
    """Return what sorts batches as they came; those without a number by their entries."""
    first = held.chain[0].sequence if held.chain else 0
    return held.row.received_at_s, held.row.batch_number, first


def _readable(batch: Batch) -> Iterator[JournalEntry]:
    for data in batch.entries:
        try:
            yield JournalEntry.decode(data)
        except KSCoinError:
            # It was answered with verdict 7 and lies in the kept batch; there is nothing to judge.
            continue


def _held_entry(entry: JournalEntry, verdicts: dict[int, EntryVerdict]) -> HeldEntry:
    request_hash, amount_won = _money_in(entry)
    verdict = verdicts.get(entry.sequence)
    return HeldEntry(entry.sequence, entry.kind, request_hash, amount_won, verdict)


def _money_in(entry: JournalEntry) -> tuple[bytes | None, int | None]:
    """Return the request that an entry bears on and its won, as it says; None where it does not."""
    try:
        match entry.kind:
            case EntryKind.PAYMENT:
                request = Payment.decode(entry.body).request
                return cose.parse(request).id, claim(PaymentRequest, request).amount_won
            case EntryKind.ATTEMPT:
                return cose.parse(entry.body).id, None
            case EntryKind.REFUND:
                refund = claim(Refund, entry.body)
                return refund.request_hash, refund.amount_won
            case _:
                return None, None
    except KSCoinError:
        return None, None


def _encoded(verdicts: tuple[EntryVerdict, ...]) -> bytes:
    return codec.encode(_VERDICTS.to_wire(verdicts))


def _verdicts_of(row: QuarantineRow) -> tuple[EntryVerdict, ...]:
    if row.verdicts is None:
        return ()
    return _VERDICTS.from_wire(codec.decode(row.verdicts, codec.MAX_BATCH_BYTES))
