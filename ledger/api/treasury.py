"""The guarantee fund and payout runs: for operators, and for auditors to see."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import Field

from ledger.api.access import Operator, Reader
from ledger.api.bodies import json_only
from ledger.api.contract import MAX_NUMBER, WITH_TOKEN, Body, IdInPath, Reference
from ledger.api.holders import WonOrder
from ledger.api.orders import obey, octets
from ledger.api.views import BookedView, FundView, PayoutView, ReleasedView, RunView
from ledger.book import FUND_ID

router = APIRouter(prefix="/v1", tags=["operators"], responses=WITH_TOKEN)
_json = [Depends(json_only)]


class NewRun(Body):
    """A payout run; the same reference again goes on with the same run."""

    reference: Reference
    minimum_won: int = Field(default=1, ge=1, le=MAX_NUMBER)
    keep_won: int = Field(default=0, ge=0, le=MAX_NUMBER)


@router.get("/fund")
def show_fund(asking: Reader) -> FundView:
    """Return what the guarantee fund holds, and what it pays at most because of one purse."""
    return FundView.of(asking.ledger.treasury.fund())


@router.post("/fund/issues", dependencies=_json, status_code=201)
def issue_to_fund(asking: Operator, body: WonOrder) -> BookedView:
    """Put won into the guarantee fund."""
    number = obey(
        asking,
        "won.issue",
        FUND_ID.hex(),
        lambda ledger: ledger.treasury.issue(FUND_ID, body.amount_won, body.reference),
    )
    return BookedView(ledger_number=number)


@router.post("/fund/redemptions", dependencies=_json, status_code=201)
def redeem_from_fund(asking: Operator, body: WonOrder) -> BookedView:
    """Take won out of the guarantee fund."""
    number = obey(
        asking,
        "won.redeem",
        FUND_ID.hex(),
        lambda ledger: ledger.treasury.redeem(FUND_ID, body.amount_won, body.reference),
    )
    return BookedView(ledger_number=number)


@router.post("/reserves/release")
def release_reserves(asking: Operator) -> ReleasedView:
    """Give back the reserves of purses that ended so long ago that no debit can arrive."""
    released = obey(asking, "purse.release", "", lambda ledger: ledger.reserves.release())
    return ReleasedView.of(released)


@router.get("/payouts")
def list_runs(asking: Reader) -> list[RunView]:
    """Return the newest payout runs, the newest first."""
    return [RunView.of(each) for each in asking.ledger.payouts.newest()]


@router.post("/payouts", dependencies=_json, status_code=201)
def make_run(asking: Operator, body: NewRun) -> RunView:
    """Take what merchants have for a run; one that was cut off goes on where it was."""
    run = obey(
        asking,
        "payout.make",
        "",
        lambda ledger: ledger.payouts.make(body.reference, body.minimum_won, body.keep_won),
    )
    return RunView.of(run)


@router.get("/payouts/{payout_id}")
def show_run(asking: Reader, payout_id: IdInPath) -> list[PayoutView]:
    """Return what each merchant gets of a run."""
    return [PayoutView.of(each) for each in asking.ledger.payouts.of(octets(payout_id))]


@router.post("/payouts/{payout_id}/confirmation")
def confirm_run(asking: Operator, payout_id: IdInPath) -> RunView:
    """Book that the bank has carried a run out: its won leave the reserve."""
    run = obey(
        asking,
        "payout.confirm",
        payout_id,
        lambda ledger: ledger.payouts.confirm(octets(payout_id)),
    )
    return RunView.of(run)


@router.post("/payouts/{payout_id}/returns/{merchant_id}")
def bring_back(asking: Operator, payout_id: IdInPath, merchant_id: IdInPath) -> PayoutView:
    """Give a merchant back what the bank could not pay them; it is in the next run."""
    row = obey(
        asking,
        "payout.return",
        merchant_id,
        lambda ledger: ledger.payouts.bring_back(octets(payout_id), octets(merchant_id)),
    )
    return PayoutView.of(row)
