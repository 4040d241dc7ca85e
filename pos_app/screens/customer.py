"""The demo's customer beside the till: what they can do. Its look is in customer.kv.

Nothing of it reaches the till but what a customer does with a card, a phone or a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from kivy.input.motionevent import MotionEvent
from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from pos_app.till.views import CustomerAct, CustomerView

Acts: TypeAlias = Callable[[CustomerAct], None]


class CustomerPanel(BoxLayout):
    """Draws a CustomerView."""

    view = ObjectProperty(None, rebind=True)

    def __init__(self, view: CustomerView, acts: Acts, **properties: Any) -> None:
        self._acts = acts
        super().__init__(view=view, **properties)

    def render(self, view: CustomerView) -> None:
        """Show what the customer can do now."""
        self.view = view

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Keep every finger on the panel from the till that may lie under it."""
        return bool(super().on_touch_down(touch)) or bool(self.collide_point(*touch.pos))

    def press(self, name: str) -> None:
        """Let the customer act."""
        self._acts(CustomerAct(name))
