"""One HTTP/1.1 connection: uvicorn's, with patience that ends and refusals that a client can read.

uvicorn waits for ever for the head of a request, and answers one that is no HTTP in plain text.
Knows no ledger and no route.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

# A head may be this long: the longest that a proxy or a browser sends fits, and h11 answers 431.
HEAD_BYTES_MAX: Final = 16_384
_CAN_STILL_ANSWER: Final = (h11.IDLE, h11.SEND_RESPONSE)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client is waited for, in seconds."""

    # A head is a few hundred bytes; the slowest mobile line sends them in a second or two.
    head_s: float = 10.0
    # A batch of a mebibyte at 100 kbit/s, with room to spare.
    body_s: float = 120.0
    # Longer than a long poll; many proxies keep a connection for a minute.
    idle_s: int = 75


class Wire(H11Protocol):
    """A connection whose client has to get on with it."""

    def __init__(self, patience: Patience, **parts: Any) -> None:
        super().__init__(**parts)
        self._patience = patience
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_watch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with the same JSON as every other refusal."""
        # uvicorn calls this where it has caught h11's error, which knows the status that fits.
        error = sys.exc_info()[1]
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(HTTPStatus(status), "bad_http", "this is not a request of HTTP/1.1")

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits for a client that does not read its answer; this one has had its time.
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _watch_head(self) -> None:
        # uvicorn says that there always is one; before the first request there is none.
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering or self.transport.is_closing():
            self._end_watch()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self._patience.head_s, self._head_is_late)

    def _end_watch(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "the request did not come in time")

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        if self.conn.our_state in _CAN_STILL_ANSWER and not self.transport.is_closing():
            body = json.dumps({"code": code, "message": message}).encode()
            headers = [
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            answer = h11.Response(
                status_code=status, headers=headers, reason=status.phrase.encode()
            )
            for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
