"""Bodies as they come: how much of one is heard and kept, and of all of them together."""

from __future__ import annotations

from typing import Final

from fastapi import Response

from ledger.api.answers import refused, try_later
from ledger.api.bodies import BODY_BYTES_MAX, cap_of

# A client that sends a little too much is heard out, unkept, so that it can read the answer: a
# connection that is closed while it still sends resets, and the answer is lost.
DISCARD_BYTES: Final = 4 * 1_048_576
# What is kept of long bodies at once, of all clients together: after an outage every terminal of a
# district sends one. Whoever finds no room is told to send it again later.
LONG_BODIES_BYTES_MAX: Final = 64 * 1_048_576


class Room:
    """How many bytes of long bodies may still be kept. On the event loop only."""

    def __init__(self, left_bytes: int) -> None:
        self._left_bytes = left_bytes

    def body(self, path: str) -> Body:
        """Return the body, still to come, of a request for a path; a short one needs no room."""
        cap_bytes = cap_of(path)
        return Body(cap_bytes, self if cap_bytes > BODY_BYTES_MAX else None)

    def take(self, count: int) -> bool:
        """Return whether there was room for so many bytes, which are kept from now on."""
        if count > self._left_bytes:
            return False
        self._left_bytes -= count
        return True

    def give_back(self, count: int) -> None:
        """Keep so many bytes no longer."""
        self._left_bytes += count


class Body:
    """The body of one request as it comes: kept up to its cap, and while there is room for it."""

    def __init__(self, cap_bytes: int, room: Room | None) -> None:
        self._cap_bytes = cap_bytes
        self._room = room
        self._kept = bytearray()
        self._taken_bytes = 0
        self._has_room = True
        self.size_bytes = 0

    def add(self, chunk: bytes) -> None:
        """Take one more piece."""
        self.size_bytes += len(chunk)
        if self._room is not None and self._has_room:
            self._has_room = self._room.take(len(chunk))
        if self._has_room:
            self._taken_bytes += len(chunk)
            self._kept += chunk
        if not self._has_room or self.size_bytes > self._cap_bytes:
            self.forget()

    def forget(self) -> None:
        """Keep nothing of it any more."""
        if self._room is not None:
            self._room.give_back(self._taken_bytes)
        self._taken_bytes = 0
        self._kept.clear()

    def is_endless(self, announced_bytes: int) -> bool:
        """Whether it is, or says that it will be, longer than anybody is heard out."""
        return max(announced_bytes, self.size_bytes) > self._cap_bytes + DISCARD_BYTES

    def too_large(self, *, is_closing: bool = False) -> Response:
        """Return the refusal of a body over its cap."""
        refusal = f"at most {self._cap_bytes} bytes are taken here"
        return refused(413, "too_large", refusal, is_closing=is_closing)

    def whole(self) -> bytes | Response:
        """Return all of it, or why it is not taken; its room is its own until it is forgotten."""
        if self.size_bytes > self._cap_bytes:
            return self.too_large()
        if not self._has_room:
            return try_later("busy", "the ledger has its hands full; try again")
        whole = bytes(self._kept)
        self._kept.clear()
        return whole
