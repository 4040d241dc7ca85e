"""A part that the till cannot sell without has failed. Its look is in fault.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen
from pos_app.till.views import FaultView
from pos_app.till.words import Moved


class FaultScreen(Screen):
    """Draws a FaultView."""

    def tells_money(self, view: FaultView) -> bool:
        """Return whether the fault came in the middle of a payment, whose money is told of."""
        return view.news.moved is not Moved.NO
