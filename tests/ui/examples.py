"""Every screen in the situations that it is for, as a table of views. Knows no window."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from kscoin.codes import short_code
from pos_app.till.office import AtPrinter, Choosing, Desk
from pos_app.till.office_views import SlipView
from pos_app.till.printing import SlipRule, SlipState, Stage, TrialSlip
from pos_app.till.show import Face, show
from pos_app.till.show_office import Printer
from pos_app.till.show_slips import slip_view
from pos_app.till.states import Selling, Till, Unwell
from pos_app.till.status import AtRiskView, Connection, DeviceKind, DeviceMark, Level, StatusView
from pos_app.till.texts import demo_mark, texts_of
from pos_app.till.views import (
    CustomerView,
    FaultView,
    HoldAgainView,
    HoldView,
    LeftView,
    PayView,
    QueueEntryView,
    QueueView,
    ReceiptView,
    RefusedView,
    ResultView,
    SellView,
    StartingView,
    View,
    Waiting,
    Way,
)
from pos_app.till.words import Language, Moved, Texts
from tests.ui.office_examples import DESKS, NOON_S, painter, readiness

# As long as a request's text is with a shop's name of 48 bytes (KSP/1 section 4).
REQUEST_TEXT: Final = ("KS1:" + "NCFT9R60 R$9WV50:2AP6 6.L7/E/Y84EVJ1/7V*A6BL6*I5+V" * 12)[:568]

# As long as the code of a payment that was kept offline can be (KSP/1 section 17).
RECEIPT_TEXT: Final = ("KS1:" + "NCFT9R60 R$9WV50:2AP6 6.L7/E/Y84EVJ1/7V*A6BL6*I5+V" * 24)[:1_150]

SHOP: Final = {Language.KOREAN: "행복분식 시장점", Language.ENGLISH: "Happy Noodles"}
LONGEST_SHOP: Final = {
    Language.KOREAN: "서울특별시청앞행복갂분식점",
    Language.ENGLISH: "The Very Happy Noodle Café at Namdaemun Market",
}
STAFF: Final = {Language.KOREAN: "김민수", Language.ENGLISH: "Minsu Kim"}

LITTLE: Final = AtRiskView(38_500, 3_000_000, 4, 300, 840)
MUCH: Final = AtRiskView(2_412_700, 3_000_000, 231, 300, 94_000, Level.HIGH)
ALL: Final = AtRiskView(2_998_400, 3_000_000, 300, 300, 259_000, Level.FULL)
NONE: Final = AtRiskView(0, 3_000_000, 0, 300)


def status(
    language: Language,
    connection: Connection = Connection.ONLINE,
    at_risk: AtRiskView = NONE,
    *kinds: DeviceKind,
    shop: Mapping[Language, str] = SHOP,
    is_demo: bool = False,
) -> StatusView:
    """A status bar as it is with these troubles."""
    news = texts_of(language).news("device_gone")
    devices = tuple(DeviceMark(kind, news) for kind in kinds)
    staff = STAFF[language]
    return StatusView(shop[language], "14:05", connection, at_risk, staff, devices, is_demo)


def _sell(language: Language, texts: Texts) -> View:
    return SellView(texts, status(language), 0, can_pay=False)


def _sell_sum(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, is_demo=True)
    return SellView(texts, bar, 12_300, can_pay=True)


def _sell_largest(language: Language, texts: Texts) -> View:
    bar = status(
        language,
        Connection.REFUSED,
        ALL,
        DeviceKind.CARD_READER,
        DeviceKind.SCANNER,
        DeviceKind.PRINTER,
        shop=LONGEST_SHOP,
        is_demo=True,
    )
    return SellView(texts, bar, 99_999_999, True, texts.news("over_terminal_limit").advice)


def _sell_device(language: Language, texts: Texts) -> View:
    # The bar marks what there is room for; the notice is about the last of them.
    unwell = (DeviceKind.CLOCK, DeviceKind.DISK, DeviceKind.CUSTOMER_DISPLAY)
    till = Till(
        Selling(),
        language,
        wall_s=NOON_S,
        unwell=tuple(Unwell(kind, "device_hung") for kind in unwell),
    )
    return show(till, Face(SHOP[language], 9 * 3600))


def _sell_paper_low(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, DeviceKind.CARD_READER, DeviceKind.SCANNER)
    return SellView(texts, replace(bar, is_paper_low=True), 12_300, can_pay=True)


def _paper_low(desk: Desk, language: Language, texts: Texts) -> View:
    printer = Printer(slip(texts, None), is_there=True, has_drawer=True)
    bar = replace(status(language), is_paper_low=True)
    return replace(painter(texts, bar), printer=printer).view(desk)


def _pay(language: Language, texts: Texts) -> View:
    return PayView(texts, status(language, is_demo=True), 12_300, REQUEST_TEXT, 117, 120)


def _pay_notice(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, DeviceKind.CARD_READER)
    news = texts.news("not_kscoin")
    return PayView(texts, bar, 48_000, REQUEST_TEXT, 24, 120, frozenset({Way.TAP}), news)


def _pay_preparing(language: Language, texts: Texts) -> View:
    return PayView(texts, status(language, Connection.TRYING), 99_999_999, None, 120, 120)


def _hold(language: Language, texts: Texts) -> View:
    return HoldView(texts, status(language, Connection.OFFLINE, LITTLE, is_demo=True), 12_300)


def _renewing(language: Language, texts: Texts) -> View:
    return HoldView(texts, status(language), 12_300, is_renewing=True)


def _checking(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.ONLINE, NONE, DeviceKind.CUSTOMER_DISPLAY)
    return HoldView(texts, bar, 99_999_999, is_card=False)


def _hold_again(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, is_demo=True)
    return HoldAgainView(texts, bar, 12_300, 38, 45)


def _hold_again_other(language: Language, texts: Texts) -> View:
    return HoldAgainView(texts, status(language), 12_300, 9, 45, texts.news("another_card"))


def _settled(language: Language, texts: Texts) -> View:
    return ResultView(texts, status(language), 12_300, short_code(b"settle"), True, 7)


def _kept(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, is_demo=True)
    return ResultView(texts, bar, 12_300, short_code(b"keptsafe"), False, 8)


def _kept_largest(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, ALL)
    return ResultView(texts, bar, 99_999_999, short_code(b"largest!"), False)


STALLED: Final = SlipState(TrialSlip(), Stage.STALLED, "printer_out_of_paper")
PRINTED: Final = SlipState(TrialSlip(), Stage.PRINTED)
DOUBTFUL: Final = SlipState(TrialSlip(), Stage.DOUBTFUL)


def slip(texts: Texts, state: SlipState | None = None) -> SlipView:
    """The print key of what is in sight, whose slip is so far."""
    slips = () if state is None else (state,)
    till = Till(slip_rule=SlipRule.ASK, slips=slips)
    shown = slip_view(till, TrialSlip(), texts)
    assert shown is not None, "there is a printer"
    # Whatever was printed of a test is no copy; of these it is.
    return replace(shown, key=texts.print_copy) if state is not None else shown


def _printing(state: SlipState | None, language: Language, texts: Texts) -> View:
    kinds = (DeviceKind.PRINTER,) if state is STALLED else ()
    bar = status(language, Connection.OFFLINE, LITTLE, *kinds)
    seconds = 6 if state is PRINTED else None
    return ResultView(
        texts, bar, 12_300, short_code(b"keptsafe"), False, seconds, slip(texts, state)
    )


def _receipt(language: Language, texts: Texts) -> View:
    said, mark = texts.receipt_hint, demo_mark()
    bar, code = status(language, is_demo=True), short_code(b"keptsafe")
    return ReceiptView(texts, bar, 12_300, code, RECEIPT_TEXT, said, mark)


def _receipt_reading(language: Language, texts: Texts) -> View:
    said = texts.news("no_such_payment").advice
    return ReceiptView(texts, status(language), 99_999_999, short_code(b"keptsafe"), None, said)


def _with_slip(desk: Desk, state: SlipState | None, language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, DeviceKind.PRINTER)
    printer = Printer(slip(texts, state), is_there=True, has_drawer=True)
    return replace(painter(texts, bar), printer=printer).view(desk)


def _refused(language: Language, texts: Texts) -> View:
    news = texts.news("purse_denied")
    return RefusedView(texts, status(language, is_demo=True), 12_300, news)


def _unsure(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, MUCH)
    news = texts.news("debit_torn", Moved.PERHAPS)
    return RefusedView(texts, bar, 12_300, news, short_code(b"torntap"), can_pay_again=False)


def _paid_earlier(language: Language, texts: Texts) -> View:
    bar, code = status(language, Connection.OFFLINE, LITTLE), short_code(b"keptsafe")
    return ResultView(texts, bar, 12_300, code, False, slip=slip(texts), is_earlier=True)


def _too_late(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, MUCH)
    news, code = texts.news("request_closed"), short_code(b"torntap")
    return RefusedView(
        texts, bar, 12_300, news, code, can_pay_again=False, headline=texts.came_late
    )


def _queue(language: Language, texts: Texts) -> View:
    why = texts.news("double_spend")
    entries = (
        QueueEntryView(short_code(b"first payment"), 4_500, 88_000, Waiting.REFUSED, why),
        QueueEntryView(short_code(b"other payment"), 12_300, 94_000, Waiting.FOR_LINE),
        QueueEntryView(short_code(b"third payment"), 150_000, 9_000, Waiting.SENDING),
        QueueEntryView(short_code(b"early goodbye"), 8_000, 840, Waiting.TORN),
        QueueEntryView(short_code(b"lastly, this!"), 23_900, 35, Waiting.QUARANTINED),
    )
    news = texts.news("ledger_unreachable")
    bar = status(language, Connection.OFFLINE, MUCH, is_demo=True)
    return QueueView(texts, bar, entries, 226, False, 94_000, news)


def _queue_syncing(language: Language, texts: Texts) -> View:
    entries = (QueueEntryView(short_code(b"the only one"), 4_500, 20, Waiting.SENDING),)
    left = LeftView(9_214, 38_706_500, 41)
    return QueueView(texts, status(language, at_risk=LITTLE), entries, is_syncing=True, left=left)


def _queue_empty(language: Language, texts: Texts) -> View:
    return QueueView(texts, status(language), (), last_sync_s=12)


def _fault(language: Language, texts: Texts) -> View:
    bar = status(language, Connection.OFFLINE, LITTLE, is_demo=True)
    return FaultView(texts, bar, texts.part_disk, texts.news("disk_full", Moved.PERHAPS))


def _fault_final(language: Language, texts: Texts) -> View:
    damaged = texts.entry_damaged.format(entry="1,234")
    news = replace(texts.news("journal_damaged"), what=damaged)
    bar = status(language, Connection.TRYING)
    return FaultView(texts, bar, texts.part_queue, news, is_queue_safe=False, can_retry=False)


def _starting(language: Language, texts: Texts) -> View:
    return StartingView(texts, status(language, Connection.TRYING, is_demo=True))


def _at_desk(desk: Desk, language: Language, texts: Texts) -> View:
    return painter(texts, status(language, Connection.OFFLINE, LITTLE)).view(desk)


def _readiness(language: Language, texts: Texts) -> View:
    return readiness(texts, status(language, Connection.OFFLINE, MUCH))


Example = Callable[[Language, Texts], View]

EXAMPLES: Final[Mapping[str, Example]] = MappingProxyType(
    {
        "starting": _starting,
        "sell": _sell,
        "sell-sum": _sell_sum,
        "sell-largest": _sell_largest,
        "sell-device": _sell_device,
        "sell-paper-low": _sell_paper_low,
        "pay": _pay,
        "pay-notice": _pay_notice,
        "pay-preparing": _pay_preparing,
        "hold": _hold,
        "renewing": _renewing,
        "checking": _checking,
        "hold-again": _hold_again,
        "hold-again-other": _hold_again_other,
        "result-settled": _settled,
        "result-kept": _kept,
        "result-kept-largest": _kept_largest,
        "result-print": partial(_printing, None),
        "result-stalled": partial(_printing, STALLED),
        "result-printed": partial(_printing, PRINTED),
        "result-doubtful": partial(_printing, DOUBTFUL),
        "receipt": _receipt,
        "receipt-unread": _receipt_reading,
        "menu-printer": partial(_with_slip, Choosing(), None),
        "printer": partial(_with_slip, AtPrinter(), None),
        "menu-paper-low": partial(_paper_low, Choosing()),
        "printer-paper-low": partial(_paper_low, AtPrinter()),
        "printer-stalled": partial(_with_slip, AtPrinter(TrialSlip()), STALLED),
        "sale-print": partial(_with_slip, DESKS["sale"], None),
        "sale-stalled": partial(_with_slip, DESKS["sale"], STALLED),
        "done-print": partial(_with_slip, DESKS["refunded"], None),
        "done-stalled": partial(_with_slip, DESKS["refunded"], STALLED),
        "day-print": partial(_with_slip, DESKS["day"], None),
        "day-stalled": partial(_with_slip, DESKS["day"], STALLED),
        "refused": _refused,
        "refused-unsure": _unsure,
        "refused-too-late": _too_late,
        "result-earlier": _paid_earlier,
        "queue": _queue,
        "queue-syncing": _queue_syncing,
        "queue-empty": _queue_empty,
        "fault": _fault,
        "fault-final": _fault_final,
        **{name: partial(_at_desk, desk) for name, desk in DESKS.items()},
        "readiness": _readiness,
    }
)


def example(name: str, language: Language) -> View:
    """The example of that name in a language."""
    return EXAMPLES[name](language, texts_of(language))


def customer(language: Language) -> CustomerView:
    """The demo's customer, who has the till's line cut."""
    return CustomerView(texts_of(language), 87_700, 50_000, is_line_cut=True, can_pay=True)


def idle_customer(language: Language) -> CustomerView:
    """The demo's customer while there is nothing to pay, having just paid."""
    texts = texts_of(language)
    said = texts.customer_said("show_receipt")
    return CustomerView(texts, 87_700, 50_000, is_line_cut=False, can_pay=False, said=said)
