"""Rows of purses, their spending lines and double spends. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, repeat
from typing import Final, NamedTuple

from sqlalchemy import select, update

from kscoin.purse import Interval
from ledger.settlement import Piece, Purse
from ledger.store import accounts
from ledger.store.arrays import array_of
from ledger.store.engine import Tx
from ledger.store.rows import add, among, chosen, many, one
from ledger.store.schema import double_spends, line, purses

# How many debits one query may ask for: a sale that is uploaded at once, a morning's, many.
_SIZES: Final = (1, 16, 128)
# What is asked of a line: the debit's hash, its purse, and where it starts.
_ASKED: Final = (line.c.debit_hash.type, line.c.purse_id.type, line.c.start_won.type)
_NEAREST_AMONG: Final = (
    "WITH asked (debit_hash, purse_id, start_won) AS ({}), "
    "ends AS (SELECT debit_hash, purse_id, (SELECT min(end_won) FROM line WHERE "
    "line.purse_id = asked.purse_id AND line.end_won > asked.start_won) AS end_won FROM asked) "
    "SELECT ends.debit_hash, line.start_won FROM ends JOIN line "
    "ON line.purse_id = ends.purse_id AND line.end_won = ends.end_won"
)
_NEAREST: Final = _NEAREST_AMONG.format(
    "SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::bigint[])"
)
_STANDINGS: Final = (
    "SELECT purse_id, holder_id, public_key, credit_total_won, guaranteed_won, denied_at_s "
    "FROM purses WHERE purse_id IN ?"
)


class PurseRow(NamedTuple):
    """A purse as it was opened and last certified."""

    purse_id: bytes
    holder_id: bytes
    public_key: bytes
    assurance: int
    epoch: int
    credit_total_won: int
    released_won: int
    guaranteed_won: int
    not_after_s: int
    opened_at_s: int
    denied_at_s: int | None
    closing_at_s: int | None
    certificate: bytes
    released_at_s: int | None = None


class LineRow(NamedTuple):
    """A stretch of a spending line that has been spent, and by what."""

    purse_id: bytes
    end_won: int
    start_won: int
    debit_hash: bytes
    request_hash: bytes
    terminal_id: bytes
    number: int
    seen_at_s: int
    is_returned: bool
    debit: bytes


class DoubleSpendRow(NamedTuple):
    """A debit that spent what was spent, or what was never reserved, with its proof."""

    purse_id: bytes
    debit_hash: bytes
    terminal_id: bytes
    proof: bytes
    verdict: int
    breach: str | None
    guaranteed_won: int
    created_at_s: int
    found_at_s: int


def add_purse(tx: Tx, purse: PurseRow) -> None:
    """Keep a new purse."""
    add(tx, purses, [purse])


def purse(tx: Tx, purse_id: bytes) -> PurseRow | None:
    """Return a purse. To change it, lock its account first."""
    return one(tx, PurseRow, purses, {"purse_id": purse_id})


def purses_of(tx: Tx, holder_id: bytes) -> tuple[PurseRow, ...]:
    """Return a holder's purses, the oldest first."""
    query = chosen(PurseRow, purses, purses.c.holder_id == holder_id)
    return many(tx, PurseRow, query.order_by(purses.c.opened_at_s))


def locked_standings(tx: Tx, purse_ids: Iterable[bytes]) -> dict[bytes, Purse]:
    """Return what settlement needs of some purses.

    Their accounts are locked, in the order of their ids: whoever changes a purse or its line
    holds its account. The purses are read after that, in a second query: a join would show them
    as they were before the wait for the lock.
    """
    wanted = sorted(set(purse_ids))
    balance_won = accounts.balances(tx, wanted, locked=True)
    return {
        purse_id: Purse(purse_id, holder_id, public_key, credit_won, balance_won[purse_id], *rest)
        for purse_id, holder_id, public_key, credit_won, *rest in among(tx, _STANDINGS, wanted)
    }


def certify(
    tx: Tx, purse_id: bytes, credit_total_won: int, not_after_s: int, certificate: bytes
) -> None:
    """Keep a purse's new certificate and what it says."""
    changed = update(purses).where(purses.c.purse_id == purse_id)
    tx.execute(
        changed.values(
            credit_total_won=credit_total_won, not_after_s=not_after_s, certificate=certificate
        )
    )


def close(tx: Tx, purse_id: bytes, closing_at_s: int) -> None:
    """Note since when a purse is being closed; the first time counts."""
    where = (purses.c.purse_id == purse_id, purses.c.closing_at_s.is_(None))
    tx.execute(update(purses).where(*where).values(closing_at_s=closing_at_s))


