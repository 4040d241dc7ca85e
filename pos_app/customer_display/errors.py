"""What can go wrong with the customer's display; no sale waits for any of it.

DeviceUnavailable           drivers/errors.py
├── DisplayGone             its process has ended, or could not be started
├── DisplaySilent           it has not drawn what it was sent: it hangs
└── DisplayGarbled          what came over the pipe is no frame, or no answer to one
"""

from __future__ import annotations

from drivers.errors import DeviceUnavailable


class DisplayGone(DeviceUnavailable):
    """Raised when the display's process has ended: closed by somebody, crashed, or no screen."""

    code = "display_gone"


class DisplaySilent(DeviceUnavailable):
    """Raised when a frame was not drawn in time; the process is killed and started again."""

    code = "display_silent"


class DisplayGarbled(DeviceUnavailable):
    """Raised when a line over the pipe makes no sense; either end stops at once."""

    code = "display_garbled"
