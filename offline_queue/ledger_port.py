"""What this room asks of a ledger: bytes in, bytes out, a LedgerError for all that goes wrong.

`ledger_client.LedgerClient` does it over HTTP. It must not know who asks, or what for.
"""

from __future__ import annotations

from typing import Protocol

from offline_queue.values import LedgerStatus


class LedgerPort(Protocol):
    """A ledger as a terminal sees it. Every method raises a LedgerError, and nothing else."""

    def send_batch(self, batch: bytes) -> bytes:
        """Send a signed batch; return what should be its acknowledgement."""
        ...

    def receipt(self, request: bytes, wait_s: int) -> bytes | None:
        """Return what should be the receipt of a signed request, None if `wait_s` go by."""
        ...

    def renewal(self, query: bytes, within_s: float) -> bytes | None:
        """Return what should be a purse's newer certificate, None if there is none."""
        ...

    def policy(self) -> bytes:
        """Return what should be the signed policy."""
        ...

    def trust(self) -> bytes:
        """Return what should be the signed trust list."""
        ...

    def denylist(self, from_version: int) -> bytes | None:
        """Return what should be the signed step from that version, None if there is none."""
        ...

    def status(self) -> LedgerStatus:
        """Return what the ledger says of itself."""
        ...

    def close(self) -> None:
        """Let go of its connections."""
        ...
