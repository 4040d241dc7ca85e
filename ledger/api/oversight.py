"""What watches over the ledger: quarantine, audit, tokens and the trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from ledger.api.access import Operator, Reader
from ledger.api.bodies import json_only
from ledger.api.contract import MAX_NUMBER, WITH_TOKEN, Body, IdInPath, IdText, RoleWord
from ledger.api.orders import obey, octets
from ledger.api.views import (
    AuditView,
    NewTokenView,
    QuarantineView,
    TokenView,
    TrailView,
)
from ledger.tokens import Role
from ledger.trail import LINES_MAX, NEWEST

router = APIRouter(prefix="/v1", tags=["operators"], responses=WITH_TOKEN)
_json = [Depends(json_only)]
_DAY_S = 86_400


class NewToken(Body):
    """A token for somebody; a merchant's names its merchant, the others none."""

    role: RoleWord
    merchant_id: IdText | None = None
    note: str = Field(default="", max_length=64)
    valid_s: int = Field(default=90 * _DAY_S, ge=1, le=3_650 * _DAY_S)


@router.get("/quarantine")
def list_quarantined(asking: Reader) -> list[QuarantineView]:
    """Return the batches that wait for an operator."""
    return [QuarantineView.of(each) for each in asking.ledger.quarantine.held()]


@router.post("/quarantine/{terminal_id}/release")
def release(asking: Operator, terminal_id: IdInPath) -> list[QuarantineView]:
    """Judge all that waits of a terminal, each entry as its batch would have been."""
    released = obey(
        asking,
        "quarantine.release",
        terminal_id,
        lambda ledger: ledger.quarantine.release(octets(terminal_id)),
    )
    return [QuarantineView.of(each.batch) for each in released]


@router.get("/audit")
def audit(asking: Reader) -> AuditView:
    """Go through all of the books; this reads all history, and takes its time."""
    return AuditView.of_audit(asking.ledger.books.audit())


@router.get("/tokens")
def list_tokens(asking: Reader) -> list[TokenView]:
    """Return the tokens that were given out, by their ids."""
    return [
        TokenView(
            token_id=each.token_id.hex(),
            role=Role(each.role).name.lower(),
            merchant_id=each.merchant_id.hex() if each.merchant_id else None,
            note=each.note,
            made_at_s=each.made_at_s,
            expires_at_s=each.expires_at_s,
            revoked_at_s=each.revoked_at_s,
        )
        for each in asking.ledger.tokens.all()
    ]


@router.post("/tokens", dependencies=_json, status_code=201)
def new_token(asking: Operator, body: NewToken) -> NewTokenView:
    """Make a token; it is shown once and kept nowhere."""
    merchant_id = None if body.merchant_id is None else octets(body.merchant_id)
    role = Role[body.role.upper()]
    made = obey(
        asking,
        "token.new",
        "",
        lambda ledger: ledger.tokens.new(role, body.note, body.valid_s, merchant_id),
    )
    return NewTokenView(
        token_id=made.row.token_id.hex(), token=made.text, expires_at_s=made.row.expires_at_s
    )


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(asking: Operator, token_id: IdInPath) -> None:
    """Let nobody in with a token any more."""
    revoked = octets(token_id)
    obey(asking, "token.revoke", token_id, lambda ledger: ledger.tokens.revoke(revoked))


@router.get("/trail")
def read_trail(
    asking: Reader,
    limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = 100,
    before: Annotated[int, Query(ge=0, le=MAX_NUMBER)] = NEWEST,
) -> list[TrailView]:
    """Return who did what, the newest first."""
    return [TrailView.of(each) for each in asking.ledger.trail.read(limit, before)]
