"""Import modules in a fresh process, and print what that did beyond importing.

    python -B -m tests.house.import_watch MODULE…

Without bytecode (-B), so that the interpreter itself writes nothing.
"""

import os
import sys
import threading
from importlib import import_module
from typing import Final

ACTIONS: Final = frozenset(
    {
        "os.mkdir",
        "os.remove",
        "os.rename",
        "socket.bind",
        "socket.connect",
        "sqlite3.connect",
        "subprocess.Popen",
    }
)
"""Audit events of things that a program does to the world: the table in Python's library manual.

Starting a thread is no event before Python 3.12, so threads are counted instead.
"""

WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(names: list[str]) -> None:
    """Print one line for each thing done; nothing when importing only imports."""
    importing = ""

    def tell(event: str, arguments: tuple[object, ...]) -> None:
        if importing and is_action(event, arguments):
            print(f"{importing}: {event}{arguments}")  # noqa: T201

    sys.addaudithook(tell)
    for name in names:
        importing = name
        import_module(name)
        if threading.active_count() > 1:
            print(f"{name}: {threading.enumerate()}")  # noqa: T201
    importing = ""


def is_action(event: str, arguments: tuple[object, ...]) -> bool:
    """True for an audit event that is more than reading files."""
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & WRITING)
    return event in ACTIONS


if __name__ == "__main__":
    main(sys.argv[1:])
