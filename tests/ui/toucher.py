"""One window that is touched: `python -m tests.ui.toucher WIDTHxHEIGHT EXAMPLE KEY…`.

A process of its own, because a process has one Kivy window. Each key is pressed where it is drawn,
by the same events that SDL makes of a mouse or a finger. Prints what came of it as JSON.
"""

import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pos_app.screens.ports import Look, OpenWindow
from pos_app.screens.window import run_window
from pos_app.till.presses import Press
from pos_app.till.views import CustomerAct, CustomerView, SellView, View
from pos_app.till.words import Language
from tests.ui.examples import customer, example

FRAME_TIMEOUT_S: Final = 30.0
TURNED: Final = (480, 800)
RUSH: Final = 200
"""More views than a window can draw while they come."""


class TouchedTill:
    """A till that remembers what was pressed."""

    def __init__(self, first: View) -> None:
        self.pressed: list[Press] = []
        self.first = first
        self.show: Callable[[View], None] = lambda view: None

    def press(self, press: Press) -> None:
        self.pressed.append(press)

    def watch(self, on_view: Callable[[View], None]) -> None:
        self.show = on_view
        on_view(self.first)


class TouchedCustomer:
    """A demo's customer who remembers what they were told to do."""

    def __init__(self) -> None:
        self.acts: list[CustomerAct] = []

    def act(self, act: CustomerAct) -> None:
        self.acts.append(act)

    def watch(self, on_view: Callable[[CustomerView], None]) -> None:
        on_view(customer(Language.KOREAN))


class Toucher:
    """Presses keys in the window's own thread and looks at what the window shows after."""

    def __init__(self, till: TouchedTill, keys: list[str], directory: Path) -> None:
        self._till, self._keys, self._directory = till, keys, directory
        self.told: dict[str, Any] = {}

    def start(self, window: OpenWindow) -> None:
        """Begin. The window's own thread calls this, and must go on drawing."""
        threading.Thread(target=self._run, args=(window,), daemon=True).start()

    def _run(self, window: OpenWindow) -> None:
        try:
            self._frame(window)
            for key in self._keys:
                self._frame(window, import_module("tests.ui.touch").touch, key)
            self.told["texts_after_rush"] = self._rush(window)
            self.told["turned"] = self._turn(window)
            self.told["providers"] = import_module("tests.ui.touch").providers()
        finally:
            window.close()

    def _frame(
        self, window: OpenWindow, act: Callable[..., Any] | None = None, *arguments: object
    ) -> Any:
        """Draw a frame; what `act` returned, called in the window's thread when it was drawn."""
        outcome: Future[Any] = Future()

        def call(_: object) -> None:
            outcome.set_result(act(*arguments) if act else None)

        window.screenshot(self._directory / "frame.png").add_done_callback(call)
        return outcome.result(FRAME_TIMEOUT_S)

    def _rush(self, window: OpenWindow) -> list[str]:
        view = self._till.first
        if isinstance(view, SellView):
            for amount_won in range(1, RUSH + 1):
                self._till.show(replace(view, amount_won=amount_won))
        return self._texts(window)

    def _turn(self, window: OpenWindow) -> dict[str, Any]:
        touch = import_module("tests.ui.touch")
        self._frame(window, touch.resize, TURNED)
        # One frame for the window system, one for the new screens.
        self._frame(window)
        return {"size": self._frame(window, touch.size), "texts": self._texts(window)}

    def _texts(self, window: OpenWindow) -> list[str]:
        report = self._frame(window, import_module("tests.ui.probe").report)
        return [text["text"] for text in report["texts"]]


def main() -> None:
    """Touch the keys that the command line names."""
    size, name, *keys = sys.argv[1:]
    wide, high = (int(side) for side in size.split("x"))
    till = TouchedTill(example(name, Language.KOREAN))
    visitor = TouchedCustomer()
    is_demo = any(key in set(CustomerAct) for key in keys)
    with TemporaryDirectory() as place:
        toucher = Toucher(till, keys, Path(place))
        run_window(till, Look(size=(wide, high)), visitor if is_demo else None, toucher.start)
    told = toucher.told | {
        "pressed": till.pressed,
        "acts": visitor.acts,
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    }
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main()
