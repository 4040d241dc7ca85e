"""What a running ledger counts and writes down, and that neither names anybody."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import httpx
import pytest

from kscoin.errors import InvalidAmount
from kscoin.messages import EntryVerdict, Verdict
from ledger import logs
from ledger.logs import LogFormat, start_logs
from ledger.meter import BatchOutcome
from ledger.metrics import GAUGES_OLD_S, Answered, Gauges, Metrics
from ledger.rounds import Rounds
from ledger.server import LedgerServer
from ledger.tokens import Role
from tests.ledger.world import World, new_key

CBOR = {"content-type": "application/cbor"}
SOON_S = 30.0


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged during a test, as JSON lines."""
    names = ("ledger", "uvicorn.error")
    before = {
        name: (logging.getLogger(name).handlers[:], logging.getLogger(name).level) for name in names
    }
    stream = io.StringIO()
    start_logs(LogFormat.JSON, stream)
    yield stream
    for name, (handlers, level) in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, True
        logger.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_neither_log_nor_metrics_name_anybody(sqlite_world: World, written: io.StringIO) -> None:
    world = sqlite_world
    shop, card, wallet = world.shop(), world.card(10_000), world.wallet(5_000)
    merchant_id = shop.certificate.message.merchant_id
    token = world.ledger.tokens.new(Role.OPERATOR, "Kim", 1_000).text
    code, name = world.ledger.merchants.new_code(merchant_id), "Mapo Noodles"
    shop.take(card, 1_000)
    request = shop.request(700)
    with (
        LedgerServer(world.ledger) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=SOON_S) as client,
    ):
        for door, body in (
            ("batches", shop.batch()),
            ("payments", wallet.pays(request)),
            ("receipts", request.data),
            ("enrolments", world.enrolment(code, new_key())),
            ("enrolments", world.enrolment("AAAA-AAAA-AAAA-AAAA", new_key())),
            ("batches", b"noise"),
        ):
            client.post(f"/v1/{door}", content=body, headers=CBOR)
        shown = {"authorization": f"Bearer {token}"}
        for path in (
            f"merchants/{merchant_id.hex()}",
            f"terminals/{shop.terminal_id.hex()}",
            f"purses/{card.purse_id.hex()}",
            f"accounts/{wallet.account_id.hex()}/statement?cursor={code}",
            f"nothing/{token}",
        ):
            client.get(f"/v1/{path}", headers=shown)
        page = client.get("/metrics").text
    told = written.getvalue()
    assert len(lines(written)) == 12
    secrets = [token, token.split("_")[1], code, name, "127.0.0.1"]
    ids = [merchant_id, shop.terminal_id, card.purse_id, card.holder_id, wallet.account_id]
    for secret in secrets + [each.hex() for each in (*ids, request.id)]:
        assert secret not in told
        assert secret not in page


def test_a_line_says_what_an_operator_needs(sqlite_world: World, written: io.StringIO) -> None:
    with LedgerServer(sqlite_world.ledger) as server:
        answer = httpx.get(f"{server.url}/v1/status", timeout=SOON_S, trust_env=False)
    (line,) = lines(written)
    assert line["request_id"] == answer.headers["x-request-id"]
    told = {name: line[name] for name in ("level", "event", "method", "route", "status")}
    assert told == {
        "level": "info",
        "event": "answered",
        "method": "GET",
        "route": "/v1/status",
        "status": 200,
    }


def test_a_fault_is_told_by_its_kind_and_place(written: io.StringIO) -> None:
    try:
        raise ZeroDivisionError("purse 0123456789abcdef")
    except ZeroDivisionError as exc:
        logs.fault("unforeseen", exc)
    (line,) = lines(written)
    assert line["error"] == "ZeroDivisionError"
    assert "ledger/test_watching.py:" in str(line["where"])
    assert "0123456789abcdef" not in written.getvalue()


