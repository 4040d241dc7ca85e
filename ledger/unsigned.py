"""Entries of a terminal whose key is gone, brought from a copy of its journal (KSP/1 section 10).

No batch's signature vouches for them. They are kept for an operator like any batch that does not
continue its journal; when he releases them, only what is signed in itself is judged: requests,
refunds and voids by the terminal's key, debits by the purses'. It must not know how they came.
"""

from __future__ import annotations

import hashlib
from typing import Final

from kscoin import codec
from kscoin.courier import MAX_SHIPMENT_BYTES
from kscoin.errors import Malformed
from kscoin.messages import Batch
from kscoin.signed import claim
from ledger.known import known_terminal
from ledger.office import Office
from ledger.store import terminals
from ledger.store.engine import Tx
from ledger.store.terminals import QuarantineRow

# Why such a batch is kept.
UNSIGNED: Final = "unsigned"
# No batch that a terminal signs has it: what nobody signed stands in the way of none of them.
NUMBER: Final = 0
# In the hash, so that it is never that of a signed batch.
_TAG: Final = b"KSP1 unsigned batch:"


def admit(office: Office, data: bytes) -> tuple[QuarantineRow, ...]:
    """Keep what a rescue without a key has written; return what of it was not here yet.

    `data` is an array of Batch payloads. Raises NotFound for an unknown terminal, or an
    EncodingError; then nothing of it is kept.
    """
    payloads = codec.decode_strings(data, MAX_SHIPMENT_BYTES)
    batches = [(payload, _numberless(payload)) for payload in payloads]
    return office.store.write(
        lambda tx: tuple(
            row
            for payload, batch in batches
            if (row := _kept(tx, office, payload, batch)) is not None
        )
    )


def batch_of(row: QuarantineRow) -> Batch:
    """Return what a quarantined batch says, signed or not; proves nothing."""
    if row.reason == UNSIGNED:
        return Batch.from_payload(row.data)
    return claim(Batch, row.data, codec.MAX_BATCH_BYTES)


def _numberless(payload: bytes) -> Batch:
    batch = Batch.from_payload(payload)
    if batch.batch_number != NUMBER:
        raise Malformed("a batch that nobody signed has no number")
    return batch


def _kept(tx: Tx, office: Office, payload: bytes, batch: Batch) -> QuarantineRow | None:
    terminal = known_terminal(tx, batch.terminal_id, locked=True)
    digest = hashlib.sha256(_TAG + payload).digest()
    if terminals.held_batch(tx, batch.terminal_id, digest) is not None:
        return None
    office.note(tx, "quarantine.admit", batch.terminal_id)
    row = QuarantineRow(
        terminal_id=batch.terminal_id,
        batch_number=NUMBER,
        batch_hash=digest,
        reason=UNSIGNED,
        data=payload,
        acknowledgement=b"",
        received_at_s=office.clock(),
        known_head=terminal.head,
    )
    terminals.add_quarantined(tx, row)
    return row
