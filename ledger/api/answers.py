"""From the ledger's errors to HTTP statuses: the one place where a code becomes a number."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kscoin.errors import (
    EncodingError,
    Expired,
    InvalidAmount,
    KSCoinError,
    SpendingError,
    TooLarge,
    VerificationError,
)
from ledger.api.bodies import CBOR
from ledger.errors import (
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
    (InvalidAmount, 400),
    (SpendingError, 400),
    (StoreBusy, 503),
    (StoreError, 503),
)


def cbor(data: bytes) -> Response:
    """Answer with signed bytes."""
    return Response(data, media_type=CBOR)


def empty() -> Response:
    """Answer that there is nothing (yet)."""
    return Response(status_code=204)


def refused(status: int, code: str, message: str) -> JSONResponse:
    """Answer with an error as `{"code": …, "message": …}`."""
    return JSONResponse({"code": code, "message": message}, status)


def answer_errors(app: FastAPI) -> None:
    """Let every error of ours, and every one of the framework's, be answered in one form."""
    app.add_exception_handler(KSCoinError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


def _ours(_request: Request, exc: Exception) -> Response:
    if not isinstance(exc, KSCoinError):
        raise exc
    status = next((number for kind, number in _STATUSES if isinstance(exc, kind)), 500)
    code = exc.reason if isinstance(exc, Refusal) else exc.code
    if isinstance(exc, BatchMissing):
        said = {"code": code, "message": str(exc), "batch_number": exc.batch_number}
        return JSONResponse(said, status)
    return refused(status, code, str(exc))


def _invalid(_request: Request, _exc: Exception) -> Response:
    return refused(400, "malformed", "a parameter is missing or out of range")


def _http(_request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return refused(status, "no_such_call", "there is no such call")


def _gone(_request: Request, _exc: Exception) -> Response:
    return Response(status_code=400)
