"""The outermost ring of the HTTP application.

It takes a body whole, within its cap and in time, before any route sees the request; names each
request; tells of each answer; and answers even what nobody foresaw. Knows no route's meaning.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger import logs
from ledger.api.answers import refused
from ledger.api.intake import LONG_BODIES_BYTES_MAX, Body, Room
from ledger.metrics import Answered
from ledger.wire import HEAD_BYTES_MAX

# Nineteen digits hold every length there is; h11 has checked that they are digits.
_LENGTH_DIGITS: Final = 19
# No answer was sent: the client went away first. The number that nginx writes for it.
CLIENT_GONE: Final = 499
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID_BYTES: Final = 8
# On every answer: none is to be kept by a cache, nor guessed at by a browser.
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(slots=True)
class _Visit:
    """One request on its way: what will be told of it."""

    scope: Scope
    request_id: str
    body: Body
    started_s: float = field(default_factory=time.perf_counter)
    status: int = 0

    def answered(self) -> Answered:
        method = self.scope["method"] if self.scope["method"] in _METHODS else "OTHER"
        # The route as it is written in the API; what was asked for may hold anything.
        route = getattr(self.scope.get("route"), "path", "none")
        seconds = time.perf_counter() - self.started_s
        return Answered(method, route, self.status, seconds, self.body.size_bytes)


class Edge:
    """Stands around an ASGI application."""

    def __init__(
        self,
        app: ASGIApp,
        body_s: float,
        on_begun: Callable[[], None],
        on_answered: Callable[[Answered], None],
        long_bodies_bytes_max: int = LONG_BODIES_BYTES_MAX,
    ) -> None:
        self._app = app
        self._body_s = body_s
        self._on_begun = on_begun
        self._on_answered = on_answered
        self._room = Room(long_bodies_bytes_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope, secrets.token_hex(_REQUEST_ID_BYTES), self._room.body(scope["path"]))
        named = logs.request_id.set(visit.request_id)
        self._on_begun()
        try:
            await self._answer(visit, receive, _telling(visit, send))
        except ClientDisconnect:
            visit.status = CLIENT_GONE
        finally:
            visit.body.forget()
            self._on_answered(visit.answered())
            logs.request_id.reset(named)

    async def _answer(self, visit: _Visit, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._body_s):
                body = await _whole_body(visit, receive)
        except TimeoutError:
            body = refused(408, "too_slow", "the body did not come in time", is_closing=True)
        if isinstance(body, Response):
            await body(visit.scope, receive, send)
        else:
            await self._ask(visit, _again(body, receive), send)

    async def _ask(self, visit: _Visit, receive: Receive, send: Send) -> None:
        try:
            await self._app(visit.scope, receive, send)
        except Exception as exc:  # whatever it is: the application has answered 500 for it
            logs.fault("unforeseen", exc)
            if not visit.status:
                raise


async def _whole_body(visit: _Visit, receive: Receive) -> bytes | Response:
    """Return the body, or why it is not taken; raises ClientDisconnect."""
    headers, body = Headers(scope=visit.scope), visit.body
    if _head_bytes(visit.scope) > HEAD_BYTES_MAX:
        return refused(431, "head_too_large", "the head of the request is too long")
    if "transfer-encoding" in headers and "content-length" in headers:
        # RFC 9112 section 6.1: two lengths are how requests are smuggled past a proxy.
        return refused(400, "bad_http", "a body has one length", is_closing=True)
    announced_bytes = int(headers.get("content-length", "0")[:_LENGTH_DIGITS])
    is_more = True
    while is_more:
        if body.is_endless(announced_bytes):
            return body.too_large(is_closing=True)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body.add(message.get("body", b""))
        is_more = message.get("more_body", False)
    return body.whole()


def _head_bytes(scope: Scope) -> int:
    # h11 looks at the length of heads that come in pieces only.
    target_bytes = len(scope["raw_path"]) + len(scope["query_string"])
    return target_bytes + sum(len(name) + len(value) for name, value in scope["headers"])


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def _telling(visit: _Visit, send: Send) -> Send:
    """Return a `send` that notes the status and names the request in the answer."""

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update({**_HEADERS, "x-request-id": visit.request_id})
        await send(message)

    return tell
