"""Where a script is played: presses keys, acts as the customer, waits for screens, takes pictures.

Waits for screens, never for time. Knows no script.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from kscoin.errors import KSCoinError
from pos_app.demo.compose import Demo
from pos_app.screens.ports import OpenWindow
from pos_app.till.display_views import DisplayView
from pos_app.till.presses import Press
from pos_app.till.show_customer import show_customer
from pos_app.till.views import CustomerAct, SellView, View

V = TypeVar("V", bound=View)

# The slowest step is a line that is found whole again; on a Raspberry Pi everything takes longer.
STEP_TIMEOUT_S: Final = 30.0


class ScriptFailed(KSCoinError):
    """Raised when the till did not come to the screen that the script was waiting for."""

    code = "script_failed"


class Stage:
    """A demo with its window; pictures go to `pictures`, and `tell` hears of each."""

    def __init__(
        self, demo: Demo, window: OpenWindow, pictures: Path, tell: Callable[[str], None]
    ) -> None:
        self._demo = demo
        self._window = window
        self._pictures = pictures
        self._tell = tell
        self._changed = threading.Condition()
        self._view: View | None = None
        self._numbers = count(1)
        self._display: DisplayView | None = None
        self._slips = demo.slips.count
        demo.terminal.runtime.watch(self._see)
        # After the display itself, which the terminal has had watch the till since it was made.
        demo.terminal.runtime.watch_as(show_customer, self._see_display)

    @property
    def view(self) -> View | None:
        """What the till shows now."""
        return self._view

    def press(self, *presses: Press) -> None:
        """Touch keys, one after the other."""
        for press in presses:
            self._demo.terminal.runtime.press(press)

    def type_won(self, won: int) -> None:
        """Type a sum on the keypad of the Sell screen, and see it there."""
        self.press(Press.CLEAR, *(Press(digit) for digit in str(won)))
        self.expect(SellView, lambda view: view.amount_won == won)

    def act(self, act: CustomerAct) -> None:
        """Do something as the customer."""
        self._demo.customer.act(act)

    def shoot(self, name: str) -> None:
        """Take a picture of the window; its name says when and in which language."""
        self._keep(name, self._window.screenshot)

    def shoot_display(self, kind: type[DisplayView], name: str) -> None:
        """Take a picture of the customer's display, if there is one, as soon as it shows this."""
        display = self._demo.terminal.customer_display
        if display is None:
            return
        with self._changed:
            if not self._changed.wait_for(lambda: isinstance(self._display, kind), STEP_TIMEOUT_S):
                raise ScriptFailed(f"the customer was to see {kind.__name__}")
        self._keep(name, display.picture)

    def _keep(self, name: str, take: Callable[[Path], Future[Path]]) -> None:
        path = self._named(name)
        take(path.absolute()).result(STEP_TIMEOUT_S)
        self._tell(f"  {path}")

    def _named(self, name: str) -> Path:
        language = "" if self._view is None else self._view.texts.language.value
        return self._pictures / f"{next(self._numbers):02}-{language}-{name}.png"

    def keep_slip(self, name: str) -> None:
        """Lay a picture of the slip that comes out next beside those of the window."""
        tray = self._demo.slips
        self._slips += 1
        path = tray.wait_for(self._slips, STEP_TIMEOUT_S)
        if path is None:
            raise ScriptFailed(f"slip {self._slips} was expected, {tray.count} came out")
        copy = self._named(name)
        copy.write_bytes(path.read_bytes())
        self._tell(f"  {copy}")

    def expect(self, kind: type[V], holds: Callable[[V], bool] = lambda _: True) -> None:
        """Wait until the till shows such a screen; raises ScriptFailed if it does not."""

        def is_there() -> bool:
            return isinstance(self._view, kind) and holds(self._view)

        with self._changed:
            if not self._changed.wait_for(is_there, STEP_TIMEOUT_S):
                shown = type(self._view).__name__
                raise ScriptFailed(f"{kind.__name__} was expected, the till shows {shown}")

    def _see(self, view: View) -> None:
        with self._changed:
            self._view = view
            self._changed.notify_all()

    def _see_display(self, view: DisplayView) -> None:
        with self._changed:
            self._display = view
            self._changed.notify_all()
