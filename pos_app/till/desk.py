"""The way through the office: the menu, the history, refunds, voids and the close of day. Pure.

Nothing is given back or closed before it was confirmed, and nothing is said of it before it is
durable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from pos_app.till.effects import (
    Carry,
    CountDay,
    Effect,
    ListQueue,
    ReadLife,
    ReadReadiness,
    ReadRisk,
    ReadSales,
    WakeSync,
)
from pos_app.till.events import (
    DayCounted,
    LifeRead,
    OfficeEvent,
    OrderDone,
    OrderRefused,
    ReadingRefused,
    SalesRead,
)
from pos_app.till.move import Move, rest, stay, to
from pos_app.till.office import (
    CODE_MAX,
    CODE_MIN,
    AtPrinter,
    Choosing,
    CloseOrder,
    Confirming,
    Counting,
    Desk,
    FindingCode,
    FindingSum,
    InOffice,
    Looking,
    Opened,
    Order,
    Query,
    Reading,
    Reason,
    Reasoning,
    RefundOrder,
    Told,
    Typing,
    VoidOrder,
)
from pos_app.till.presses import CHOICES, DIGITS, LETTERS, Press
from pos_app.till.printing import DrawerSlip, TrialSlip
from pos_app.till.slips import print_slip, show_receipt, subject_in_sight
from pos_app.till.states import MAX_TYPED_WON, Browsing, Till

# Where a touch leads, and what is to be done on the way.
_Way: TypeAlias = tuple[Desk, tuple[Effect, ...]]


def office_press(till: Till, office: InOffice, press: Press) -> Move:
    """Return the move for a touch between sales, away from the keypad."""
    match office.desk, press:
        case Choosing(), Press.BACK:
            return rest(till, office.amount_won)
        case ((Choosing() | Told()), Press.QUEUE):
            return to(till, Browsing(office), ListQueue(), ReadReadiness())
        case ((Opened() | Told() | Counting() | AtPrinter()), Press.PRINT):
            return print_slip(till, subject_in_sight(office))
        case Opened(sale=sale), Press.QR_RECEIPT:
            return show_receipt(till, office, sale.request_hash)
        case AtPrinter(), Press.TEST_SLIP | Press.OPEN_DRAWER:
            return _at_printer(till, office, press)
        case desk, _:
            way = _way(desk, press)
            return stay(till) if way is None else _at(till, office, *way)


def _at_printer(till: Till, office: InOffice, press: Press) -> Move:
    subject = TrialSlip() if press is Press.TEST_SLIP else DrawerSlip()
    if isinstance(subject, DrawerSlip) and not till.has_drawer:
        return stay(till)
    return print_slip(replace(till, phase=replace(office, desk=AtPrinter(subject))), subject)


def office_event(till: Till, event: OfficeEvent) -> Move:
    """Return the move for the queue's answers to what was asked away from the keypad."""
    office = till.phase
    if not isinstance(office, InOffice):
        # Left meanwhile. An order cannot be left: this is only what nobody waits for any more.
        return stay(till)
    match office.desk, event:
        case Looking(query) as desk, SalesRead(asked, page) if asked == query:
            return _at(till, office, replace(desk, page=page))
        case Opened() as desk, LifeRead(life) if life.sale.request_hash == desk.sale.request_hash:
            return _at(till, office, replace(desk, sale=life.sale, life=life))
        case Counting(), DayCounted(day):
            return _at(till, office, Counting(day))
        case Confirming(behind, order, True), OrderDone(done, day, sequence) if done == order:
            told = Told(behind, order, day=day, sequence=sequence)
            return _at(till, office, told, (ReadRisk(), WakeSync()))
        case Confirming(behind, order, True), OrderRefused(refused, code) if refused == order:
            return _at(till, office, Told(behind, order, code), (ReadRisk(), WakeSync()))
        case ((Looking() | Opened() | Counting()), ReadingRefused(code)):
            return _at(till, office, Told(Choosing(), None, code))
        case _:
            return stay(till)


def reread(till: Till) -> tuple[Effect, ...]:
    """Return what reads again what is on the screen, after the ledger has said something new."""
    match till.phase:
        case InOffice(desk=Looking() | Opened() | Counting() as desk):
            return _read(desk)
        case _:
            return ()


def _at(till: Till, office: InOffice, desk: Desk, effects: tuple[Effect, ...] = ()) -> Move:
    return to(till, replace(office, desk=desk), *effects)


def _way(desk: Desk, press: Press) -> _Way | None:
    match desk:
        case Choosing() | Looking() | Opened() | Counting() | AtPrinter():
            return _reading(desk, press)
        case FindingSum() | FindingCode():
            return _finding(desk, press)
        case Typing():
            return _typing(desk, press)
        case Reasoning(behind):
            return (behind, ()) if press is Press.BACK else _reasoned(desk, press)
        case Confirming():
            return _confirming(desk, press)
        case Told(behind):
            return _opening(_forgotten(behind)) if press is Press.DISMISS else None
        case _ as never:
            assert_never(never)


def _forgotten(desk: Opened | Counting | Choosing) -> Opened | Counting | Choosing:
    """Return the desk without what an order may just have changed."""
    match desk:
        case Opened():
            return replace(desk, life=None)
        case Counting():
            return Counting()
        case Choosing():
            return desk
        case _ as never:
            assert_never(never)


