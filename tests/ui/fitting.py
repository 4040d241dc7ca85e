"""One window that tries every sentence in every place: `python -m tests.ui.fitting`.

A process of its own, because a process has one Kivy window. Prints the sentences that are cut, as
a JSON list. The smallest window has the least room.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pos_app.screens.ports import Look, OpenWindow
from pos_app.screens.window import run_window
from pos_app.till.office_views import HappenedRow, SaleRow, SaleView
from pos_app.till.texts import TABLES, texts_of
from pos_app.till.views import (
    FaultView,
    PayView,
    QueueEntryView,
    QueueView,
    SellView,
    View,
    Waiting,
)
from pos_app.till.words import Language, Moved, Texts
from tests.ui.examples import MUCH, REQUEST_TEXT, status
from tests.ui.painter import Showcase

TIMEOUT_S: Final = 60.0


def every_news() -> Iterator[View]:
    """Every code's sentences in every language, on the screens with the least room for them."""
    for texts in TABLES.values():
        for code in texts.refusals:
            yield from _told(texts, code)


def _told(texts: Texts, code: str) -> Iterator[View]:
    bar = status(texts.language, at_risk=MUCH)
    # The longest that can be said of the money.
    news = texts.news(code, Moved.PERHAPS)
    entry = QueueEntryView("7Q2F-9KXM", 99_999_999, 356_400, Waiting.REFUSED, news)
    yield SellView(texts, bar, 99_999_999, True, news.advice)
    yield PayView(texts, bar, 99_999_999, REQUEST_TEXT, 120, 120, notice=news)
    yield QueueView(texts, bar, (entry,), problem=news)
    row = SaleRow("7Q2F-9KXM", 99_999_999, "01-14 16:45", texts.state_refused, "refused", True)
    judged = HappenedRow(row.time, news.what, row.picture, is_bad=True)
    yield SaleView(texts, bar, row, (judged,), can_refund=False, can_void=False)
    yield FaultView(texts, bar, texts.part_key_store, news)


def too_long() -> View:
    """A sentence that has no room, to see that it is seen."""
    texts = texts_of(Language.ENGLISH)
    news = replace(texts.news("error"), what="This is a very long sentence. " * 10)
    return PayView(texts, status(texts.language), 1, REQUEST_TEXT, 120, 120, notice=news)


def main() -> None:
    """Try them all, and last the one that is too long."""
    views = [*every_news(), too_long()]
    told: list[list[str]] = []

    def opened(window: OpenWindow) -> None:
        threading.Thread(target=try_all, args=(window,), daemon=True).start()

    def try_all(window: OpenWindow) -> None:
        probe = import_module("tests.ui.probe")
        with TemporaryDirectory() as place:
            shot = window.screenshot(Path(place) / "frame.png")
            # Called by the window's thread, which draws nothing else meanwhile.
            shot.add_done_callback(lambda _: told.append(probe.cut(views)))
            shot.add_done_callback(lambda _: window.close())
            shot.result(TIMEOUT_S)

    run_window(Showcase(views[0]), Look(), on_open=opened)
    print(json.dumps(told[0]))  # noqa: T201


if __name__ == "__main__":
    main()
