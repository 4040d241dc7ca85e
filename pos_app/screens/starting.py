"""What is on while the till opens its journal and devices. Its look is in starting.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen


class StartingScreen(Screen):
    """Draws a StartingView."""
