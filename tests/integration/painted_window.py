"""An empty Kivy window in one plain colour, open until its standard input ends.

python -m tests.integration.painted_window RED GREEN BLUE    (each 0 to 255)
"""

import sys
from threading import Thread
from typing import Final

from kivy.base import runTouchApp, stopTouchApp
from kivy.core.window import Window
from kivy.uix.widget import Widget

CHANNEL_MAX: Final = 255


def main() -> None:
    """Paint the window and stay."""
    red, green, blue = (int(word) / CHANNEL_MAX for word in sys.argv[1:])
    Window.clearcolor = (red, green, blue, 1)
    Thread(target=close_with_input, daemon=True).start()
    runTouchApp(Widget())


def close_with_input() -> None:
    """Wait until whoever started this window lets go of it."""
    sys.stdin.read()
    stopTouchApp()


if __name__ == "__main__":
    main()
