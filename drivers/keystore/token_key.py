"""The terminal's key on a PKCS#11 token: a TPM, an HSM, a secure element; made there, kept there.

The only file that knows python-pkcs11. The key file holds no key but its name (`token_uri`). Its
signatures are CKM_ECDSA over a SHA-256 made here, which every token of ours has: SoftHSM 2.6 and
many TPMs do not hash by themselves.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self, cast

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as foreign
from pkcs11.types import SignMixin
from pkcs11.util.ec import encode_named_curve_parameters

from drivers.errors import (
    KeyDamaged,
    KeyExposed,
    KeyNotFound,
    KeyStoreError,
    NoTokenUri,
    TokenLocked,
    TokenUnavailable,
    WrongPassPhrase,
)
from drivers.keystore.private_file import read_private, write_new
from drivers.keystore.token_uri import TokenUri
from kscoin.codes import base32
from kscoin.errors import Malformed
from kscoin.keys import SIGNATURE_BYTES, PublicKey, low_s

# 40 random bits tell apart the few keys that a token ever holds.
_LABEL_BYTES: Final = 5
_LABEL: Final = "terminal-"
_P256: Final = encode_named_curve_parameters("secp256r1")
# An uncompressed point of P-256 (SEC 1 section 2.3.3), bare or as a DER OCTET STRING.
_POINT_BYTES: Final = 65
_DER_HEAD: Final = bytes((0x04, _POINT_BYTES))
_UNCOMPRESSED: Final = 4
_COORDINATE_BYTES: Final = 32
# PKCS#11 section 5.6: what a token that was unplugged, reset or taken over answers.
_SESSION_LOST: Final = (
    foreign.SessionHandleInvalid,
    foreign.SessionClosed,
    foreign.DeviceRemoved,
    foreign.DeviceError,
    foreign.TokenNotPresent,
    foreign.ObjectHandleInvalid,
    foreign.KeyHandleInvalid,
    foreign.UserNotLoggedIn,
)


class TokenKey:
    """A `kscoin.keys.Signer` whose private key never leaves its token."""

    def __init__(self, uri: TokenUri, pin: str) -> None:
        """Open the key; use `create` or `open`."""
        self._uri = uri
        self._pin = pin
        self._lock = threading.Lock()
        self._session = _opened(uri, pin)
        self._private, self._public_key = _found(self._session, uri)

    @classmethod
    def create(cls, path: Path, uri: TokenUri, pin: str) -> Self:
        """Make a key on the token that `uri` names and write its name to `path`, a new file.

        Raises KeyExists, TokenUnavailable, TokenLocked, WrongPassPhrase or KeyStoreError.
        """
        named = uri.of_key(_LABEL + base32(secrets.token_bytes(_LABEL_BYTES)))
        # The name first: a key that was made and is named nowhere would never be found again.
        write_new(path, f"{named}\n".encode())
        with _translated(named), _session(named, pin) as session:
            _generate(session, str(named.object))
        return cls.open(path, pin)

    @classmethod
    def open(cls, path: Path, pin: str) -> Self:
        """Return the key that the file at `path` names.

        Raises KeyNotFound, KeyExposed, KeyDamaged, TokenUnavailable, TokenLocked, WrongPassPhrase
        or KeyStoreError.
        """
        try:
            uri = TokenUri.parse(read_private(path).decode().strip())
        except (NoTokenUri, UnicodeDecodeError) as exc:
            raise KeyDamaged(str(path), f"the key file names no key: {exc}") from exc
        if uri.object is None:
            raise KeyDamaged(str(path), "the key file names a token and no key on it")
        return cls(uri, pin)

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return the low-S ES256 signature over `data` as r || s, 64 bytes.

        A token that went away and is back is opened again. Raises TokenUnavailable, TokenLocked,
        WrongPassPhrase, KeyNotFound or KeyStoreError.
        """
        digest = hashlib.sha256(data).digest()
        with self._lock, _translated(self._uri):
            try:
                return self._signed(digest)
            except _SESSION_LOST:
                self._open_again()
                return self._signed(digest)

    def close(self) -> None:
        """End the session with the token."""
        with suppress(foreign.PKCS11Error):
            self._session.close()

    def __repr__(self) -> str:
        return f"TokenKey(kid={self._public_key.kid.hex()})"

    def _signed(self, digest: bytes) -> bytes:
        signature: bytes = self._private.sign(digest, mechanism=Mechanism.ECDSA)
        if len(signature) != SIGNATURE_BYTES:
            raise KeyStoreError(str(self._uri.token), "the token's signature has another length")
        return low_s(signature)

    def _open_again(self) -> None:
        self.close()
        self._session = _opened(self._uri, self._pin)
        self._private, public_key = _found(self._session, self._uri)
        if public_key != self._public_key:
            raise KeyNotFound(str(self._uri.token), "another token with another key is there now")


