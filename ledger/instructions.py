"""Orders that move won, obeyed once: whoever gives one chooses a reference and may ask again.

Knows no account and no transfer; the desks book.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Self

from kscoin.errors import Malformed
from ledger.book import TransferKind
from ledger.errors import Conflict
from ledger.store import instructions
from ledger.store.engine import Tx
from ledger.store.instructions import InstructionRow

REFERENCE_BYTES_MAX = 64


@dataclass(frozen=True, slots=True)
class Instruction:
    """An order about one account; `reference` is a hash of what its giver calls it."""

    account_id: bytes
    kind: TransferKind
    amount_won: int
    reference: bytes

    @classmethod
    def called(
        cls, account_id: bytes, kind: TransferKind, amount_won: int, reference: str | None
    ) -> Self:
        """Return an order by its giver's own words; without any it is another one each time."""
        return cls(account_id, kind, amount_won, reference_hash(reference))

    def obeyed(self, tx: Tx) -> InstructionRow | None:
        """Return what came of it if it was obeyed; the account is locked by the caller.

        Raises Conflict if its reference was given to another order.
        """
        row = instructions.instruction(tx, self.account_id, self.reference)
        if row is not None and (row.kind, row.amount_won) != (self.kind, self.amount_won):
            raise Conflict("reference_used", "another order has used this reference")
        return row

    def keep(
        self, tx: Tx, now_s: int, number: int | None = None, answer: bytes | None = None
    ) -> InstructionRow:
        """Write down that it is obeyed, in the transaction that obeys it; return the row."""
        row = InstructionRow(
            self.account_id, self.reference, self.kind, self.amount_won, number, answer, now_s
        )
        instructions.add_instruction(tx, row)
        return row


def reference_hash(reference: str | None) -> bytes:
    """Return 32 bytes for a reference that a person or program chose, random ones for none.

    Raises Malformed for one that is empty or has more than 64 bytes.
    """
    if reference is None:
        return secrets.token_bytes(hashlib.sha256().digest_size)
    if not 0 < len(reference.encode()) <= REFERENCE_BYTES_MAX:
        raise Malformed(f"a reference has 1 to {REFERENCE_BYTES_MAX} bytes")
    return hashlib.sha256(reference.encode()).digest()
