"""The terminal's directory, and the draft beside it that an enrolment is made in.

    DIR/settings.toml       where the ledger is and what opens the key: read by `ks-pos run`
    DIR/terminal.key        the terminal's private key, encrypted
    DIR/pass-phrase         what decrypts it, unless the technician keeps that elsewhere
    DIR/certificate.cbor    and trust.cbor, policy.cbor, denylist.cbor: the ledger's signed answers
    DIR/journal.db          what the terminal has taken; begun by the till

The directory appears in one rename, whole. Until then everything is in `DIR.enrolling-…`, named by
the code, so that a cut-off enrolment goes on with the very key and request that it began with.
Sends nothing and verifies nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_tools.errors import AlreadyEnrolled, NotATerminal, PlaceUnusable, TillRunning
from kscoin.codes import normalised, short_code
from kscoin.errors import KSCoinError
from kscoin.messages import TerminalCertificate
from kscoin.signed import claim
from offline_queue.durable_file import sync_directory
from offline_queue.terminal import CERTIFICATE_FILE

SETTINGS_FILE: Final = "settings.toml"
KEY_FILE: Final = "terminal.key"
PASS_PHRASE_FILE: Final = "pass-phrase"
JOURNAL_FILE: Final = "journal.db"
REQUEST_FILE: Final = "enrolment-request.cbor"
_DRAFT: Final = "enrolling-"
_PRIVATE_DIRECTORY: Final = 0o700


@dataclass(frozen=True, slots=True)
class Place:
    """Where a terminal's directory is, or is to be."""

    directory: Path

    def enrolled(self) -> TerminalCertificate | None:
        """Return what the certificate in the directory says, None if there is no terminal in it.

        Raises NotATerminal if there is something else, PlaceUnusable if it cannot be read.
        """
        with usable(self.directory):
            if not self.directory.exists() or not any(self.directory.iterdir()):
                return None
            certificate = self.directory / CERTIFICATE_FILE
            if not certificate.exists():
                raise NotATerminal(f"{self.directory} holds files that are no terminal's")
            return _claimed(certificate)

    def free_or_replaced(self, *, may_replace: bool) -> TerminalCertificate | None:
        """Return the terminal that would be replaced, None if the place is free.

        Raises AlreadyEnrolled if there is one and it may not be, TillRunning, or as `enrolled`.
        """
        there = self.enrolled()
        if there is not None and not may_replace:
            raise AlreadyEnrolled(f"{self.directory} is terminal {there.terminal_id.hex()}")
        with usable(self.directory), alone_with(self.directory / JOURNAL_FILE):
            return there

    def draft(self, network: str, code: str) -> Path:
        """Return where the enrolment with this code is made; made and private, maybe begun."""
        draft = self._beside(f"{_DRAFT}{_tag(network, code)}")
        with usable(draft):
            draft.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            sync_directory(draft.parent)
        return draft

    def without(self, file: Path) -> None:
        """See that a file of a draft is not there."""
        with usable(file):
            file.unlink(missing_ok=True)

    def discard(self, draft: Path) -> None:
        """Forget a draft whose key was certainly never certified."""
        with usable(draft):
            shutil.rmtree(draft)

    def put(self, draft: Path) -> Path | None:
        """Make the whole draft the terminal; return where the terminal before it was kept.

        A cut between the two renames leaves the draft, and the same command goes on from there:
        so the request is removed last.
        """
        with usable(self.directory):
            kept = self._put_aside()
            draft.rename(self.directory)
            sync_directory(self.directory.parent)
            (self.directory / REQUEST_FILE).unlink()
            self._forget_other_drafts()
        return kept

    def _put_aside(self) -> Path | None:
        there = self.enrolled()
        if there is None:
            return None
        kept = self._beside(f"was-{there.terminal_id.hex()}")
        with alone_with(self.directory / JOURNAL_FILE):
            self.directory.rename(kept)
        return kept

    def _forget_other_drafts(self) -> None:
        """Remove what earlier codes left behind: the place has its terminal now."""
        drafts = self._beside(_DRAFT).name
        for each in self.directory.parent.iterdir():
            if each.name.startswith(drafts):
                shutil.rmtree(each)

    def _beside(self, name: str) -> Path:
        return self.directory.with_name(f"{self.directory.name}.{name}")


def _tag(network: str, code: str) -> str:
    """Return what a code's draft is named by; the code itself is a secret until it is used."""
    return short_code(hashlib.sha256(f"{network} {normalised(code)}".encode()).digest())


def _claimed(certificate: Path) -> TerminalCertificate:
    try:
        return claim(TerminalCertificate, certificate.read_bytes())
    except KSCoinError as exc:
        raise NotATerminal(f"{certificate} is no certificate") from exc


@contextmanager
def alone_with(journal: Path) -> Iterator[None]:
    """Hold the lock that a running till has on its journal; raises TillRunning."""
    if not journal.exists():
        yield
        return
    with journal.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise TillRunning(f"{journal} is in use") from exc
        yield


@contextmanager
def usable(path: Path) -> Iterator[None]:
    """Turn what the operating system says of a place into PlaceUnusable."""
    try:
        yield
    except OSError as exc:
        raise PlaceUnusable(f"{exc.filename or path}: {exc.strerror or exc}") from exc
