"""SIGKILL all along a refund, a void and a close of day: done once or not at all, never twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Final

import pytest

from kscoin.entries import Close, EntryKind
from offline_queue.errors import NotGivenBack
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop
from tests.offline_queue.test_process_deaths import FINISHED, shown_before_death

DONE: Final = b"done"
# Opening and one commit are some hundred calls; each is much like its neighbours.
STRIDE: Final = 17

Act = Callable[[Desk, bytes], object]


def _refund(desk: Desk, request_hash: bytes) -> object:
    return desk.refunds.refund(request_hash, 1_000, "why")


def _void(desk: Desk, request_hash: bytes) -> object:
    return desk.refunds.void(request_hash, "why")


def _close(desk: Desk, _request_hash: bytes) -> object:
    return desk.days.close_day(1)


@pytest.mark.parametrize(
    ("act", "kind"),
    [(_refund, EntryKind.REFUND), (_void, EntryKind.VOID), (_close, EntryKind.CLOSE)],
)
def test_it_is_done_once_or_not_at_all(
    shop: Shop, copies: Callable[[Shop], Shop], act: Act, kind: EntryKind
) -> None:
    desk = open_desk(shop)
    request_hash = desk.sell(Purse(), 1_000).request_hash
    desk.close()
    seen = set()
    for at_call in count(1, STRIDE):
        copy = copies(shop)
        told = shown_before_death(_work(copy, act, request_hash), at_call)
        desk = open_desk(copy)
        before = desk.kinds().count(kind)
        # Whoever was cut off asks again: that must not do it a second time.
        with suppress(NotGivenBack):
            act(desk, request_hash)

        assert before == 1 or DONE not in told
        assert desk.kinds().count(kind) == 1
        assert [Close.decode(body).number for body in desk.bodies(EntryKind.CLOSE)] in ([], [1])
        desk.close()
        seen.add((before, DONE in told))
        if FINISHED in told:
            break

    assert {(0, False), (1, True)} <= seen


def _work(shop: Shop, act: Act, request_hash: bytes) -> Callable[[Callable[[bytes], None]], None]:
    def work(tell: Callable[[bytes], None]) -> None:
        act(open_desk(shop), request_hash)
        tell(DONE)

    return work
