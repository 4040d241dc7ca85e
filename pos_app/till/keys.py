"""What the shopkeeper's touches do. A touch that means nothing on a screen does nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pos_app.till.desk import office_press
from pos_app.till.effects import (
    Accept,
    CloseRequest,
    ListQueue,
    OpenRequest,
    ReadReadiness,
    Restart,
    StopListening,
    SyncNow,
)
from pos_app.till.move import Move, rest, stay, to
from pos_app.till.office import Choosing, InOffice
from pos_app.till.presses import DIGITS, Press
from pos_app.till.printing import SaleSlip
from pos_app.till.slips import print_slip, put_receipt_away, show_receipt
from pos_app.till.states import (
    MAX_TYPED_WON,
    Approved,
    Browsing,
    Keeping,
    NotKept,
    Opening,
    Paying,
    Refused,
    Selling,
    ShowingReceipt,
    Till,
)
from pos_app.till.texts import next_language

# Written with the note that closes a request (KSP/1 section 9).
CANCELLED: Final = "cancelled"


def pressed(till: Till, press: Press) -> Move:
    """Return the move for a touch."""
    if press is Press.LANGUAGE:
        return stay(replace(till, language=next_language(till.language)))
    if (fault := till.fault_in_sight) is not None:
        return stay(till, Restart()) if fault.can_retry and press is Press.RETRY else stay(till)
    match till.phase:
        case Selling() as selling:
            return _selling(till, selling, press)
        case Opening() | Paying() | NotKept():
            return _in_a_sale(till, press)
        case Approved() | Refused():
            return _after_a_sale(till, press)
        case Browsing() | ShowingReceipt():
            return _over_another(till, press)
        case InOffice() as office:
            return office_press(till, office, press)
        case _:
            return stay(till)


def _selling(till: Till, selling: Selling, press: Press) -> Move:
    amount_won = selling.amount_won
    if press in DIGITS:
        return to(till, _typed(amount_won, press.value))
    match press:
        case Press.ERASE:
            return to(till, Selling(amount_won // 10))
        case Press.CLEAR:
            return to(till, Selling())
        case Press.PAY if amount_won:
            return to(till, Opening(amount_won), OpenRequest(amount_won))
        case Press.QUEUE:
            return to(till, Browsing(selling), ListQueue(), ReadReadiness())
        case Press.MENU:
            return to(till, InOffice(amount_won, Choosing()))
        case _:
            return stay(till)


def _typed(amount_won: int, digits: str) -> Selling:
    longer_won = int(f"{amount_won}{digits}")
    if longer_won > MAX_TYPED_WON:
        return Selling(amount_won, is_too_large=True)
    return Selling(longer_won)


def _in_a_sale(till: Till, press: Press) -> Move:
    match till.phase, press:
        case Opening(amount_won), Press.CANCEL:
            return to(till, Opening(amount_won, is_cancelled=True))
        case Paying(request), Press.CANCEL:
            close = CloseRequest(request.hash, CANCELLED)
            return rest(till, request.amount_won, close, StopListening())
        case NotKept(request, evidence, before), Press.RETRY:
            keeping = Keeping(request, evidence, before)
            return to(till, keeping, Accept(request.hash, evidence))
        case _:
            return stay(till)


def _after_a_sale(till: Till, press: Press) -> Move:
    match till.phase, press:
        case (Approved() | Refused()) as shown, Press.QUEUE:
            return to(till, Browsing(shown), ListQueue(), ReadReadiness())
        case (Approved(), Press.NEW_SALE) | (Refused(), Press.DISMISS):
            return rest(till, 0)
        case Approved(stored), Press.PRINT:
            return print_slip(till, SaleSlip(stored.request_hash))
        case Approved(stored) as approved, Press.QR_RECEIPT:
            return show_receipt(till, approved, stored.request_hash)
        case Refused(amount_won, can_pay_again=True), Press.PAY_AGAIN:
            return to(till, Opening(amount_won), OpenRequest(amount_won))
        case _:
            return stay(till)


def _over_another(till: Till, press: Press) -> Move:
    """A touch on what lies over another screen and leads back to it."""
    match till.phase, press:
        case ShowingReceipt() as showing, Press.BACK:
            return put_receipt_away(till, showing)
        case Browsing(behind, is_health), Press.BACK:
            return to(till, Browsing(behind) if is_health else behind)
        case Browsing(behind, False), Press.READINESS:
            return to(till, Browsing(behind, is_health=True), ReadReadiness())
        case Browsing(), Press.SYNC_NOW:
            return stay(till, SyncNow())
        case _:
            return stay(till)
