"""CBOR diagnostic notation (RFC 8949 section 8), as far as KSP/1 has values for it."""

from __future__ import annotations

import json

from kscoin.codec import Value


def diagnostic(value: Value) -> str:
    """Return the value as RFC 8949 writes it for people."""
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | str():
            return json.dumps(value, ensure_ascii=False)
        case bytes():
            return f"h'{value.hex()}'"
        case list():
            return f"[{', '.join(map(diagnostic, value))}]"
        case dict():
            pairs = (f"{key}: {diagnostic(value[key])}" for key in sorted(value))
            return f"{{{', '.join(pairs)}}}"
