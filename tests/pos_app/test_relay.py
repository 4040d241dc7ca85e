"""The demo's line: it carries, it is really cut, and it is whole again at the same address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from urllib.parse import urlsplit

import pytest

from pos_app.demo.relay import LOOPBACK, Relay
from tests.stacks.ports import free_port

TIMEOUT_S = 20.0


@pytest.fixture
def echo_url() -> Iterator[str]:
    """A server that says back what it hears, until the listener is closed."""
    listener = socket.create_server((LOOPBACK, 0))

    def serve(line: socket.socket) -> None:
        with line:
            while data := line.recv(1_024):
                line.sendall(data)

    def accept() -> None:
        try:
            while True:
                Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        except OSError:
            return

    accepting = Thread(target=accept)
    accepting.start()
    yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    accepting.join()


@pytest.fixture
def relay(echo_url: str) -> Iterator[Relay]:
    with closing(Relay(echo_url)) as relay:
        yield relay


def connected(relay: Relay) -> socket.socket:
    target = urlsplit(relay.url)
    assert target.port
    return socket.create_connection((LOOPBACK, target.port), TIMEOUT_S)


def test_it_carries_both_ways(relay: Relay) -> None:
    with connected(relay) as line:
        line.sendall(b"a word")
        assert line.recv(100) == b"a word"


def test_a_cut_breaks_what_is_under_way_and_refuses_what_comes(relay: Relay) -> None:
    with connected(relay) as line:
        line.sendall(b"a word")
        line.recv(100)
        relay.cut()
        assert relay.is_cut
        assert line.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(relay)


def test_a_restored_line_is_where_it_was(relay: Relay) -> None:
    url = relay.url
    relay.cut()
    relay.cut()
    relay.restore()
    relay.restore()
    assert (relay.url, relay.is_cut) == (url, False)
    with connected(relay) as line:
        line.sendall(b"again")
        assert line.recv(100) == b"again"


def test_nobody_else_is_given_its_port_while_it_is_cut(relay: Relay) -> None:
    relay.cut()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((LOOPBACK, urlsplit(relay.url).port))


def test_a_ledger_that_is_not_there_is_hung_up_on() -> None:
    with closing(Relay(f"http://{LOOPBACK}:{free_port()}")) as relay, connected(relay) as line:
        assert line.recv(100) == b""
