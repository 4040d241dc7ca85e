"""The runtime: events are stepped, effects performed, new views published, mistakes shown."""

from __future__ import annotations

from threading import Event as Flag

import pytest

from pos_app.inbox import Inbox
from pos_app.runtime import Runtime
from pos_app.till.effects import Effect, OpenRequest
from pos_app.till.events import Pressed, QueueReady
from pos_app.till.presses import Press
from pos_app.till.show import Face
from pos_app.till.states import Selling, Till
from pos_app.till.views import FaultView, PayView, SellView, View
from tests.pos_app.ports import StillClock

FACE = Face("shop", 0)


def runtime(inbox: Inbox | None = None) -> Runtime:
    return Runtime(inbox or Inbox(), StillClock(), FACE, Till(Selling()))


def test_effects_are_performed_in_order_and_the_new_view_is_published() -> None:
    performed: list[Effect] = []
    views: list[View] = []
    running = runtime()
    running.watch(views.append)
    for press in (Press.DIGIT_5, Press.DIGITS_00, Press.PAY):
        running.handle(Pressed(press), performed.append)
    assert performed == [OpenRequest(500)]
    assert [type(view) for view in views] == [SellView, SellView, SellView, PayView]


def test_a_view_that_has_not_changed_is_not_published_again() -> None:
    views: list[View] = []
    running = runtime()
    running.watch(views.append)
    running.handle(Pressed(Press.CLEAR), lambda _: None)
    assert len(views) == 1


def test_a_mistake_becomes_a_fault_screen_and_the_till_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    views: list[View] = []
    running = runtime()
    running.watch(views.append)

    def fails(effect: Effect) -> None:
        raise RuntimeError(f"cannot {effect}")

    running.handle(Pressed(Press.DIGIT_5), fails)
    running.handle(Pressed(Press.PAY), fails)
    assert isinstance(views[-1], FaultView)
    assert "could not take Pressed" in caplog.text
    running.handle(Pressed(Press.LANGUAGE), fails)
    assert isinstance(views[-1], FaultView)
    assert views[-1] != views[-2]


def test_its_thread_takes_events_until_it_is_stopped() -> None:
    inbox = Inbox()
    running = Runtime(inbox, StillClock(), FACE, Till())
    sells = Flag()
    running.watch(lambda view: sells.set() if isinstance(view, SellView) else None)
    running.start(lambda _: None)
    inbox.post(QueueReady())
    assert sells.wait(20)
    running.stop()


def test_a_touch_that_finds_no_room_is_dropped_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = runtime(Inbox(events_max=1))
    running.press(Press.DIGIT_1)
    running.press(Press.DIGIT_2)
    assert "a touch of 2 was dropped" in caplog.text
