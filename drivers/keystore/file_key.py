"""The terminal's key in a file, encrypted at rest. Knows no terminal and asks for no pass phrase.

The file is a CBOR array of magic, salt, nonce, public key and sealed private key, and then the
SHA-256 of the array. The check sum tells a damaged file from a wrong pass phrase; what protects
the key is AES-256-GCM (SP 800-38D) under scrypt (RFC 7914), bound to the public key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from drivers.errors import KeyDamaged, WrongPassPhrase
from drivers.keystore.private_file import read_private, write_new
from kscoin import codec
from kscoin.errors import EncodingError
from kscoin.keys import PublicKey, SoftwareSigner

# Names the format and with it the cost below: a file says nothing that makes reading it expensive.
_MAGIC: Final = "KSP1 key file 1"
# scrypt takes 128 * r * n = 32 MiB of memory: a tenth of a second on a PC and under half of one on
# a Raspberry Pi 4, at every start of the till and for every guess.
_SCRYPT_N: Final = 2**15
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
# RFC 7914 section 2 leaves the salt's length open; SP 800-132 asks for 16 bytes.
_SALT_BYTES: Final = 16
# The nonce of SP 800-38D section 8.2; a fresh salt makes each key seal one message only.
_NONCE_BYTES: Final = 12
_AES_256_BYTES: Final = 32
_SCALAR_BYTES: Final = 32
_CHECK_BYTES: Final = 32


class FileKey:
    """A `kscoin.keys.Signer` whose private key is in a file while it is not in memory."""

    __slots__ = ("_signer",)

    def __init__(self, signer: SoftwareSigner) -> None:
        self._signer = signer

    @classmethod
    def create(cls, path: Path, pass_phrase: str) -> Self:
        """Make a new key and write it to `path`, which must not exist.

        Raises KeyExists, or KeyStoreError if the file cannot be written.
        """
        write_new(path, _seal(SoftwareSigner.generate(), pass_phrase))
        # Read back what is on the disk, before anyone certifies the key.
        return cls.open(path, pass_phrase)

    @classmethod
    def open(cls, path: Path, pass_phrase: str) -> Self:
        """Return the key in `path`.

        Raises KeyNotFound, KeyExposed, KeyDamaged, WrongPassPhrase, or KeyStoreError if the file
        cannot be read.
        """
        return cls(_SealedKey.decode(path, read_private(path)).unseal(path, pass_phrase))

    @property
    def public_key(self) -> PublicKey:
        return self._signer.public_key

    def sign(self, data: bytes) -> bytes:
        """Return the low-S ES256 signature over `data` as r || s, 64 bytes."""
        return self._signer.sign(data)

    def __repr__(self) -> str:
        return f"FileKey(kid={self.public_key.kid.hex()})"


@dataclass(frozen=True, slots=True)
class _SealedKey:
    salt: bytes
    nonce: bytes
    public_key: bytes
    sealed: bytes

    def encode(self) -> bytes:
        parts = codec.encode([_MAGIC, self.salt, self.nonce, self.public_key, self.sealed])
        return parts + hashlib.sha256(parts).digest()

    @classmethod
    def decode(cls, path: Path, data: bytes) -> _SealedKey:
        """Return the parts of an undamaged file; raises KeyDamaged."""
        parts, check = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
        if hashlib.sha256(parts).digest() != check:
            raise KeyDamaged(str(path), "the key file is damaged")
        try:
            fields = codec.decode(parts)
        except EncodingError as exc:
            raise KeyDamaged(str(path), "not a key file") from exc
        match fields:
            case [str(magic), bytes(salt), bytes(nonce), bytes(public), bytes(sealed)] if (
                magic == _MAGIC and len(nonce) == _NONCE_BYTES
            ):
                return cls(salt, nonce, public, sealed)
            case _:
                raise KeyDamaged(str(path), "a key file of another kind")

    def unseal(self, path: Path, pass_phrase: str) -> SoftwareSigner:
        cipher = AESGCM(_stretched(pass_phrase, self.salt))
        try:
            scalar = cipher.decrypt(self.nonce, self.sealed, self.public_key)
        except InvalidTag as exc:
            raise WrongPassPhrase(str(path), "the pass phrase is wrong") from exc
        return SoftwareSigner(int.from_bytes(scalar, "big"))


def _seal(signer: SoftwareSigner, pass_phrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    public = signer.public_key.compressed
    scalar = signer.scalar.to_bytes(_SCALAR_BYTES, "big")
    sealed = AESGCM(_stretched(pass_phrase, salt)).encrypt(nonce, scalar, public)
    return _SealedKey(salt, nonce, public, sealed).encode()


def _stretched(pass_phrase: str, salt: bytes) -> bytes:
    scrypt = Scrypt(salt=salt, length=_AES_256_BYTES, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return scrypt.derive(pass_phrase.encode())
