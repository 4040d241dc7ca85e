"""The import rules in setup.cfg bite: one forbidden import for each of them breaks them all."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.house.sources import ROOMS, ROOT

BREACHES: Final = {
    "drivers/card/apdu.py": "import PIL, escpos, serial, zxingcpp, offline_queue",
    "firmware_tools/devices.py": "import ledger.cli",
    "kscoin/money.py": "import time",
    "ledger/book.py": "import alembic, drivers, cbor2, cryptography, prometheus_client, psycopg",
    "offline_queue/values.py": "import fastapi, httpx, pkcs11, smartcard, sqlalchemy, sqlite_utils",
    "pos_app/screens/palette.py": "import pos_app.performer",
    "pos_app/slips/sheet.py": "import threading",
    "pos_app/till/step.py": "import kivy, threading",
}
"""What is added to which file: together at least one breach of each contract."""


def test_every_contract_is_broken_by_what_it_forbids(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room)
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    for path, imports in BREACHES.items():
        with (tmp_path / path).open("a") as module:
            module.write(f"\n{imports}\n")

    told = lint_imports(tmp_path)

    assert " KEPT" not in told, told
    assert re.search(r"Contracts: 0 kept, [1-9]\d* broken", told), told


def lint_imports(directory: Path) -> str:
    """What import-linter says about the rooms in this directory."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(directory)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
