"""The till of a drill, in a process of its own: touches come in by lines, screens go out by lines.

    python -m pos_app.rehearsal.till DIRECTORY SKIPPED_S

Each line of input is a touch (`press pay`) or lets time go by (`skip 46`); each line of output is
a screen as JSON. It is the whole till but for the window, so it may be killed like the real one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pos_app.compose import Terminal
from pos_app.rehearsal.clock import DrillClock
from pos_app.settings import load
from pos_app.till.presses import Press
from pos_app.till.views import (
    FaultView,
    HoldAgainView,
    PayView,
    QueueView,
    RefusedView,
    ResultView,
    SellView,
    View,
)
from pos_app.till.words import News

# After a line is back, sending begins at the next try: a drill does not sit out a minute.
RETRY_CAP_S = 0.5


def main() -> None:
    """Run until the input ends."""
    directory, skipped_s = Path(sys.argv[1]), int(sys.argv[2])
    clock = DrillClock(skipped_s)
    terminal = Terminal(load(directory), _give_up, RETRY_CAP_S, clock)
    terminal.runtime.watch(_tell)
    terminal.start()
    _obey(sys.stdin, terminal, clock)
    terminal.stop()


def told(view: View) -> dict[str, Any]:
    """Return what a drill needs to know of a screen."""
    return {
        "screen": type(view).__name__.removesuffix("View").lower(),
        "connection": view.status.connection.value,
        "unsettled": view.status.at_risk.unsettled_count,
        **_details(view),
    }


def _details(view: View) -> dict[str, Any]:
    match view:
        case SellView(amount_won=amount_won):
            return {"amount_won": amount_won}
        case PayView(request_text=text, notice=notice):
            return {"request_text": text, "code": _code(notice)}
        case HoldAgainView(notice=notice):
            return {"code": _code(notice)}
        case ResultView(short_code=short_code, is_settled=is_settled):
            return {"short_code": short_code, "is_settled": is_settled}
        case RefusedView(news=news) | FaultView(news=news):
            return {"code": news.code}
        case QueueView(entries=entries, is_syncing=is_syncing, problem=problem):
            return {
                "waiting": len(entries),
                "is_syncing": is_syncing,
                "problem": _code(problem),
            }
        case _:
            return {}


def _code(news: News | None) -> str | None:
    return None if news is None else news.code


def _tell(view: View) -> None:
    sys.stdout.write(f"{json.dumps(told(view))}\n")
    sys.stdout.flush()


def _obey(lines: Iterable[str], terminal: Terminal, clock: DrillClock) -> None:
    for line in lines:
        what, _, argument = line.strip().partition(" ")
        if what == "press":
            terminal.runtime.press(Press(argument))
        elif what == "skip":
            clock.skip(int(argument))


def _give_up() -> None:
    # A drill starts its till again from outside.
    os._exit(1)


if __name__ == "__main__":
    main()
