"""Tokens: how people and their programs are known over HTTP, in one of three roles.

A token is `ks_ID_SECRET`: an id that may be named, and 256 random bits of which only the hash is
kept. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from kscoin.errors import Malformed
from kscoin.fields import Text
from ledger.errors import BadToken, NotFound
from ledger.known import known_merchant
from ledger.office import Office
from ledger.store import tokens
from ledger.store.engine import Tx
from ledger.store.tokens import TokenRow

ID_BYTES: Final = 8
SECRET_BYTES: Final = 32
_SHAPE: Final = re.compile(r"ks_([0-9a-f]{16})_([0-9a-f]{64})")
_NOTE: Final = Text(max_bytes=64)
# Compared with where no token has the id, so that this takes as long as where one has.
_NOBODYS: Final = bytes(hashlib.sha256().digest_size)


class Role(IntEnum):
    """What a token lets its bearer do."""

    OPERATOR = 1
    AUDITOR = 2
    MERCHANT = 3


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that has just been made; `text` is shown once and kept nowhere."""

    text: str
    row: TokenRow

    def __repr__(self) -> str:
        return f"NewToken({self.row.token_id.hex()})"


class TokenDesk:
    """Gives out tokens, knows their bearers again, and takes them back."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def new(
        self, role: Role, note: str, valid_s: int, merchant_id: bytes | None = None
    ) -> NewToken:
        """Return a new token; a merchant's names its merchant, the others none.

        Raises NotFound for an unknown merchant, Malformed for a note that is too long, a time
        that is no time, or a merchant where none belongs.
        """
        _NOTE.check(note)
        if (merchant_id is not None) != (role is Role.MERCHANT) or valid_s <= 0:
            raise Malformed("a merchant's token names its merchant, others none; it ends after now")
        token_id, secret = secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES)
        now_s = self._office.clock()
        row = TokenRow(token_id, _hash_of(secret), role, merchant_id, note, now_s, now_s + valid_s)

        def work(tx: Tx) -> None:
            self._office.note(tx, "token.new", token_id)
            if merchant_id is not None:
                known_merchant(tx, merchant_id)
            tokens.add_token(tx, row)

        self._office.store.write(work)
        return NewToken(f"ks_{token_id.hex()}_{secret.hex()}", row)

    def all(self) -> tuple[TokenRow, ...]:
        """Return every token that was given out, the oldest first."""
        return self._office.store.read(tokens.all_tokens)

    def revoke(self, token_id: bytes) -> None:
        """Let nobody in with this token any more; raises NotFound."""

        def work(tx: Tx) -> None:
            self._office.note(tx, "token.revoke", token_id)
            row = tokens.token(tx, token_id)
            if row is None:
                raise NotFound("unknown_token", "no token of ours has this id")
            if row.revoked_at_s is None:
                tokens.revoke_token(tx, token_id, self._office.clock())

        self._office.store.write(work)

    def bearer_of(self, text: str) -> TokenRow:
        """Return the token that a caller shows; raises BadToken, whatever is wrong with it."""
        shape = _SHAPE.fullmatch(text)
        token_id, secret = (bytes.fromhex(part) for part in shape.groups()) if shape else (b"", b"")
        row = self._office.store.read(lambda tx: tokens.token(tx, token_id)) if shape else None
        is_its = hmac.compare_digest(_hash_of(secret), row.secret_hash if row else _NOBODYS)
        if row is None or not is_its or not self._is_valid(row):
            raise BadToken("a valid token is needed here")
        return row

    def _is_valid(self, row: TokenRow) -> bool:
        return row.revoked_at_s is None and self._office.clock() < row.expires_at_s


def _hash_of(secret: bytes) -> bytes:
    # The secret is 256 random bits: there is nothing to guess, so nothing to slow down.
    return hashlib.sha256(secret).digest()
