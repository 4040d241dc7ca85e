"""While a payment is being made, and the same card again after a torn tap. Look: hold.kv."""

from __future__ import annotations

from kscoin.money import format_won
from pos_app.screens.screen import Screen
from pos_app.till.views import HoldAgainView, HoldView


class HoldScreen(Screen):
    """Draws a HoldView."""

    def hint(self, view: HoldView) -> str:
        """Return why it takes a moment, and what not to do meanwhile."""
        if not view.is_card:
            return view.texts.checking_hint
        return view.texts.hold_renewing if view.is_renewing else view.texts.hold_hint


class HoldAgainScreen(Screen):
    """Draws a HoldAgainView."""

    def below(self, view: HoldAgainView) -> str:
        """Return what was wrong with the last card that was shown, or else the sum."""
        if view.notice is None:
            return format_won(view.amount_won)
        return view.notice.advice
