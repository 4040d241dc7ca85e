"""From the ledger's errors to HTTP statuses: the one place where a code becomes a number."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kscoin.errors import (
    EncodingError,
    Expired,
    InvalidAmount,
    KSCoinError,
    SpendingError,
    TooLarge,
    VerificationError,
)
from ledger import logs
from ledger.api.bodies import CBOR
from ledger.errors import (
    BadToken,
    BatchMissing,
    Conflict,
    NotAllowed,
    NotFound,
    Refusal,
    StoreBusy,
    StoreError,
    Unpayable,
    WrongContentType,
)

# The first class that fits counts, so branches come before their root.
_STATUSES: Final[tuple[tuple[type[KSCoinError], int], ...]] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Conflict, 409),
    (Unpayable, 422),
    (TooLarge, 413),
    (EncodingError, 400),
    (Expired, 403),
    (VerificationError, 401),
    (WrongContentType, 415),
    (BadToken, 401),
    (InvalidAmount, 400),
    (SpendingError, 400),
    (StoreBusy, 503),
    (StoreError, 503),
)


# A database that was restarted is back by then, and a crowd is smaller.
_RETRY_AFTER_S: Final = 2
# A validation error names what is wrong; its sentence stays one.
_NAME_CHARACTERS_MAX: Final = 32
_NAMES_MAX: Final = 8


def cbor(data: bytes) -> Response:
    """Answer with signed bytes."""
    return Response(data, media_type=CBOR)


def empty() -> Response:
    """Answer that there is nothing (yet)."""
    return Response(status_code=204)


def refused(status: int, code: str, message: str, *, is_closing: bool = False) -> JSONResponse:
    """Answer with an error as `{"code": …, "message": …}`; `is_closing`, it is the last answer."""
    headers = {"connection": "close"} if is_closing else None
    return JSONResponse({"code": code, "message": message}, status, headers)


def try_later(code: str, message: str) -> JSONResponse:
    """Answer that the ledger cannot now, and when to ask again."""
    answer = refused(503, code, message)
    answer.headers["retry-after"] = str(_RETRY_AFTER_S)
    return answer


def answer_errors(app: FastAPI) -> None:
    """Let every error of ours, and every one of the framework's, be answered in one form."""
    app.add_exception_handler(KSCoinError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def _ours(_request: Request, exc: Exception) -> Response:
    if not isinstance(exc, KSCoinError):
        raise exc
    status = next((number for kind, number in _STATUSES if isinstance(exc, kind)), 500)
    code = exc.reason if isinstance(exc, Refusal) else exc.code
    if isinstance(exc, BatchMissing):
        said = {"code": code, "message": str(exc), "batch_number": exc.batch_number}
        return JSONResponse(said, status)
    if isinstance(exc, StoreError):
        logs.event("store_failed", logging.ERROR, code=code, why=str(exc))
        # What the database said is the operator's business.
        return try_later(code, "the ledger's database does not answer; try again")
    answer = refused(status, code, str(exc))
    if isinstance(exc, BadToken):
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def _invalid(_request: Request, exc: Exception) -> Response:
    places = exc.errors() if isinstance(exc, RequestValidationError) else ()
    named = {str(place["loc"][1]) for place in places if len(place["loc"]) > 1}
    # Names that the caller made up are not repeated at length.
    words = ", ".join(sorted(each[:_NAME_CHARACTERS_MAX] for each in named)[:_NAMES_MAX])
    return refused(400, "malformed", f"missing, unknown or out of range: {words or 'the body'}")


def _http(_request: Request, exc: Exception) -> Response:
    if not isinstance(exc, HTTPException):
        raise exc
    if exc.status_code == HTTPStatus.BAD_REQUEST:
        return refused(400, "malformed", "the body is not JSON")
    answer = refused(exc.status_code, "no_such_call", "there is no such call")
    answer.headers.update(exc.headers or {})
    return answer


def _unforeseen(_request: Request, _exc: Exception) -> Response:
    return refused(500, "unforeseen", "something went wrong here; the operator can see what")
