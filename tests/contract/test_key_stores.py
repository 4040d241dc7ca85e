"""One contract for every key store: what it signs verifies, and the private key never shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.keystore.opening import create_key, open_key
from drivers.keystore.token_uri import TokenUri
from kscoin.errors import BadSignature
from kscoin.keys import P256_ORDER, Signer, low_s
from tests.stacks.softhsm import PIN

Store = Callable[[], Signer]


@pytest.fixture(scope="module", params=["file", "token"])
def open_store(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_token: Callable[[str], TokenUri],
) -> Callable[[], Signer]:
    """Open the same key again and again."""
    path: Path = tmp_path_factory.mktemp(request.param) / "terminal.key"
    create_key(path, PIN, make_token("contract") if request.param == "token" else None)
    return lambda: open_key(path, PIN)


@pytest.fixture(scope="module")
def signer(open_store: Store) -> Signer:
    return open_store()


@pytest.mark.parametrize("data", [b"", b"a batch", bytes(100_000)])
def test_what_it_signs_verifies(signer: Signer, data: bytes) -> None:
    signer.public_key.verify(signer.sign(data), data)
    with pytest.raises(BadSignature):
        signer.public_key.verify(signer.sign(data), data + b"!")


def test_its_signatures_are_low_s(signer: Signer) -> None:
    for number in range(16):
        signature = signer.sign(bytes([number]))
        assert low_s(signature) == signature
        assert 0 < int.from_bytes(signature[32:], "big") <= P256_ORDER // 2


def test_it_is_the_same_key_each_time_it_is_opened(open_store: Store, signer: Signer) -> None:
    again = open_store()

    assert again.public_key == signer.public_key
    signer.public_key.verify(again.sign(b"data"), b"data")


def test_its_text_names_the_key_and_nothing_more(signer: Signer) -> None:
    assert signer.public_key.kid.hex() in repr(signer)
    assert len(repr(signer)) < 64
