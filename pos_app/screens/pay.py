"""The open request: its sum, its code and the three ways to pay it. Its look is in pay.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen
from pos_app.till.views import PayView


class PayScreen(Screen):
    """Draws a PayView."""

    def notice_text(self, view: PayView) -> str:
        """Return what was refused while the request stays open, or else how to pay."""
        if view.notice is None:
            return view.texts.pay_title
        return f"{view.notice.what} {view.notice.money}\n{view.notice.next_step}"
