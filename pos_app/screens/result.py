"""How a sale ended, and its receipt as a code. Look: result.kv, receipt.kv and refused.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen, slip_picture, slip_said
from pos_app.till.views import RefusedView, ResultView
from pos_app.till.words import Moved


class ResultScreen(Screen):
    """Draws a ResultView."""

    def goes_on_text(self, view: ResultView) -> str:
        """Return the countdown to the next sale, if there is one."""
        if view.goes_on_in_s is None:
            return ""
        return view.texts.goes_on.format(seconds=view.goes_on_in_s)

    def slip_said(self, view: ResultView) -> str:
        """Return how far the slip has come."""
        return slip_said(view.slip)

    def slip_picture(self, view: ResultView) -> str:
        """Return the shape of that."""
        return slip_picture(view.slip)

    def is_slip_bad(self, view: ResultView) -> bool:
        """Whether the slip wants somebody."""
        return view.slip is not None and view.slip.is_bad


class ReceiptScreen(Screen):
    """Draws a ReceiptView."""


class RefusedScreen(Screen):
    """Draws a RefusedView."""

    def title(self, view: RefusedView) -> str:
        """Return the headline: not paid, not known whether, or what else was not done."""
        if view.headline is not None:
            return view.headline
        return view.texts.not_paid if view.news.moved is Moved.NO else view.texts.unsure_paid

    def sign(self, view: RefusedView) -> str:
        """Return the picture beside the headline."""
        return "cross" if view.news.moved is Moved.NO else "question"

    def dismiss_columns(self, view: RefusedView) -> float:
        """Return how wide the key that closes is, in twentieths: all of it if it is alone."""
        return 9.8 if view.can_pay_again else 20
