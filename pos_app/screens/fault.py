"""A part that the till cannot sell without has failed. Its look is in fault.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen


class FaultScreen(Screen):
    """Draws a FaultView."""
