"""A fresh ledger for each test, and key files that open fast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.keystore import file_key
from tests.firmware_tools.ledgers import Node, running_node


@pytest.fixture
def node() -> Iterator[Node]:
    with running_node() as node:
        yield node


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key file that costs nothing to guess: these tests open hundreds, and guard no money."""
    monkeypatch.setattr(file_key, "_SCRYPT_N", 16)
