"""docs/http.md says what there is: the table of calls is the one that the OpenAPI gives."""

from __future__ import annotations

from pathlib import Path

from ledger.metrics import Gauges, Metrics
from tests.ledger.routes import table
from tests.ledger.test_access import calls_of
from tests.ledger.world import World

PAGE = Path(__file__).parents[2] / "docs" / "http.md"


def test_the_table_of_calls_is_true(sqlite_world: World) -> None:
    """`python -m tests.ledger.routes` prints it anew."""
    assert table(calls_of(sqlite_world).openapi()) in PAGE.read_text(encoding="utf-8")


def test_every_metric_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    text = Metrics(lambda: Gauges(0, 0, 0)).page().decode()
    named = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert named
    assert {name for name in named if not name.endswith("_created")} <= {
        name for name in named if f"`{name}`" in page
    }
