"""Rows of refunds and voids, and of those that wait for their payment. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select, update

from ledger.refunds import Giveback, GivebackKind, Paid
from ledger.store.engine import Tx
from ledger.store.payments import Means
from ledger.store.rows import add, among, chosen, many, names_of
from ledger.store.schema import payments, purses, refunds, unpaid_debits, waiting_refunds


class RefundRow(NamedTuple):
    """A refund or void and the verdict on it; `amount_won` is what came back to the payer."""

    terminal_id: bytes
    refund_hash: bytes
    request_hash: bytes
    kind: int
    amount_won: int
    verdict: int
    reason: str | None
    number: int | None
    judged_at_s: int


class WaitingRow(NamedTuple):
    """A refund or void whose payment has not arrived."""

    request_hash: bytes
    refund_hash: bytes
    terminal_id: bytes
    merchant_id: bytes
    kind: int
    amount_won: int | None
    reported_at_s: int
    judged_at_s: int | None = None

    @property
    def giveback(self) -> Giveback:
        kind = GivebackKind(self.kind)
        return Giveback(kind, self.refund_hash, self.request_hash, self.amount_won)


_WAITING: Final = (
    f"SELECT {', '.join(names_of(WaitingRow))} FROM waiting_refunds "
    "WHERE request_hash IN ? AND judged_at_s IS NULL ORDER BY reported_at_s, refund_hash"
)


def judged(tx: Tx, terminal_id: bytes, refund_hashes: Iterable[bytes]) -> dict[bytes, RefundRow]:
    """Return a terminal's refunds and voids that have had a verdict, by their ids."""
    wanted = sorted(set(refund_hashes))
    where = (refunds.c.terminal_id == terminal_id, refunds.c.refund_hash.in_(wanted))
    return {
        each.refund_hash: each for each in many(tx, RefundRow, chosen(RefundRow, refunds, *where))
    }


def refunds_of(tx: Tx, terminal_id: bytes) -> tuple[RefundRow, ...]:
    """Return all refunds and voids that a terminal has given."""
    return many(tx, RefundRow, chosen(RefundRow, refunds, refunds.c.terminal_id == terminal_id))


def locked_payments(
    tx: Tx, terminal_ids: Iterable[bytes], request_hashes: Iterable[bytes]
) -> dict[bytes, Paid]:
    """Return what some terminals have been paid for some requests, by request hash.

    Locked, in the order of their keys: no other refund of them is judged meanwhile.
    """
    query = (
        select(
            payments.c.terminal_id,
            payments.c.request_hash,
            payments.c.means,
            payments.c.payer_id,
            payments.c.amount_won,
            payments.c.refunded_won,
        )
        .where(
            payments.c.terminal_id.in_(sorted(set(terminal_ids))),
            payments.c.request_hash.in_(sorted(set(request_hashes))),
        )
        .order_by(payments.c.terminal_id, payments.c.request_hash)
        .with_for_update()
    )
    rows = tx.execute(query).all()
    holders = _holders(tx, (row.payer_id for row in rows if row.means == Means.DEBIT))
    return {
        row.request_hash: Paid(
            terminal_id=row.terminal_id,
            request_hash=row.request_hash,
            payer_id=holders.get(row.payer_id, row.payer_id),
            amount_won=row.amount_won,
            refunded_won=row.refunded_won,
        )
        for row in rows
    }


def unpaid(
    tx: Tx, terminal_ids: Iterable[bytes], request_hashes: Iterable[bytes]
) -> dict[bytes, bytes]:
    """Return which of some requests had a debit that was not paid out, and at which terminal."""
    columns = (unpaid_debits.c.request_hash, unpaid_debits.c.terminal_id)
    query = select(*columns).where(
        unpaid_debits.c.terminal_id.in_(sorted(set(terminal_ids))),
        unpaid_debits.c.request_hash.in_(sorted(set(request_hashes))),
    )
    return {row.request_hash: row.terminal_id for row in tx.execute(query)}


def waiting_for(tx: Tx, request_hashes: Iterable[bytes]) -> tuple[WaitingRow, ...]:
    """Return the refunds and voids that wait for these payments, the oldest first."""
    found = among(tx, _WAITING, sorted(set(request_hashes)))
    return tuple(WaitingRow(*row) for row in found)


def add_refunds(tx: Tx, rows: Iterable[RefundRow]) -> None:
    """Keep refunds and voids with their verdicts."""
    add(tx, refunds, rows)


def add_waiting(tx: Tx, rows: Iterable[WaitingRow]) -> None:
    """Keep refunds and voids until their payments arrive."""
    add(tx, waiting_refunds, rows)


def judge_waiting(tx: Tx, rows: list[RefundRow]) -> None:
    """Replace the verdicts on refunds and voids that had waited by what came of them."""
    if not rows:
        return
    verdict = (
        update(refunds)
        .where(
            refunds.c.terminal_id == bindparam("of_terminal"),
            refunds.c.refund_hash == bindparam("of_refund"),
        )
        .values(
            {name: bindparam(f"new_{name}") for name in ("amount_won", "verdict", "reason")}
            | {name: bindparam(f"new_{name}") for name in ("number", "judged_at_s")}
        )
    )
    tx.execute(verdict, [_verdict_on(row) for row in rows])
    waiting = waiting_refunds.c
    done = (
        update(waiting_refunds)
        .where(
            waiting.request_hash == bindparam("of_request"),
            waiting.refund_hash == bindparam("of_refund"),
        )
        .values(judged_at_s=bindparam("new_judged_at_s"))
    )
    tx.execute(
        done,
        [
            {
                "of_request": row.request_hash,
                "of_refund": row.refund_hash,
                "new_judged_at_s": row.judged_at_s,
            }
            for row in rows
        ],
    )


def add_refunded(tx: Tx, won_by_payment: dict[tuple[bytes, bytes], int]) -> None:
    """Note what came back of payments; they are named by terminal and request hash."""
    if not won_by_payment:
        return
    changed = (
        update(payments)
        .where(
            payments.c.terminal_id == bindparam("of_terminal"),
            payments.c.request_hash == bindparam("of_request"),
        )
        .values(refunded_won=payments.c.refunded_won + bindparam("more_won"))
    )
    names = ("of_terminal", "of_request", "more_won")
    tx.execute(
        changed, [dict(zip(names, (*key, won), strict=True)) for key, won in won_by_payment.items()]
    )


def holder_of(tx: Tx, purse_id: bytes) -> bytes:
    """Return the account to which what a purse has paid goes back."""
    return _holders(tx, [purse_id])[purse_id]


def _holders(tx: Tx, purse_ids: Iterable[bytes]) -> dict[bytes, bytes]:
    if not (wanted := sorted(set(purse_ids))):
        return {}
    query = select(purses.c.purse_id, purses.c.holder_id).where(purses.c.purse_id.in_(wanted))
    return {row.purse_id: row.holder_id for row in tx.execute(query)}


def _verdict_on(row: RefundRow) -> dict[str, object]:
    return {
        "of_terminal": row.terminal_id,
        "of_refund": row.refund_hash,
        "new_amount_won": row.amount_won,
        "new_verdict": row.verdict,
        "new_reason": row.reason,
        "new_number": row.number,
        "new_judged_at_s": row.judged_at_s,
    }
