"""Every way in which a ledger can answer, or not, as one error of ours; with no network."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from offline_queue.errors import (
    LedgerBehind,
    LedgerError,
    LedgerFailing,
    LedgerGarbled,
    LedgerRefused,
    LedgerUnreachable,
)
from offline_queue.ledger_client import CBOR, MAX_ANSWER_BYTES, LedgerClient
from offline_queue.ledger_port import LedgerPort
from offline_queue.values import LedgerStatus

Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler) -> LedgerClient:
    return LedgerClient("http://ledger.test/", httpx.MockTransport(handler))


def answering(
    content: bytes = b"signed", status: int = 200, content_type: str = CBOR
) -> tuple[LedgerClient, list[httpx.Request]]:
    """Return a client whose ledger always gives this answer, and the requests that it saw."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, content=content, headers={"content-type": content_type})

    return client(answer), seen


CALLS: list[tuple[str, str, bytes, Callable[[LedgerPort], object]]] = [
    ("POST", "/v1/batches", b"batch", lambda ledger: ledger.send_batch(b"batch")),
    ("POST", "/v1/receipts?wait_s=3", b"request", lambda ledger: ledger.receipt(b"request", 3)),
    ("POST", "/v1/renewals", b"query", lambda ledger: ledger.renewal(b"query", 2.0)),
    ("GET", "/v1/policy", b"", lambda ledger: ledger.policy()),
    ("GET", "/v1/trust", b"", lambda ledger: ledger.trust()),
    ("GET", "/v1/denylist?from_version=7", b"", lambda ledger: ledger.denylist(7)),
]


@pytest.mark.parametrize(("method", "path", "body", "call"), CALLS)
def test_each_call_sends_and_returns_bytes(
    method: str, path: str, body: bytes, call: Callable[[LedgerPort], object]
) -> None:
    ledger, seen = answering()

    assert call(ledger) == b"signed"

    assert (seen[0].method, seen[0].url.raw_path.decode()) == (method, path)
    assert seen[0].read() == body
    assert seen[0].headers.get("content-type") == (CBOR if body else None)


def test_enrolment_is_a_call_like_the_others() -> None:
    ledger, seen = answering()

    assert ledger.enrol(b"asks") == b"signed"
    assert (seen[0].url.path, seen[0].read()) == ("/v1/enrolments", b"asks")


def test_nothing_is_an_answer_where_there_may_be_nothing() -> None:
    ledger, _ = answering(b"", 204)

    assert ledger.receipt(b"request", 0) is None
    assert ledger.denylist(3) is None
    assert ledger.renewal(b"query", 2.0) is None
    for call in (ledger.policy, ledger.trust, lambda: ledger.send_batch(b"batch")):
        with pytest.raises(LedgerGarbled):
            call()


def test_the_status_is_read_field_by_field() -> None:
    told = (
        b'{"network": "seoul-test", "ledger_time_s": 9, "policy_version": 3,'
        b' "denylist_version": 4, "trust_version": 5, "news": "more than we know"}'
    )
    ledger, _ = answering(told, content_type="application/json")

    assert ledger.status() == LedgerStatus("seoul-test", 9, 3, 4, 5)


@pytest.mark.parametrize(
    "told",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"network": "seoul-test", "ledger_time_s": "x"}'],
)
def test_a_status_that_cannot_be_read_is_garbled(told: bytes) -> None:
    ledger, _ = answering(told, content_type="application/json")

    with pytest.raises(LedgerGarbled):
        ledger.status()


STATUSES: list[tuple[int, type[LedgerError]]] = [
    *((status, LedgerRefused) for status in (400, 401, 403, 404, 409, 413, 415, 418, 422, 451)),
    *((status, LedgerFailing) for status in (408, 429, 500, 502, 503, 504, 599)),
    *((status, LedgerGarbled) for status in (301, 302, 307, 304)),
]


@pytest.mark.parametrize(("status", "error"), STATUSES)
def test_what_a_status_means(status: int, error: type[LedgerError]) -> None:
    ledger, seen = answering(b"whatever", status)

    with pytest.raises(error):
        ledger.send_batch(b"batch")
    assert len(seen) == 1, "a redirect is not followed, a failure not tried again here"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"code": "terminal_revoked", "message": "gone"}', "terminal_revoked"),
        (b'{"code": 7}', "http_403"),
        (b'{"code": "<script>"}', "http_403"),
        (b'{"code": "' + b"x" * 65 + b'"}', "http_403"),
        (b"<html>Forbidden</html>", "http_403"),
        (b"[]", "http_403"),
        (b"", "http_403"),
    ],
)
def test_a_refusal_says_why_if_the_ledger_does(content: bytes, reason: str) -> None:
    ledger, _ = answering(content, 403, "application/json")

    with pytest.raises(LedgerRefused) as refusal:
        ledger.policy()
    assert (refusal.value.status, refusal.value.reason) == (403, reason)


