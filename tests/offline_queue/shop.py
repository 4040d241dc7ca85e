"""A shop to test the queue in: an enrolled terminal, purses, a clock that obeys, a ledger's word.

Who signs what comes from the coin's own tests; here is what a terminal keeps and meets.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from kscoin import cose
from kscoin.bundle import EnrolmentAnswer
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.entries import JournalEntry
from kscoin.keys import Signer
from kscoin.messages import (
    Acknowledgement,
    Batch,
    Debit,
    DenylistUpdate,
    EntryVerdict,
    Policy,
    Receipt,
    Verdict,
    debit_link,
)
from kscoin.policy import list_hash, start_policy
from kscoin.signed import claim, open_signed, seal
from offline_queue.journal import Journal
from offline_queue.queue import OfflineQueue, QueueSetup
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import (
    CERTIFICATE_FILE,
    TerminalIdentity,
    load_identity,
    open_enrolment,
    write_enrolment,
)
from offline_queue.values import OpenRequest
from tests.kscoin.parties import (
    NETWORK,
    NOW_S,
    TERMINAL_ID,
    key,
    octets,
    purse_certificate,
    terminal_certificate,
    trust,
)

BOOT = octets("first boot", 16)
JOURNAL_FILE = "journal.db"
# Where Linux keeps files in memory; None, the usual place, where there is no such.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None


class ObedientClock:
    """A clock that shows what it is told to; it starts when the terminal was enrolled."""

    def __init__(self) -> None:
        self.boot_id = BOOT
        self.wall = NOW_S
        self.running_ms = 10_000
        # What the ledger's own clock would show: nobody sets that.
        self.true_s = NOW_S

    def wall_s(self) -> int:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.running_ms

    def pass_s(self, seconds: int) -> None:
        """Let time go by on both clocks."""
        self.wall += seconds
        self.true_s += seconds
        self.running_ms += seconds * 1_000

    def reboot(self, off_s: int = 0) -> None:
        """Start again after `off_s` without power; the wall clock has a battery."""
        self.wall += off_s
        self.true_s += off_s
        self.running_ms = 5_000
        self.boot_id = octets(f"boot after {self.boot_id.hex()}", 16)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a purse answers to a request."""

    debit: bytes
    certificate: bytes


class Purse:
    """A purse that signs whatever it is asked to, honest only if nobody touches `spent_won`."""

    def __init__(self, name: str = "card", **changes: Any) -> None:
        self.key = key(name)
        certificate = purse_certificate(name)
        self.certificate = replace(certificate, **{"purse_id": octets(name, 8), **changes})
        self.sequence = 0
        self.spent_won = 0
        self.last: bytes | None = None

    @property
    def purse_id(self) -> bytes:
        return self.certificate.purse_id

    def certified(self, authority: str = "purse authority", network: str = NETWORK) -> bytes:
        return seal(self.certificate, key(authority), network).data

    def debit(self, request: OpenRequest, amount_won: int | None = None) -> Debit:
        """Return the next debit, unsigned, and move on."""
        amount = request.signed.message.amount_won if amount_won is None else amount_won
        self.sequence += 1
        self.spent_won += amount
        debit = Debit(
            purse_id=self.purse_id,
            sequence=self.sequence,
            amount_won=amount,
            spent_total_won=self.spent_won,
            request_hash=request.request_hash,
            previous_hash=debit_link(self.last),
        )
        self.last = debit.to_payload()
        return debit

    def signed(self, debit: Debit, signer: Signer | None = None, network: str = NETWORK) -> Shown:
        return Shown(seal(debit, signer or self.key, network).data, self.certified())

    def pay(self, request: OpenRequest, amount_won: int | None = None) -> Shown:
        """Return what the purse shows after it was asked to pay `request`."""
        return self.signed(self.debit(request, amount_won))


def enrol(directory: Path, policy: Policy | None = None, denied: tuple[bytes, ...] = ()) -> None:
    """Write the directory of a terminal that has just been enrolled."""
    answer = EnrolmentAnswer(
        certificate=seal(terminal_certificate(kinds=1), key("terminal authority"), NETWORK).data,
        trust=trust().data,
        policy=signed_policy(policy or start_policy(1, NOW_S)),
        denylist=denylist_step(0, 1, added=denied),
    )
    root, mine = key("root").public_key, key("terminal").public_key
    write_enrolment(directory, open_enrolment(answer.encode(), mine, root, NETWORK, NOW_S))


