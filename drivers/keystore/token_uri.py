"""The name of a key on a PKCS#11 token, as a URI (RFC 7512). Pure: opens no token.

pkcs11:token=ks-terminal;object=terminal-7Q2F9KXM?module-path=/usr/lib/softhsm/libsofthsm2.so
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self
from urllib.parse import quote, unquote

from drivers.errors import NoTokenUri

SCHEME: Final = "pkcs11:"
# RFC 7512 section 2.3: what may stand in a path attribute's value beside letters and digits.
_SAFE_IN_PATH: Final = "-._~:[]@!$'()*+,=&"
_SAFE_IN_QUERY: Final = "-._~:[]@!$'()*+,=/?|"
_PATH_ATTRIBUTES: Final = frozenset({"token", "serial", "object", "type"})
_QUERY_ATTRIBUTES: Final = frozenset({"module-path"})


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Which module, which token (by label, serial number or both) and, if it says so, which key."""

    module_path: str
    token: str | None = None
    serial: str | None = None
    object: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a URI names; raises NoTokenUri.

        An attribute that we do not know is refused and not ignored: it would have named less.
        """
        if not text.startswith(SCHEME):
            raise NoTokenUri("token", "a PKCS#11 URI begins with pkcs11:")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        named = _attributes(path, ";", _PATH_ATTRIBUTES)
        asked = _attributes(query, "&", _QUERY_ATTRIBUTES)
        if named.get("type", "private") != "private":
            raise NoTokenUri("token", "a terminal's key is a private key")
        if not named.get("token") and not named.get("serial"):
            raise NoTokenUri(
                "token", "the URI names no token: token=LABEL or serial=NUMBER is missing"
            )
        if not asked.get("module-path"):
            raise NoTokenUri("token", "the URI names no module: ?module-path=FILE is missing")
        return cls(
            asked["module-path"], named.get("token"), named.get("serial"), named.get("object")
        )

    def of_key(self, label: str) -> Self:
        """Return the URI of the key with this label on the same token."""
        return replace(self, object=label)

    def __str__(self) -> str:
        named = {"token": self.token, "serial": self.serial, "object": self.object}
        path = ";".join(f"{n}={quote(v, _SAFE_IN_PATH)}" for n, v in named.items() if v)
        return f"{SCHEME}{path}?module-path={quote(self.module_path, _SAFE_IN_QUERY)}"


def _attributes(text: str, between: str, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(between)):
        name, is_pair, value = part.partition("=")
        if not is_pair or name not in known or name in found:
            raise NoTokenUri("token", f"{part!r} is not understood in a PKCS#11 URI")
        try:
            found[name] = unquote(value, errors="strict")
        except UnicodeDecodeError as exc:
            raise NoTokenUri("token", f"{part!r} is not UTF-8") from exc
    return found
