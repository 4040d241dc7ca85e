"""The ledger over real HTTP: what terminals and wallets send, and what they get."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest

from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import open_authorised
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.messages import Purpose, Receipt, Verdict
from kscoin.qr import ReceiptShown, from_text
from ledger.api import lookout
from ledger.server import LedgerServer
from tests.ledger.world import Mould, World, assert_books_right, kinds, new_key
from tests.stacks.ports import free_port
from tests.stacks.waiting import wait_until

CBOR = {"content-type": "application/cbor"}
# Far above what an answer takes, far below what a test may.
SOON_S = 30.0


@dataclass
class Served:
    """A ledger behind its server, and a client of it."""

    world: World
    server: LedgerServer
    client: httpx.Client

    def post(self, path: str, body: bytes) -> httpx.Response:
        return self.client.post(path, content=body, headers=CBOR)

    def wait_for_a_listener(self, request_hash: bytes) -> None:
        bell = self.server.bell
        wait_until(lambda: bell.is_awaited(request_hash), SOON_S, "a terminal that waits")


@contextmanager
def serving(world: World) -> Iterator[Served]:
    with (
        LedgerServer(world.ledger, free_port()) as server,
        httpx.Client(base_url=server.url, timeout=SOON_S, trust_env=False) as client,
    ):
        yield Served(world, server, client)


@pytest.fixture
def served(sqlite_world: World) -> Iterator[Served]:
    """A server of its own; processes on PostgreSQL are in test_serving.py."""
    with serving(sqlite_world) as served:
        yield served


@pytest.fixture(scope="module")
def shared(mould: Mould) -> Iterator[Served]:
    """A server for tests that leave nothing behind."""
    world = mould.cast()
    with serving(world) as served:
        yield served
    world.ledger.close()


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["message"]


def test_a_terminal_enrols(served: Served) -> None:
    world = served.world
    request = world.enrolment(world.ledger.merchants.new_code(world.merchant()), new_key())
    answer = served.post("/v1/enrolments", request)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cbor")
    assert EnrolmentAnswer.decode(answer.content).policy == world.ledger.published.policy()


def test_a_batch_settles_and_its_replay_is_the_same_bytes(served: Served) -> None:
    world = served.world
    shop, card = world.shop(), world.card(10_000)
    shop.take(card, 1_000)
    batch = shop.batch()
    first, second = served.post("/v1/batches", batch), served.post("/v1/batches", batch)
    assert first.content == second.content
    assert kinds(shop.acknowledge(first.content)) == [Verdict.RECORDED, Verdict.SETTLED]
    assert_books_right(world)


def test_a_wallet_pays_and_the_terminal_fetches_the_receipt(served: Served) -> None:
    world = served.world
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    assert served.post("/v1/receipts", request.data).status_code == 204
    paid = served.post("/v1/payments", wallet.pays(request))
    assert paid.status_code == 200
    receipt = open_authorised(Receipt, Purpose.RECEIPT, paid.content, shop.trust, world.clock())
    assert receipt.message.request_hash == request.id
    assert served.post("/v1/receipts", request.data).content == paid.content


def test_a_wallet_is_handed_the_receipt_as_it_shows_it(served: Served) -> None:
    world = served.world
    shop, wallet = world.shop(), world.wallet(10_000)
    body = wallet.pays(shop.request(4_000))
    headers = CBOR | {"accept": "text/plain"}
    shown = served.client.post("/v1/payments", content=body, headers=headers)
    assert shown.headers["content-type"].startswith("text/plain")
    paid = served.post("/v1/payments", body)
    assert from_text(shown.text) == ReceiptShown(paid.content)


def test_a_waiting_terminal_has_the_receipt_as_soon_as_it_is_paid(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server never looks by itself: what comes was pushed.
    monkeypatch.setattr(lookout, "LOOK_EVERY_S", 1e6)
    world = served.world
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.post, "/v1/receipts?wait_s=30", request.data)
        served.wait_for_a_listener(request.id)
        paid = served.post("/v1/payments", wallet.pays(request))
        assert waiting.result(SOON_S).content == paid.content


def test_a_receipt_that_another_process_booked_is_noticed_too(served: Served) -> None:
    world = served.world
    shop, wallet = world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.post, "/v1/receipts?wait_s=30", request.data)
        served.wait_for_a_listener(request.id)
        paid = world.ledger.online.pay(wallet.pays(request))
        assert waiting.result(SOON_S).content == paid.data


def test_a_wait_for_nothing_ends_in_time(served: Served) -> None:
    request = served.world.shop().request(4_000)
    started_s = time.monotonic()
    assert served.post("/v1/receipts?wait_s=1", request.data).status_code == 204
    assert 0.9 < time.monotonic() - started_s < SOON_S
    assert not served.server.bell.is_awaited(request.id)


def test_a_server_that_stops_lets_nobody_wait(served: Served) -> None:
    request = served.world.shop().request(4_000)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.post, "/v1/receipts?wait_s=30", request.data)
        served.wait_for_a_listener(request.id)
        served.server.stop()
        assert waiting.result(SOON_S).status_code == 204


def test_a_server_comes_back_where_it_was(served: Served) -> None:
    url = served.server.url
    served.server.stop()
    with pytest.raises(httpx.ConnectError):
        served.client.get("/v1/status")
    served.server.start()
    assert served.server.url == url
    assert served.client.get("/v1/status").status_code == 200


def test_anyone_may_ask_what_is_published(served: Served) -> None:
    ledger = served.world.ledger
    assert served.client.get("/healthz").json() == {"status": "ok"}
    assert served.client.get("/v1/status").json() == {
        "network": "seoul-test",
        "ledger_time_s": served.world.clock(),
        "policy_version": 1,
        "denylist_version": 1,
        "trust_version": 1,
    }
    assert served.client.get("/v1/policy").content == ledger.published.policy()
    assert served.client.get("/v1/trust").content == ledger.published.trust()
    assert served.client.get("/v1/denylist?from_version=0").content == ledger.published.denylist(0)
    assert served.client.get("/v1/denylist?from_version=1").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "no_such_call"),
        ("GET", "/v1/batches", 405, "no_such_call"),
        ("POST", "/v1/receipts?wait_s=51", 400, "malformed"),
        ("POST", "/v1/receipts?wait_s=soon", 400, "malformed"),
        ("GET", "/v1/denylist?from_version=-1", 400, "malformed"),
        ("GET", f"/v1/denylist?from_version={2**64}", 400, "malformed"),
    ],
)
def test_what_is_no_call_of_ours(
    shared: Served, method: str, path: str, status: int, code: str
) -> None:
    assert_refused(shared.client.request(method, path, headers=CBOR), status, code)


@pytest.mark.parametrize("path", ["enrolments", "batches", "receipts", "payments", "purse-orders"])
class TestBodies:
    """What every call does with a body that it cannot take."""

    def test_one_that_is_not_cbor(self, shared: Served, path: str) -> None:
        for headers in ({"content-type": "application/json"}, {"content-type": ""}):
            answer = shared.client.post(f"/v1/{path}", content=b"{}", headers=headers)
            assert_refused(answer, 415, "wrong_content_type")

    def test_one_that_is_empty(self, shared: Served, path: str) -> None:
        assert_refused(shared.post(f"/v1/{path}", b""), 400, "malformed")

    def test_one_that_is_too_large(self, shared: Served, path: str) -> None:
        body = bytes(MAX_BATCH_BYTES + 4_096)
        assert_refused(shared.post(f"/v1/{path}", body), 413, "too_large")

    def test_one_that_says_it_is_far_too_large(self, shared: Served, path: str) -> None:
        answer = raw_answer(
            shared.server, f"POST /v1/{path} HTTP/1.1", f"content-length: {10**18}", b"x"
        )
        assert answer.startswith(b"HTTP/1.1 413 ")

    def test_one_that_has_no_end(self, shared: Served, path: str) -> None:
        chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
        answer = raw_answer(
            shared.server,
            f"POST /v1/{path} HTTP/1.1",
            "transfer-encoding: chunked",
            chunk * 160,
        )
        assert answer.startswith(b"HTTP/1.1 413 ")

    def test_one_that_breaks_off(self, shared: Served, path: str) -> None:
        with connection(shared.server) as line:
            line.sendall(head(f"POST /v1/{path} HTTP/1.1", "content-length: 100") + b"half")
        assert shared.client.get("/v1/status").status_code == 200


def test_a_refusal_says_why(served: Served) -> None:
    world = served.world
    shop, wallet = world.shop(), world.wallet(0)
    request = shop.request(4_000)
    stranger = world.shop()
    assert_refused(
        served.post("/v1/receipts", stranger.signed_as(request.message)), 401, "bad_signature"
    )
    assert_refused(served.post("/v1/payments", wallet.pays(request)), 422, "not_enough_won")
    world.ledger.terminals.revoke(shop.terminal_id)
    assert_refused(served.post("/v1/payments", wallet.pays(request)), 403, "terminal_revoked")
    code = world.enrolment("AAAA-AAAA-AAAA-AAAA", new_key())
    assert_refused(served.post("/v1/enrolments", code), 404, "unknown_code")


def test_a_used_code_is_a_conflict(served: Served) -> None:
    world = served.world
    code = world.ledger.merchants.new_code(world.merchant())
    served.post("/v1/enrolments", world.enrolment(code, new_key()))
    again = served.post("/v1/enrolments", world.enrolment(code, new_key()))
    assert_refused(again, 409, "code_used")


def connection(server: LedgerServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), SOON_S)


def head(line: str, length: str) -> bytes:
    return f"{line}\r\nhost: ledger\r\ncontent-type: application/cbor\r\n{length}\r\n\r\n".encode()


def raw_answer(server: LedgerServer, line: str, length: str, body: bytes) -> bytes:
    """Return the start of the answer, whatever becomes of what is still to be sent."""
    with connection(server) as wire:
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(head(line, length) + body)
        return wire.recv(64)
