"""What the widgets of the open window say of themselves, for the rules to be held against.

Imported inside a process that has a window. Lengths are pixels, boxes are x, y, width, height
from the bottom left of the window.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from kivy.app import App
from kivy.clock import Clock
from kivy.lang import Builder
from kivy.metrics import Metrics
from kivy.uix.widget import Widget

from pos_app.screens.widgets import QrCode, TouchKey
from pos_app.screens.words import Words
from pos_app.till.display_views import DisplayView
from pos_app.till.views import View


def report() -> dict[str, Any]:
    """The window's scale, and all its texts, keys and codes that can be seen."""
    shown = list(_shown(App.get_running_app().root))
    return {
        "scale": Metrics.density,
        "texts": [_text(each) for each in shown if isinstance(each, Words) and each.text.strip()],
        "keys": [_key(each) for each in shown if isinstance(each, TouchKey)],
        "codes": [_code(each) for each in shown if isinstance(each, QrCode) and each.text],
    }


def cut(views: Iterable[View | DisplayView]) -> list[str]:
    """The texts that do not fit when these views are shown one after the other."""
    return [f"{type(view).__name__}: {text}" for view in views for text in _cut_in(view)]


def _cut_in(view: View | DisplayView) -> Iterator[str]:
    app = App.get_running_app()
    if isinstance(view, DisplayView):
        app._show(app._screen_for(view))
    else:
        app._built.render(view, None)
    # What Kivy would do until the end of the frame: kv's expressions, then layouts, then texts.
    Builder.sync()
    Clock.tick_draw()
    for words in _shown(app.root):
        if isinstance(words, Words):
            if words._redraw.is_triggered:
                words._draw()
            if words.is_cut:
                yield words.text


def _shown(widget: Widget) -> Iterator[Widget]:
    if widget.opacity:
        yield widget
        for child in widget.children:
            yield from _shown(child)


def _box(widget: Widget) -> list[float]:
    return [*widget.to_window(*widget.pos), *widget.size]


def _text(words: Words) -> dict[str, Any]:
    return {
        "text": words.text,
        "written": words._written.text,
        "font": words._written.font,
        "box": _box(words),
        "drawn": list(words.drawn_box),
        "is_cut": words.is_cut,
        "size": words.drawn_size,
        "largest": words.largest,
        "colour": list(words.colour),
    }


def _key(key: TouchKey) -> dict[str, Any]:
    return {"name": key.name, "box": _box(key), "is_on": key.is_on}


def _code(code: QrCode) -> dict[str, Any]:
    return {"drawn_px": code.drawn_px, "module_px": code.module_px, "box": _box(code)}
