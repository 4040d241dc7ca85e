"""The signed lists in force: trust, policy and denylist, each only ever replaced by a newer one.

KSP/1 sections 3 and 8. They are kept beside the journal, as files. Counts nothing: `budget` does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from kscoin import codec
from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import Trust, open_authorised, pin_trust, succeed_trust
from kscoin.errors import KSCoinError, Malformed, StaleVersion
from kscoin.keys import PublicKey
from kscoin.messages import DenylistUpdate, Policy, Purpose
from kscoin.policy import Denylist, list_hash
from kscoin.signed import Signed, claim
from offline_queue.durable_file import read_whole, write_durably
from offline_queue.errors import IdentityInvalid
from offline_queue.values import Versions

TRUST_FILE: Final = "trust.cbor"
POLICY_FILE: Final = "policy.cbor"
DENYLIST_FILE: Final = "denylist.cbor"
# Four million purse ids of eight bytes, and the signed update beside them.
_MAX_FILE_BYTES: Final = 40_000_000


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

    def with_denylist(self, data: bytes, now_s: int) -> Self:
        """Return the rules after a denylist update that follows ours, or is whole and newer.

        Raises a VerificationError or EncodingError.
        """
        update = _open_update(data, self.trust, now_s)
        denylist = self.denylist.updated(update.message)
        return replace(self, denylist=denylist, denylist_update=update.data)


def rules_at_enrolment(root: PublicKey, network: str, answer: EnrolmentAnswer, now_s: int) -> Rules:
    """Return the rules that a new terminal gets, all verified from the pinned root down.

    Raises a VerificationError or EncodingError.
    """
    bare = Rules(pin_trust(answer.trust, root, network), None, Denylist())
    return bare.with_policy(answer.policy, now_s).with_denylist(answer.denylist, now_s)


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

    def put_denylist(self, data: bytes, now_s: int) -> Versions:
        """Put a step of the denylist in force, durably; raises as `Rules.with_denylist`."""
        return self._adopt(self._rules.with_denylist(data, now_s))

    def _adopt(self, rules: Rules) -> Versions:
        """Write what has changed, then put it in force. Raises DiskFull or DiskFailed."""
        if rules.trust is not self._rules.trust:
            write_durably(self._directory / TRUST_FILE, _trust_file(rules.trust))
        if rules.policy is not self._rules.policy:
            write_durably(self._directory / POLICY_FILE, _policy_file(rules))
        if rules.denylist is not self._rules.denylist:
            write_durably(self._directory / DENYLIST_FILE, _denylist_file(rules))
        self._rules = rules
        return rules.versions


def write_rules(directory: Path, rules: Rules) -> None:
    """Write all of the rules into a terminal's directory. Raises DiskFull or DiskFailed."""
    write_durably(directory / TRUST_FILE, _trust_file(rules.trust))
    write_durably(directory / POLICY_FILE, _policy_file(rules))
    write_durably(directory / DENYLIST_FILE, _denylist_file(rules))


def _trust_file(trust: Trust) -> bytes:
    return codec.encode([trust.network, trust.root.compressed, trust.data])


def _policy_file(rules: Rules) -> bytes:
    return rules.policy.data if rules.policy else b""


def _denylist_file(rules: Rules) -> bytes:
    return codec.encode([rules.denylist_update, rules.denylist.ids])


def _load_trust(directory: Path) -> Rules:
    match codec.decode(read_whole(directory / TRUST_FILE), _MAX_FILE_BYTES):
        case [str(network), bytes(root), bytes(data)]:
            return Rules(pin_trust(data, PublicKey(root), network), None, Denylist())
        case _:
            raise Malformed("a trust file is an array of network, root and trust list")


def _with_stored_policy(rules: Rules, directory: Path) -> Rules:
    try:
        data = read_whole(directory / POLICY_FILE)
        return rules.with_policy(data, claim(Policy, data).issued_at_s)
    except KSCoinError:
        return rules


def _with_stored_denylist(rules: Rules, directory: Path) -> Rules:
    try:
        match codec.decode(read_whole(directory / DENYLIST_FILE), _MAX_FILE_BYTES):
            case [bytes(data), bytes(ids)]:
                issued_at_s = claim(DenylistUpdate, data, codec.MAX_BATCH_BYTES).issued_at_s
                update = _open_update(data, rules.trust, issued_at_s)
                return replace(rules, denylist=_arrived(update, ids), denylist_update=update.data)
            case _:
                return rules
    except KSCoinError:
        return rules


def _arrived(update: Signed[DenylistUpdate], ids: bytes) -> Denylist:
    """Return the stored list if it is the one that the signed update arrived at."""
    epochs = frozenset(update.message.epochs)
    if list_hash(ids, epochs) != update.message.list_hash:
        raise Malformed("the stored denylist is not the one that was signed")
    return Denylist(update.message.to_version, update.message.issued_at_s, ids, epochs)


def _open_update(data: bytes, trust: Trust, now_s: int) -> Signed[DenylistUpdate]:
    limit = codec.MAX_BATCH_BYTES
    return open_authorised(DenylistUpdate, Purpose.POLICY, data, trust, now_s, limit)
