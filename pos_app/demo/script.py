"""A scripted shopkeeper and customer who pass every screen of the till, and take its picture.

Presses the same keys and does the same acts as people would; waits for screens, never for time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from kscoin.errors import KSCoinError
from pos_app.demo.compose import Demo
from pos_app.screens.ports import OpenWindow
from pos_app.till.presses import Press
from pos_app.till.views import (
    CustomerAct,
    HoldAgainView,
    PayView,
    QueueView,
    RefusedView,
    ResultView,
    SellView,
    View,
)

V = TypeVar("V", bound=View)

# The slowest step is a line that is found whole again; on a Raspberry Pi everything takes longer.
STEP_TIMEOUT_S: Final = 30.0

_log = logging.getLogger(__name__)


class ScriptFailed(KSCoinError):
    """Raised when the till did not come to the screen that the script was waiting for."""

    code = "script_failed"


class Script:
    """Plays once the window is open, on a thread of its own, and closes the window at the end."""

    def __init__(self, demo: Demo, pictures: Path, tell: Callable[[str], None]) -> None:
        self._demo = demo
        self._pictures = pictures
        self._tell = tell
        self._changed = threading.Condition()
        self._view: View | None = None
        self._numbers = count(1)
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self, window: OpenWindow) -> None:
        """Begin; called when the window has drawn its first frame."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._demo.terminal.runtime.watch(self._see)
        self._thread = threading.Thread(target=self._run, args=(window,), name="script")
        self._thread.start()

    def finish(self) -> None:
        """Return when it has been played; raises what went wrong."""
        if self._thread is None:
            raise ScriptFailed("the window did not open")
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self, window: OpenWindow) -> None:
        try:
            self._play(window)
        except Exception as exc:  # noqa: BLE001
            # Raised again in `finish`, on the main thread.
            self._failure = exc
        finally:
            window.close()

    def _play(self, window: OpenWindow) -> None:
        for language in ("ko", "en"):
            self._sales(window, language)
            self._press(Press.LANGUAGE)

    def _sales(self, window: OpenWindow, language: str) -> None:
        self._await(SellView)
        self._type("12300")
        self._shoot(window, language, "sell")
        self._pay(window, language)
        self._act(CustomerAct.TAP_CARD)
        self._await(ResultView, lambda view: view.is_settled)
        self._shoot(window, language, "settled")
        self._outage(window, language)

    def _outage(self, window: OpenWindow, language: str) -> None:
        self._act(CustomerAct.CUT_LINE)
        self._sell("4500")
        self._act(CustomerAct.TAP_TORN)
        self._await(HoldAgainView)
        self._shoot(window, language, "hold-again")
        self._act(CustomerAct.TAP_CARD)
        self._await(ResultView)
        self._shoot(window, language, "kept-offline")
        self._sell("7800")
        self._act(CustomerAct.SHOW_PHONE)
        self._await(ResultView)
        self._sell("60000")
        self._act(CustomerAct.TAP_CARD)
        self._await(PayView, lambda view: view.notice is not None)
        self._shoot(window, language, "refused-card")
        self._act(CustomerAct.SHOW_RECEIPT)
        self._await(ResultView)
        self._queue(window, language)

    def _queue(self, window: OpenWindow, language: str) -> None:
        self._press(Press.NEW_SALE)
        self._await(SellView)
        self._press(Press.QUEUE)
        self._await(QueueView, lambda view: bool(view.entries))
        self._shoot(window, language, "queue")
        self._act(CustomerAct.RESTORE_LINE)
        self._press(Press.SYNC_NOW)
        self._await(QueueView, lambda view: not view.entries)
        self._shoot(window, language, "queue-empty")
        self._press(Press.BACK)
        self._await(SellView)

    def _pay(self, window: OpenWindow, language: str) -> None:
        self._press(Press.PAY)
        self._await(PayView, lambda view: view.request_text is not None)
        self._shoot(window, language, "pay")

    def _sell(self, amount: str) -> None:
        if isinstance(self._view, ResultView | RefusedView):
            self._press(Press.NEW_SALE)
        self._await(SellView)
        self._type(amount)
        self._press(Press.PAY)
        self._await(PayView, lambda view: view.request_text is not None)

    def _type(self, amount: str) -> None:
        self._press(Press.CLEAR)
        for digit in amount:
            self._press(Press(digit))
        self._await(SellView, lambda view: view.amount_won == int(amount))

    def _press(self, press: Press) -> None:
        self._demo.terminal.runtime.press(press)

    def _act(self, act: CustomerAct) -> None:
        self._demo.customer.act(act)

    def _shoot(self, window: OpenWindow, language: str, name: str) -> None:
        path = self._pictures / f"{next(self._numbers):02}-{language}-{name}.png"
        window.screenshot(path.absolute()).result(STEP_TIMEOUT_S)
        self._tell(f"  {path}")

    def _see(self, view: View) -> None:
        with self._changed:
            self._view = view
            self._changed.notify_all()

    def _await(self, kind: type[V], holds: Callable[[V], bool] = lambda _: True) -> None:
        """Wait until the till shows such a screen."""

        def is_there() -> bool:
            return isinstance(self._view, kind) and holds(self._view)

        with self._changed:
            if not self._changed.wait_for(is_there, STEP_TIMEOUT_S):
                shown = type(self._view).__name__
                raise ScriptFailed(f"{kind.__name__} was expected, the till shows {shown}")
