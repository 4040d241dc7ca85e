"""How much is sent or read at once, and how long it may take. Knows no line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# A printer takes 4 kB in 50 ms, and may stand still for a cut; in this time it does not read.
WRITE_TIMEOUT_S: Final = 5.0
# What is sent in one go: at 9,600 baud it takes a second, well within the time for a write.
CHUNK_BYTES: Final = 1_024
# Status bytes come one or four at a time; a packet of USB 2.0 at full speed is 64.
READ_BYTES: Final = 64


def chunks(data: bytes) -> Iterator[bytes]:
    """Yield what is to be sent, a piece at a time."""
    return (data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))