def deny(tx: Tx, purse_id: bytes, denied_at_s: int) -> None:
    """Note since when a purse is denied; the first time counts."""
    where = (purses.c.purse_id == purse_id, purses.c.denied_at_s.is_(None))
    tx.execute(update(purses).where(*where).values(denied_at_s=denied_at_s))


def add_guaranteed(tx: Tx, purse_id: bytes, fund_won: int) -> None:
    """Note what the guarantee fund has paid more because of a purse."""
    total_won = purses.c.guaranteed_won + fund_won
    tx.execute(update(purses).where(purses.c.purse_id == purse_id).values(guaranteed_won=total_won))


def add_to_line(tx: Tx, rows: Iterable[LineRow]) -> None:
    """Put stretches on spending lines."""
    add(tx, line, rows)


def add_double_spends(tx: Tx, rows: Iterable[DoubleSpendRow]) -> None:
    """Keep double spends with their proofs."""
    add(tx, double_spends, rows)


def double_spends_of(tx: Tx, purse_id: bytes) -> tuple[DoubleSpendRow, ...]:
    """Return a purse's double spends, in the order in which they were found."""
    query = chosen(DoubleSpendRow, double_spends, double_spends.c.purse_id == purse_id)
    return many(tx, DoubleSpendRow, query.order_by(double_spends.c.found_at_s))


def double_spend(tx: Tx, purse_id: bytes, debit_hash: bytes) -> DoubleSpendRow | None:
    """Return one double spend."""
    return one(tx, DoubleSpendRow, double_spends, {"purse_id": purse_id, "debit_hash": debit_hash})


def clashing(tx: Tx, spends: dict[bytes, tuple[bytes, Interval]]) -> dict[bytes, list[Piece]]:
    """Return the pieces of lines that overlap debits, in order, by debit hash.

    `spends` maps a debit hash to its purse and interval. Pieces are disjoint, so where the next
    piece that ends above the debit's start begins at or above its end, nothing overlaps: one
    look-up in the primary key a debit, many in one query. Only a clash costs more.
    """
    return {
        debit_hash: _pieces(tx, *spends[debit_hash])
        for debit_hash, start_won in _nearest(tx, spends)
        if start_won < spends[debit_hash][1].end_won
    }


def _nearest(tx: Tx, spends: dict[bytes, tuple[bytes, Interval]]) -> Iterator[tuple[bytes, int]]:
    """Yield for each debit where the next piece that ends above its start begins, if there is."""
    asked = [(each, purse_id, at.start_won) for each, (purse_id, at) in spends.items()]
    if tx.dialect.name != "sqlite":
        columns = zip(_ASKED, zip(*asked, strict=True), strict=True) if asked else ()
        arrays = tuple(array_of(kind, values) for kind, values in columns)
        yield from tx.exec_driver_sql(_NEAREST, arrays).all() if arrays else ()
        return
    while asked:
        size = next((size for size in _SIZES if len(asked) <= size), _SIZES[-1])
        now, asked = asked[:size], asked[size:]
        # Places that are left over ask for a purse that does not exist.
        places = chain(now, repeat((b"", b"", 0), size - len(now)))
        yield from tx.exec_driver_sql(_nearest_of(size), tuple(chain.from_iterable(places))).all()


@cache
def _nearest_of(size: int) -> str:
    # Text, because SQLAlchemy compiles its own VALUES anew each time, for longer than the database
    # then takes. SQLite names the columns of VALUES only in a common table expression.
    return _NEAREST_AMONG.format("VALUES " + ", ".join(["(?, ?, ?)"] * size))


def _pieces(tx: Tx, purse_id: bytes, at: Interval) -> list[Piece]:
    """Return the pieces that overlap an interval: those that end inside it, and the next one."""
    after = select(
        line.c.start_won,
        line.c.end_won,
        line.c.debit_hash,
        line.c.debit,
        line.c.number,
        line.c.is_returned,
    ).where(line.c.purse_id == purse_id, line.c.end_won > at.start_won)
    inside = after.where(line.c.end_won < at.end_won).order_by(line.c.end_won)
    beyond = after.where(line.c.end_won >= at.end_won).order_by(line.c.end_won).limit(1)
    rows = [*tx.execute(inside), *tx.execute(beyond)]
    pieces = (Piece(Interval(start, end), *rest) for start, end, *rest in rows)
    return [piece for piece in pieces if piece.interval.overlaps(at)]
