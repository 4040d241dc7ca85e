"""One look for all who wait, no look while nobody does, and a look that fails is not the last."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import cast

import pytest
from sqlalchemy import event

from kscoin import cose
from ledger.api import lookout
from ledger.api.bell import PaidBell
from ledger.api.lookout import Lookout
from ledger.errors import StoreBusy
from ledger.service import Ledger
from tests.ledger.world import Mould, World

SOON_S = 30.0
TERMINAL = b"term-001"


@dataclass
class Elsewhere:
    """A ledger whose payments are taken by another process; `online` is itself."""

    paid: set[bytes] = field(default_factory=set)
    looks: list[Sequence[tuple[bytes, bytes]]] = field(default_factory=list)
    failures: int = 0

    @property
    def online(self) -> Elsewhere:
        return self

    def paid_among(self, awaited: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
        self.looks.append(awaited)
        if self.failures:
            self.failures -= 1
            raise StoreBusy("too busy")
        return tuple(each for _, each in awaited if each in self.paid)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(lookout, "_REST", 0)


def test_one_look_is_for_everybody() -> None:
    elsewhere, bell = Elsewhere(), PaidBell()
    watching = Lookout(cast(Ledger, elsewhere), bell)
    requests = [bytes([n]) * 32 for n in range(20)]

    async def wait() -> None:
        with ExitStack() as stack:
            waiters = [stack.enter_context(bell.listening(TERMINAL, each)) for each in requests]
            for _ in waiters:
                watching.watch()
            elsewhere.paid = set(requests)
            await asyncio.gather(*(waiter.wait(SOON_S) for waiter in waiters))
        assert len(elsewhere.looks[0]) == len(requests)

    asyncio.run(asyncio.wait_for(wait(), SOON_S))
    assert len(elsewhere.looks) < len(requests)


def test_nobody_looks_when_nobody_waits() -> None:
    elsewhere, bell = Elsewhere(), PaidBell()
    watching = Lookout(cast(Ledger, elsewhere), bell)

    async def wait() -> int:
        with bell.listening(TERMINAL, bytes(32)):
            watching.watch()
        assert watching._looking is not None
        await watching._looking
        looks = len(elsewhere.looks)
        with bell.listening(TERMINAL, bytes(32)) as waiter:
            watching.watch()
            elsewhere.paid = {bytes(32)}
            await waiter.wait(SOON_S)
        await watching._looking
        return looks

    assert asyncio.run(asyncio.wait_for(wait(), SOON_S)) == 0
    assert elsewhere.looks


def test_a_look_that_fails_is_followed_by_another() -> None:
    elsewhere, bell = Elsewhere(paid={bytes(32)}, failures=3), PaidBell()
    watching = Lookout(cast(Ledger, elsewhere), bell)

    async def wait() -> None:
        with bell.listening(TERMINAL, bytes(32)) as waiter:
            watching.watch()
            await waiter.wait(SOON_S)

    asyncio.run(asyncio.wait_for(wait(), SOON_S))
    assert len(elsewhere.looks) >= 4


def test_only_receipts_are_found(world: World) -> None:
    shop, card, wallet = world.shop(), world.card(10_000), world.wallet(10_000)
    online, unpaid = shop.request(1_000), shop.request(2_000)
    world.ledger.online.pay(wallet.pays(online))
    shop.take(card, 3_000)
    shop.sync(world.ledger)
    offline = cose.parse(shop.last_payment().request).id
    awaited = [(shop.terminal_id, each) for each in (online.id, unpaid.id, offline)]
    assert world.ledger.online.paid_among(awaited) == (online.id,)
    assert world.ledger.online.paid_among([(b"stranger", online.id)]) == ()
    assert world.ledger.online.paid_among([]) == ()


def test_a_look_reads_the_primary_key_and_no_more(mould: Mould) -> None:
    # SQLite itself is asked for its plan.
    sqlite_world = mould.cast()
    asked: list[tuple[str, object]] = []
    engine = sqlite_world.ledger.office.store.engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, words, values, _ctx, _many: asked.append((words, values)),
    )
    many = [(TERMINAL, n.to_bytes(32, "big")) for n in range(1_500)]
    assert sqlite_world.ledger.online.paid_among(many) == ()
    queries = [each for each in asked if "JOIN payments" in each[0]]
    assert len(queries) == 2
    with engine.connect() as connection:
        words, values = queries[0]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values).all()  # type: ignore[arg-type]
    steps = [row[-1] for row in plan]
    assert any("PRIMARY KEY (terminal_id=? AND request_hash=?)" in step for step in steps), steps
    assert not any(step == "SCAN payments" for step in steps), steps
    sqlite_world.ledger.close()
