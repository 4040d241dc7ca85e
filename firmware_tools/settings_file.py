"""What enrolment writes into a terminal's settings, and the pass phrase that they name.

`ks-pos run` reads both. Whatever is not set takes the till's own start value.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final

from firmware_tools.errors import PlaceUnusable
from kscoin.codes import base32, grouped
from offline_queue.durable_file import write_durably

# 160 bits: a guess costs an scrypt, and nobody types it.
_PASS_PHRASE_BYTES: Final = 20

_TEXT: Final = """\
# Written by ks-field enrol; read by ks-pos when it starts. Paths are relative to this directory.

ledger_url = {ledger_url}
key_file = {key_file}
pass_phrase_file = {pass_phrase_file}
"""


def text(ledger_url: str, key_file: str, pass_phrase_file: Path) -> str:
    """Return the settings of a new terminal, as TOML."""
    return _TEXT.format(
        ledger_url=_quoted(ledger_url),
        key_file=_quoted(key_file),
        pass_phrase_file=_quoted(str(pass_phrase_file)),
    )


def pass_phrase(directory: Path, file: Path, *, is_pin: bool = False) -> str:
    """Return the pass phrase in `file` (relative to `directory`); a new one if there is none.

    A token's PIN is not ours to make: with `is_pin` it has to be there. Raises PlaceUnusable,
    DiskFull or DiskFailed.
    """
    path = directory / file
    if not path.parent.is_dir():
        raise PlaceUnusable(f"{path.parent} is no directory")
    try:
        found = path.read_text().strip() if path.exists() else ""
    except (OSError, UnicodeDecodeError) as exc:
        raise PlaceUnusable(f"{path} cannot be read as a pass phrase") from exc
    if is_pin and not found:
        raise PlaceUnusable(f"{path} does not hold the token's PIN")
    return found or _new_pass_phrase(path)


def _new_pass_phrase(path: Path) -> str:
    made = grouped(base32(secrets.token_bytes(_PASS_PHRASE_BYTES)))
    write_durably(path, f"{made}\n".encode())
    return made


def _quoted(value: str) -> str:
    # A JSON string without escapes above ASCII is a basic string of TOML.
    return json.dumps(value, ensure_ascii=False)
