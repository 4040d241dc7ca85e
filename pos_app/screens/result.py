"""How a sale ended: good news and bad. The look is in result.kv and refused.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen
from pos_app.till.views import RefusedView, ResultView
from pos_app.till.words import Moved


class ResultScreen(Screen):
    """Draws a ResultView."""

    def goes_on_text(self, view: ResultView) -> str:
        """Return the countdown to the next sale, if there is one."""
        if view.goes_on_in_s is None:
            return ""
        return view.texts.goes_on.format(seconds=view.goes_on_in_s)


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
