"""Request bodies, read no further than their cap, and of one type only."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from kscoin import codec
from kscoin.errors import TooLarge
from ledger.errors import WrongContentType

CBOR: Final = "application/cbor"
# COSE wraps a message in its header, signature and lengths: under 100 bytes, and room to spare.
ENVELOPE_BYTES: Final = 256
SMALL_BODY_BYTES: Final = codec.MAX_MESSAGE_BYTES + ENVELOPE_BYTES
PAIR_BODY_BYTES: Final = 2 * SMALL_BODY_BYTES
BATCH_BODY_BYTES: Final = codec.MAX_BATCH_BYTES + ENVELOPE_BYTES
# A client that sends a little too much is heard out, unkept, so that it can read the answer: a
# connection that is closed while it still sends resets, and the answer is lost.
DISCARD_BYTES: Final = 4 * codec.MAX_BATCH_BYTES
# Nineteen digits hold every length there is; the server has checked that they are digits.
_LENGTH_DIGITS: Final = 19


async def cbor_body(request: Request, max_bytes: int) -> bytes:
    """Return the body; raises WrongContentType or TooLarge. Keeps at most `max_bytes` of it."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != CBOR:
        raise WrongContentType(f"the body must be {CBOR}")
    announced_bytes = int(request.headers.get("content-length", "0")[:_LENGTH_DIGITS])
    body, read_bytes = bytearray(), 0
    async for chunk in request.stream():
        read_bytes += len(chunk)
        if read_bytes > max_bytes + DISCARD_BYTES or announced_bytes > max_bytes + DISCARD_BYTES:
            raise TooLarge(f"at most {max_bytes} bytes are taken here")
        if read_bytes <= max_bytes:
            body += chunk
    if read_bytes > max_bytes:
        raise TooLarge(f"at most {max_bytes} bytes are taken here")
    return bytes(body)
