"""Holders' accounts and their purses: for operators, and for auditors to see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from kscoin.keys import PublicKey
from kscoin.messages import Assurance
from kscoin.money import MAX_AMOUNT_WON
from ledger.api.access import Operator, Reader
from ledger.api.bodies import json_only
from ledger.api.contract import (
    MAX_TIME_S,
    WITH_TOKEN,
    AmountWon,
    AssuranceWord,
    Body,
    IdInPath,
    IdText,
    KeyText,
    Reference,
    TimeInQuery,
)
from ledger.api.orders import obey, octets
from ledger.api.views import (
    AccountView,
    BookedView,
    CertificateView,
    DoubleSpendView,
    GapView,
    PurseView,
    StatementView,
)
from ledger.statements import PAGE_LINES, PAGE_LINES_MAX, Period

router = APIRouter(prefix="/v1", tags=["operators"], responses=WITH_TOKEN)
_json = [Depends(json_only)]


class NewAccount(Body):
    """A holder's account; with a key it is a wallet that can pay online."""

    public_key: KeyText | None = None


class WonOrder(Body):
    """Won that come in or go out; the same reference again is the same order."""

    amount_won: AmountWon
    reference: Reference


class NewPurse(Body):
    """A purse for the key of a card or phone."""

    holder_id: IdText
    public_key: KeyText
    assurance: AssuranceWord = "card_secure_element"


class LoadOrder(Body):
    """Won to reserve for a purse; 0 only renews its certificate."""

    amount_won: int = Field(ge=0, le=MAX_AMOUNT_WON)
    reference: Reference


@router.post("/holders", dependencies=_json, status_code=201)
def open_account(asking: Operator, body: NewAccount) -> AccountView:
    """Open a holder's account."""
    key = None if body.public_key is None else PublicKey(octets(body.public_key))
    return AccountView.of(
        obey(asking, "account.open", "", lambda ledger: ledger.accounts.open(key))
    )


@router.get("/accounts/{account_id}")
def show_account(asking: Reader, account_id: IdInPath) -> AccountView:
    """Return an account of any kind as it stands."""
    return AccountView.of(asking.ledger.accounts.get(octets(account_id)))


@router.get("/accounts/{account_id}/statement")
def show_account_statement(
    asking: Reader,
    account_id: IdInPath,
    from_s: TimeInQuery = 0,
    until_s: TimeInQuery = MAX_TIME_S,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_LINES_MAX)] = PAGE_LINES,
) -> StatementView:
    """Return what moved on one account, the oldest first."""
    period = Period(from_s, until_s)
    page = asking.ledger.statements.of_account(octets(account_id), period, cursor, limit)
    return StatementView.of_page(page)


@router.post("/accounts/{account_id}/issues", dependencies=_json, status_code=201)
def issue(asking: Operator, account_id: IdInPath, body: WonOrder) -> BookedView:
    """Issue won to a holder's account against the reserve."""
    number = obey(
        asking,
        "won.issue",
        account_id,
        lambda ledger: ledger.treasury.issue(octets(account_id), body.amount_won, body.reference),
    )
    return BookedView(ledger_number=number)


@router.post("/accounts/{account_id}/redemptions", dependencies=_json, status_code=201)
def redeem(asking: Operator, account_id: IdInPath, body: WonOrder) -> BookedView:
    """Take a holder's won out of being; as many have left the reserve to them."""
    number = obey(
        asking,
        "won.redeem",
        account_id,
        lambda ledger: ledger.treasury.redeem(octets(account_id), body.amount_won, body.reference),
    )
    return BookedView(ledger_number=number)


@router.get("/accounts/{account_id}/purses")
def list_purses(asking: Reader, account_id: IdInPath) -> list[PurseView]:
    """Return a holder's purses, the oldest first."""
    ledger = asking.ledger
    ledger.accounts.get(octets(account_id))
    return [
        PurseView.of_purse(each, ledger.accounts.get(each.purse_id))
        for each in ledger.purses.of(octets(account_id))
    ]


@router.post("/purses", dependencies=_json, status_code=201)
def open_purse(asking: Operator, body: NewPurse) -> CertificateView:
    """Open a purse, which reserves nothing yet.

    A key has one purse: asked for again, it is the same one with its newest certificate.
    """
    key, assurance = PublicKey(octets(body.public_key)), Assurance[body.assurance.upper()]
    holder_id = octets(body.holder_id)
    made = obey(
        asking,
        "purse.open",
        body.holder_id,
        lambda ledger: ledger.purses.open(holder_id, key, assurance),
    )
    return CertificateView(purse_id=made.message.purse_id.hex(), certificate=made.data.hex())


@router.get("/purses/{purse_id}")
def show_purse(asking: Reader, purse_id: IdInPath) -> PurseView:
    """Return a purse as it stands."""
    ledger = asking.ledger
    row = ledger.purses.get(octets(purse_id))
    return PurseView.of_purse(row, ledger.accounts.get(row.purse_id))


@router.post("/purses/{purse_id}/loads", dependencies=_json, status_code=201)
def load_purse(asking: Operator, purse_id: IdInPath, body: LoadOrder) -> CertificateView:
    """Reserve won of the holder's for a purse; return its new certificate."""
    made = obey(
        asking,
        "purse.load",
        purse_id,
        lambda ledger: ledger.purses.load(octets(purse_id), body.amount_won, body.reference),
    )
    return CertificateView(purse_id=purse_id, certificate=made.data.hex())


@router.post("/purses/{purse_id}/defunding")
def defund_purse(asking: Operator, purse_id: IdInPath) -> PurseView:
    """Close a purse; what is left of its reserve comes back when no debit can arrive any more."""
    obey(asking, "purse.defund", purse_id, lambda ledger: ledger.purses.defund(octets(purse_id)))
    return show_purse(asking, purse_id)


@router.post("/purses/{purse_id}/loss")
def report_lost(asking: Operator, purse_id: IdInPath) -> PurseView:
    """Put a lost purse on the denylist, and renew it no more."""
    lost = octets(purse_id)
    obey(asking, "purse.lost", purse_id, lambda ledger: ledger.reserves.report_lost(lost))
    return show_purse(asking, purse_id)


@router.get("/purses/{purse_id}/gaps")
def list_gaps(asking: Reader, purse_id: IdInPath) -> list[GapView]:
    """Return what a purse has spent at terminals that have not reported, the oldest first."""
    asking.ledger.purses.get(octets(purse_id))
    return [GapView.of(each) for each in asking.ledger.reserves.gaps(octets(purse_id))]


@router.get("/purses/{purse_id}/double-spends")
def list_double_spends(asking: Reader, purse_id: IdInPath) -> list[DoubleSpendView]:
    """Return a purse's double spends with their proofs, which anyone can verify."""
    asking.ledger.purses.get(octets(purse_id))
    found = asking.ledger.purses.double_spends_of(octets(purse_id))
    return [DoubleSpendView.of(each) for each in found]
