"""What will happen before it does, and what was done after it. Look: confirm.kv and done.kv."""

from __future__ import annotations

from pos_app.screens.screen import Screen


class ConfirmScreen(Screen):
    """Draws a ConfirmView."""


class DoneScreen(Screen):
    """Draws a DoneView."""
