"""What this machine is called in a ledger's list of terminals. Knows no terminal."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

# Where Linux says what the machine is: a Raspberry Pi's device tree, a PC's firmware.
_MODEL_FILES: Final = ("proc/device-tree/model", "sys/class/dmi/id/product_name")
# What an EnrolmentRequest takes (KSP/1 section 4, hardware).
_MAX_BYTES: Final = 128


def hardware(name: str = "", root: Path = Path("/")) -> str:
    """Return for example "Counter 2, Raspberry Pi 5 Model B Rev 1.0, aarch64".

    `name` is what people call the terminal; `root` is where the system's files are.
    """
    parts = (name, _model(root), platform.machine())
    return _within(_MAX_BYTES, ", ".join(filter(None, map(_printable, parts))))


def _model(root: Path) -> str:
    return next(_readable(root / each for each in _MODEL_FILES), "")


def _readable(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            yield file.read_text(errors="replace")
        except OSError:
            continue


def _printable(text: str) -> str:
    # A device tree's strings end with a zero byte.
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _within(max_bytes: int, text: str) -> str:
    return text.encode()[:max_bytes].decode(errors="ignore")
