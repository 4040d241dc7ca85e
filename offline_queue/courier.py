"""What a courier takes from this terminal to the ledger, and brings back (KSP/1 section 16).

The same batches as the sync thread sends, byte for byte: whichever way arrives first counts, the
other changes nothing. It must not know who carries it, in a file or in codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kscoin.courier import MAX_PARCELS, MAX_SHIPMENT_BYTES, Parcel, Reply, pack, parcel_of
from kscoin.errors import StaleVersion
from offline_queue.books import Books
from offline_queue.dispatch import Dispatch
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import TerminalIdentity
from offline_queue.values import CourierNews, Shipment, StoredBatch

# A parcel's own fields and signature, its seal and its length in the array: under 300 bytes.
_PARCEL_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Courier:
    """The courier's counter of one terminal's queue; one owner, one thread."""

    books: Books
    rulebook: Rulebook
    terminal: TerminalIdentity
    dispatch: Dispatch

    def export(self, after: int | None = None) -> Shipment | None:
        """Return all that has not been acknowledged, sealed; None if there is nothing.

        Every batch in it is durable before this returns. What is more than one shipment holds is
        left, and said to be. `after` takes a batch number instead: a ledger that was restored
        from a backup says which is the last that it has. Raises UntrustedKey if the ledger takes
        no couriers, LedgerGarbled for a number that never was, or a QueueError.
        """
        self.rulebook.rules.trust.sealing_key(self.books.time().now_s)
        number = self.books.last_word.batch_number if after is None else after
        batches: list[StoredBatch] = []
        room = MAX_SHIPMENT_BYTES
        while (batch := self.dispatch.batch_after(number)) is not None:
            room -= len(batch.data) + _PARCEL_BYTES
            if room < 0 or len(batches) == MAX_PARCELS:
                break
            batches.append(batch)
            number = batch.number
        return self._shipment(batches, is_all=batch is None) if batches else None

    def packed(self, batches: Iterable[StoredBatch]) -> Iterator[Shipment]:
        """Yield shipments of these batches, in order: as few as hold them all.

        Raises UntrustedKey if the ledger takes no couriers.
        """
        part: list[StoredBatch] = []
        room = MAX_SHIPMENT_BYTES
        for batch in batches:
            need = len(batch.data) + _PARCEL_BYTES
            if part and (need > room or len(part) == MAX_PARCELS):
                yield self._shipment(part, is_all=False)
                part, room = [], MAX_SHIPMENT_BYTES
            part.append(batch)
            room -= need
        if part:
            yield self._shipment(part, is_all=True)

    def take(self, data: bytes) -> CourierNews:
        """Journal the acknowledgements of a reply, and put newer lists in force.

        What is known already changes nothing. Raises LedgerGarbled, a VerificationError, an
        EncodingError or a QueueError; what came before in the reply has then been taken.
        """
        reply = Reply.decode(data)
        acknowledged = tuple(map(self.dispatch.acknowledge, reply.acknowledgements))
        now_s = self.books.time().now_s
        # Stale is what comes after the terminal was online itself: what it has is newer.
        for policy in reply.policies:
            with suppress(StaleVersion):
                self.rulebook.put_policy(policy, now_s)
        if reply.denylist:
            with suppress(StaleVersion):
                self.rulebook.put_denylist(reply.denylist, now_s)
        return CourierNews(acknowledged, self.rulebook.rules.versions)

    def _shipment(self, batches: list[StoredBatch], *, is_all: bool) -> Shipment:
        return Shipment(
            data=pack([self._parcel(each) for each in batches]),
            batches=len(batches),
            entries=sum(each.last_sequence - each.first_sequence + 1 for each in batches),
            is_all=is_all,
        )

    def _parcel(self, batch: StoredBatch) -> bytes:
        rules = self.rulebook.rules
        versions, now_s = rules.versions, self.books.time().now_s
        message = Parcel(
            self.terminal.terminal_id, batch.number, versions.policy, versions.denylist, b""
        )
        key, signer = rules.trust.sealing_key(now_s), self.terminal.signer
        return parcel_of(batch.data, message, key, signer, self.terminal.network).data
