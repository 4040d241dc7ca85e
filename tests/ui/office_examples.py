"""The screens away from the keypad, as the till shows what is in its queue. Knows no window."""

from dataclasses import replace

from kscoin.codes import short_code
from kscoin.entries import CloseState, EntryKind
from kscoin.messages import Verdict
from pos_app.till.office import (
    Choosing,
    CloseOrder,
    Confirming,
    Counting,
    Day,
    DayLine,
    Deed,
    Desk,
    FindingCode,
    Happened,
    Life,
    Looking,
    Opened,
    Page,
    PastSale,
    Query,
    Readiness,
    ReadyItem,
    ReadyLevel,
    Reason,
    Reasoning,
    RefundOrder,
    Told,
    Total,
    Typing,
)
from pos_app.till.show_office import OfficePainter
from pos_app.till.status import StatusView
from pos_app.till.views import View
from pos_app.till.words import Texts

NOON_S = 1_800_000_000
"""17:00 in Seoul."""

SALE = PastSale(
    b"0" * 32, short_code(b"first payment"), NOON_S - 900, 12_300, False, CloseState.KEPT, 0, 12_300
)
SALES = (
    SALE,
    replace(
        SALE,
        short_code=short_code(b"second payment"),
        taken_at_s=NOON_S - 4_000,
        amount_won=99_999_999,
        is_online=True,
        state=CloseState.SETTLED,
        refunded_won=99_000_000,
    ),
    replace(
        SALE,
        short_code=short_code(b"third payment"),
        taken_at_s=NOON_S - 90_000,
        amount_won=4_500,
        state=CloseState.REFUSED,
        reason="double_spend",
    ),
    replace(
        SALE,
        short_code=short_code(b"fourth payment"),
        taken_at_s=NOON_S - 95_000,
        amount_won=8_000,
        state=CloseState.TORN,
    ),
)
HAPPENED = (
    Happened(Deed.ASKED, NOON_S - 90_060),
    Happened(Deed.TORN, NOON_S - 90_010),
    Happened(Deed.PAID, NOON_S - 90_000, 12_300),
    Happened(Deed.REFUNDED, NOON_S - 600, 4_000, reason="faulty_goods"),
    Happened(Deed.JUDGED, NOON_S - 300, verdict=Verdict.REFUSED, reason="till_empty"),
    Happened(Deed.REFUNDED, NOON_S - 60, 4_000, reason="faulty_goods"),
    Happened(Deed.SENT, None),
)
PART_REFUNDED = replace(SALE, taken_at_s=NOON_S - 90_000, refunded_won=4_000, refundable_won=8_300)
LOOKING = Looking(page=Page(SALES, next_before=7))
OPENED = Opened(LOOKING, SALE, Life(SALE, True, HAPPENED[:1]))
BUSY_DAY = Day(
    12,
    1_284_700,
    (
        ("taken", Total(214, 1_412_600)),
        ("voided", Total(2, 9_000)),
        ("refunded", Total(3, 31_200)),
        ("refused", Total(4, 87_700)),
        ("refunds_refused", Total(1, 4_000)),
        ("torn", Total(1, 0)),
        ("brought_forward", Total(12, 112_000)),
        ("carried_over", Total(231, 2_412_700)),
        ("refunds_carried_over", Total(1, 12_300)),
    ),
    (
        DayLine(EntryKind.PAYMENT, CloseState.SETTLED, Total(101, 700_000)),
        DayLine(EntryKind.PAYMENT, CloseState.KEPT, Total(60, 350_000)),
        DayLine(EntryKind.PAYMENT, CloseState.REFUSED, Total(4, 87_700)),
        DayLine(EntryKind.PAYMENT, CloseState.RETURNED, Total(1, 3_000)),
        DayLine(EntryKind.PAYMENT, CloseState.QUARANTINED, Total(1, 3_000)),
        DayLine(EntryKind.PAYMENT, CloseState.VOIDED, Total(2, 9_000)),
        DayLine(EntryKind.RECEIPT, CloseState.SETTLED, Total(48, 99_999_999)),
        DayLine(EntryKind.REFUND, CloseState.KEPT, Total(3, 31_200)),
        DayLine(EntryKind.VOID, CloseState.VOIDED, Total(2, 9_000)),
        DayLine(EntryKind.TORN, CloseState.TORN, Total(1, 0)),
        DayLine(EntryKind.PAYMENT, CloseState.SETTLED, Total(11, 100_000), is_earlier=True),
        DayLine(EntryKind.PAYMENT, CloseState.KEPT, Total(1, 12_000), is_earlier=True),
    ),
)
RED, AMBER, GREEN = ReadyLevel.RED, ReadyLevel.AMBER, ReadyLevel.GREEN
READINESS = Readiness(
    49,
    (
        ReadyItem("terminal", GREEN),
        ReadyItem("certificate", AMBER, "enrol_again"),
        ReadyItem("policy", GREEN),
        ReadyItem("trust", GREEN),
        ReadyItem("denylist", RED, "sync"),
        ReadyItem("limits", AMBER, "sync"),
        ReadyItem("sync", GREEN),
        ReadyItem("clock", AMBER, "set_clock"),
        ReadyItem("journal", GREEN),
        ReadyItem("disk", AMBER, "free_space"),
        ReadyItem("mirror", AMBER, "put_mirror_back"),
    ),
)
REFUND = RefundOrder(SALE, 4_000, Reason.FAULTY_GOODS)

DESKS: dict[str, Desk] = {
    "menu": Choosing(),
    "history": LOOKING,
    "history-none": Looking(Query(code="7Q2"), Page(())),
    "find-code": FindingCode(LOOKING, "7Q2F9"),
    "sale": Opened(LOOKING, PART_REFUNDED, Life(PART_REFUNDED, True, HAPPENED)),
    "refund-sum": Typing(OPENED, 4_000, is_too_large=True),
    "reasons": Reasoning(OPENED, 4_000),
    "confirm": Confirming(Counting(BUSY_DAY), CloseOrder(BUSY_DAY)),
    "refunded": Told(OPENED, REFUND),
    "day": Counting(BUSY_DAY),
}


def painter(texts: Texts, bar: StatusView) -> OfficePainter:
    """What paints a desk in a language, in Seoul at five in the afternoon."""
    return OfficePainter(texts, bar, 9 * 3600, NOON_S)


def readiness(texts: Texts, bar: StatusView) -> View:
    """A till that wants a technician, syncing and a stick."""
    return painter(texts, bar).readiness(READINESS, is_syncing=False)
