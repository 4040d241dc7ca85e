"""The display's program with a window that hangs or is closed: it ends, with its till or alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from pos_app.customer_display.frames import Frame
from pos_app.till.words import Language
from tests.ui.display_examples import display

WAIT_S = 20.0
# The program as it is, but for a window that does nothing that it is told, and then `{loop}`.
PROGRAM = """
import sys, threading
from pos_app.customer_display import __main__ as program

shown = threading.Event()

class Window:
    def show(self, view, drawn): shown.set()
    def close(self): pass

def run_display(look, on_open):
    on_open(Window())
    print("it is open", file=sys.stderr, flush=True)
    {loop}

program.run_display = run_display
sys.exit(program.main([]))
"""
HANGS = "threading.Event().wait()"
CLOSES = "shown.wait()"
LINE = Frame(1, display("display-idle", Language.KOREAN)).to_line()

Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the program with a window that does one thing once it is open."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(loop: str) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(loop=loop)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(program)
        assert program.stderr is not None
        assert program.stderr.readline() == b"it is open\n"
        return program

    yield begin
    for program in started:
        program.kill()
        program.communicate()


@pytest.mark.parametrize(("last", "status"), [(b"", 0), (b"what?\n", 2)])
def test_a_window_that_hangs_does_not_outlive_its_till(
    start: Start, last: bytes, status: int
) -> None:
    program = start(HANGS)
    told, _ = program.communicate(LINE + last, timeout=WAIT_S)
    assert (program.returncode, told) == (status, b"")


def test_a_window_that_is_closed_ends_the_program_which_still_waits_for_frames(
    start: Start,
) -> None:
    program = start(CLOSES)
    assert program.stdin is not None
    program.stdin.write(LINE)
    program.stdin.flush()
    assert program.wait(WAIT_S) == 0
