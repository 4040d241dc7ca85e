"""The HTTP server: in the foreground for `ks-ledger serve`, or in a thread for demo and rehearsal.

With `ledger.wire` the only file that imports uvicorn.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, cast

import uvicorn

from ledger.api.app import ledger_app
from ledger.api.bell import PaidBell
from ledger.cycles import look_for_cycles_seldom
from ledger.errors import SetupError
from ledger.neighbours import Neighbours
from ledger.processes import when_gone
from ledger.service import Ledger
from ledger.wire import HEAD_BYTES_MAX, Patience, Wire

LOOPBACK: Final = "127.0.0.1"
# A server that has not said it is ready by then never will.
START_TIMEOUT_S: Final = 20.0
# The batch in hand is finished at shutdown; it takes well under a second.
STOP_TIMEOUT_S: Final = 10
PATIENCE: Final = Patience()
_BACKLOG: Final = 2_048
# asyncio takes as many waiting connections in one go as its backlog is long. Where processes share
# a listener, one at a time leaves the next to whoever is idle.
_AT_ONCE_WHERE_SHARED: Final = 1
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    """Tells when it is ready, and wakes those who wait before it closes their connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        bell: PaidBell,
        on_ready: Callable[[], None],
        neighbours: Neighbours | None = None,
    ) -> None:
        super().__init__(config)
        self._neighbours = neighbours
        self._bell = bell
        self._on_ready = on_ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM. Unlike uvicorn's own, this does not die of them after."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._neighbours is not None:
            heard, ring = self._neighbours, self._bell.ring_here
            asyncio.get_running_loop().add_reader(heard, lambda: heard.hear(ring))
        for each in sockets or ():
            # asyncio has listened with its own backlog, which may be short.
            each.listen(_BACKLOG)
        self._on_ready()

    def stop(self) -> None:
        """Finish what is in hand and end. May be called from any thread."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._bell.close()
        await super().shutdown(sockets)


class LedgerServer:
    """A ledger on loopback in a thread of its own; `url` names it while it runs."""

    def __init__(self, ledger: Ledger, port: int = 0, patience: Patience = PATIENCE) -> None:
        self._ledger = ledger
        self._port = port
        self._patience = patience
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self._bell = PaidBell()

    @property
    def bell(self) -> PaidBell:
        """Who waits for which payment, since the last start."""
        return self._bell

    @property
    def url(self) -> str:
        """Where it listens, for example "http://127.0.0.1:40123"; the port stays over a restart."""
        return address_of(LOOPBACK, self._port)

    def start(self) -> Self:
        """Return when it answers; raises SetupError if it does not come up."""
        listener = listen(LOOPBACK, self._port)
        self._port = listener.getsockname()[1]
        self._ready.clear()
        self._bell = PaidBell()
        self._server = _server(self._ledger, self._bell, self._ready.set, self._patience)
        run = self._server.run
        self._thread = threading.Thread(target=lambda: run([listener]), name="ledger", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S):
            raise SetupError("the ledger's server did not start")
        return self

    def stop(self) -> None:
        """Finish what is in hand, and return when the thread has ended."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _exc: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(
    ledger: Ledger,
    listener: socket.socket,
    on_ready: Callable[[str], None],
    parent_fd: int | None = None,
    neighbours: Neighbours | None = None,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, then finish what is in hand.

    `on_ready` gets the address once it answers. With `parent_fd` the listener is shared with other
    processes, and it ends as well when the process at the other end of that pipe has ended.
    `neighbours` are told of each payment, so that whoever waits for it there is woken.
    """
    host, port = listener.getsockname()[:2]
    address = address_of(host, port)
    is_shared = parent_fd is not None
    bell = PaidBell() if neighbours is None else PaidBell(neighbours.tell)
    server = _server(
        ledger, bell, lambda: on_ready(address), is_shared=is_shared, neighbours=neighbours
    )
    if parent_fd is not None:
        when_gone(parent_fd, server.stop)
    look_for_cycles_seldom()
    server.run([listener])


def inherited(listener_fd: int) -> socket.socket:
    """Return a listening socket that was handed down; raises SetupError if it is none."""
    try:
        return socket.socket(fileno=listener_fd)
    except OSError as exc:
        raise SetupError(f"{listener_fd} is no socket that was handed down") from exc


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises SetupError if it is taken."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio only turns off Nagle's algorithm on sockets that say that they are TCP; with it,
        # an answer in two writes waits 40 ms for the other side's delayed acknowledgement.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bound(listener, address)
    except OSError as exc:
        raise SetupError(f"cannot listen on {host}:{port}: {exc.strerror}") from exc


def _bound(listener: socket.socket, address: Any) -> socket.socket:
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(host: str, port: int) -> str:
    """Return the URL of a server."""
    # RFC 3986 section 3.2.2: an IPv6 address stands in brackets.
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(
    ledger: Ledger,
    bell: PaidBell,
    on_ready: Callable[[], None],
    patience: Patience = PATIENCE,
    *,
    is_shared: bool = False,
    neighbours: Neighbours | None = None,
) -> _Server:
    config = uvicorn.Config(
        ledger_app(ledger, bell, patience.body_s),
        # uvicorn calls it as it would the class.
        http=cast(type[asyncio.Protocol], partial(Wire, patience)),
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        backlog=_AT_ONCE_WHERE_SHARED if is_shared else _BACKLOG,
        timeout_keep_alive=patience.idle_s,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
        ws="none",
    )
    return _Server(config, bell, on_ready, neighbours)
