"""Writes the golden vectors beside it, always the same: `python -m tests.vectors.make`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.kscoin.parties import key
from tests.vectors.cases_codec import codec_vectors
from tests.vectors.cases_journal import journal_vectors
from tests.vectors.cases_lists import denylist_vectors
from tests.vectors.cases_messages import message_vectors
from tests.vectors.cases_qr import qr_vectors
from tests.vectors.cases_signed import signed_vectors
from tests.vectors.cases_slips import slip_vectors
from tests.vectors.cases_spending import spending_vectors
from tests.vectors.cases_trust import trust_vectors

HERE: Final = Path(__file__).parent
_NAMES: Final = (
    "root",
    "second root",
    "third root",
    "purse authority",
    "terminal authority",
    "receipt authority",
    "policy authority",
    "terminal",
    "card",
    "phone",
    "wallet",
    "stranger",
)


def key_vectors() -> dict[str, object]:
    """Return the keys that all other files sign with."""
    return {
        "about": "Test keys of P-256: 1 + SHA-256('KSP/1 test key: ' name) mod (n - 1).",
        "keys": {
            name: {
                "scalar": f"{key(name).scalar:064x}",
                "public_key": key(name).public_key.compressed.hex(),
                "kid": key(name).public_key.kid.hex(),
            }
            for name in _NAMES
        },
    }


FILES: Final[dict[str, Callable[[], dict[str, object]]]] = {
    "keys.json": key_vectors,
    "codec.json": codec_vectors,
    "signed.json": signed_vectors,
    "messages.json": message_vectors,
    "qr.json": qr_vectors,
    "slips.json": slip_vectors,
    "trust.json": trust_vectors,
    "denylist.json": denylist_vectors,
    "journal.json": journal_vectors,
    "spending.json": spending_vectors,
}


def text(name: str) -> str:
    """Return what the file of that name holds."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    for name in FILES:
        (HERE / name).write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
