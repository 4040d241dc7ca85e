"""The authorities' keys on disk: private to their owner, encrypted where there is a secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kscoin.messages import Purpose
from ledger.errors import SetupError
from ledger.key_files import new_authorities, read_authorities, write_authorities

NETWORK = "seoul-test"


def written(directory: Path, secret: str | None = None) -> dict[Purpose, bytes]:
    authorities, roots = new_authorities(NETWORK)
    write_authorities(directory, authorities, roots, secret)
    return {purpose: key.public_key.compressed for purpose, key in authorities.signers.items()}


@pytest.mark.parametrize("secret", [None, "한강의 밤"])
def test_keys_come_back_as_they_went(tmp_path: Path, secret: str | None) -> None:
    keys = written(tmp_path, secret)
    found = read_authorities(tmp_path, secret)
    assert found.network == NETWORK
    assert {p: key.public_key.compressed for p, key in found.signers.items()} == keys
    assert len(found.roots) == 2


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    written(tmp_path)
    files = [*tmp_path.glob("keys/*.pem"), *tmp_path.glob("roots/*.pem")]
    assert len(files) == 2 + len(Purpose)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    directories = [tmp_path / "keys", tmp_path / "roots"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in directories} == {0o700}


def test_with_a_secret_nothing_opens_without_it(tmp_path: Path) -> None:
    written(tmp_path, "secret")
    assert b"ENCRYPTED" in (tmp_path / "keys" / "purse.pem").read_bytes()
    for secret in (None, "another"):
        with pytest.raises(SetupError):
            read_authorities(tmp_path, secret)


def test_keys_are_never_written_over(tmp_path: Path) -> None:
    keys = written(tmp_path)
    with pytest.raises(SetupError):
        written(tmp_path)
    found = read_authorities(tmp_path, None).signers
    assert {purpose: key.public_key.compressed for purpose, key in found.items()} == keys


@pytest.mark.parametrize("left", ["keys", "roots", "roots.txt", "network"])
def test_what_is_left_of_keys_is_not_mixed_with_new_ones(tmp_path: Path, left: str) -> None:
    (tmp_path / left).mkdir()
    with pytest.raises(SetupError):
        written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [left]


def test_a_set_up_that_was_cut_short_is_not_taken_for_a_ledger(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "network").unlink()
    with pytest.raises(SetupError):
        read_authorities(tmp_path, None)


@pytest.mark.parametrize("damage", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_said_to_be(tmp_path: Path, damage: bytes) -> None:
    written(tmp_path)
    (tmp_path / "keys" / "policy.pem").write_bytes(damage)
    with pytest.raises(SetupError, match=r"policy\.pem"):
        read_authorities(tmp_path, None)


@pytest.mark.parametrize("damage", ["zz", "02" + "ff" * 32])
def test_a_damaged_root_is_said_to_be(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    (tmp_path / "roots.txt").write_text(damage)
    with pytest.raises(SetupError):
        read_authorities(tmp_path, None)


def test_the_roots_do_not_need_to_be_there(tmp_path: Path) -> None:
    written(tmp_path)
    for file in (tmp_path / "roots").iterdir():
        file.unlink()
    (tmp_path / "roots").rmdir()
    assert read_authorities(tmp_path, None).network == NETWORK
