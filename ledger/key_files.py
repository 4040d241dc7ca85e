"""The data directory's keys: a PEM file an authority, mode 0600, encrypted if there is a secret.

    DIR/network            the network's name
    DIR/roots.txt          the roots' public keys, in hexadecimal: what terminals pin
    DIR/keys/*.pem         the authorities' private keys
    DIR/roots/*.pem        the roots' private keys: to be moved offline after `init`

The only file of the ledger that imports cryptography. Knows no database.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from kscoin.errors import EncodingError
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import Purpose
from ledger.errors import SetupError, StoreFull
from ledger.issuer import Authorities

# Two roots, cross-signed, so that losing one does not orphan every terminal (KSP/1 section 3).
ROOTS: Final = 2
_NETWORK_FILE: Final = "network"
_ROOTS_FILE: Final = "roots.txt"
# In the order in which they come into a directory: one with a network is complete.
_NAMES: Final = ("keys", "roots", _ROOTS_FILE, _NETWORK_FILE)


def new_authorities(network: str) -> tuple[Authorities, tuple[SoftwareSigner, ...]]:
    """Return fresh authorities for a network, and the private roots above them."""
    roots = tuple(SoftwareSigner.generate() for _ in range(ROOTS))
    signers = {purpose: SoftwareSigner.generate() for purpose in Purpose}
    return Authorities(network, signers, tuple(root.public_key for root in roots)), roots


def write_authorities(
    directory: Path, authorities: Authorities, roots: tuple[SoftwareSigner, ...], secret: str | None
) -> None:
    """Keep new keys in a directory that holds none: all of them, or none.

    Raises SetupError if it holds keys, StoreFull if its disk is full. With a `secret` each private
    key is encrypted (PKCS #8, scrypt or better).
    """
    if any((directory / name).exists() for name in _NAMES):
        raise SetupError(
            f"{directory} holds a ledger's keys already. If they are of an init that was cut off "
            "before its ledger was ready, remove keys, roots, roots.txt and network, and try again"
        )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nobody has seen these keys yet, so that a draft of them may go again.
        with TemporaryDirectory(prefix=".new-", dir=directory) as draft:
            _write_all(Path(draft), authorities, roots, secret)
            for name in _NAMES:
                (Path(draft) / name).rename(directory / name)
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        full = f"no keys could be kept: the disk of {directory} is full. Make room, and try again"
        raise StoreFull(full) from exc


def remove_authorities(directory: Path) -> None:
    """Take away keys that `write_authorities` has just kept, and that no ledger has."""
    for name in reversed(_NAMES):
        path = directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _write_all(
    directory: Path, authorities: Authorities, roots: tuple[SoftwareSigner, ...], secret: str | None
) -> None:
    for name in ("keys", "roots"):
        (directory / name).mkdir(mode=0o700)
    for purpose, signer in _software(authorities.signers).items():
        _write_key(directory / "keys" / f"{purpose.name.lower()}.pem", signer, secret)
    for number, root in enumerate(roots, start=1):
        _write_key(directory / "roots" / f"root-{number}.pem", root, secret)
    public = "".join(f"{root.compressed.hex()}\n" for root in authorities.roots)
    _write(directory / _ROOTS_FILE, public.encode(), mode=0o644)
    _write(directory / _NETWORK_FILE, f"{authorities.network}\n".encode(), mode=0o644)


def read_authorities(directory: Path, secret: str | None) -> Authorities:
    """Return the authorities of a directory; raises SetupError if they cannot be read."""
    try:
        network = (directory / _NETWORK_FILE).read_text().strip()
        roots = (directory / _ROOTS_FILE).read_text().split()
        signers = {
            purpose: _read_key(directory / "keys" / f"{purpose.name.lower()}.pem", secret)
            for purpose in Purpose
        }
        return Authorities(network, signers, tuple(PublicKey(bytes.fromhex(r)) for r in roots))
    except OSError as exc:
        raise SetupError(f"{directory} is no ledger's directory: run ks-ledger init") from exc
    except (ValueError, EncodingError) as exc:
        raise SetupError(f"the roots in {directory / _ROOTS_FILE} are damaged") from exc


def _software(signers: Mapping[Purpose, object]) -> dict[Purpose, SoftwareSigner]:
    found = {purpose: key for purpose, key in signers.items() if isinstance(key, SoftwareSigner)}
    if len(found) != len(signers):
        raise SetupError("only keys in memory can be written to files")
    return found


def _write_key(path: Path, signer: SoftwareSigner, secret: str | None) -> None:
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(secret.encode()) if secret else NoEncryption()
    )
    key = ec.derive_private_key(signer.scalar, ec.SECP256R1())
    _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption), mode=0o600)


def _read_key(path: Path, secret: str | None) -> SoftwareSigner:
    data = path.read_bytes()
    try:
        key = load_pem_private_key(data, secret.encode() if secret else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise SetupError(f"{path.name} does not open with this secret") from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SetupError(f"{path.name} is no key of P-256")
    return SoftwareSigner(key.private_numbers().private_value)


def _write(path: Path, data: bytes, mode: int) -> None:
    # Opened with its mode, so that a private key is never readable by others, not for a moment.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
