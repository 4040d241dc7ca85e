"""The networks of KSP/1. Each signature is bound to one; nothing else knows their names."""

from __future__ import annotations

from typing import Final

LIVE: Final = "seoul"
TEST: Final = "seoul-test"
DEMO: Final = "seoul-demo"
NETWORKS: Final = (LIVE, TEST, DEMO)
