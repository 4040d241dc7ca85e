"""Loopback TCP ports that are free now."""

import socket
from contextlib import ExitStack
from itertools import count
from typing import Final

from tests.stacks.waiting import StackError

LOOPBACK: Final = "127.0.0.1"

ATTEMPTS_MAX: Final = 100
"""Tries at a run of neighbouring free ports; on an idle machine the first one succeeds."""


def free_port(neighbours: int = 1) -> int:
    """The first of `neighbours` consecutive loopback ports that nobody listens on.

    The ports are free when this returns, not reserved: bind them soon.
    """
    for attempt in count(1):
        with socket.create_server((LOOPBACK, 0)) as probe:
            first: int = probe.getsockname()[1]
        if _are_free(range(first, first + neighbours)):
            return first
        if attempt == ATTEMPTS_MAX:
            break
    raise StackError(f"no {neighbours} neighbouring free ports in {ATTEMPTS_MAX} tries")


def _are_free(ports: range) -> bool:
    with ExitStack() as held:
        try:
            for port in ports:
                held.enter_context(socket.create_server((LOOPBACK, port)))
        except (OSError, OverflowError):
            return False
    return True
