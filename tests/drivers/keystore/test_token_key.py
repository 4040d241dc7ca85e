"""A key on a real PKCS#11 token in software: made there, kept there, and every way to miss it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11 import exceptions as foreign
from pkcs11.util.ec import encode_named_curve_parameters

from drivers.errors import (
    KeyDamaged,
    KeyExists,
    KeyExposed,
    KeyNotFound,
    KeyStoreError,
    TokenLocked,
    TokenUnavailable,
    WrongPassPhrase,
)
from drivers.keystore.opening import open_key
from drivers.keystore.token_key import TokenKey
from drivers.keystore.token_uri import TokenUri
from tests.stacks.softhsm import PIN

MakeToken = Callable[[str], TokenUri]


@pytest.fixture
def token(make_token: MakeToken, request: pytest.FixtureRequest) -> TokenUri:
    """A token of the test's own; a label has 32 bytes at most (PKCS#11 section 3.2)."""
    return make_token(request.node.name[-32:])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "terminal.key"


def test_the_private_key_never_leaves_the_token(token: TokenUri, path: Path) -> None:
    key = TokenKey.create(path, token, PIN)

    assert key._private[Attribute.SENSITIVE]
    assert key._private[Attribute.NEVER_EXTRACTABLE]
    assert key._private[Attribute.LOCAL]
    with pytest.raises(foreign.AttributeSensitive):
        key._private[Attribute.VALUE]


def test_the_key_file_names_the_key_and_holds_neither_it_nor_the_pin(
    token: TokenUri, path: Path
) -> None:
    TokenKey.create(path, token, PIN)

    named = TokenUri.parse(path.read_text().strip())
    assert (named.module_path, named.token) == (token.module_path, token.token)
    assert named.object is not None
    assert PIN not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_keys_of_one_token_are_told_apart(token: TokenUri, tmp_path: Path) -> None:
    first = TokenKey.create(tmp_path / "first", token, PIN)
    second = TokenKey.create(tmp_path / "second", token, PIN)

    assert first.public_key != second.public_key
    assert open_key(tmp_path / "first", PIN).public_key == first.public_key


def test_a_name_that_is_there_is_not_written_over(token: TokenUri, path: Path) -> None:
    first = TokenKey.create(path, token, PIN)

    with pytest.raises(KeyExists):
        TokenKey.create(path, token, PIN)
    assert open_key(path, PIN).public_key == first.public_key


def test_a_wrong_pin(token: TokenUri, path: Path) -> None:
    with pytest.raises(WrongPassPhrase):
        TokenKey.create(path, token, "000000")


def test_a_token_that_is_not_there(token: TokenUri, path: Path) -> None:
    absent = TokenUri(token.module_path, token="somebody else's")

    with pytest.raises(TokenUnavailable) as caught:
        TokenKey.create(path, absent, PIN)
    assert caught.value.is_retryable


def test_a_module_that_is_not_there(token: TokenUri, path: Path, tmp_path: Path) -> None:
    nowhere = TokenUri(str(tmp_path / "no-module.so"), token.token)

    with pytest.raises(TokenUnavailable, match="module"):
        TokenKey.create(path, nowhere, PIN)


def test_a_key_that_is_not_on_the_token(token: TokenUri, path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(str(token.of_key("terminal-GONE")))

    with pytest.raises(KeyNotFound):
        open_key(path, PIN)


@pytest.mark.parametrize("text", ["pkcs11:", "pkcs11:token=ks", "pkcs11:\xff"])
def test_a_file_that_names_no_key(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(KeyDamaged):
        open_key(path, PIN)


def test_a_file_that_names_a_token_only(token: TokenUri, path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(str(token))

    with pytest.raises(KeyDamaged, match="no key on it"):
        open_key(path, PIN)


@pytest.mark.parametrize(
    ("curve", "is_extractable", "expected"),
    [("secp256r1", True, KeyExposed), ("secp384r1", False, KeyDamaged)],
)
def test_a_key_that_a_terminal_must_not_have(
    token: TokenUri,
    path: Path,
    curve: str,
    is_extractable: bool,
    expected: type[KeyStoreError],
) -> None:
    session = TokenKey.create(path, token, PIN)._session
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
    )
    parameters.generate_keypair(
        store=True,
        label="foreign",
        private_template={Attribute.EXTRACTABLE: is_extractable, Attribute.SENSITIVE: True},
    )
    path.write_text(str(token.of_key("foreign")))

    with pytest.raises(expected):
        open_key(path, PIN)


def test_a_session_that_was_lost_is_opened_again(token: TokenUri, path: Path) -> None:
    key = TokenKey.create(path, token, PIN)
    # What a token that was unplugged and plugged in again amounts to.
    key._session.close()

    key.public_key.verify(key.sign(b"data"), b"data")


def test_a_token_that_has_lost_the_key_signs_nothing(token: TokenUri, path: Path) -> None:
    key = TokenKey.create(path, token, PIN)
    label = TokenUri.parse(path.read_text().strip()).object
    key._session.get_key(
        object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC, label=label
    ).destroy()

    with pytest.raises(KeyNotFound):
        key.sign(b"data")


class Refusing:
    """A private key whose token answers with one error, always."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def sign(self, digest: bytes, **_: Any) -> bytes:
        raise self._error


EXPECTED: dict[type[Exception], type[KeyStoreError]] = {
    foreign.PinIncorrect: WrongPassPhrase,
    foreign.PinLenRange: WrongPassPhrase,
    foreign.PinLocked: TokenLocked,
    foreign.PinExpired: TokenLocked,
    foreign.NoSuchKey: KeyNotFound,
    foreign.NoSuchToken: TokenUnavailable,
}
ERRORS = [
    error
    for error in vars(foreign).values()
    if isinstance(error, type) and issubclass(error, foreign.PKCS11Error)
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_of_the_library_becomes_one_of_ours(
    token_key: TokenKey, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(token_key, "_private", Refusing(error))
    # A token that is there again and answers the same.
    monkeypatch.setattr(token_key, "_open_again", lambda: None)

    with pytest.raises(KeyStoreError) as caught:
        token_key.sign(b"data")

    assert type(caught.value) is EXPECTED.get(error, type(caught.value))
    assert isinstance(caught.value.__cause__, error)


@pytest.fixture(scope="module")
def token_key(make_token: MakeToken, tmp_path_factory: pytest.TempPathFactory) -> TokenKey:
    path = tmp_path_factory.mktemp("token") / "terminal.key"
    return TokenKey.create(path, make_token("errors"), PIN)


def test_the_library_is_the_real_one(make_token: MakeToken) -> None:
    module = pkcs11.lib(make_token("library").module_path)

    assert "SoftHSM" in module.manufacturer_id or "SoftHSM" in module.library_description
