"""A sum and a short code to type, for a search or a refund. Look: keypads.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen


class SumScreen(Screen):
    """Draws a SumView."""


class CodeScreen(Screen):
    """Draws a CodeView."""
