"""A purse's newer certificate: what the ledger is asked, what is believed, and the thread of it."""

from __future__ import annotations

import queue as standard
from dataclasses import replace
from functools import partial
from typing import Any, cast

import httpx
import pytest

from kscoin.errors import (
    BadSignature,
    EncodingError,
    Expired,
    KSCoinError,
    StaleVersion,
    UntrustedKey,
)
from kscoin.messages import RenewalQuery
from kscoin.signed import open_signed, seal
from offline_queue.errors import LedgerFailing, LedgerGarbled, LedgerRefused, LedgerUnreachable
from offline_queue.ledger_client import LedgerClient
from offline_queue.ledger_port import LedgerPort
from offline_queue.queue import OfflineQueue
from offline_queue.renewal_watch import ANSWER_WITHIN_S, RenewalWatch
from tests.kscoin.parties import DAY_S, NETWORK, NOW_S, TERMINAL_ID, key, purse_certificate
from tests.offline_queue.shop import flipped

HAS = purse_certificate()
CERTIFICATE = seal(HAS, key("purse authority"), NETWORK).data
LIMIT_S = 20


def newer(by: str = "purse authority", **changes: Any) -> bytes:
    terms = replace(HAS, credit_total_won=200_000)
    return seal(replace(terms, **changes), key(by), NETWORK).data


def test_the_question_says_what_the_purse_has_and_is_signed_by_the_terminal(
    queue: OfflineQueue,
) -> None:
    query = queue.renewal_query(CERTIFICATE).result()

    asked = open_signed(RenewalQuery, query, key("terminal").public_key, NETWORK).message
    assert asked == RenewalQuery(
        TERMINAL_ID, HAS.purse_id, HAS.credit_total_won, HAS.not_after_s, NOW_S
    )


def test_no_question_is_asked_about_noise(queue: OfflineQueue) -> None:
    with pytest.raises(EncodingError):
        queue.renewal_query(b"noise").result()


@pytest.mark.parametrize(
    "changes",
    [{}, {"not_after_s": HAS.not_after_s + 1}, {"epoch": 2, "payment_limit_offline_won": 1}],
)
def test_what_gives_the_purse_more_is_taken(queue: OfflineQueue, changes: dict[str, Any]) -> None:
    data = newer(**changes)
    assert queue.proven_renewal(CERTIFICATE, data).result() == data


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (CERTIFICATE, StaleVersion),
        (newer(credit_total_won=HAS.credit_total_won - 1, not_after_s=2**40), StaleVersion),
        (newer(not_after_s=HAS.not_after_s - 1), StaleVersion),
        (newer(purse_id=b"another!"), StaleVersion),
        (newer(public_key=key("thief").public_key.compressed), StaleVersion),
        (newer(not_after_s=NOW_S - DAY_S), Expired),
        (newer(by="thief"), UntrustedKey),
        (newer(by="terminal authority"), UntrustedKey),
        (flipped(newer()), BadSignature),
        (b"", EncodingError),
    ],
)
def test_what_is_not_the_purse_authoritys_word_on_this_purse_is_not_believed(
    queue: OfflineQueue, data: bytes, error: type[KSCoinError]
) -> None:
    with pytest.raises(error):
        queue.proven_renewal(CERTIFICATE, data).result()


def _told(answers: standard.Queue[tuple[int, bytes | None]], number: int, found: object) -> None:
    assert found is None or isinstance(found, bytes)
    answers.put((number, found))


class Answering:
    """A ledger that gives one answer to each question, and is closed in the end."""

    def __init__(self, *answers: bytes | KSCoinError | None) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self.is_closed = False

    def renewal(self, query: bytes, within_s: float) -> bytes | None:
        assert within_s == ANSWER_WITHIN_S
        self.asked.append(query)
        answer = self.answers.pop(0)
        if isinstance(answer, KSCoinError):
            raise answer
        return answer

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (newer(), newer()),
        (None, None),
        (b"noise", None),
        (CERTIFICATE, None),
        (LedgerUnreachable("no line"), None),
        (LedgerFailing("trouble"), None),
        (LedgerGarbled("?"), None),
        (LedgerRefused("no", 403, "purse_denied"), None),
    ],
)
def test_the_thread_answers_each_question_whatever_the_ledger_says(
    queue: OfflineQueue, answer: bytes | KSCoinError | None, found: bytes | None
) -> None:
    ledger, answers = Answering(answer, newer()), standard.Queue[bytes | None]()
    watch = RenewalWatch(queue, lambda: cast(LedgerPort, ledger))
    watch.start()
    # After a failure the next card is asked about as if nothing had been.
    for expected in (found, newer()):
        watch.ask(CERTIFICATE, answers.put)
        assert answers.get(timeout=LIMIT_S) == expected
    watch.stop()
    assert ledger.is_closed


def test_whoever_has_gone_meanwhile_is_not_asked_about(queue: OfflineQueue) -> None:
    ledger, answers = Answering(newer()), standard.Queue[tuple[int, bytes | None]]()
    watch = RenewalWatch(queue, lambda: cast(LedgerPort, ledger))
    for number in range(3):
        watch.ask(CERTIFICATE, partial(_told, answers, number))

    watch.start()

    told = [answers.get(timeout=LIMIT_S) for _ in range(3)]
    assert told == [(0, None), (1, None), (2, newer())]
    assert len(ledger.asked) == 1
    watch.stop()


def test_a_certificate_that_is_none_is_not_asked_about(queue: OfflineQueue) -> None:
    ledger = Answering()
    watch = RenewalWatch(queue, lambda: cast(LedgerPort, ledger))

    assert watch.newer(b"noise") is None
    assert ledger.asked == []


def test_a_thread_that_was_never_asked_opens_no_connection(queue: OfflineQueue) -> None:
    def connect() -> LedgerPort:
        raise AssertionError("nobody has asked")

    watch = RenewalWatch(queue, connect)
    watch.start()
    watch.stop()


def test_an_answer_that_does_not_come_in_time_is_none(queue: OfflineQueue) -> None:
    def late(request: httpx.Request) -> httpx.Response:
        timeout = request.extensions["timeout"]
        assert (timeout["connect"], timeout["read"]) == (ANSWER_WITHIN_S, ANSWER_WITHIN_S)
        raise httpx.ReadTimeout("late")

    client = LedgerClient("http://ledger.test/", httpx.MockTransport(late))
    assert RenewalWatch(queue, lambda: client).newer(CERTIFICATE) is None


def test_the_last_quarter_of_a_certificates_time() -> None:
    day = replace(HAS, issued_at_s=0, not_after_s=400)
    assert [day.is_aging(at_s) for at_s in (0, 300, 301, 400, 401)] == [
        False,
        False,
        True,
        True,
        True,
    ]
