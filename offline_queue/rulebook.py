"""The signed lists in force: trust, policy and denylist, each only ever replaced by a newer one.

KSP/1 sections 3 and 8. They are kept beside the journal, as files. Counts nothing: `budget` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from kscoin import codec
from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import (
    MAX_TRUST_LIST_BYTES,
    Trust,
    open_authorised,
    pin_trust,
    succeed_trust,
)
from kscoin.errors import KSCoinError, Malformed, StaleVersion
from kscoin.keys import PublicKey
from kscoin.messages import DenylistUpdate, Policy, Purpose
from kscoin.policy import Denylist
from kscoin.signed import Signed, claim
from offline_queue.denylist_files import read_denylist, write_denylist, write_step
from offline_queue.durable_file import read_whole, write_durably
from offline_queue.errors import IdentityInvalid
from offline_queue.values import Versions

TRUST_FILE: Final = "trust.cbor"
POLICY_FILE: Final = "policy.cbor"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force. `policy` is None if the stored one could not be read: nothing is sold.

    `denylist_update` is the signed update that led to `denylist`: it names the whole list's hash.
    """

    trust: Trust
    policy: Signed[Policy] | None
    denylist: Denylist
    denylist_update: bytes = b""

    @property
    def versions(self) -> Versions:
        """The versions in force; zero for what could not be read."""
        policy = self.policy.message.version if self.policy else 0
        return Versions(self.trust.listing.version, policy, self.denylist.version)

    @property
    def not_before_s(self) -> int:
        """The latest time at which one of the lists was signed: now is not before it."""
        policy_s = self.policy.message.issued_at_s if self.policy else 0
        return max(self.trust.listing.issued_at_s, policy_s, self.denylist.issued_at_s)

    def with_trust(self, data: bytes) -> Self:
        """Return the rules under a newer trust list; raises as `succeed_trust` does."""
        return replace(self, trust=succeed_trust(self.trust, data))

    def with_policy(self, data: bytes, now_s: int) -> Self:
        """Return the rules under a newer policy; raises a VerificationError or EncodingError."""
        policy = open_authorised(Policy, Purpose.POLICY, data, self.trust, now_s)
        if self.policy and policy.message.version <= self.policy.message.version:
            raise StaleVersion(f"policy {policy.message.version} is not newer than ours")
        return replace(self, policy=policy)

    def with_denylist(self, steps: Sequence[bytes], now_s: int) -> Self:
        """Return the rules after denylist steps, the first of which follows ours or starts from 0.

        Nothing between the first and the last is ever in force. Raises a VerificationError or
        EncodingError.
        """
        denylist, last = self.denylist, b""
        for at, data in enumerate(steps):
            update = _open_update(data, self.trust, now_s)
            is_anew = at == 0 and update.message.from_version == 0
            denylist = (Denylist() if is_anew else denylist).updated(update.message)
            last = update.data
        if denylist.version <= self.denylist.version:
            raise StaleVersion(f"denylist {denylist.version} is not newer than ours")
        return replace(self, denylist=denylist, denylist_update=last)


def rules_at_enrolment(root: PublicKey, network: str, answer: EnrolmentAnswer, now_s: int) -> Rules:
    """Return the rules that a new terminal gets, all verified from the pinned root down.

    Raises a VerificationError or EncodingError.
    """
    bare = Rules(pin_trust(answer.trust, root, network), None, Denylist())
    return bare.with_policy(answer.policy, now_s).with_denylist([answer.denylist], now_s)