def _opening(desk: Reading) -> _Way:
    """Return the way to a desk whose figures are read anew."""
    return desk, _read(desk)


def _read(desk: Reading) -> tuple[Effect, ...]:
    match desk:
        case Looking(query):
            return (ReadSales(query),)
        case Opened(_, sale):
            return (ReadLife(sale.request_hash),)
        case Counting():
            return (CountDay(),)
        case Choosing() | AtPrinter():
            return ()
        case _ as never:
            assert_never(never)


def _reading(desk: Reading, press: Press) -> _Way | None:
    match desk:
        case Choosing():
            return _choosing(press)
        case Looking(query):
            if press is Press.BACK:
                return _opening(Looking()) if query.is_search else (Choosing(), ())
            return _looking(desk, press)
        case Opened():
            return _opened(desk, press)
        case Counting(day):
            if press is Press.CLOSE_OF_DAY and day is not None:
                return Confirming(desk, CloseOrder(day)), ()
            return (Choosing(), ()) if press is Press.BACK else None
        case AtPrinter():
            return (Choosing(), ()) if press is Press.BACK else None
        case _ as never:
            assert_never(never)


def _choosing(press: Press) -> _Way | None:
    if press is Press.HISTORY:
        return _opening(Looking())
    if press is Press.PRINTER:
        return AtPrinter(), ()
    return _opening(Counting()) if press is Press.CLOSE_OF_DAY else None


def _opened(opened: Opened, press: Press) -> _Way | None:
    life = opened.life
    if press is Press.BACK:
        return _opening(opened.behind)
    if press is Press.REFUND and life is not None and life.sale.refundable_won:
        return Typing(opened), ()
    if press is Press.VOID and life is not None and life.is_voidable:
        return Reasoning(opened), ()
    return None


def _looking(looking: Looking, press: Press) -> _Way | None:
    query, page = looking.query, looking.page
    if press is Press.SEARCH:
        return FindingSum(looking), ()
    if press is Press.NEWER and query.befores:
        return _opening(Looking(replace(query, befores=query.befores[:-1])))
    if page is None:
        return None
    if press is Press.OLDER and page.next_before is not None:
        return _opening(Looking(replace(query, befores=(*query.befores, page.next_before))))
    if press in CHOICES and CHOICES.index(press) < len(page.sales):
        return _opening(Opened(looking, page.sales[CHOICES.index(press)]))
    return None


def _finding(desk: FindingSum | FindingCode, press: Press) -> _Way | None:
    if press is Press.BACK:
        return _opening(desk.behind)
    if press is Press.CLEAR:
        return type(desk)(desk.behind), ()
    return _by_sum(desk, press) if isinstance(desk, FindingSum) else _by_code(desk, press)


def _by_sum(finding: FindingSum, press: Press) -> _Way | None:
    won = finding.amount_won
    if press is Press.BY_CODE:
        return FindingCode(finding.behind), ()
    if press is Press.GO_ON:
        return _opening(Looking(Query(amount_won=won))) if won else None
    typed_won = _typed(won, press)
    return (FindingSum(finding.behind, typed_won), ()) if typed_won <= MAX_TYPED_WON else None


def _by_code(finding: FindingCode, press: Press) -> _Way | None:
    code = finding.code
    if press is Press.BY_SUM:
        return FindingSum(finding.behind), ()
    if press is Press.GO_ON:
        return _opening(Looking(Query(code=code))) if len(code) >= CODE_MIN else None
    if press is Press.ERASE:
        return FindingCode(finding.behind, code[:-1]), ()
    if press in LETTERS and len(code) < CODE_MAX:
        return FindingCode(finding.behind, code + press.value), ()
    return None


def _typed(amount_won: int, press: Press) -> int:
    """Return the sum after a touch of the keypad, which may be too large."""
    if press is Press.ERASE:
        return amount_won // 10
    return int(f"{amount_won}{press.value}") if press in DIGITS else amount_won


def _typing(typing: Typing, press: Press) -> _Way | None:
    behind, won = typing.behind, typing.amount_won
    most_won = behind.sale.refundable_won
    match press:
        case Press.BACK:
            return _opening(behind)
        case Press.CLEAR:
            return Typing(behind), ()
        case Press.WHOLE:
            return Typing(behind, most_won), ()
        case Press.GO_ON:
            return (Reasoning(behind, won), ()) if 0 < won <= most_won else None
        case _:
            typed = _typed(won, press)
            too_large = typed > most_won
            return Typing(behind, won if too_large else typed, too_large), ()


def _reasoned(desk: Reasoning, press: Press) -> _Way | None:
    if press not in CHOICES:
        return None
    reason, sale = tuple(Reason)[CHOICES.index(press)], desk.behind.sale
    order: Order = VoidOrder(sale, reason)
    if desk.amount_won is not None:
        order = RefundOrder(sale, desk.amount_won, reason)
    return Confirming(desk.behind, order), ()


def _confirming(desk: Confirming, press: Press) -> _Way | None:
    if desk.is_under_way:
        return None
    if press is Press.BACK:
        return _opening(desk.behind)
    if press is Press.GO_ON:
        return replace(desk, is_under_way=True), (Carry(desk.order),)
    return None
