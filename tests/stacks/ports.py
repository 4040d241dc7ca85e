"""Loopback TCP ports that stay free for a test, whoever else asks for one."""

import socket
from contextlib import ExitStack
from typing import Final

from tests.stacks.waiting import StackError

LOOPBACK: Final = "127.0.0.1"

ATTEMPTS_MAX: Final = 100
"""Tries at a run of neighbouring free ports; on an idle machine the first one succeeds."""


def free_port(neighbours: int = 1) -> int:
    """The first of `neighbours` consecutive loopback ports on which nobody listens.

    They are held for as long as this process lives: the system gives them to nobody else, also
    while a server is stopped and started again on one, and whoever connects meanwhile is refused.
    A server can listen there if it sets SO_REUSEADDR, as servers do.
    """
    for _ in range(ATTEMPTS_MAX):
        with ExitStack() as tried:
            try:
                first = tried.enter_context(_bound(0))
                port: int = first.getsockname()[1]
                others = [tried.enter_context(_bound(port + each)) for each in range(1, neighbours)]
            except (OSError, OverflowError):
                continue
            for held in (first, *others):
                held.detach()
            return port
    raise StackError(f"no {neighbours} neighbouring free ports in {ATTEMPTS_MAX} tries")


def _bound(port: int) -> socket.socket:
    """Return a socket that has the port and does not listen."""
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, port))
    except BaseException:
        holder.close()
        raise
    return holder
