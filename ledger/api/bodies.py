"""Request bodies: how long each may be, and of which type."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from kscoin import codec
from kscoin.courier import MAX_SHIPMENT_BYTES
from kscoin.errors import TooLarge
from ledger.errors import WrongContentType

CBOR: Final = "application/cbor"
JSON: Final = "application/json"
# COSE wraps a message in its header, signature and lengths: under 100 bytes, and room to spare.
ENVELOPE_BYTES: Final = 256
SMALL_BODY_BYTES: Final = codec.MAX_MESSAGE_BYTES + ENVELOPE_BYTES
PAIR_BODY_BYTES: Final = 2 * SMALL_BODY_BYTES
BATCH_BODY_BYTES: Final = codec.MAX_BATCH_BYTES + ENVELOPE_BYTES
# Every other body is read up to this; its own route may take less.
BODY_BYTES_MAX: Final = 2 * PAIR_BODY_BYTES
# What may be longer than that, by the path as it is written in the API.
_LONG_BODIES: Final = {
    "/v1/batches": BATCH_BODY_BYTES,
    "/v1/courier": MAX_SHIPMENT_BYTES,
}


def cap_of(path: str) -> int:
    """Return how many bytes of a body are read for a path."""
    return _LONG_BODIES.get(path, BODY_BYTES_MAX)


async def cbor_body(request: Request, max_bytes: int) -> bytes:
    """Return the body; raises WrongContentType, or TooLarge if it is over `max_bytes`."""
    require_type(request, CBOR)
    body = await request.body()
    if len(body) > max_bytes:
        raise TooLarge(f"at most {max_bytes} bytes are taken here")
    return body


def json_only(request: Request) -> None:
    """Return if the body says that it is JSON; raises WrongContentType."""
    require_type(request, JSON)


def require_type(request: Request, media_type: str) -> None:
    """Return if the body says that it is of this type; raises WrongContentType."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != media_type:
        raise WrongContentType(f"the body must be {media_type}")
