"""While a payment is being made, and the same card again after a torn tap. Look: hold.kv."""

from __future__ import annotations

from kscoin.money import format_won
from pos_app.screens.screen import Screen
from pos_app.till.views import HoldAgainView


class HoldScreen(Screen):
    """Draws a HoldView."""


class HoldAgainScreen(Screen):
    """Draws a HoldAgainView."""

    def below(self, view: HoldAgainView) -> str:
        """Return what was wrong with the last card that was shown, or else the sum."""
        if view.notice is None:
            return format_won(view.amount_won)
        return view.notice.advice
