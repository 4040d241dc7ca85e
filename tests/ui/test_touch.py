"""A window that is touched, rushed, turned, and loads nothing that it does not need."""

import json
import subprocess
import sys
from typing import Any

import pytest

from pos_app.till.presses import DIGITS, Press
from pos_app.till.views import CustomerAct
from tests.stacks.display import VirtualDisplay
from tests.ui.toucher import RUSH, TURNED

PROCESS_TIMEOUT_S = 120.0
# A ledger's libraries, an HTTP client, pictures: nothing that a till's window is made of.
NOT_FOR_A_WINDOW = {"PIL", "sqlalchemy", "fastapi", "uvicorn", "httpx", "alembic", "ledger"}


def touched(
    display: VirtualDisplay, example: str, *keys: str, size: str = "800x480"
) -> dict[str, Any]:
    """What came of touching these keys on the window of an example view."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.toucher", size, example, *keys],
        env=dict(display.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=PROCESS_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def keypad(large_display: VirtualDisplay) -> dict[str, Any]:
    """Every key of the keypad, once and in order; and one of them twice."""
    presses = [*sorted(DIGITS), Press.ERASE, Press.CLEAR, Press.PAY, Press.QUEUE, Press.LANGUAGE]
    return touched(large_display, "sell-sum", *presses, "7", "7")


def test_every_touch_is_told_once(keypad: dict[str, Any]) -> None:
    assert keypad["pressed"] == [
        *sorted(DIGITS),
        *(Press.ERASE, Press.CLEAR, Press.PAY, Press.QUEUE, Press.LANGUAGE, "7", "7"),
    ]


def test_a_finger_is_heard_by_one_provider(keypad: dict[str, Any]) -> None:
    # Kivy always adds SDL's own provider, and feeds it on telephones only.
    assert keypad["providers"] == ["SDL2MotionEventProvider", "MouseMotionEventProvider"]


def test_only_the_newest_view_matters(keypad: dict[str, Any]) -> None:
    assert f"₩{RUSH}" in keypad["texts_after_rush"]
    assert not {f"₩{amount}" for amount in range(1, RUSH)} & set(keypad["texts_after_rush"])


def test_a_window_that_is_turned_shows_the_same_view(keypad: dict[str, Any]) -> None:
    assert keypad["turned"]["size"] == list(TURNED)
    assert sorted(keypad["turned"]["texts"]) == sorted(keypad["texts_after_rush"])


def test_a_window_loads_only_what_it_draws_with(keypad: dict[str, Any]) -> None:
    assert {"kivy", "qrcode"} <= set(keypad["modules"])
    assert not NOT_FOR_A_WINDOW & set(keypad["modules"])


def test_a_key_that_is_off_tells_nothing(large_display: VirtualDisplay) -> None:
    told = touched(large_display, "hold", Press.QUEUE, Press.LANGUAGE)
    assert told["pressed"] == []


def test_the_customer_acts_beside_the_till(large_display: VirtualDisplay) -> None:
    acts = [act for act in CustomerAct if act is not CustomerAct.CUT_LINE]

    told = touched(large_display, "pay", *acts, Press.CANCEL, size="1040x480")

    assert told["acts"] == acts
    assert told["pressed"] == [Press.CANCEL]


def test_on_the_small_panel_the_customer_comes_when_called(large_display: VirtualDisplay) -> None:
    # The panel lies over the 3, which must not feel a finger that is meant for the customer; and
    # it has gone when the customer has acted.
    told = touched(large_display, "sell-sum", "demo", "3", CustomerAct.TAP_CARD, "3")

    assert told["acts"] == [CustomerAct.TAP_CARD]
    assert told["pressed"] == ["3"]
