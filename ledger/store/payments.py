"""Rows of payments, unpaid debits, torn taps and witnesses. Decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from sqlalchemy import and_, column, select, update, values

from kscoin.messages import Verdict
from ledger.settlement import Earlier
from ledger.store.engine import Tx
from ledger.store.rows import add, among, chosen, many, names_of, one
from ledger.store.schema import lost_taps, open_attempts, payments, unpaid_debits, witnesses

# Two parameters each; SQLite takes 32,766 a query.
_ASKED_AT_ONCE: Final = 1_000
_ASKED: Final = (
    column("terminal_id", payments.c.terminal_id.type),
    column("request_hash", payments.c.request_hash.type),
)
_PAID: Final = (
    "SELECT request_hash, means_hash, verdict, number FROM payments "
    "WHERE terminal_id = ? AND request_hash IN ?"
)
_UNPAID: Final = (
    "SELECT request_hash, debit_hash, verdict, number, reason FROM unpaid_debits "
    "WHERE terminal_id = ? AND request_hash IN ?"
)


class Means(IntEnum):
    """What paid: a purse's debit, or an account through the ledger."""

    DEBIT = 1
    ONLINE = 2


class PaymentRow(NamedTuple):
    """A request that its merchant has been paid for."""

    terminal_id: bytes
    request_hash: bytes
    means_hash: bytes
    means: int
    payer_id: bytes
    amount_won: int
    refunded_won: int
    kind: int
    verdict: int
    number: int
    created_at_s: int
    settled_at_s: int
    receipt: bytes | None = None


class UnpaidDebitRow(NamedTuple):
    """A verified debit that its merchant was not paid for."""

    terminal_id: bytes
    request_hash: bytes
    debit_hash: bytes
    purse_id: bytes
    amount_won: int
    verdict: int
    reason: str
    number: int | None
    judged_at_s: int


class AttemptRow(NamedTuple):
    """A terminal's own request that was not reported together with what paid it."""

    terminal_id: bytes
    request_hash: bytes
    created_at_s: int


class LostTapRow(NamedTuple):
    """A request whose debit may have left the card and not arrived."""

    request_hash: bytes
    torn_at_id: bytes | None
    reported_at_s: int


class WitnessRow(NamedTuple):
    """A debit that a terminal met on a card and that was another's to receive."""

    request_hash: bytes
    debit_hash: bytes
    purse_id: bytes
    reporter_id: bytes
    debit: bytes
    certificate: bytes
    reported_at_s: int


_WITNESSES: Final = f"SELECT {', '.join(names_of(WitnessRow))} FROM witnesses WHERE purse_id IN ?"


def add_payments(tx: Tx, rows: Iterable[PaymentRow]) -> None:
    """Keep payments; a request that has one already fails as a taken key."""
    add(tx, payments, rows)


def add_unpaid(tx: Tx, rows: Iterable[UnpaidDebitRow]) -> None:
    """Keep debits that were refused or returned."""
    add(tx, unpaid_debits, rows)


def payment(tx: Tx, terminal_id: bytes, request_hash: bytes) -> PaymentRow | None:
    """Return the payment of a request."""
    key = {"terminal_id": terminal_id, "request_hash": request_hash}
    return one(tx, PaymentRow, payments, key)


def paid_among(tx: Tx, asked: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Return the requests among (terminal id, request hash) that have a receipt."""
    found: list[bytes] = []
    for some in _in_parts(asked):
        # A join, because SQLite goes through a whole table for a list of pairs.
        wanted = values(*_ASKED, name="asked").data(list(some)).cte()
        query = (
            select(payments.c.request_hash)
            .join_from(wanted, payments, and_(*(payments.c[c.name] == c for c in wanted.c)))
            .where(payments.c.receipt.is_not(None))
        )
        found += tx.execute(query).scalars()
    return tuple(found)


def earlier(
    tx: Tx, terminal_id: bytes, request_hashes: Iterable[bytes]
) -> dict[bytes, list[Earlier]]:
    """Return the verdicts that these requests of a terminal have had, by request hash."""
    wanted = sorted(set(request_hashes))
    found: defaultdict[bytes, list[Earlier]] = defaultdict(list)
    for request_hash, means_hash, verdict, number in among(tx, _PAID, wanted, terminal_id):
        found[request_hash].append(Earlier(means_hash, Verdict(verdict), None, number))
    unpaid = among(tx, _UNPAID, wanted, terminal_id)
    for request_hash, debit_hash, verdict, number, reason in unpaid:
        found[request_hash].append(Earlier(debit_hash, Verdict(verdict), reason, number))
    return found


def add_attempts(tx: Tx, rows: Iterable[AttemptRow]) -> None:
    """Keep requests whose outcome is still to come."""
    add(tx, open_attempts, rows)


def has_attempt(tx: Tx, terminal_id: bytes, request_hash: bytes) -> bool:
    """Whether the terminal has reported this request as its own, and not as paid with it."""
    key = {"terminal_id": terminal_id, "request_hash": request_hash}
    return one(tx, AttemptRow, open_attempts, key) is not None


def has_asked(tx: Tx, terminal_id: bytes, request_hash: bytes) -> bool:
    """Whether the terminal has reported this request as its own, whatever became of it."""
    if has_attempt(tx, terminal_id, request_hash):
        return True
    return bool(earlier(tx, terminal_id, [request_hash]))


def locked_lost_tap(tx: Tx, request_hash: bytes, now_s: int) -> LostTapRow:
    """Return the row where a torn tap and its witness meet, made if need be, and locked.

    If two make it at once, the second's transaction runs again and finds it.
    """
    found = one(tx, LostTapRow, lost_taps, {"request_hash": request_hash}, locked=True)
    if found is None:
        found = LostTapRow(request_hash, None, now_s)
        add(tx, lost_taps, [found])
    return found


def report_torn(tx: Tx, request_hash: bytes, terminal_id: bytes) -> None:
    """Note that the terminal never got the answer to its request."""
    changed = update(lost_taps).where(lost_taps.c.request_hash == request_hash)
    tx.execute(changed.values(torn_at_id=terminal_id))


def add_witness(tx: Tx, witness: WitnessRow) -> None:
    """Keep a witness; the same debit again changes nothing."""
    key = {"request_hash": witness.request_hash, "debit_hash": witness.debit_hash}
    if one(tx, WitnessRow, witnesses, key) is None:
        add(tx, witnesses, [witness])


def witnesses_of(tx: Tx, request_hash: bytes) -> tuple[WitnessRow, ...]:
    """Return the debits for a request that other terminals have met."""
    return many(
        tx, WitnessRow, chosen(WitnessRow, witnesses, witnesses.c.request_hash == request_hash)
    )


def _in_parts(asked: Sequence[tuple[bytes, bytes]]) -> Iterator[Sequence[tuple[bytes, bytes]]]:
    return (asked[at : at + _ASKED_AT_ONCE] for at in range(0, len(asked), _ASKED_AT_ONCE))


def witnesses_by_purse(tx: Tx, purse_ids: Iterable[bytes]) -> dict[bytes, list[WitnessRow]]:
    """Return all debits of some purses that terminals have met, by purse."""
    found: defaultdict[bytes, list[WitnessRow]] = defaultdict(list)
    for row in among(tx, _WITNESSES, sorted(set(purse_ids))):
        found[row.purse_id].append(WitnessRow(*row))
    return found
