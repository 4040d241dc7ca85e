"""Rows of merchants, codes, terminals and their batches. Decides nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select, union_all, update

from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many, one
from ledger.store.schema import batches, codes, merchants, quarantine, terminals


class MerchantRow(NamedTuple):
    """A shop."""

    merchant_id: bytes
    name: str
    added_at_s: int


class CodeRow(NamedTuple):
    """A one-time code that a technician was given, by its hash."""

    code_hash: bytes
    merchant_id: bytes
    kinds: int
    limit_class: int
    expires_at_s: int
    used_by: bytes | None = None
    terminal_id: bytes | None = None


class TerminalRow(NamedTuple):
    """A terminal, and where its journal stands."""

    terminal_id: bytes
    merchant_id: bytes
    public_key: bytes
    kinds: int
    certificate: bytes
    hardware: str
    enrolled_at_s: int
    revoked_at_s: int | None
    batch_number: int
    head: bytes
    sequence: int
    heard_at_s: int | None
    has_untold: bool = False


class BatchRow(NamedTuple):
    """A batch that was settled, and its signed answer."""

    terminal_id: bytes
    batch_number: int
    batch_hash: bytes
    data: bytes
    acknowledgement: bytes
    received_at_s: int


class QuarantineRow(NamedTuple):
    """A batch that does not continue its terminal's journal, kept for the operator."""

    terminal_id: bytes
    batch_number: int
    batch_hash: bytes
    reason: str
    data: bytes
    acknowledgement: bytes
    received_at_s: int
    known_head: bytes
    released_at_s: int | None = None
    verdicts: bytes | None = None
    told: int = 0


# Asked twice of every batch, so it is made once and is one statement. A batch is in one of the two.
_ANSWER: Final = union_all(
    select(batches.c.acknowledgement).where(
        batches.c.terminal_id == bindparam("terminal"),
        batches.c.batch_number == bindparam("number"),
        batches.c.batch_hash == bindparam("hash"),
    ),
    select(quarantine.c.acknowledgement).where(
        quarantine.c.terminal_id == bindparam("terminal"),
        quarantine.c.batch_hash == bindparam("hash"),
    ),
)
# Done for every batch.
_MOVE_HEAD: Final = update(terminals).where(terminals.c.terminal_id == bindparam("terminal"))


def add_merchant(tx: Tx, merchant: MerchantRow) -> None:
    """Keep a new merchant."""
    add(tx, merchants, [merchant])


def merchant(tx: Tx, merchant_id: bytes) -> MerchantRow | None:
    """Return a merchant."""
    return one(tx, MerchantRow, merchants, {"merchant_id": merchant_id})


def all_merchants(tx: Tx) -> tuple[MerchantRow, ...]:
    """Return every merchant, by name."""
    return many(tx, MerchantRow, chosen(MerchantRow, merchants).order_by(merchants.c.name))


def add_code(tx: Tx, code: CodeRow) -> None:
    """Keep a new code."""
    add(tx, codes, [code])


def locked_code(tx: Tx, code_hash: bytes) -> CodeRow | None:
    """Return a code; no other transaction can use it meanwhile."""
    return one(tx, CodeRow, codes, {"code_hash": code_hash}, locked=True)


def use_code(tx: Tx, code_hash: bytes, used_by: bytes, terminal_id: bytes) -> None:
    """Mark a code as used by the request with the id `used_by`, for good."""
    changed = update(codes).where(codes.c.code_hash == code_hash)
    tx.execute(changed.values(used_by=used_by, terminal_id=terminal_id))


def add_terminal(tx: Tx, terminal: TerminalRow) -> None:
    """Keep a new terminal."""
    add(tx, terminals, [terminal])


def terminal(tx: Tx, terminal_id: bytes, *, locked: bool = False) -> TerminalRow | None:
    """Return a terminal; `locked`, no other transaction takes its batches meanwhile."""
    return one(tx, TerminalRow, terminals, {"terminal_id": terminal_id}, locked=locked)


def terminals_of(tx: Tx, merchant_id: bytes) -> tuple[TerminalRow, ...]:
    """Return a merchant's terminals, the oldest first."""
    query = chosen(TerminalRow, terminals, terminals.c.merchant_id == merchant_id)
    return many(tx, TerminalRow, query.order_by(terminals.c.enrolled_at_s))


def locked_of(tx: Tx, merchant_id: bytes) -> tuple[bytes, ...]:
    """Return the ids of a merchant's terminals; no other transaction takes their batches."""
    query = select(terminals.c.terminal_id).where(terminals.c.merchant_id == merchant_id)
    return tuple(tx.execute(query.order_by(terminals.c.terminal_id).with_for_update()).scalars())


