"""Ledgers for tests of enrolment: a real one in this process, and lines to it that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from kscoin.certificates import MAX_TRUST_LIST_BYTES
from kscoin.codec import decode_strings
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import TrustList
from kscoin.signed import claim
from ledger.embedded import new_ledger
from ledger.errors import Refusal
from ledger.service import Ledger
from offline_queue.errors import LedgerRefused, LedgerUnreachable
from offline_queue.terminal import enrolment_request
from offline_queue.values import LedgerStatus

NETWORK: Final = "seoul-test"
SHOP: Final = "행복마트"
NOW_S: Final = 1_790_000_000
DAY_S: Final = 86_400


@dataclass(slots=True)
class Time:
    """One clock; it moves when it is told to."""

    now_s: int = NOW_S

    def __call__(self) -> int:
        return self.now_s


@dataclass(slots=True)
class Node:
    """A ledger with one merchant, and the line to it: an `EnrolmentLedger`.

    `spoil` is what the line makes of an answer on its way; `requests` is all that came through.
    """

    ledger: Ledger
    merchant_id: bytes
    time: Time
    spoil: Callable[[bytes], bytes] = bytes
    requests: list[bytes] = field(default_factory=list)

    def status(self) -> LedgerStatus:
        told = self.ledger.published.status()
        return LedgerStatus(
            network=told.network,
            ledger_time_s=told.ledger_time_s,
            policy_version=told.policy_version,
            denylist_version=told.denylist_version,
            trust_version=told.trust_version,
        )

    def trust(self) -> bytes:
        return self.ledger.published.trust()

    def enrol(self, request: bytes) -> bytes:
        self.requests.append(request)
        try:
            return self.spoil(self.ledger.terminals.enrol(request))
        except Refusal as exc:
            raise LedgerRefused(str(exc), 404, exc.reason) from exc

    def code(self) -> str:
        return self.ledger.merchants.new_code(self.merchant_id)

    @property
    def terminal_ids(self) -> list[bytes]:
        return [each.terminal_id for each in self.ledger.terminals.of(self.merchant_id)]

    @property
    def roots(self) -> list[PublicKey]:
        listing, *_ = decode_strings(self.trust(), MAX_TRUST_LIST_BYTES)
        named = claim(TrustList, listing, MAX_TRUST_LIST_BYTES).roots
        return [PublicKey(each) for each in named]


@contextmanager
def running_node(network: str = NETWORK) -> Iterator[Node]:
    """A fresh ledger for the length of a `with` block."""
    time = Time()
    ledger = new_ledger(network, time)
    try:
        yield Node(ledger, ledger.merchants.add(SHOP).merchant_id, time)
    finally:
        ledger.close()


def lost(answer: bytes) -> bytes:
    """A line that breaks when the ledger has done its part."""
    raise LedgerUnreachable(f"the line broke before {len(answer)} bytes had come")


def unknown_code(node: Node) -> str:
    return "0000-0000-0000-0000"


def used_code(node: Node) -> str:
    """A code that another machine has used."""
    code = node.code()
    theirs = enrolment_request(code, "another machine", bytes(16), SoftwareSigner(9), NETWORK)
    node.ledger.terminals.enrol(theirs.data)
    return code


def expired_code(node: Node) -> str:
    code = node.code()
    node.time.now_s += 2 * DAY_S
    return code
