"""The keypad and the sum. Its look is in sell.kv."""

from __future__ import annotations

from kscoin.money import format_won
from pos_app.screens.screen import Screen
from pos_app.till.views import SellView


class SellScreen(Screen):
    """Draws a SellView."""

    def pay_text(self, view: SellView) -> str:
        """Return what the one wide key says: the sum, once there is one."""
        if not view.amount_won:
            return view.texts.pay
        return view.texts.pay_sum.format(amount=format_won(view.amount_won))
