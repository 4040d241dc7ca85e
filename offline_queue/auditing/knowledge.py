"""What an auditor brings to a journal: the trust list, and what lies beside it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kscoin import codec
from kscoin.certificates import MAX_TRUST_LIST_BYTES, Trust, open_authorised, pin_trust
from kscoin.errors import KSCoinError, Malformed
from kscoin.keys import PublicKey
from kscoin.messages import Policy, Purpose, TerminalCertificate
from kscoin.signed import claim
from offline_queue.durable_file import read_whole
from offline_queue.errors import IdentityInvalid
from offline_queue.rulebook import POLICY_FILE, TRUST_FILE
from offline_queue.terminal import CERTIFICATE_FILE

# A root, a network's name and their frames.
_FRAME_BYTES: Final = 1_024


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
        match codec.decode(read_whole(path), MAX_TRUST_LIST_BYTES + _FRAME_BYTES):
            case [str(network), bytes(root), bytes(data)]:
                return pin_trust(data, PublicKey(root), network)
            case _:
                raise Malformed("a trust file is an array of network, root and trust list")
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