def signed_policy(policy: Policy) -> bytes:
    return seal(policy, key("policy authority"), NETWORK).data


def denylist_step(
    start: int,
    end: int,
    added: tuple[bytes, ...] = (),
    whole: tuple[bytes, ...] | None = None,
    epochs: tuple[int, ...] = (),
    issued_at_s: int = NOW_S,
) -> bytes:
    """Return a signed step of the denylist that arrives at the list `whole` (or at `added`)."""
    ids = b"".join(sorted(added if whole is None else whole))
    update = DenylistUpdate(start, end, added, (), epochs, issued_at_s, list_hash(ids, epochs))
    return seal(update, key("policy authority"), NETWORK).data


def receipt_for(request: OpenRequest, number: int = 1, **changes: Any) -> bytes:
    """Return the ledger's receipt for a request that was paid online."""
    message = request.signed.message
    receipt = Receipt(request.request_hash, message.amount_won, TERMINAL_ID, number, NOW_S)
    return seal(replace(receipt, **changes), key("receipt authority"), NETWORK).data


Judge = Callable[[JournalEntry], EntryVerdict]


def settled(entry: JournalEntry) -> EntryVerdict:
    """Return the verdict of a ledger that takes everything."""
    return EntryVerdict(entry.sequence, Verdict.SETTLED, None, 1_000 + entry.sequence)


def acknowledgement(
    batch: bytes, judge: Judge = settled, ledger_time_s: int = NOW_S, **changes: Any
) -> bytes:
    """Return a ledger's signed answer to a batch, altered by `changes` before it is signed."""
    message = claim(Batch, batch, MAX_BATCH_BYTES)
    verdicts = tuple(judge(JournalEntry.decode(each)) for each in message.entries)
    answer = Acknowledgement(
        message.terminal_id,
        message.batch_number,
        message.new_head,
        verdicts,
        ledger_time_s,
        policy_version=1,
        denylist_version=1,
    )
    return seal(replace(answer, **changes), key("receipt authority"), NETWORK).data


def entries_in(batch: bytes) -> list[JournalEntry]:
    """Return the entries of a batch, after its signature proved to be the terminal's."""
    mine = key("terminal").public_key
    message = open_signed(Batch, batch, mine, NETWORK, MAX_BATCH_BYTES).message
    return [JournalEntry.decode(each) for each in message.entries]


class Shop:
    """An enrolled terminal in a directory, and what is needed to start its queue in it."""

    def __init__(self, directory: Path, policy: Policy | None = None) -> None:
        self.directory = directory
        self.clock = ObedientClock()
        self._nonces = count()
        if not (directory / CERTIFICATE_FILE).exists():
            enrol(directory, policy)

    def copied_to(self, directory: Path) -> Shop:
        """Return a shop with a copy of all files of this one: what a killed process leaves."""
        assert not directory.is_relative_to(self.directory), "a copy inside itself has no end"
        shutil.copytree(self.directory, directory)
        return Shop(directory)

    @property
    def journal_path(self) -> Path:
        return self.directory / JOURNAL_FILE

    def rulebook(self) -> Rulebook:
        return Rulebook.load(self.directory)

    def terminal(self) -> TerminalIdentity:
        return load_identity(self.directory, self.rulebook().rules.trust, key("terminal"))

    def open_journal(self) -> Journal:
        return Journal.open(self.journal_path, TERMINAL_ID)

    def setup(self) -> QueueSetup:
        return QueueSetup(
            open_journal=self.open_journal,
            rulebook=self.rulebook(),
            terminal=self.terminal(),
            clock=self.clock,
            software="ks-pos test",
            hardware="test bench",
            random_bytes=self.random_bytes,
        )

    def start(self) -> OfflineQueue:
        return OfflineQueue.start(self.setup())

    def random_bytes(self, length: int) -> bytes:
        """Return bytes that are different at every call and the same in every run."""
        return octets(f"nonce {next(self._nonces)}", length)


def flipped(data: bytes, at: int = -1) -> bytes:
    """Return the bytes with one bit changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def resigned(data: bytes, signature: bytes) -> bytes:
    """Return a signed message with another signature over the same payload."""
    envelope = cose.parse(data)
    return cose.assemble(envelope.payload, envelope.kid, signature)
