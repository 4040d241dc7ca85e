"""Merchants, their codes, terminals and statements: for operators, auditors and the merchant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from ledger.api.access import MerchantReader, Operator, Person, Reader
from ledger.api.bodies import json_only
from ledger.api.contract import MAX_TIME_S, WITH_TOKEN, Body, IdInPath, TimeInQuery
from ledger.api.orders import obey, octets
from ledger.api.views import (
    BankView,
    CodeView,
    MerchantBalanceView,
    MerchantView,
    PayoutView,
    StatementView,
    TerminalView,
)
from ledger.merchants import ALL_KINDS
from ledger.statements import PAGE_LINES, PAGE_LINES_MAX, Period

router = APIRouter(prefix="/v1", tags=["merchants"], responses=WITH_TOKEN)
_json = [Depends(json_only)]


class NewMerchant(Body):
    """A merchant to be: the name is what customers see."""

    name: str = Field(min_length=1, max_length=48)


class NewCode(Body):
    """A code for one terminal: the kinds of payment it may take, and its limits."""

    kinds: int = Field(default=ALL_KINDS, ge=1, le=ALL_KINDS)
    limit_class: int = Field(default=0, ge=0, le=255)


class BankAccount(Body):
    """Where a merchant is paid out to."""

    bank_code: str = Field(pattern="^[0-9]{3}$")
    number: str = Field(pattern="^[0-9-]{6,30}$")
    holder: str = Field(min_length=1, max_length=48)


@router.get("/merchants")
def list_merchants(asking: Reader) -> list[MerchantView]:
    """Return every merchant, by name."""
    return [MerchantView.of(each) for each in asking.ledger.merchants.all()]


@router.post("/merchants", dependencies=_json, status_code=201)
def add_merchant(asking: Operator, body: NewMerchant) -> MerchantView:
    """Add a merchant."""
    added = obey(asking, "merchant.add", "", lambda ledger: ledger.merchants.add(body.name))
    return MerchantView.of(added)


@router.get("/merchants/{merchant_id}")
def show_merchant(asking: MerchantReader, merchant_id: IdInPath) -> MerchantBalanceView:
    """Return a merchant and what it has taken and not been paid out."""
    desk = asking.ledger.merchants
    row = desk.get(octets(merchant_id))
    return MerchantBalanceView(
        merchant_id=merchant_id, name=row.name, balance_won=desk.balance_won(row.merchant_id)
    )


@router.post("/merchants/{merchant_id}/codes", dependencies=_json, status_code=201)
def new_code(asking: Operator, merchant_id: IdInPath, body: NewCode) -> CodeView:
    """Make a one-time code with which a technician enrols a terminal; it is shown once."""
    code = obey(
        asking,
        "code.new",
        merchant_id,
        lambda ledger: ledger.merchants.new_code(octets(merchant_id), body.kinds, body.limit_class),
    )
    return CodeView(code=code, roots=_roots(asking))


@router.get("/merchants/{merchant_id}/terminals")
def list_terminals(asking: MerchantReader, merchant_id: IdInPath) -> list[TerminalView]:
    """Return a merchant's terminals, and how far each one's journal has been settled."""
    asking.ledger.merchants.get(octets(merchant_id))
    return [TerminalView.of(each) for each in asking.ledger.terminals.of(octets(merchant_id))]


@router.get("/merchants/{merchant_id}/statement")
def show_statement(
    asking: MerchantReader,
    merchant_id: IdInPath,
    from_s: TimeInQuery = 0,
    until_s: TimeInQuery = MAX_TIME_S,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_LINES_MAX)] = PAGE_LINES,
) -> StatementView:
    """Return what moved on a merchant's account and all its tills, the oldest first."""
    period = Period(from_s, until_s)
    page = asking.ledger.statements.of_merchant(octets(merchant_id), period, cursor, limit)
    return StatementView.of_page(page)


@router.get("/merchants/{merchant_id}/payouts")
def list_payouts(asking: MerchantReader, merchant_id: IdInPath) -> list[PayoutView]:
    """Return what a merchant got of the newest payout runs, the newest first."""
    asking.ledger.merchants.get(octets(merchant_id))
    return [PayoutView.of(each) for each in asking.ledger.payouts.of_merchant(octets(merchant_id))]


@router.get("/merchants/{merchant_id}/bank")
def show_bank(asking: MerchantReader, merchant_id: IdInPath) -> BankView | None:
    """Return where a merchant is paid out to, null if that is not known."""
    asking.ledger.merchants.get(octets(merchant_id))
    row = asking.ledger.payouts.bank(octets(merchant_id))
    return None if row is None else BankView.of(row)


@router.put("/merchants/{merchant_id}/bank", dependencies=_json)
def set_bank(asking: Operator, merchant_id: IdInPath, body: BankAccount) -> BankView:
    """Keep where a merchant is paid out to."""
    row = obey(
        asking,
        "merchant.bank",
        merchant_id,
        lambda ledger: ledger.payouts.set_bank(
            octets(merchant_id), body.bank_code, body.number, body.holder
        ),
    )
    return BankView.of(row)


@router.get("/terminals/{terminal_id}")
def show_terminal(asking: Reader, terminal_id: IdInPath) -> TerminalView:
    """Return a terminal, and how far its journal has been settled."""
    return TerminalView.of(asking.ledger.terminals.get(octets(terminal_id)))


@router.post("/terminals/{terminal_id}/revocation")
def revoke_terminal(asking: Operator, terminal_id: IdInPath) -> TerminalView:
    """Stop a terminal from selling; what it has taken is still settled."""
    revoked = octets(terminal_id)
    obey(asking, "terminal.revoke", terminal_id, lambda ledger: ledger.terminals.revoke(revoked))
    return TerminalView.of(asking.ledger.terminals.get(revoked))


@router.post("/terminals/{terminal_id}/replacement", status_code=201)
def replace_terminal(asking: Operator, terminal_id: IdInPath) -> CodeView:
    """Revoke a terminal and make a code for the one in its place; it is shown once."""
    replaced = octets(terminal_id)
    code = obey(
        asking, "terminal.revoke", terminal_id, lambda ledger: ledger.terminals.replace(replaced)
    )
    return CodeView(code=code, roots=_roots(asking))


def _roots(asking: Person) -> list[str]:
    return [root.hex() for root in asking.ledger.office.issuer.trust.listing.roots]
