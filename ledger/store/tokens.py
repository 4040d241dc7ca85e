"""Rows of the tokens by which people and their programs are known. Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import update

from ledger.store.engine import Tx
from ledger.store.rows import add, chosen, many, one
from ledger.store.schema import tokens


class TokenRow(NamedTuple):
    """A token that was given out, by the hash of its secret."""

    token_id: bytes
    secret_hash: bytes
    role: int
    merchant_id: bytes | None
    note: str
    made_at_s: int
    expires_at_s: int
    revoked_at_s: int | None = None


def add_token(tx: Tx, token: TokenRow) -> None:
    """Keep a new token."""
    add(tx, tokens, [token])


def token(tx: Tx, token_id: bytes) -> TokenRow | None:
    """Return a token."""
    return one(tx, TokenRow, tokens, {"token_id": token_id})


def all_tokens(tx: Tx) -> tuple[TokenRow, ...]:
    """Return every token that was ever given out, the oldest first."""
    query = chosen(TokenRow, tokens).order_by(tokens.c.made_at_s, tokens.c.token_id)
    return many(tx, TokenRow, query)


def revoke_token(tx: Tx, token_id: bytes, revoked_at_s: int) -> None:
    """Mark a token as revoked."""
    changed = update(tokens).where(tokens.c.token_id == token_id)
    tx.execute(changed.values(revoked_at_s=revoked_at_s))