class Rulebook:
    """The rules in force, and the directory that they survive a restart in."""

    __slots__ = ("_directory", "_rules")

    def __init__(self, directory: Path, rules: Rules) -> None:
        self._directory = directory
        self._rules = rules

    @classmethod
    def load(cls, directory: Path) -> Rulebook:
        """Read the rules from a terminal's directory.

        A policy or denylist that is gone or damaged counts as version zero: nothing is taken
        offline until the ledger has sent it again. Without trust there is nothing to go on with.
        Raises IdentityInvalid for that.
        """
        try:
            bare = _load_trust(directory)
        except KSCoinError as exc:
            raise IdentityInvalid(f"{TRUST_FILE} does not verify: {exc}") from exc
        return cls(
            directory, _with_stored_denylist(_with_stored_policy(bare, directory), directory)
        )

    @property
    def rules(self) -> Rules:
        """What is in force now."""
        return self._rules

    def put_trust(self, data: bytes) -> Versions:
        """Put a newer trust list in force, durably; raises as `Rules.with_trust` and `_adopt`."""
        return self._adopt(self._rules.with_trust(data))

    def put_policy(self, data: bytes, now_s: int) -> Versions:
        """Put a newer policy in force, durably; raises as `Rules.with_policy` and `_adopt`."""
        return self._adopt(self._rules.with_policy(data, now_s))

    def put_denylist(self, steps: Sequence[bytes], now_s: int) -> Versions:
        """Put the list after these steps in force, durably; raises as `Rules.with_denylist`."""
        return self._adopt(self._rules.with_denylist(steps, now_s), follows=_follows(steps))

    def _adopt(self, rules: Rules, *, follows: bool = False) -> Versions:
        """Write what has changed, then put it in force. Raises DiskFull or DiskFailed."""
        if rules.trust is not self._rules.trust:
            write_durably(self._directory / TRUST_FILE, _trust_file(rules.trust))
        if rules.policy is not self._rules.policy:
            write_durably(self._directory / POLICY_FILE, _policy_file(rules))
        if rules.denylist is not self._rules.denylist:
            write = write_step if follows else write_denylist
            write(self._directory, rules.denylist, rules.denylist_update)
        self._rules = rules
        return rules.versions


def _follows(steps: Sequence[bytes]) -> bool:
    """Whether verified steps are one that goes on from the list before."""
    start = claim(DenylistUpdate, steps[0], codec.MAX_BATCH_BYTES).from_version if steps else 0
    return start != 0 and len(steps) == 1


def write_rules(directory: Path, rules: Rules) -> None:
    """Write all of the rules into a terminal's directory. Raises DiskFull or DiskFailed."""
    write_durably(directory / TRUST_FILE, _trust_file(rules.trust))
    write_durably(directory / POLICY_FILE, _policy_file(rules))
    write_denylist(directory, rules.denylist, rules.denylist_update)


def _trust_file(trust: Trust) -> bytes:
    return codec.encode([trust.network, trust.root.compressed, trust.data])


def _policy_file(rules: Rules) -> bytes:
    return rules.policy.data if rules.policy else b""


def kept_trust(data: bytes) -> Trust:
    """Return the trust in the bytes of a terminal's trust file: network, root and trust list.

    Raises a VerificationError or EncodingError.
    """
    match codec.decode(data, 2 * MAX_TRUST_LIST_BYTES):
        case [str(network), bytes(root), bytes(listed)]:
            return pin_trust(listed, PublicKey(root), network)
        case _:
            raise Malformed("a trust file is an array of network, root and trust list")


def _load_trust(directory: Path) -> Rules:
    return Rules(kept_trust(read_whole(directory / TRUST_FILE)), None, Denylist())


def _with_stored_policy(rules: Rules, directory: Path) -> Rules:
    try:
        data = read_whole(directory / POLICY_FILE)
        return rules.with_policy(data, claim(Policy, data).issued_at_s)
    except KSCoinError:
        return rules


def _with_stored_denylist(rules: Rules, directory: Path) -> Rules:
    def opened(data: bytes) -> Signed[DenylistUpdate]:
        issued_at_s = claim(DenylistUpdate, data, codec.MAX_BATCH_BYTES).issued_at_s
        return _open_update(data, rules.trust, issued_at_s)

    denylist, update = read_denylist(directory, opened)
    return replace(rules, denylist=denylist, denylist_update=update)


def _open_update(data: bytes, trust: Trust, now_s: int) -> Signed[DenylistUpdate]:
    limit = codec.MAX_BATCH_BYTES
    return open_authorised(DenylistUpdate, Purpose.POLICY, data, trust, now_s, limit)