def _opened(uri: TokenUri, pin: str) -> pkcs11.Session:
    with _translated(uri):
        return _log_in(_token(uri), pin)


@contextmanager
def _session(uri: TokenUri, pin: str) -> Iterator[pkcs11.Session]:
    session = _log_in(_token(uri), pin)
    try:
        yield session
    finally:
        session.close()


def _token(uri: TokenUri) -> pkcs11.Token:
    try:
        module = pkcs11.lib(uri.module_path)
    except (RuntimeError, OSError) as exc:
        raise TokenUnavailable(uri.module_path, "the PKCS#11 module cannot be loaded") from exc
    serial = None if uri.serial is None else uri.serial.encode()
    try:
        return module.get_token(token_label=uri.token, token_serial=serial)
    except foreign.NoSuchToken:
        # Some modules look for tokens when they are initialised and never again.
        module.reinitialize()
        return module.get_token(token_label=uri.token, token_serial=serial)


def _log_in(token: pkcs11.Token, pin: str) -> pkcs11.Session:
    try:
        return token.open(rw=True, user_pin=pin)
    except foreign.UserAlreadyLoggedIn:
        # A login is the process's, not a session's (PKCS#11 section 5.6).
        return token.open(rw=True)


def _generate(session: pkcs11.Session, label: str) -> None:
    curve = session.create_domain_parameters(KeyType.EC, {Attribute.EC_PARAMS: _P256}, local=True)
    curve.generate_keypair(
        store=True,
        label=label,
        id=secrets.token_bytes(_LABEL_BYTES),
        private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )


def _found(session: pkcs11.Session, uri: TokenUri) -> tuple[SignMixin, PublicKey]:
    """Return the key and its public half; raises KeyNotFound, KeyExposed or KeyDamaged."""
    device = str(uri.token or uri.serial)
    with _translated(uri):
        private = session.get_key(
            object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC, label=uri.object
        )
        public = session.get_key(
            object_class=ObjectClass.PUBLIC_KEY, key_type=KeyType.EC, label=uri.object
        )
        if not private[Attribute.SENSITIVE] or private[Attribute.EXTRACTABLE]:
            raise KeyExposed(device, "the token would give the private key away")
        try:
            return cast(SignMixin, private), PublicKey(_compressed(public[Attribute.EC_POINT]))
        except Malformed as exc:
            raise KeyDamaged(device, "the token's key is none of P-256") from exc


def _compressed(point: bytes) -> bytes:
    """Return a point as SEC 1 compresses it; raises Malformed."""
    bare = point.removeprefix(_DER_HEAD) if len(point) > _POINT_BYTES else point
    if len(bare) != _POINT_BYTES or bare[0] != _UNCOMPRESSED:
        raise Malformed("the token's point is not an uncompressed one of P-256")
    return bytes((2 + bare[-1] % 2,)) + bare[1 : 1 + _COORDINATE_BYTES]


_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], type[KeyStoreError], str], ...]] = (
    (
        (foreign.PinIncorrect, foreign.PinInvalid, foreign.PinLenRange, foreign.ArgumentsBad),
        WrongPassPhrase,
        "the PIN is wrong",
    ),
    (
        (foreign.PinLocked, foreign.PinExpired, foreign.UserPinNotInitialized),
        TokenLocked,
        "the token's PIN is locked",
    ),
    ((foreign.NoSuchKey,), KeyNotFound, "the token does not hold the key"),
    (
        (foreign.NoSuchToken, foreign.TokenNotRecognised, foreign.SlotIDInvalid, *_SESSION_LOST),
        TokenUnavailable,
        "the token is not there",
    ),
)


@contextmanager
def _translated(uri: TokenUri) -> Iterator[None]:
    device = str(uri.token or uri.serial)
    try:
        yield
    except foreign.PKCS11Error as exc:
        for kinds, ours, message in _MEANINGS:
            if isinstance(exc, kinds):
                raise ours(device, message) from exc
        raise KeyStoreError(device, f"the token answered {type(exc).__name__}") from exc
