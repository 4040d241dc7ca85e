"""One display that tries every sentence in every place: `python -m tests.ui.display_fitting`.

As `fitting.py` does it for the till; prints the sentences that are cut, as a JSON list.
"""

import json
import threading
from dataclasses import replace
from importlib import import_module
from typing import Final

from pos_app.screens.ports import DisplayLook, OpenDisplay
from pos_app.screens.window import run_display
from pos_app.till.display_views import DisplayPay, DisplayView
from pos_app.till.words import Language
from tests.ui.display_examples import display, every_display_news

TIMEOUT_S: Final = 60.0


def too_long() -> DisplayView:
    """A sentence that has no room, to see that it is seen."""
    view = display("display-pay-notice", Language.ENGLISH)
    assert isinstance(view, DisplayPay)
    assert view.notice is not None
    return replace(view, notice=replace(view.notice, what="This is a very long sentence. " * 10))


def main() -> None:
    """Try them all, and last the one that is too long."""
    views = [view for language in Language for view in every_display_news(language)]
    told: list[list[str]] = []

    def opened(window: OpenDisplay) -> None:
        threading.Thread(target=try_all, args=(window,), daemon=True).start()

    def try_all(window: OpenDisplay) -> None:
        done = threading.Event()

        def drawn() -> None:
            # Called by the window's thread, which draws nothing else meanwhile.
            told.append(import_module("tests.ui.probe").cut([*views, too_long()]))
            done.set()

        window.show(views[0], drawn)
        done.wait(TIMEOUT_S)
        window.close()

    run_display(DisplayLook(), opened)
    print(json.dumps(told[0]))  # noqa: T201


if __name__ == "__main__":
    main()
