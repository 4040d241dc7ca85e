"""The URI of a key on a token (RFC 7512): what it names, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import NoTokenUri
from drivers.keystore.token_uri import TokenUri

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=32)


def test_a_uri_names_module_token_and_key() -> None:
    uri = TokenUri.parse(f"pkcs11:token=ks%20terminal;object=terminal-7Q2F?module-path={MODULE}")

    assert uri == TokenUri(MODULE, "ks terminal", None, "terminal-7Q2F")


@given(WORDS, WORDS, WORDS, WORDS)
def test_what_is_written_is_read_again(token: str, serial: str, key: str, module: str) -> None:
    uri = TokenUri(module, token, serial, key)

    assert TokenUri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "terminal.key",
        f"pkcs11:?module-path={MODULE}",
        f"pkcs11:token=?module-path={MODULE}",
        f"pkcs11:object=key?module-path={MODULE}",
        "pkcs11:token=ks",
        "pkcs11:token=ks?module-path=",
        f"pkcs11:token=ks;token=other?module-path={MODULE}",
        f"pkcs11:token=ks;colour=blue?module-path={MODULE}",
        f"pkcs11:token=ks;type=public?module-path={MODULE}",
        f"pkcs11:token=ks?module-path={MODULE}&pin-value=1234",
        f"pkcs11:token?module-path={MODULE}",
        f"pkcs11:token=%ff?module-path={MODULE}",
    ],
)
def test_what_is_no_uri_of_a_key_of_ours(text: str) -> None:
    with pytest.raises(NoTokenUri):
        TokenUri.parse(text)
