"""Long bodies that come at once: what is kept of them is bounded, and short ones get through."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ledger.api.edge import Edge
from ledger.api.intake import DISCARD_BYTES

ROOM_BYTES = 1_000
LONG, SHORT = "/v1/batches", "/v1/payments"


@dataclass
class Client:
    """A client that says one piece of its body after the other, when it is told to."""

    path: str
    pieces: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    heard: list[Message] = field(default_factory=list)

    def says(self, size: int, *, more: bool = False) -> None:
        self.pieces.put_nowait({"type": "http.request", "body": bytes(size), "more_body": more})

    def goes(self) -> None:
        self.pieces.put_nowait({"type": "http.disconnect"})

    async def hears(self, message: Message) -> None:
        self.heard.append(message)

    @property
    def scope(self) -> Scope:
        names = {"raw_path": self.path.encode(), "query_string": b"", "headers": []}
        return {"type": "http", "method": "POST", "path": self.path, **names}

    @property
    def told(self) -> tuple[int, str, bool]:
        """The status, the code in the body, and whether it was told when to come again."""
        start, body = self.heard
        headers = dict(start["headers"])
        return start["status"], json.loads(body["body"])["code"], b"retry-after" in headers


class Ledger:
    """An application behind an edge, which answers when it is let."""

    def __init__(self) -> None:
        self.answering = asyncio.Event()
        self.bodies: list[int] = []
        self.edge = Edge(self._answer, 60.0, lambda: None, lambda _: None, ROOM_BYTES)

    async def _answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self.bodies.append(len((await receive())["body"]))
        await self.answering.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"code": "taken"}'})

    def hears(self, client: Client) -> asyncio.Task[None]:
        visit: Any = self.edge(client.scope, client.pieces.get, client.hears)
        return asyncio.ensure_future(visit)


async def settle() -> None:
    """Let everybody go on until all of them wait."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_who_finds_no_room_is_told_to_come_again_and_finds_it_then() -> None:
    async def crowd() -> None:
        ledger, first, second, third = Ledger(), Client(LONG), Client(LONG), Client(LONG)
        first.says(ROOM_BYTES - 1)
        waiting = ledger.hears(first)
        await settle()
        second.says(1, more=True)
        second.says(1)
        await ledger.hears(second)
        assert second.told == (503, "busy", True)
        ledger.answering.set()
        await waiting
        assert first.told == (200, "taken", False)
        third.says(ROOM_BYTES)
        await ledger.hears(third)
        assert third.told == (200, "taken", False)
        assert ledger.bodies == [ROOM_BYTES - 1, ROOM_BYTES]

    asyncio.run(crowd())


def test_a_short_body_needs_no_room() -> None:
    async def crowd() -> None:
        ledger, batch, payment = Ledger(), Client(LONG), Client(SHORT)
        batch.says(ROOM_BYTES)
        payment.says(700)
        visits = [ledger.hears(batch), ledger.hears(payment)]
        await settle()
        assert sorted(ledger.bodies) == [700, ROOM_BYTES]
        ledger.answering.set()
        await asyncio.gather(*visits)
        assert payment.told == (200, "taken", False)

    asyncio.run(crowd())


@pytest.mark.parametrize("end", ["gone", "too large", "refused"])
def test_whoever_ends_leaves_the_room_as_it_was(end: str) -> None:
    async def crowd() -> None:
        ledger, first, second = Ledger(), Client(LONG), Client(LONG)
        ledger.answering.set()
        first.says(ROOM_BYTES, more=True)
        visit = ledger.hears(first)
        await settle()
        match end:
            case "gone":
                first.goes()
            case "too large":
                first.says(2 * DISCARD_BYTES, more=True)
            case _:
                first.says(1)
        await visit
        second.says(ROOM_BYTES)
        await ledger.hears(second)
        assert second.told == (200, "taken", False)

    asyncio.run(crowd())
