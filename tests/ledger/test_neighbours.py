"""A payment that one process has booked wakes whoever waits for it in another, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.api.bell import PaidBell
from ledger.neighbours import Neighbours

REQUEST = bytes(range(32))
# Nobody looks by themselves here: without a wake the whole of it is waited for.
WAIT_S = 20.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Neighbours, Neighbours]]:
    one, other = (Neighbours(tmp_path, f"bell-{number}") for number in range(2))
    yield one, other
    one.close()
    other.close()


def test_who_waits_in_another_process_is_woken(pair: tuple[Neighbours, Neighbours]) -> None:
    one, other = pair
    paying, waiting = PaidBell(one.tell), PaidBell(other.tell)

    async def wait() -> float:
        loop = asyncio.get_running_loop()
        loop.add_reader(other, lambda: other.hear(waiting.ring_here))
        with waiting.listening(bytes(8), REQUEST) as waiter:
            started_s = loop.time()
            paying.ring(REQUEST)
            await waiter.wait(WAIT_S)
            loop.remove_reader(other)
            return loop.time() - started_s

    assert asyncio.run(wait()) < WAIT_S


def test_word_goes_to_the_others_only_and_says_one_thing(
    pair: tuple[Neighbours, Neighbours],
) -> None:
    one, other = pair
    heard: list[bytes] = []
    one.tell(REQUEST)
    one.tell(b"short")
    one.hear(heard.append)
    assert heard == []
    other.hear(heard.append)
    assert heard == [REQUEST]


def test_one_that_is_gone_or_full_keeps_nobody_waiting(tmp_path: Path) -> None:
    one, deaf = Neighbours(tmp_path, "bell-1"), Neighbours(tmp_path, "bell-2")
    for _ in range(10_000):
        one.tell(REQUEST)
    deaf.close()
    one.tell(REQUEST)
    one.close()
    assert list(tmp_path.iterdir()) == []
