"""Takes what couriers bring from terminals that have no line (KSP/1 section 16).

Anyone may bring it, and as often as they like: what is inside is signed by the terminal, sealed to
us, and settled once. It must not know how it came: in a file, in codes or over HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kscoin import courier
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.courier import Parcel, Reply
from kscoin.errors import Malformed
from kscoin.messages import Acknowledgement, Batch, DenylistUpdate
from kscoin.signed import Signed, claim, open_signed
from ledger.batches import BatchDesk
from ledger.known import known_terminal
from ledger.office import Office, key_of
from ledger.published import PublicDesk

# So many bytes of denylist go into one reply: the rest follows with the next, or online.
_DENYLIST_BYTES_MAX: Final = 8_388_608


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a shipment, and the reply that its terminal waits for."""

    terminal_id: bytes
    acknowledgements: tuple[Acknowledgement, ...]
    reply: bytes


class CourierDesk:
    """Where couriers come."""

    def __init__(self, office: Office, batches: BatchDesk, published: PublicDesk) -> None:
        self._office = office
        self._batches = batches
        self._published = published

    def accept(self, data: bytes) -> Accepted:
        """Settle the batches of a shipment, in order; a shipment again gets the same answers.

        All of it is verified before any is settled. Raises NotFound for an unknown terminal,
        NotForUs, BadSignature, an EncodingError, or BatchMissing as `settle_batch` does.
        """
        parcels = [self._opened(each) for each in courier.unpack(data)]
        batches = [self._batch_in(each.message) for each in parcels]
        terminal_id = parcels[0].message.terminal_id
        if any(each.message.terminal_id != terminal_id for each in parcels):
            raise Malformed("a shipment is of one terminal")
        answers = tuple(self._batches.settle(each) for each in batches)
        reply = self._reply(answers, parcels[-1].message)
        told = (claim(Acknowledgement, each, MAX_BATCH_BYTES) for each in answers)
        return Accepted(terminal_id, tuple(told), reply.encode())

    def _opened(self, data: bytes) -> Signed[Parcel]:
        terminal_id = claim(Parcel, data, MAX_BATCH_BYTES).terminal_id
        terminal = self._office.store.read(lambda tx: known_terminal(tx, terminal_id))
        key, network = key_of(terminal).public_key, self._office.issuer.network
        return open_signed(Parcel, data, key, network, MAX_BATCH_BYTES)

    def _batch_in(self, parcel: Parcel) -> bytes:
        batch = self._office.issuer.batch_in(parcel)
        message = claim(Batch, batch, MAX_BATCH_BYTES)
        named = (message.terminal_id, message.batch_number)
        if named != (parcel.terminal_id, parcel.batch_number):
            raise Malformed("the parcel holds another batch than it says")
        return batch

    def _reply(self, answers: tuple[bytes, ...], newest: Parcel) -> Reply:
        status = self._published.status()
        is_older = newest.policy_version < status.policy_version
        policies = (self._published.policy(),) if is_older else ()
        return Reply(answers, policies, self._denylist_after(newest.denylist_version))

    def _denylist_after(self, version: int) -> tuple[bytes, ...]:
        """Return the steps from a terminal's version on, as far as a reply has room."""
        steps: list[bytes] = []
        room = _DENYLIST_BYTES_MAX
        while (step := self._published.denylist(version)) is not None:
            room -= len(step)
            if room < 0:
                break
            steps.append(step)
            version = claim(DenylistUpdate, step, MAX_BATCH_BYTES).to_version
        return tuple(steps)
