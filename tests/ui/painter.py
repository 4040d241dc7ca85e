"""One window that takes pictures of example views: `python -m tests.ui.painter < job.json`.

A process of its own, because a process has one Kivy window. Beside each PNG it writes what the
widgets say of themselves (`probe.py`) as JSON.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Final

from pos_app.screens.palette import ThemeName
from pos_app.screens.ports import DisplayLook, Look, OpenDisplay, OpenWindow
from pos_app.screens.window import run_display, run_window
from pos_app.till.presses import Press
from pos_app.till.views import CustomerAct, CustomerView, PayView, View
from pos_app.till.words import Language
from tests.ui.display_examples import display
from tests.ui.examples import EXAMPLES, customer, example, idle_customer

FRAME_TIMEOUT_S: Final = 30.0
"""A frame takes some hundredths of a second, and a second on a machine that is busy elsewhere."""


@dataclass(frozen=True, slots=True)
class Job:
    """One window and the pictures to take of it."""

    directory: Path
    size: tuple[int, int]
    theme: ThemeName = ThemeName.LIGHT
    names: tuple[str, ...] = tuple(EXAMPLES)
    languages: tuple[Language, ...] = tuple(Language)
    has_customer: bool = False
    # The pictures are of the customer's own display instead of the till.
    is_display: bool = False

    def pictures(self) -> Iterator[tuple[str, Language, Path]]:
        """Every picture: the example, its language, and where the PNG goes."""
        wide, high = self.size
        beside = "-customer" if self.has_customer else ""
        for name in self.names:
            for language in self.languages:
                stem = f"{name}-{language.value}-{wide}x{high}-{self.theme.value}{beside}"
                yield name, language, self.directory / f"{stem}.png"

    def moved_to(self, directory: Path) -> "Job":
        """The same job with its pictures elsewhere."""
        return replace(self, directory=directory)

    def to_json(self) -> str:
        """The job for another process."""
        return json.dumps(
            {
                "directory": str(self.directory),
                "size": self.size,
                "theme": self.theme.value,
                "names": self.names,
                "languages": [language.value for language in self.languages],
                "has_customer": self.has_customer,
                "is_display": self.is_display,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """The job that `to_json` wrote."""
        parts = json.loads(text)
        wide, high = parts["size"]
        return cls(
            Path(parts["directory"]),
            (wide, high),
            ThemeName(parts["theme"]),
            tuple(parts["names"]),
            tuple(Language(code) for code in parts["languages"]),
            parts["has_customer"],
            parts["is_display"],
        )


class Showcase:
    """A till that shows what it is told to."""

    def __init__(self, first: View) -> None:
        self._first = first
        self.show: Callable[[View], None] = lambda view: None

    def press(self, press: Press) -> None:
        """Do nothing: nobody touches this window."""

    def watch(self, on_view: Callable[[View], None]) -> None:
        """Show the first view."""
        self.show = on_view
        on_view(self._first)


class Visitor:
    """A demo's customer who only looks."""

    def __init__(self) -> None:
        self.show: Callable[[CustomerView], None] = lambda view: None

    def act(self, act: CustomerAct) -> None:
        """Do nothing: nobody touches this window."""

    def watch(self, on_view: Callable[[CustomerView], None]) -> None:
        """Show the panel in Korean."""
        self.show = on_view
        on_view(customer(Language.KOREAN))


class Painter:
    """Takes a job's pictures from a thread of its own, one frame each."""

    def __init__(self, job: Job) -> None:
        self._pictures = tuple(job.pictures())
        name, language, _ = self._pictures[0]
        self.till = Showcase(example(name, language))
        self.visitor = Visitor() if job.has_customer else None

    def start(self, window: OpenWindow) -> None:
        """Begin. The window's own thread calls this, and must go on drawing."""
        threading.Thread(target=self._paint, args=(window,), daemon=True).start()

    def _paint(self, window: OpenWindow) -> None:
        try:
            for name, language, path in self._pictures:
                self.till.show(example(name, language))
                if self.visitor is not None:
                    self.visitor.show(_customer_beside(name, language))
                shoot(window, path).result(FRAME_TIMEOUT_S)
        finally:
            window.close()


class DisplayPainter:
    """Takes a job's pictures of the customer's display."""

    def __init__(self, job: Job) -> None:
        self._pictures = tuple(job.pictures())

    def start(self, window: OpenDisplay) -> None:
        """Begin. The window's own thread calls this, and must go on drawing."""
        threading.Thread(target=self._paint, args=(window,), daemon=True).start()

    def _paint(self, window: OpenDisplay) -> None:
        try:
            for name, language, path in self._pictures:
                drawn = threading.Event()
                window.show(display(name, language), drawn.set)
                if not drawn.wait(FRAME_TIMEOUT_S):
                    raise TimeoutError(f"{name} is not drawn")
                shoot(window, path).result(FRAME_TIMEOUT_S)
        finally:
            window.close()


def shoot(window: OpenWindow | OpenDisplay, path: Path) -> Future[Path]:
    """Take a picture and write beside it what the widgets say of themselves."""
    shot = window.screenshot(path)
    # Called by the window's thread, between two frames: nothing moves meanwhile.
    shot.add_done_callback(lambda done: _write_report(done.result()))
    return shot


def _customer_beside(name: str, language: Language) -> CustomerView:
    is_paying = isinstance(example(name, language), PayView)
    return customer(language) if is_paying else idle_customer(language)


def _write_report(picture: Path) -> None:
    # The probe imports Kivy, which must not happen before run_window has told it how to behave.
    probe = import_module("tests.ui.probe")
    picture.with_suffix(".json").write_text(json.dumps(probe.report()))


def main() -> None:
    """Take the pictures of the job on standard input."""
    job = Job.from_json(sys.stdin.read())
    if job.is_display:
        run_display(DisplayLook(job.theme, job.size), DisplayPainter(job).start)
        return
    painter = Painter(job)
    run_window(painter.till, Look(job.theme, job.size), painter.visitor, painter.start)


if __name__ == "__main__":
    main()
