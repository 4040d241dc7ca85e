"""The edge takes anything: slow and half requests, wrong lengths and heads, pipelines, faults."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from ledger.errors import StoreUnusable
from ledger.server import LedgerServer
from ledger.wire import Patience
from tests.ledger.world import Mould, World

SOON_S = 30.0
# For clients who never say all of it: whoever has something to say might be too late on a machine
# that is busy.
NO_PATIENCE = Patience(head_s=0.2, body_s=0.3)
# The headers of a client's last request.
LAST = b"host: x\r\nconnection: close\r\n"


@pytest.fixture(scope="module")
def world(mould: Mould) -> Iterator[World]:
    world = mould.cast()
    yield world
    world.ledger.close()


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[LedgerServer]:
    with LedgerServer(world.ledger) as server:
        yield server


@pytest.fixture(scope="module")
def hasty_server(world: World) -> Iterator[LedgerServer]:
    with LedgerServer(world.ledger, patience=NO_PATIENCE) as server:
        yield server


class Wire:
    """A client that sends what it likes."""

    def __init__(self, server: LedgerServer) -> None:
        host, port = server.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), SOON_S)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def rest(self) -> bytes:
        """Everything until the server closes."""
        data = b""
        with suppress(ConnectionResetError):
            while chunk := self.socket.recv(65_536):
                data += chunk
        return data


def answer_to(server: LedgerServer, *data: bytes) -> tuple[int, dict[str, Any]]:
    with Wire(server) as wire:
        for part in data:
            wire.send(part)
        return parsed(wire.rest())


def parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def post(path: str, *headers: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "host: ledger", "content-type: application/cbor", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    "data",
    [b"", b"G", b"POST /v1/batches HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: x\r\na: "],
)
def test_a_head_that_does_not_end_is_cut_off(hasty_server: LedgerServer, data: bytes) -> None:
    assert answer_to(hasty_server, data) == (
        408,
        {"code": "too_slow", "message": "the request did not come in time"},
    )


def test_a_head_after_another_request_is_not_waited_for_either(world: World) -> None:
    patience = Patience(head_s=2.0)
    with LedgerServer(world.ledger, patience=patience) as server, Wire(server) as wire:
        wire.send(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n")
        assert wire.socket.recv(12) == b"HTTP/1.1 200"
        wire.send(b"GET /v1/st")
        assert b"HTTP/1.1 408 " in wire.rest()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("content-length: 100",), b"half"),
        (("transfer-encoding: chunked",), b"10\r\nhalf"),
        (("transfer-encoding: chunked",), b""),
    ],
)
def test_a_body_that_does_not_end_is_cut_off(
    hasty_server: LedgerServer, headers: tuple[str, ...], body: bytes
) -> None:
    status, said = answer_to(hasty_server, post("/v1/batches", *headers), body)
    assert (status, said["code"]) == (408, "too_slow")


def test_a_connection_that_says_nothing_more_is_closed(world: World) -> None:
    patience = Patience(idle_s=1)
    with LedgerServer(world.ledger, patience=patience) as server, Wire(server) as wire:
        wire.send(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n")
        assert wire.rest().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"\r\n", 400),
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET /v1/status HTTP/1.1\r\n\r\n", 400),
        (b"GET /v1/\xff HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (b"GET /v1/status HTTP/1.1\r\nhost: x\r\n: x\r\n\r\n", 400),
        (b"GET /v1/status HTTP/1.1\r\n" + LAST + b"a: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n" + LAST + b"\r\n", 431),
        (post("/v1/batches", "content-length: -1"), 400),
        (post("/v1/batches", "content-length: 1", "content-length: 2"), 400),
        (post("/v1/batches", "content-length: " + "9" * 30), 400),
        (post("/v1/batches", "transfer-encoding: gzip"), 501),
        (post("/v1/batches", "transfer-encoding: chunked") + b"zz\r\n", 400),
        (
            post("/v1/batches", "content-length: 3", "transfer-encoding: chunked") + b"0\r\n\r\n",
            400,
        ),
    ],
)
def test_what_is_no_http_is_refused_in_json(server: LedgerServer, data: bytes, status: int) -> None:
    found, said = answer_to(server, data)
    assert found == status
    assert set(said) == {"code", "message"}


@pytest.mark.parametrize(
    "target",
    [
        "/v1/status/",
        "//v1/status",
        "/v1/../v1/status",
        "/v1/status%00",
        "/v1/%ff%fe",
        "/v1/merchants/%2e%2e/terminals",
        "http://elsewhere/v1/status",
        "*",
        "/v1/denylist?from_version=1&from_version=x",
        "/v1/denylist?from_version=%00",
        "/v1/denylist?from_version=" + "9" * 5_000,
    ],
)
def test_no_path_and_no_query_gets_through(server: LedgerServer, target: str) -> None:
    head = f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    status, said = answer_to(server, head.encode())
    assert status in (400, 401, 404)
    assert set(said) == {"code", "message"}


def test_requests_in_a_row_are_answered_in_their_order(server: LedgerServer) -> None:
    with Wire(server) as wire:
        wire.send(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n" * 20)
        wire.send(b"GET /v1/nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answers = wire.rest()
    assert answers.count(b"HTTP/1.1 200 ") == 20
    assert answers.rindex(b"HTTP/1.1 200 ") < answers.index(b"HTTP/1.1 404 ")


def test_a_body_behind_a_refused_one_is_no_request(server: LedgerServer) -> None:
    smuggled = b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n"
    head = post("/v1/nothing", f"content-length: {len(smuggled)}", "connection: close")
    with Wire(server) as wire:
        wire.send(head + smuggled)
        assert wire.rest().count(b"HTTP/1.1 ") == 1


def test_an_upgrade_is_not_made(server: LedgerServer) -> None:
    head = b"GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close, upgrade\r\nupgrade: websocket"
    with Wire(server) as wire:
        wire.send(head + b"\r\n\r\n")
        assert wire.rest().startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_first_is_told_to_go_on(server: LedgerServer) -> None:
    with Wire(server) as wire:
        wire.send(post("/v1/batches", "content-length: 1", "expect: 100-continue"))
        assert wire.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"x")
        assert wire.socket.recv(12) == b"HTTP/1.1 400"


def test_many_who_do_not_finish_keep_nobody_from_being_answered(server: LedgerServer) -> None:
    crowd = [Wire(server) for _ in range(200)]
    for wire in crowd:
        wire.send(b"POST /v1/batches HTTP/1.1\r\n")
    status = b"GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    found, _ = answer_to(server, status)
    assert found == 200
    for wire in crowd:
        wire.socket.close()


def test_a_fault_of_ours_is_an_answer_without_a_trace(
    world: World,
    server: LedgerServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a secret of purse 0123456789abcdef")

    monkeypatch.setattr(type(world.ledger.published), "policy", lambda _: fail())
    with caplog.at_level(logging.INFO):
        ask = b"GET /v1/policy HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        status, said = answer_to(server, ask)
    assert (status, said["code"]) == (500, "unforeseen")
    assert "secret" not in json.dumps(said) + caplog.text


def test_a_database_that_is_gone_is_the_operators_business(
    world: World, server: LedgerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise StoreUnusable("the database failed: password of user ks at 10.0.0.1")

    monkeypatch.setattr(type(world.ledger.published), "status", lambda _: fail())
    ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    status, said = answer_to(server, ask)
    assert (status, said["code"]) == (503, "store_unusable")
    assert "10.0.0.1" not in said["message"]
