"""Opens a terminal's key wherever it is kept: sealed in its file, or on a token that it names.

Knows neither format: a key file that begins as a URI of PKCS#11 does is the name of a key.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.keystore.file_key import FileKey
from drivers.keystore.private_file import read_private
from drivers.keystore.token_uri import SCHEME, TokenUri
from kscoin.keys import Signer

if TYPE_CHECKING:
    from drivers.keystore.token_key import TokenKey


def open_key(path: Path, pass_phrase: str) -> Signer:
    """Return the key in, or named by, the key file; the pass phrase is a token's PIN.

    Raises a KeyStoreError.
    """
    if read_private(path).startswith(SCHEME.encode()):
        return _token_key().open(path, pass_phrase)
    return FileKey.open(path, pass_phrase)


def create_key(path: Path, pass_phrase: str, token: TokenUri | None = None) -> Signer:
    """Return a new key in a new key file, or on a token with its name in the file.

    Raises a KeyStoreError.
    """
    if token is None:
        return FileKey.create(path, pass_phrase)
    return _token_key().create(path, token, pass_phrase)


def _token_key() -> type[TokenKey]:
    # By name: its library is only there, and only takes time to load, where a token is used.
    found: type[TokenKey] = import_module("drivers.keystore.token_key").TokenKey
    return found
