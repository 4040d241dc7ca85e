"""The display's program with a window that hangs: it ends with its till all the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from pos_app.customer_display.frames import Frame
from pos_app.till.words import Language
from tests.ui.display_examples import display

WAIT_S = 20.0
# The program as it is, but for a window that opens and then does nothing that it is told.
HUNG = """
import sys, threading
from pos_app.customer_display import __main__ as program

class Window:
    def show(self, view, drawn): pass
    def close(self): pass

def run_display(look, on_open):
    on_open(Window())
    print("it hangs", file=sys.stderr, flush=True)
    threading.Event().wait()

program.run_display = run_display
program.main([])
"""


@pytest.fixture
def hung() -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(
        [sys.executable, "-c", HUNG],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stderr is not None
    assert program.stderr.readline() == b"it hangs\n"
    yield program
    program.kill()
    program.communicate()


@pytest.mark.parametrize(("last", "status"), [(b"", 0), (b"what?\n", 2)])
def test_a_window_that_hangs_does_not_outlive_its_till(
    hung: subprocess.Popen[bytes], last: bytes, status: int
) -> None:
    line = Frame(1, display("display-idle", Language.KOREAN)).to_line()
    told, _ = hung.communicate(line + last, timeout=WAIT_S)
    assert (hung.returncode, told) == (status, b"")
