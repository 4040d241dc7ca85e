"""A real HTTP server between a till and its ledger that answers as it pleases.

It passes each request on, or not, and spoils the answer on its way back. Knows no message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final, TypeAlias
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.stacks.ports import LOOPBACK

CBOR: Final = "application/cbor"
_TIMEOUT_S: Final = 30.0
_POLL_S: Final = 0.01
"""How soon the server notices that it shall end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a till hears. Less than `whole_bytes` of a body is an answer that breaks off."""

    status: int
    body: bytes
    content_type: str = CBOR
    whole_bytes: int | None = None


# What becomes of a question: `ask` passes it on; None hangs up without a word.
Manner: TypeAlias = Callable[[Callable[[], Answer]], Answer | None]


def honestly(ask: Callable[[], Answer]) -> Answer | None:
    """Pass on what the ledger says."""
    return ask()


class Middleman:
    """Answers at `url` in its `manner`, which may be changed at any time."""

    def __init__(self, ledger_url: str) -> None:
        self.manner: Manner = honestly
        self._ledger_url = ledger_url
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        # A till may be waiting on an answer that nobody will ever give.
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def serve(self) -> None:
        self._server.serve_forever(_POLL_S)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        middleman = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["content-length"])))

            def _answer(self, body: bytes | None) -> None:
                answer = middleman.manner(lambda: middleman.passed_on(self.path, body))
                self.close_connection = True
                if answer is not None:
                    self._say(answer)

            def _say(self, answer: Answer) -> None:
                whole_bytes = answer.whole_bytes
                length = len(answer.body) if whole_bytes is None else whole_bytes
                self.send_response(answer.status)
                self.send_header("content-type", answer.content_type)
                self.send_header("content-length", str(length))
                # Or a client may ask again on a connection that is about to be closed.
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def passed_on(self, path: str, body: bytes | None) -> Answer:
        """Return what the ledger itself says."""
        headers = {"content-type": CBOR, "accept": CBOR}
        request = Request(self._ledger_url + path, body, headers)
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                return Answer(answer.status, answer.read(), answer.headers.get("content-type", ""))
        except HTTPError as exc:
            with exc:
                return Answer(exc.code, exc.read(), exc.headers.get("content-type", ""))


@contextmanager
def middleman_before(ledger_url: str) -> Iterator[Middleman]:
    """A middleman who serves for the length of a `with` block."""
    middleman = Middleman(ledger_url)
    thread = Thread(target=middleman.serve, name="middleman")
    thread.start()
    try:
        yield middleman
    finally:
        middleman.close()
        thread.join()
