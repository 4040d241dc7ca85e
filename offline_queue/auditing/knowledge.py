"""What an auditor brings to a journal: the trust list, and what lies beside it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kscoin.certificates import Trust, open_authorised
from kscoin.errors import KSCoinError
from kscoin.messages import Policy, Purpose, TerminalCertificate
from kscoin.signed import claim
from offline_queue.durable_file import read_whole
from offline_queue.errors import IdentityInvalid
from offline_queue.rulebook import POLICY_FILE, TRUST_FILE, kept_trust
from offline_queue.terminal import CERTIFICATE_FILE


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What an auditor brings: the trust list, and what else is at hand.

    Without `terminal`, its certificate, the terminal's own signatures cannot be verified;
    without a policy, limits cannot be held against what was taken under it.
    """

    trust: Trust
    terminal: TerminalCertificate | None = None
    policies: tuple[Policy, ...] = ()


def known_from(trust_file: Path | None, directory: Path) -> Knowledge:
    """Return what is known from a trust list, and from a terminal's directory if it is one.

    Without `trust_file` the directory's own list is taken. A certificate or a policy that is not
    there, or that the list does not vouch for, is not known. Raises IdentityInvalid if there is no
    trust list that holds.
    """
    trust = read_trust(trust_file or directory / TRUST_FILE)
    terminal = next(_certificate(directory / CERTIFICATE_FILE, trust), None)
    return Knowledge(trust, terminal, tuple(_policy(directory / POLICY_FILE, trust)))


def read_trust(path: Path) -> Trust:
    """Return the trust list in a file as a terminal keeps it: network, pinned root, signed list.

    Raises IdentityInvalid.
    """
    try:
        return kept_trust(read_whole(path))
    except KSCoinError as exc:
        raise IdentityInvalid(f"{path} is no trust list that holds: {exc}") from exc


def _certificate(path: Path, trust: Trust) -> Iterator[TerminalCertificate]:
    try:
        data = read_whole(path)
        at_s = claim(TerminalCertificate, data).not_before_s
        yield open_authorised(TerminalCertificate, Purpose.TERMINAL, data, trust, at_s).message
    except KSCoinError:
        return


def _policy(path: Path, trust: Trust) -> Iterator[Policy]:
    try:
        data = read_whole(path)
        at_s = claim(Policy, data).issued_at_s
        yield open_authorised(Policy, Purpose.POLICY, data, trust, at_s).message
    except KSCoinError:
        return
