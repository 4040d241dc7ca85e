"""Lets each finger count once. Knows no screen."""

from __future__ import annotations

from kivy.config import Config


def keep_one_touch_provider() -> None:
    """Leave Kivy the mouse alone to listen to; call it before its window's loop runs."""
    # SDL turns every finger into the one mouse that Kivy listens to; Kivy's own readers of
    # /dev/input would report the same finger again, and each press would count twice (kivy #8494).
    for provider in list(Config.options("input")):
        Config.remove_option("input", provider)
    Config.set("input", "mouse", "mouse,disable_multitouch")
