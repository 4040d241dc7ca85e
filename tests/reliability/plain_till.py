"""A till in a process of its own that sells until its standard input ends, then stops and returns.

    python -m tests.reliability.plain_till DIRECTORY

Says on standard output, a line each, which devices are unwell whenever that changes, and at last
that it has stopped.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from pos_app import settings
from pos_app.compose import Terminal
from pos_app.till.views import SellView, View


def say(line: str) -> None:
    """Write a line that is read at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run the till in the directory that the command line names."""
    logging.basicConfig(level=logging.INFO)
    said: list[str] = []

    def tell(view: View) -> None:
        marks = ",".join(f"{mark.kind.value}:{mark.news.code}" for mark in view.status.devices)
        line = f"{'selling' if isinstance(view, SellView) else 'busy'} {marks}"
        if said[-1:] != [line]:
            said.append(line)
            say(line)

    terminal = Terminal(settings.load(Path(sys.argv[1])), sys.exit)
    terminal.runtime.watch(tell)
    terminal.start()
    sys.stdin.read()
    terminal.stop()
    say("stopped")


if __name__ == "__main__":
    main()
