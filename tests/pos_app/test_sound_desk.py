"""What a running till's steps sound like: through the runtime, and as the settings want it."""

from __future__ import annotations

import pytest

from drivers.sound.speaker import Utterance
from drivers.sound.tones import AGAIN, NO, YES
from pos_app.inbox import Inbox
from pos_app.runtime import Runtime
from pos_app.sound_desk import TUNES, SoundDesk, whole_till
from pos_app.till.display_views import DisplayIdle, DisplayPay, DisplayView
from pos_app.till.events import PaymentStored, Pressed, RequestOpened
from pos_app.till.presses import Press
from pos_app.till.show import Face, show
from pos_app.till.show_customer import show_customer
from pos_app.till.sounds import Cue
from pos_app.till.states import Selling, Till
from pos_app.till.views import View
from tests.flows.parts import REQUEST, stored
from tests.pos_app.ports import StillClock

FACE = Face("shop", 0)
SALE = (
    Pressed(Press.DIGIT_5),
    Pressed(Press.PAY),
    RequestOpened(REQUEST),
    PaymentStored(stored(), None),
    Pressed(Press.NEW_SALE),
)
TO_PAY = "만 이천삼백 원, 내 주세요."
PAID = "만 이천삼백 원, 결제되었습니다."


def runtime() -> Runtime:
    return Runtime(Inbox(), StillClock(), FACE, Till(Selling()))


def sell(running: Runtime) -> None:
    for event in SALE:
        running.handle(event, lambda _: None)


@pytest.mark.parametrize(
    ("has_tones", "has_voice", "heard"),
    [
        (True, True, [Utterance(None, TO_PAY, "ko"), Utterance(YES, PAID, "ko")]),
        (True, False, [Utterance(YES, None, "ko")]),
        (False, True, [Utterance(None, TO_PAY, "ko"), Utterance(None, PAID, "ko")]),
        (False, False, []),
    ],
)
def test_a_sale_is_heard_as_the_settings_want_it(
    has_tones: bool, has_voice: bool, heard: list[Utterance]
) -> None:
    played: list[Utterance] = []
    running = runtime()
    desk = SoundDesk(played.append, has_tones=has_tones, has_voice=has_voice)
    running.watch_as(whole_till, desk.hear)
    assert played == []
    sell(running)
    assert played == heard


def test_each_cue_has_a_tune() -> None:
    assert dict(TUNES) == {Cue.YES: YES, Cue.NO: NO, Cue.AGAIN: AGAIN}


def test_the_till_is_shown_to_each_in_their_own_way() -> None:
    running = runtime()
    views: list[View] = []
    displayed: list[DisplayView] = []
    running.watch(views.append)
    running.watch_as(show_customer, displayed.append)
    sell(running)
    # Typing is the shop's own: the customer's display has not changed.
    assert [type(view) for view in displayed[:3]] == [DisplayIdle, DisplayPay, DisplayPay]
    assert len(displayed) < len(views)
    late: list[View] = []
    running.watch_as(show, late.append)
    assert late == [views[-1]]