def test_a_librarys_line_is_told_without_its_words(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("purse %s", "0123456789abcdef")
    (line,) = lines(written)
    assert (line["event"], line["level"]) == ("uvicorn.error", "error")
    assert "0123456789abcdef" not in written.getvalue()


def test_a_person_reads_words(written: io.StringIO) -> None:
    stream = io.StringIO()
    start_logs(LogFormat.TEXT, stream)
    logs.event("round", task="reserves.release", done=3)
    assert stream.getvalue().endswith("info    round task=reserves.release done=3\n")
    start_logs(LogFormat.OFF, stream)
    logs.event("silence")
    assert "silence" not in stream.getvalue() + written.getvalue()


class TestMetrics:
    """What is counted, and how it reads."""

    def page(self, metrics: Metrics) -> dict[str, float]:
        text = [each for each in metrics.page().decode().splitlines() if not each.startswith("#")]
        return {name: float(value) for name, value in (each.rsplit(" ", 1) for each in text)}

    def test_batches_and_verdicts(self) -> None:
        metrics = Metrics(lambda: Gauges(500, 500, 2))
        settled = (EntryVerdict(1, Verdict.RECORDED), EntryVerdict(2, Verdict.SETTLED, None, 7))
        metrics.batch(BatchOutcome.SETTLED, settled)
        metrics.batch(BatchOutcome.REPLAYED, settled)
        metrics.retry()
        page = self.page(metrics)
        assert page['ks_ledger_entries_total{verdict="settled"}'] == 1
        assert page['ks_ledger_entries_total{verdict="refused"}'] == 0
        assert page['ks_ledger_batches_total{outcome="replayed"}'] == 1
        assert page["ks_ledger_batch_entries_sum"] == 2
        assert page["ks_ledger_transaction_retries_total"] == 1
        assert page["ks_ledger_supply_difference_won"] == 0
        assert page["ks_ledger_quarantined_batches"] == 2

    def test_requests(self) -> None:
        metrics = Metrics(lambda: Gauges(0, 0, 0))
        metrics.begun()
        assert self.page(metrics)["ks_ledger_requests_in_hand"] == 1
        metrics.answered(Answered("GET", "/v1/status", 200, 0.01, 0))
        page = self.page(metrics)
        labels = 'method="GET",route="/v1/status",status="200"'
        assert page[f"ks_ledger_request_seconds_count{{{labels}}}"] == 1
        assert page["ks_ledger_requests_in_hand"] == 0

    def test_the_books_are_asked_now_and_then(self) -> None:
        asked, now_s = [0], [0.0]

        def gauges() -> Gauges:
            asked[0] += 1
            return Gauges(asked[0], 0, 0)

        metrics = Metrics(gauges, lambda: now_s[0])
        for now_s[0] in (0.0, GAUGES_OLD_S - 1, GAUGES_OLD_S):
            self.page(metrics)
        assert asked[0] == 2

    def test_what_a_ledger_does_is_counted(self, sqlite_world: World) -> None:
        metrics = Metrics(lambda: Gauges(0, 0, 0))
        world = sqlite_world
        world.ledger = world.ledger.metered(metrics)
        shop, card = world.shop(), world.card(10_000)
        shop.take(card, 1_000)
        batch = shop.batch()
        for _ in range(2):
            world.ledger.batches.settle(batch)
        page = self.page(metrics)
        assert page['ks_ledger_batches_total{outcome="settled"}'] == 1
        assert page['ks_ledger_batches_total{outcome="replayed"}'] == 1
        assert page['ks_ledger_entries_total{verdict="settled"}'] == 1


class TestRounds:
    """What is done from time to time."""

    def test_a_task_is_done_until_nothing_is_left(self, written: io.StringIO) -> None:
        left, is_done = [2, 1, 0], threading.Event()

        def task() -> int:
            count = left.pop(0)
            if not left:
                is_done.set()
            return count

        with Rounds({"a task": task}, 3_600.0):
            assert is_done.wait(SOON_S)
        assert [line["done"] for line in lines(written)] == [2, 1]

    @pytest.mark.parametrize("exc", [InvalidAmount("no"), ZeroDivisionError("no")])
    def test_one_that_fails_stops_no_other(self, written: io.StringIO, exc: Exception) -> None:
        is_done = threading.Event()

        def fail() -> int:
            raise exc

        def other() -> int:
            is_done.set()
            return 0

        with Rounds({"one": fail, "other": other}, 3_600.0):
            assert is_done.wait(SOON_S)
        assert lines(written)[0]["event"] == "round_failed"
