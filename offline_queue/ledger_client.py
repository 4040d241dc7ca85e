"""The ledger over HTTP: bytes out, bytes in, and every way that can fail as one of our errors.

The only file that knows httpx. It must not know what the bytes say, nor decide what to do next:
nothing here is signed, verified, stored or tried twice.

Importing httpx takes longer than importing the rest of this room. Whoever composes a program gives
the sync thread a factory that imports this module there, after the first frame:

    def connect() -> LedgerPort:
        return import_module("offline_queue.ledger_client").LedgerClient(url)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx

from kscoin.codec import MAX_BATCH_BYTES
from offline_queue.errors import (
    LedgerBehind,
    LedgerFailing,
    LedgerGarbled,
    LedgerRefused,
    LedgerUnreachable,
)
from offline_queue.values import LedgerStatus

# Signed bytes, as the ledger's API takes and gives them (RFC 8949 section 9.5).
CBOR: Final = "application/cbor"
# The largest answer is a whole denylist, which is capped as a batch is; an enrolment holds one.
MAX_ANSWER_BYTES: Final = 2 * MAX_BATCH_BYTES
# A line that takes longer to be there is treated as none: the sale goes on without it.
CONNECT_TIMEOUT_S: Final = 5.0
# A batch of hundreds of entries is settled in well under this, on a slow ledger too.
READ_TIMEOUT_S: Final = 30.0
# Longer than any line that still deserves the name; a till that is closed waits no longer.
PATIENCE_CAP_S: Final = 120.0
# "Request Timeout" and "Too Many Requests": the line was slow or the ledger busy, not unwilling.
_LATER: Final = (408, 429)
# The ledger's code for a batch whose predecessor it has not got (KSP/1 section 10).
_BATCH_MISSING: Final = "batch_missing"


class LedgerClient:
    """One ledger at one address. For one thread at a time, closed by whoever made it."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Take the ledger's base address; `transport` replaces the network in tests and demos.

        Raises LedgerUnreachable for what is no address.
        """
        timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._patience_s = READ_TIMEOUT_S
        with _translated():
            # No proxy from the environment: where a terminal's money talk goes is a setting.
            self._http = httpx.Client(
                base_url=url, timeout=timeout, transport=transport, trust_env=False
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_batch(self, batch: bytes) -> bytes:
        """Send a signed batch; return the bytes that should be its acknowledgement.

        A line that is too slow for the answer gets more time at the next try: the ledger has the
        answer by then, and the bytes are the same.
        """
        try:
            return _present(self._ask("POST", "/v1/batches", batch, self._patience_s))
        except LedgerUnreachable as exc:
            if isinstance(exc.__cause__, httpx.ReadTimeout):
                self._patience_s = min(2 * self._patience_s, PATIENCE_CAP_S)
            raise

    def receipt(self, request: bytes, wait_s: int) -> bytes | None:
        """Ask for the receipt of a signed request for up to `wait_s`; None if it is not paid."""
        path = f"/v1/receipts?wait_s={wait_s}"
        return self._ask("POST", path, request, read_timeout_s=READ_TIMEOUT_S + wait_s)

    def enrol(self, request: bytes) -> bytes:
        """Send a signed enrolment request; return the bytes that should be the four answers."""
        return _present(self._ask("POST", "/v1/enrolments", request))

    def renewal(self, query: bytes, within_s: float) -> bytes | None:
        """Fetch a newer certificate for a purse by a signed query; None if there is none.

        A customer stands there: an answer that takes longer than `within_s` is none.
        """
        return self._ask("POST", "/v1/renewals", query, within_s)

    def policy(self) -> bytes:
        """Fetch the signed policy."""
        return _present(self._ask("GET", "/v1/policy"))

    def trust(self) -> bytes:
        """Fetch the signed trust list."""
        return _present(self._ask("GET", "/v1/trust"))

    def denylist(self, from_version: int) -> bytes | None:
        """Fetch the signed step from a version of the denylist; None if there is nothing newer."""
        return self._ask("GET", f"/v1/denylist?from_version={from_version}")

    def status(self) -> LedgerStatus:
        """Ask whether the ledger is there, which network it is, and which versions are in force.

        Nothing of it is signed: it says only where it is worth fetching what is.
        """
        answer = self._send("GET", "/v1/status", None, READ_TIMEOUT_S)
        try:
            return _status(json.loads(answer.content))
        except (ValueError, KeyError, TypeError) as exc:
            raise LedgerGarbled("the ledger's status cannot be read") from exc

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> bytes | None:
        """Return the signed bytes of the answer, None if there are none (204)."""
        answer = self._send(method, path, body, read_timeout_s)
        if answer.status == httpx.codes.NO_CONTENT:
            return None
        if answer.content_type != CBOR:
            raise LedgerGarbled(f"the answer is {answer.content_type or 'nothing'}, not {CBOR}")
        return answer.content

    def _send(self, method: str, path: str, body: bytes | None, read_timeout_s: float) -> _Answer:
        headers = {"accept": CBOR} | ({"content-type": CBOR} if body is not None else {})
        connect_s = min(read_timeout_s, CONNECT_TIMEOUT_S)
        timeout = httpx.Timeout(read_timeout_s, connect=connect_s)
        with (
            _translated(),
            self._http.stream(
                method, path, content=body, headers=headers, timeout=timeout
            ) as response,
        ):
            return _accepted(_read(response))


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: str
    content: bytes


def _read(response: httpx.Response) -> _Answer:
    """Read an answer no further than its cap."""
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise LedgerGarbled(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _Answer(response.status_code, content_type, bytes(content))


def _accepted(answer: _Answer) -> _Answer:
    if httpx.codes.is_success(answer.status):
        return answer
    if httpx.codes.is_client_error(answer.status) and answer.status not in _LATER:
        if (number := _batch_before_the_missing(answer)) is not None:
            raise LedgerBehind("the ledger has lost batches of this terminal", number)
        reason = _reason(answer)
        raise LedgerRefused(f"the ledger refused: {reason}", answer.status, reason)
    if answer.status in _LATER or httpx.codes.is_server_error(answer.status):
        raise LedgerFailing(f"the ledger is in trouble (HTTP {answer.status})")
    # A redirect is not followed: the body would go to a place that nobody has set.
    raise LedgerGarbled(f"an answer that KSP/1 does not know (HTTP {answer.status})")


def _reason(answer: _Answer) -> str:
    """Return the ledger's own code for a refusal, or the bare status if it gave none."""
    try:
        code = json.loads(answer.content)["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    # It reaches logs and screens: nothing but a short word is taken.
    is_a_word = isinstance(code, str) and code.isidentifier() and len(code) <= 64
    return code if is_a_word else f"http_{answer.status}"


def _batch_before_the_missing(answer: _Answer) -> int | None:
    """Return the last batch that a ledger has, if it says that the one before ours is missing."""
    try:
        said = json.loads(answer.content)
        is_missing = answer.status == httpx.codes.CONFLICT and said["code"] == _BATCH_MISSING
        number = said["batch_number"] if is_missing else None
    except (ValueError, KeyError, TypeError):
        return None
    return number if type(number) is int and number >= 0 else None


def _status(answer: Any) -> LedgerStatus:
    return LedgerStatus(
        network=str(answer["network"]),
        ledger_time_s=int(answer["ledger_time_s"]),
        policy_version=int(answer["policy_version"]),
        denylist_version=int(answer["denylist_version"]),
        trust_version=int(answer["trust_version"]),
    )


def _present(answer: bytes | None) -> bytes:
    if answer is None:
        raise LedgerGarbled("the answer is empty")
    return answer


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, httpx.StreamError, httpx.InvalidURL) as exc:
        # No route, a refused or reset connection, a timeout, half an answer, no address at all.
        raise LedgerUnreachable(
            f"no answer from the ledger: {str(exc) or type(exc).__name__}"
        ) from exc
    except httpx.DecodingError as exc:
        raise LedgerGarbled(f"the ledger's answer cannot be read: {exc}") from exc
