"""Fingers on the open window. Imported inside a process that has one; call it from its thread."""

from kivy.app import App
from kivy.base import EventLoop
from kivy.core.window import Window

from pos_app.screens.widgets import TouchKey


def touch(name: str) -> None:
    """Press and lift a finger in the middle of the key of that name."""
    key = next(
        each
        for each in App.get_running_app().root.walk()
        if isinstance(each, TouchKey) and each.name == name
    )
    x, y = key.to_window(*key.center)
    # The events that SDL's window makes of a mouse or a finger; its y runs down from the top.
    where: tuple[float, float, str, list[str]] = (x, Window.height - y, "left", [])
    Window.dispatch("on_mouse_down", *where)
    Window.dispatch("on_mouse_up", *where)


def resize(size: tuple[int, int]) -> None:
    """Turn the window."""
    Window.size = size


def size() -> list[float]:
    """How large the window is."""
    return list(Window.size)


def providers() -> list[str]:
    """What Kivy listens to for fingers."""
    return [type(each).__name__ for each in EventLoop.input_providers]
