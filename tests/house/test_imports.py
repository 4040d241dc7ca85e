"""Nothing happens at import: no file is written, no port opened, no thread or process started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT, shipped_modules

RESTLESS = {
    f"drivers.printer.{name}"
    for name in (
        "commands",
        "conversation",
        "hosted_port",
        "library",
        "port_process",
        "ports",
        "usb_port",
    )
}
"""python-escpos makes a directory when it is imported; tests/drivers/printer sees that it goes."""


def test_importing_every_module_does_nothing_else() -> None:
    # Kivy opens its window when it is imported, which is why only the screens may import it.
    names = [source.module_name for source in shipped_modules()]
    assert set(names) >= RESTLESS
    quiet = [name for name in names if name not in RESTLESS]
    assert done_by_importing([n for n in quiet if not n.startswith("pos_app.screens")]) == ""


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("open('left-behind', 'w').close()", "open"),
        ("import socket; socket.create_server(('127.0.0.1', 0)).close()", "socket.bind"),
        ("import sqlite3; sqlite3.connect(':memory:').close()", "sqlite3.connect"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import threading as t; t.Thread(target=t.Event().wait, daemon=True).start()", "Thread-1"),
    ],
)
def test_a_restless_module_is_seen(tmp_path: Path, statement: str, seen: str) -> None:
    (tmp_path / "restless.py").write_text(statement)

    told = done_by_importing(["restless"], tmp_path)

    assert told.startswith("restless: ")
    assert seen in told


def done_by_importing(names: list[str], directory: Path = ROOT) -> str:
    """What importing these modules does, in a process that starts in `directory`."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.house.import_watch", *names],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": f"{directory}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
