"""A ledger behind httpx's mock transport: it settles each request once, and fails when told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import Enum

import httpx

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import EntryKind, JournalEntry, Payment, genesis_hash
from kscoin.messages import Batch, EntryVerdict, PaymentRequest, Verdict
from kscoin.policy import start_policy
from kscoin.signed import open_signed
from offline_queue.ledger_client import CBOR, LedgerClient
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, trust
from tests.offline_queue.shop import acknowledgement, denylist_step, flipped, signed_policy


class Fault(Enum):
    """What happens to one question, before the ledger sees it or to its answer after."""

    NO_LINE = "no line"
    NO_ANSWER = "no answer"
    HALF_AN_ANSWER = "half an answer"
    WRONG_SIGNATURE = "wrong signature"
    GARBAGE = "garbage"
    ANOTHER_PAGE = "another page"
    REFUSED_401 = "401"
    REFUSED_403 = "403"
    NOT_FOUND = "404"
    IN_TROUBLE = "500"


class FakeLedger:
    """Keeps the promises of KSP/1 section 10: a batch has one answer, a request is settled once.

    `faults` are used up one a question (None: it goes well). `batches` is every batch that arrived,
    as it arrived.
    """

    def __init__(self) -> None:
        self.faults: list[Fault | None] = []
        self.batches: list[bytes] = []
        self.settled: dict[bytes, int] = {}
        self.answers: dict[int, bytes] = {}
        self.head = genesis_hash(TERMINAL_ID)
        self.denied: tuple[bytes, ...] = ()
        self.policy_version = self.denylist_version = 1
        self.asked: list[str] = []
        # What is answered to those who wait for a receipt, one a question.
        self.receipts: list[bytes | None] = []

    def client(self) -> LedgerClient:
        return LedgerClient("http://ledger.test/", httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.NO_LINE:
            raise httpx.ConnectError("no line")
        if fault in _STATUSES:
            return httpx.Response(_STATUSES[fault], json={"code": "told_so"})
        return _spoilt(self._answer(request), fault)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        calls: dict[str, Callable[[httpx.Request], bytes]] = {
            "/v1/batches": lambda asked: self.settle(asked.read()),
            "/v1/policy": lambda _: signed_policy(start_policy(self.policy_version, NOW_S)),
            "/v1/trust": lambda _: trust().data,
            "/v1/denylist": self._denylist,
            "/v1/receipts": lambda _: self.receipts.pop(0) or b"",
        }
        if request.url.path == "/v1/status":
            return httpx.Response(200, content=json.dumps(self._status()))
        if request.url.path == "/v1/receipts" and (self.receipts or [None])[0] is None:
            self.receipts = self.receipts[1:]
            return httpx.Response(204)
        content = calls[request.url.path](request)
        return httpx.Response(200, content=content, headers={"content-type": CBOR})

    def settle(self, data: bytes) -> bytes:
        """Return the acknowledgement of a batch; AssertionError if the terminal broke a promise."""
        self.batches.append(data)
        batch = open_signed(
            Batch, data, key("terminal").public_key, NETWORK, MAX_BATCH_BYTES
        ).message
        if batch.batch_number not in self.answers:
            assert batch.previous_head == self.head, "the journal has a gap or a fork"
            self.answers[batch.batch_number] = acknowledgement(
                data,
                self._judge,
                policy_version=self.policy_version,
                denylist_version=self.denylist_version,
            )
            self.head = batch.new_head
        return self.answers[batch.batch_number]

    def _judge(self, entry: JournalEntry) -> EntryVerdict:
        if entry.kind is not EntryKind.PAYMENT:
            return EntryVerdict(entry.sequence, Verdict.RECORDED)
        request = open_signed(
            PaymentRequest, Payment.decode(entry.body).request, key("terminal").public_key, NETWORK
        )
        assert request.id not in self.settled, "a payment was sent as two entries"
        self.settled[request.id] = request.message.amount_won
        return EntryVerdict(entry.sequence, Verdict.SETTLED, None, len(self.settled))

    def _denylist(self, request: httpx.Request) -> bytes:
        start = int(request.url.params["from_version"])
        return denylist_step(start, self.denylist_version, self.denied)

    def _status(self) -> dict[str, object]:
        return {
            "network": NETWORK,
            "ledger_time_s": NOW_S,
            "policy_version": self.policy_version,
            "denylist_version": self.denylist_version,
            "trust_version": 1,
        }


_STATUSES: dict[Fault | None, int] = {
    Fault.REFUSED_401: 401,
    Fault.REFUSED_403: 403,
    Fault.NOT_FOUND: 404,
    Fault.IN_TROUBLE: 500,
}


def _spoilt(answer: httpx.Response, fault: Fault | None) -> httpx.Response:
    """Return the ledger's answer as it arrives; the ledger has done its work by now."""
    content, headers = answer.content, answer.headers
    match fault:
        case Fault.NO_ANSWER:
            raise httpx.ReadTimeout("no answer")
        case Fault.HALF_AN_ANSWER:
            return httpx.Response(200, content=_half(content), headers={"content-type": CBOR})
        case Fault.WRONG_SIGNATURE:
            return httpx.Response(200, content=flipped(content), headers=headers)
        case Fault.GARBAGE:
            return httpx.Response(200, content=b"\x00" + content, headers=headers)
        case Fault.ANOTHER_PAGE:
            return httpx.Response(200, text="<html>Please log in</html>")
    return answer


def _half(content: bytes) -> Iterator[bytes]:
    yield content[: len(content) // 2]
    raise httpx.RemoteProtocolError("the peer closed the connection")
