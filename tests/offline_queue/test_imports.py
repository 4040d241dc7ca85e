"""What a till may name before its first frame imports no database library and no HTTP."""

import subprocess
import sys

import pytest

LATE = ("sqlite_utils", "sqlite3", "httpx", "ssl")


@pytest.mark.parametrize("module", ["queue", "sync", "receipts", "terminal", "errors", "values"])
def test_an_early_module_imports_nothing_late(module: str) -> None:
    code = f"import sys, offline_queue.{module}; print(*(m for m in {LATE} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize(("module", "library"), [("journal", LATE[0]), ("ledger_client", LATE[2])])
def test_the_late_ones_are_where_they_are_said_to_be(module: str, library: str) -> None:
    code = f"import sys, offline_queue.{module}; print({library!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "True\n"
