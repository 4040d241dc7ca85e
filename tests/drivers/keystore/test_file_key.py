"""A key file is opened by its pass phrase, whole, and by us alone; everything else says why not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.errors import (
    KeyDamaged,
    KeyExists,
    KeyExposed,
    KeyNotFound,
    KeyStoreError,
    WrongPassPhrase,
)
from drivers.keystore import file_key, private_file
from drivers.keystore.file_key import FileKey
from kscoin import codec
from kscoin.keys import SoftwareSigner

PASS_PHRASE = "비밀 pass phrase"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # The real cost is measured once, in the contract; here the file is what matters.
    monkeypatch.setattr(file_key, "_SCRYPT_N", 2)
    return tmp_path / "terminal.key"


def test_a_key_is_made_whole_and_private(path: Path) -> None:
    key = FileKey.create(path, PASS_PHRASE)

    assert path.stat().st_mode & 0o777 == 0o600
    assert FileKey.open(path, PASS_PHRASE).public_key == key.public_key
    assert [each.name for each in path.parent.iterdir()] == ["terminal.key"]


def test_a_key_is_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        FileKey.create(path, PASS_PHRASE)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_private_key_is_not_in_the_file(path: Path) -> None:
    key = FileKey.create(path, PASS_PHRASE)

    data = path.read_bytes()
    assert key._signer.scalar.to_bytes(32, "big") not in data
    assert PASS_PHRASE.encode() not in data
    assert key.public_key.compressed in data


def test_two_keys_of_one_pass_phrase_share_nothing(path: Path) -> None:
    FileKey.create(path, PASS_PHRASE)
    FileKey.create(path.with_name("other.key"), PASS_PHRASE)

    assert path.read_bytes()[20:] != path.with_name("other.key").read_bytes()[20:]


def test_a_key_is_never_overwritten(path: Path) -> None:
    FileKey.create(path, PASS_PHRASE)
    before = path.read_bytes()

    with pytest.raises(KeyExists):
        FileKey.create(path, "another")

    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["terminal.key"]


@pytest.mark.parametrize("wrong", ["", "비밀 pass phras", PASS_PHRASE + " "])
def test_a_wrong_pass_phrase(path: Path, wrong: str) -> None:
    FileKey.create(path, PASS_PHRASE)
    with pytest.raises(WrongPassPhrase):
        FileKey.open(path, wrong)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(KeyNotFound):
        FileKey.open(path, PASS_PHRASE)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o601, 0o622, 0o777])
def test_a_file_that_others_may_touch(path: Path, mode: int) -> None:
    FileKey.create(path, PASS_PHRASE)
    path.chmod(mode)
    with pytest.raises(KeyExposed):
        FileKey.open(path, PASS_PHRASE)


def test_a_file_of_somebody_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FileKey.create(path, PASS_PHRASE)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(KeyExposed):
        FileKey.open(path, PASS_PHRASE)


def test_every_byte_that_is_changed_is_seen(path: Path) -> None:
    FileKey.create(path, PASS_PHRASE)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(KeyDamaged):
            FileKey.open(path, PASS_PHRASE)


def test_every_byte_that_is_missing_is_seen(path: Path) -> None:
    FileKey.create(path, PASS_PHRASE)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(KeyDamaged):
            FileKey.open(path, PASS_PHRASE)


def checked(parts: bytes) -> bytes:
    """Parts with the right check sum, as somebody may write who means to."""
    return parts + hashlib.sha256(parts).digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: ["KSP1 key file 2", *fields[1:]],
        lambda fields: fields[:-1],
        lambda fields: [*fields[:2], b"", *fields[3:]],
        lambda fields: "text",
    ],
    ids=["another version", "a field short", "no nonce", "not a list"],
)
def test_a_whole_file_that_is_no_key_file(
    path: Path, change: Callable[[list[codec.Value]], codec.Value]
) -> None:
    FileKey.create(path, PASS_PHRASE)
    fields = codec.decode(path.read_bytes()[:-32])
    assert isinstance(fields, list)
    path.write_bytes(checked(codec.encode(change(fields))))
    with pytest.raises(KeyDamaged):
        FileKey.open(path, PASS_PHRASE)
    path.write_bytes(checked(b"\xff\xff"))
    with pytest.raises(KeyDamaged):
        FileKey.open(path, PASS_PHRASE)


def test_another_public_key_in_the_file_does_not_open(path: Path) -> None:
    FileKey.create(path, PASS_PHRASE)
    fields = codec.decode(path.read_bytes()[:-32])
    assert isinstance(fields, list)
    fields[3] = SoftwareSigner(7).public_key.compressed
    path.write_bytes(checked(codec.encode(fields)))
    with pytest.raises(WrongPassPhrase):
        FileKey.open(path, PASS_PHRASE)


@pytest.mark.parametrize("call", ["open", "write", "fsync", "link"])
def test_a_disk_that_fails_leaves_no_half_key(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    targets: dict[str, tuple[object, str]] = {
        "open": (os, "open"),
        "write": (private_file, "_write"),
        "fsync": (os, "fsync"),
        "link": (Path, "hardlink_to"),
    }
    monkeypatch.setattr(*targets[call], fail)
    with pytest.raises(KeyStoreError, match="No space left"):
        FileKey.create(path, PASS_PHRASE)
    assert list(path.parent.iterdir()) == []


def test_a_directory_in_place_of_a_file(path: Path) -> None:
    path.mkdir()
    with pytest.raises(KeyStoreError):
        FileKey.open(path, PASS_PHRASE)
