"""Hears from the kernel that a network has come, so that a line that returns is tried at once.

It must not know whether the ledger is reached by it. Where the kernel tells nothing (another
system, a container without netlink), nothing is heard and the waits between tries run as ever.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

# rtnetlink(7): a link went up or down, an IPv4 or IPv6 route came or went.
_RTMGRP_LINK: Final = 0x1
_RTMGRP_IPV4_ROUTE: Final = 0x40
_RTMGRP_IPV6_ROUTE: Final = 0x400
_GROUPS: Final = _RTMGRP_LINK | _RTMGRP_IPV4_ROUTE | _RTMGRP_IPV6_ROUTE
# What is told is not read, only that something is: the longest message fits.
_MESSAGE_BYTES: Final = 65_536


def kernel_routes() -> socket.socket:
    """Return a socket on which the kernel tells of links and routes; raises OSError."""
    told = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    try:
        told.bind((0, _GROUPS))
    except OSError:
        told.close()
        raise
    return told


class RouteWatch:
    """A thread that calls `changed` whenever the machine's ways to the world have changed."""

    def __init__(
        self,
        changed: Callable[[], None],
        listen: Callable[[], socket.socket] = kernel_routes,
    ) -> None:
        self._changed = changed
        self._listen = listen
        self._stopping, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="routes", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.close()
        self._thread.join()
        self._stopping.close()

    def _run(self) -> None:
        # Without netlink there is nothing to listen to.
        with suppress(OSError), self._listen() as told:
            while self._heard(told):
                self._changed()

    def _heard(self, told: socket.socket) -> bool:
        """Wait for the kernel to tell something; return False at the end."""
        ready, _, _ = select.select([told, self._stopping], [], [])
        if self._stopping in ready:
            return False
        # Too much was told at once (ENOBUFS): that something has changed is all that matters.
        with suppress(OSError):
            told.recv(_MESSAGE_BYTES)
        return True
