"""A running terminal, watched and pressed as a window does. Knows no ledger and no customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from queue import Empty, Queue
from time import monotonic
from typing import Final, TypeVar

from pos_app import settings
from pos_app.compose import Terminal
from pos_app.till.presses import Press
from pos_app.till.status import Connection
from pos_app.till.views import (
    PayView,
    QueueView,
    ReceiptView,
    RefusedView,
    ResultView,
    SellView,
    View,
)

WAIT_S: Final = 30.0
"""Each thing that is waited for here is there within a second on an idle PC."""

WHOLE_WAIT_S: Final = 90.0
"""Longer than all that comes before what is waited for."""

RETRY_CAP_S: Final = 0.2
"""A line that returns is noticed within this: a test does not wait as long as a shop would."""

_WAYS_OUT: Final[dict[type[View], Press]] = {
    PayView: Press.CANCEL,
    ResultView: Press.NEW_SALE,
    RefusedView: Press.DISMISS,
    QueueView: Press.BACK,
    ReceiptView: Press.BACK,
    SellView: Press.CLEAR,
}

V = TypeVar("V", bound=View)


class Till:
    """What a person at the till does and sees. `seen` holds every view so far."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.seen: list[View] = []
        self._views: Queue[View] = Queue()
        terminal.runtime.watch(self._views.put)

    def press(self, *names: str) -> None:
        for name in names:
            self.terminal.runtime.press(Press(name))

    def wait_for(self, kind: type[V], is_it: Callable[[V], bool] = lambda _: True) -> V:
        """Return the newest view as soon as it is of this kind and the one."""
        end_s = monotonic() + WHOLE_WAIT_S
        while not (isinstance(view := self._newest(), kind) and is_it(view)):
            self._wait_for_another(kind.__name__, end_s)
        return view

    def wait_until(self, is_it: Callable[[View], bool]) -> View:
        """Return the newest view, whatever it shows, as soon as it is the one."""
        end_s = monotonic() + WHOLE_WAIT_S
        while not is_it(view := self._newest()):
            self._wait_for_another("such view", end_s)
        return view

    def wait_for_line(self, connection: Connection) -> None:
        self.wait_until(lambda view: view.status.connection is connection)

    def wait_until_settled(self) -> None:
        """Return when nothing that was taken offline is at risk any more."""
        self.wait_for_line(Connection.ONLINE)
        self.wait_until(lambda view: view.status.at_risk.unsettled_won == 0)

    def ready(self) -> None:
        """Go to an empty keypad, from wherever a person can leave by a key."""
        end_s = monotonic() + WHOLE_WAIT_S
        while not (isinstance(view := self._newest(), SellView) and view.amount_won == 0):
            if (way_out := _WAYS_OUT.get(type(view))) is not None:
                self.press(way_out)
            self._wait_for_another("way out", end_s)

    def offer(self, amount_won: int) -> str:
        """Type an amount, press Pay, and return the text of the QR code on the Pay screen."""
        self.ready()
        self.press(*str(amount_won), "pay")
        return self.offered()

    def offered(self, other_than: str | None = None) -> str:
        """Return the text of the QR code on the Pay screen as soon as it is there."""
        view = self.wait_for(PayView, lambda view: view.request_text not in (None, other_than))
        assert view.request_text is not None
        return view.request_text

    def sync_now(self) -> QueueView:
        """Open the queue screen, press Sync now, and return the screen when that has ended."""
        self.wait_until(lambda view: Press.QUEUE in view.presses or isinstance(view, QueueView))
        self.press("queue")
        self.wait_for(QueueView, lambda view: not view.is_syncing)
        since = len(self.seen)
        self.press("sync_now")
        return self.wait_for(
            QueueView,
            lambda view: not view.is_syncing and any(map(_is_syncing, self.seen[since:])),
        )

    def has_approved(self) -> bool:
        """Whether a payment has ever been shown as approved."""
        self._newest()
        return any(isinstance(view, ResultView) for view in self.seen)

    def _newest(self) -> View:
        while not self._views.empty():
            self.seen.append(self._views.get())
        if not self.seen:
            self._wait_for_another("view at all", monotonic() + WHOLE_WAIT_S)
        return self.seen[-1]

    def _wait_for_another(self, what: str, end_s: float) -> None:
        try:
            # A view that grows older by itself is one more view, and not what is waited for.
            left_s = max(0.0, end_s - monotonic())
            self.seen.append(self._views.get(timeout=min(WAIT_S, left_s)))
        except Empty:
            last = _told(self.seen[-1]) if self.seen else "nothing"
            raise AssertionError(f"no {what}, but {last}") from None


@contextmanager
def running_till(directory: Path) -> Iterator[Till]:
    """The terminal in `directory`, started, for the length of a `with` block."""
    restarts: list[None] = []
    terminal = Terminal(settings.load(directory), lambda: restarts.append(None), RETRY_CAP_S)
    till = Till(terminal)
    terminal.start()
    try:
        yield till
    finally:
        terminal.stop()
    assert restarts == []


def _is_syncing(view: View) -> bool:
    return isinstance(view, QueueView) and view.is_syncing


def _told(view: View) -> dict[str, object]:
    """What a view says, without the table of all texts."""
    names = [each.name for each in fields(view) if each.name != "texts"]
    return {"view": type(view).__name__, **{name: getattr(view, name) for name in names}}