@pytest.mark.parametrize(
    ("content", "status", "number"),
    [
        (b'{"code": "batch_missing", "message": "", "batch_number": 7}', 409, 7),
        (b'{"code": "batch_missing", "message": "", "batch_number": 7}', 403, None),
        (b'{"code": "batch_missing", "message": "", "batch_number": "7"}', 409, None),
        (b'{"code": "batch_missing", "message": "", "batch_number": true}', 409, None),
        (b'{"code": "batch_missing", "message": "", "batch_number": -1}', 409, None),
        (b'{"code": "batch_missing"}', 409, None),
        (b'{"code": "already_paid", "batch_number": 7}', 409, None),
    ],
)
def test_a_ledger_that_lost_batches_says_which_it_has(
    content: bytes, status: int, number: int | None
) -> None:
    ledger, _ = answering(content, status, "application/json")

    with pytest.raises(LedgerRefused if number is None else LedgerBehind) as refusal:
        ledger.send_batch(b"batch")
    assert getattr(refusal.value, "batch_number", None) == number


def test_a_line_that_is_too_slow_gets_more_time_at_each_try() -> None:
    waits: list[float] = []

    def too_slow(request: httpx.Request) -> httpx.Response:
        waits.append(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("too slow")

    ledger = LedgerClient("http://ledger.test/", httpx.MockTransport(too_slow))
    for _ in range(4):
        with pytest.raises(LedgerUnreachable):
            ledger.send_batch(b"batch")
    assert waits == [30, 60, 120, 120]


BROKEN_LINES = [
    httpx.ConnectError("no route"),
    httpx.ConnectTimeout("silence"),
    httpx.ReadTimeout("silence"),
    httpx.WriteTimeout("stuck"),
    httpx.PoolTimeout("busy"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.CloseError("reset"),
    httpx.RemoteProtocolError("half an answer"),
    httpx.LocalProtocolError("not HTTP"),
    httpx.UnsupportedProtocol("not http"),
    httpx.ProxyError("a proxy in between"),
]


@pytest.mark.parametrize("error", BROKEN_LINES, ids=lambda error: type(error).__name__)
def test_every_broken_line_is_unreachable(error: httpx.TransportError) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(LedgerUnreachable) as unreachable:
        client(fail).send_batch(b"batch")
    assert unreachable.value.is_retryable


def test_every_error_of_a_transport_is_in_the_table() -> None:
    def branches(error: type[Exception]) -> Iterator[type[Exception]]:
        for branch in error.__subclasses__():
            yield from branches(branch) if branch.__subclasses__() else [branch]

    assert {type(error) for error in BROKEN_LINES} == set(branches(httpx.TransportError))


def test_an_answer_that_breaks_off_is_unreachable() -> None:
    def half() -> Iterator[bytes]:
        yield b"the first half"
        raise httpx.ReadError("reset")

    ledger = client(lambda _: httpx.Response(200, content=half(), headers={"content-type": CBOR}))

    with pytest.raises(LedgerUnreachable):
        ledger.send_batch(b"batch")


def test_an_answer_without_end_is_cut_at_the_cap() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield bytes(65_536)

    ledger = client(lambda _: httpx.Response(200, content=endless()))

    with pytest.raises(LedgerGarbled):
        ledger.policy()
    assert taken <= MAX_ANSWER_BYTES + 2 * 65_536


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "", "application/cborx"])
def test_another_kind_of_page_is_garbled(content_type: str) -> None:
    ledger, _ = answering(b"<html>Please log in to the hotel's network", 200, content_type)

    with pytest.raises(LedgerGarbled):
        ledger.send_batch(b"batch")


def test_a_content_type_may_have_parameters_and_capitals() -> None:
    ledger, _ = answering(content_type="Application/CBOR; profile=ksp")

    assert ledger.policy() == b"signed"


def test_a_body_that_cannot_be_unpacked_is_garbled() -> None:
    ledger = client(
        lambda _: httpx.Response(
            200, content=b"not gzip", headers={"content-type": CBOR, "content-encoding": "gzip"}
        )
    )

    with pytest.raises(LedgerGarbled):
        ledger.policy()


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:1")
    with LedgerClient("http://127.0.0.1:9/") as ledger, pytest.raises(LedgerUnreachable):
        ledger.policy()


@pytest.mark.parametrize("url", ["http://[::1", "not an address", "ftp://ledger.test/", ""])
def test_what_is_no_address_reaches_nobody(url: str) -> None:
    def ask() -> bytes:
        with LedgerClient(url) as ledger:
            return ledger.policy()

    with pytest.raises(LedgerUnreachable):
        ask()
