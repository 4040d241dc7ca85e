"""What the OpenAPI says beyond what a route's signature says: media types, errors, ids."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from kscoin.money import MAX_AMOUNT_WON
from ledger.api.bodies import CBOR

Responses: TypeAlias = dict[int | str, dict[str, Any]]

# What a wallet shows as a QR code.
TEXT: Final = "text/plain"
_BYTES: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_ID_PATTERN: Final = "^[0-9a-f]{16}$"
# The greatest integer of a message (KSP/1 section 4): won, times, numbers.
MAX_NUMBER: Final = (1 << 63) - 1
# No ledger number is of a later second (`ledger/numbers.py`): the year 2242.
MAX_TIME_S: Final = (1 << 33) - 1
TimeInQuery: TypeAlias = Annotated[int, Query(ge=0, le=MAX_TIME_S)]


class Body(BaseModel):
    """A JSON body: its own fields, of their own types, and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Refused(BaseModel):
    """Every refusal: a stable code for programs, a sentence for people."""

    code: str
    message: str


IdText: TypeAlias = Annotated[str, Field(pattern=_ID_PATTERN)]
IdInPath: TypeAlias = Annotated[str, Path(pattern=_ID_PATTERN)]
KeyText: TypeAlias = Annotated[str, Field(pattern="^0[23][0-9a-f]{64}$")]
AmountWon: TypeAlias = Annotated[int, Field(ge=1, le=MAX_AMOUNT_WON)]
AssuranceWord: TypeAlias = Literal["card_secure_element", "phone_secure_element", "software"]
RoleWord: TypeAlias = Literal["operator", "auditor", "merchant"]
# Chosen by who gives an order about won: the same order with the same reference is obeyed once.
Reference: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]

_MEANINGS: Final = {
    400: "the request is malformed",
    401: "the signature does not hold, or there is no valid token",
    403: "not for this caller, or not any more",
    404: "there is no such thing",
    405: "not with this method",
    408: "the body did not come in time",
    409: "it was done already, by another message",
    413: "the body is too long",
    415: "the body is of another type",
    422: "the amount, the time or the balance does not permit it",
    431: "the head is too long",
    503: "the database does not answer, or too much is in hand; ask again later",
}


def refusals(*statuses: int) -> Responses:
    """Return the refusals that a route may answer with."""
    return {status: {"model": Refused, "description": _MEANINGS[status]} for status in statuses}


# What the edge and the router may answer to anything.
ANYWHERE: Final = refusals(400, 408, 413, 503)
# What a call with a signed CBOR body may be refused for.
SIGNED: Final = {**ANYWHERE, **refusals(401, 403, 404, 409, 415, 422)}
# What a call with a token may be refused for.
WITH_TOKEN: Final = {**ANYWHERE, **refusals(401, 403, 404, 409, 415, 422)}
NOTHING: Final[Responses] = {204: {"description": "nothing (yet)"}}


def takes_cbor(description: str) -> dict[str, Any]:
    """Return the description of a body of CBOR, as `openapi_extra`."""
    body = {"description": description, "required": True, "content": {CBOR: _BYTES}}
    return {"requestBody": body}


def gives_cbor(description: str) -> Responses:
    """Return the description of an answer of CBOR."""
    return {200: {"description": description, "content": {CBOR: _BYTES}}}


def gives_cbor_or_text(description: str) -> Responses:
    """Return the description of an answer of CBOR, or of the same as a KS1 text."""
    text = {"schema": {"type": "string", "pattern": "^KS1:"}}
    return {200: {"description": description, "content": {CBOR: _BYTES, TEXT: text}}}
