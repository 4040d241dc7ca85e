"""What will happen before it does, and what was done after it. Look: confirm.kv and done.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen, slip_picture, slip_said
from pos_app.till.office_views import DoneView


class ConfirmScreen(Screen):
    """Draws a ConfirmView."""


class DoneScreen(Screen):
    """Draws a DoneView."""

    def slip_said(self, view: DoneView) -> str:
        """Return how far the slip has come."""
        return slip_said(view.slip)

    def slip_picture(self, view: DoneView) -> str:
        """Return the shape of that."""
        return slip_picture(view.slip)

    def dismiss_area(self, view: DoneView, is_wide: bool) -> tuple[float, float, float, float]:
        """Return where the key that closes is: all of the row if it is alone in it."""
        if not is_wide:
            return (0, 17.5, 20, 2.5) if view.slip is not None else (0, 17, 20, 3)
        return (7.4, 15, 12.6, 5) if view.slip is not None else (0, 15, 20, 5)
