"""Money at risk, what waits and why, and sync now. Its look is in queue.kv."""

from __future__ import annotations

from typing import Any, Final

from kivy.lang.parser import global_idmap
from kivy.metrics import dp
from kivy.properties import ColorProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kscoin.money import format_won
from pos_app.screens.palette import Colour
from pos_app.screens.screen import Presses, Screen
from pos_app.screens.status_bar import fullness, level_ink, level_mark
from pos_app.screens.theme import Theme
from pos_app.screens.words import Words
from pos_app.till.status import Level
from pos_app.till.views import LeftView, QueueEntryView, QueueView, View, Waiting
from pos_app.till.words import Texts

# Taken, and with nothing against them: what a limit of time is held against.
_ON_THE_WAY: Final = frozenset({Waiting.FOR_LINE, Waiting.SENDING})


class QueueRow(BoxLayout):
    """One payment that waits."""

    code = StringProperty("")
    amount = StringProperty("")
    age = StringProperty("")
    waits = StringProperty("")
    picture = StringProperty("")
    ink = ColorProperty((0, 0, 0, 1))


class QueueScreen(Screen):
    """Draws a QueueView."""

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._theme: Theme = global_idmap["theme"]
        super().__init__(view, presses, **properties)
        self.ids.rows.bind(size=lambda *_: self._list())
        self.fbind("view", lambda *_: self._list())

    def limit_text(self, view: QueueView) -> str:
        """Return the limit that the sum is held against."""
        return view.texts.of_limit.format(limit=format_won(view.status.at_risk.limit_won))

    def count_text(self, view: QueueView) -> str:
        """Return how many payments wait, of how many that may."""
        at_risk = view.status.at_risk
        return view.texts.payments.format(count=at_risk.unsettled_count, limit=at_risk.limit_count)

    def oldest_text(self, view: QueueView) -> str:
        """Return how old the oldest payment is, if one waits: as old as beside it in the list."""
        listed = [each.age_s for each in view.entries if each.waiting in _ON_THE_WAY]
        oldest_s = max(listed, default=view.status.at_risk.oldest_s)
        return "" if oldest_s is None else view.texts.oldest.format(age=view.texts.age(oldest_s))

    def sync_text(self, view: QueueView) -> str:
        """Return how much is still to be sent, or what keeps it here, or when it was sent last."""
        if view.left is not None:
            return left_text(view.texts, view.left)
        if view.problem is not None:
            return view.problem.advice
        if view.last_sync_s is None:
            return view.texts.never_synced
        return view.texts.last_sync.format(age=view.texts.age(view.last_sync_s))

    def level_text(self, view: QueueView) -> str:
        """Return how full the limit is, as a word."""
        match view.status.at_risk.level:
            case Level.CALM:
                return view.texts.level_calm
            case Level.HIGH:
                return view.texts.level_high
            case Level.FULL:
                return view.texts.level_full

    def level_ink(self, view: QueueView) -> Colour:
        """Return how full the limit is, as a colour."""
        return level_ink(self._theme, view.status.at_risk.level)

    def level_mark(self, view: QueueView) -> Colour:
        """Return the colour of the meter."""
        return level_mark(self._theme, view.status.at_risk.level)

    def fullness(self, view: QueueView) -> float:
        """Return how full the limit is, 0 to 1."""
        return fullness(view.status.at_risk)

    def _list(self) -> None:
        self.ids.rows.clear_widgets()
        room = int(self.ids.rows.height // dp(56))
        if room < 1:
            return
        shown, left_out = rows_that_fit(self.view, room)
        for entry in shown:
            self.ids.rows.add_widget(self._row(entry))
        if left_out:
            more = self.view.texts.more.format(count=left_out)
            self.ids.rows.add_widget(Words(text=more, halign="center", colour=self._theme.soft_ink))
        else:
            self.ids.rows.add_widget(Widget())

    def _row(self, entry: QueueEntryView) -> Widget:
        texts = self.view.texts
        is_bad = entry.waiting is Waiting.REFUSED
        return QueueRow(
            code=entry.short_code,
            amount=format_won(entry.amount_won),
            age=texts.age(entry.age_s),
            waits=waits_text(texts, entry),
            picture=entry.waiting.value,
            ink=self._theme.bad_ink if is_bad else self._theme.soft_ink,
        )


def rows_that_fit(view: QueueView, room: int) -> tuple[tuple[QueueEntryView, ...], int]:
    """Return the entries to list in `room` rows, and how many are told as "and n more"."""
    if len(view.entries) <= room and not view.more_count:
        return view.entries, 0
    shown = view.entries[: room - 1]
    return shown, len(view.entries) - len(shown) + view.more_count


def left_text(texts: Texts, left: LeftView) -> str:
    """Return how much is still to be sent, and how long that takes if it is known."""
    count, won = f"{left.entries:,}", format_won(left.won)
    if left.seconds is None:
        return texts.sync_left.format(count=count, won=won)
    return texts.sync_left_for.format(count=count, won=won, age=texts.age(left.seconds))


def waits_text(texts: Texts, entry: QueueEntryView) -> str:
    """Return why an entry waits, in words."""
    if entry.reason is not None:
        return entry.reason.what
    match entry.waiting:
        case Waiting.FOR_LINE:
            return texts.waiting_for_line
        case Waiting.SENDING:
            return texts.waiting_sending
        case Waiting.REFUSED:
            return texts.waiting_refused
        case Waiting.QUARANTINED:
            return texts.waiting_quarantined
        case Waiting.TORN:
            return texts.waiting_torn
