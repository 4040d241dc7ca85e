"""Waiting on the ledger for the open request's receipt."""

from __future__ import annotations

import queue as standard
from collections.abc import Iterator
from typing import cast

import pytest

from kscoin.messages import PaymentRequest
from kscoin.signed import Signed, seal
from offline_queue.backoff import Backoff
from offline_queue.errors import LedgerGarbled, LedgerRefused, LedgerUnreachable
from offline_queue.ledger_port import LedgerPort
from offline_queue.receipts import RETRY_CAP_S, WAIT_S, ReceiptWatch
from tests.kscoin.parties import NETWORK, key, payment_request
from tests.offline_queue.ledger import FakeLedger

LIMIT_S = 20


def request(name: str = "request") -> Signed[PaymentRequest]:
    return seal(payment_request(name), key("terminal"), NETWORK)


class Asked:
    """A ledger that a test answers for, question by question."""

    def __init__(self) -> None:
        self.questions: standard.Queue[bytes] = standard.Queue()
        self.answers: standard.Queue[bytes | Exception | None] = standard.Queue()
        self.is_closed = False

    def receipt(self, request: bytes, wait_s: int) -> bytes | None:
        assert wait_s == WAIT_S
        self.questions.put(request)
        answer = self.answers.get(timeout=LIMIT_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.is_closed = True

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"a watch does not ask for {name}")

    def next_question(self) -> bytes:
        return self.questions.get(timeout=LIMIT_S)


class Watching:
    """A watch over such a ledger, with what it hands on."""

    def __init__(self) -> None:
        self.ledger = Asked()
        self.arrived: standard.Queue[tuple[bytes, bytes]] = standard.Queue()
        self.reached: standard.Queue[None] = standard.Queue()
        self.watch = ReceiptWatch(
            self.connect,
            lambda request_hash, receipt: self.arrived.put((request_hash, receipt)),
            lambda: self.reached.put(None),
            Backoff(lambda: 0.0, first_s=0.001, cap_s=0.001),
        )

    def connect(self) -> LedgerPort:
        return cast(LedgerPort, self.ledger)


@pytest.fixture
def watching() -> Iterator[Watching]:
    watching = Watching()
    watching.watch.start()
    yield watching
    watching.ledger.answers.put(None)
    watching.watch.stop()


def test_it_asks_until_there_is_a_receipt_and_then_no_more(watching: Watching) -> None:
    open_request = request()
    watching.watch.watch(open_request)
    for answer in (None, None, b"receipt"):
        assert watching.ledger.next_question() == open_request.data
        watching.ledger.answers.put(answer)

    assert watching.arrived.get(timeout=LIMIT_S) == (open_request.id, b"receipt")
    assert watching.reached.qsize() == 3
    watching.watch.watch(request("the next one"))
    assert watching.ledger.next_question() == request("the next one").data


@pytest.mark.parametrize(
    "error",
    [LedgerUnreachable("no line"), LedgerRefused("no", 403, "revoked"), LedgerGarbled("what?")],
)
def test_it_goes_on_asking_whatever_goes_wrong(watching: Watching, error: Exception) -> None:
    watching.watch.watch(request())
    for answer in (error, error, b"receipt"):
        watching.ledger.next_question()
        watching.ledger.answers.put(answer)

    assert watching.arrived.get(timeout=LIMIT_S) == (request().id, b"receipt")
    assert watching.reached.qsize() == 1


def test_a_receipt_for_a_request_that_was_forgotten_is_handed_on(watching: Watching) -> None:
    watching.watch.watch(request())
    watching.ledger.next_question()
    watching.watch.forget()
    watching.ledger.answers.put(b"receipt")

    assert watching.arrived.get(timeout=LIMIT_S) == (request().id, b"receipt")


def test_another_request_takes_the_place_of_the_one_before(watching: Watching) -> None:
    watching.watch.watch(request("first"))
    watching.ledger.next_question()
    watching.watch.watch(request("second"))
    watching.ledger.answers.put(None)

    assert watching.ledger.next_question() == request("second").data
    assert watching.arrived.empty()


def test_a_watch_that_ends_lets_go_of_its_connection() -> None:
    watching = Watching()
    watching.watch.start()
    watching.watch.watch(request())
    watching.ledger.next_question()
    watching.ledger.answers.put(None)
    watching.ledger.answers.put(None)
    watching.watch.stop()

    assert watching.ledger.is_closed


def test_one_question_at_a_time() -> None:
    ledger = FakeLedger()
    told: list[bytes] = []
    watch = ReceiptWatch(
        ledger.client, lambda _, receipt: told.append(receipt), lambda: None, Backoff(lambda: 0.0)
    )
    ledger.receipts = [None, b"receipt"]

    assert watch.ask(request()) == 0.0
    assert watch.ask(request()) is None
    assert told == [b"receipt"]
    assert RETRY_CAP_S < WAIT_S * 2
