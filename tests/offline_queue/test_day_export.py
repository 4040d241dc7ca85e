"""A day's report in a spreadsheet and in a program says what the screen says."""

import csv
import io
import json

from kscoin.entries import Close, CloseLine, CloseState, EntryKind
from offline_queue.counter import DayReport
from offline_queue.day_export import as_csv, as_json
from tests.kscoin.parties import NOW_S

DAY = DayReport(
    Close(
        3,
        40,
        (
            CloseLine(EntryKind.PAYMENT, CloseState.KEPT, "=ana", 2, 7_000),
            CloseLine(EntryKind.REFUND, CloseState.SETTLED, "김 사장", 1, 500),
        ),
        "boss",
        12,
        (CloseLine(EntryKind.PAYMENT, CloseState.SETTLED, "", 1, 1_000),),
        NOW_S,
    ),
    first_sequence=20,
    is_closed=True,
)


def test_the_table_holds_every_line_and_every_sum() -> None:
    text = as_csv(DAY)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    assert text.startswith("\ufeffday,")
    assert [tuple(row.values()) for row in rows[:3]] == [
        ("3", "day", "payment", "kept", "'=ana", "2", "7000"),
        ("3", "day", "refund", "settled", "김 사장", "1", "500"),
        ("3", "earlier", "payment", "settled", "", "1", "1000"),
    ]
    sums = {row["kind"]: row["total_won"] for row in rows if row["counted"] == "sum"}
    assert (sums["taken"], sums["refunded"], sums["net"]) == ("7000", "500", "6500")
    assert (sums["brought_forward"], sums["carried_over"]) == ("1000", "7000")


def test_the_object_holds_the_same() -> None:
    read = json.loads(as_json(DAY))

    assert (read["day"], read["is_closed"], read["closed_at_s"]) == (3, True, NOW_S)
    assert read["lines"][1]["staff_id"] == "김 사장"
    assert read["earlier"] == [
        {"kind": "payment", "state": "settled", "staff_id": "", "count": 1, "total_won": 1_000}
    ]
    assert read["sums"]["carried_over"] == {"count": 2, "won": 7_000}
    assert read["net_won"] == DAY.net_won == 6_500
