"""A ledger behind httpx's mock transport: it settles each request once, and fails when told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

import httpx

from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import EntryKind, JournalEntry, Payment, genesis_hash
from kscoin.messages import Acknowledgement, Batch, EntryVerdict, PaymentRequest, Verdict
from kscoin.policy import start_policy
from kscoin.signed import claim, open_signed, seal
from offline_queue.ledger_client import CBOR, LedgerClient
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, trust
from tests.offline_queue.shop import acknowledgement, denylist_step, flipped, signed_policy


class Fault(Enum):
    """What happens to one question, before the ledger sees it or to its answer after."""

    NO_LINE = "no line"
    RESET = "reset"
    NO_ANSWER = "no answer"
    HALF_AN_ANSWER = "half an answer"
    WRONG_SIGNATURE = "wrong signature"
    FORGED = "forged"
    REPLAYED = "replayed"
    ANOTHER_TERMINALS = "another terminal's"
    NOT_EVERY_ENTRY = "not every entry"
    GARBAGE = "garbage"
    ANOTHER_PAGE = "another page"
    REFUSED_401 = "401"
    REFUSED_403 = "403"
    NOT_FOUND = "404"
    TOO_MANY = "429"
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
        self.time_s = NOW_S
        self._saved = {0: (self.head, dict(self.settled))}
        # What is answered to those who wait for a receipt, one a question.
        self.receipts: list[bytes | None] = []

    def client(self) -> LedgerClient:
        return LedgerClient("http://ledger.test/", httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.NO_LINE:
            raise httpx.ConnectError("no line")
        if fault is Fault.RESET:
            raise httpx.WriteError("connection reset by peer")
        if fault in _STATUSES:
            return httpx.Response(_STATUSES[fault], json={"code": "told_so"})
        return self._spoilt(self._answer(request), fault)

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
        if request.url.path == "/v1/denylist" and self._has_newest(request):
            return httpx.Response(204)
        if request.url.path == "/v1/receipts" and (self.receipts or [None])[0] is None:
            self.receipts = self.receipts[1:]
            return httpx.Response(204)
        if request.url.path == "/v1/batches" and self._is_ahead(request.read()):
            last = max(self.answers, default=0)
            said = {"code": "batch_missing", "message": "restored", "batch_number": last}
            return httpx.Response(409, json=said)
        return _cbor(calls[request.url.path](request))

    def restore(self, batch_number: int) -> None:
        """Forget all that came after a batch, as a ledger does that is restored from a backup."""
        self.answers = {n: answer for n, answer in self.answers.items() if n <= batch_number}
        self.head, settled = self._saved[batch_number]
        self.settled = dict(settled)

    def _is_ahead(self, data: bytes) -> bool:
        number = claim(Batch, data, MAX_BATCH_BYTES).batch_number
        return number > max(self.answers, default=0) + 1

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
                ledger_time_s=self.time_s,
            )
            self.head = batch.new_head
            self._saved[batch.batch_number] = (self.head, dict(self.settled))
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

    def _has_newest(self, request: httpx.Request) -> bool:
        return int(request.url.params["from_version"]) == self.denylist_version

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

    def _spoilt(self, answer: httpx.Response, fault: Fault | None) -> httpx.Response:
        """Return the ledger's answer as it arrives; the ledger has done its work by now."""
        if fault is Fault.NO_ANSWER:
            raise httpx.ReadTimeout("no answer")
        if fault is Fault.HALF_AN_ANSWER:
            half = _half(answer.content)
            return httpx.Response(200, content=half, headers={"content-type": CBOR})
        if fault is Fault.ANOTHER_PAGE:
            return httpx.Response(200, text="<html>Please log in</html>")
        if fault is Fault.REPLAYED:
            return _cbor(self.answers[min(self.answers)])
        return _cbor(_WRONG[fault](answer.content)) if fault in _WRONG else answer


_STATUSES: dict[Fault | None, int] = {
    Fault.REFUSED_401: 401,
    Fault.REFUSED_403: 403,
    Fault.NOT_FOUND: 404,
    Fault.TOO_MANY: 429,
    Fault.IN_TROUBLE: 500,
}


_WRONG: dict[Fault | None, Callable[[bytes], bytes]] = {
    Fault.WRONG_SIGNATURE: flipped,
    Fault.GARBAGE: lambda answer: b"\x00" + answer,
    Fault.FORGED: lambda answer: _altered(answer, "terminal"),
    Fault.ANOTHER_TERMINALS: lambda answer: _altered(answer, terminal_id=b"stranger"),
    Fault.NOT_EVERY_ENTRY: lambda answer: _altered(answer, verdicts=()),
}


def _cbor(content: bytes) -> httpx.Response:
    return httpx.Response(200, content=content, headers={"content-type": CBOR})


def _altered(answer: bytes, signer: str = "receipt authority", **changes: Any) -> bytes:
    """Return an acknowledgement that says something else, signed by whoever `signer` is."""
    message = claim(Acknowledgement, answer, MAX_BATCH_BYTES)
    return seal(replace(message, **changes), key(signer), NETWORK).data


def _half(content: bytes) -> Iterator[bytes]:
    yield content[: len(content) // 2]
    raise httpx.RemoteProtocolError("the peer closed the connection")
