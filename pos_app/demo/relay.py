"""A line that can really be cut: a relay on loopback between a till and its ledger.

Knows bytes and nothing of what they say.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = "127.0.0.1"
_CHUNK_BYTES: Final = 65_536
_CONNECT_TIMEOUT_S: Final = 5.0
_BACKLOG: Final = 16
_HTTP_PORT: Final = 80


class Relay:
    """Carries connections to the server at `target_url` while the line is whole.

    Cut, it breaks what it carries and refuses what comes, as a machine without a network does.
    """

    def __init__(self, target_url: str) -> None:
        target = urlsplit(target_url)
        self._target = (target.hostname or LOOPBACK, target.port or _HTTP_PORT)
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._carried: set[socket.socket] = set()
        # Nobody else is given the port while the line is cut.
        self._held = _held_port()
        self._port: int = self._held.getsockname()[1]
        self.restore()

    @property
    def url(self) -> str:
        """Where it listens; the port stays when the line is cut and restored."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def is_cut(self) -> bool:
        return self._listener is None

    def cut(self) -> None:
        """Break every connection and refuse new ones; safe to call twice."""
        with self._lock:
            listener, self._listener = self._listener, None
            carried, self._carried = self._carried, set()
        if listener is not None:
            _hang_up(listener)
        for line in carried:
            _hang_up(line)

    def restore(self) -> None:
        """Take connections again; safe to call twice."""
        with self._lock:
            if self._listener is not None:
                return
            self._listener = socket.create_server((LOOPBACK, self._port), backlog=_BACKLOG)
            accepting = threading.Thread(
                target=self._accept, args=(self._listener,), name="relay", daemon=True
            )
        accepting.start()

    def close(self) -> None:
        """Cut for good, and let go of the port."""
        self.cut()
        self._held.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                self._carry(near, listener)

    def _carry(self, near: socket.socket, listener: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, _CONNECT_TIMEOUT_S)
        except OSError:
            _hang_up(near)
            return
        far.settimeout(None)
        with self._lock:
            is_whole = self._listener is listener
            if is_whole:
                self._carried |= {near, far}
        if not is_whole:
            _hang_up(near)
            _hang_up(far)
            return
        for source, sink in ((near, far), (far, near)):
            threading.Thread(
                target=self._pump, args=(source, sink), name="relay", daemon=True
            ).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                sink.sendall(data)
        for line in (source, sink):
            _hang_up(line)
        with self._lock:
            self._carried -= {source, sink}


def _held_port() -> socket.socket:
    """Return a socket that has a free port and does not listen: a server may, beside it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    return holder


def _hang_up(line: socket.socket) -> None:
    # A shutdown wakes whoever is reading; a close alone does not.
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