def revoke_terminal(tx: Tx, terminal_id: bytes, revoked_at_s: int) -> None:
    """Mark a terminal as revoked."""
    changed = update(terminals).where(terminals.c.terminal_id == terminal_id)
    tx.execute(changed.values(revoked_at_s=revoked_at_s))


def move_head(tx: Tx, batch: BatchRow, head: bytes, sequence: int) -> None:
    """Note how far a terminal's journal has been settled, and by which batch."""
    values = {
        "terminal": batch.terminal_id,
        "batch_number": batch.batch_number,
        "head": head,
        "sequence": sequence,
        "heard_at_s": batch.received_at_s,
    }
    tx.execute(_MOVE_HEAD, values)


def answer_to(tx: Tx, terminal_id: bytes, batch_number: int, batch_hash: bytes) -> bytes | None:
    """Return the acknowledgement that this very batch has been given, settled or quarantined."""
    values = {"terminal": terminal_id, "number": batch_number, "hash": batch_hash}
    return tx.execute(_ANSWER, values).scalar()


def last_batch_number(tx: Tx, terminal_id: bytes) -> int:
    """Return the highest number of a terminal's batches, settled or quarantined; 0 for none."""
    settled = select(func.max(batches.c.batch_number)).where(batches.c.terminal_id == terminal_id)
    kept = select(func.max(quarantine.c.batch_number)).where(
        quarantine.c.terminal_id == terminal_id
    )
    return max(tx.execute(settled).scalar() or 0, tx.execute(kept).scalar() or 0)


def add_batch(tx: Tx, batch: BatchRow) -> None:
    """Keep a settled batch."""
    add(tx, batches, [batch])


def add_quarantined(tx: Tx, batch: QuarantineRow) -> None:
    """Keep a batch that was not settled."""
    add(tx, quarantine, [batch])


def quarantined(tx: Tx, terminal_id: bytes | None = None) -> tuple[QuarantineRow, ...]:
    """Return the batches that wait for an operator, of one terminal or all, in their order."""
    query = chosen(QuarantineRow, quarantine, quarantine.c.released_at_s.is_(None))
    if terminal_id is not None:
        query = query.where(quarantine.c.terminal_id == terminal_id)
    order = (quarantine.c.received_at_s, quarantine.c.batch_number)
    return many(tx, QuarantineRow, query.order_by(*order))


def held(tx: Tx) -> tuple[QuarantineRow, ...]:
    """Return every batch that was ever quarantined, in their order."""
    order = (quarantine.c.received_at_s, quarantine.c.batch_number)
    return many(tx, QuarantineRow, chosen(QuarantineRow, quarantine).order_by(*order))


def held_batch(tx: Tx, terminal_id: bytes, batch_hash: bytes) -> QuarantineRow | None:
    """Return one batch that was quarantined."""
    key = {"terminal_id": terminal_id, "batch_hash": batch_hash}
    return one(tx, QuarantineRow, quarantine, key)


def release(tx: Tx, held: QuarantineRow) -> None:
    """Note that a quarantined batch was judged: when, the verdicts, and how many were told."""
    changed = update(quarantine).where(
        quarantine.c.terminal_id == held.terminal_id, quarantine.c.batch_hash == held.batch_hash
    )
    tx.execute(
        changed.values(released_at_s=held.released_at_s, verdicts=held.verdicts, told=held.told)
    )


def released(tx: Tx, terminal_id: bytes) -> tuple[QuarantineRow, ...]:
    """Return a terminal's batches that were quarantined and then judged, in their order."""
    where = (quarantine.c.terminal_id == terminal_id, quarantine.c.released_at_s.is_not(None))
    order = (quarantine.c.received_at_s, quarantine.c.batch_number)
    return many(tx, QuarantineRow, chosen(QuarantineRow, quarantine, *where).order_by(*order))


def go_on_from(tx: Tx, terminal_id: bytes, batch_number: int, head: bytes, sequence: int) -> None:
    """Note that a terminal's journal goes on from a batch that had been quarantined."""
    changed = update(terminals).where(terminals.c.terminal_id == terminal_id)
    tx.execute(
        changed.values(batch_number=batch_number, head=head, sequence=sequence, has_untold=True)
    )


def all_told(tx: Tx, terminal_id: bytes) -> None:
    """Note that a terminal has been told all verdicts on what had been quarantined."""
    changed = update(terminals).where(terminals.c.terminal_id == terminal_id)
    tx.execute(changed.values(has_untold=False))
