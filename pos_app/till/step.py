"""The whole till: `step(till, event)` returns the till after it and what is to be done. Pure."""

from __future__ import annotations

from typing import assert_never

from pos_app.till.card import card_event
from pos_app.till.desk import office_event
from pos_app.till.events import (
    CardEvent,
    Event,
    EvidenceEvent,
    HealthEvent,
    OfficeEvent,
    Pressed,
    QueueEvent,
    SlipEvent,
    Ticked,
)
from pos_app.till.health import health_event
from pos_app.till.keys import pressed
from pos_app.till.move import Move
from pos_app.till.outcome import evidence_event
from pos_app.till.request import queue_event, ticked
from pos_app.till.slips import slip_event, without_stalled
from pos_app.till.states import Till


def step(till: Till, event: Event) -> Move:
    """Return the till after `event`, and the effects in the order in which they are performed.

    Never raises for any event in any state, and never waits.
    """
    return without_stalled(till, _stepped(till, event))


def _stepped(till: Till, event: Event) -> Move:
    if isinstance(event, Pressed):
        return pressed(till, event.press)
    if isinstance(event, Ticked):
        return ticked(till, event)
    if isinstance(event, QueueEvent):
        return queue_event(till, event)
    if isinstance(event, EvidenceEvent):
        return evidence_event(till, event)
    if isinstance(event, CardEvent):
        return card_event(till, event)
    if isinstance(event, HealthEvent):
        return health_event(till, event)
    if isinstance(event, OfficeEvent | SlipEvent):
        return (
            office_event(till, event) if isinstance(event, OfficeEvent) else slip_event(till, event)
        )
    assert_never(event)
