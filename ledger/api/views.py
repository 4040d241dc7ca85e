"""What JSON answers show of the ledger's rows: bytes in hexadecimal, won, and seconds."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from kscoin.messages import Assurance
from ledger.book import Account, AccountKind, TransferKind
from ledger.statements import Page
from ledger.store.purses import PurseRow
from ledger.supply import Audit
from ledger.tokens import Role


def _hex(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _word(value: object) -> object:
    return value.name.lower() if isinstance(value, (AccountKind, TransferKind, Role)) else value


Hex: TypeAlias = Annotated[str, BeforeValidator(_hex)]
Word: TypeAlias = Annotated[str, BeforeValidator(_word)]


class View(BaseModel):
    """A JSON answer, made of a row of the same names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    @classmethod
    def of(cls, row: object) -> Self:
        """Return what is shown of a row."""
        return cls.model_validate(row)


class StatusView(View):
    """What a ledger says of itself."""

    network: str
    ledger_time_s: int
    policy_version: int
    denylist_version: int
    trust_version: int


class HealthView(View):
    """Whether the ledger can do its work."""

    status: str


class MerchantView(View):
    """A merchant."""

    merchant_id: Hex
    name: str
    added_at_s: int


class MerchantBalanceView(View):
    """A merchant, and what it has taken and not been paid out."""

    merchant_id: Hex
    name: str
    balance_won: int


class CodeView(View):
    """A one-time code, shown once, and the roots that a technician pins."""

    code: str
    roots: list[str]


class TerminalView(View):
    """A terminal, and how far its journal has been settled."""

    terminal_id: Hex
    merchant_id: Hex
    hardware: str
    enrolled_at_s: int
    revoked_at_s: int | None
    heard_at_s: int | None
    batch_number: int
    sequence: int


class BankView(View):
    """Where a merchant is paid out to."""

    merchant_id: Hex
    bank_code: str
    number: str
    holder: str
    changed_at_s: int


class LineView(View):
    """What one transfer did to one account: won in (above zero) or out (below)."""

    number: int
    account_id: Hex
    amount_won: int
    kind: Word
    reference: Hex | None
    booked_at_s: int


class StatementView(View):
    """A page of a statement, the oldest line first; `cursor` asks for the next page."""

    lines: list[LineView]
    in_won: int
    out_won: int
    cursor: str | None

    @classmethod
    def of_page(cls, page: Page) -> Self:
        """Return what is shown of a page."""
        lines = [LineView.of(each) for each in page.lines]
        return cls(lines=lines, in_won=page.in_won, out_won=page.out_won, cursor=page.cursor)


class AccountView(View):
    """An account as it stands."""

    account_id: Hex
    kind: Word
    balance_won: int
    owner_id: Hex | None
    public_key: Hex | None
    is_frozen: bool


class CertificateView(View):
    """A purse's new certificate, to be written onto it."""

    purse_id: Hex
    certificate: Hex


class PurseView(View):
    """A purse as it stands."""

    purse_id: Hex
    holder_id: Hex
    public_key: Hex
    assurance: str
    credit_total_won: int
    reserved_won: int
    released_won: int
    guaranteed_won: int
    not_after_s: int
    denied_at_s: int | None
    closing_at_s: int | None

    @classmethod
    def of_purse(cls, row: PurseRow, reserved: Account) -> Self:
        """Return what is shown of a purse and what is reserved for it."""
        return cls(
            purse_id=row.purse_id.hex(),
            holder_id=row.holder_id.hex(),
            public_key=row.public_key.hex(),
            assurance=Assurance(row.assurance).name.lower(),
            credit_total_won=row.credit_total_won,
            reserved_won=reserved.balance_won,
            released_won=row.released_won,
            guaranteed_won=row.guaranteed_won,
            not_after_s=row.not_after_s,
            denied_at_s=row.denied_at_s,
            closing_at_s=row.closing_at_s,
        )


class DoubleSpendView(View):
    """A double spend with its proof, which anyone can verify."""

    purse_id: Hex
    debit_hash: Hex
    terminal_id: Hex
    verdict: int
    breach: str | None
    guaranteed_won: int
    found_at_s: int
    proof: Hex


class GapView(View):
    """Won that a purse has spent where nobody has reported it yet."""

    purse_id: Hex
    start_won: int
    end_won: int
    since_s: int


class BookedView(View):
    """A transfer that was booked."""

    ledger_number: int


class FundView(View):
    """The guarantee fund, and what it pays at most because of one purse."""

    balance_won: int
    cap_won: int


class ReleasedView(View):
    """How many purses were released, and the won that went back to their holders."""

    purses: int
    won: int


class RunView(View):
    """A payout run: made, then confirmed once the bank has paid."""

    payout_id: Hex
    reference: str
    minimum_won: int
    keep_won: int
    started_at_s: int
    made_at_s: int | None
    confirmed_at_s: int | None
    number: int | None


class PayoutView(View):
    """What one merchant gets of a run."""

    payout_id: Hex
    merchant_id: Hex
    amount_won: int
    number: int
    bank_code: str
    bank_number: str
    holder: str
    returned_number: int | None


class QuarantineView(View):
    """A batch that does not continue its journal."""

    terminal_id: Hex
    batch_number: int
    batch_hash: Hex
    reason: str
    received_at_s: int
    released_at_s: int | None


class AuditView(View):
    """What an audit found; nothing, or the books are wrong."""

    is_clean: bool
    findings: list[str]
    transfers: int
    issued_won: int
    reserve_won: int

    @classmethod
    def of_audit(cls, audit: Audit) -> Self:
        """Return what is shown of an audit."""
        return cls(
            is_clean=audit.is_clean,
            findings=list(audit.findings),
            transfers=audit.transfers,
            issued_won=audit.supply.issued_won,
            reserve_won=audit.supply.reserve_won,
        )


class TokenView(View):
    """A token by its id."""

    token_id: Hex
    role: Word
    merchant_id: Hex | None
    note: str
    made_at_s: int
    expires_at_s: int
    revoked_at_s: int | None


class NewTokenView(View):
    """A token, shown once."""

    token_id: Hex
    token: str
    expires_at_s: int


class TrailView(View):
    """One thing that somebody did, or was refused."""

    number: int
    noted_at_s: int
    actor: str
    action: str
    subject: str
    amount_won: int
    outcome: str
