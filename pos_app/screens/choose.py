"""Up to four things to choose from: the menu, and why money is given back. Look: choose.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen
from pos_app.till.office_views import ChooseView, Option
from pos_app.till.presses import CHOICES

_NONE = Option(CHOICES[0], "")


class ChooseScreen(Screen):
    """Draws a ChooseView."""

    def option(self, view: ChooseView, index: int) -> Option:
        """Return what stands in a place; an option without a title where there is none."""
        return view.options[index] if index < len(view.options) else _NONE
