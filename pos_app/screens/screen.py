"""What every screen is: a body that draws one kind of view and sends the names of its keys.

Knows no till: a press goes to whoever built the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from pos_app.till.office_views import SlipView
from pos_app.till.presses import Press
from pos_app.till.views import View

Presses: TypeAlias = Callable[[Press], None]


class Screen(BoxLayout):
    """The body below the status bar. Its kv rule reads `root.view` and nothing else."""

    view = ObjectProperty(None, rebind=True)

    def __init__(self, view: View, presses: Presses, **properties: Any) -> None:
        self._presses = presses
        super().__init__(view=view, **properties)

    def render(self, view: View) -> None:
        """Show another view of the same kind."""
        self.view = view

    def press(self, name: str) -> None:
        """Send the name of a key, if the view offers it."""
        press = Press(name)
        if press in self.view.presses:
            self._presses(press)


def slip_said(slip: SlipView | None) -> str:
    """Return how far a slip has come, in words; nothing where there is no printer."""
    return "" if slip is None else slip.said


def slip_picture(slip: SlipView | None) -> str:
    """Return the shape of how far a slip has come."""
    return "" if slip is None else slip.picture
