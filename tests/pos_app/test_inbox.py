"""The inbox keeps order, is bounded, and never has its own taker wait for itself."""

from __future__ import annotations

from queue import Full
from threading import Thread

import pytest

from pos_app import inbox
from pos_app.inbox import Inbox
from pos_app.till.events import Event, Pressed, SyncStarted
from pos_app.till.presses import Press


def test_events_come_out_in_the_order_in_which_they_came() -> None:
    box = Inbox()
    events: list[Event] = [Pressed(Press.DIGIT_1), SyncStarted(), Pressed(Press.PAY)]
    for event in events:
        box.post(event)
    assert [box.take(1) for _ in events] == events
    assert box.take(0) is None


def test_a_full_inbox_drops_touches_and_turns_workers_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "FULL_TIMEOUT_S", 0.01)
    box = Inbox(events_max=1)
    assert box.offer(SyncStarted())
    assert not box.offer(SyncStarted())
    with pytest.raises(Full):
        box.post(SyncStarted())


def test_the_taker_posts_to_itself_even_when_there_is_no_room() -> None:
    box = Inbox(events_max=1)
    box.take(0)
    poster = Thread(target=lambda: box.post(SyncStarted()))
    poster.start()
    poster.join()
    box.post(Pressed(Press.PAY))
    assert [box.take(1), box.take(1)] == [Pressed(Press.PAY), SyncStarted()]
